/*
 * A queue of actions of one kind with the threads that do them, so that none
 * waits for another kind. What fails goes back to the front, and the whole lane
 * waits, longer each time.
 */
#ifndef ACT_LANE_H
#define ACT_LANE_H

#include "act/queue.h"
#include "act/worker.h"

enum { LANE_WORKERS_MAX = 8 };

struct lane_options {
	work_fn *work;
	void *arg; /* of work; NULL where the kind is not set up: nothing is to be pushed then */
	unsigned workers;
	uint32_t batch; /* items that may be handed over at once, their texts joined */
	int64_t gap_ms; /* between two of these */
	int64_t retry_max_ms;
	uint32_t queue_max;
	int wake_fd; /* written to whenever lane_run has something to do */
};

/* What came of an item; done with unless it is OUTCOME_AGAIN. `first` of those handed over at once. */
typedef void lane_fn(
    void *arg, const struct queue_item *item, const struct outcome *out, bool first, uint32_t failures);

struct lane;

struct lane *lane_new(const struct lane_options *o);

/* Waits for what is being done; tell it to hurry before. */
void lane_free(struct lane *l);

/* Takes the item over; -1 where the queue is full. */
int lane_push(struct lane *l, const struct queue_item *item);

/* Takes in outcomes, hands over what is due. Milliseconds until something is again, or -1: nothing waits. */
int64_t lane_run(struct lane *l, int64_t now_ms, lane_fn *fn, void *arg);

/* Drops what waits of an incident; what is being done is not tried again: an OUTCOME_AGAIN becomes OUTCOME_REFUSED. */
void lane_drop(
    struct lane *l, const uint8_t id[16], void (*fn)(void *arg, const struct queue_item *item), void *arg);

/* How many wait or are being done, and the i-th of them. */
uint32_t lane_count(const struct lane *l);
const struct queue_item *lane_at(const struct lane *l, uint32_t i);

#endif
