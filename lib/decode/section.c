/*
 * Records that carry the first bytes of a packet instead of what they say (RFC
 * 7133, RFC 5477 §8.5): Juniper's inline monitoring, Cisco's and Arista's sampled
 * frames.
 */
#include "decode/packet_row.h"
#include "decode/run.h"

enum { FRAME_ETHERNET = 1 };

/* Where the plan has a section, its runs are of one record, whose row was begun last. */
void
run_section(const struct run *r)
{
	const struct plan *plan = r->plan;
	struct builder *rows = r->rows;
	struct packet p = {0};
	const uint8_t *bytes;
	unsigned len = 0;
	bool counted = builder_has(rows, FIELD_bytes);
	uint64_t octets = builder_get(rows, FIELD_bytes);

	bool readable = run_uint(r, &plan->section_offset, 0, 0) == 0 &&
			(plan->section_link != PACKET_ETHERNET ||
			    run_uint(r, &plan->frame_type, 0, FRAME_ETHERNET) == FRAME_ETHERNET);
	if (readable && run_source(r, &plan->section, &bytes, &len)) {
		if (r->job->d->opt.inner)
			packet_parse_inner(&p, plan->section_link, bytes, len);
		else
			packet_parse(&p, plan->section_link, bytes, len);
	}
	packet_row(rows, &p);
	if (counted)
		builder_u64(rows, FIELD_bytes, octets);
	else if (!builder_has(rows, FIELD_bytes))
		builder_u64(rows, FIELD_bytes, run_uint(r, &plan->frame_size, 0, len));
	if (!builder_has(rows, FIELD_packets))
		builder_u64(rows, FIELD_packets, 1);
}
