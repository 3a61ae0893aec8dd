/*
 * What waits to be done by one kind of action: first in, first out, bounded. A
 * failure makes the whole queue wait, 1 s at first, twice as long each time up
 * to a limit; other kinds go on.
 */
#ifndef ACT_QUEUE_H
#define ACT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "act/journal.h"
#include "base/bytes.h"

enum { ACT_RETRY_MAX_MS = 60000 }; /* unless a kind is in a hurry */

/* What an announcement is about. */
struct hole {
	struct prefix prefix;
	uint8_t step; /* of the rule's list of times */
	uint32_t ttl; /* seconds; 0: until withdrawn */
};

struct queue_item {
	struct journal_key key;
	struct hole hole; /* of a blackhole */
	bool last; /* if the attempt that is being made fails, it is given up */
	struct str text; /* what to write or send; owned */
	struct str line; /* the detection as it came, for another life; owned */
};

struct queue {
	struct queue_item *v; /* a ring */
	uint32_t cap, head, count;
	int64_t retry_ms; /* not before this time */
	int64_t retry_max_ms;
	uint32_t failures; /* in a row */
};

void queue_item_release(struct queue_item *item);

void queue_init(struct queue *q, uint32_t cap, int64_t retry_max_ms);
void queue_release(struct queue *q);

/* Takes the item over, or returns -1 where the queue is full. */
int queue_push(struct queue *q, const struct queue_item *item);

/* Puts one back that was taken, as the first; the queue makes room if it must. */
void queue_put_back(struct queue *q, const struct queue_item *item);

/* The i-th item that waits, 0 first. */
struct queue_item *queue_at(const struct queue *q, uint32_t i);

/* Takes the first item, which is the caller's to release then. */
struct queue_item queue_take(struct queue *q);

/* Drops those of this incident; calls fn (which may be NULL) for each before. */
void queue_drop(
    struct queue *q, const uint8_t id[16], void (*fn)(void *arg, const struct queue_item *item), void *arg);

/* An attempt succeeded, or failed at this time; then the next is not before wait_ms, or longer. */
void queue_succeed(struct queue *q);
void queue_fail(struct queue *q, int64_t wait_ms, int64_t now_ms);

/* Milliseconds until the first item may be tried: 0 = now, -1 = nothing waits. */
int64_t queue_wait(const struct queue *q, int64_t now_ms);

#endif
