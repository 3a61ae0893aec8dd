/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "detect/groups.h"

/* A group by itself, with room for all that may be counted. */
struct one {
	struct pool pool;
	struct blocks blocks;
	struct window w;
	struct group *g;
};

static void
one_begin(struct one *o, size_t memory, uint32_t seconds, uint32_t unique, double score)
{
	const uint32_t max[UNIQUES] = {unique, unique, unique};

	*o = (struct one){.pool = {.cap = memory}};
	blocks_init(&o->blocks, &o->pool, memory / 4);
	window_init(&o->w, &o->blocks, seconds, max, score);
	o->g = mem_zero(1, sizeof *o->g + (UNIQUES + 1) * sizeof(uint64_t));
	window_begin(&o->w, o->g);
}

static void
one_end(struct one *o)
{
	window_clear(&o->w, o->g);
	free(o->g);
	window_release(&o->w);
	blocks_release(&o->blocks);
	assert_int_equal(o->pool.used, 0);
	assert_int_equal(o->pool.promised, 0);
}

static void
value_add(struct one *o, uint32_t now, uint32_t sec, uint64_t value)
{
	window_add_unique(&o->w, o->g, UNIQUE_DST_IPS, now, sec, hash64(&value, sizeof value));
}

static void
a_window_ends_to_the_second(void **state)
{
	struct one o;

	(void)state;
	one_begin(&o, 4 << 20, 60, 10, -1);
	assert_true(window_add(&o.w, o.g, 1000, 1000, 3, 300));
	value_add(&o, 1000, 1000, 7);
	assert_true(window_add(&o.w, o.g, 1001, 1001, 4, 400));
	value_add(&o, 1001, 1001, 8);
	window_expire(&o.w, o.g, 1059);
	assert_int_equal(o.g->flows, 2);
	assert_int_equal(o.g->packets, 7);
	assert_int_equal(o.g->bytes, 700);
	assert_int_equal(window_unique(&o.w, o.g, UNIQUE_DST_IPS, 1059), 2);
	window_expire(&o.w, o.g, 1060);
	assert_int_equal(o.g->flows, 1);
	assert_int_equal(o.g->packets, 4);
	assert_int_equal(window_unique(&o.w, o.g, UNIQUE_DST_IPS, 1060), 1);
	window_expire(&o.w, o.g, 1061);
	assert_int_equal(o.g->flows, 0);
	assert_int_equal(o.g->bytes, 0);
	assert_int_equal(window_unique(&o.w, o.g, UNIQUE_DST_IPS, 1061), 0);
	one_end(&o);
}

static void
late_flows_count_in_their_own_second(void **state)
{
	struct one o;

	(void)state;
	one_begin(&o, 4 << 20, 10, 4, -1);
	assert_true(window_add(&o.w, o.g, 100, 100, 1, 1));
	assert_true(window_add(&o.w, o.g, 105, 105, 1, 10));
	assert_true(window_add(&o.w, o.g, 105, 102, 1, 100));
	assert_true(window_add(&o.w, o.g, 105, 96, 1, 1000));
	assert_false(window_add(&o.w, o.g, 105, 95, 1, 10000));
	assert_int_equal(o.g->bytes, 1111);
	window_expire(&o.w, o.g, 106);
	assert_int_equal(o.g->bytes, 111);
	window_expire(&o.w, o.g, 110);
	assert_int_equal(o.g->bytes, 110);
	window_expire(&o.w, o.g, 112);
	assert_int_equal(o.g->bytes, 10);
	value_add(&o, 112, 112, 1);
	value_add(&o, 112, 104, 1);
	assert_int_equal(window_unique(&o.w, o.g, UNIQUE_DST_IPS, 121), 1);
	one_end(&o);
}

static void
scores_hold_for_the_window(void **state)
{
	struct one o;

	(void)state;
	one_begin(&o, 4 << 20, 10, 0, 0.5);
	assert_true(window_score(&o.w, o.g, 100) < 0);
	window_add_score(&o.w, o.g, 100, 0.4F);
	assert_true(window_score(&o.w, o.g, 100) < 0);
	window_add_score(&o.w, o.g, 100, 0.75F);
	window_add_score(&o.w, o.g, 100, 0.5F);
	window_add_score(&o.w, o.g, 99, 1);
	assert_true(window_score(&o.w, o.g, 109) == 0.75);
	assert_true(window_score(&o.w, o.g, 110) < 0);
	one_end(&o);
}

/* What the window must hold, by looking at every flow again. */
struct flow {
	uint32_t sec, value;
	uint64_t packets, bytes;
};

static void
model_check(const struct flow *flows, uint32_t n, struct one *o, uint32_t now, uint32_t max)
{
	uint64_t count = 0, packets = 0, bytes = 0;
	uint32_t distinct = 0;
	static bool seen[4096];

	memset(seen, 0, sizeof seen);
	for (uint32_t i = 0; i < n; i++) {
		if (now - flows[i].sec >= o->w.seconds)
			continue;
		count++;
		packets += flows[i].packets;
		bytes += flows[i].bytes;
		distinct += !seen[flows[i].value];
		seen[flows[i].value] = true;
	}
	window_expire(&o->w, o->g, now);
	assert_int_equal(o->g->flows, count);
	assert_int_equal(o->g->packets, packets);
	assert_int_equal(o->g->bytes, bytes);
	uint32_t want = distinct < max ? distinct : max;
	for (uint32_t n_asked = 1; n_asked <= max; n_asked += max / 3 + 1)
		assert_int_equal(
		    window_has_unique(&o->w, o->g, UNIQUE_DST_IPS, now, n_asked), distinct >= n_asked);
	assert_int_equal(window_unique(&o->w, o->g, UNIQUE_DST_IPS, now), want);
}

static uint32_t
pick(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)((*state >> 33) % below);
}

/* Random flows, some late, with bursts and pauses, against the model after each of them. */
static void
counts_are_those_of_the_model(void **state)
{
	enum { FLOWS = 600 };
	static struct flow flows[FLOWS];

	(void)state;
	for (uint64_t seed = 1; seed <= 120; seed++) {
		uint64_t r = seed;
		uint32_t window = 1 + pick(&r, 40), max = 1 + pick(&r, 60), values = 1 + pick(&r, 150);
		uint32_t pause = 1 + pick(&r, 6), now = 5000;
		struct one o;

		one_begin(&o, 16 << 20, window, max, -1);
		for (uint32_t i = 0; i < FLOWS; i++) {
			if (pick(&r, pause) == 0)
				now += pick(&r, 100) == 0 ? pick(&r, 2 * window + 2) : pick(&r, 3);
			uint32_t late = pick(&r, 8) == 0 ? pick(&r, window + 3) : 0;
			flows[i] =
			    (struct flow){now - late, pick(&r, values), 1 + pick(&r, 9), 40 + pick(&r, 1460)};
			bool in = window_add(&o.w, o.g, now, now - late, flows[i].packets, flows[i].bytes);
			assert_int_equal(in, late < window);
			if (in)
				value_add(&o, now, now - late, flows[i].value);
			model_check(flows, i + 1, &o, now, max);
		}
		for (uint32_t s = 0; s <= window; s++)
			model_check(flows, FLOWS, &o, now + s, max);
		assert_int_equal(o.w.squeezed, 0);
		one_end(&o);
	}
}

/* The time between cleanings passes many times; seconds of 20 bits must not come round. */
static void
long_lives_do_not_confuse_the_seconds(void **state)
{
	struct one o;
	uint32_t now = 1000;

	(void)state;
	one_begin(&o, 4 << 20, 86400, 50, -1);
	for (int i = 0; i < 400; i++) {
		assert_true(window_add(&o.w, o.g, now, now, 1, 1));
		value_add(&o, now, now, (uint64_t)i);
		value_add(&o, now, now, 1000000);
		assert_int_equal(window_unique(&o.w, o.g, UNIQUE_DST_IPS, now), i < 21 ? i + 2 : 23);
		now += 4114;
	}
	one_end(&o);
}

static void
without_memory_the_oldest_gives_way(void **state)
{
	struct one o;

	(void)state;
	one_begin(&o, 600 << 10, 3600, 1000000, -1);
	for (uint32_t i = 0; i < 3600; i++) {
		window_add(&o.w, o.g, 10000 + i, 10000 + i, 1, 1);
		for (uint32_t v = 0; v < 60; v++)
			value_add(&o, 10000 + i, 10000 + i, i * 60 + v);
		assert_true(o.pool.used <= o.pool.cap);
	}
	assert_true(o.w.squeezed > 0);
	assert_true(o.g->flows >= 2 && o.g->flows < 3600);
	assert_true(window_unique(&o.w, o.g, UNIQUE_DST_IPS, 13599) < 216000);
	one_end(&o);
}

/* A store of groups whose keys are numbers. */
struct many {
	struct pool pool;
	struct blocks blocks;
	struct window w;
	struct groups gs;
};

static void
many_begin(struct many *m, size_t memory)
{
	const uint32_t max[UNIQUES] = {0};

	*m = (struct many){.pool = {.cap = memory}};
	blocks_init(&m->blocks, &m->pool, memory / 4);
	window_init(&m->w, &m->blocks, 10, max, -1);
	groups_init(&m->gs, &m->w, &m->pool, 8, memory / 2, 42);
}

static void
many_end(struct many *m)
{
	groups_release(&m->gs);
	window_release(&m->w);
	blocks_release(&m->blocks);
	assert_int_equal(m->pool.used, 0);
}

static struct group *
take(struct many *m, uint64_t key, uint32_t now)
{
	uint32_t ref = groups_take(&m->gs, &key, groups_hash(&m->gs, &key), now);

	return ref != 0 ? groups_at(&m->gs, ref) : NULL;
}

static bool
known(const struct many *m, uint64_t key)
{
	return groups_find(&m->gs, &key, groups_hash(&m->gs, &key)) != 0;
}

static void
groups_are_found_and_swept(void **state)
{
	struct many m;

	(void)state;
	many_begin(&m, 64 << 20);
	for (uint64_t k = 0; k < 100000; k++)
		window_add(&m.w, take(&m, k, 100), 100, 100 - k % 2, 1, k);
	assert_int_equal(m.gs.count, 100000);
	for (uint64_t k = 0; k < 100000; k++)
		assert_int_equal(take(&m, k, 100)->bytes, k);
	take(&m, 4, 100)->pins = 1;
	groups_sweep(&m.gs, 109, 10);
	assert_int_equal(m.gs.count, 50000);
	assert_true(known(&m, 2));
	assert_false(known(&m, 3));
	groups_sweep(&m.gs, 110, 10);
	assert_int_equal(m.gs.count, 1);
	assert_true(known(&m, 4));
	groups_clear(&m.gs);
	assert_int_equal(m.gs.count, 0);
	many_end(&m);
}

static void
at_the_cap_the_least_active_leave(void **state)
{
	struct many m;
	uint64_t k;

	(void)state;
	many_begin(&m, 2 << 20);
	/* Busy groups among many quiet ones: each eighth has three flows. */
	for (k = 0; m.gs.evicted == 0; k++)
		for (int i = 0; i < (k % 8 == 0 ? 3 : 1); i++)
			window_add(&m.w, take(&m, k, 100), 100, 100, 1, 1);
	uint64_t room = k - 1;
	for (; k < room + room / 2; k++)
		window_add(&m.w, take(&m, k, 100), 100, 100, 1, 1);
	assert_true(m.pool.used <= m.pool.cap);
	assert_int_equal(m.gs.evicted, k - m.gs.count);
	for (k = 0; k < room; k += 8)
		assert_true(known(&m, k));
	/* Nothing may leave: the newcomer is refused. */
	for (uint32_t ref = groups_next(&m.gs, 0); ref != 0; ref = groups_next(&m.gs, ref))
		groups_at(&m.gs, ref)->pins = 1;
	assert_null(take(&m, UINT64_MAX, 100));
	assert_int_equal(m.gs.refused, 1);
	many_end(&m);
}

/* Another shape keeps what both count. */
static void
counts_move_to_another_shape(void **state)
{
	const uint32_t max[UNIQUES] = {[UNIQUE_DST_IPS] = 5, [UNIQUE_SRC_IPS] = 9};
	struct one o;
	struct window w;
	struct group *g = mem_zero(1, sizeof *g + 4 * sizeof(uint64_t));

	(void)state;
	one_begin(&o, 4 << 20, 60, 20, 0.5);
	for (uint32_t i = 0; i < 20; i++) {
		window_add(&o.w, o.g, 100 + i, 100 + i, 2, 3);
		value_add(&o, 100 + i, 100 + i, i);
	}
	window_add_score(&o.w, o.g, 119, 0.75F);
	window_init(&w, &o.blocks, 60, max, 0.5);
	window_begin(&w, g);
	window_move(&w, g, &o.w, o.g, 119);
	window_expire(&w, g, 160);
	assert_int_equal(g->flows, 19);
	assert_int_equal(g->packets, 38);
	assert_int_equal(window_unique(&w, g, UNIQUE_DST_IPS, 160), 5);
	assert_int_equal(window_unique(&w, g, UNIQUE_DST_IPS, 176), 3);
	assert_int_equal(window_unique(&w, g, UNIQUE_SRC_IPS, 160), 0);
	assert_true(window_score(&w, g, 160) == 0.75);
	window_clear(&w, g);
	window_release(&w);
	free(g);
	one_end(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_window_ends_to_the_second),
	    cmocka_unit_test(late_flows_count_in_their_own_second),
	    cmocka_unit_test(scores_hold_for_the_window),
	    cmocka_unit_test(counts_are_those_of_the_model),
	    cmocka_unit_test(long_lives_do_not_confuse_the_seconds),
	    cmocka_unit_test(without_memory_the_oldest_gives_way),
	    cmocka_unit_test(groups_are_found_and_swept),
	    cmocka_unit_test(at_the_cap_the_least_active_leave),
	    cmocka_unit_test(counts_move_to_another_shape),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
