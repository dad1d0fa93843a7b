/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cryptography, from OpenSSL through the private module `crypto`. These
 * functions open it on first use. Buffers belong to the caller.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/module.h"
#include "base/secret.h"

#define CRYPTO_ABI 1
#define CRYPTO_KEY_SIZE 32
#define CRYPTO_DIGEST_SIZE 32
#define CRYPTO_NONCE_SIZE 12
#define CRYPTO_TAG_SIZE 16
/* What seal() adds to a plaintext: nonce and tag. */
#define CRYPTO_SEAL_OVERHEAD (CRYPTO_NONCE_SIZE + CRYPTO_TAG_SIZE)

enum crypto_key_kind { CRYPTO_ED25519 = 1, CRYPTO_RSA, CRYPTO_EC };

/* The module's table; every function returns 0 or -1. */
struct crypto_module {
	struct module_head head;
	int (*sha256)(const void *data, size_t len, unsigned char ret_digest[CRYPTO_DIGEST_SIZE]);
	int (*hmac_sha256)(const void *key, size_t key_len, const void *data, size_t len,
			   unsigned char ret_digest[CRYPTO_DIGEST_SIZE]);
	int (*hkdf_sha256)(const void *key, size_t key_len, const char *info,
			   unsigned char *ret_key, size_t ret_len);
	/* AES-256-GCM; output is nonce | ciphertext | tag. */
	int (*seal)(const unsigned char key[CRYPTO_KEY_SIZE],
		    const unsigned char nonce[CRYPTO_NONCE_SIZE], const void *associated,
		    size_t associated_len, const void *plain, size_t len,
		    unsigned char *ret_sealed);
	int (*unseal)(const unsigned char key[CRYPTO_KEY_SIZE], const void *associated,
		      size_t associated_len, const void *sealed, size_t sealed_len,
		      unsigned char *ret_plain);
	/* PKCS#8 and SubjectPublicKeyInfo PEM into the caller's room; `*len`
	   is its size, then what was used. `bits` for RSA (2048..8192);
	   curve "P-256" "P-384" "P-521" for EC. */
	int (*make_key_pair)(enum crypto_key_kind kind, int bits, const char *curve,
			     unsigned char *ret_private, size_t *private_len,
			     unsigned char *ret_public, size_t *public_len);
	/* Ed25519 with a key derived from a 32-byte seed. */
	int (*sign)(const unsigned char seed[32], const void *data, size_t len,
		    unsigned char ret_signature[64]);
	int (*verify)(const unsigned char public_key[32], const void *data, size_t len,
		      const unsigned char signature[64]);
	int (*public_key)(const unsigned char seed[32], unsigned char ret_public[32]);
};

enum lks_status crypto_sha256(const void *data, size_t len, unsigned char ret_digest[32],
			      struct lks_error *err) MUST_CHECK;
enum lks_status crypto_hmac(const void *key, size_t key_len, const void *data, size_t len,
			    unsigned char ret_digest[32], struct lks_error *err) MUST_CHECK;
/* HKDF-SHA256; `info` names the purpose ("lockstep/journal/1"). */
enum lks_status crypto_derive(const struct lks_buffer *key, const char *info, size_t len,
			      struct lks_buffer **ret_key, struct lks_error *err) MUST_CHECK;
/* `associated` ties the sealed bytes to their place. `ret_sealed` holds
   plain->len + CRYPTO_SEAL_OVERHEAD bytes. */
enum lks_status crypto_seal(const struct lks_buffer *key, const char *associated,
			    const struct lks_buffer *plain, unsigned char *ret_sealed,
			    struct lks_error *err) MUST_CHECK;
/* LKS_CONFLICT: another key, or the bytes were changed or moved. */
enum lks_status crypto_unseal(const struct lks_buffer *key, const char *associated,
			      const void *sealed, size_t sealed_len, struct lks_buffer **ret_plain,
			      struct lks_error *err) MUST_CHECK;
enum lks_status crypto_key_pair(enum crypto_key_kind kind, int bits, const char *curve,
				struct lks_buffer **ret_private, struct lks_buffer **ret_public,
				struct lks_error *err) MUST_CHECK;

#endif
