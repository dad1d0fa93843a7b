/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key and a value may be made of, whatever the dialect is.
 */
#include "env-file/grammar.h"

#include <stdint.h>
#include <string.h>

static bool is_alpha(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

size_t grammar_utf8_len(const unsigned char *text, size_t len, size_t at)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} kinds[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	size_t extra;

	for (extra = 0; extra < 4; extra++) {
		uint32_t code = text[at] & (unsigned char)~kinds[extra].mask;
		size_t i;

		if ((text[at] & kinds[extra].mask) != kinds[extra].lead)
			continue;
		for (i = 1; i <= extra; i++) {
			if (at + i >= len || (text[at + i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text[at + i] & 0x3f);
		}
		if (code < kinds[extra].least || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return 0;
		return extra + 1;
	}
	return 0;
}

bool grammar_is_text(const unsigned char *text, size_t len)
{
	size_t at;
	size_t step;

	for (at = 0; at < len; at += step) {
		step = grammar_utf8_len(text, len, at);
		if (!step || !text[at])
			return false;
	}
	return true;
}

const char *grammar_key_problem(const struct grammar *grammar, const char *key)
{
	size_t i;

	if (!*key)
		return "it is empty";
	if (strlen(key) > GRAMMAR_KEY_MAX)
		return "it is longer than 255 bytes";
	if (!is_alpha((unsigned char)key[0]))
		return "a key begins with a letter or _";
	for (i = 1; key[i]; i++) {
		unsigned char c = (unsigned char)key[i];

		if (is_alpha(c) || is_digit(c))
			continue;
		if (c != '.' && c != '-')
			return "a key holds letters, digits and _ only";
		if (!grammar->dotted)
			return "a key holds letters, digits and _ only (. and - with "
			       "allow_dotted_keys = true)";
	}
	return NULL;
}

bool grammar_key_denied(const char *key)
{
	static const char *const prefixes[] = { "LD_", "DYLD_", "GLIBC_TUNABLES", "BASH_FUNC_" };
	static const char *const names[] = {
		"PATH",
		"IFS",
		"ENV",
		"BASH_ENV",
		"SHELLOPTS",
		"BASHOPTS",
		"PS4",
		"PROMPT_COMMAND",
		"GCONV_PATH",
		"LOCPATH",
		"NODE_OPTIONS",
		"PYTHONSTARTUP",
		"PYTHONHOME",
		"PYTHONPATH",
		"PERL5OPT",
		"PERL5LIB",
		"PERL5DB",
		"RUBYOPT",
		"RUBYLIB",
		"JAVA_TOOL_OPTIONS",
		"_JAVA_OPTIONS",
		"OPENSSL_CONF",
		"OPENSSL_MODULES",
		"OPENSSL_ENGINES",
		"SSLKEYLOGFILE",
		"GIT_SSH_COMMAND",
		"HOSTALIASES",
	};
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(key, names[i]) == 0)
			return true;
	}
	return false;
}
