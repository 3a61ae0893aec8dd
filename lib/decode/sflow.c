/*
 * Datagrams and samples. A sampled packet is a flow of one packet; its bytes are
 * those of the IP packet, as elsewhere, where the headers tell, else those of the
 * frame.
 */
#include "decode/sflow.h"

#include "base/hash.h"
#include "decode/fill.h"
#include "decode/proto.h"

enum {
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	SAMPLE_FLOW_EXPANDED = 3,
	SAMPLE_COUNTERS_EXPANDED = 4,
	SAMPLE_DISCARDED = 5, /* "sFlow Dropped Packet Notification Structures", 2020 */
};

enum { INTERFACE_ONE = 0, INTERFACE_DISCARDED = 1 }; /* 2: several */

/* Of a sampled packet. A discarded one has no pool, no rate, and always a reason. */
struct sample {
	struct sflow_source source;
	uint32_t sequence, rate, drops;
	uint32_t in_format, in, out_format, out;
	uint32_t records;
};

int
sflow_address(struct rd *r, struct addr *a)
{
	enum { UNKNOWN, IP4, IP6 };
	uint32_t type;
	const uint8_t *p;

	*a = (struct addr){0};
	if (rd_be32(r, &type) == -1 || type > IP6)
		return -1;
	if (type == UNKNOWN)
		return 0;
	if (rd_bytes(r, &p, type == IP4 ? 4 : 16) == -1)
		return -1;
	*a = addr_from_bytes(p, type == IP6);
	return 0;
}

/* forwardingStatus of discarded packets, RFC 7270 §4.12. */
enum {
	DROPPED = 128, /* why is not known */
	DROPPED_ACL_DENY = 129,
	DROPPED_ACL = 130,
	DROPPED_UNROUTABLE = 131,
	DROPPED_ADJACENCY = 132,
	DROPPED_TOO_BIG = 133,
	DROPPED_TTL = 137,
	DROPPED_POLICER = 138,
	DROPPED_WRED = 139,
	DROPPED_RPF = 140,
};

/* Reasons, enum drop_reason; up to 255 they are the codes of ICMP's destination unreachable. */
static const struct {
	uint16_t reason;
	uint8_t status;
} reasons[] = {
    {0, DROPPED_UNROUTABLE}, /* network */
    {1, DROPPED_UNROUTABLE}, /* host */
    {4, DROPPED_TOO_BIG}, {6, DROPPED_UNROUTABLE}, /* network unknown */
    {7, DROPPED_UNROUTABLE}, /* host unknown */
    {9, DROPPED_ACL_DENY}, /* network prohibited */
    {10, DROPPED_ACL_DENY}, /* host prohibited */
    {11, DROPPED_UNROUTABLE}, /* network, for that type of service */
    {12, DROPPED_UNROUTABLE}, /* host, likewise */
    {13, DROPPED_ACL_DENY}, /* communication prohibited */
    {257, DROPPED_TTL}, {258, DROPPED_ACL}, {260, DROPPED_WRED}, {261, DROPPED_POLICER},
    {262, DROPPED_TOO_BIG}, {269, DROPPED_UNROUTABLE}, /* a route that is a blackhole */
    {279, DROPPED_ADJACENCY}, {280, DROPPED_RPF}, {281, DROPPED_UNROUTABLE}, /* not to be routed */
};

static uint8_t
status_of(uint32_t reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].reason == reason)
			return reasons[i].status;
	return DROPPED;
}

/* All ones, of the 30 bits that an interface has in a word or of 32: the device itself, or not known. */
static bool
is_one(uint32_t format, uint32_t value)
{
	return format == INTERFACE_ONE && value != 0x3fffffff && value != UINT32_MAX;
}

/* Of several outputs only their number is told. A discarded packet leaves by 0, as routers say it in NetFlow. */
static void
set_interfaces(struct builder *rows, const struct sample *s)
{
	if (is_one(s->in_format, s->in))
		builder_u32(rows, FIELD_input_interface, s->in);
	if (is_one(s->out_format, s->out))
		builder_u32(rows, FIELD_output_interface, s->out);
	if (s->out_format == INTERFACE_DISCARDED) {
		builder_u32(rows, FIELD_output_interface, 0);
		builder_u8(rows, FIELD_forwarding_status, status_of(s->out));
	}
}

int
sflow_source_read(struct sflow_source *source, struct rd *r, bool expanded)
{
	if (rd_be32(r, &source->kind) == -1)
		return -1;
	if (expanded)
		return rd_be32(r, &source->index);
	source->index = source->kind & 0xffffff;
	source->kind >>= 24;
	return 0;
}

/* A word of two bits of format and 30 of value, or two words. */
static int
read_interface(uint32_t *format, uint32_t *value, struct rd *r, bool expanded)
{
	if (rd_be32(r, format) == -1)
		return -1;
	if (expanded)
		return rd_be32(r, value);
	*value = *format & 0x3fffffff;
	*format >>= 30;
	return 0;
}

static int
read_flow_head(struct sample *s, struct rd *r, bool expanded)
{
	uint32_t pool;

	return rd_be32(r, &s->sequence) == -1 || sflow_source_read(&s->source, r, expanded) == -1 ||
		       rd_be32(r, &s->rate) == -1 || rd_be32(r, &pool) == -1 || rd_be32(r, &s->drops) == -1 ||
		       read_interface(&s->in_format, &s->in, r, expanded) == -1 ||
		       read_interface(&s->out_format, &s->out, r, expanded) == -1
		   ? -1
		   : rd_be32(r, &s->records);
}

static int
read_discarded_head(struct sample *s, struct rd *r)
{
	uint32_t out;

	if (rd_be32(r, &s->sequence) == -1 || sflow_source_read(&s->source, r, true) == -1 ||
	    rd_be32(r, &s->drops) == -1 || rd_be32(r, &s->in) == -1 || rd_be32(r, &out) == -1 ||
	    rd_be32(r, &s->out) == -1)
		return -1;
	s->out_format = INTERFACE_DISCARDED;
	return rd_be32(r, &s->records);
}

/* A record that cannot be read costs itself: each has its own length. */
static void
read_records(struct job *j, struct rd *r, uint32_t n)
{
	uint32_t format, len;
	struct rd record;

	for (uint32_t i = 0; i < n; i++) {
		if (rd_be32(r, &format) == -1 || rd_be32(r, &len) == -1 || rd_sub(r, &record, len) == -1) {
			job_count(j, COUNT_BAD_RECORD, 1);
			return;
		}
		if (sflow_record(j, format, record) == -1)
			job_count(j, COUNT_BAD_RECORD, 1);
	}
}

static void
read_packet(struct sflow *flow, const struct sample *s, struct rd *r)
{
	struct job *j = flow->job;
	struct builder *rows = j->d->opt.rows;
	uint32_t row;

	fill_rows(j, 1, &row);
	fill_common(j, row, 1);
	builder_addr(rows, FIELD_exporter_ip, &flow->exporter);
	builder_u64(rows, FIELD_timestamp_start, (uint64_t)j->received_ms);
	builder_u64(rows, FIELD_timestamp_end, (uint64_t)j->received_ms);
	builder_u64(rows, FIELD_packets, 1);
	if (s->rate != 0)
		builder_u32(rows, FIELD_sampling_rate, s->rate);
	set_interfaces(rows, s);
	read_records(j, r, s->records);
	job_count(j, COUNT_FLOWS, 1);
}

static int
read_flow_sample(struct sflow *flow, struct rd *r, bool expanded)
{
	struct sample s = {0};

	if (read_flow_head(&s, r, expanded) == -1)
		return -1;
	sflow_source_note(flow->job, &s.source, s.sequence, s.drops);
	s.rate = sampling_by_rule(flow->job->exporter, s.rate);
	read_packet(flow, &s, r);
	return 0;
}

static int
read_discarded(struct sflow *flow, struct rd *r)
{
	struct sample s = {0};

	if (read_discarded_head(&s, r) == -1)
		return -1;
	read_packet(flow, &s, r);
	return 0;
}

static int
read_sample(struct sflow *flow, uint32_t format, struct rd r)
{
	switch (format) {
	case SAMPLE_FLOW:
	case SAMPLE_FLOW_EXPANDED:
		return read_flow_sample(flow, &r, format == SAMPLE_FLOW_EXPANDED);
	case SAMPLE_COUNTERS:
	case SAMPLE_COUNTERS_EXPANDED:
		return sflow_counters(flow, r, format == SAMPLE_COUNTERS_EXPANDED);
	case SAMPLE_DISCARDED:
		return read_discarded(flow, &r);
	default:
		job_count(flow->job, COUNT_OTHER_SAMPLES, 1);
		return 0;
	}
}

/*
 * The agent's own address says who sampled, also where a relay or another of its
 * addresses sends. But anybody can write it: it is believed of those whose
 * address is trusted, and where it names somebody.
 */
static bool
agent_counts(const struct job *j, const struct addr *agent)
{
	return j->exporter->trusted && !addr_is_any(agent) && !addr_is_loopback(agent);
}

/* Sequence numbers are a sub-agent's; a relay may send for many agents. */
static uint32_t
domain_id(const struct sflow *s)
{
	bool relayed = !addr_eq(&s->exporter, &s->job->exporter->addr);

	return relayed ? s->sub_agent ^ (uint32_t)hash64(&s->exporter, sizeof s->exporter) : s->sub_agent;
}

/* The version, 32 bits of 5, has been read off. */
void
sflow_datagram(struct job *j, struct rd *r)
{
	struct sflow s = {.job = j, .exporter = j->exporter->addr};
	uint32_t sequence, samples, format, len;
	struct addr agent;
	struct rd sample;

	if (sflow_address(r, &agent) == -1 || rd_be32(r, &s.sub_agent) == -1 || rd_be32(r, &sequence) == -1 ||
	    rd_be32(r, &j->uptime_ms) == -1 || rd_be32(r, &samples) == -1) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	if (agent_counts(j, &agent))
		s.exporter = agent;
	j->export_ms = j->received_ms;
	j->flow_type = STR("sflow5");
	/* Numbers are all that a domain is for: without one, what a relay's many agents sent is read all the same. */
	if (domain_get(j, SFLOW_KEY, domain_id(&s)) == 0) {
		j->domain->agent = s.exporter;
		j->domain->sub_agent = s.sub_agent;
		domain_sequence(j, sequence, 1);
	}
	for (uint32_t i = 0; i < samples; i++) {
		if (rd_be32(r, &format) == -1 || rd_be32(r, &len) == -1 || rd_sub(r, &sample, len) == -1) {
			job_count(j, COUNT_TRUNCATED, 1);
			return;
		}
		if (read_sample(&s, format, sample) == -1)
			job_count(j, COUNT_BAD_RECORD, 1);
	}
}
