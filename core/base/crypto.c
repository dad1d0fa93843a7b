/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into the private module `crypto`, with its lengths checked. */
#include "base/crypto.h"

#include <string.h>

#include "base/random.h"

/* The largest pair is RSA with 8192 bits. */
#define PRIVATE_KEY_MAX 16384
#define PUBLIC_KEY_MAX 4096

static enum lks_status open_module(const struct crypto_module **ret_module, struct lks_error *err)
{
	const struct module_head *head;
	enum lks_status status =
		module_open("crypto", CRYPTO_ABI, sizeof(struct crypto_module), &head, err);

	if (!status)
		*ret_module = (const struct crypto_module *)(const void *)head;
	return status;
}

static enum lks_status check_key(const struct lks_buffer *key, struct lks_error *err)
{
	if (key->len == CRYPTO_KEY_SIZE)
		return LKS_OK;
	return error_set(err, LKS_INVALID, "a key has %zu bytes, not %d", key->len,
			 CRYPTO_KEY_SIZE);
}

enum lks_status crypto_sha256(const void *data, size_t len, unsigned char ret_digest[32],
			      struct lks_error *err)
{
	const struct crypto_module *module;
	enum lks_status status = open_module(&module, err);

	if (status)
		return status;
	if (module->sha256(data, len, ret_digest))
		return error_set(err, LKS_FAILED, "SHA-256 failed in libcrypto");
	return LKS_OK;
}

enum lks_status crypto_hmac(const void *key, size_t key_len, const void *data, size_t len,
			    unsigned char ret_digest[32], struct lks_error *err)
{
	const struct crypto_module *module;
	enum lks_status status = open_module(&module, err);

	if (status)
		return status;
	if (module->hmac_sha256(key, key_len, data, len, ret_digest))
		return error_set(err, LKS_FAILED, "HMAC-SHA-256 failed in libcrypto");
	return LKS_OK;
}

enum lks_status crypto_derive(const struct lks_buffer *key, const char *info, size_t len,
			      struct lks_buffer **ret_key, struct lks_error *err)
{
	const struct crypto_module *module;
	AUTO(secret_freep) struct lks_buffer *derived = NULL;
	enum lks_status status = open_module(&module, err);

	if (status)
		return status;
	status = secret_new(len, &derived, err);
	if (status)
		return status;
	if (module->hkdf_sha256(key->data, key->len, info, derived->data, len))
		return error_set(err, LKS_FAILED, "HKDF failed in libcrypto");
	derived->len = len;
	*ret_key = TAKE(derived);
	return LKS_OK;
}

enum lks_status crypto_seal(const struct lks_buffer *key, const char *associated,
			    const struct lks_buffer *plain, unsigned char *ret_sealed,
			    struct lks_error *err)
{
	const struct crypto_module *module;
	unsigned char nonce[CRYPTO_NONCE_SIZE];
	enum lks_status status = check_key(key, err);

	if (!status)
		status = open_module(&module, err);
	if (!status)
		status = random_bytes(nonce, sizeof(nonce), err);
	if (status)
		return status;
	if (module->seal(key->data, nonce, associated, strlen(associated), plain->data, plain->len,
			 ret_sealed))
		return error_set(err, LKS_FAILED, "sealing failed in libcrypto");
	return LKS_OK;
}

enum lks_status crypto_unseal(const struct lks_buffer *key, const char *associated,
			      const void *sealed, size_t sealed_len, struct lks_buffer **ret_plain,
			      struct lks_error *err)
{
	const struct crypto_module *module;
	AUTO(secret_freep) struct lks_buffer *plain = NULL;
	enum lks_status status = check_key(key, err);

	if (!status)
		status = open_module(&module, err);
	if (status)
		return status;
	if (sealed_len < CRYPTO_SEAL_OVERHEAD)
		return error_set(err, LKS_CONFLICT, "sealed bytes are cut short");
	status = secret_new(sealed_len - CRYPTO_SEAL_OVERHEAD, &plain, err);
	if (status)
		return status;
	if (module->unseal(key->data, associated, strlen(associated), sealed, sealed_len,
			   plain->data))
		return error_set(err, LKS_CONFLICT,
				 "sealed bytes do not open: the key is another one, or they were "
				 "changed or moved");
	plain->len = sealed_len - CRYPTO_SEAL_OVERHEAD;
	*ret_plain = TAKE(plain);
	return LKS_OK;
}

static enum lks_status check_kind(enum crypto_key_kind kind, int bits, const char *curve,
				  struct lks_error *err)
{
	if (kind == CRYPTO_RSA && (bits < 2048 || bits > 8192))
		return error_set(err, LKS_INVALID, "an RSA key has 2048 to 8192 bits, not %d",
				 bits);
	if (kind == CRYPTO_EC && (!curve || (strcmp(curve, "P-256") && strcmp(curve, "P-384") &&
					     strcmp(curve, "P-521"))))
		return error_set(err, LKS_INVALID,
				 "\"%s\" is no curve: there are P-256, P-384 and P-521",
				 curve ? curve : "");
	if (kind != CRYPTO_ED25519 && kind != CRYPTO_RSA && kind != CRYPTO_EC)
		return error_set(err, LKS_INVALID, "%d is no kind of key", (int)kind);
	return LKS_OK;
}

enum lks_status crypto_key_pair(enum crypto_key_kind kind, int bits, const char *curve,
				struct lks_buffer **ret_private, struct lks_buffer **ret_public,
				struct lks_error *err)
{
	const struct crypto_module *module;
	AUTO(secret_freep) struct lks_buffer *private_room = NULL;
	AUTO(secret_freep) struct lks_buffer *public_room = NULL;
	AUTO(secret_freep) struct lks_buffer *private_key = NULL;
	size_t private_len = PRIVATE_KEY_MAX;
	size_t public_len = PUBLIC_KEY_MAX;
	enum lks_status status = check_kind(kind, bits, curve, err);

	if (!status)
		status = open_module(&module, err);
	if (!status)
		status = secret_new(private_len, &private_room, err);
	if (!status)
		status = secret_new(public_len, &public_room, err);
	if (status)
		return status;
	if (module->make_key_pair(kind, bits, curve, private_room->data, &private_len,
				  public_room->data, &public_len))
		return error_set(err, LKS_FAILED, "making a key pair failed in libcrypto");
	status = secret_from(private_room->data, private_len, &private_key, err);
	if (!status)
		status = secret_from(public_room->data, public_len, ret_public, err);
	if (!status)
		*ret_private = TAKE(private_key);
	return status;
}
