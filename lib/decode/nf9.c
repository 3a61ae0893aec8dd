#include "decode/proto.h"
#include "decode/set.h"

/* RFC 3954 §5.1. The count of records is not relied upon: exporters differ in what they count. */
void
nf9_datagram(struct job *j, struct rd *r)
{
	uint16_t count;
	uint32_t s, sequence, source;

	if (rd_be16(r, &count) < 0 || rd_be32(r, &j->uptime_ms) < 0 || rd_be32(r, &s) < 0 ||
	    rd_be32(r, &sequence) < 0 || rd_be32(r, &source) < 0) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	j->export_ms = (int64_t)s * 1000;
	j->has_uptime = true;
	j->flow_type = STR("netflow9");
	j->has_domain_id = true;
	if (domain_get(j, 9, source) < 0)
		return;
	domain_sequence(j, sequence, 1);
	sets_walk(j, r);
}
