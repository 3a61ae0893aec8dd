/*
 * Asks routers by SNMP, v2c (RFC 3416) or v3 (RFC 3414), many at a time, never
 * waiting. net-snmp stands behind it, which keeps its users and clocks to
 * itself without a lock: all calls must come from one thread. Of net-snmp's own
 * files none is read or written.
 */
#ifndef ENRICH_IFNAME_ASK_H
#define ENRICH_IFNAME_ASK_H

#include "enrich/ifname_walk.h"

#define IFASK_PASSWORD_MIN 8 /* RFC 3414 §11.2 */

/* What the routers want to hear. Texts are the heap's; NULL: none. */
struct ifask_secrets {
	bool v3;
	char *community;
	char *user; /* v3 */
	char *auth_protocol, *priv_protocol; /* "SHA-256", "AES" */
	char *auth_password, *priv_password; /* NULL: without */
};

void ifask_secrets_copy(struct ifask_secrets *to, const struct ifask_secrets *from);
void ifask_secrets_release(struct ifask_secrets *s); /* and wipes them */

struct ifask_options {
	uint16_t port;
	unsigned timeout_ms, retries;
};

struct ifask; /* secrets, ready to be used */
struct ifask_talk; /* with one router */

/* NULL with words where the library cannot do what is asked for. */
struct ifask *ifask_new(const struct ifask_secrets *s, struct err *e);
void ifask_free(struct ifask *a); /* after all its talks */

/* While nobody is asked: forgets what was learnt of routers' engines. */
void ifask_forget(struct ifask *a);

enum ifask_state {
	IFASK_WAITS,
	IFASK_DONE, /* the walk is finished */
	IFASK_TIMEOUT, /* no answer, or none that is authentic */
	IFASK_FAILED,
};

/* Begins to walk. The walk is started, and outlives the talk. NULL with words. */
struct ifask_talk *ifask_start(struct ifask *a, const struct addr *router, const struct ifask_options *o,
    struct ifwalk *w, struct err *e);

/* To be polled for reading; another one after each ifask_go. */
int ifask_fd(const struct ifask_talk *t);

/* Goes on: when there is something to read, and every now and then (see `timeout_ms`) when not. */
enum ifask_state ifask_go(struct ifask_talk *t, bool readable, struct err *e);
void ifask_end(struct ifask_talk *t);

#endif
