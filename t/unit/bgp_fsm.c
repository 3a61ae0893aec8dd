/* The state machine, as a table: from a state, by an event, to a state, with these things to do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/fsm.h"
#include "bgp/proto.h"

enum { NOW = 1000000, RETRY = 20000, HOLD = 90000 };

/* A machine that has come to the state in the ordinary way. */
static struct fsm
machine(bool caller, enum fsm_state s)
{
	struct fsm f = {.caller = caller, .retry_ms = RETRY, .hold_ms = HOLD};

	if (s == FSM_IDLE)
		return f;
	if (caller)
		fsm_event(&f, FSM_START, NOW, 255);
	if (s == FSM_ACTIVE)
		fsm_event(&f, FSM_TCP_FAILED, NOW, 255);
	if (s >= FSM_OPENSENT)
		fsm_event(&f, FSM_TCP_UP, NOW, 255);
	if (s >= FSM_OPENCONFIRM)
		fsm_event(&f, FSM_GOT_OPEN, NOW, 255);
	if (s >= FSM_ESTABLISHED)
		fsm_event(&f, FSM_GOT_KEEPALIVE, NOW, 255);
	assert_int_equal(f.state, s);
	return f;
}

enum { END = FSM_SEND_NOTIFICATION | FSM_CLOSE };

static void
test_transitions(void **state)
{
	static const struct {
		bool caller;
		enum fsm_state from;
		enum fsm_event ev;
		enum fsm_state to;
		unsigned actions;
		int code, subcode;
	} cases[] = {
	    {true, FSM_IDLE, FSM_START, FSM_CONNECT, FSM_CALL, 0, 0},
	    {true, FSM_IDLE, FSM_TCP_UP, FSM_IDLE, 0, 0, 0},
	    {true, FSM_IDLE, FSM_STOP, FSM_IDLE, FSM_CLOSE, 0, 0},
	    {true, FSM_IDLE, FSM_GOT_UPDATE, FSM_IDLE, 0, 0, 0},
	    {false, FSM_IDLE, FSM_START, FSM_IDLE, 0, 0, 0},
	    {false, FSM_IDLE, FSM_TCP_UP, FSM_OPENSENT, FSM_SEND_OPEN, 0, 0},

	    {true, FSM_CONNECT, FSM_TCP_UP, FSM_OPENSENT, FSM_SEND_OPEN, 0, 0},
	    {true, FSM_CONNECT, FSM_TCP_FAILED, FSM_ACTIVE, FSM_CLOSE, 0, 0},
	    {true, FSM_CONNECT, FSM_RETRY_DUE, FSM_CONNECT, FSM_CLOSE | FSM_CALL, 0, 0},
	    {true, FSM_CONNECT, FSM_STOP, FSM_IDLE, FSM_CLOSE, 0, 0},

	    {true, FSM_ACTIVE, FSM_RETRY_DUE, FSM_CONNECT, FSM_CALL, 0, 0},
	    {true, FSM_ACTIVE, FSM_START, FSM_CONNECT, FSM_CALL, 0, 0},
	    {true, FSM_ACTIVE, FSM_STOP, FSM_IDLE, FSM_CLOSE, 0, 0},

	    {true, FSM_OPENSENT, FSM_GOT_OPEN, FSM_OPENCONFIRM, FSM_SEND_KEEPALIVE, 0, 0},
	    {true, FSM_OPENSENT, FSM_TCP_CLOSED, FSM_ACTIVE, FSM_CLOSE, 0, 0},
	    {false, FSM_OPENSENT, FSM_TCP_CLOSED, FSM_IDLE, FSM_CLOSE, 0, 0},
	    {true, FSM_OPENSENT, FSM_HOLD_DUE, FSM_IDLE, END, BGP_ERR_HOLD, 0},
	    {true, FSM_OPENSENT, FSM_GOT_BAD, FSM_IDLE, END, 0, 0},
	    {true, FSM_OPENSENT, FSM_GOT_NOTIFICATION, FSM_IDLE, FSM_CLOSE, 0, 0},
	    {true, FSM_OPENSENT, FSM_GOT_KEEPALIVE, FSM_IDLE, END, BGP_ERR_FSM, BGP_FSM_OPENSENT},
	    {true, FSM_OPENSENT, FSM_GOT_UPDATE, FSM_IDLE, END, BGP_ERR_FSM, BGP_FSM_OPENSENT},
	    {true, FSM_OPENSENT, FSM_STOP, FSM_IDLE, END, 0, 0},

	    {true, FSM_OPENCONFIRM, FSM_GOT_KEEPALIVE, FSM_ESTABLISHED, FSM_UP, 0, 0},
	    {true, FSM_OPENCONFIRM, FSM_KEEPALIVE_DUE, FSM_OPENCONFIRM, FSM_SEND_KEEPALIVE, 0, 0},
	    {true, FSM_OPENCONFIRM, FSM_HOLD_DUE, FSM_IDLE, END, BGP_ERR_HOLD, 0},
	    {true, FSM_OPENCONFIRM, FSM_GOT_OPEN, FSM_IDLE, END, BGP_ERR_FSM, BGP_FSM_OPENCONFIRM},
	    {true, FSM_OPENCONFIRM, FSM_GOT_UPDATE, FSM_IDLE, END, BGP_ERR_FSM, BGP_FSM_OPENCONFIRM},
	    {true, FSM_OPENCONFIRM, FSM_TCP_CLOSED, FSM_IDLE, FSM_CLOSE, 0, 0},
	    {false, FSM_OPENCONFIRM, FSM_GOT_NOTIFICATION, FSM_IDLE, FSM_CLOSE, 0, 0},
	    {true, FSM_OPENCONFIRM, FSM_GOT_BAD, FSM_IDLE, END, 0, 0},
	    {true, FSM_OPENCONFIRM, FSM_STOP, FSM_IDLE, END, 0, 0},

	    {true, FSM_ESTABLISHED, FSM_GOT_UPDATE, FSM_ESTABLISHED, 0, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_GOT_KEEPALIVE, FSM_ESTABLISHED, 0, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_KEEPALIVE_DUE, FSM_ESTABLISHED, FSM_SEND_KEEPALIVE, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_GOT_OPEN, FSM_IDLE, END | FSM_DOWN, BGP_ERR_FSM, BGP_FSM_ESTABLISHED},
	    {true, FSM_ESTABLISHED, FSM_HOLD_DUE, FSM_IDLE, END | FSM_DOWN, BGP_ERR_HOLD, 0},
	    {true, FSM_ESTABLISHED, FSM_GOT_BAD, FSM_IDLE, END | FSM_DOWN, 0, 0},
	    {false, FSM_ESTABLISHED, FSM_GOT_NOTIFICATION, FSM_IDLE, FSM_CLOSE | FSM_DOWN, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_TCP_CLOSED, FSM_IDLE, FSM_CLOSE | FSM_DOWN, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_STOP, FSM_IDLE, END | FSM_DOWN, 0, 0},
	    {true, FSM_ESTABLISHED, FSM_START, FSM_ESTABLISHED, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fsm f = machine(cases[i].caller, cases[i].from);
		unsigned actions = fsm_event(&f, cases[i].ev, NOW + 1, 0);

		if (f.state != cases[i].to || actions != cases[i].actions || f.code != cases[i].code ||
		    f.subcode != cases[i].subcode)
			fail_msg("case %zu: %s by %d: %s, to do %u, %u/%u", i, fsm_state_names[cases[i].from],
			    cases[i].ev, fsm_state_names[f.state], actions, f.code, f.subcode);
		/* Nothing runs on in Idle but the wait there. */
		if (f.state == FSM_IDLE && (f.retry_at != 0 || f.hold_at != 0 || f.keepalive_at != 0))
			fail_msg("case %zu: a timer runs in Idle", i);
	}
}

static void
test_timers(void **state)
{
	struct fsm f = machine(true, FSM_CONNECT);

	(void)state;
	assert_int_equal(fsm_next_ms(&f), NOW + RETRY);
	assert_int_equal(fsm_due(&f, NOW + RETRY - 1), FSM_NONE);
	assert_int_equal(fsm_due(&f, NOW + RETRY), FSM_RETRY_DUE);

	f = machine(true, FSM_OPENSENT);
	assert_int_equal(fsm_next_ms(&f), NOW + FSM_HOLD_OPEN_MS);

	f = machine(true, FSM_ESTABLISHED);
	assert_int_equal(fsm_next_ms(&f), NOW + HOLD / 3);
	fsm_event(&f, FSM_KEEPALIVE_DUE, NOW + HOLD / 3, 255);
	assert_int_equal(fsm_next_ms(&f), NOW + 2 * HOLD / 3);
	fsm_event(&f, FSM_GOT_UPDATE, NOW + 1000, 255);
	assert_int_equal(f.hold_at, NOW + 1000 + HOLD);
	assert_int_equal(fsm_due(&f, NOW + 1000 + HOLD), FSM_HOLD_DUE);

	/* Without a hold time there are no keepalives, and silence is no error. */
	f = (struct fsm){.caller = true, .retry_ms = RETRY};
	fsm_event(&f, FSM_START, NOW, 0);
	fsm_event(&f, FSM_TCP_UP, NOW, 0);
	fsm_event(&f, FSM_GOT_OPEN, NOW, 0);
	assert_int_equal(fsm_next_ms(&f), 0);
	fsm_event(&f, FSM_GOT_KEEPALIVE, NOW, 0);
	assert_int_equal(fsm_next_ms(&f), 0);

	/* Jitter takes up to a quarter away. */
	f = (struct fsm){.caller = true, .retry_ms = RETRY};
	fsm_event(&f, FSM_START, NOW, 0);
	assert_int_equal(fsm_next_ms(&f), NOW + RETRY * 3 / 4);
}

/* Errors in a row: 1, 2, 4 … 120 s; after a session that lasted, 1 s again. */
static void
test_back_off(void **state)
{
	static const int64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 120000, 120000};
	struct fsm f = {.caller = true, .retry_ms = RETRY, .hold_ms = HOLD};
	int64_t now = NOW;

	(void)state;
	fsm_event(&f, FSM_START, now, 255);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		fsm_event(&f, FSM_TCP_UP, now, 255);
		fsm_event(&f, FSM_GOT_BAD, now, 255);
		assert_int_equal(f.state, FSM_IDLE);
		assert_int_equal(fsm_next_ms(&f) - now, waits[i]);
		assert_int_equal(fsm_event(&f, FSM_START, now, 255), 0);
		now = fsm_next_ms(&f);
		assert_int_equal(fsm_due(&f, now), FSM_IDLE_OVER);
		assert_int_equal(fsm_event(&f, FSM_IDLE_OVER, now, 255), FSM_CALL);
	}
	fsm_event(&f, FSM_TCP_UP, now, 255);
	fsm_event(&f, FSM_GOT_OPEN, now, 255);
	fsm_event(&f, FSM_GOT_KEEPALIVE, now, 255);
	now += FSM_STABLE_MS;
	fsm_event(&f, FSM_GOT_NOTIFICATION, now, 255);
	assert_int_equal(fsm_next_ms(&f) - now, 1000);

	/* Who was stopped does not call again by itself. */
	f = machine(true, FSM_ESTABLISHED);
	fsm_event(&f, FSM_STOP, NOW, 255);
	assert_int_equal(fsm_next_ms(&f), 0);
	/* Nor does the side that is called. */
	f = machine(false, FSM_ESTABLISHED);
	fsm_event(&f, FSM_GOT_BAD, NOW, 255);
	assert_int_equal(fsm_next_ms(&f), 0);
}

static void
test_collision(void **state)
{
	(void)state;
	assert_true(fsm_collision_keeps_call(2, 1, 64500, 64501));
	assert_false(fsm_collision_keeps_call(1, 2, 64501, 64500));
	assert_true(fsm_collision_keeps_call(1, 1, 64501, 64500));
	assert_false(fsm_collision_keeps_call(1, 1, 64500, 64501));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transitions),
	    cmocka_unit_test(test_timers),
	    cmocka_unit_test(test_back_off),
	    cmocka_unit_test(test_collision),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
