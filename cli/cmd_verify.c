/* SPDX-License-Identifier: Apache-2.0 */
/* `verify`: does the credential that is stored there work? */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static int verdict_exit(enum lks_verdict verdict)
{
	switch (verdict) {
	case LKS_VERDICT_VALID:
		return EXIT_DONE;
	case LKS_VERDICT_INVALID:
		return EXIT_VERIFICATION;
	default:
		return EXIT_UNAVAILABLE;
	}
}

static int print(struct cli *cli, const char *verifier, const char *reference,
		 const struct lks_answer *answer)
{
	int code = verdict_exit(answer->verdict);
	int lost;

	if (cli->json) {
		json_t *object = json_object();

		json_put_text(object, "verifier", verifier);
		json_put_text(object, "reference", reference);
		json_put_text(object, "verdict", verdict_name(answer->verdict));
		json_put_text(object, "message", answer->message[0] ? answer->message : NULL);
		json_put_text(object, "identity", answer->identity[0] ? answer->identity : NULL);
		json_put_number(object, "exit", code);
		lost = cli_json(cli, "verify", object);
	} else {
		printf("%s: %s%s%s%s%s%s\n", reference, verdict_name(answer->verdict),
		       answer->message[0] ? ": " : "", answer->message,
		       answer->identity[0] ? " (" : "", answer->identity,
		       answer->identity[0] ? ")" : "");
		lost = cli_flush(cli);
	}
	return code ? code : lost;
}

/* With #FIELD only that field is shown to the verifier, as `value`. */
static enum lks_status pick_candidate(const struct reference *reference, struct lks_record *record,
				      struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *whole = NULL;
	const struct lks_buffer *value;
	enum lks_status status;

	if (!reference->field[0])
		return LKS_OK;
	status = record_copy(record, &whole, err);
	if (!status)
		status = record_pick(whole, reference->field, &value, err);
	if (status)
		return status;
	record_clear(record);
	return record_put(record, "value", value->data, value->len, err);
}

int cmd_verify(struct cli *cli, int argc, char **argv)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct reference reference;
	struct lks_answer answer;
	struct access access;
	struct lks_error err;

	(void)argc;
	if (reference_parse(argv[2], &reference, &err) || cli_open_stores(cli, &err) ||
	    record_new(&record, &err))
		return cli_fail(cli, &err);
	if (!config_verifier(cli->config, argv[1])) {
		error_set(&err, LKS_INVALID, "there is no verifier of that name in the config");
		error_where(&err, "%s", cli->config->path ? cli->config->path : "");
		return cli_fail(cli, &err);
	}
	access = cli_access(cli, ACTION_VERIFY);
	if (store_get(cli->stores, &access, &reference, false, record, &err) ||
	    pick_candidate(&reference, record, &err) ||
	    verifier_ask(cli->stores, &access, argv[1], record, &answer, &err))
		return cli_fail(cli, &err);
	return print(cli, argv[1], argv[2], &answer);
}
