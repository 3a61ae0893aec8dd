#include "bgp/fsm.h"

#include <stddef.h>

#include "bgp/proto.h"

const char *const fsm_state_names[FSM_STATES] = {
    "Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"};

/* RFC 4271 §10: three quarters of it, and up to a quarter more. */
static int64_t
jittered(uint32_t ms, uint8_t jitter)
{
	return (int64_t)ms * 3 / 4 + (int64_t)ms / 4 * jitter / UINT8_MAX;
}

static void
enter(struct fsm *f, enum fsm_state s, int64_t now)
{
	f->state = s;
	f->since_ms = now;
}

static void
stop_timers(struct fsm *f)
{
	f->retry_at = f->hold_at = f->keepalive_at = f->idle_until = 0;
}

static void
start_keepalive(struct fsm *f, int64_t now, uint8_t jitter)
{
	/* A third of the hold time; never more than one a second (§4.4), since that is 3 s at least. */
	f->keepalive_at = f->hold_ms != 0 ? now + jittered(f->hold_ms / 3, jitter) : 0;
}

void
fsm_heard(struct fsm *f, int64_t now)
{
	if (f->state == FSM_OPENCONFIRM || f->state == FSM_ESTABLISHED)
		f->hold_at = f->hold_ms != 0 ? now + f->hold_ms : 0;
}

/* To Idle, without a wait. */
static unsigned
stop(struct fsm *f, int64_t now)
{
	unsigned actions = f->state == FSM_ESTABLISHED ? FSM_CLOSE | FSM_DOWN : FSM_CLOSE;

	stop_timers(f);
	enter(f, FSM_IDLE, now);
	return actions;
}

void
fsm_penalty(struct fsm *f, int64_t now, uint8_t jitter)
{
	uint32_t wait = FSM_IDLE_FIRST_MS;

	for (unsigned i = 0; i < f->failures && wait < FSM_IDLE_MAX_MS; i++)
		wait *= 2;
	f->failures++;
	f->idle_until = now + jittered(wait < FSM_IDLE_MAX_MS ? wait : FSM_IDLE_MAX_MS, jitter);
}

/* To Idle, and to wait there. */
static unsigned
fail(struct fsm *f, int64_t now, uint8_t jitter)
{
	if (f->state == FSM_ESTABLISHED && now - f->since_ms >= FSM_STABLE_MS)
		f->failures = 0;
	unsigned actions = stop(f, now);
	if (f->caller)
		fsm_penalty(f, now, jitter);
	return actions;
}

static unsigned
fail_saying(struct fsm *f, uint8_t code, uint8_t subcode, int64_t now, uint8_t jitter)
{
	f->code = code;
	f->subcode = subcode;
	return FSM_SEND_NOTIFICATION | fail(f, now, jitter);
}

/* RFC 6608: which state did not expect what came. */
static unsigned
unexpected(struct fsm *f, int64_t now, uint8_t jitter)
{
	static const uint8_t subcodes[FSM_STATES] = {[FSM_OPENSENT] = BGP_FSM_OPENSENT,
	    [FSM_OPENCONFIRM] = BGP_FSM_OPENCONFIRM,
	    [FSM_ESTABLISHED] = BGP_FSM_ESTABLISHED};

	return fail_saying(f, BGP_ERR_FSM, subcodes[f->state], now, jitter);
}

static unsigned
call(struct fsm *f, int64_t now, uint8_t jitter)
{
	stop_timers(f);
	f->retry_at = now + jittered(f->retry_ms, jitter);
	enter(f, FSM_CONNECT, now);
	return FSM_CALL;
}

static unsigned
connected(struct fsm *f, int64_t now)
{
	stop_timers(f);
	f->hold_at = now + FSM_HOLD_OPEN_MS;
	enter(f, FSM_OPENSENT, now);
	return FSM_SEND_OPEN;
}

/* Nobody answered, or who did was gone before a word was said: to call again after a while. */
static unsigned
unanswered(struct fsm *f, int64_t now, uint8_t jitter)
{
	if (!f->caller)
		return stop(f, now);
	stop_timers(f);
	f->retry_at = now + jittered(f->retry_ms, jitter);
	enter(f, FSM_ACTIVE, now);
	return FSM_CLOSE;
}

static unsigned
in_idle(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	if (ev == FSM_TCP_UP && !f->caller)
		return connected(f, now);
	if (!f->caller || (ev != FSM_START && ev != FSM_IDLE_OVER))
		return 0;
	return now >= f->idle_until ? call(f, now, jitter) : 0;
}

static unsigned
in_connect(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	switch (ev) {
	case FSM_TCP_UP:
		return connected(f, now);
	case FSM_TCP_FAILED:
	case FSM_TCP_CLOSED:
		return unanswered(f, now, jitter);
	case FSM_RETRY_DUE:
		return FSM_CLOSE | call(f, now, jitter);
	default:
		return 0;
	}
}

static unsigned
in_opensent(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	switch (ev) {
	case FSM_GOT_OPEN:
		enter(f, FSM_OPENCONFIRM, now);
		fsm_heard(f, now);
		start_keepalive(f, now, jitter);
		return FSM_SEND_KEEPALIVE;
	case FSM_TCP_FAILED:
	case FSM_TCP_CLOSED:
		return unanswered(f, now, jitter);
	case FSM_GOT_KEEPALIVE:
	case FSM_GOT_UPDATE:
		return unexpected(f, now, jitter);
	default:
		return 0;
	}
}

static unsigned
in_openconfirm(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	switch (ev) {
	case FSM_GOT_KEEPALIVE:
		enter(f, FSM_ESTABLISHED, now);
		fsm_heard(f, now);
		return FSM_UP;
	case FSM_GOT_OPEN:
	case FSM_GOT_UPDATE:
		return unexpected(f, now, jitter);
	default:
		return 0;
	}
}

static unsigned
in_established(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	if (ev == FSM_GOT_OPEN)
		return unexpected(f, now, jitter);
	if (ev == FSM_GOT_KEEPALIVE || ev == FSM_GOT_UPDATE)
		fsm_heard(f, now);
	return 0;
}

/* What is the same wherever a connection is: an end of it, and its timers. */
static bool
in_any(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter, unsigned *actions)
{
	bool lost = ev == FSM_TCP_CLOSED || ev == FSM_TCP_FAILED;

	if (ev == FSM_STOP)
		*actions = f->state >= FSM_OPENSENT ? FSM_SEND_NOTIFICATION | stop(f, now) : stop(f, now);
	else if (f->state < FSM_OPENSENT)
		return false;
	else if (ev == FSM_GOT_BAD)
		*actions = FSM_SEND_NOTIFICATION | fail(f, now, jitter);
	else if (ev == FSM_GOT_NOTIFICATION || (lost && f->state > FSM_OPENSENT))
		*actions = fail(f, now, jitter);
	else if (ev == FSM_HOLD_DUE)
		*actions = fail_saying(f, BGP_ERR_HOLD, 0, now, jitter);
	else if (ev == FSM_KEEPALIVE_DUE) {
		start_keepalive(f, now, jitter);
		*actions = FSM_SEND_KEEPALIVE;
	} else
		return false;
	return true;
}

unsigned
fsm_event(struct fsm *f, enum fsm_event ev, int64_t now, uint8_t jitter)
{
	unsigned actions = 0;

	f->code = f->subcode = 0;
	if (in_any(f, ev, now, jitter, &actions))
		return actions;
	switch (f->state) {
	case FSM_IDLE:
		return in_idle(f, ev, now, jitter);
	case FSM_CONNECT:
		return in_connect(f, ev, now, jitter);
	case FSM_ACTIVE:
		return ev == FSM_RETRY_DUE || ev == FSM_START ? call(f, now, jitter) : 0;
	case FSM_OPENSENT:
		return in_opensent(f, ev, now, jitter);
	case FSM_OPENCONFIRM:
		return in_openconfirm(f, ev, now, jitter);
	case FSM_ESTABLISHED:
		return in_established(f, ev, now, jitter);
	case FSM_STATES:
		break;
	}
	return 0;
}

static const struct {
	size_t at;
	enum fsm_event due;
} timers[] = {
    {offsetof(struct fsm, hold_at), FSM_HOLD_DUE},
    {offsetof(struct fsm, keepalive_at), FSM_KEEPALIVE_DUE},
    {offsetof(struct fsm, retry_at), FSM_RETRY_DUE},
    {offsetof(struct fsm, idle_until), FSM_IDLE_OVER},
};

static int64_t
timer(const struct fsm *f, size_t i)
{
	return *(const int64_t *)(const void *)((const char *)f + timers[i].at);
}

enum fsm_event
fsm_due(const struct fsm *f, int64_t now)
{
	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
		if (timer(f, i) != 0 && timer(f, i) <= now)
			return timers[i].due;
	return FSM_NONE;
}

int64_t
fsm_next_ms(const struct fsm *f)
{
	int64_t next = 0;

	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
		if (timer(f, i) != 0 && (next == 0 || timer(f, i) < next))
			next = timer(f, i);
	return next;
}

bool
fsm_collision_keeps_call(uint32_t our_id, uint32_t peer_id, uint32_t our_asn, uint32_t peer_asn)
{
	return our_id != peer_id ? our_id > peer_id : our_asn > peer_asn;
}
