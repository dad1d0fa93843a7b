/* SPDX-License-Identifier: Apache-2.0 */
/* libcrypto through its module, against published vectors. */
#include "support/test.h"

#include <openssl/err.h>

#include "base/crypto.h"
#include "base/random.h"
#include "base/text.h"
#include "support/modules.h"

extern const struct crypto_module lockstep_module_crypto;

static const struct crypto_module *module = &lockstep_module_crypto;

/* A vector's hex as bytes; the length is returned. */
static size_t bytes_of(const char *hex, unsigned char *bytes)
{
	const size_t len = strlen(hex) / 2;

	assert_true(hex_parse(hex, bytes, len));
	return len;
}

static void assert_hex(const void *data, size_t len, const char *expected)
{
	char hex[512];

	hex_print(data, len, hex);
	assert_string_equal(hex, expected);
}

static void test_sha256_as_in_fips_180_4(void **state)
{
	unsigned char digest[32];
	struct lks_error err;

	(void)state;
	assert_ok(crypto_sha256("abc", 3, digest, &err), &err);
	assert_hex(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_ok(crypto_sha256("", 0, digest, &err), &err);
	assert_hex(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_ok(crypto_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
				digest, &err),
		  &err);
	assert_hex(digest, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_hmac_as_in_rfc_4231(void **state)
{
	unsigned char key[131];
	unsigned char digest[32];
	struct lks_error err;

	(void)state;
	memset(key, 0x0b, 20);
	assert_ok(crypto_hmac(key, 20, "Hi There", 8, digest, &err), &err);
	assert_hex(digest, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_ok(crypto_hmac("Jefe", 4, "what do ya want for nothing?", 28, digest, &err), &err);
	assert_hex(digest, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_ok(crypto_hmac(key, sizeof(key),
			      "Test Using Larger Than Block-Size Key - Hash Key First", 54, digest,
			      &err),
		  &err);
	assert_hex(digest, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_ok(crypto_hmac(NULL, 0, "", 0, digest, &err), &err);
	assert_hex(digest, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hkdf_as_in_rfc_5869_without_salt(void **state)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	AUTO(secret_freep) struct lks_buffer *derived = NULL;
	AUTO(secret_freep) struct lks_buffer *other = NULL;
	struct lks_error err;

	(void)state;
	/* Test case 3. */
	assert_ok(secret_new(22, &key, &err), &err);
	memset(key->data, 0x0b, 22);
	key->len = 22;
	assert_ok(crypto_derive(key, "", 42, &derived, &err), &err);
	assert_int_equal(derived->len, 42);
	assert_hex(derived->data, 42,
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		   "9d201395faa4b61a96c8");
	assert_ok(crypto_derive(key, "lockstep/journal/1", 42, &other, &err), &err);
	assert_false(secret_equal(derived, other));
}

struct gcm_vector {
	const char *key;
	const char *nonce;
	const char *plain;
	const char *associated;
	const char *sealed; /* ciphertext and tag */
};

static void test_aes_256_gcm_as_in_the_nist_submission(void **state)
{
	/* Test cases 13 to 16. */
	static const struct gcm_vector vectors[] = {
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000", "00000000000000000000000000000000", "",
		  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
		  "",
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
		  "b094dac5d93471bdec1a502270e3cc6c" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		  "76fc6ece0f4e1768cddf8853bb2d551b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		unsigned char key[32];
		unsigned char nonce[12];
		unsigned char plain[128];
		unsigned char associated[64];
		unsigned char sealed[128];
		unsigned char opened[128];
		size_t len;
		size_t associated_len;

		bytes_of(vectors[i].key, key);
		bytes_of(vectors[i].nonce, nonce);
		len = bytes_of(vectors[i].plain, plain);
		associated_len = bytes_of(vectors[i].associated, associated);
		assert_int_equal(
			module->seal(key, nonce, associated, associated_len, plain, len, sealed),
			0);
		assert_memory_equal(sealed, nonce, 12);
		assert_hex(sealed + 12, len + 16, vectors[i].sealed);
		assert_int_equal(module->unseal(key, associated, associated_len, sealed,
						len + CRYPTO_SEAL_OVERHEAD, opened),
				 0);
		assert_memory_equal(opened, plain, len);
	}
}

static struct lks_buffer *test_key(unsigned char byte)
{
	struct lks_buffer *key = NULL;
	struct lks_error err;

	assert_ok(secret_new(CRYPTO_KEY_SIZE, &key, &err), &err);
	memset(key->data, byte, CRYPTO_KEY_SIZE);
	key->len = CRYPTO_KEY_SIZE;
	return key;
}

static void test_n84_sealed_bytes_open_only_untouched_and_in_their_place(void **state)
{
	AUTO(secret_freep) struct lks_buffer *key = test_key(7);
	AUTO(secret_freep) struct lks_buffer *plain = NULL;
	AUTO(secret_freep) struct lks_buffer *opened = NULL;
	struct lks_buffer *none = NULL;
	unsigned char sealed[5 + CRYPTO_SEAL_OVERHEAD];
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("value", 5, &plain, &err), &err);
	assert_ok(crypto_seal(key, "operation/1", plain, sealed, &err), &err);
	assert_ok(crypto_unseal(key, "operation/1", sealed, sizeof(sealed), &opened, &err), &err);
	assert_true(secret_equal(plain, opened));
	for (size_t i = 0; i < 8 * sizeof(sealed); i++) {
		sealed[i / 8] ^= (unsigned char)(1U << (i % 8));
		assert_int_equal(
			crypto_unseal(key, "operation/1", sealed, sizeof(sealed), &none, &err),
			LKS_CONFLICT);
		sealed[i / 8] ^= (unsigned char)(1U << (i % 8));
	}
	for (size_t len = 0; len < sizeof(sealed); len++)
		assert_int_equal(crypto_unseal(key, "operation/1", sealed, len, &none, &err),
				 LKS_CONFLICT);
	assert_int_equal(crypto_unseal(key, "operation/2", sealed, sizeof(sealed), &none, &err),
			 LKS_CONFLICT);
	assert_null(none);
}

static void test_n85_another_or_a_short_key_does_not_open(void **state)
{
	AUTO(secret_freep) struct lks_buffer *key = test_key(7);
	AUTO(secret_freep) struct lks_buffer *other = test_key(8);
	AUTO(secret_freep) struct lks_buffer *short_key = NULL;
	AUTO(secret_freep) struct lks_buffer *plain = NULL;
	struct lks_buffer *none = NULL;
	unsigned char sealed[5 + CRYPTO_SEAL_OVERHEAD];
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("value", 5, &plain, &err), &err);
	assert_ok(secret_from("short", 5, &short_key, &err), &err);
	assert_ok(crypto_seal(key, "x", plain, sealed, &err), &err);
	assert_int_equal(crypto_unseal(other, "x", sealed, sizeof(sealed), &none, &err),
			 LKS_CONFLICT);
	assert_int_equal(crypto_unseal(short_key, "x", sealed, sizeof(sealed), &none, &err),
			 LKS_INVALID);
	assert_int_equal(crypto_seal(short_key, "x", plain, sealed, &err), LKS_INVALID);
	assert_null(strstr(err.message, "value"));
}

static void test_sealing_twice_gives_different_bytes(void **state)
{
	AUTO(secret_freep) struct lks_buffer *key = test_key(7);
	AUTO(secret_freep) struct lks_buffer *plain = NULL;
	unsigned char first[5 + CRYPTO_SEAL_OVERHEAD];
	unsigned char second[5 + CRYPTO_SEAL_OVERHEAD];
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("value", 5, &plain, &err), &err);
	assert_ok(crypto_seal(key, "x", plain, first, &err), &err);
	assert_ok(crypto_seal(key, "x", plain, second, &err), &err);
	assert_memory_not_equal(first, second, CRYPTO_NONCE_SIZE);
	assert_memory_not_equal(first + CRYPTO_NONCE_SIZE, second + CRYPTO_NONCE_SIZE, 5);
}

static void test_an_empty_and_a_large_value_are_sealed(void **state)
{
	AUTO(secret_freep) struct lks_buffer *key = test_key(7);
	struct lks_error err;

	(void)state;
	for (size_t len = 0; len <= LKS_VALUE_MAX; len += LKS_VALUE_MAX) {
		AUTO(secret_freep) struct lks_buffer *plain = NULL;
		AUTO(secret_freep) struct lks_buffer *opened = NULL;
		AUTO(free_ptr) unsigned char *sealed = malloc(len + CRYPTO_SEAL_OVERHEAD);

		assert_ok(secret_new(len, &plain, &err), &err);
		memset(plain->data, 0x5a, len);
		plain->len = len;
		assert_ok(crypto_seal(key, "", plain, sealed, &err), &err);
		assert_ok(crypto_unseal(key, "", sealed, len + CRYPTO_SEAL_OVERHEAD, &opened, &err),
			  &err);
		assert_true(secret_equal(plain, opened));
	}
}

static void test_a_failure_leaves_no_error_for_the_next_user_of_openssl(void **state)
{
	static const unsigned char key[32];
	static const unsigned char sealed[64];
	unsigned char plain[64];
	size_t private_len = 1;
	size_t public_len = 1;

	(void)state;
	assert_int_equal(module->unseal(key, "x", 1, sealed, sizeof(sealed), plain), -1);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(module->make_key_pair(CRYPTO_EC, 0, "no-such-curve", plain, &private_len,
					       plain, &public_len),
			 -1);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(module->make_key_pair(CRYPTO_EC, 0, "P-256", plain, &private_len, plain,
					       &public_len),
			 -1);
	assert_int_equal(ERR_peek_error(), 0);
	memset(plain, 0xff, sizeof(plain));
	assert_int_equal(module->verify(key, "x", 1, plain), -1);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_ed25519_as_in_rfc_8032(void **state)
{
	unsigned char seed[32];
	unsigned char public_key[32];
	unsigned char signature[64];

	(void)state;
	/* Test 2. */
	bytes_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed);
	assert_int_equal(module->public_key(seed, public_key), 0);
	assert_hex(public_key, 32,
		   "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
	assert_int_equal(module->sign(seed, "\x72", 1, signature), 0);
	assert_hex(signature, 64,
		   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	assert_int_equal(module->verify(public_key, "\x72", 1, signature), 0);
	assert_int_equal(module->verify(public_key, "\x73", 1, signature), -1);
	signature[63] ^= 1;
	assert_int_equal(module->verify(public_key, "\x72", 1, signature), -1);
}

static void check_pair(enum crypto_key_kind kind, int bits, const char *curve, size_t least)
{
	AUTO(secret_freep) struct lks_buffer *private_key = NULL;
	AUTO(secret_freep) struct lks_buffer *public_key = NULL;
	AUTO(secret_freep) struct lks_buffer *second = NULL;
	AUTO(secret_freep) struct lks_buffer *second_public = NULL;
	struct lks_error err;

	assert_ok(crypto_key_pair(kind, bits, curve, &private_key, &public_key, &err), &err);
	assert_ok(crypto_key_pair(kind, bits, curve, &second, &second_public, &err), &err);
	assert_true(
		string_starts((const char *)private_key->data, "-----BEGIN PRIVATE KEY-----\n"));
	assert_true(string_ends((const char *)private_key->data, "\n-----END PRIVATE KEY-----\n"));
	assert_true(string_starts((const char *)public_key->data, "-----BEGIN PUBLIC KEY-----\n"));
	assert_true(string_ends((const char *)public_key->data, "\n-----END PUBLIC KEY-----\n"));
	assert_int_equal(strlen((const char *)private_key->data), private_key->len);
	assert_true(private_key->len >= least);
	assert_false(secret_equal(private_key, second));
}

static void test_key_pairs_are_pem_of_each_kind(void **state)
{
	(void)state;
	check_pair(CRYPTO_ED25519, 0, NULL, 100);
	check_pair(CRYPTO_RSA, 2048, NULL, 1600);
	check_pair(CRYPTO_EC, 0, "P-256", 200);
	check_pair(CRYPTO_EC, 0, "P-384", 250);
	check_pair(CRYPTO_EC, 0, "P-521", 300);
}

static void test_n95_weak_or_unknown_keys_are_refused(void **state)
{
	struct lks_buffer *private_key = NULL;
	struct lks_buffer *public_key = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(crypto_key_pair(CRYPTO_RSA, 1024, NULL, &private_key, &public_key, &err),
			 LKS_INVALID);
	assert_contains(err.message, "2048 to 8192");
	assert_int_equal(crypto_key_pair(CRYPTO_RSA, 8193, NULL, &private_key, &public_key, &err),
			 LKS_INVALID);
	assert_int_equal(
		crypto_key_pair(CRYPTO_EC, 0, "secp112r1", &private_key, &public_key, &err),
		LKS_INVALID);
	assert_int_equal(crypto_key_pair(CRYPTO_EC, 0, NULL, &private_key, &public_key, &err),
			 LKS_INVALID);
	assert_int_equal(
		crypto_key_pair((enum crypto_key_kind)9, 0, NULL, &private_key, &public_key, &err),
		LKS_INVALID);
	assert_null(private_key);
	assert_null(public_key);
}

static void test_a_room_too_small_for_a_key_is_refused(void **state)
{
	unsigned char room[64];
	size_t private_len = sizeof(room);
	size_t public_len = sizeof(room);

	(void)state;
	assert_int_equal(module->make_key_pair(CRYPTO_ED25519, 0, NULL, room, &private_len, room,
					       &public_len),
			 -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_as_in_fips_180_4),
		cmocka_unit_test(test_hmac_as_in_rfc_4231),
		cmocka_unit_test(test_hkdf_as_in_rfc_5869_without_salt),
		cmocka_unit_test(test_aes_256_gcm_as_in_the_nist_submission),
		cmocka_unit_test(test_n84_sealed_bytes_open_only_untouched_and_in_their_place),
		cmocka_unit_test(test_n85_another_or_a_short_key_does_not_open),
		cmocka_unit_test(test_sealing_twice_gives_different_bytes),
		cmocka_unit_test(test_an_empty_and_a_large_value_are_sealed),
		cmocka_unit_test(test_a_failure_leaves_no_error_for_the_next_user_of_openssl),
		cmocka_unit_test(test_ed25519_as_in_rfc_8032),
		cmocka_unit_test(test_key_pairs_are_pem_of_each_kind),
		cmocka_unit_test(test_n95_weak_or_unknown_keys_are_refused),
		cmocka_unit_test(test_a_room_too_small_for_a_key_is_refused),
	};

	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
