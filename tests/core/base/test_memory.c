/* SPDX-License-Identifier: Apache-2.0 */
/* N76: every allocation of the base fails once; nothing leaks, nothing lies. */
#include "support/test.h"

#include <fcntl.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "support/alloc.h"
#include "support/modules.h"

static void test_n76_texts(void **state)
{
	(void)state;
	ALLOC_LOOP
	{
		AUTO(text_release) struct text text = TEXT_INIT;
		AUTO(free_ptr) char *stolen = NULL;

		for (int i = 0; i < 100; i++)
			text_printf(&text, "%d ", i);
		text_add_escaped(&text, "\n", 1);
		text_add(&text, "x");
		stolen = text_steal(&text);
		ALLOC_RESULT(stolen ? LKS_OK : LKS_NO_MEMORY);
	}
}

static void test_n76_secrets(void **state)
{
	struct lks_error err;

	(void)state;
	ALLOC_LOOP
	{
		struct lks_buffer *made[40] = { NULL };
		AUTO(secret_freep) struct lks_buffer *stolen = NULL;
		struct secret_text text = SECRET_TEXT_INIT;
		enum lks_status status = LKS_OK;

		for (size_t i = 0; i < COUNT_OF(made) && !status; i++)
			status = secret_from("secret", 6, &made[i], &err);
		for (int i = 0; i < 50; i++)
			secret_text_add(&text, "0123456789");
		if (!status)
			status = secret_text_steal(&text, &stolen, &err);
		secret_text_release(&text);
		for (size_t i = 0; i < COUNT_OF(made); i++)
			secret_free(made[i]);
		ALLOC_RESULT(status);
	}
}

static void test_n76_reading(void **state)
{
	struct lks_error err;

	(void)state;
	ALLOC_LOOP
	{
		AUTO(secret_freep) struct lks_buffer *secret = NULL;
		AUTO(fd_close) int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

		ALLOC_RESULT(secret_read_fd(fd, 1 << 20, "status", &secret, &err));
	}
}

static void test_n76_sealing(void **state)
{
	struct lks_error err;

	(void)state;
	ALLOC_LOOP
	{
		AUTO(secret_freep) struct lks_buffer *key = NULL;
		AUTO(secret_freep) struct lks_buffer *derived = NULL;
		AUTO(secret_freep) struct lks_buffer *opened = NULL;
		unsigned char sealed[32 + CRYPTO_SEAL_OVERHEAD];
		enum lks_status status = secret_from("key", 3, &key, &err);

		if (!status)
			status = crypto_derive(key, "test", CRYPTO_KEY_SIZE, &derived, &err);
		if (!status)
			status = crypto_seal(derived, "x", derived, sealed, &err);
		if (!status)
			status = crypto_unseal(derived, "x", sealed, sizeof(sealed), &opened, &err);
		ALLOC_RESULT(status);
	}
}

static void test_n76_json(void **state)
{
	static const char raw[] = "{\"a\":[1,2.5,true,null,\"text\"],\"b\":{\"c\":\"d\"}}";
	struct lks_error err;

	(void)state;
	ALLOC_LOOP
	{
		AUTO(json_freep) json_t *value = NULL;
		AUTO(json_freep) json_t *object = NULL;
		AUTO(free_ptr) char *text = NULL;
		enum lks_status status = json_read(raw, sizeof(raw) - 1, "x", &value, &err);

		if (!status) {
			(void)error_set(&err, LKS_DENIED, "no");
			object = json_error(&err);
			text = object ? json_canonical(value) : NULL;
			if (!text || json_put_text(object, "x", "\xff"))
				status = LKS_NO_MEMORY;
		}
		ALLOC_RESULT(status);
	}
}

static void test_n76_key_pairs(void **state)
{
	struct lks_error err;

	(void)state;
	ALLOC_LOOP
	{
		AUTO(secret_freep) struct lks_buffer *private_key = NULL;
		AUTO(secret_freep) struct lks_buffer *public_key = NULL;

		ALLOC_RESULT(
			crypto_key_pair(CRYPTO_ED25519, 0, NULL, &private_key, &public_key, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n76_texts),   cmocka_unit_test(test_n76_secrets),
		cmocka_unit_test(test_n76_reading), cmocka_unit_test(test_n76_sealing),
		cmocka_unit_test(test_n76_json),    cmocka_unit_test(test_n76_key_pairs),
	};

	json_setup();
	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
