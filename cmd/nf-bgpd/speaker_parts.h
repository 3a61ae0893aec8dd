/* What speaker.c, link.c and speaker_metrics.c share. */
#ifndef NF_BGPD_SPEAKER_PARTS_H
#define NF_BGPD_SPEAKER_PARTS_H

#include "base/log.h"
#include "mrtfile.h"
#include "outlet.h"
#include "speaker.h"

enum { LINKS_MAX = 256 };

/* A neighbour with its routes. */
struct link {
	struct speaker *speaker;
	struct neighbour settings; /* as listed */
	struct addr remote;
	struct peer *peer;
	char name[ADDR_TEXT_MAX];
	int routes; /* the peer of the RIB */
	uint8_t ended; /* families of which it has sent all since the session is up */
	bool dynamic; /* nobody lists it: it leaves with its routes */
	struct loop_timer *stale; /* runs while the routes outlive their session */
	struct outlet outlet; /* what is to be told in this session */
	struct log_limit complaints;
	uint64_t updates, withdrawn_by_error;
};

struct speaker {
	struct loop *loop;
	struct bgpd_settings settings;
	char *table_path;
	struct rib rib;
	const struct blackholes *blackholes;
	struct tablefile table;
	struct mrtfile dump;
	struct restored *restored; /* what the last dump left, NULL: nothing */
	struct loop_timer *sweep; /* runs while routes leave */
	struct link *links[LINKS_MAX];
	unsigned count;
	int listen_fd;
	struct loop_fd *listen_watch;
	struct loop_timer *listen_again;
	struct err listen_said;
	struct log_limit refused_calls;
};

/*
 * A link with the neighbour, for the one at `remote`; it is in the list of the
 * speaker until it is freed. NULL: there are too many.
 */
struct link *link_new(struct speaker *s, const struct neighbour *n, const struct addr *remote, bool dynamic);
void link_free(struct link *l, uint8_t subcode, const char *why);

/* The same, with its routes. */
void link_remove(struct link *l);

/* All that we announce, then the end of it, of all families. */
void link_tell_all(struct link *l);

/* A change: the message, which is said at once, or the key for when its turn comes. */
void link_tell(struct link *l, const struct buf *message, enum outlet_kind kind, const void *key, size_t len);

#endif
