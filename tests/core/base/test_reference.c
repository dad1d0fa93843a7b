/* SPDX-License-Identifier: Apache-2.0 */
/* References, patterns and layouts: what is allowed, and every way out of it. */
#include <stdio.h>

#include "base/clock.h"
#include "base/reference.h"
#include "base/text.h"
#include "support/test.h"

static void assert_refused(const char *text, const char *part)
{
	struct reference reference = { .store = "untouched" };
	struct lks_error err = { 0 };

	if (reference_parse(text, &reference, &err) != LKS_INVALID)
		fail_msg("\"%s\" was not refused", text);
	assert_string_equal(reference.store, "untouched");
	assert_contains(err.message, part);
}

static struct reference parsed(const char *text)
{
	struct reference reference;
	struct lks_error err = { 0 };

	assert_ok(reference_parse(text, &reference, &err), &err);
	return reference;
}

static void test_both_forms_are_read(void **state)
{
	struct reference reference = parsed("vault:acme/payments/api-key#password");

	(void)state;
	assert_string_equal(reference.store, "vault");
	assert_string_equal(reference.path, "acme/payments/api-key");
	assert_string_equal(reference.field, "password");
	assert_int_equal(reference.label, LABEL_NONE);
	reference = parsed("secretref://vault/acme/k?version=a.B-7_#f");
	assert_string_equal(reference.path, "acme/k");
	assert_string_equal(reference.version, "a.B-7_");
	assert_string_equal(reference.field, "f");
	reference = parsed("secretref://vault/k?label=previous");
	assert_int_equal(reference.label, LABEL_PREVIOUS);
	reference = parsed("secretref://v/K.x_y-z");
	assert_string_equal(reference.path, "K.x_y-z");
}

static void test_n38_no_way_up_or_around_in_a_path(void **state)
{
	static const char *const texts[] = {
		"a:../../sys/seal",
		"a:x/../y",
		"a:./x",
		"a:x/.",
		"a:%2e%2e%2fx",
		"a:..;/x",
		"a:x//y",
		"a:x/",
		"a:/x",
		"a:",
		"a:.",
		"a:..",
		"a:x/..",
		"secretref://a/",
		"secretref://a//x",
		"secretref://a/../x",
		"secretref:///x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_refused(texts[i], "at character");
	assert_refused("a:x/../y", "at character 5");
	assert_string_equal(parsed("a:...").path, "...");
	assert_string_equal(parsed("a:.x/x..").path, ".x/x..");
}

static void test_n39_queries_fragments_and_users_have_one_place(void **state)
{
	(void)state;
	assert_refused("a:x?version=1", "long form");
	assert_refused("a:#frag", "at character 3");
	assert_refused("a:x#", "at character 5");
	assert_refused("a:x#a#b", "at character 6");
	assert_refused("a:x@host", "'@' at character 4");
	assert_refused("user:pw@host", "'@'");
	assert_refused("secretref://user:pw@host/x", "':'");
	assert_refused("secretref://a/x?version=1?label=current", "'?'");
	assert_refused("secretref://a/x?version=1&label=current", "'&'");
	assert_refused("secretref://a/x?version=", "version");
	assert_refused("secretref://a/x?label=blue", "current, pending or previous");
	assert_refused("secretref://a/x?label=Current", "current, pending or previous");
	assert_refused("secretref://a/x?other=1", "version=V or label=LABEL");
	assert_refused("secretref://a/x#f?version=1", "'?'");
}

static void test_n40_control_characters_are_refused_everywhere(void **state)
{
	/* The '!' is the place. */
	static const char *const forms[] = { "!a:x",   "a!:x",
					     "a:!x",   "a:x!",
					     "a:x/!y", "a:x#f!",
					     "a:x#!",  "secretref://a/x?version=1!" };
	static const char bytes[] = { '\r', '\n', '\t', 0x7f, ' ', 1, '\x1b' };
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		for (size_t k = 0; k < COUNT_OF(bytes); k++) {
			string_copy(text, sizeof(text), forms[i]);
			*strchr(text, '!') = bytes[k];
			assert_refused(text, "byte 0x");
		}
	}
}

static void test_n40_a_nul_inside_is_refused(void **state)
{
	struct reference reference;
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(reference_parse_bytes("a:x\0y", 5, &reference, &err), LKS_INVALID);
	assert_contains(err.message, "byte 0x00 at character 4");
	assert_int_equal(reference_parse_bytes("a:x\0", 4, &reference, &err), LKS_INVALID);
	assert_ok(reference_parse_bytes("a:xyz", 3, &reference, &err), &err);
	assert_string_equal(reference.path, "x");
}

static void test_n41_shell_characters_are_refused(void **state)
{
	static const char bytes[] = "\\:;&|<>$`\"'()*[]{}!~^=+,%@";
	char text[32];

	(void)state;
	for (const char *c = bytes; *c; c++) {
		(void)snprintf(text, sizeof(text), "a:x%cy", *c);
		assert_refused(text, "at character 4");
		(void)snprintf(text, sizeof(text), "a:x#y%c", *c);
		assert_refused(text, "at character 6");
	}
}

static void test_n42_only_ascii_names(void **state)
{
	static const char *const texts[] = {
		"a:caf\xc3\xa9",      "a:cafe\xcc\x81",   "a:p\xd0\xb0ss",
		"a:\xe2\x80\xaex",    "a:x\xe3\x80\x82y", "a:\xc0\xaf",
		"a:\xc0\xae\xc0\xae", "v\xd0\xb0ult:x",   "a:x#\xef\xbc\xa1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_refused(texts[i], "byte 0x");
}

static void test_n43_length_scheme_and_segments_are_bounded(void **state)
{
	char text[8192];
	size_t len;

	(void)state;
	memset(text, 'x', 4096);
	memcpy(text, "a:", 2);
	text[4096] = '\0';
	assert_refused(text, "at most 1024");
	for (len = 2; len < 8000; len += 2)
		memcpy(text + len, "x/", 2);
	text[len - 1] = '\0';
	assert_refused(text, "at most 1024");
	memset(text, 'x', 300);
	memcpy(text, "a:", 2);
	text[2 + 255] = '\0';
	assert_string_equal(parsed(text).path, text + 2);
	text[2 + 255] = 'x';
	text[2 + 256] = '\0';
	assert_refused(text, "at most 255");
	assert_refused("SecretRef://a/x", "at character 1");
	assert_refused("SECRETREF://a/x", "at character 1");
	assert_refused("http://a/x", "at character 6");
	assert_refused("secretref:/a/x", "at character 11");
	assert_refused("secretref://A/x", "at character 13");
	assert_refused("", "the end");
	assert_refused("secretref://", "the end");
	assert_refused("secretref://a", "the end");
	assert_refused("abcdefghijklmnopqrstuvwxyz-0123456:x", "32");
	assert_refused("1a:x", "letter");
	assert_refused("-a:x", "letter");
}

static void test_n44_case_is_kept_and_matters(void **state)
{
	struct reference upper = parsed("vault:Acme/K");

	(void)state;
	assert_string_equal(upper.path, "Acme/K");
	assert_false(pattern_matches("vault:acme/**", &upper));
	assert_true(pattern_matches("vault:Acme/**", &upper));
	assert_refused("Vault:x", "at character 1");
}

static void test_a_pasted_secret_is_not_repeated(void **state)
{
	static const char *const texts[] = { "hunter2", "hvs.CAESIJ", "sk_live_abc+def",
					     "x:hunter2+more" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct reference reference;
		struct lks_error err = { 0 };

		assert_int_equal(reference_parse(texts[i], &reference, &err), LKS_INVALID);
		assert_null(strstr(err.message, "hunter2"));
		assert_null(strstr(err.message, "CAESIJ"));
		assert_null(strstr(err.message, "live"));
	}
}

/* A small generator: the same references every time. */
static uint32_t roll(uint32_t *seed, uint32_t bound)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % bound;
}

static void make_word(uint32_t *seed, char *buffer, size_t max)
{
	static const char letters[] = "abzABZ059._-";
	size_t len = 1 + roll(seed, (uint32_t)max);

	for (size_t i = 0; i < len; i++)
		buffer[i] = letters[roll(seed, sizeof(letters) - 1)];
	buffer[len] = '\0';
	if (buffer[0] == '.')
		buffer[0] = 'q';
}

static void make_reference(uint32_t *seed, struct reference *reference)
{
	char word[64];
	struct text path = TEXT_INIT;

	*reference = (struct reference){ 0 };
	reference->store[0] = (char)('a' + roll(seed, 26));
	for (size_t i = 1, len = roll(seed, 31); i <= len; i++)
		reference->store[i] = "az-9"[roll(seed, 4)];
	for (uint32_t i = 0, count = 1 + roll(seed, 5); i < count; i++) {
		make_word(seed, word, 40);
		text_printf(&path, "%s%s", i ? "/" : "", word);
	}
	string_copy(reference->path, sizeof(reference->path), text_string(&path));
	text_release(&path);
	if (roll(seed, 3) == 0)
		make_word(seed, reference->version, 60);
	else if (roll(seed, 3) == 0)
		reference->label = (enum label)(1 + roll(seed, 3));
	if (roll(seed, 2))
		make_word(seed, reference->field, 60);
}

static void test_parse_print_parse_is_the_identity(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct reference made, again;
		struct lks_error err = { 0 };
		char first[REFERENCE_MAX * 2], second[REFERENCE_MAX * 2];

		make_reference(&seed, &made);
		reference_print(&made, first, sizeof(first));
		assert_ok(reference_parse(first, &again, &err), &err);
		assert_memory_equal(&made.label, &again.label, sizeof(made.label));
		assert_string_equal(made.store, again.store);
		assert_string_equal(made.path, again.path);
		assert_string_equal(made.version, again.version);
		assert_string_equal(made.field, again.field);
		reference_print(&again, second, sizeof(second));
		assert_string_equal(first, second);
	}
}

static void test_any_bytes_are_refused_or_print_back(void **state)
{
	static const char alphabet[] = "a1:/#?.-_=*Zsecretref://version=label=current\0\n\xc3%";
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[48], printed[REFERENCE_MAX * 2];
		size_t len = roll(&seed, sizeof(text));
		struct reference reference, again;

		for (size_t k = 0; k < len; k++)
			text[k] = alphabet[roll(&seed, sizeof(alphabet))];
		if (reference_parse_bytes(text, len, &reference, NULL))
			continue;
		reference_print(&reference, printed, sizeof(printed));
		assert_int_equal(reference_parse(printed, &again, NULL), LKS_OK);
	}
}

static void test_a_prefix_may_be_empty_or_end_in_a_slash(void **state)
{
	struct reference reference;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(reference_parse_prefix("app:", &reference, &err), &err);
	assert_string_equal(reference.path, "");
	assert_ok(reference_parse_prefix("app:acme/", &reference, &err), &err);
	assert_string_equal(reference.path, "acme/");
	assert_ok(reference_parse_prefix("app:acme/pa", &reference, &err), &err);
	assert_int_equal(reference_parse_prefix("app:x#f", &reference, &err), LKS_INVALID);
	assert_int_equal(reference_parse_prefix("app:../", &reference, &err), LKS_INVALID);
	assert_int_equal(reference_parse_prefix("app:a//", &reference, &err), LKS_INVALID);
	assert_int_equal(reference_parse_prefix("app", &reference, &err), LKS_INVALID);
}

static bool fits(const char *pattern, const char *text)
{
	struct reference reference = parsed(text);
	struct lks_error err = { 0 };

	assert_ok(pattern_check(pattern, &err), &err);
	return pattern_matches(pattern, &reference);
}

static void test_stars_stand_for_segments(void **state)
{
	(void)state;
	assert_true(fits("**", "any:thing/at/all"));
	assert_true(fits("*:**", "any:thing/at/all"));
	assert_true(fits("vault:acme/**", "vault:acme/a/b/c"));
	assert_true(fits("vault:acme/**", "vault:acme"));
	assert_false(fits("vault:acme/**", "vault:acme2/a"));
	assert_false(fits("vault:acme/**", "vault2:acme/a"));
	assert_true(fits("vault:acme/*", "vault:acme/a"));
	assert_false(fits("vault:acme/*", "vault:acme/a/b"));
	assert_false(fits("vault:acme/*", "vault:acme"));
	assert_true(fits("vault:*/db", "vault:x/db"));
	assert_true(fits("vault:**/db", "vault:db"));
	assert_true(fits("vault:**/db", "vault:a/b/db"));
	assert_false(fits("vault:**/db", "vault:a/b/db2"));
	assert_true(fits("vault:a/**/b/**/c", "vault:a/x/b/y/z/c"));
	assert_true(fits("vault:a/**/b/**/c", "vault:a/b/c"));
	assert_false(fits("vault:a/**/b/**/c", "vault:a/x/y/c"));
	assert_true(fits("vault:**/*", "vault:a"));
	assert_false(fits("vault:**/*/*", "vault:a"));
	assert_true(fits("vault:a", "vault:a"));
	assert_false(fits("vault:a", "vault:a/b"));
}

static void test_malformed_patterns_are_refused(void **state)
{
	static const char *const patterns[] = {
		"",     "x",          "*",          "vault:",   "vault:a*", "vault:***", "Vault:a",
		"v*:a", "vault:a//b", "vault:../a", "vault:a/", ":a",       "vault:a#f", "vault:a b"
	};
	struct lks_error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		error_clear(&err);
		if (pattern_check(patterns[i], &err) != LKS_INVALID)
			fail_msg("pattern \"%s\" was not refused", patterns[i]);
		assert_contains(err.message, "pattern:");
	}
}

static void test_n43_a_hostile_pattern_costs_little(void **state)
{
	char pattern[REFERENCE_MAX + 1] = "a:";
	char path[REFERENCE_MAX + 1] = "a:";
	int64_t start = clock_boot_ms();
	size_t len;

	(void)state;
	for (len = 2; len + 5 < REFERENCE_MAX; len += 5)
		memcpy(pattern + len, "**/x/", 5);
	memcpy(pattern + len - 5, "**/y", 5);
	for (len = 2; len + 2 < REFERENCE_MAX; len += 2)
		memcpy(path + len, "x/", 2);
	path[len - 1] = '\0';
	for (int i = 0; i < 50; i++)
		assert_false(fits(pattern, path));
	assert_true(clock_boot_ms() - start < 2000);
}

static void test_layouts_name_tenant_and_namespace(void **state)
{
	char tenant[256], namespace[256];
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(layout_match("{tenant}/{namespace}/{name}", "acme/pay/a/b", tenant, namespace,
			       &err),
		  &err);
	assert_string_equal(tenant, "acme");
	assert_string_equal(namespace, "pay");
	assert_ok(layout_match("{name}", "a/b/c", tenant, namespace, &err), &err);
	assert_string_equal(tenant, "");
	assert_string_equal(namespace, "");
	assert_ok(layout_match("apps/{tenant}/{name}", "apps/t/x", tenant, namespace, &err), &err);
	assert_string_equal(tenant, "t");
}

static void test_n45_a_path_that_does_not_fit_the_layout_is_refused(void **state)
{
	static const char *const paths[] = { "acme", "acme/pay", "acme/pay/", "", "/pay/x" };
	char tenant[256] = "kept", namespace[256];
	struct lks_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		assert_int_equal(layout_match("{tenant}/{namespace}/{name}", paths[i], tenant,
					      namespace, &err),
				 LKS_INVALID);
		assert_contains(err.message, "does not fit");
		assert_string_equal(tenant, "kept");
	}
	assert_int_equal(layout_match("apps/{tenant}/{name}", "other/t/x", tenant, namespace, &err),
			 LKS_INVALID);
}

static void test_a_prefix_tells_what_its_whole_segments_say(void **state)
{
	char tenant[256], namespace[256];
	struct lks_error err = { 0 };
	const char *layout = "{tenant}/{namespace}/{name}";

	(void)state;
	assert_ok(layout_match_prefix(layout, "", tenant, namespace, &err), &err);
	assert_string_equal(tenant, "");
	assert_ok(layout_match_prefix(layout, "ac", tenant, namespace, &err), &err);
	assert_string_equal(tenant, "");
	assert_ok(layout_match_prefix(layout, "acme/", tenant, namespace, &err), &err);
	assert_string_equal(tenant, "acme");
	assert_ok(layout_match_prefix(layout, "acme/pay/", tenant, namespace, &err), &err);
	assert_string_equal(namespace, "pay");
	assert_ok(layout_match_prefix(layout, "acme/pay/a/b", tenant, namespace, &err), &err);
	assert_int_equal(layout_match_prefix("x/{name}", "y/", tenant, namespace, &err),
			 LKS_INVALID);
}

static void test_malformed_layouts_are_refused(void **state)
{
	static const char *const layouts[] = {
		"",
		"{tenant}",
		"{name}/{tenant}",
		"{name}/{name}",
		"{Tenant}/{name}",
		"a-{tenant}/{name}",
		"{tenant}//{name}",
		"/{name}",
		"{name}/",
		"../{name}",
		"{tenant/{name}",
	};
	struct lks_error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(layouts); i++) {
		error_clear(&err);
		if (layout_check(layouts[i], &err) != LKS_INVALID)
			fail_msg("layout \"%s\" was not refused", layouts[i]);
	}
	assert_ok(layout_check("{name}", &err), &err);
	assert_ok(layout_check("apps/{tenant}/x/{namespace}/{name}", &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_forms_are_read),
		cmocka_unit_test(test_n38_no_way_up_or_around_in_a_path),
		cmocka_unit_test(test_n39_queries_fragments_and_users_have_one_place),
		cmocka_unit_test(test_n40_control_characters_are_refused_everywhere),
		cmocka_unit_test(test_n40_a_nul_inside_is_refused),
		cmocka_unit_test(test_n41_shell_characters_are_refused),
		cmocka_unit_test(test_n42_only_ascii_names),
		cmocka_unit_test(test_n43_length_scheme_and_segments_are_bounded),
		cmocka_unit_test(test_n44_case_is_kept_and_matters),
		cmocka_unit_test(test_a_pasted_secret_is_not_repeated),
		cmocka_unit_test(test_parse_print_parse_is_the_identity),
		cmocka_unit_test(test_any_bytes_are_refused_or_print_back),
		cmocka_unit_test(test_a_prefix_may_be_empty_or_end_in_a_slash),
		cmocka_unit_test(test_stars_stand_for_segments),
		cmocka_unit_test(test_malformed_patterns_are_refused),
		cmocka_unit_test(test_n43_a_hostile_pattern_costs_little),
		cmocka_unit_test(test_layouts_name_tenant_and_namespace),
		cmocka_unit_test(test_n45_a_path_that_does_not_fit_the_layout_is_refused),
		cmocka_unit_test(test_a_prefix_tells_what_its_whole_segments_say),
		cmocka_unit_test(test_malformed_layouts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
