/* SPDX-License-Identifier: Apache-2.0 */
/* `render`: fill the places of a text with secrets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/template.h"
#include "cli/commands.h"
#include "cli/replace.h"
#include "cli/secrets.h"

#define TEMPLATE_SIZE_MAX ((size_t)2 << 20)

/* "{{ REF | filter | filter }}" from `start` up to `end` in the text. */
struct place {
	size_t start, end;
	char *form; /* the same for template_fill(): "{REF:filter:filter}" */
	size_t line, column;
	size_t secret; /* its entry in `secrets`; the escape has none */
	bool is_escape;
};

struct render {
	struct cli *cli;
	const char *path;
	struct lks_buffer *text;
	struct place *places;
	size_t count, room;
	struct secrets secrets;
};

static void render_release(struct render *render)
{
	for (size_t i = 0; i < render->count; i++)
		free(render->places[i].form);
	free(render->places);
	secret_free(render->text);
	secrets_release(&render->secrets);
}

static void set_where(const struct render *render, const struct place *place, struct lks_error *err)
{
	error_where(err, "%s:%zu:%zu", render->path, place->line, place->column);
}

static enum lks_status read_template(struct render *render, struct lks_error *err)
{
	AUTO(fd_close) int fd = -1;

	if (strcmp(render->path, "-") == 0) {
		render->path = "<stdin>";
		return secret_read_fd(STDIN_FILENO, TEMPLATE_SIZE_MAX, "the template",
				      &render->text, err);
	}
	fd = open(render->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set(err, status_from_errno(errno), "%s: %m", render->path);
	return secret_read_fd(fd, TEMPLATE_SIZE_MAX, render->path, &render->text, err);
}

/* --- find the places -------------------------------------------------- */

static enum lks_status place_new(struct render *render, size_t start, struct place **ret_place,
				 struct lks_error *err)
{
	struct place *place;
	size_t from = 0;

	if (render->count == render->room) {
		const size_t room = render->room ? 2 * render->room : 16;
		struct place *places = realloc(render->places, room * sizeof(*render->places));

		if (!places)
			return error_no_memory(err, "the template's places");
		render->places = places;
		render->room = room;
	}
	place = &render->places[render->count++];
	*place = (struct place){ .start = start, .line = 1, .column = 1 };
	if (render->count > 1) {
		from = place[-1].start;
		place->line = place[-1].line;
		place->column = place[-1].column;
	}
	for (size_t i = from; i < start; i++) {
		place->column++;
		if (render->text->data[i] == '\n') {
			place->line++;
			place->column = 1;
		}
	}
	*ret_place = place;
	return LKS_OK;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* The next word up to a bar, without the blanks around it. */
static const char *take_part(const char *at, const char *end, size_t *ret_len)
{
	const char *bar = memchr(at, '|', (size_t)(end - at));
	const char *last = bar ? bar : end;

	while (last > at && (last[-1] == ' ' || last[-1] == '\t'))
		last--;
	*ret_len = (size_t)(last - at);
	return bar;
}

static enum lks_status check_filter(const char *name, size_t len, struct lks_error *err)
{
	AUTO(text_release) struct text form = TEXT_INIT;

	text_add(&form, "{x:");
	text_append(&form, name, len);
	text_add(&form, "}");
	if (!text_ok(&form))
		return error_no_memory(err, "the template's places");
	if (!template_walk(form.data, form.len, TEMPLATE_FIELDS, NULL, NULL, NULL))
		return LKS_OK;
	return error_set(err, LKS_INVALID,
			 "there is no filter \"%.*s\": url, json, shell, base64 and hex are there",
			 (int)len, name);
}

/* Note the reference of a place that template_walk() found to be well formed. */
struct visit {
	struct render *render;
	struct place *place;
};

static enum lks_status note_reference(void *context, const char *name, struct lks_error *err)
{
	struct visit *visit = context;
	struct reference reference;
	enum lks_status status = reference_parse(name, &reference, err);

	if (status)
		return status;
	visit->place->secret = visit->render->secrets.count;
	return secrets_add(&visit->render->secrets, name, &reference, false, err);
}

/* From "REF | filter" to the form, and the reference in it. */
static enum lks_status parse_place(struct render *render, struct place *place, const char *at,
				   const char *end, struct lks_error *err)
{
	AUTO(text_release) struct text form = TEXT_INIT;
	struct visit visit = { render, place };
	const char *part = skip_blanks(at, end);
	enum lks_status status = LKS_OK;
	size_t len;

	text_add_char(&form, '{');
	for (;;) {
		const char *bar = take_part(part, end, &len);

		if (len == 0 || memchr(part, '{', len) || memchr(part, '}', len) ||
		    memchr(part, '\n', len))
			return error_set(err, LKS_INVALID,
					 "a place is {{ REF }} or {{ REF | filter }}");
		if (form.len > 1)
			status = check_filter(part, len, err);
		if (status)
			return status;
		text_append(&form, part, len);
		if (!bar)
			break;
		text_add_char(&form, ':');
		part = skip_blanks(bar + 1, end);
	}
	text_add_char(&form, '}');
	place->form = text_steal(&form);
	if (!place->form)
		return error_no_memory(err, "the template's places");
	return template_walk(place->form, strlen(place->form), TEMPLATE_REFERENCES, note_reference,
			     &visit, err);
}

static enum lks_status find_places(struct render *render, struct lks_error *err)
{
	const char *text = (const char *)render->text->data;
	const char *const end = text + render->text->len;
	const char *at = text;

	while ((at = memmem(at, (size_t)(end - at), "{{", 2)) != NULL) {
		struct place *place;
		const char *close;
		enum lks_status status = place_new(render, (size_t)(at - text), &place, err);

		if (status)
			return status;
		place->is_escape = end - at >= 4 && memcmp(at, "{{{{", 4) == 0;
		close = place->is_escape ? at + 2 : memmem(at, (size_t)(end - at), "}}", 2);
		if (!close)
			status = error_set(err, LKS_INVALID, "}} is missing after this");
		else if (!place->is_escape)
			status = parse_place(render, place, at + 2, close, err);
		if (status) {
			set_where(render, place, err);
			return status;
		}
		at = close + 2;
		place->end = (size_t)(at - text);
	}
	return LKS_OK;
}

/* --- fill them -------------------------------------------------------- */

/* Where the first reference that could not be read stands. */
static enum lks_status read_secrets(struct render *render, struct lks_error *err)
{
	const enum lks_status status = secrets_read(&render->secrets, render->cli, err);

	if (!status)
		return LKS_OK;
	for (size_t i = 0; i < render->count; i++) {
		const struct place *place = &render->places[i];

		if (!place->is_escape &&
		    render->secrets.entries[place->secret].record->field_count == 0) {
			set_where(render, place, err);
			break;
		}
	}
	return status;
}

static enum lks_status look_up(void *context, const char *name, const struct lks_buffer **ret_value,
			       struct lks_error *err)
{
	const struct secret_entry *entry = context;

	(void)name;
	return secrets_value(entry, ret_value, err);
}

static enum lks_status fill(const struct render *render, struct lks_buffer **ret_filled,
			    struct lks_error *err)
{
	AUTO(secret_text_release) struct secret_text text = SECRET_TEXT_INIT;
	size_t from = 0;

	for (size_t i = 0; i < render->count; i++) {
		const struct place *place = &render->places[i];
		AUTO(secret_freep) struct lks_buffer *value = NULL;

		secret_text_append(&text, render->text->data + from, place->start - from);
		from = place->end;
		if (place->is_escape) {
			secret_text_add(&text, "{{");
			continue;
		}
		if (template_fill(place->form, strlen(place->form), TEMPLATE_REFERENCES, look_up,
				  &render->secrets.entries[place->secret], &value, err)) {
			set_where(render, place, err);
			return err ? err->status : LKS_FAILED;
		}
		secret_text_append(&text, value->data, value->len);
	}
	secret_text_append(&text, render->text->data + from, render->text->len - from);
	return secret_text_steal(&text, ret_filled, err);
}

int cmd_render(struct cli *cli, int argc, char **argv)
{
	AUTO(render_release) struct render render = { .cli = cli, .path = argv[1] };
	AUTO(secret_freep) struct lks_buffer *filled = NULL;
	const char *output = cli_option_value(cli, "output");
	struct lks_error err;

	(void)argc;
	if (read_template(&render, &err) || find_places(&render, &err) ||
	    read_secrets(&render, &err) || fill(&render, &filled, &err))
		return cli_fail(cli, &err);
	if (!output)
		return cli_write_secret(cli, filled->data, filled->len);
	return replace_file(output, filled, &err) ? cli_fail(cli, &err) : 0;
}
