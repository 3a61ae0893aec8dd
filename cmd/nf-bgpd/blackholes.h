/*
 * What we announce: blackholes, each on disk before it is answered for, until it
 * is withdrawn or its time is over.
 *
 * The journal is the file `announcements` of a folder. It begins with the line
 *
 *     nf-bgpd announcements 1
 *
 * and has a line of JSON for each change: "+" and a request (request.h) with its
 * times, or "-" and a request of the prefix alone. A last line that a crash cut
 * off is dropped. It is written anew, aside and renamed, when it is opened and
 * when most of it is history. To change the format: another number in the first
 * line, which an older program refuses; the newer one reads both.
 */
#ifndef NF_BGPD_BLACKHOLES_H
#define NF_BGPD_BLACKHOLES_H

#include "base/map.h"
#include "bgp/announce.h"
#include "request.h"

struct blackhole {
	struct prefix prefix;
	struct addr next_hop;
	struct buf communities, large; /* as on the wire */
	int64_t since_ms, expires_ms; /* 0: until withdrawn */
	char rule[REQUEST_NAME_MAX + 1], id[REQUEST_NAME_MAX + 1];
};

enum blackhole_event { BLACKHOLE_ANNOUNCED, BLACKHOLE_WITHDRAWN, BLACKHOLE_EXPIRED };

struct blackholes_settings {
	struct addr next_hop[2]; /* of IPv4, of IPv6, where a request has none */
	bool has_next_hop[2];
	struct request defaults; /* its communities, where a request has none */
	uint64_t max_active, max_rate; /* at a time; new ones a minute */
	uint8_t min_length[2];
	bool dry_run; /* nothing is announced nor remembered */
};

struct blackholes {
	struct blackholes_settings settings;
	struct map by_prefix; /* struct prefix, zero-padded -> struct blackhole * */
	int fd; /* of the journal, -1: in memory only */
	char *path;
	size_t lines; /* in the journal */
	uint64_t credit; /* for new ones: a minute of ms each, max_rate of them at most */
	int64_t credit_ms; /* as of then */
	uint64_t announced, withdrawn, expired, refused;
	/* Tells of each change, before the answer. */
	void (*tell)(void *arg, const struct blackhole *b, enum blackhole_event ev, int64_t now_ms);
	void *arg;
};

void blackholes_init(struct blackholes *bs);
void blackholes_release(struct blackholes *bs);

/* Reads the folder's journal, made if it is missing; it has one user at a time. -1 with words. */
int blackholes_open(struct blackholes *bs, const char *dir, int64_t now_ms, struct err *e);

/*
 * Announces, or announces anew with a new time. The status of HTTP: 200, or 400,
 * 429 or 500 with words. Whether the prefix is protected was asked before.
 */
int blackholes_announce(struct blackholes *bs, const struct request *r, int64_t now_ms, struct err *e);
int blackholes_withdraw(struct blackholes *bs, const struct prefix *p, int64_t now_ms, struct err *e);

const struct blackhole *blackholes_find(const struct blackholes *bs, const struct prefix *p);

/* Withdraws what is over; when the next one will be, 0: never. */
int64_t blackholes_expire(struct blackholes *bs, int64_t now_ms);

/* Calls fn for each, by prefix. */
void blackholes_each(
    const struct blackholes *bs, void (*fn)(void *arg, const struct blackhole *b), void *arg);

/* As BGP has it. */
struct announcement blackhole_announcement(const struct blackhole *b);

#endif
