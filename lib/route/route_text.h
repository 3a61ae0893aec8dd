/*
 * Routes as text. Two forms are read: lines of `bgpdump -m`, and JSON objects
 *
 *     {"prefix":"203.0.113.0/24","as_path":[64500,64496],"next_hop":"192.0.2.1","local_pref":100,
 *      "med":0,"communities":["64500:1"],"large_communities":["64500:1:2"],"peer":"192.0.2.9"}
 *
 * of which the second is written too. All but the prefix may be missing or null;
 * keys that are none of these are passed over. A path may also be one string, an
 * AS_SET in it an array of its own or a string "{64500,64501}"; communities may
 * be one string with spaces or commas between. Addresses 0.0.0.0 and :: mean
 * that there is none.
 */
#ifndef ROUTE_ROUTE_TEXT_H
#define ROUTE_ROUTE_TEXT_H

#include "route/table.h"

/* Holds the lists of the route that was read last. All zero is ready. */
struct route_text {
	struct buf as_path, communities, large_communities;
	struct buf scratch;
};

void route_text_release(struct route_text *t);

/*
 * A line of `bgpdump -m` or `-M` from a table dump, without its end:
 *
 *     TABLE_DUMP2|TIME|B|PEER|PEER_AS|PREFIX|AS_PATH|ORIGIN|NEXT_HOP|LOCAL_PREF|MED|COMMUNITIES|…
 *
 * or with a path identifier behind the prefix (TABLE_DUMP2_AP). It prints 0 for
 * an absent LOCAL_PREF or MED, so 0 is taken as absent. 0, or -1 with words.
 */
int route_read_bgpdump(
    struct route_text *t, struct str line, struct prefix *p, struct route *r, struct err *e);

/*
 * A JSON object. With a key (key.p not NULL) that is its prefix, else it has the
 * member. 0, or -1 with words.
 */
int route_read_json(struct route_text *t, struct str object, struct str key, struct prefix *p,
    struct route *r, struct err *e);

/* Appends the members of the JSON object, without its braces. */
void route_put_json(struct buf *out, const struct prefix *p, const struct route *r);

#endif
