/* SPDX-License-Identifier: Apache-2.0 */
/* Reads TZif files and answers which offset holds when. The rule in a file's
   last line (for times past its table) is in zone_rule.c. */
#include "config/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/zone_rule.h"

#define FILE_MAX 262144
#define HEADER_SIZE 44
#define DAY_S INT64_C(86400)

struct zone {
	size_t count; /* of transitions */
	int64_t *times;
	int32_t *offsets;     /* from each on */
	int32_t first_offset; /* before all */
	bool has_rule;
	struct zone_rule rule; /* after all */
};

/* The parts of one data block. */
struct block {
	const unsigned char *data;
	size_t times, types, charset, leaps, standards, universals;
	size_t time_size;
	size_t size;
};

static uint32_t read_u32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_time(const struct block *block, size_t index)
{
	const unsigned char *at = block->data + index * block->time_size;

	if (block->time_size == 4)
		return (int32_t)read_u32(at);
	return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* False: no TZif header, or the block does not fit into what there is. */
static bool block_open(const unsigned char *data, size_t len, size_t time_size, struct block *block)
{
	if (len < HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
		return false;
	*block = (struct block){ .data = data + HEADER_SIZE,
				 .universals = read_u32(data + 20),
				 .standards = read_u32(data + 24),
				 .leaps = read_u32(data + 28),
				 .times = read_u32(data + 32),
				 .types = read_u32(data + 36),
				 .charset = read_u32(data + 40),
				 .time_size = time_size };
	if (block->times > len || block->types > len || block->charset > len ||
	    block->leaps > len || block->standards > len || block->universals > len)
		return false;
	block->size = block->times * (time_size + 1) + block->types * 6 + block->charset +
		      block->leaps * (time_size + 4) + block->standards + block->universals;
	return block->size <= len - HEADER_SIZE && block->types > 0 && block->types <= 256;
}

static bool take_block(struct zone *zone, const struct block *block)
{
	const unsigned char *kinds = block->data + block->times * block->time_size;
	const unsigned char *types = kinds + block->times;

	zone->first_offset = (int32_t)read_u32(types);
	if (!block->times)
		return true;
	zone->times = calloc(block->times, sizeof(*zone->times));
	zone->offsets = calloc(block->times, sizeof(*zone->offsets));
	if (!zone->times || !zone->offsets)
		return false;
	for (size_t i = 0; i < block->times; i++) {
		if (kinds[i] >= block->types)
			return false;
		zone->times[i] = read_time(block, i);
		zone->offsets[i] = (int32_t)read_u32(types + kinds[i] * 6);
		if (i && zone->times[i] <= zone->times[i - 1])
			return false;
		zone->count = i + 1;
	}
	return true;
}

/* "\nCET-1CEST,...\n" behind the last block. */
static bool take_footer(struct zone *zone, const unsigned char *at, size_t len)
{
	const unsigned char *end;
	char text[128];

	if (!len || *at != '\n')
		return false;
	at++;
	end = memchr(at, '\n', len - 1);
	if (!end || (size_t)(end - at) >= sizeof(text))
		return false;
	memcpy(text, at, (size_t)(end - at));
	text[end - at] = '\0';
	zone->has_rule = text[0] != '\0';
	return !zone->has_rule || zone_rule_parse(text, &zone->rule);
}

static bool zone_take(struct zone *zone, const unsigned char *data, size_t len)
{
	struct block block;
	size_t skip;

	if (!block_open(data, len, 4, &block))
		return false;
	if (data[4] < '2')
		return !block.leaps && take_block(zone, &block);
	skip = HEADER_SIZE + block.size;
	if (!block_open(data + skip, len - skip, 8, &block) || block.leaps)
		return false;
	if (!take_block(zone, &block))
		return false;
	skip += HEADER_SIZE + block.size;
	return take_footer(zone, data + skip, len - skip);
}

enum lks_status zone_parse(const void *data, size_t len, const char *name, struct zone **ret_zone,
			   struct lks_error *err)
{
	AUTO(zone_freep) struct zone *zone = calloc(1, sizeof(*zone));

	if (!zone)
		return error_no_memory(err, "reading a time zone");
	if (!zone_take(zone, data, len))
		return error_set(err, LKS_INVALID,
				 "time zone %s: its file is damaged or has leap seconds", name);
	*ret_zone = TAKE(zone);
	return LKS_OK;
}

/* Parts of letters, digits, '_', '+', '-' joined by '/': no way out. */
static bool is_zone_name(const char *name)
{
	size_t part = 0;

	if (strlen(name) > 64 || !ascii_is_alpha(*name))
		return false;
	for (; *name; name++) {
		if (*name == '/' && !part)
			return false;
		if (*name != '/' && !ascii_is_alnum(*name) && !strchr("_+-", *name))
			return false;
		part = *name == '/' ? 0 : part + 1;
	}
	return part > 0;
}

static enum lks_status not_there(const char *folder, const char *name, struct lks_error *err)
{
	struct stat folder_stat;

	error_set(err, LKS_NOT_FOUND, "time zone %s is not known to this system", name);
	if (stat(folder, &folder_stat) < 0)
		error_hint(err, "install tzdata: %s is missing", folder);
	else
		error_hint(err, "write a name of tzdata like Europe/Berlin, or UTC; if it is "
				"right, update the package tzdata");
	return LKS_NOT_FOUND;
}

static enum lks_status read_file(const char *path, char **ret_data, size_t *ret_len)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO(free_ptr) char *data = NULL;
	struct stat file;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || file.st_size > FILE_MAX)
		return LKS_NOT_FOUND;
	data = malloc((size_t)file.st_size + 1);
	if (!data)
		return LKS_NO_MEMORY;
	while (len < (size_t)file.st_size) {
		ssize_t got = read(fd, data + len, (size_t)file.st_size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	*ret_data = TAKE(data);
	return LKS_OK;
}

enum lks_status zone_load(const char *folder, const char *name, struct zone **ret_zone,
			  struct lks_error *err)
{
	AUTO(text_release) struct text path = TEXT_INIT;
	AUTO(free_ptr) char *data = NULL;
	enum lks_status status;
	size_t len = 0;

	if (!is_zone_name(name))
		return error_set(err, LKS_INVALID,
				 "expected a time zone like Europe/Berlin after the times");
	if (strcmp(name, "UTC") == 0) {
		*ret_zone = calloc(1, sizeof(**ret_zone));
		return *ret_zone ? LKS_OK : error_no_memory(err, "reading a time zone");
	}
	text_printf(&path, "%s/%s", folder, name);
	if (!text_ok(&path))
		return error_no_memory(err, "reading a time zone");
	status = read_file(text_string(&path), &data, &len);
	if (status == LKS_NO_MEMORY)
		return error_no_memory(err, "reading a time zone");
	if (status)
		return not_there(folder, name, err);
	return zone_parse(data, len, name, ret_zone, err);
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free(zone->times);
	free(zone->offsets);
	free(zone);
}

void zone_freep(struct zone **zone)
{
	zone_free(*zone);
}

/* ------------------------------------------------------------------------ */

int64_t zone_offset(const struct zone *zone, int64_t utc_s)
{
	size_t low = 0, high;

	if (!zone)
		return 0;
	if (zone->has_rule && (!zone->count || utc_s >= zone->times[zone->count - 1]))
		return zone_rule_offset(&zone->rule, utc_s);
	high = zone->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? zone->offsets[low - 1] : zone->first_offset;
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_s)
{
	/* Clocks change at most once within these two days. */
	int64_t low = local_s - DAY_S, high = local_s + DAY_S;
	int64_t before = zone_offset(zone, low), after = zone_offset(zone, high);

	if (before == after)
		return local_s - before;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (zone_offset(zone, middle) == before)
			low = middle;
		else
			high = middle;
	}
	if (local_s - before < high)
		return local_s - before;
	return local_s - after > high ? local_s - after : high;
}

int64_t days_of_date(int64_t year, int month, int day)
{
	/* Years that begin in March have their leap day at the end. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}
