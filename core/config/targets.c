/* SPDX-License-Identifier: Apache-2.0 */
/* Finds places that are written twice, and stores that need each other in a
   circle: what only the whole file shows. */
#include <stdio.h>
#include <string.h>

#include "base/reference.h"
#include "base/text.h"
#include "config/schema.h"

/* One place that a rotation writes. */
struct target {
	char record[LKS_NAME_MAX + LKS_PATH_MAX + 2]; /* STORE:PATH */
	char field[LKS_FIELD_MAX + 1];
	const char *rotation;
	const struct setting *where;
	size_t order;
};

struct targets {
	struct target **items;
	size_t count;
	const struct mention **places; /* sorted by the text's address */
	size_t place_count;
	bool no_memory;
};

static int compare_places(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t)(*(const struct mention *const *)a)->text;
	uintptr_t right = (uintptr_t)(*(const struct mention *const *)b)->text;

	return (left > right) - (left < right);
}

static bool places_collect(struct targets *targets, const struct reader *reader)
{
	targets->places = calloc(reader->mention_count + 1, sizeof(struct mention *));
	targets->items = calloc(reader->mention_count + 1, sizeof(struct target *));
	if (!targets->places || !targets->items)
		return false;
	for (size_t i = 0; i < reader->mention_count; i++) {
		if (reader->mentions[i].value == VALUE_TARGET)
			targets->places[targets->place_count++] = &reader->mentions[i];
	}
	qsort(targets->places, targets->place_count, sizeof(struct mention *), compare_places);
	return true;
}

static void targets_release(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		free(targets->items[i]);
	free(targets->items);
	free(targets->places);
}

static void add(struct targets *targets, const char *rotation, const char *text)
{
	const struct mention key = { .text = text };
	const struct mention *wanted = &key;
	const struct mention **place;
	struct reference reference;
	struct target *target;

	if (!text || reference_parse(text, &reference, NULL))
		return;
	place = bsearch(&wanted, targets->places, targets->place_count, sizeof(*targets->places),
			compare_places);
	if (!place)
		return;
	target = calloc(1, sizeof(*target));
	if (!target) {
		targets->no_memory = true;
		return;
	}
	reference_print_record(&reference, target->record, sizeof(target->record));
	string_copy(target->field, sizeof(target->field), reference.field);
	target->rotation = rotation;
	target->where = (*place)->where;
	target->order = targets->count;
	targets->items[targets->count++] = target;
}

static void add_rotation(struct targets *targets, const struct config_rotation *rotation)
{
	for (size_t i = 0; i < rotation->secrets.count; i++)
		add(targets, rotation->name, rotation->secrets.items[i]);
	add(targets, rotation->name, rotation->generate.public_reference);
	for (size_t i = 0; i < rotation->copy_count; i++)
		add(targets, rotation->name, rotation->copies[i].to);
}

static int compare_targets(const void *a, const void *b)
{
	const struct target *left = *(struct target *const *)a;
	const struct target *right = *(struct target *const *)b;
	int order = strcmp(left->record, right->record);

	return order ? order : (left->order > right->order) - (left->order < right->order);
}

static void report_twice(struct report *report, const struct target *first,
			 const struct target *second)
{
	char hint[640];

	(void)snprintf(hint, sizeof(hint), "rotation '%.64s' writes it already at %.400s:%d",
		       first->rotation, first->where->file, first->where->line);
	report_error_hint(report, second->where, hint,
			  "rotation '%.64s': found the target '%s%s%s' a second time, expected "
			  "one writer for it",
			  second->rotation, second->record, second->field[0] ? "#" : "",
			  second->field);
}

/* The whole record, or the same field of it. */
static bool is_same_place(const struct target *a, const struct target *b)
{
	return !a->field[0] || !b->field[0] || strcmp(a->field, b->field) == 0;
}

void config_check_targets(const struct config *config, struct reader *reader)
{
	AUTO(targets_release) struct targets targets = { 0 };

	if (!places_collect(&targets, reader)) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < config->rotation_count; i++)
		add_rotation(&targets, &config->rotations[i]);
	reader->no_memory |= targets.no_memory;
	qsort(targets.items, targets.count, sizeof(struct target *), compare_targets);
	for (size_t i = 1; i < targets.count; i++) {
		for (size_t k = i; k > 0; k--) {
			const struct target *first = targets.items[k - 1];

			if (strcmp(first->record, targets.items[i]->record) != 0)
				break;
			if (is_same_place(first, targets.items[i])) {
				report_twice(reader->report, first, targets.items[i]);
				break;
			}
		}
	}
}

/* ------------------------------------------------------------------------ */
/* Circles                                                                   */

enum colour { WHITE = 0, GREY, BLACK };

struct graph {
	const struct config_edge **edges; /* sorted by `from` */
	size_t count;
	enum colour *colours; /* of each edge */
};

static int compare_edges(const void *a, const void *b)
{
	const struct config_edge *left = *(const struct config_edge *const *)a;
	const struct config_edge *right = *(const struct config_edge *const *)b;
	int order = strcmp(left->from, right->from);

	return order ? order : strcmp(left->to, right->to);
}

/* The first edge that leaves `from`, or `count`. */
static size_t first_edge(const struct graph *graph, const char *from)
{
	size_t low = 0, high = graph->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(graph->edges[middle]->from, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->count && strcmp(graph->edges[low]->from, from) == 0 ? low
										: graph->count;
}

static void report_cycle(struct report *report, const struct graph *graph, const size_t *path,
			 size_t depth, size_t closing)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	const char *start = graph->edges[closing]->to;
	size_t begin = depth;

	while (begin > 0 && strcmp(graph->edges[path[begin - 1]]->from, start) != 0)
		begin--;
	for (size_t i = begin ? begin - 1 : 0; i < depth; i++)
		text_printf(&text, "'%s' needs ", graph->edges[path[i]]->from);
	text_printf(&text, "'%s'", start);
	report_error_hint(report, graph->edges[closing]->where,
			  "keep one of these credentials in a store that needs none",
			  "found stores that need each other's credentials: %.700s",
			  text_string(&text));
}

/* Depth first without recursion. `path` are the edges that are being followed;
   an edge to where one of them began closes a circle. */
static bool follow(const struct graph *graph, size_t start, size_t *path, struct report *report)
{
	size_t depth = 0;
	bool is_good = true;

	path[depth++] = start;
	graph->colours[start] = GREY;
	while (depth) {
		size_t edge = path[depth - 1];
		size_t next = first_edge(graph, graph->edges[edge]->to);

		/* A grey sibling of `next` is on the path: a circle. */
		while (next < graph->count &&
		       strcmp(graph->edges[next]->from, graph->edges[edge]->to) == 0 &&
		       graph->colours[next] == BLACK)
			next++;
		if (next == graph->count ||
		    strcmp(graph->edges[next]->from, graph->edges[edge]->to) != 0) {
			graph->colours[edge] = BLACK;
			depth--;
			continue;
		}
		if (graph->colours[next] == GREY) {
			report_cycle(report, graph, path, depth, edge);
			is_good = false;
			graph->colours[edge] = BLACK;
			depth--;
			continue;
		}
		graph->colours[next] = GREY;
		path[depth++] = next;
	}
	return is_good;
}

static void graph_release(struct graph *graph)
{
	free(graph->edges);
	free(graph->colours);
}

bool config_find_cycle(const struct config_edge *edges, size_t count, struct report *report)
{
	AUTO(graph_release) struct graph graph = { 0 };
	AUTO(free_ptr) size_t *path = calloc(count + 1, sizeof(*path));
	bool is_good = true;

	graph.edges = calloc(count + 1, sizeof(*graph.edges));
	graph.colours = calloc(count + 1, sizeof(*graph.colours));
	if (!path || !graph.edges || !graph.colours) {
		report_error(report, NULL, "out of memory while looking for circles");
		return false;
	}
	graph.count = count;
	for (size_t i = 0; i < count; i++)
		graph.edges[i] = &edges[i];
	qsort(graph.edges, count, sizeof(*graph.edges), compare_edges);
	for (size_t i = 0; i < count; i++) {
		if (graph.colours[i] == WHITE && !follow(&graph, i, path, report))
			is_good = false;
	}
	return is_good;
}
