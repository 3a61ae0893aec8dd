#include "act/lane.h"

#include <stdlib.h>

enum { BUSY_MS = 1000 };

/* A worker with what it has at hand. */
struct slot {
	struct worker *worker;
	struct queue_item *items;
	uint32_t count; /* 0: idle */
};

struct lane {
	struct lane_options options;
	struct queue queue;
	struct slot slots[LANE_WORKERS_MAX];
	int64_t next_ms; /* not before this time, for the gap */
};

struct lane *
lane_new(const struct lane_options *o)
{
	struct lane *l = mem_zero(1, sizeof *l);

	l->options = *o;
	queue_init(&l->queue, o->queue_max, o->retry_max_ms);
	for (unsigned i = 0; i < o->workers; i++)
		l->slots[i] = (struct slot){.worker = worker_new(o->work, o->arg, o->wake_fd),
		    .items = mem_zero(o->batch, sizeof(struct queue_item))};
	return l;
}

void
lane_free(struct lane *l)
{
	if (l == NULL)
		return;
	for (unsigned i = 0; i < l->options.workers; i++) {
		struct slot *s = &l->slots[i];

		worker_free(s->worker);
		for (uint32_t k = 0; k < s->count; k++)
			queue_item_release(&s->items[k]);
		free(s->items);
	}
	queue_release(&l->queue);
	free(l);
}

int
lane_push(struct lane *l, const struct queue_item *item)
{
	return queue_push(&l->queue, item);
}

static void
slot_collect(struct lane *l, struct slot *s, int64_t now_ms, lane_fn *fn, void *arg)
{
	struct outcome out;

	if (s->count == 0 || !worker_take(s->worker, &out))
		return;
	bool again = out.kind == OUTCOME_AGAIN;
	for (uint32_t i = 0; i < s->count; i++) {
		out.kind = again && s->items[i].last ? OUTCOME_REFUSED : out.kind;
		fn(arg, &s->items[i], &out, i == 0, l->queue.failures);
		out.kind = again ? OUTCOME_AGAIN : out.kind;
	}
	while (s->count > 0) {
		struct queue_item *item = &s->items[--s->count];

		if (again && !item->last)
			queue_put_back(&l->queue, item);
		else
			queue_item_release(item);
	}
	if (again)
		queue_fail(&l->queue, (int64_t)out.wait_s * 1000, now_ms);
	else
		queue_succeed(&l->queue);
}

static void
slot_fill(struct lane *l, struct slot *s)
{
	struct buf text = {0};

	while (s->count < l->options.batch && l->queue.count > 0) {
		struct queue_item item = queue_take(&l->queue);

		buf_add(&text, item.text.p, item.text.len);
		s->items[s->count++] = item;
	}
	worker_give(s->worker, (struct str){(const char *)text.p, text.len});
}

int64_t
lane_run(struct lane *l, int64_t now_ms, lane_fn *fn, void *arg)
{
	bool busy = false;

	for (unsigned i = 0; i < l->options.workers; i++) {
		struct slot *s = &l->slots[i];

		slot_collect(l, s, now_ms, fn, arg);
		if (s->count == 0 && queue_wait(&l->queue, now_ms) == 0 && now_ms >= l->next_ms) {
			slot_fill(l, s);
			l->next_ms = now_ms + l->options.gap_ms;
		}
		busy = busy || s->count > 0;
	}
	if (busy)
		return BUSY_MS;
	int64_t wait = queue_wait(&l->queue, now_ms), gap = l->next_ms - now_ms;
	return wait >= 0 && wait < gap ? gap : wait;
}

void
lane_drop(
    struct lane *l, const uint8_t id[16], void (*fn)(void *arg, const struct queue_item *item), void *arg)
{
	for (unsigned i = 0; i < l->options.workers; i++)
		for (uint32_t k = 0; k < l->slots[i].count; k++) {
			struct queue_item *item = &l->slots[i].items[k];

			item->last = item->last || memcmp(item->key.id, id, sizeof item->key.id) == 0;
		}
	queue_drop(&l->queue, id, fn, arg);
}

uint32_t
lane_count(const struct lane *l)
{
	uint32_t n = l->queue.count;

	for (unsigned i = 0; i < l->options.workers; i++)
		n += l->slots[i].count;
	return n;
}

const struct queue_item *
lane_at(const struct lane *l, uint32_t i)
{
	for (unsigned k = 0; k < l->options.workers; k++) {
		if (i < l->slots[k].count)
			return &l->slots[k].items[i];
		i -= l->slots[k].count;
	}
	return queue_at(&l->queue, i);
}
