/* Records of a flow sample: the sampled packet itself (§5.2.2), and the way to what is told about it. */
#include "decode/packet_row.h"
#include "decode/sflow.h"

enum { RECORD_HEADER = 1, RECORD_ETHERNET = 2, RECORD_IP4 = 3, RECORD_IP6 = 4 };

/* How the sampled bytes begin, enum header_protocol; -1: with nothing that we read. */
static int
link_of(uint32_t protocol)
{
	enum { ETHERNET = 1, PPP = 7, IP4 = 11, IP6 = 12, MPLS = 13, POS = 14 };

	switch (protocol) {
	case ETHERNET:
		return PACKET_ETHERNET;
	case PPP:
	case POS:
		return PACKET_PPP;
	case IP4:
	case IP6:
		return PACKET_IP;
	case MPLS:
		return PACKET_MPLS;
	default:
		return -1;
	}
}

static void
set_frame_len(struct builder *rows, uint32_t len)
{
	if (!builder_has(rows, FIELD_bytes))
		builder_u64(rows, FIELD_bytes, len);
}

/* The first bytes of the packet. Huawei crops to 52 bytes; of what is cut short, what is there is read. */
static int
read_header(struct job *j, struct rd r)
{
	uint32_t protocol, frame_len, stripped, len;
	struct packet p;

	if (rd_be32(&r, &protocol) == -1 || rd_be32(&r, &frame_len) == -1 || rd_be32(&r, &stripped) == -1 ||
	    rd_be32(&r, &len) == -1)
		return -1;
	bool whole = len <= rd_left(&r);
	size_t there = whole ? len : rd_left(&r);
	int link = link_of(protocol);
	set_frame_len(j->d->opt.rows, frame_len);
	if (link == -1)
		return whole ? 0 : -1;
	if (j->d->opt.inner)
		packet_parse_inner(&p, (enum packet_link)link, r.p, there);
	else
		packet_parse(&p, (enum packet_link)link, r.p, there);
	packet_row(j->d->opt.rows, &p);
	return whole ? 0 : -1;
}

/* Each address is padded to two words. */
static int
read_ethernet(struct job *j, struct rd r)
{
	struct builder *rows = j->d->opt.rows;
	uint32_t len;
	const uint8_t *macs;

	if (rd_be32(&r, &len) == -1 || rd_bytes(&r, &macs, 16) == -1)
		return -1;
	set_frame_len(rows, len);
	builder_u64(rows, FIELD_src_mac, load_be64(macs) >> 16);
	builder_u64(rows, FIELD_dst_mac, load_be64(macs + 8) >> 16);
	return 0;
}

/* The IP header's fields, each in a word; the header itself, if it was sampled too, tells more. */
static int
read_ip(struct job *j, struct rd r, bool v6)
{
	enum { TCP = 6, UDP = 17, SCTP = 132 };
	struct builder *rows = j->d->opt.rows;
	const uint8_t *src, *dst;
	uint32_t len, proto, src_port, dst_port, flags, tos;

	if (rd_be32(&r, &len) == -1 || rd_be32(&r, &proto) == -1 || rd_bytes(&r, &src, v6 ? 16 : 4) == -1 ||
	    rd_bytes(&r, &dst, v6 ? 16 : 4) == -1 || rd_be32(&r, &src_port) == -1 ||
	    rd_be32(&r, &dst_port) == -1 || rd_be32(&r, &flags) == -1 || rd_be32(&r, &tos) == -1)
		return -1;
	if (builder_has(rows, FIELD_src_host))
		return 0;
	struct addr a = addr_from_bytes(src, v6), b = addr_from_bytes(dst, v6);
	builder_addr(rows, FIELD_src_host, &a);
	builder_addr(rows, FIELD_dst_host, &b);
	builder_u8(rows, FIELD_ip_protocol, v6 ? 6 : 4);
	builder_u8(rows, FIELD_proto, (uint8_t)proto);
	builder_u8(rows, FIELD_tos, (uint8_t)tos);
	builder_u64(rows, FIELD_bytes, len);
	if (proto == TCP || proto == UDP || proto == SCTP) {
		builder_u16(rows, FIELD_src_port, (uint16_t)src_port);
		builder_u16(rows, FIELD_dst_port, (uint16_t)dst_port);
	}
	if (proto == TCP)
		builder_u16(rows, FIELD_tcpflags, (uint16_t)flags);
	return 0;
}

int
sflow_record(struct job *j, uint32_t format, struct rd r)
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
	default:
		return sflow_extended(j, format, r);
	}
}
