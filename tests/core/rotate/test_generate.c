/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rotate/generate: what is made, how evenly, and which recipes are
   refused (n95). */
#include "support/test.h"

#include "base/random.h"
#include "rotate/generate.h"
#include "support/modules.h"

static struct lks_buffer *make(const struct config_generate *generate)
{
	struct lks_error err;
	struct lks_buffer *value = NULL;
	AUTO(secret_freep) struct lks_buffer *public_half = NULL;
	assert_ok(generate_value(generate, &value, &public_half, &err), &err);
	assert_int_equal(public_half != NULL, generator_is_key_pair(generate->kind));
	return value;
}

static void assert_refused(const struct config_generate *generate, const char *part)
{
	struct lks_error err;
	struct lks_buffer *value = NULL, *public_half = NULL;
	assert_int_equal(generate_check(generate, &err), LKS_INVALID);
	assert_contains(err.message, part);
	assert_int_equal(generate_value(generate, &value, &public_half, &err), LKS_INVALID);
	assert_null(value);
}

static void test_a_password_has_its_length_and_alphabet(void **state)
{
	(void)state;
	struct config_generate plain = { .kind = GENERATOR_PASSWORD };
	AUTO(secret_freep) struct lks_buffer *value = make(&plain);
	assert_int_equal(value->len, 32);
	assert_int_equal(strspn((char *)value->data, GENERATE_ALPHABET), 32);
	char letters[] = "abcdef";
	struct config_generate narrow = { .kind = GENERATOR_PASSWORD,
					  .length = 40,
					  .alphabet = letters };
	AUTO(secret_freep) struct lks_buffer *second = make(&narrow);
	assert_int_equal(second->len, 40);
	assert_int_equal(strspn((char *)second->data, letters), 40);
}

static void test_every_letter_comes_about_equally_often(void **state)
{
	(void)state;
	/* 66 letters do not divide 256: a remainder would favour the first 58
	   by a third. Chi-square with 65 degrees of freedom: above 150 comes by
	   chance once in 10^8. */
	struct config_generate generate = { .kind = GENERATOR_PASSWORD, .length = 4096 };
	unsigned counts[128] = { 0 };
	size_t total = 0, letters = strlen(GENERATE_ALPHABET);
	for (int i = 0; i < 20; i++) {
		AUTO(secret_freep) struct lks_buffer *value = make(&generate);
		for (size_t c = 0; c < value->len; c++)
			counts[value->data[c] & 127]++;
		total += value->len;
	}
	double expected = (double)total / (double)letters, chi = 0;
	for (const char *c = GENERATE_ALPHABET; *c; c++) {
		double off = counts[(unsigned char)*c] - expected;
		chi += off * off / expected;
	}
	assert_true(chi < 150.0);
}

static void test_no_value_comes_twice(void **state)
{
	(void)state;
	struct config_generate generate = { .kind = GENERATOR_UUID };
	struct lks_buffer *values[200];
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		values[i] = make(&generate);
		for (size_t j = 0; j < i; j++)
			assert_false(secret_equal(values[i], values[j]));
	}
	for (size_t i = 0; i < COUNT_OF(values); i++)
		secret_free(values[i]);
}

static void test_hex_and_base64_hold_that_many_bytes(void **state)
{
	(void)state;
	struct config_generate hex = { .kind = GENERATOR_HEX, .length = 24 };
	AUTO(secret_freep) struct lks_buffer *first = make(&hex);
	assert_int_equal(first->len, 48);
	assert_int_equal(strspn((char *)first->data, "0123456789abcdef"), 48);
	for (int64_t length = 8; length < 12; length++) {
		struct config_generate base64 = { .kind = GENERATOR_BASE64, .length = length };
		AUTO(secret_freep) struct lks_buffer *value = make(&base64);
		assert_int_equal(value->len, (size_t)(length + 2) / 3 * 4);
		size_t padding = length % 3 ? 3 - (size_t)length % 3 : 0;
		for (size_t i = 0; i < padding; i++)
			assert_int_equal(value->data[value->len - 1 - i], '=');
	}
}

static void test_key_pairs_are_pem(void **state)
{
	(void)state;
	static const enum generator_kind kinds[] = { GENERATOR_ED25519, GENERATOR_EC,
						     GENERATOR_RSA };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct config_generate generate = { .kind = kinds[i], .bits = 2048 };
		struct lks_error err;
		AUTO(secret_freep) struct lks_buffer *value = NULL;
		AUTO(secret_freep) struct lks_buffer *public_half = NULL;
		assert_ok(generate_value(&generate, &value, &public_half, &err), &err);
		assert_contains((char *)value->data, "-----BEGIN PRIVATE KEY-----\n");
		assert_contains((char *)public_half->data, "-----BEGIN PUBLIC KEY-----\n");
	}
}

static void test_n95_a_recipe_that_is_easy_to_guess_is_refused(void **state)
{
	(void)state;
	char two[] = "ab", one[] = "a", twice[] = "abca", control[] = "ab\n",
	     foreign[] = "ab\xc3\xa4";
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .length = 8 },
		       "too easy");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD,
						  .length = 63,
						  .alphabet = two },
		       "too easy");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD,
						  .length = 4096,
						  .alphabet = one },
		       "too easy");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_HEX, .length = 7 }, "too easy");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_BASE64, .length = 7 },
		       "too easy");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .alphabet = twice },
		       "twice");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .alphabet = control },
		       "ASCII");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .alphabet = foreign },
		       "ASCII");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .length = 4097 },
		       "length");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_PASSWORD, .length = -1 },
		       "length");
	assert_refused(&(struct config_generate){ .kind = GENERATOR_RSA, .bits = 1024 }, "bits");
	struct lks_error err;
	char exact[] = "ab";
	struct config_generate just = { .kind = GENERATOR_PASSWORD,
					.length = 64,
					.alphabet = exact };
	assert_ok(generate_check(&just, &err), &err);
}

static void same_byte(void *context, void *data, size_t len)
{
	(void)context;
	memset(data, 0, len);
}

static void test_n95_a_broken_source_of_chance_is_noticed(void **state)
{
	(void)state;
	struct lks_error err;
	struct lks_buffer *value = NULL, *public_half = NULL;
	struct config_generate generate = { .kind = GENERATOR_PASSWORD };
	random_use(same_byte, NULL);
	enum lks_status status = generate_value(&generate, &value, &public_half, &err);
	random_use(NULL, NULL);
	assert_int_equal(status, LKS_FAILED);
	assert_null(value);
}

static void test_a_public_half_needs_a_key_pair(void **state)
{
	(void)state;
	char to[] = "app:PUB";
	assert_refused(
		&(struct config_generate){ .kind = GENERATOR_PASSWORD, .public_reference = to },
		"public half");
}

static void test_a_sample_has_the_shape_but_no_secret(void **state)
{
	(void)state;
	struct lks_error err;
	for (int kind = GENERATOR_PASSWORD; kind <= GENERATOR_EC; kind++) {
		struct config_generate generate = { .kind = (enum generator_kind)kind };
		AUTO(secret_freep) struct lks_buffer *first = NULL;
		AUTO(secret_freep) struct lks_buffer *second = NULL;
		AUTO(secret_freep) struct lks_buffer *public_first = NULL;
		AUTO(secret_freep) struct lks_buffer *public_second = NULL;
		assert_ok(generate_sample(&generate, &first, &public_first, &err), &err);
		assert_ok(generate_sample(&generate, &second, &public_second, &err), &err);
		assert_true(secret_equal(first, second));
		assert_int_equal(public_first != NULL, generator_is_key_pair(generate.kind));
	}
	struct config_generate quoted = { .kind = GENERATOR_PASSWORD, .length = 20 };
	char letters[] = "abcdefghijklmnopqrstuvwxyz'\"";
	quoted.alphabet = letters;
	AUTO(secret_freep) struct lks_buffer *sample = NULL;
	AUTO(secret_freep) struct lks_buffer *none = NULL;
	assert_ok(generate_sample(&quoted, &sample, &none, &err), &err);
	assert_non_null(memchr(sample->data, '"', sample->len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_password_has_its_length_and_alphabet),
		cmocka_unit_test(test_every_letter_comes_about_equally_often),
		cmocka_unit_test(test_no_value_comes_twice),
		cmocka_unit_test(test_hex_and_base64_hold_that_many_bytes),
		cmocka_unit_test(test_key_pairs_are_pem),
		cmocka_unit_test(test_n95_a_recipe_that_is_easy_to_guess_is_refused),
		cmocka_unit_test(test_n95_a_broken_source_of_chance_is_noticed),
		cmocka_unit_test(test_a_public_half_needs_a_key_pair),
		cmocka_unit_test(test_a_sample_has_the_shape_but_no_secret),
	};
	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
