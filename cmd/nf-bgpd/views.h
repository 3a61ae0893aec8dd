/* What the interface shows, as JSON. */
#ifndef NF_BGPD_VIEWS_H
#define NF_BGPD_VIEWS_H

#include "bgp/blackholes.h"
#include "bmp_station.h"
#include "speaker.h"

enum { VIEW_PATHS_MAX = 64 }; /* shown of one prefix */

/* An object; times in the zone. */
void view_blackhole(struct buf *out, const struct blackhole *b, const char *zone, int64_t now_ms);

void view_flow(struct buf *out, const struct flow *f, const char *zone, int64_t now_ms);

/* An object whose keys are the prefixes, and "flow" and the packets of rules: "flow dst=198.51.100.7/32 proto=17". */
void view_blackholes(struct buf *out, const struct blackholes *bs, const char *zone, int64_t now_ms);

/* A list: neighbours, then those of routers that tell of theirs by BMP. */
void view_peers(struct buf *out, const struct speaker *s, const struct bmp_station *b);

/* The routes for an address, the best first; false: there is none. */
bool view_route(struct buf *out, const struct rib *r, const struct addr *a);

#endif
