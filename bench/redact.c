/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast secrets are masked: gigabytes a second through one stream, next to
 * a plain copy of the same bytes in the same run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/redact.h"

#define INPUT_SIZE ((size_t)64 << 20)
#define CHUNK ((size_t)64 << 10)

static uint64_t seed = 1;

static uint32_t roll(uint32_t bound)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % bound;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_secret(char *secret, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.~";

	for (size_t i = 0; i < len; i++)
		secret[i] = letters[roll(sizeof(letters) - 1)];
	secret[len] = '\0';
}

/* Log lines of words and numbers, as programs print them. */
static void make_log(char *input, size_t size)
{
	static const char *const words[] = { "GET",     "/api/v1/orders", "status=200", "took",
					     "request", "worker",         "error",      "retry",
					     "user_id", "connection",     "closed",     "https" };
	size_t len = 0;

	while (len + 64 < size) {
		len += (size_t)sprintf(input + len, "2026-11-21T13:%02u:%02uZ", roll(60), roll(60));
		for (uint32_t i = roll(8); i > 0 && len + 32 < size; i--)
			len += (size_t)sprintf(input + len, " %s %u", words[roll(12)], roll(9999));
		input[len++] = '\n';
	}
	memset(input + len, '\n', size - len);
}

static void make_bytes(char *input, size_t size)
{
	for (size_t i = 0; i < size; i++)
		input[i] = (char)roll(256);
}

static double run_redactor(const struct redactor *redactor, const char *input)
{
	AUTO(redact_close) struct redact_stream stream;
	static char sink[CHUNK * 2];
	const double start = now();

	if (redact_open(&stream, redactor, CHUNK, NULL))
		exit(1);
	for (size_t at = 0; at + CHUNK <= INPUT_SIZE; at += CHUNK) {
		const unsigned char *output;
		size_t len;

		memcpy(redact_room(&stream, &len), input + at, CHUNK);
		if (redact_took(&stream, CHUNK, NULL))
			exit(1);
		output = redact_output(&stream, &len);
		memcpy(sink, output, len);
		redact_wrote(&stream, len);
	}
	return now() - start;
}

static double run_copy(const char *input)
{
	static char sink[CHUNK * 2], buffer[CHUNK * 2];
	const double start = now();

	for (size_t at = 0; at + CHUNK <= INPUT_SIZE; at += CHUNK) {
		memcpy(buffer, input + at, CHUNK);
		__asm__ volatile("" : : "r"(buffer) : "memory");
		memcpy(sink, buffer, CHUNK);
		__asm__ volatile("" : : "r"(sink) : "memory");
	}
	return now() - start;
}

static void measure(const char *name, const char *input, size_t count, size_t shortest)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	double best = 1e9, copy = 1e9, start = now(), made;
	size_t in_use, reserved;
	bool locked;

	if (redactor_new(&redactor, NULL))
		exit(1);
	for (size_t i = 0; i < count; i++) {
		enum redact_choice choice;
		char secret[65];

		make_secret(secret, i == 0 ? shortest : 20 + roll(24));
		if (redactor_add(redactor, secret, strlen(secret), &choice, NULL))
			exit(1);
	}
	if (redactor_build(redactor, NULL))
		exit(1);
	made = now() - start;
	secret_stats(&in_use, &reserved, &locked);
	for (int i = 0; i < 5; i++) {
		const double took = run_redactor(redactor, input);
		const double copied = run_copy(input);

		best = took < best ? took : best;
		copy = copied < copy ? copied : copy;
	}
	printf("%-8s %6zu %9zu %10.2f %10.2f %9.1f %9.2f %8.2f\n", name, count, shortest,
	       (double)INPUT_SIZE / best / 1e9, (double)INPUT_SIZE / copy / 1e9, best / copy,
	       made * 1e3, (double)in_use / 1e6);
}

int main(void)
{
	char *input = malloc(INPUT_SIZE);

	if (!input)
		return 1;
	printf("%-8s %6s %9s %10s %10s %9s %9s %8s\n", "input", "count", "shortest", "GB/s",
	       "copy GB/s", "x copy", "setup ms", "MB");
	make_log(input, INPUT_SIZE);
	measure("log", input, 1, 24);
	measure("log", input, 50, 16);
	measure("log", input, 1000, 16);
	measure("log", input, 1000, 4);
	make_bytes(input, INPUT_SIZE);
	measure("bytes", input, 1000, 16);
	measure("bytes", input, 1000, 4);
	free(input);
	return 0;
}
