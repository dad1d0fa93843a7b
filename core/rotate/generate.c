/* SPDX-License-Identifier: Apache-2.0 */
/* Makers of new values. */
#include "rotate/generate.h"

#include <string.h>

#include "base/crypto.h"
#include "base/random.h"
#include "base/text.h"

#define RSA_BITS_DEFAULT 3072
#define CURVE_DEFAULT "P-256"
#define LENGTH_DEFAULT 32

static const char *const names[] = {
	[GENERATOR_NONE] = "none", [GENERATOR_PASSWORD] = "password",
	[GENERATOR_HEX] = "hex",   [GENERATOR_BASE64] = "base64",
	[GENERATOR_UUID] = "uuid", [GENERATOR_ED25519] = "ed25519",
	[GENERATOR_RSA] = "rsa",   [GENERATOR_EC] = "ec",
};

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const char *generator_name(enum generator_kind kind)
{
	return (size_t)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

bool generator_is_key_pair(enum generator_kind kind)
{
	return kind == GENERATOR_ED25519 || kind == GENERATOR_RSA || kind == GENERATOR_EC;
}

static size_t length_of(const struct config_generate *generate)
{
	return generate->length ? (size_t)generate->length : LENGTH_DEFAULT;
}

static const char *alphabet_of(const struct config_generate *generate)
{
	return generate->alphabet ? generate->alphabet : GENERATE_ALPHABET;
}

static enum lks_status check_alphabet(const char *alphabet, struct lks_error *err)
{
	bool seen[128] = { false };
	for (const char *c = alphabet; *c; c++) {
		unsigned char letter = (unsigned char)*c;
		if (letter < 0x20 || letter > 0x7e)
			return error_set(err, LKS_INVALID,
					 "generate: the alphabet may hold printable ASCII only");
		if (seen[letter])
			return error_set(err, LKS_INVALID,
					 "generate: \"%c\" is in the alphabet twice, so it would "
					 "come more often than the others",
					 letter);
		seen[letter] = true;
	}
	return LKS_OK;
}

/* letters ^ length >= 2 ^ 64, without floating point. */
static bool is_strong(size_t letters, size_t length)
{
	uint64_t chances = 1;
	for (size_t i = 0; i < length; i++) {
		if (__builtin_mul_overflow(chances, (uint64_t)letters, &chances))
			return true;
	}
	return false;
}

static enum lks_status check_password(const struct config_generate *generate, struct lks_error *err)
{
	const char *alphabet = alphabet_of(generate);
	enum lks_status status = check_alphabet(alphabet, err);
	if (status != LKS_OK)
		return status;
	if (!is_strong(strlen(alphabet), length_of(generate))) {
		error_set(err, LKS_INVALID,
			  "generate: %zu characters out of %zu are too easy to guess",
			  length_of(generate), strlen(alphabet));
		error_hint(err, "at least %d bits are asked for: make `length` larger",
			   GENERATE_BITS_MIN);
		return LKS_INVALID;
	}
	return LKS_OK;
}

enum lks_status generate_check(const struct config_generate *generate, struct lks_error *err)
{
	if (generate->length < 0 || generate->length > GENERATE_LENGTH_MAX)
		return error_set(err, LKS_INVALID, "generate: a length is 1 to %d",
				 GENERATE_LENGTH_MAX);
	if (generate->public_reference && !generator_is_key_pair(generate->kind))
		return error_set(err, LKS_INVALID,
				 "generate: %s has no public half (ed25519, rsa and ec have one)",
				 generator_name(generate->kind));
	switch (generate->kind) {
	case GENERATOR_PASSWORD:
		return check_password(generate, err);
	case GENERATOR_HEX:
	case GENERATOR_BASE64:
		if (length_of(generate) * 8 < GENERATE_BITS_MIN)
			return error_set(err, LKS_INVALID,
					 "generate: %zu random bytes are too easy to guess; at "
					 "least %d are asked for",
					 length_of(generate), GENERATE_BITS_MIN / 8);
		return LKS_OK;
	case GENERATOR_RSA:
		if (generate->bits && (generate->bits < 2048 || generate->bits > 8192))
			return error_set(err, LKS_INVALID, "generate: bits is 2048 to 8192");
		return LKS_OK;
	case GENERATOR_UUID:
	case GENERATOR_ED25519:
	case GENERATOR_EC:
		return LKS_OK;
	case GENERATOR_NONE:
		break;
	}
	return error_set(err, LKS_INVALID, "generate: no kind of value is named");
}

static enum lks_status make_password(const struct config_generate *generate,
				     struct lks_buffer **ret_value, struct lks_error *err)
{
	const char *alphabet = alphabet_of(generate);
	uint32_t letters = (uint32_t)strlen(alphabet);
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	enum lks_status status = secret_new(length_of(generate), &value, err);
	if (status != LKS_OK)
		return status;
	while (value->len < value->capacity) {
		uint32_t letter = 0;
		status = random_below(letters, &letter, err);
		if (status != LKS_OK)
			return status;
		value->data[value->len++] = (unsigned char)alphabet[letter];
	}
	*ret_value = TAKE(value);
	return LKS_OK;
}

static enum lks_status random_secret(size_t len, struct lks_buffer **ret_bytes,
				     struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *bytes = NULL;
	enum lks_status status = secret_new(len, &bytes, err);
	if (status != LKS_OK)
		return status;
	status = random_bytes(bytes->data, len, err);
	if (status != LKS_OK)
		return status;
	bytes->len = len;
	*ret_bytes = TAKE(bytes);
	return LKS_OK;
}

static enum lks_status make_hex(const struct config_generate *generate,
				struct lks_buffer **ret_value, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *bytes = NULL;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	enum lks_status status = random_secret(length_of(generate), &bytes, err);
	if (status != LKS_OK)
		return status;
	/* One more: hex_print() ends its text with a NUL. */
	status = secret_new(2 * bytes->len + 1, &value, err);
	if (status != LKS_OK)
		return status;
	hex_print(bytes->data, bytes->len, (char *)value->data);
	value->len = 2 * bytes->len;
	*ret_value = TAKE(value);
	return LKS_OK;
}

static enum lks_status make_base64(const struct config_generate *generate,
				   struct lks_buffer **ret_value, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *bytes = NULL;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	enum lks_status status = random_secret(length_of(generate), &bytes, err);
	if (status != LKS_OK)
		return status;
	status = secret_new((bytes->len + 2) / 3 * 4, &value, err);
	if (status != LKS_OK)
		return status;
	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		uint32_t bits = (uint32_t)bytes->data[i] << 16 |
				(left > 1 ? (uint32_t)bytes->data[i + 1] << 8 : 0) |
				(left > 2 ? (uint32_t)bytes->data[i + 2] : 0);
		unsigned char *out = value->data + value->len;
		out[0] = (unsigned char)base64_digits[bits >> 18];
		out[1] = (unsigned char)base64_digits[bits >> 12 & 63];
		out[2] = (unsigned char)(left > 1 ? base64_digits[bits >> 6 & 63] : '=');
		out[3] = (unsigned char)(left > 2 ? base64_digits[bits & 63] : '=');
		value->len += 4;
	}
	*ret_value = TAKE(value);
	return LKS_OK;
}

static enum lks_status make_uuid(struct lks_buffer **ret_value, struct lks_error *err)
{
	char uuid[37];
	enum lks_status status = uuid4_make(uuid, err);
	if (status == LKS_OK)
		status = secret_from(uuid, strlen(uuid), ret_value, err);
	explicit_bzero(uuid, sizeof(uuid));
	return status;
}

static enum lks_status make_key_pair(const struct config_generate *generate,
				     struct lks_buffer **ret_value, struct lks_buffer **ret_public,
				     struct lks_error *err)
{
	switch (generate->kind) {
	case GENERATOR_RSA:
		return crypto_key_pair(CRYPTO_RSA,
				       generate->bits ? (int)generate->bits : RSA_BITS_DEFAULT,
				       NULL, ret_value, ret_public, err);
	case GENERATOR_EC:
		return crypto_key_pair(CRYPTO_EC, 0,
				       generate->curve ? generate->curve : CURVE_DEFAULT, ret_value,
				       ret_public, err);
	default:
		return crypto_key_pair(CRYPTO_ED25519, 0, NULL, ret_value, ret_public, err);
	}
}

/* A source of chance that gives one and the same byte is broken. */
static enum lks_status check_chance(const struct lks_buffer *value, struct lks_error *err)
{
	for (size_t i = 1; i < value->len; i++) {
		if (value->data[i] != value->data[0])
			return LKS_OK;
	}
	return error_set(err, LKS_FAILED,
			 "generate: every character came out the same; the source of random bytes "
			 "is broken");
}

enum lks_status generate_value(const struct config_generate *generate,
			       struct lks_buffer **ret_value, struct lks_buffer **ret_public,
			       struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	AUTO(secret_freep) struct lks_buffer *public_half = NULL;
	enum lks_status status = generate_check(generate, err);
	if (status != LKS_OK)
		return status;
	if (generate->kind == GENERATOR_PASSWORD)
		status = make_password(generate, &value, err);
	else if (generate->kind == GENERATOR_HEX)
		status = make_hex(generate, &value, err);
	else if (generate->kind == GENERATOR_BASE64)
		status = make_base64(generate, &value, err);
	else if (generate->kind == GENERATOR_UUID)
		status = make_uuid(&value, err);
	else
		status = make_key_pair(generate, &value, &public_half, err);
	if (status == LKS_OK)
		status = check_chance(value, err);
	if (status != LKS_OK)
		return status;
	*ret_value = TAKE(value);
	*ret_public = TAKE(public_half);
	return LKS_OK;
}

/* `letters` over and over, `length` in all. */
static enum lks_status sample_of(const char *letters, size_t length, struct lks_buffer **ret_value,
				 struct lks_error *err)
{
	enum lks_status status = secret_new(length, ret_value, err);
	if (status != LKS_OK)
		return status;
	size_t count = strlen(letters);
	for (size_t i = 0; i < length; i++)
		(*ret_value)->data[i] = (unsigned char)letters[i % count];
	(*ret_value)->len = length;
	return LKS_OK;
}

static enum lks_status sample_pem(const char *what, struct lks_buffer **ret_value,
				  struct lks_error *err)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	text_printf(&text, "-----BEGIN %s-----\n%s\n-----END %s-----\n", what, base64_digits, what);
	if (!text_ok(&text))
		return error_no_memory(err, "generate");
	return secret_from(text.data, text.len, ret_value, err);
}

enum lks_status generate_sample(const struct config_generate *generate,
				struct lks_buffer **ret_value, struct lks_buffer **ret_public,
				struct lks_error *err)
{
	*ret_public = NULL;
	enum lks_status status = generate_check(generate, err);
	if (status != LKS_OK)
		return status;
	size_t length = length_of(generate);
	switch (generate->kind) {
	case GENERATOR_PASSWORD:
		/* Letters that come rarely must be asked about too. */
		return sample_of(alphabet_of(generate),
				 length > strlen(alphabet_of(generate))
					 ? length
					 : strlen(alphabet_of(generate)),
				 ret_value, err);
	case GENERATOR_HEX:
		return sample_of("0123456789abcdef", 2 * length, ret_value, err);
	case GENERATOR_BASE64:
		return sample_of("+/0123456789ABCxyz", (length + 2) / 3 * 4, ret_value, err);
	case GENERATOR_UUID:
		return sample_of("00000000-0000-4000-8000-000000000000", 36, ret_value, err);
	default:
		break;
	}
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	status = sample_pem("PRIVATE KEY", &value, err);
	if (status == LKS_OK)
		status = sample_pem("PUBLIC KEY", ret_public, err);
	if (status == LKS_OK)
		*ret_value = TAKE(value);
	return status;
}
