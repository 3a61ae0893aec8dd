#include "enrich/ifname_target.h"

#include <stdlib.h>

#define DAY_MS INT64_C(86400000)
#define RETRY_MS 10000 /* after the first failure */
#define RETRY_MS_MAX 900000
#define EARLY_MS 30000 /* between two askings at least, the first time that an interface is unknown */
#define WAIT_MS_MAX 60000

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Refreshed every few seconds, as in a test, it is not worth waiting for half a minute. */
static uint64_t
early_wait(const struct targets *s)
{
	return least(EARLY_MS, s->refresh_ms / 10 + 1);
}

void
targets_init(struct targets *s, uint64_t refresh_ms)
{
	*s = (struct targets){.refresh_ms = refresh_ms};
	map_init(&s->places, sizeof(struct addr), sizeof(size_t));
}

void
targets_release(struct targets *s)
{
	for (size_t i = 0; i < s->count; i++) {
		router_free(s->all[i]->router);
		free(s->all[i]);
	}
	map_release(&s->places);
}

static struct target *
find(const struct targets *s, const struct addr *a)
{
	const size_t *place = map_get(&s->places, a);

	return place != NULL ? s->all[*place] : NULL;
}

static struct target *
add(struct targets *s, const struct addr *a, int64_t now)
{
	struct target *t;

	if (s->count == IFNAME_ROUTERS_MAX) {
		s->refused++;
		return NULL;
	}
	t = mem_zero(1, sizeof *t);
	t->addr = *a;
	t->seen_ms = t->due_ms = now;
	t->early_wait_ms = early_wait(s);
	*(size_t *)map_put(&s->places, a, NULL) = s->count;
	s->all[s->count++] = t;
	return t;
}

bool
target_list(struct targets *s, const struct addr *a, int64_t now)
{
	struct target *t = find(s, a) == NULL ? add(s, a, now) : NULL;

	if (t != NULL)
		t->listed = t->asked = t->first = true;
	return t != NULL;
}

void
targets_known(struct targets *s, struct router *r, bool discover, int64_t now)
{
	struct target *t = find(s, &r->addr);

	if (t == NULL && discover)
		t = add(s, &r->addr, now);
	if (t == NULL || t->router != NULL)
		router_free(r);
	else
		t->router = r;
}

void
target_seen(struct targets *s, const struct addr *a, bool unknown, bool may_add, int64_t now)
{
	struct target *t = find(s, a);

	if (t == NULL && may_add)
		t = add(s, a, now);
	if (t == NULL)
		return;
	t->seen_ms = now;
	t->asked = true;
	int64_t early = t->asked_ms + (int64_t)t->early_wait_ms;
	if (unknown && t->failures == 0 && !t->early && early < t->due_ms) {
		t->due_ms = early;
		t->early = true;
	}
}

bool
targets_expire(struct targets *s, int64_t now)
{
	size_t before = s->count;

	for (size_t i = s->count; i-- > 0;) {
		struct target *t = s->all[i];

		if (t->listed || t->talk != NULL || now - t->seen_ms < DAY_MS)
			continue;
		map_delete(&s->places, &t->addr);
		router_free(t->router);
		free(t);
		s->all[i] = s->all[--s->count];
		if (i < s->count)
			*(size_t *)map_get(&s->places, &s->all[i]->addr) = i;
	}
	return s->count != before;
}

int
targets_accept(const struct targets *s, const struct target *t, const struct router *r, struct err *e)
{
	size_t total = r->count;

	if (r->count == 0)
		return err_set(e, "it tells of no interfaces; is its view too narrow for us?");
	for (size_t i = 0; i < s->count; i++)
		if (s->all[i] != t && s->all[i]->router != NULL)
			total += s->all[i]->router->count;
	if (total > IFNAME_TOTAL_MAX)
		return err_set(e, "more than %d interfaces with those of all routers", IFNAME_TOTAL_MAX);
	return 0;
}

/* An interface that asking did not make known is most likely none: the next one has to wait for longer. */
void
target_told(struct target *t, struct router *r, int64_t now, uint64_t refresh_ms)
{
	bool same = t->router != NULL && t->router->count == r->count;

	if (t->early && same)
		t->early_wait_ms = least(t->early_wait_ms * 2, refresh_ms);
	t->early = false;
	t->failures = 0;
	t->due_ms = now + (int64_t)refresh_ms;
	router_free(t->router);
	t->router = r;
}

void
target_failed(struct target *t, int64_t now, uint64_t refresh_ms)
{
	uint64_t delay = least(RETRY_MS, refresh_ms);

	for (unsigned i = 0; i < t->failures && delay < RETRY_MS_MAX; i++)
		delay *= 2;
	t->early = false;
	t->failures++;
	t->due_ms = now + (int64_t)least(delay, RETRY_MS_MAX);
}

size_t
targets_routers(const struct targets *s, struct router **all)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->all[i]->router != NULL)
			all[n++] = s->all[i]->router;
	return n;
}

int
targets_wait(const struct targets *s, int64_t now)
{
	int64_t wait = WAIT_MS_MAX;

	for (size_t i = 0; i < s->count; i++)
		if (s->all[i]->asked && s->all[i]->due_ms - now < wait)
			wait = s->all[i]->due_ms - now;
	return wait > 0 ? (int)wait : 0;
}
