/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of ABI 1 on 64-bit machines, frozen: inserting or reordering a
 * member does not compile. New members go at the end; add their line here.
 */
#include <lockstep/plugin.h>

#include <stdio.h>

#define OFFSET(type, member, offset)                                                               \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member " moved")
#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type " changed its size")

#if UINTPTR_MAX == UINT64_MAX
OFFSET(lks_call, size, 0);
OFFSET(lks_call, deadline_ms, 8);
OFFSET(lks_call, operation, 16);
OFFSET(lks_call, request, 24);
OFFSET(lks_call, flags, 32);
SIZE(lks_call, 40);
OFFSET(lks_http_header, name, 0);
OFFSET(lks_http_header, text, 8);
OFFSET(lks_http_header, secret, 16);
SIZE(lks_http_header, 24);
OFFSET(lks_http_request, size, 0);
OFFSET(lks_http_request, method, 8);
OFFSET(lks_http_request, url, 16);
OFFSET(lks_http_request, headers, 24);
OFFSET(lks_http_request, header_count, 32);
OFFSET(lks_http_request, body, 40);
OFFSET(lks_http_request, content_type, 48);
OFFSET(lks_http_request, response_max, 56);
SIZE(lks_http_request, 64);
OFFSET(lks_http_response, size, 0);
OFFSET(lks_http_response, status, 8);
OFFSET(lks_http_response, body, 16);
OFFSET(lks_http_response, retry_after_ms, 24);
SIZE(lks_http_response, 32);
OFFSET(lks_host, size, 0);
OFFSET(lks_host, abi, 8);
OFFSET(lks_host, reserved, 12);
OFFSET(lks_host, context, 16);
OFFSET(lks_host, fail, 24);
OFFSET(lks_host, hint, 32);
OFFSET(lks_host, retry_after, 40);
OFFSET(lks_host, log, 48);
OFFSET(lks_host, now_ms, 56);
OFFSET(lks_host, wall_ms, 64);
OFFSET(lks_host, random, 72);
OFFSET(lks_host, digest, 80);
OFFSET(lks_host, setting_text, 88);
OFFSET(lks_host, setting_number, 96);
OFFSET(lks_host, setting_flag, 104);
OFFSET(lks_host, setting_ms, 112);
OFFSET(lks_host, setting_count, 120);
OFFSET(lks_host, setting_item, 128);
OFFSET(lks_host, setting_key, 136);
OFFSET(lks_host, setting_secret, 144);
OFFSET(lks_host, setting_instance, 152);
OFFSET(lks_host, buffer_new, 160);
OFFSET(lks_host, buffer_free, 168);
OFFSET(lks_host, buffer_data, 176);
OFFSET(lks_host, buffer_len, 184);
OFFSET(lks_host, buffer_capacity, 192);
OFFSET(lks_host, buffer_set_len, 200);
OFFSET(lks_host, record_put, 208);
OFFSET(lks_host, record_count, 216);
OFFSET(lks_host, record_at, 224);
OFFSET(lks_host, record_find, 232);
OFFSET(lks_host, record_set_version, 240);
OFFSET(lks_host, record_version, 248);
OFFSET(lks_host, record_set_created, 256);
OFFSET(lks_host, record_set_note, 264);
OFFSET(lks_host, record_note, 272);
OFFSET(lks_host, list_add, 280);
OFFSET(lks_host, list_add_version, 288);
OFFSET(lks_host, list_next, 296);
OFFSET(lks_host, answer_set, 304);
OFFSET(lks_host, answer_set_identity, 312);
OFFSET(lks_host, http, 320);
SIZE(lks_host, 328);
OFFSET(lks_option, name, 0);
OFFSET(lks_option, type, 8);
OFFSET(lks_option, flags, 12);
OFFSET(lks_option, fallback, 16);
OFFSET(lks_option, choices, 24);
OFFSET(lks_option, help, 32);
OFFSET(lks_option, minimum, 40);
OFFSET(lks_option, maximum, 48);
SIZE(lks_option, 56);
OFFSET(lks_sides, pending, 0);
OFFSET(lks_sides, previous, 8);
OFFSET(lks_sides, blue, 16);
OFFSET(lks_sides, green, 24);
OFFSET(lks_sides, metadata, 32);
SIZE(lks_sides, 40);
OFFSET(lks_change, path, 0);
OFFSET(lks_change, record, 8);
OFFSET(lks_change, expected, 16);
SIZE(lks_change, 24);
OFFSET(lks_backend, size, 0);
OFFSET(lks_backend, traits, 8);
OFFSET(lks_backend, sides, 16);
OFFSET(lks_backend, value_max, 56);
OFFSET(lks_backend, reads_per_minute, 64);
OFFSET(lks_backend, writes_per_minute, 68);
OFFSET(lks_backend, open, 72);
OFFSET(lks_backend, close, 80);
OFFSET(lks_backend, get, 88);
OFFSET(lks_backend, set, 96);
OFFSET(lks_backend, remove, 104);
OFFSET(lks_backend, list, 112);
OFFSET(lks_backend, get_many, 120);
OFFSET(lks_backend, set_many, 128);
OFFSET(lks_backend, accepts, 136);
OFFSET(lks_backend, history, 144);
OFFSET(lks_backend, watch, 152);
OFFSET(lks_backend, health, 160);
OFFSET(lks_backend, apply, 168);
OFFSET(lks_backend, probe, 176);
SIZE(lks_backend, 184);
OFFSET(lks_verifier, size, 0);
OFFSET(lks_verifier, traits, 8);
OFFSET(lks_verifier, slots, 16);
OFFSET(lks_verifier, issue_kind, 20);
OFFSET(lks_verifier, propagation_ms, 24);
OFFSET(lks_verifier, open, 32);
OFFSET(lks_verifier, close, 40);
OFFSET(lks_verifier, verify, 48);
OFFSET(lks_verifier, issue, 56);
OFFSET(lks_verifier, revoke, 64);
OFFSET(lks_verifier, find, 72);
OFFSET(lks_verifier, users, 80);
OFFSET(lks_verifier, check, 88);
SIZE(lks_verifier, 96);
OFFSET(lks_plugin, abi, 0);
OFFSET(lks_plugin, reserved, 4);
OFFSET(lks_plugin, size, 8);
OFFSET(lks_plugin, name, 16);
OFFSET(lks_plugin, version, 24);
OFFSET(lks_plugin, summary, 32);
OFFSET(lks_plugin, license, 40);
OFFSET(lks_plugin, option_size, 48);
OFFSET(lks_plugin, option_count, 56);
OFFSET(lks_plugin, options, 64);
OFFSET(lks_plugin, backend, 72);
OFFSET(lks_plugin, verifier, 80);
SIZE(lks_plugin, 88);
#endif

/* The statuses and types that cross the ABI are numbers: they never change. */
_Static_assert(LKS_ABI == 1, "a new ABI needs a new table here");
_Static_assert(LKS_OK == 0 && LKS_NO_MEMORY == 11, "statuses are numbered for good");
_Static_assert(LKS_VERDICT_INVALID == 2, "verdicts are numbered for good");
_Static_assert(LKS_OPTION_TEXT == 1 && LKS_OPTION_MAP == 9, "option types are numbered for good");

int main(void)
{
	puts("TAP version 13\n1..1\nok 1 - the layout of the ABI is as it was frozen");
	return 0;
}
