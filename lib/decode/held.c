#include "decode/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/set.h"

struct held {
	struct job job;
	uint16_t id;
	TAILQ_ENTRY(held) all, own; /* of the decoder, of the domain */
	size_t len;
	uint8_t bytes[];
};

static void
held_free(struct decoder *d, struct held *h)
{
	TAILQ_REMOVE(&d->held, h, all);
	TAILQ_REMOVE(&h->job.domain->held, h, own);
	h->job.domain->held_count--;
	d->gauges.held_bytes -= sizeof *h + h->len;
	free(h);
}

static void
held_lose(struct decoder *d, struct held *h)
{
	job_count(&h->job, COUNT_HELD_LOST, 1);
	held_free(d, h);
}

void
held_add(struct job *j, uint16_t id, const struct rd *set)
{
	struct decoder *d = j->d;
	size_t len = rd_left(set);

	if (j->domain->held_count >= HELD_SETS_MAX)
		held_lose(d, TAILQ_FIRST(&j->domain->held));
	while (d->gauges.held_bytes + sizeof(struct held) + len > HELD_BYTES_MAX)
		held_lose(d, TAILQ_FIRST(&d->held));
	struct held *h = mem_alloc(sizeof *h + len);
	*h = (struct held){.job = *j, .id = id, .len = len};
	memcpy(h->bytes, set->p, len);
	TAILQ_INSERT_TAIL(&d->held, h, all);
	TAILQ_INSERT_TAIL(&j->domain->held, h, own);
	j->domain->held_count++;
	d->gauges.held_bytes += sizeof *h + len;
	job_count(j, COUNT_HELD, 1);
}

void
held_release(struct job *j, struct template *t)
{
	struct held *next;

	for (struct held *h = TAILQ_FIRST(&t->domain->held); h != NULL; h = next) {
		next = TAILQ_NEXT(h, own);
		if (h->id != t->id)
			continue;
		struct rd r = rd_from(h->bytes, h->len);
		set_records(&h->job, t, &r);
		t->waited++;
		job_count(j, COUNT_RELEASED, 1);
		held_free(j->d, h);
	}
}

void
held_forget(struct decoder *d, struct domain *dom)
{
	while (!TAILQ_EMPTY(&dom->held))
		held_lose(d, TAILQ_FIRST(&dom->held));
}

void
held_each(const struct domain *dom, void (*fn)(void *arg, uint16_t id), void *arg)
{
	const struct held *h;

	TAILQ_FOREACH(h, &dom->held, own)
	{
		/* cppcheck-suppress uninitvar ; the macro sets h */
		fn(arg, h->id);
	}
}
