/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reservation of address space, opened from the front in chunks as it is
 * needed, cut into blocks of fixed size classes. What is free is remembered
 * outside of it, so that no overflow in a secret can bend a list.
 *
 *   guard | block block block ... (open, locked) | closed ... | guard
 *   block = canary, capacity, class | data | zero byte | canary | slack
 */
#include "base/arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/random.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, len) __asan_poison_memory_region(at, len)
#define UNPOISON(at, len) __asan_unpoison_memory_region(at, len)
#else
#define POISON(at, len) ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

#define RESERVED_MAX ((size_t)256 << 20)
#define RESERVED_MIN ((size_t)1 << 20)
/* Small, because a low RLIMIT_MEMLOCK counts whole chunks. */
#define CHUNK_SIZE ((size_t)64 << 10)

/* Four classes per doubling: 64 80 96 112 128 160 ... 16 MiB. */
#define CLASS_MIN_SHIFT 6
#define CLASS_MAX_SHIFT 24
#define CLASS_COUNT ((CLASS_MAX_SHIFT - CLASS_MIN_SHIFT) * 4 + 1)

struct head {
	uint64_t canary;
	uint32_t capacity;
	uint32_t size_class;
};
#define TAIL_SIZE (1 + sizeof(uint64_t))

struct size_class {
	size_t *free_blocks; /* offsets; room for every block of this class */
	size_t free_count;
	size_t made;
	size_t room;
};

static struct {
	pthread_mutex_t lock;
	unsigned char *base; /* NULL until the first secret */
	size_t reserved;
	size_t page;
	size_t used;   /* cut into blocks up to here */
	size_t open;   /* readable up to here */
	size_t locked; /* in memory up to here */
	size_t in_use;
	uint64_t secret;
	pid_t owner;
	bool lock_required;
	bool lock_complained;
	struct size_class classes[CLASS_COUNT];
} arena = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void unlock(pthread_mutex_t **mutex)
{
	pthread_mutex_unlock(*mutex);
}

static size_t class_size(size_t index)
{
	const size_t base = (size_t)1 << (CLASS_MIN_SHIFT + index / 4);

	return base + base / 4 * (index % 4);
}

static size_t class_of(size_t size)
{
	size_t index = 0;

	while (class_size(index) < size)
		index++;
	return index;
}

static uint64_t canary_of(const void *at)
{
	return arena.secret ^ (uint64_t)(uintptr_t)at * 0x9e3779b97f4a7c15ULL;
}

static size_t block_size(size_t capacity)
{
	return sizeof(struct head) + capacity + TAIL_SIZE;
}

/*
 * Reserve address space only: nothing is touched. A tight RLIMIT_AS gets a
 * smaller arena.
 */
static enum lks_status reserve(struct lks_error *err)
{
	enum lks_status status;

	if (arena.base)
		return LKS_OK;
	status = random_bytes(&arena.secret, sizeof(arena.secret), err);
	if (status)
		return status;
	arena.page = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t size = RESERVED_MAX; size >= RESERVED_MIN; size /= 4) {
		void *base = mmap(NULL, size, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (base == MAP_FAILED)
			continue;
		/* Kernels that know neither of the two leave it as it is. */
		(void)madvise(base, size, MADV_DONTDUMP);
		(void)madvise(base, size, MADV_WIPEONFORK);
		arena.base = base;
		arena.reserved = size;
		arena.owner = getpid();
		arena.used = arena.open = arena.locked = arena.page;
		return LKS_OK;
	}
	return error_set(err, LKS_NO_MEMORY, "secret memory: no address space: %m");
}

/* Lock what is open. Whether that worked matters only if it was asked for. */
static enum lks_status lock_open(struct lks_error *err)
{
	unsigned char *from = arena.base + arena.locked;
	const size_t len = arena.open - arena.locked;
	int failed;

	if (len == 0)
		return LKS_OK;
	failed = mlock2(from, len, MLOCK_ONFAULT);
	if (failed && errno == ENOSYS)
		failed = mlock(from, len);
	if (!failed) {
		arena.locked = arena.open;
		return LKS_OK;
	}
	if (arena.lock_required) {
		error_set(err, LKS_UNAVAILABLE, "secret memory cannot be locked: %m");
		error_hint(err, "raise the limit of locked memory (ulimit -l, LimitMEMLOCK=) or "
				"do not require it");
		return LKS_UNAVAILABLE;
	}
	if (!arena.lock_complained) {
		arena.lock_complained = true;
		log_info("secret memory cannot be locked (%m): secrets may reach the swap; "
			 "raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	}
	return LKS_OK;
}

/* Make everything up to the offset `end` readable. */
static enum lks_status open_up_to(size_t end, struct lks_error *err)
{
	size_t open = arena.open;

	if (end > open) {
		open += (end - open + CHUNK_SIZE - 1) / CHUNK_SIZE * CHUNK_SIZE;
		if (open > arena.reserved - arena.page)
			open = arena.reserved - arena.page;
		if (mprotect(arena.base + arena.open, open - arena.open, PROT_READ | PROT_WRITE))
			return error_set(err, LKS_NO_MEMORY, "secret memory: %m");
		POISON(arena.base + arena.open, open - arena.open);
		arena.open = open;
	}
	return lock_open(err);
}

/* Room to remember one more block, so that releasing can never fail. */
static enum lks_status make_room(struct size_class *size_class, struct lks_error *err)
{
	size_t room = size_class->room ? 2 * size_class->room : 16;
	size_t *blocks;

	if (size_class->made < size_class->room)
		return LKS_OK;
	blocks = realloc(size_class->free_blocks, room * sizeof(*blocks));
	if (!blocks)
		return error_no_memory(err, "secret memory");
	size_class->free_blocks = blocks;
	size_class->room = room;
	return LKS_OK;
}

static enum lks_status cut(size_t index, size_t *ret_offset, struct lks_error *err)
{
	const size_t size = class_size(index);
	enum lks_status status;

	if (size > arena.reserved - arena.page - arena.used)
		return error_set(err, LKS_NO_MEMORY,
				 "secret memory: %zu bytes are in use and there is no room for "
				 "%zu more",
				 arena.in_use, size);
	status = open_up_to(arena.used + size, err);
	if (status)
		return status;
	*ret_offset = arena.used;
	arena.used += size;
	arena.classes[index].made++;
	return LKS_OK;
}

/* A free block of this class; of a larger one only when the arena is full. */
static enum lks_status find_block(size_t wanted, size_t *ret_class, size_t *ret_offset,
				  struct lks_error *err)
{
	enum lks_status status;

	*ret_class = wanted;
	if (arena.classes[wanted].free_count == 0) {
		status = make_room(&arena.classes[wanted], err);
		if (status)
			return status;
		status = cut(wanted, ret_offset, err);
		if (!status || status != LKS_NO_MEMORY)
			return status;
		while (++*ret_class < CLASS_COUNT && arena.classes[*ret_class].free_count == 0)
			;
		if (*ret_class >= CLASS_COUNT)
			return status;
		error_clear(err);
	} else if (arena.lock_required) {
		status = lock_open(err);
		if (status)
			return status;
	}
	*ret_offset = arena.classes[*ret_class].free_blocks[--arena.classes[*ret_class].free_count];
	return LKS_OK;
}

enum lks_status arena_allocate(size_t capacity, unsigned char **ret_data, struct lks_error *err)
{
	struct head head;
	unsigned char *at;
	uint64_t tail;
	size_t offset = 0;
	size_t index;
	enum lks_status status;
	AUTO(unlock) pthread_mutex_t *lock = &arena.lock;

	pthread_mutex_lock(lock);
	if (capacity > ARENA_BLOCK_MAX)
		return error_set(err, LKS_INVALID, "a secret of %zu bytes is larger than %zu",
				 capacity, ARENA_BLOCK_MAX);
	status = reserve(err);
	if (status)
		return status;
	status = find_block(class_of(block_size(capacity)), &index, &offset, err);
	if (status)
		return status;
	at = arena.base + offset;
	UNPOISON(at, block_size(capacity));
	head.canary = canary_of(at);
	head.capacity = (uint32_t)capacity;
	head.size_class = (uint32_t)index;
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	tail = canary_of(at + capacity + 1);
	memcpy(at + capacity + 1, &tail, sizeof(tail));
	POISON(at - sizeof(head), sizeof(head));
	POISON(at + capacity + 1, sizeof(tail));
	arena.in_use += capacity;
	*ret_data = at;
	return LKS_OK;
}

static void die(const char *what)
{
	log_error("secret memory: %s; stopping before it can leak", what);
	abort();
}

/* A forked child sees zeros where the canaries were: nothing to check there. */
static void check(const unsigned char *data, size_t capacity, const struct head *head)
{
	uint64_t tail;

	memcpy(&tail, data + capacity + 1, sizeof(tail));
	if (head->canary == 0 && tail == 0 && getpid() != arena.owner)
		return;
	if (head->canary != canary_of(data - sizeof(*head)))
		die("the bytes before a secret were overwritten, or it was released twice");
	if (head->capacity != capacity || head->size_class >= CLASS_COUNT)
		die("the capacity of a secret was changed");
	if (data[capacity] != 0 || tail != canary_of(data + capacity + 1))
		die("the bytes behind a secret were overwritten");
}

void arena_release(unsigned char *data, size_t capacity)
{
	unsigned char *block = data - sizeof(struct head);
	struct head head;
	size_t index;
	AUTO(unlock) pthread_mutex_t *lock = &arena.lock;

	pthread_mutex_lock(lock);
	UNPOISON(block, sizeof(head));
	memcpy(&head, block, sizeof(head));
	/* The header says how far the block goes, so it is believed first. */
	if (head.canary == canary_of(block) && head.capacity != capacity)
		die("the capacity of a secret was changed");
	UNPOISON(data + capacity + 1, sizeof(uint64_t));
	check(data, capacity, &head);
	index = head.canary ? head.size_class : class_of(block_size(capacity));
	explicit_bzero(block, block_size(capacity));
	POISON(block, class_size(index));
	arena.classes[index].free_blocks[arena.classes[index].free_count++] =
		(size_t)(block - arena.base);
	arena.in_use -= capacity;
}

void arena_require_lock(bool required)
{
	pthread_mutex_lock(&arena.lock);
	arena.lock_required = required;
	pthread_mutex_unlock(&arena.lock);
}

void arena_stats(size_t *ret_in_use, size_t *ret_reserved, bool *ret_locked)
{
	pthread_mutex_lock(&arena.lock);
	*ret_in_use = arena.in_use;
	*ret_reserved = arena.reserved;
	*ret_locked = arena.locked == arena.open;
	pthread_mutex_unlock(&arena.lock);
}
