/*
 * BMP, by which a router tells of its neighbours and their routes (RFC 7854):
 * where a message ends in a stream, about whom it is, and what it says.
 */
#ifndef BGP_BMP_H
#define BGP_BMP_H

#include <sys/types.h>

#include "base/addr.h"
#include "bgp/update.h"

enum {
	BMP_VERSION = 3,
	BMP_MESSAGE_MAX =
	    256 << 10, /* more than two OPENs, or an UPDATE, with all that may stand beside them */
};

enum bmp_type {
	BMP_ROUTES, /* Route Monitoring: an UPDATE */
	BMP_STATISTICS,
	BMP_PEER_DOWN,
	BMP_PEER_UP,
	BMP_INITIATION,
	BMP_TERMINATION,
	BMP_MIRROR, /* Route Mirroring */
	BMP_TYPES
};

/* RFC 7854 §4.2, §10.2; RFC 9069 §4.1. */
enum bmp_kind { BMP_GLOBAL, BMP_VRF, BMP_LOCAL, BMP_LOC_RIB };

/* The per-peer header (§4.2). */
struct bmp_peer {
	uint8_t kind; /* enum bmp_kind, or one that we do not know */
	bool post_policy;
	bool as2; /* paths in its UPDATEs have numbers of two bytes */
	bool out; /* what the router sends, not what it got (RFC 8671) */
	uint64_t distinguisher;
	struct addr addr;
	uint32_t asn, id;
};

struct bmp_message {
	enum bmp_type type;
	struct bmp_peer peer; /* of Initiation and Termination nothing */
	struct rd body; /* behind the headers */
};

/*
 * The message that begins at p, of which `have` bytes are there: its length, 0
 * if more is needed, -1 with words if it is none. Of a type that we do not know
 * only its length counts.
 */
ssize_t bmp_message_read(struct bmp_message *m, const uint8_t *p, size_t have, struct err *e);

/* Whether these are the routes that a router got, as it got them: pre-policy adj-rib-in of its main table. */
bool bmp_is_wanted(const struct bmp_peer *p);

/* What the two OPENs of Peer Up (§4.10) agree on. */
struct bmp_up {
	uint32_t router_asn; /* the router's AS in the session with its neighbour */
	struct bgp_terms terms; /* for the neighbour's UPDATEs */
};

/* What a message has in its body; -1 with words where it has not. */
int bmp_up_read(struct bmp_up *up, struct rd body, struct err *e);

/*
 * The UPDATE in a Route Monitoring, by the terms of its neighbour, but for the
 * width of AS numbers, which each message says anew. What routers are known to
 * get wrong is put right, and held in `up` where it lasts: identifiers of paths
 * that were agreed on and are not there, and the router's own AS in front of a
 * path that another AS sent. (FRR 8 does both.)
 */
int bmp_update_read(
    struct update *u, struct bmp_up *up, const struct bmp_message *m, struct buf scratch[2], struct err *e);

/* Why the session ended (§4.9), in words. */
int bmp_down_read(struct err *why, struct rd body, struct err *e);

/* The name that an Initiation has (§4.3), cleaned; "" if it has none. */
int bmp_name_read(char *name, size_t size, struct rd body, struct err *e);

/* Why a Termination came (§4.5), in words. */
int bmp_end_read(struct err *why, struct rd body, struct err *e);

#endif
