/*
 * What we announce: blackholes and rules of flowspec, each on disk (ledger.h)
 * before it is answered for, until it is withdrawn or its time is over.
 */
#ifndef BGP_BLACKHOLES_H
#define BGP_BLACKHOLES_H

#include "base/map.h"
#include "bgp/announce.h"
#include "bgp/flows.h"
#include "bgp/ledger.h"

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
	bool dry_run; /* in memory only; whoever is told announces nothing */
};

struct blackholes {
	struct blackholes_settings settings;
	struct map by_prefix; /* struct prefix, zero-padded -> struct blackhole * */
	struct map flows; /* flows.h */
	struct ledger ledger;
	bool disarmed; /* nothing new is announced */
	uint64_t credit; /* for new ones: a minute of ms each, max_rate of them at most */
	int64_t credit_ms; /* as of then */
	uint64_t announced, withdrawn, expired, refused;
	/* Tells of each change, before the answer. */
	void (*tell)(void *arg, const struct blackhole *b, enum blackhole_event ev, int64_t now_ms);
	void (*tell_flow)(void *arg, const struct flow *f, enum blackhole_event ev, int64_t now_ms);
	void *arg;
};

void blackholes_init(struct blackholes *bs);
void blackholes_release(struct blackholes *bs);

/*
 * Takes up what the folder's ledger holds; tells only of what is over by now.
 * -1 with words: there is nothing, nothing can be announced (500), and it may be
 * called again. 1 with words: the folder cannot be written, so nothing more can be
 * announced until it can.
 */
int blackholes_open(struct blackholes *bs, const char *dir, int64_t now_ms, struct err *e);
bool blackholes_usable(const struct blackholes *bs); /* changes can be kept, as far as is known */

/*
 * Announces, or announces anew with a new time. The status of HTTP: 200, or 400,
 * 409, 429 or 500 with words. Whether the prefix is protected was asked before.
 */
int blackholes_announce(struct blackholes *bs, const struct request *r, int64_t now_ms, struct err *e);
int blackholes_withdraw(struct blackholes *bs, const struct prefix *p, int64_t now_ms, struct err *e);

/*
 * The same of a request of flowspec. Its dst or its src is as long as a blackhole
 * must be, and it counts as one more blackhole for the fuses.
 */
int blackholes_flow_announce(struct blackholes *bs, const struct request *r, int64_t now_ms, struct err *e);
int blackholes_flow_withdraw(struct blackholes *bs, const struct flow_rule *r, int64_t now_ms, struct err *e);

/* Withdraws all, and announces nothing any more until blackholes_arm, over restarts too. 200, or 500 with words. */
int blackholes_flush(struct blackholes *bs, int64_t now_ms, struct err *e);
int blackholes_arm(struct blackholes *bs, struct err *e);

size_t blackholes_count(const struct blackholes *bs); /* of both */
const struct blackhole *blackholes_find(const struct blackholes *bs, const struct prefix *p);

/* Withdraws what is over; when the next one will be, 0: never. */
int64_t blackholes_expire(struct blackholes *bs, int64_t now_ms);
int64_t blackholes_flow_expire(
    struct blackholes *bs, int64_t now_ms); /* for blackholes_expire: the rules alone */

/* Calls fn for each, by prefix. */
void blackholes_each(
    const struct blackholes *bs, void (*fn)(void *arg, const struct blackhole *b), void *arg);

/* As BGP has it. */
struct announcement blackhole_announcement(const struct blackhole *b);

#endif
