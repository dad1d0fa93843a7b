/* SPDX-License-Identifier: Apache-2.0 */
/* The private module `crypto`: OpenSSL's EVP behind one table. */
#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/cleanup.h"
#include "base/crypto.h"

#define OWNED(type, function)                                                                      \
	static void function##p(type **object)                                                     \
	{                                                                                          \
		function(*object);                                                                 \
	}
OWNED(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
OWNED(EVP_KDF, EVP_KDF_free)
OWNED(EVP_KDF_CTX, EVP_KDF_CTX_free)
OWNED(EVP_MD_CTX, EVP_MD_CTX_free)
OWNED(EVP_PKEY, EVP_PKEY_free)
OWNED(OSSL_ENCODER_CTX, OSSL_ENCODER_CTX_free)

/*
 * OpenSSL queues its errors per thread, and the next TLS call of that thread
 * would take ours for its own.
 */
static void forget_errors(int *unused)
{
	(void)unused;
	ERR_clear_error();
}
#define FORGETS_ERRORS AUTO(forget_errors) int queued_errors __attribute__((unused)) = 0

static int module_sha256(const void *data, size_t len, unsigned char ret_digest[CRYPTO_DIGEST_SIZE])
{
	FORGETS_ERRORS;
	return EVP_Digest(data, len, ret_digest, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

static int module_hmac(const void *key, size_t key_len, const void *data, size_t len,
		       unsigned char ret_digest[CRYPTO_DIGEST_SIZE])
{
	FORGETS_ERRORS;
	size_t used = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key_len ? key : "", key_len, data, len,
			 ret_digest, CRYPTO_DIGEST_SIZE, &used) &&
			       used == CRYPTO_DIGEST_SIZE
		       ? 0
		       : -1;
}

static int module_hkdf(const void *key, size_t key_len, const char *info, unsigned char *ret_key,
		       size_t ret_len)
{
	FORGETS_ERRORS;
	AUTO(EVP_KDF_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	AUTO(EVP_KDF_CTX_freep) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	OSSL_PARAM parameters[4];

	if (!context)
		return -1;
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_len);
	parameters[2] =
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info));
	parameters[3] = OSSL_PARAM_construct_end();
	return EVP_KDF_derive(context, ret_key, ret_len, parameters) == 1 ? 0 : -1;
}

static int module_seal(const unsigned char key[CRYPTO_KEY_SIZE],
		       const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *associated,
		       size_t associated_len, const void *plain, size_t len,
		       unsigned char *ret_sealed)
{
	FORGETS_ERRORS;
	AUTO(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *text = ret_sealed + CRYPTO_NONCE_SIZE;
	int used = 0;

	if (!context || len > INT_MAX || associated_len > INT_MAX)
		return -1;
	memcpy(ret_sealed, nonce, CRYPTO_NONCE_SIZE);
	if (EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), key, nonce, NULL) != 1)
		return -1;
	if (associated_len &&
	    EVP_EncryptUpdate(context, NULL, &used, associated, (int)associated_len) != 1)
		return -1;
	if (len && EVP_EncryptUpdate(context, text, &used, plain, (int)len) != 1)
		return -1;
	if (EVP_EncryptFinal_ex(context, text + len, &used) != 1)
		return -1;
	return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_SIZE, text + len) == 1
		       ? 0
		       : -1;
}

static int unseal(const unsigned char key[CRYPTO_KEY_SIZE], const void *associated,
		  size_t associated_len, const unsigned char *sealed, size_t len,
		  unsigned char *ret_plain)
{
	AUTO(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	const unsigned char *text = sealed + CRYPTO_NONCE_SIZE;
	unsigned char tag[CRYPTO_TAG_SIZE];
	int used = 0;

	if (!context)
		return -1;
	memcpy(tag, text + len, sizeof(tag));
	if (EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), key, sealed, NULL) != 1)
		return -1;
	if (associated_len &&
	    EVP_DecryptUpdate(context, NULL, &used, associated, (int)associated_len) != 1)
		return -1;
	if (len && EVP_DecryptUpdate(context, ret_plain, &used, text, (int)len) != 1)
		return -1;
	if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) != 1)
		return -1;
	return EVP_DecryptFinal_ex(context, ret_plain + len, &used) == 1 ? 0 : -1;
}

static int module_unseal(const unsigned char key[CRYPTO_KEY_SIZE], const void *associated,
			 size_t associated_len, const void *sealed, size_t sealed_len,
			 unsigned char *ret_plain)
{
	FORGETS_ERRORS;
	size_t len;

	if (sealed_len < CRYPTO_SEAL_OVERHEAD)
		return -1;
	len = sealed_len - CRYPTO_SEAL_OVERHEAD;
	if (len > INT_MAX || associated_len > INT_MAX)
		return -1;
	if (!unseal(key, associated, associated_len, sealed, len, ret_plain))
		return 0;
	/* What was decrypted before the tag was checked is nobody's. */
	OPENSSL_cleanse(ret_plain, len);
	return -1;
}

static EVP_PKEY *generate(enum crypto_key_kind kind, int bits, const char *curve)
{
	switch (kind) {
	case CRYPTO_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case CRYPTO_RSA:
		return bits < 2048 || bits > 8192
			       ? NULL
			       : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	case CRYPTO_EC:
		return curve ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve) : NULL;
	}
	return NULL;
}

/* PEM straight into the caller's room. */
static int encode(EVP_PKEY *key, int selection, const char *structure, unsigned char *room,
		  size_t *len)
{
	AUTO(OSSL_ENCODER_CTX_freep)
	OSSL_ENCODER_CTX *context =
		OSSL_ENCODER_CTX_new_for_pkey(key, selection, "PEM", structure, NULL);
	size_t left = *len;

	if (!context || OSSL_ENCODER_to_data(context, &room, &left) != 1)
		return -1;
	*len -= left;
	return 0;
}

static int module_make_key_pair(enum crypto_key_kind kind, int bits, const char *curve,
				unsigned char *ret_private, size_t *private_len,
				unsigned char *ret_public, size_t *public_len)
{
	FORGETS_ERRORS;
	AUTO(EVP_PKEY_freep) EVP_PKEY *key = generate(kind, bits, curve);

	if (!key)
		return -1;
	if (encode(key, EVP_PKEY_KEYPAIR, "PrivateKeyInfo", ret_private, private_len))
		return -1;
	return encode(key, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo", ret_public, public_len);
}

static int module_sign(const unsigned char seed[32], const void *data, size_t len,
		       unsigned char ret_signature[64])
{
	FORGETS_ERRORS;
	AUTO(EVP_PKEY_freep)
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	AUTO(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t used = 64;

	if (!key || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1)
		return -1;
	return EVP_DigestSign(context, ret_signature, &used, data, len) == 1 && used == 64 ? 0 : -1;
}

static int module_verify(const unsigned char public_key[32], const void *data, size_t len,
			 const unsigned char signature[64])
{
	FORGETS_ERRORS;
	AUTO(EVP_PKEY_freep)
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	AUTO(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!key || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
		return -1;
	return EVP_DigestVerify(context, signature, 64, data, len) == 1 ? 0 : -1;
}

static int module_public_key(const unsigned char seed[32], unsigned char ret_public[32])
{
	FORGETS_ERRORS;
	AUTO(EVP_PKEY_freep)
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	size_t used = 32;

	return key && EVP_PKEY_get_raw_public_key(key, ret_public, &used) == 1 && used == 32 ? 0
											     : -1;
}

extern const struct crypto_module lockstep_module_crypto;

__attribute__((visibility("default"))) const struct crypto_module lockstep_module_crypto = {
	.head = { .abi = CRYPTO_ABI, .size = sizeof(struct crypto_module) },
	.sha256 = module_sha256,
	.hmac_sha256 = module_hmac,
	.hkdf_sha256 = module_hkdf,
	.seal = module_seal,
	.unseal = module_unseal,
	.make_key_pair = module_make_key_pair,
	.sign = module_sign,
	.verify = module_verify,
	.public_key = module_public_key,
};
