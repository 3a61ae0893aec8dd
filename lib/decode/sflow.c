/*
 * sFlow version 5 (sflow.org, "sFlow Version 5", 2004): a sampled packet is a
 * flow of one packet; its bytes are those of the IP packet, as elsewhere, where
 * the headers tell, else those of the frame.
 */
#include "base/num.h"
#include "decode/fill.h"
#include "decode/packet.h"
#include "decode/proto.h"

enum { SAMPLE_FLOW = 1, SAMPLE_COUNTERS = 2, SAMPLE_FLOW_EXPANDED = 3, SAMPLE_COUNTERS_EXPANDED = 4 };

enum {
	RECORD_HEADER = 1,
	RECORD_ETHERNET = 2,
	RECORD_IP4 = 3,
	RECORD_IP6 = 4,
	RECORD_SWITCH = 1001,
	RECORD_ROUTER = 1002,
	RECORD_GATEWAY = 1003,
	RECORD_NAT = 1007,
};

enum { VERSION_KEY = SFLOW_KEY, PATH_MAX_AS = 64, COMMUNITIES_MAX = 64 };

/* §5.3: an interface index of 30 bits beside 2 bits of format; all ones: the device itself, or unknown. */
static void
set_interface(struct builder *rows, enum field f, uint32_t format, uint32_t value)
{
	enum { UNKNOWN = 0x3fffffff };

	if (format == 0 && value != UNKNOWN)
		builder_u32(rows, f, value);
	else if (format == 1) /* discarded */
		builder_u32(rows, f, 0);
}

/* §5.1: IPv4, IPv6, or type 0 without an address, which is all zero then. */
static int
read_address(struct rd *r, struct addr *a)
{
	uint32_t type;
	const uint8_t *p;

	*a = (struct addr){0};
	if (rd_be32(r, &type) == -1 || type > 2 || (type != 0 && rd_bytes(r, &p, type == 1 ? 4 : 16) == -1))
		return -1;
	if (type != 0)
		*a = addr_from_bytes(p, type == 2);
	return 0;
}

static void
set_address(struct builder *rows, enum field f, const struct addr *a)
{
	if (!addr_is_any(a))
		builder_addr(rows, f, a);
}

static void
set_packet_ip(struct builder *rows, const struct packet *p)
{
	builder_addr(rows, FIELD_src_host, &p->src);
	builder_addr(rows, FIELD_dst_host, &p->dst);
	builder_u8(rows, FIELD_ip_protocol, p->version);
	builder_u8(rows, FIELD_proto, p->proto);
	builder_u8(rows, FIELD_tos, p->tos);
	builder_u8(rows, FIELD_ttl, p->ttl);
	builder_u64(rows, FIELD_bytes, p->ip_len);
	if (p->fragment)
		builder_u16(rows, FIELD_fragment_offset, p->fragment_offset);
	if (p->version == 6)
		builder_u32(rows, FIELD_flow_label, p->flow_label);
	if (p->has_ports) {
		builder_u16(rows, FIELD_src_port, p->src_port);
		builder_u16(rows, FIELD_dst_port, p->dst_port);
	}
	if (p->tcpflags != 0)
		builder_u16(rows, FIELD_tcpflags, p->tcpflags);
	if (p->has_icmp)
		builder_u16(rows, FIELD_icmp_type, p->icmp_type);
}

static void
set_packet(struct builder *rows, const struct packet *p)
{
	char list[PACKET_LABELS_MAX * 8];
	size_t n = 0;

	if (p->has_mac) {
		builder_u64(rows, FIELD_src_mac, p->src_mac);
		builder_u64(rows, FIELD_dst_mac, p->dst_mac);
	}
	if (p->has_vlan)
		builder_u16(rows, FIELD_src_vlan, p->vlan);
	for (unsigned i = 0; i < p->label_count; i++) {
		n += num_format(list + n, p->labels[i]);
		list[n++] = '\0';
	}
	if (n > 0)
		builder_str(rows, FIELD_mpls_labels, (struct str){list, n});
	if (p->version != 0)
		set_packet_ip(rows, p);
}

/* The first bytes of the packet itself. */
static int
read_header(struct job *j, struct rd r)
{
	enum { ETHERNET = 1, IP4 = 11, IP6 = 12 };
	struct builder *rows = j->d->opt.rows;
	uint32_t protocol, frame_len, stripped, len;
	const uint8_t *bytes;
	struct packet p;

	if (rd_be32(&r, &protocol) == -1 || rd_be32(&r, &frame_len) == -1 || rd_be32(&r, &stripped) == -1 ||
	    rd_be32(&r, &len) == -1 || rd_bytes(&r, &bytes, len) == -1)
		return -1;
	builder_u64(rows, FIELD_bytes, frame_len);
	if (protocol == ETHERNET || protocol == IP4 || protocol == IP6) {
		packet_parse(&p, protocol == ETHERNET ? PACKET_ETHERNET : PACKET_IP, bytes, len);
		set_packet(rows, &p);
	}
	return 0;
}

static int
read_ethernet(struct job *j, struct rd r)
{
	struct builder *rows = j->d->opt.rows;
	uint32_t len;
	const uint8_t *macs;

	if (rd_be32(&r, &len) == -1 || rd_bytes(&r, &macs, 16) == -1)
		return -1;
	if (!builder_has(rows, FIELD_bytes))
		builder_u64(rows, FIELD_bytes, len);
	builder_u64(rows, FIELD_src_mac, load_be64(macs) >> 16);
	builder_u64(rows, FIELD_dst_mac, load_be64(macs + 8) >> 16);
	return 0;
}

/* The IP header's fields, each in a word. */
static int
read_ip(struct job *j, struct rd r, bool v6)
{
	struct builder *rows = j->d->opt.rows;
	const uint8_t *src, *dst;
	uint32_t len, proto, src_port, dst_port, flags, tos;

	if (rd_be32(&r, &len) == -1 || rd_be32(&r, &proto) == -1 || rd_bytes(&r, &src, v6 ? 16 : 4) == -1 ||
	    rd_bytes(&r, &dst, v6 ? 16 : 4) == -1 || rd_be32(&r, &src_port) == -1 ||
	    rd_be32(&r, &dst_port) == -1 || rd_be32(&r, &flags) == -1 || rd_be32(&r, &tos) == -1)
		return -1;
	struct addr a = addr_from_bytes(src, v6), b = addr_from_bytes(dst, v6);
	builder_addr(rows, FIELD_src_host, &a);
	builder_addr(rows, FIELD_dst_host, &b);
	builder_u8(rows, FIELD_ip_protocol, v6 ? 6 : 4);
	builder_u8(rows, FIELD_proto, (uint8_t)proto);
	builder_u16(rows, FIELD_src_port, (uint16_t)src_port);
	builder_u16(rows, FIELD_dst_port, (uint16_t)dst_port);
	builder_u16(rows, FIELD_tcpflags, (uint16_t)flags);
	builder_u8(rows, FIELD_tos, (uint8_t)tos);
	builder_u64(rows, FIELD_bytes, len);
	return 0;
}

static int
read_switch(struct job *j, struct rd r)
{
	uint32_t src, dst;

	if (rd_be32(&r, &src) == -1 || rd_skip(&r, 4) == -1 || rd_be32(&r, &dst) == -1)
		return -1;
	/* All ones: unknown; zero: untagged. */
	if (src != 0 && src < 4096)
		builder_u16(j->d->opt.rows, FIELD_src_vlan, (uint16_t)src);
	if (dst != 0 && dst < 4096)
		builder_u16(j->d->opt.rows, FIELD_dst_vlan, (uint16_t)dst);
	return 0;
}

static int
read_router(struct job *j, struct rd r)
{
	struct addr hop;
	uint32_t src, dst;

	if (read_address(&r, &hop) == -1 || rd_be32(&r, &src) == -1 || rd_be32(&r, &dst) == -1)
		return -1;
	set_address(j->d->opt.rows, FIELD_next_hop, &hop);
	builder_u8(j->d->opt.rows, FIELD_src_mask, (uint8_t)src);
	builder_u8(j->d->opt.rows, FIELD_dst_mask, (uint8_t)dst);
	return 0;
}

/* The AS path towards the destination: *last is its origin, *first our neighbour. */
static int
read_path(struct job *j, struct rd *r, uint32_t *first, uint32_t *last)
{
	char list[PATH_MAX_AS * 11];
	uint32_t segments, type, count, as;
	unsigned total = 0;
	size_t n = 0;

	*first = *last = 0;
	if (rd_be32(r, &segments) == -1)
		return -1;
	for (uint32_t i = 0; i < segments; i++) {
		if (rd_be32(r, &type) == -1 || rd_be32(r, &count) == -1)
			return -1;
		for (uint32_t k = 0; k < count; k++) {
			if (rd_be32(r, &as) == -1)
				return -1;
			*first = *first != 0 ? *first : as;
			*last = as;
			if (as != 0 && total++ < PATH_MAX_AS) {
				n += num_format(list + n, as);
				list[n++] = '\0';
			}
		}
	}
	if (n > 0)
		builder_str(j->d->opt.rows, FIELD_as_path, (struct str){list, n});
	return 0;
}

static int
read_communities(struct job *j, struct rd *r)
{
	char list[COMMUNITIES_MAX * 12];
	uint32_t count, v;
	size_t n = 0;

	if (rd_be32(r, &count) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (rd_be32(r, &v) == -1)
			return -1;
		if (i >= COMMUNITIES_MAX)
			continue;
		n += num_format(list + n, v >> 16);
		list[n++] = ':';
		n += num_format(list + n, v & 0xffff);
		list[n++] = '\0';
	}
	if (n > 0)
		builder_str(j->d->opt.rows, FIELD_communities, (struct str){list, n});
	return 0;
}

static void
set_as(struct builder *rows, enum field f, uint32_t as)
{
	if (as != 0)
		builder_u32(rows, f, as);
}

static int
read_gateway(struct job *j, struct rd r)
{
	struct builder *rows = j->d->opt.rows;
	struct addr hop;
	uint32_t own, src, src_peer, first, last, local_pref;

	if (read_address(&r, &hop) == -1 || rd_be32(&r, &own) == -1 || rd_be32(&r, &src) == -1 ||
	    rd_be32(&r, &src_peer) == -1)
		return -1;
	set_address(rows, FIELD_bgp_next_hop, &hop);
	/* An origin of 0 is the agent's own AS. */
	set_as(rows, FIELD_src_as, src != 0 ? src : own);
	set_as(rows, FIELD_peer_src_as, src_peer);
	if (read_path(j, &r, &first, &last) == -1)
		return -1;
	set_as(rows, FIELD_dst_as, last != 0 ? last : own);
	set_as(rows, FIELD_peer_dst_as, first);
	if (read_communities(j, &r) == -1 || rd_be32(&r, &local_pref) == -1)
		return -1;
	builder_u32(rows, FIELD_local_pref, local_pref);
	return 0;
}

static int
read_nat(struct job *j, struct rd r)
{
	struct addr src, dst;

	if (read_address(&r, &src) == -1 || read_address(&r, &dst) == -1)
		return -1;
	set_address(j->d->opt.rows, FIELD_nat_src_host, &src);
	set_address(j->d->opt.rows, FIELD_nat_dst_host, &dst);
	return 0;
}

/* One record about the sampled packet. 0 also where it is of a kind that is not ours. */
static int
read_record(struct job *j, uint32_t format, struct rd r)
{
	switch (format) {
	case RECORD_HEADER:
		return read_header(j, r);
	case RECORD_ETHERNET:
		return read_ethernet(j, r);
	case RECORD_IP4:
		return read_ip(j, r, false);
	case RECORD_IP6:
		return read_ip(j, r, true);
	case RECORD_SWITCH:
		return read_switch(j, r);
	case RECORD_ROUTER:
		return read_router(j, r);
	case RECORD_GATEWAY:
		return read_gateway(j, r);
	case RECORD_NAT:
		return read_nat(j, r);
	default:
		return 0;
	}
}

struct sample {
	uint32_t rate, in_format, in, out_format, out, records;
};

static int
read_sample_head(struct sample *s, struct rd *r, bool expanded)
{
	/* sequence, source (of two words when expanded) before; pool and drops between */
	if (rd_skip(r, expanded ? 12 : 8) == -1 || rd_be32(r, &s->rate) == -1 || rd_skip(r, 8) == -1)
		return -1;
	if (expanded)
		return rd_be32(r, &s->in_format) == -1 || rd_be32(r, &s->in) == -1 ||
			       rd_be32(r, &s->out_format) == -1 || rd_be32(r, &s->out) == -1
			   ? -1
			   : rd_be32(r, &s->records);
	if (rd_be32(r, &s->in) == -1 || rd_be32(r, &s->out) == -1)
		return -1;
	s->in_format = s->in >> 30;
	s->in &= 0x3fffffff;
	s->out_format = s->out >> 30;
	s->out &= 0x3fffffff;
	return rd_be32(r, &s->records);
}

/* A record that cannot be read costs itself: each has its own length. */
static void
read_flow_sample(struct job *j, struct rd r, bool expanded)
{
	struct builder *rows = j->d->opt.rows;
	struct sample s = {0};
	uint32_t row, format, len;
	struct rd record;

	if (read_sample_head(&s, &r, expanded) == -1) {
		job_count(j, COUNT_BAD_RECORD, 1);
		return;
	}
	fill_rows(j, 1, &row);
	fill_common(j, row, 1);
	builder_u64(rows, FIELD_timestamp_start, (uint64_t)j->received_ms);
	builder_u64(rows, FIELD_timestamp_end, (uint64_t)j->received_ms);
	builder_u64(rows, FIELD_packets, 1);
	s.rate = sampling_by_rule(j->exporter, s.rate);
	if (s.rate != 0)
		builder_u32(rows, FIELD_sampling_rate, s.rate);
	set_interface(rows, FIELD_input_interface, s.in_format, s.in);
	set_interface(rows, FIELD_output_interface, s.out_format, s.out);
	for (uint32_t i = 0; i < s.records; i++) {
		if (rd_be32(&r, &format) == -1 || rd_be32(&r, &len) == -1 || rd_sub(&r, &record, len) == -1 ||
		    read_record(j, format, record) == -1) {
			job_count(j, COUNT_BAD_RECORD, 1);
			break;
		}
	}
	job_count(j, COUNT_FLOWS, 1);
}

/* The version, 32 bits of 5, has been read off. */
void
sflow_datagram(struct job *j, struct rd *r)
{
	uint32_t sub_agent, sequence, samples, format, len;
	struct addr agent;
	struct rd sample;

	if (read_address(r, &agent) == -1 || rd_be32(r, &sub_agent) == -1 || rd_be32(r, &sequence) == -1 ||
	    rd_be32(r, &j->uptime_ms) == -1 || rd_be32(r, &samples) == -1) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	j->export_ms = j->received_ms;
	j->flow_type = STR("sflow5");
	if (domain_get(j, VERSION_KEY, sub_agent) == -1)
		return;
	domain_sequence(j, sequence, 1);
	for (uint32_t i = 0; i < samples; i++) {
		if (rd_be32(r, &format) == -1 || rd_be32(r, &len) == -1 || rd_sub(r, &sample, len) == -1) {
			job_count(j, COUNT_TRUNCATED, 1);
			return;
		}
		if (format == SAMPLE_FLOW || format == SAMPLE_FLOW_EXPANDED)
			read_flow_sample(j, sample, format == SAMPLE_FLOW_EXPANDED);
		else if (format == SAMPLE_COUNTERS || format == SAMPLE_COUNTERS_EXPANDED)
			job_count(j, COUNT_SAMPLES, 1);
	}
}
