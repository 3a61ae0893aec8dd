/* The sessions with all neighbours, and the routes that they bring. */
#ifndef NF_BGPD_SPEAKER_H
#define NF_BGPD_SPEAKER_H

#include "bgp/rib.h"
#include "bgp/blackholes.h"
#include "settings.h"
#include "tablefile.h"

struct speaker;

/* The blackholes are the caller's; NULL: none is ever announced. */
struct speaker *speaker_new(struct loop *l, const struct bgpd_settings *s, const struct blackholes *bs);
void speaker_free(struct speaker *s); /* tells the neighbours */

void speaker_start(struct speaker *s);

/* Neighbours that are as before keep their sessions. What needs a restart is said. */
void speaker_set(struct speaker *s, const struct bgpd_settings *fresh);

/* Announced to every neighbour whose session is there, and to others when it is. */
void speaker_announce(struct speaker *s, const struct blackhole *b);
void speaker_withdraw(struct speaker *s, const struct prefix *p);
void speaker_tell_flow(struct speaker *s, const struct flow *f, bool announced); /* or withdrawn */

/* All that there is to announce, to all: it has been read only now. */
void speaker_announce_all(struct speaker *s);

/* For sources of routes other than the sessions: where they go, and that they have changed, perhaps. */
struct rib *speaker_learn(struct speaker *s);
void speaker_changed(struct speaker *s);

unsigned speaker_sessions(const struct speaker *s); /* that are there */
const struct rib *speaker_rib(const struct speaker *s);

/* Calls fn for each neighbour. */
struct neighbour_view {
	const char *name; /* its address */
	struct peer_view peer;
	const struct bgp_terms *terms; /* NULL without a session */
	uint64_t routes[BGP_FAMILIES];
	uint64_t updates;
};
void speaker_each(const struct speaker *s, void (*fn)(void *arg, const struct neighbour_view *v), void *arg);
void speaker_metrics(void *arg, struct buf *out);

#endif
