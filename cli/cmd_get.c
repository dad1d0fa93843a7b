/* SPDX-License-Identifier: Apache-2.0 */
/* `get`: one value, as it is. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"

/* A JSON string of UTF-8, built where only secrets live. */
static void add_string(struct secret_text *text, const struct lks_buffer *value)
{
	secret_text_add(text, "\"");
	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = value->data[i];
		char escaped[8];

		if (c == '"' || c == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		else
			snprintf(escaped, sizeof(escaped), "%c", c);
		secret_text_add(text, escaped);
		explicit_bzero(escaped, sizeof(escaped));
	}
	secret_text_add(text, "\"");
}

static void add_base64(struct secret_text *text, const struct lks_buffer *value)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *data = value->data;
	char group[4];

	secret_text_add(text, "\"");
	for (size_t i = 0; i < value->len; i += 3) {
		size_t left = value->len - i;
		unsigned bits = (unsigned)data[i] << 16;

		bits |= left > 1 ? (unsigned)data[i + 1] << 8 : 0;
		bits |= left > 2 ? data[i + 2] : 0;
		group[0] = digits[bits >> 18];
		group[1] = digits[bits >> 12 & 63];
		group[2] = left > 1 ? digits[bits >> 6 & 63] : '=';
		group[3] = left > 2 ? digits[bits & 63] : '=';
		secret_text_append(text, group, sizeof(group));
	}
	explicit_bzero(group, sizeof(group));
	secret_text_add(text, "\"");
}

static void add_value(struct secret_text *text, const char *name, const struct lks_buffer *value)
{
	bool is_text = utf8_is_valid(value->data, value->len);

	secret_text_add(text, ",\"");
	secret_text_add(text, name);
	secret_text_add(text, is_text ? "\":" : "_base64\":");
	if (is_text)
		add_string(text, value);
	else
		add_base64(text, value);
}

/* Field names are public: every field by its name, values as above. */
static void add_fields(struct secret_text *text, const struct lks_record *record)
{
	secret_text_add(text, ",\"fields\":{");
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		bool is_text = utf8_is_valid(field->value->data, field->value->len);

		secret_text_add(text, i ? ",\"" : "\"");
		secret_text_add(text, field->name);
		secret_text_add(text, is_text ? "\":{\"value\":" : "\":{\"value_base64\":");
		if (is_text)
			add_string(text, field->value);
		else
			add_base64(text, field->value);
		secret_text_add(text, "}");
	}
	secret_text_add(text, "}");
}

/* Members without secrets, closed by add_...(). */
static char *make_head(const struct reference *reference, const struct lks_record *record)
{
	AUTO(json_freep) json_t *head = json_object();
	char printed[REFERENCE_MAX * 2];
	char created[32];
	char *line;

	reference_print(reference, printed, sizeof(printed));
	json_put_text(head, "schema", "lockstep.get/1");
	json_put_text(head, "reference", printed);
	json_put_text(head, "version", record->version[0] ? record->version : NULL);
	if (record->created_wall_ms)
		time_print(record->created_wall_ms, created);
	json_put_text(head, "created_at", record->created_wall_ms ? created : NULL);
	json_put_text(head, "source", reference->store);
	json_put_flag(head, "stale", false);
	line = json_dumps(head, JSON_COMPACT);
	if (line)
		line[strlen(line) - 1] = '\0'; /* the last brace */
	return line;
}

static int print_json(struct cli *cli, const struct reference *reference,
		      const struct lks_record *record)
{
	AUTO(secret_text_release) struct secret_text text = SECRET_TEXT_INIT;
	AUTO(secret_freep) struct lks_buffer *whole = NULL;
	AUTO(free_ptr) char *head = make_head(reference, record);
	const struct lks_buffer *value;
	struct lks_error err;

	if (!head) {
		error_no_memory(&err, "printing");
		return cli_fail(cli, &err);
	}
	secret_text_add(&text, head);
	if (reference->field[0] && record_pick(record, reference->field, &value, &err))
		return cli_fail(cli, &err);
	if (!reference->field[0])
		add_fields(&text, record);
	if (!record_pick(record, reference->field[0] ? reference->field : NULL, &value, NULL))
		add_value(&text, "value", value);
	secret_text_add(&text, "}\n");
	if (secret_text_steal(&text, &whole, &err))
		return cli_fail(cli, &err);
	return cli_write_secret(cli, whole->data, whole->len);
}

static int print_value(struct cli *cli, const struct reference *reference,
		       const struct lks_record *record)
{
	const struct lks_buffer *value;
	struct lks_error err;
	int code;

	if (record_pick(record, reference->field[0] ? reference->field : NULL, &value, &err))
		return cli_fail(cli, &err);
	code = cli_write_secret(cli, value->data, value->len);
	if (!code && cli_is_terminal(STDOUT_FILENO))
		code = cli_write_secret(cli, "\n", 1);
	return code;
}

int cmd_get(struct cli *cli, int argc, char **argv)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct reference reference;
	struct access access;
	struct lks_error err;

	(void)argc;
	if (reference_parse(argv[1], &reference, &err) || cli_open_stores(cli, &err) ||
	    record_new(&record, &err))
		return cli_fail(cli, &err);
	access = cli_access(cli, ACTION_GET);
	if (store_get(cli->stores, &access, &reference, cli->json, record, &err))
		return cli_fail(cli, &err);
	if (cli->json)
		return print_json(cli, &reference, record);
	return print_value(cli, &reference, record);
}
