/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher against every form, every cut and a slow one that is plain. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/redact.h"
#include "base/redact_forms.h"
#include "support/alloc.h"

static struct lks_error err;

static struct redactor *redactor_of(const char *const *secrets)
{
	struct redactor *redactor;
	enum redact_choice choice;

	assert_ok(redactor_new(&redactor, &err), &err);
	for (; *secrets; secrets++)
		assert_ok(redactor_add(redactor, *secrets, strlen(*secrets), &choice, &err), &err);
	assert_ok(redactor_build(redactor, &err), &err);
	return redactor;
}

static void take_output(struct redact_stream *stream, struct text *out)
{
	size_t len;
	const unsigned char *data = redact_output(stream, &len);

	text_append(out, data, len);
	redact_wrote(stream, len);
}

static void feed(struct redact_stream *stream, const void *data, size_t len, struct text *out)
{
	size_t room;
	unsigned char *at = redact_room(stream, &room);

	assert_non_null(at);
	assert_true(len <= room);
	memcpy(at, data, len);
	assert_ok(redact_took(stream, len, &err), &err);
	take_output(stream, out);
}

static void finish(struct redact_stream *stream, struct text *out)
{
	assert_ok(redact_flush(stream, &err), &err);
	take_output(stream, out);
	assert_int_equal(redact_held(stream), 0);
}

static void expect(const struct redactor *redactor, const char *in, const char *wanted)
{
	AUTO(text_release) struct text out = TEXT_INIT;

	assert_ok(redact_text(redactor, in, strlen(in), &out, &err), &err);
	assert_string_equal(text_string(&out), wanted);
}

/* n90 */
static void test_every_form_of_a_secret_is_masked(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor =
		redactor_of((const char *const[]){ "p/ss wörd\"1<\n2+?>", NULL });

	(void)state;
	expect(redactor, "a p/ss wörd\"1<\n2+?> b", "a *** b");
	/* A terminal's line ends. */
	expect(redactor, "a p/ss wörd\"1<\r\n2+?> b", "a *** b");
	/* Hex in both cases. */
	expect(redactor, "x702f73732077c3b6726422313c0a322b3f3ex", "x***x");
	expect(redactor, "x702F73732077C3B6726422313C0A322B3F3Ex", "x***x");
	/* Python's and JavaScript's quoting, a form's, a path's, in lower case. */
	expect(redactor, "?p%2Fss%20w%C3%B6rd%221%3C%0A2%2B%3F%3E&", "?***&");
	expect(redactor, "?p/ss%20w%C3%B6rd%221%3C%0A2%2B%3F%3E&", "?***&");
	expect(redactor, "?p%2Fss+w%C3%B6rd%221%3C%0A2%2B%3F%3E&", "?***&");
	expect(redactor, "?p%2fss%20w%c3%b6rd%221%3c%0a2%2b%3f%3e&", "?***&");
	/* JSON: as little as possible, ASCII, Go's, PHP's. */
	expect(redactor, "\"p/ss wörd\\\"1<\\n2+?>\"", "\"***\"");
	expect(redactor, "\"p/ss w\\u00f6rd\\\"1<\\n2+?>\"", "\"***\"");
	expect(redactor, "\"p/ss w\\u00F6rd\\\"1<\\n2+?>\"", "\"***\"");
	expect(redactor, "\"p/ss wörd\\\"1\\u003c\\n2+?\\u003e\"", "\"***\"");
	expect(redactor, "\"p\\/ss w\\u00f6rd\\\"1<\\n2+?>\"", "\"***\"");
}

static void base64(const unsigned char *data, size_t len, const char *letters, char *out)
{
	for (size_t i = 0; i < len; i += 3) {
		const uint32_t three = (uint32_t)data[i] << 16 |
				       (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
				       (i + 2 < len ? data[i + 2] : 0);

		*out++ = letters[three >> 18];
		*out++ = letters[three >> 12 & 63];
		*out++ = i + 1 < len ? letters[three >> 6 & 63] : '=';
		*out++ = i + 2 < len ? letters[three & 63] : '=';
	}
	*out = '\0';
}

/* n90 */
static void test_base64_is_masked_wherever_the_secret_starts_in_it(void **state)
{
	static const char *const alphabets[] = {
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	};
	static const char secret[] = "s3cr\xfb\xff\xbf?>~ value";
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of((const char *const[]){ secret, NULL });

	(void)state;
	for (size_t alphabet = 0; alphabet < 2; alphabet++) {
		for (size_t before = 0; before < 12; before++) {
			for (size_t after = 0; after < 4; after++) {
				AUTO(text_release) struct text out = TEXT_INIT;
				unsigned char plain[64];
				char coded[128];
				char *mask;
				size_t len = before, bits;

				memset(plain, 'u', before);
				memcpy(plain + len, secret, strlen(secret));
				len += strlen(secret);
				memset(plain + len, 'v', after);
				len += after;
				base64(plain, len, alphabets[alphabet], coded);
				assert_ok(redact_text(redactor, coded, strlen(coded), &out, &err),
					  &err);
				mask = strstr(text_string(&out), "***");
				assert_non_null(mask);
				/* What stays is padding and what a neighbour decides too. */
				bits = (before + strlen(secret)) * 8;
				assert_true((size_t)(mask - text_string(&out)) <=
					    (before * 8 + 5) / 6);
				assert_true(strlen(mask + 3) <=
					    strlen(coded) - (after ? bits : bits + 5) / 6);
			}
		}
	}
}

static void test_long_base64_is_masked_across_the_lines_of_common_tools(void **state)
{
	char secret[121];
	char coded[200], wrapped[256];
	AUTO(redactor_freep) struct redactor *redactor = NULL;

	(void)state;
	for (size_t i = 0; i < 120; i++)
		secret[i] = (char)('!' + i * 7 % 90);
	secret[120] = '\0';
	redactor = redactor_of((const char *const[]){ secret, NULL });
	base64((const unsigned char *)secret, 120,
	       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", coded);
	snprintf(wrapped, sizeof(wrapped), "%.76s\n%.76s\n%s\n", coded, coded + 76, coded + 152);
	expect(redactor, wrapped, "***\n***\n***\n");
	snprintf(wrapped, sizeof(wrapped), "%.64s\n%.64s\n%s\n", coded, coded + 64, coded + 128);
	expect(redactor, wrapped, "***\n***\n***\n");
}

/* n89 */
static void test_short_and_common_values_are_left_alone(void **state)
{
	static const struct {
		const char *secret;
		enum redact_choice choice;
	} cases[] = {
		{ "", REDACT_TOO_SHORT },          { "a", REDACT_TOO_SHORT },
		{ "abc", REDACT_TOO_SHORT },       { "abc\n", REDACT_TOO_SHORT },
		{ "true", REDACT_TOO_COMMON },     { "False", REDACT_TOO_COMMON },
		{ "password", REDACT_TOO_COMMON }, { "5432", REDACT_TOO_COMMON },
		{ "65535", REDACT_TOO_COMMON },    { "123456", REDACT_MASKED },
		{ "abcd", REDACT_MASKED },
	};
	AUTO(redactor_freep) struct redactor *redactor = NULL;

	(void)state;
	assert_ok(redactor_new(&redactor, &err), &err);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		enum redact_choice choice;

		assert_ok(redactor_add(redactor, cases[i].secret, strlen(cases[i].secret), &choice,
				       &err),
			  &err);
		assert_int_equal(choice, cases[i].choice);
	}
	assert_ok(redactor_build(redactor, &err), &err);
	expect(redactor, "a true password on port 5432: abc", "a true password on port 5432: abc");
	expect(redactor, "abcd 123456", "*** ***");
}

static void test_without_secrets_everything_passes(void **state)
{
	AUTO(redactor_freep) struct redactor *redactor = redactor_of((const char *const[]){ NULL });
	AUTO(redact_close) struct redact_stream stream;
	AUTO(text_release) struct text out = TEXT_INIT;

	(void)state;
	assert_int_equal(redactor_count(redactor), 0);
	expect(redactor, "all of it", "all of it");
	assert_ok(redact_open(&stream, redactor, 16, &err), &err);
	feed(&stream, "more", 4, &out);
	feed(&stream, " of it", 6, &out);
	finish(&stream, &out);
	assert_string_equal(text_string(&out), "more of it");
}

static void test_the_line_break_at_a_secrets_end_does_not_count(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of((const char *const[]){ "from-a-file\r\n", NULL });

	(void)state;
	expect(redactor, "[from-a-file]", "[***]");
}

static void test_overlapping_secrets_become_one_mask(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of(
		(const char *const[]){ "abcdef", "defghi", "abcdefghijkl", "zzzz", NULL });

	(void)state;
	expect(redactor, "-abcdefghi-", "-***-");
	expect(redactor, "-abcdefghijkl-", "-***-");
	expect(redactor, "-abcdefghijk-", "-***jk-");
	expect(redactor, "-abcdefabcdef-", "-***-");
	expect(redactor, "zzzzzzz zzz", "*** zzz");
}

static void test_many_secrets_that_begin_alike_are_told_apart(void **state)
{
	char secrets[300][32];
	const char *list[301];
	AUTO(redactor_freep) struct redactor *redactor = NULL;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(secrets[i], sizeof(secrets[i]), "sk_live_%d_%d", i, i * 7919);
		list[i] = secrets[i];
	}
	list[300] = NULL;
	redactor = redactor_of(list);
	for (int i = 0; i < 300; i++) {
		AUTO(text_release) struct text text = TEXT_INIT;

		text_printf(&text, "<%s>", secrets[i]);
		expect(redactor, text_string(&text), "<***>");
	}
	expect(redactor, "sk_live_300_1 sk_live_", "sk_live_300_1 sk_live_");
}

static void test_a_long_key_is_masked_whole_and_line_by_line(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
				  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v6W3mHh6Ovm6ZC2b9vQmYg0Yv\n"
				  "AwEHoUQDQgAEhB1Fg5l2kzH0mXk3Zb7Qx\n"
				  "-----END PRIVATE KEY-----\n";
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of((const char *const[]){ key, NULL });

	(void)state;
	expect(redactor, key, "***\n");
	expect(redactor,
	       "  | -----BEGIN PRIVATE KEY-----\n"
	       "  | MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v6W3mHh6Ovm6ZC2b9vQmYg0Yv\n",
	       "  | -----BEGIN PRIVATE KEY-----\n  | ***\n");
}

static void test_a_secret_of_many_pieces_becomes_one_mask(void **state)
{
	AUTO(free_ptr) char *secret = malloc(60001);
	AUTO(free_ptr) char *coded = malloc(90000);
	AUTO(text_release) struct text in = TEXT_INIT;
	uint32_t seed = 7;

	(void)state;
	for (size_t len = 500; len <= 60000; len = len * 3 + 1) {
		AUTO(redactor_freep) struct redactor *redactor = NULL;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			secret[i] = (char)('0' + (seed >> 24) % 70);
		}
		secret[len] = '\0';
		redactor = redactor_of((const char *const[]){ secret, NULL });
		text_clear(&in);
		text_printf(&in, "<%s>", secret);
		expect(redactor, text_string(&in), "<***>");
		if (len > 16384)
			continue;
		base64((const unsigned char *)secret, len - len % 3,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", coded);
		if (len % 3 == 0)
			expect(redactor, coded, "***");
	}
}

static void test_what_is_printed_does_not_depend_on_the_cut(void **state)
{
	static const char in[] = "xsecret1 secresecret1secret1 cret1234ret123 secret123aaaaaaaaaab "
				 "c2VjcmV0MTIz xc2VjcmV0MT secret";
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of(
		(const char *const[]){ "secret1", "ret123", "secret123", "aaaa", NULL });
	AUTO(text_release) struct text whole = TEXT_INIT;

	(void)state;
	assert_ok(redact_text(redactor, in, strlen(in), &whole, &err), &err);
	for (size_t first = 0; first <= strlen(in); first++) {
		for (size_t second = first; second <= strlen(in); second++) {
			AUTO(redact_close) struct redact_stream stream;
			AUTO(text_release) struct text out = TEXT_INIT;

			assert_ok(redact_open(&stream, redactor, sizeof(in), &err), &err);
			feed(&stream, in, first, &out);
			feed(&stream, in + first, second - first, &out);
			feed(&stream, in + second, strlen(in) - second, &out);
			finish(&stream, &out);
			assert_string_equal(text_string(&out), text_string(&whole));
		}
	}
}

static void test_only_what_can_begin_a_secret_is_held_back(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of((const char *const[]){ "~secret~", NULL });
	AUTO(redact_close) struct redact_stream stream;
	AUTO(text_release) struct text out = TEXT_INIT;

	(void)state;
	assert_ok(redact_open(&stream, redactor, 64, &err), &err);
	feed(&stream, "a line\n", 7, &out);
	assert_string_equal(text_string(&out), "a line\n");
	assert_int_equal(redact_held(&stream), 0);
	feed(&stream, "x ~secre", 8, &out);
	assert_string_equal(text_string(&out), "a line\nx ");
	assert_int_equal(redact_held(&stream), 6);
	feed(&stream, "x", 1, &out);
	assert_string_equal(text_string(&out), "a line\nx ~secrex");
	feed(&stream, "~sec", 4, &out);
	finish(&stream, &out);
	assert_string_equal(text_string(&out), "a line\nx ~secrex~sec");
	/* After a pause the rest alone is no secret any more. */
	feed(&stream, "ret~", 4, &out);
	finish(&stream, &out);
	assert_string_equal(text_string(&out), "a line\nx ~secrex~secret~");
}

static void test_a_flush_masks_a_secret_inside_what_was_held(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor =
		redactor_of((const char *const[]){ "~one~", "long ~one~ more", NULL });
	AUTO(redact_close) struct redact_stream stream;
	AUTO(text_release) struct text out = TEXT_INIT;

	(void)state;
	assert_ok(redact_open(&stream, redactor, 64, &err), &err);
	feed(&stream, "long ~one~ mo", 13, &out);
	assert_string_equal(text_string(&out), "");
	finish(&stream, &out);
	assert_string_equal(text_string(&out), "long *** mo");
}

static void test_an_endless_run_of_overlaps_stays_in_its_room(void **state)
{
	AUTO(redactor_freep)
	struct redactor *redactor = redactor_of((const char *const[]){ "aaaaaaaa", NULL });
	AUTO(redact_close) struct redact_stream stream;
	AUTO(text_release) struct text out = TEXT_INIT;

	(void)state;
	assert_ok(redact_open(&stream, redactor, 16, &err), &err);
	for (int i = 0; i < 1000; i++)
		feed(&stream, "aaaaaaaaaaaaa", (size_t)(1 + i % 13), &out);
	feed(&stream, "b", 1, &out);
	finish(&stream, &out);
	assert_string_equal(text_string(&out), "***b");
}

/* --- against a plain one ---------------------------------------------- */

struct plain {
	char forms[4096][128];
	size_t lens[4096];
	size_t count;
};

static enum lks_status remember(void *context, const unsigned char *form, size_t len,
				struct lks_error *error)
{
	struct plain *plain = context;

	(void)error;
	assert_true(plain->count < 4096 && len <= sizeof(plain->forms[0]));
	if (len >= REDACT_MIN) {
		memcpy(plain->forms[plain->count], form, len);
		plain->lens[plain->count++] = len;
	}
	return LKS_OK;
}

static void mask_plainly(const struct plain *plain, const char *in, size_t len, struct text *out)
{
	AUTO(free_ptr) char *covered = calloc(len + 1, 1);

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < plain->count; i++) {
			if (plain->lens[i] <= len - at &&
			    memcmp(in + at, plain->forms[i], plain->lens[i]) == 0)
				memset(covered + at, 1, plain->lens[i]);
		}
	}
	for (size_t at = 0; at < len; at++) {
		if (!covered[at])
			text_append(out, in + at, 1);
		else if (at == 0 || !covered[at - 1])
			text_add(out, "***");
	}
}

static uint32_t roll(uint32_t *seed, uint32_t bound)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % bound;
}

/* Few letters, so that secrets, their starts and overlaps are everywhere. */
static size_t make_input(uint32_t *seed, const struct plain *plain, char *in, size_t size)
{
	size_t len = 0;

	while (len < size) {
		const size_t i = roll(seed, (uint32_t)plain->count);
		size_t part = 1;

		if (roll(seed, 3) > 0) {
			part = roll(seed, 4) ? plain->lens[i]
					     : 1 + roll(seed, (uint32_t)plain->lens[i]);
			if (part > size - len)
				break;
			memcpy(in + len, plain->forms[i], part);
		} else {
			in[len] = (char)('a' + roll(seed, 3));
		}
		len += part;
	}
	return len;
}

static void check_round(uint32_t *seed, struct plain *plain)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	AUTO(redact_close) struct redact_stream stream;
	AUTO(text_release) struct text out = TEXT_INIT;
	AUTO(text_release) struct text wanted = TEXT_INIT;
	char in[600];
	enum redact_choice choice;
	const size_t least = REDACT_MIN + roll(seed, 4);
	size_t len;

	plain->count = 0;
	assert_ok(redactor_new(&redactor, &err), &err);
	for (uint32_t i = 1 + roll(seed, 5); i > 0; i--) {
		char secret[16];
		const size_t size = least + roll(seed, 6);

		for (size_t j = 0; j < size; j++)
			secret[j] = (char)('a' + roll(seed, 3));
		assert_ok(redactor_add(redactor, secret, size, &choice, &err), &err);
		assert_ok(redact_forms(secret, size, remember, plain, &err), &err);
	}
	assert_ok(redactor_build(redactor, &err), &err);
	len = make_input(seed, plain, in, sizeof(in));
	mask_plainly(plain, in, len, &wanted);
	assert_ok(redact_open(&stream, redactor, sizeof(in), &err), &err);
	for (size_t at = 0; at < len;) {
		size_t part = 1 + roll(seed, roll(seed, 2) ? 3 : 200);

		part = part > len - at ? len - at : part;
		feed(&stream, in + at, part, &out);
		at += part;
	}
	finish(&stream, &out);
	assert_string_equal(text_string(&out), text_string(&wanted));
}

static void test_it_masks_what_a_plain_search_masks(void **state)
{
	AUTO(free_ptr) struct plain *plain = malloc(sizeof(*plain));
	uint32_t seed = 20261121;

	(void)state;
	for (int i = 0; i < 3000; i++)
		check_round(&seed, plain);
}

static void test_running_out_of_memory_is_reported(void **state)
{
	(void)state;
	ALLOC_LOOP
	{
		struct redactor *redactor = NULL;
		struct redact_stream stream = { 0 };
		struct text out = TEXT_INIT;
		enum redact_choice choice;
		enum lks_status status = redactor_new(&redactor, &err);

		if (!status)
			status = redactor_add(redactor, "a secret", 8, &choice, &err);
		if (!status)
			status = redactor_build(redactor, &err);
		if (!status)
			status = redact_text(redactor, "this is a secret", 16, &out, &err);
		redact_close(&stream);
		redactor_free(redactor);
		text_release(&out);
		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_a_secret_is_masked),
		cmocka_unit_test(test_base64_is_masked_wherever_the_secret_starts_in_it),
		cmocka_unit_test(test_long_base64_is_masked_across_the_lines_of_common_tools),
		cmocka_unit_test(test_short_and_common_values_are_left_alone),
		cmocka_unit_test(test_without_secrets_everything_passes),
		cmocka_unit_test(test_the_line_break_at_a_secrets_end_does_not_count),
		cmocka_unit_test(test_overlapping_secrets_become_one_mask),
		cmocka_unit_test(test_many_secrets_that_begin_alike_are_told_apart),
		cmocka_unit_test(test_a_long_key_is_masked_whole_and_line_by_line),
		cmocka_unit_test(test_a_secret_of_many_pieces_becomes_one_mask),
		cmocka_unit_test(test_what_is_printed_does_not_depend_on_the_cut),
		cmocka_unit_test(test_only_what_can_begin_a_secret_is_held_back),
		cmocka_unit_test(test_a_flush_masks_a_secret_inside_what_was_held),
		cmocka_unit_test(test_an_endless_run_of_overlaps_stays_in_its_room),
		cmocka_unit_test(test_it_masks_what_a_plain_search_masks),
		cmocka_unit_test(test_running_out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
