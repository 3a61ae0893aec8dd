/*
 * The state machine of one BGP connection (RFC 4271 §8): events and the time in,
 * what is to be done out. It knows neither sockets nor messages.
 *
 * A peer has two of them, since both sides may connect at the same time: one
 * that calls, and one for a call that came in, which ends for good in Idle.
 * Which of the two stays is fsm_collision's to say (§6.8).
 *
 * After an error a caller waits before it tries again, longer after each
 * (DampPeerOscillations): IDLE_FIRST_MS doubled up to IDLE_MAX_MS, and from the
 * first again once a session has lasted for STABLE_MS.
 */
#ifndef BGP_FSM_H
#define BGP_FSM_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FSM_HOLD_OPEN_MS = 240 * 1000, /* for the peer's OPEN (§8.2.2) */
	FSM_IDLE_FIRST_MS = 1000,
	FSM_IDLE_MAX_MS = 120 * 1000,
	FSM_STABLE_MS = 60 * 1000,
};

enum fsm_state {
	FSM_IDLE,
	FSM_CONNECT,
	FSM_ACTIVE,
	FSM_OPENSENT,
	FSM_OPENCONFIRM,
	FSM_ESTABLISHED,
	FSM_STATES
};
extern const char *const fsm_state_names[FSM_STATES];

enum fsm_event {
	FSM_NONE,
	FSM_START, /* asked for */
	FSM_STOP, /* likewise; the NOTIFICATION is the caller's */
	FSM_TCP_UP,
	FSM_TCP_FAILED, /* nobody answered the call */
	FSM_TCP_CLOSED,
	FSM_GOT_OPEN, /* one that was agreed to */
	FSM_GOT_KEEPALIVE,
	FSM_GOT_UPDATE, /* or ROUTE-REFRESH */
	FSM_GOT_NOTIFICATION,
	FSM_GOT_BAD, /* a message that ends the session; the NOTIFICATION is the caller's */
	/* timers */
	FSM_RETRY_DUE,
	FSM_HOLD_DUE,
	FSM_KEEPALIVE_DUE,
	FSM_IDLE_OVER,
};

/* What is to be done, in this order. */
enum fsm_action {
	FSM_SEND_NOTIFICATION = 1,
	FSM_CLOSE = 2, /* the connection, or the call for one */
	FSM_DOWN = 4, /* the session is over: its routes are stale */
	FSM_CALL = 8,
	FSM_SEND_OPEN = 16,
	FSM_SEND_KEEPALIVE = 32,
	FSM_UP = 64, /* the session is there */
};

struct fsm {
	bool caller;
	uint32_t retry_ms; /* between calls that nobody answers */
	uint32_t hold_ms; /* as agreed on, set by the caller before FSM_GOT_OPEN; 0: none */

	enum fsm_state state;
	unsigned failures; /* in a row */
	int64_t since_ms; /* in this state */
	int64_t retry_at, hold_at, keepalive_at, idle_until; /* 0: does not run */
	uint8_t code, subcode; /* of the NOTIFICATION, where the machine has chosen it; else 0 */
};

/*
 * Takes an event at a time in ms (of a clock that never goes back, never 0);
 * `jitter` is random, for timers (§10). A set of enum fsm_action.
 */
unsigned fsm_event(struct fsm *f, enum fsm_event ev, int64_t now_ms, uint8_t jitter);

/* Makes a machine in Idle wait as after an error of its own. */
void fsm_penalty(struct fsm *f, int64_t now_ms, uint8_t jitter);

/* Restarts the hold timer: any message shows that the peer lives. */
void fsm_heard(struct fsm *f, int64_t now_ms);

/* A timer that is due, or FSM_NONE; and when the next one will be, 0: never. */
enum fsm_event fsm_due(const struct fsm *f, int64_t now_ms);
int64_t fsm_next_ms(const struct fsm *f);

/*
 * An OPEN came on one of two connections with the same peer while the other had
 * got as far as `other`: whether the one that we called stays (RFC 4271 §6.8,
 * RFC 6286 §2.3 for equal identifiers).
 */
bool fsm_collision_keeps_call(uint32_t our_id, uint32_t peer_id, uint32_t our_asn, uint32_t peer_asn);

#endif
