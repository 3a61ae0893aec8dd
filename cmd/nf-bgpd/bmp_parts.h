/* What the files of the BMP station share. */
#ifndef NF_BGPD_BMP_PARTS_H
#define NF_BGPD_BMP_PARTS_H

#include "base/log.h"
#include "bgp/bmp.h"
#include "bmp_station.h"

enum {
	BMP_SESSIONS_MAX = 64,
	BMP_SESSIONS_EACH = 4, /* from one address, so that no router takes the others' place */
	BMP_NEIGHBOURS_MAX = 512, /* in all, so that there is room in the RIB for ours */
	BMP_NAME_MAX = 64,
};

/* A connection with a router. */
struct bmp_session {
	struct bmp_station *station;
	struct addr router;
	char text[ADDR_TEXT_MAX]; /* its address */
	char name[BMP_NAME_MAX]; /* as it calls itself, "" if it has not yet */
	int fd;
	struct loop_fd *watch;
	struct loop_timer *timer; /* runs until it has begun in order */
	bool begun;
	struct buf in;
};

/* A neighbour of a router, with its routes. */
struct bmp_neighbour {
	struct bmp_station *station;
	struct addr router; /* that told of it last */
	struct bmp_session *session; /* NULL: nobody tells of it any more */
	struct bmp_peer about;
	struct bmp_up up;
	int routes; /* the peer of the RIB */
	char source[4 + ADDR_TEXT_MAX]; /* of its routes, in words */
	struct loop_timer *stale; /* runs while there may be stale routes */
	int64_t since_ms;
	uint64_t updates, withdrawn_by_error;
};

struct bmp_station {
	struct loop *loop;
	struct speaker *speaker;
	struct rib *rib;
	struct bmp_settings settings;
	int listen_fd; /* -1: not open */
	struct loop_fd *listen_watch;
	struct loop_timer *listen_again;
	struct err listen_said;
	struct bmp_session *sessions[BMP_SESSIONS_MAX];
	unsigned session_count;
	struct bmp_neighbour *neighbours[BMP_NEIGHBOURS_MAX];
	unsigned neighbour_count;
	struct log_limit complaints;
	struct buf scratch[2];
	uint64_t calls, calls_refused, errors; /* connections; messages that ended one */
	uint64_t messages, passed; /* messages; those of no use here */
};

/* The descriptor is its own from now on. NULL: there are too many. */
struct bmp_session *bmp_session_new(struct bmp_station *b, int fd, const struct addr *router);

/* Closes it; the neighbours that it told of are nobody's, and their routes stale. */
void bmp_session_free(struct bmp_session *s, const char *why);

/* The neighbour that the session has told of; NULL: it has not. */
struct bmp_neighbour *bmp_neighbour_find(const struct bmp_session *s, const struct bmp_peer *p);

/* The session tells of it from now on. NULL: there is no room. */
struct bmp_neighbour *bmp_neighbour_up(
    struct bmp_session *s, const struct bmp_peer *p, const struct bmp_up *up);

/* All that is known of its routes is stale until it has come again. */
void bmp_neighbour_stale(struct bmp_neighbour *n);
void bmp_neighbour_update(struct bmp_neighbour *n, const struct update *u);
void bmp_neighbour_orphan(struct bmp_neighbour *n);

/* With its routes. */
void bmp_neighbour_remove(struct bmp_neighbour *n);

#endif
