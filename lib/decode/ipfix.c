#include "decode/proto.h"
#include "decode/set.h"

enum { HEADER_LEN = 16 };

/* RFC 7011 §3.1. */
void
ipfix_datagram(struct job *j, struct rd *r)
{
	uint16_t len;
	uint32_t s, sequence, id;

	if (rd_be16(r, &len) < 0 || rd_be32(r, &s) < 0 || rd_be32(r, &sequence) < 0 || rd_be32(r, &id) < 0 ||
	    len < HEADER_LEN) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	struct rd sets;
	size_t left = rd_left(r), rest = (size_t)len - HEADER_LEN;
	if (rd_sub(r, &sets, rest < left ? rest : left) == -1)
		return;
	j->export_ms = (int64_t)s * 1000;
	j->flow_type = STR("ipfix");
	j->has_domain_id = true;
	if (domain_get(j, 10, id) < 0)
		return;
	int64_t records = sets_walk(j, &sets);
	domain_sequence(j, sequence, records > 0 ? (uint32_t)records : 0);
	/* Records of unknown templates count too: where the next datagram starts is not known. */
	if (records < 0)
		j->domain->in_sequence = false;
}
