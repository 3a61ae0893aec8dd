/* Blackholes over time: steps, expiries, fuses, and clocks that jump. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "act/holes.h"

static const int64_t START = INT64_C(1700000000000), SECOND = 1000, HOUR = 3600 * 1000;

struct rig {
	struct journal journal;
	struct holes holes;
	struct err why;
	struct hole hole; /* the last one that was to be announced */
};

static void
rig_init(struct rig *r, uint64_t max_active, uint64_t max_rate)
{
	*r = (struct rig){0};
	journal_init(&r->journal);
	holes_init(&r->holes, &r->journal, 30 * 24 * HOUR);
	r->holes.guard = (struct guard){.table = mem_strdup("/nonexistent"),
	    .min_length = {32, 128},
	    .max_active = max_active,
	    .max_rate = max_rate};
}

static void
rig_release(struct rig *r)
{
	holes_release(&r->holes);
	journal_release(&r->journal);
}

/* Evidence of that time against 198.51.100.HOST in that incident, judged by that clock; steps of 10 and 60 minutes. */
static enum holes_verdict
judge(struct rig *r, unsigned host, uint8_t incident, int64_t time_ms, int64_t wall_ms)
{
	struct detection_line d = {.id = {incident},
	    .time_ms = time_ms,
	    .trusted = true,
	    .has_blackhole = true,
	    .blackhole = {
		.prefix = {addr_from_v4(0xc6336400 | host), 128}, .ttls = {600, 3600}, .ttl_count = 2}};

	return holes_judge(&r->holes, &d, wall_ms, &r->hole, &r->why);
}

static void
announced(struct rig *r, uint8_t incident, int64_t wall_ms)
{
	const uint8_t id[16] = {incident};

	assert_int_equal(holes_announced(&r->holes, &r->hole, id, wall_ms, &r->why), 0);
}

static void
one_incident_takes_step_after_step(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 100);
	assert_int_equal(judge(&r, 1, 1, START, START), HOLES_GO);
	assert_int_equal(r.hole.ttl, 600);
	assert_int_equal(judge(&r, 1, 1, START, START + SECOND), HOLES_KNOWN); /* on its way */
	announced(&r, 1, START + SECOND);
	assert_int_equal(judge(&r, 1, 1, START + 601 * SECOND, START + 601 * SECOND), HOLES_KNOWN);

	/* Evidence from before the expiry that comes after it says nothing of what is now. */
	assert_int_equal(judge(&r, 1, 1, START + 600 * SECOND, START + 700 * SECOND), HOLES_KNOWN);
	assert_int_equal(judge(&r, 1, 1, START + 602 * SECOND, START + 700 * SECOND), HOLES_GO);
	assert_int_equal(r.hole.ttl, 3600);
	announced(&r, 1, START + 700 * SECOND);

	/* The last step stays. */
	assert_int_equal(judge(&r, 1, 1, START + 5 * HOUR, START + 5 * HOUR), HOLES_GO);
	assert_int_equal(r.hole.ttl, 3600);
	rig_release(&r);
}

static void
what_is_refused_may_be_asked_for_by_others(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 100);
	assert_int_equal(judge(&r, 1, 1, START, START), HOLES_GO);
	holes_refused(&r.holes, &r.hole);
	assert_int_equal(judge(&r, 1, 2, START, START), HOLES_GO);
	assert_int_equal(r.hole.ttl, 600);
	rig_release(&r);
}

static void
old_evidence_is_late(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 100);
	assert_int_equal(judge(&r, 1, 1, START - 601 * SECOND, START), HOLES_LATE);
	assert_string_equal(
	    r.why.msg, "198.51.100.1/32: the detection is older than the blackhole would last");
	assert_int_equal(judge(&r, 1, 1, START - 600 * SECOND, START), HOLES_GO);
	rig_release(&r);
}

/* Somebody's clock is ahead: what counts is when we hear of it. */
static void
evidence_from_the_future_is_of_now(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 100);
	assert_int_equal(judge(&r, 1, 1, START + 24 * HOUR, START), HOLES_GO);
	announced(&r, 1, START);
	assert_int_equal(judge(&r, 1, 1, START + 24 * HOUR, START + 60 * SECOND), HOLES_KNOWN);
	assert_int_equal(judge(&r, 1, 1, START + 24 * HOUR, START + 601 * SECOND), HOLES_GO);
	rig_release(&r);
}

static void
a_clock_that_jumps_forward(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 100);
	assert_int_equal(judge(&r, 1, 1, START, START), HOLES_GO);
	announced(&r, 1, START);
	/* nf-bgpd goes by the same clock: the blackhole is over for both. */
	assert_int_equal(judge(&r, 1, 1, START + SECOND, START + 2 * HOUR), HOLES_KNOWN);
	assert_int_equal(judge(&r, 1, 1, START + 2 * HOUR, START + 2 * HOUR), HOLES_GO);
	assert_int_equal(r.hole.ttl, 3600);
	/* What was detected before the jump looks old, which is not the last word. */
	assert_int_equal(judge(&r, 2, 2, START + SECOND, START + 2 * HOUR), HOLES_LATE);
	assert_int_equal(judge(&r, 2, 2, START + 2 * HOUR, START + 2 * HOUR), HOLES_GO);
	rig_release(&r);
}

static void
a_clock_that_jumps_back(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 100, 2);
	assert_int_equal(judge(&r, 1, 1, START, START), HOLES_GO);
	announced(&r, 1, START);
	/* It lasts for longer, in nf-bgpd as well, and is not announced twice meanwhile. */
	assert_int_equal(judge(&r, 1, 1, START - HOUR, START - HOUR), HOLES_KNOWN);
	assert_int_equal(judge(&r, 1, 2, START + 599 * SECOND, START + 599 * SECOND), HOLES_KNOWN);
	assert_int_equal(judge(&r, 1, 2, START + 601 * SECOND, START + 601 * SECOND), HOLES_GO);
	rig_release(&r);

	/* The fuse of so many a minute is neither reset by the jump nor stuck until the hour has passed. */
	rig_init(&r, 100, 2);
	assert_int_equal(judge(&r, 1, 1, START, START), HOLES_GO);
	assert_int_equal(judge(&r, 2, 2, START, START), HOLES_GO);
	assert_int_equal(judge(&r, 3, 3, START, START), HOLES_FUSE);
	assert_int_equal(judge(&r, 3, 3, START - HOUR, START - HOUR), HOLES_FUSE);
	assert_int_equal(judge(&r, 3, 3, START - HOUR + 31 * SECOND, START - HOUR + 31 * SECOND), HOLES_GO);
	assert_int_equal(judge(&r, 4, 4, START - HOUR + 31 * SECOND, START - HOUR + 31 * SECOND), HOLES_FUSE);
	rig_release(&r);
}

static void
so_many_at_a_time(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 2, 100);
	for (uint8_t i = 1; i <= 2; i++) {
		assert_int_equal(judge(&r, i, i, START, START), HOLES_GO);
		announced(&r, i, START);
	}
	assert_int_equal(judge(&r, 3, 3, START, START), HOLES_FUSE);
	assert_string_equal(
	    r.why.msg, "198.51.100.3/32: 2 blackholes are active, detection.blackhole_max_active");
	assert_int_equal(judge(&r, 3, 3, START + 601 * SECOND, START + 601 * SECOND), HOLES_GO);
	rig_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_incident_takes_step_after_step),
	    cmocka_unit_test(what_is_refused_may_be_asked_for_by_others),
	    cmocka_unit_test(old_evidence_is_late),
	    cmocka_unit_test(evidence_from_the_future_is_of_now),
	    cmocka_unit_test(a_clock_that_jumps_forward),
	    cmocka_unit_test(a_clock_that_jumps_back),
	    cmocka_unit_test(so_many_at_a_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("act_holes", tests, NULL, NULL);
}
