/* OPEN (RFC 4271 §4.2), its capabilities (RFC 5492), and what two of them agree on. */
#ifndef BGP_OPEN_H
#define BGP_OPEN_H

#include <stdbool.h>

#include "bgp/message.h"

/* Sets of families are bits, 1 << enum bgp_family. */
struct bgp_caps {
	bool multiprotocol; /* some family is named; none: IPv4 unicast */
	bool refresh, enhanced_refresh, extended, as4;
	uint8_t families;
	uint8_t flows; /* families of whose flowspec is spoken, RFC 8955 */
	uint8_t next_hop6; /* of families whose next hop may be IPv6, RFC 8950: IPv4 */
	uint8_t add_path_send, add_path_receive;
	bool graceful; /* RFC 4724 */
	bool restarted;
	uint8_t graceful_families, forwarding; /* kept over a restart; and the routes are still good */
	uint16_t restart_time; /* seconds */
};

struct bgp_open {
	uint32_t asn;
	uint32_t id;
	uint16_t hold; /* seconds; 0: no keepalives */
	struct bgp_caps caps;
};

void bgp_open_write(struct buf *out, const struct bgp_open *o);

/* What is wrong whoever sends it: -1. Unknown capabilities are none of our business. */
int bgp_open_read(struct bgp_open *o, struct rd body, struct bgp_error *e);

/* What holds for a session: the parts that both sides said. */
struct bgp_terms {
	bool ebgp, as4, extended, refresh, enhanced_refresh;
	uint8_t families;
	uint8_t flows;
	uint8_t next_hop6;
	uint8_t path_ids; /* families whose routes come with a path identifier */
	uint16_t hold;
	struct bgp_open peer;
};

/*
 * Whether the peer is who it should be, and what holds then. remote_asn 0:
 * whoever. -1 where the peer is refused.
 */
int bgp_terms_agree(struct bgp_terms *t, const struct bgp_open *ours, const struct bgp_open *peer,
    uint32_t remote_asn, struct bgp_error *e);

#endif
