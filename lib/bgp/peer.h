/*
 * A neighbour: it calls and is called (RFC 4271 §8), of two connections one
 * stays (§6.8), and what an established session brings goes to its user.
 */
#ifndef BGP_PEER_H
#define BGP_PEER_H

#include "bgp/conn.h"
#include "bgp/update.h"

struct peer_settings {
	struct addr remote;
	uint16_t port; /* that we call */
	struct addr local;
	bool has_local; /* our end; else the system chooses */
	bool passive; /* only the other side calls */
	uint32_t remote_asn; /* 0: whoever */
	struct bgp_open open; /* what we say */
	unsigned hops; /* GTSM, 0: off */
	const char *md5; /* NULL: none; lives as long as the peer */
	uint32_t retry_ms;
};

struct peer;

struct peer_ops {
	void (*up)(void *arg, struct peer *p);
	/* The session is over, for the reason in words. */
	void (*down)(void *arg, struct peer *p, const char *why);
	/* One that does not reset the session. False ends it, with peer_error() filled. */
	bool (*update)(void *arg, struct peer *p, const struct update *u);
	/* The peer asks for our routes, or begins or ends to send its own again (RFC 7313). */
	void (*refresh)(void *arg, struct peer *p, enum bgp_family f, enum bgp_refresh kind);
	/* It asks for our rules of flowspec. */
	void (*refresh_flows)(void *arg, struct peer *p, enum bgp_family f);
	/* There is room again for what is to be sent. */
	void (*drained)(void *arg, struct peer *p);
	/* A connection came to nothing, or an UPDATE had errors: words for the log. */
	void (*complain)(void *arg, struct peer *p, const char *words);
};

struct peer *peer_new(struct loop *l, const struct peer_settings *s, const struct peer_ops *ops, void *arg);
void peer_free(struct peer *p); /* with a NOTIFICATION if a session is there */

void peer_start(struct peer *p);

/* Ends the session and stays away, telling the peer why (RFC 9003). */
void peer_stop(struct peer *p, uint8_t subcode, const char *reason);

/* A call that came in from the peer's address: fd is the peer's from now on. */
void peer_accept(struct peer *p, int fd);

/*
 * Sends messages in a session, else nothing. Whoever has many sends while there
 * is room, and goes on when the peer has drained: one that is sent much more than
 * it takes loses its session.
 */
void peer_send(struct peer *p, const struct buf *messages);
bool peer_has_room(const struct peer *p); /* no: no session, or much is not taken yet */
void peer_give_up(struct peer *p); /* ends the session of one for whom too much is waiting */

struct bgp_error *peer_error(struct peer *p);

/* What is agreed on, NULL where there is no session; our end's address in it. */
const struct bgp_terms *peer_terms(const struct peer *p);
struct addr peer_local(const struct peer *p);

struct peer_view {
	const struct peer_settings *settings;
	enum fsm_state state; /* of the connection that has got further */
	int64_t since_ms; /* on the clock that never goes back */
	uint64_t sessions, received, sent;
	const char *last_error; /* "" if there was none */
};

void peer_view(const struct peer *p, struct peer_view *v);

#endif
