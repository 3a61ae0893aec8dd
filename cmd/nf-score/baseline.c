#include "baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static void
rows_release(struct rows *r)
{
	free(r->values);
	free(r->who);
	*r = (struct rows){.max = r->max};
}

/* Memory comes as rows do: few sources need little. */
static void
rows_room(struct rows *r, uint32_t features)
{
	if (r->count < r->room)
		return;
	r->room = r->room > 0 ? 2 * r->room : 64;
	r->room = r->room < r->max ? r->room : r->max;
	r->values = mem_resize(r->values, (size_t)r->room * features, sizeof *r->values);
	r->who = mem_resize(r->who, r->room, sizeof *r->who);
}

static void
row_set(struct rows *r, uint32_t features, uint32_t at, const float *values, uint64_t who)
{
	memcpy(r->values + (size_t)at * features, values, features * sizeof *values);
	r->who[at] = who;
}

static void
row_append(struct rows *r, uint32_t features, const float *values, uint64_t who)
{
	rows_room(r, features);
	row_set(r, features, r->count++, values, who);
}

void
baseline_init(struct baseline *b, uint32_t max, uint64_t seed)
{
	*b = (struct baseline){.kept.max = max, .fresh.max = max / 4, .random = seed | 1};
	map_init(&b->suspects, sizeof(uint64_t), sizeof(int64_t));
}

void
baseline_release(struct baseline *b)
{
	rows_release(&b->kept);
	rows_release(&b->fresh);
	map_release(&b->suspects);
}

void
baseline_shape(struct baseline *b, const struct vector_shape *s)
{
	if (memcmp(&b->shape, s, sizeof *s) == 0)
		return;
	b->shape = *s;
	rows_release(&b->kept);
	rows_release(&b->fresh);
	b->seen = 0;
}

/* xorshift64* (Vigna, 2016). */
static uint64_t
random_below(uint64_t *state, uint64_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717) % n;
}

void
baseline_add(struct baseline *b, struct str id, const float *values, float score, float limit)
{
	uint64_t who = hash64(id.p, id.len);

	if (score > limit) {
		b->odd++;
		return;
	}
	if (b->suspects.count > 0 && map_get(&b->suspects, &who) != NULL) {
		b->suspect++;
		return;
	}
	b->learnt++;
	b->seen++;
	if (b->fresh.count < b->fresh.max) {
		row_append(&b->fresh, b->shape.count, values, who);
		return;
	}
	/* Each has the same chance to stay: reservoir sampling (Vitter, algorithm R, 1985). */
	uint64_t at = random_below(&b->random, b->seen);
	if (at < b->fresh.max)
		row_set(&b->fresh, b->shape.count, (uint32_t)at, values, who);
}

void
baseline_suspect(struct baseline *b, struct str id, int64_t now_ms, int64_t until_ms)
{
	uint64_t who = hash64(id.p, id.len);
	int64_t *until = map_get(&b->suspects, &who);

	if (until_ms <= now_ms)
		return;
	if (until == NULL && b->suspects.count == BASELINE_SUSPECTS_MAX) {
		b->suspects_refused++;
		return;
	}
	if (until == NULL)
		until = map_put(&b->suspects, &who, NULL);
	if (*until < until_ms)
		*until = until_ms;
}

/* Leaves the rows of keys that nothing was detected of, and of them the youngest. */
static void
rows_sift(struct rows *r, uint32_t features, const struct map *suspects, uint32_t most)
{
	uint32_t n = 0, over;

	for (uint32_t i = 0; i < r->count; i++) {
		if (suspects->count > 0 && map_get(suspects, &r->who[i]) != NULL)
			continue;
		if (n < i)
			row_set(r, features, n, r->values + (size_t)i * features, r->who[i]);
		n++;
	}
	r->count = n;
	if (n <= most)
		return;
	over = n - most;
	memmove(r->values, r->values + (size_t)over * features, (size_t)most * features * sizeof *r->values);
	memmove(r->who, r->who + over, most * sizeof *r->who);
	r->count = most;
}

static void
suspects_expire(struct map *suspects, int64_t now_ms)
{
	uint64_t gone[64];
	size_t n;

	do {
		const void *who;
		void *until;

		n = 0;
		for (size_t it = 0; n < 64 && map_next(suspects, &it, &who, &until);)
			if (*(int64_t *)until <= now_ms)
				memcpy(&gone[n++], who, sizeof gone[0]);
		for (size_t i = 0; i < n; i++)
			map_delete(suspects, &gone[i]);
	} while (n > 0);
}

void
baseline_turn(struct baseline *b, int64_t now_ms)
{
	uint32_t features = b->shape.count;

	rows_sift(&b->fresh, features, &b->suspects, b->fresh.max);
	rows_sift(&b->kept, features, &b->suspects, b->kept.max - b->fresh.count);
	for (uint32_t i = 0; i < b->fresh.count; i++)
		row_append(&b->kept, features, b->fresh.values + (size_t)i * features, b->fresh.who[i]);
	b->fresh.count = 0;
	b->seen = 0;
	suspects_expire(&b->suspects, now_ms);
}
