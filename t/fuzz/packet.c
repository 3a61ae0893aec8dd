/* One packet: a byte that says how it begins, then its bytes. */
#include <stdlib.h>

#include "decode/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet wire, inner;

	if (size == 0)
		return 0;
	enum packet_link link = (enum packet_link)(data[0] % (PACKET_MPLS + 1));
	packet_parse(&wire, link, data + 1, size - 1);
	packet_parse_inner(&inner, link, data + 1, size - 1);
	if (wire.payload.len > size || inner.payload.len > size)
		abort();
	if (wire.label_count > PACKET_LABELS_MAX || inner.depth > PACKET_DEPTH_MAX)
		abort();
	/* Tunnels or not: the link is the same, and there is a packet in both or in none. */
	if (wire.src_mac != inner.src_mac || wire.vlan != inner.vlan ||
	    wire.label_count != inner.label_count || (wire.version == 0) != (inner.version == 0))
		abort();
	return 0;
}
