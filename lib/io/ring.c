#include "io/ring.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

enum { HEAD = 16, SKIP = UINT32_MAX, WARM = 128 << 10 };

struct ring {
	uint8_t *bytes;
	size_t size;
	int get_fd, put_fd;

	/* The putter's own line of the cache. Positions count up for ever. */
	_Alignas(64) _Atomic size_t put; /* where the next message goes */
	size_t
	    base; /* the position that lies at the start of the memory; changes only while the ring is empty */
	size_t got_seen; /* what `got` was when last looked at */
	_Atomic size_t look_at; /* from where on to look whether the ring is empty */
	size_t reserved; /* where the message that was reserved goes */
	atomic_bool putter_waits;

	_Alignas(64) _Atomic size_t got; /* where the oldest message is */
	size_t put_seen, base_seen;
	size_t next; /* where the message behind the oldest is */
	atomic_bool getter_sleeps;
};

struct ring *
ring_new(size_t bytes)
{
	struct ring *r = aligned_alloc(64, (sizeof *r + 63) & ~(size_t)63);
	size_t size = 4096;

	while (size < bytes)
		size *= 2;
	if (r == NULL)
		abort();
	*r = (struct ring){.size = size, .bytes = mem_zero(size, 1)};
	r->get_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->put_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return r;
}

void
ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	close(r->get_fd);
	close(r->put_fd);
	free(r->bytes);
	free(r);
}

/* Where a position lies in the memory. */
static size_t
place(const struct ring *r, size_t at, size_t base)
{
	return (at - base) & (r->size - 1);
}

static uint32_t *
head(struct ring *r, size_t at, size_t base)
{
	return (uint32_t *)(void *)(r->bytes + place(r, at, base));
}

static bool
has_room(struct ring *r, size_t end)
{
	if (end - r->got_seen <= r->size)
		return true;
	r->got_seen = atomic_load_explicit(&r->got, memory_order_acquire);
	return end - r->got_seen <= r->size;
}

static size_t
message_size(size_t len)
{
	return (len + HEAD + 15) & ~(size_t)15;
}

/*
 * Begins again at the start of the memory if the getter has taken all: a ring
 * that walks over all of its memory is never in the processor's cache. The
 * getter hears of it with the next message.
 */
static void
rewind_empty(struct ring *r, size_t at)
{
	if (at < atomic_load_explicit(&r->look_at, memory_order_relaxed))
		return;
	atomic_store_explicit(&r->look_at, at + WARM, memory_order_relaxed);
	r->got_seen = atomic_load_explicit(&r->got, memory_order_acquire);
	if (r->got_seen == at)
		r->base = at;
}

/* A message does not wrap: what is left at the end is skipped. */
void *
ring_reserve(struct ring *r, size_t len)
{
	size_t at = atomic_load_explicit(&r->put, memory_order_relaxed), need = message_size(len);

	rewind_empty(r, at);
	size_t left = r->size - place(r, at, r->base), skip = left < need ? left : 0;
	if (need > r->size || !has_room(r, at + skip + need))
		return NULL;
	if (skip > 0)
		*head(r, at, r->base) = SKIP;
	r->reserved = at + skip;
	return (uint8_t *)head(r, r->reserved, r->base) + HEAD;
}

void
ring_put(struct ring *r, size_t len)
{
	*head(r, r->reserved, r->base) = (uint32_t)len;
	atomic_store_explicit(&r->put, r->reserved + message_size(len), memory_order_release);
}

static void
wake(int fd, atomic_bool *waits)
{
	uint64_t one = 1;

	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(waits, memory_order_relaxed) && atomic_exchange(waits, false))
		(void)!write(fd, &one, sizeof one);
}

void
ring_wake(struct ring *r)
{
	/* The getter may have taken all before the next burst. */
	atomic_store_explicit(&r->look_at, 0, memory_order_relaxed);
	wake(r->get_fd, &r->getter_sleeps);
}

void
ring_wake_putter(struct ring *r)
{
	if (ring_used(r) <= r->size / 2)
		wake(r->put_fd, &r->putter_waits);
}

void
ring_wait(struct ring *r)
{
	struct pollfd p = {.fd = r->put_fd, .events = POLLIN};
	uint64_t n;

	atomic_store(&r->putter_waits, true);
	/* The getter may have made room just before it could know. */
	if (atomic_load(&r->got) == r->got_seen)
		poll(&p, 1, 100);
	atomic_store(&r->putter_waits, false);
	(void)!read(r->put_fd, &n, sizeof n);
}

const void *
ring_get(struct ring *r, size_t *len)
{
	size_t at = atomic_load_explicit(&r->got, memory_order_relaxed);

	if (at == r->put_seen) {
		r->put_seen = atomic_load_explicit(&r->put, memory_order_acquire);
		if (at == r->put_seen)
			return NULL;
		/* It stays so until all up to put_seen is taken. */
		r->base_seen = r->base;
	}
	/* A skip is published along with the message behind it. */
	if (*head(r, at, r->base_seen) == SKIP)
		at += r->size - place(r, at, r->base_seen);
	const uint32_t *h = head(r, at, r->base_seen);
	*len = *h;
	r->next = at + message_size(*len);
	return (const uint8_t *)h + HEAD;
}

void
ring_drop(struct ring *r)
{
	atomic_store_explicit(&r->got, r->next, memory_order_release);
}

bool
ring_sleep(struct ring *r)
{
	uint64_t n;

	(void)!read(r->get_fd, &n, sizeof n);
	atomic_store(&r->getter_sleeps, true);
	if (atomic_load(&r->put) == atomic_load(&r->got))
		return true;
	atomic_store(&r->getter_sleeps, false);
	return false;
}

int
ring_fd(const struct ring *r)
{
	return r->get_fd;
}

size_t
ring_size(const struct ring *r)
{
	return r->size;
}

size_t
ring_used(const struct ring *r)
{
	return atomic_load(&r->put) - atomic_load(&r->got);
}
