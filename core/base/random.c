/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's random bytes, and what is made from them. */
#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"

static void (*replaced)(void *context, void *data, size_t len);
static void *replaced_context;

enum lks_status random_bytes(void *data, size_t len, struct lks_error *err)
{
	unsigned char *at = data;

	if (replaced) {
		replaced(replaced_context, data, len);
		return LKS_OK;
	}
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(err, LKS_FAILED, "no random bytes from the kernel: %m");
		at += got;
		len -= (size_t)got;
	}
	return LKS_OK;
}

enum lks_status random_below(uint32_t bound, uint32_t *ret_number, struct lks_error *err)
{
	/* The largest multiple of `bound` that fits: what is above it would
	   make the low numbers more likely. */
	const uint64_t limit = bound ? ((1ULL << 32) / bound) * bound : 0;
	uint32_t number;

	if (!bound)
		return error_set(err, LKS_INVALID, "a random number below 0 was asked for");
	do {
		enum lks_status status = random_bytes(&number, sizeof(number), err);

		if (status)
			return status;
	} while (number >= limit);
	*ret_number = (uint32_t)(number % bound);
	explicit_bzero(&number, sizeof(number));
	return LKS_OK;
}

static void uuid_print(unsigned char bytes[16], unsigned int version, char ret_uuid[37])
{
	static const size_t group_len[] = { 4, 2, 2, 2, 6 };
	char *at = ret_uuid;

	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | (version << 4));
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < COUNT_OF(group_len); i++) {
		if (i > 0)
			*at++ = '-';
		hex_print(bytes, group_len[i], at);
		at += 2 * group_len[i];
		bytes += group_len[i];
	}
}

enum lks_status uuid7_make(char ret_uuid[37], struct lks_error *err)
{
	unsigned char bytes[16];
	uint64_t ms = (uint64_t)clock_wall_ms();
	enum lks_status status = random_bytes(bytes + 6, sizeof(bytes) - 6, err);

	if (status)
		return status;
	for (int i = 5; i >= 0; i--) {
		bytes[i] = (unsigned char)(ms & 0xff);
		ms >>= 8;
	}
	uuid_print(bytes, 7, ret_uuid);
	return LKS_OK;
}

enum lks_status uuid4_make(char ret_uuid[37], struct lks_error *err)
{
	unsigned char bytes[16];
	enum lks_status status = random_bytes(bytes, sizeof(bytes), err);

	if (status)
		return status;
	uuid_print(bytes, 4, ret_uuid);
	return LKS_OK;
}

void random_use(void (*fill)(void *context, void *data, size_t len), void *context)
{
	replaced = fill;
	replaced_context = context;
}
