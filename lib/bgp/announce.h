/* UPDATEs of our own: a prefix that is to be blackholed, and its end. */
#ifndef BGP_ANNOUNCE_H
#define BGP_ANNOUNCE_H

#include "base/addr.h"
#include "bgp/flow_rule.h"
#include "bgp/open.h"

struct announcement {
	struct prefix prefix;
	struct addr next_hop; /* of the prefix's family */
	struct str communities, large; /* as on the wire */
};

/*
 * Appends the message for a session on those terms: with our AS as the path
 * towards another AS (RFC 4271 §5.1.2), an empty path and LOCAL_PREF within
 * ours. Nothing where the session does not carry the family.
 */
void announcement_write(
    struct buf *out, const struct announcement *a, const struct bgp_terms *t, uint32_t our_asn);
void withdrawal_write(struct buf *out, const struct prefix *p, const struct bgp_terms *t);

/* RFC 4724 §2: that is all we have to say. */
void end_of_rib_write(struct buf *out, enum bgp_family f);

/* The same of flowspec (RFC 8955 §4), without a next hop; communities are as on the wire. */
struct flow_announcement {
	const struct flow_rule *rule;
	struct str communities, large;
};
void flow_announcement_write(
    struct buf *out, const struct flow_announcement *a, const struct bgp_terms *t, uint32_t our_asn);
void flow_withdrawal_write(struct buf *out, const struct flow_key *k, const struct bgp_terms *t);
void flow_end_of_rib_write(struct buf *out, enum bgp_family f);

#endif
