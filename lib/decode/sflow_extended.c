/* What an agent tells about a sampled packet: extended data (§5.2.2 and sflow.org's list of structures). */
#include "base/num.h"
#include "decode/packet_row.h"
#include "decode/sflow.h"

enum {
	EXTENDED_SWITCH = 1001,
	EXTENDED_ROUTER = 1002,
	EXTENDED_GATEWAY = 1003,
	EXTENDED_MPLS = 1006,
	EXTENDED_NAT = 1007,
	EXTENDED_VLAN_TUNNEL = 1012,
	EXTENDED_NAT_PORT = 1020,
};

enum { PATH_MAX_AS = 64, COMMUNITIES_MAX = 64, VLAN_MAX = 4095 };

static void
set_address(struct builder *rows, enum field f, const struct addr *a)
{
	if (!addr_is_any(a))
		builder_addr(rows, f, a);
}

static void
set_as(struct builder *rows, enum field f, uint32_t as)
{
	if (as != 0)
		builder_u32(rows, f, as);
}

/* All ones: not known; zero: untagged. */
static void
set_vlan(struct builder *rows, enum field f, uint32_t vlan)
{
	if (vlan != 0 && vlan < VLAN_MAX)
		builder_u16(rows, f, (uint16_t)vlan);
}

/* A length. Some send the netmask instead, /0 and "not known" are then the same. */
static void
set_mask(struct builder *rows, enum field f, uint32_t mask)
{
	if (mask <= 128)
		builder_u8(rows, f, (uint8_t)mask);
	else if ((~mask & (~mask + 1)) == 0)
		builder_u8(rows, f, (uint8_t)__builtin_popcount(mask));
}

/* VLANs where it came in and goes out; their priorities have no field. */
static int
read_switch(struct builder *rows, struct rd *r)
{
	uint32_t src, priority, dst;

	if (rd_be32(r, &src) == -1 || rd_be32(r, &priority) == -1 || rd_be32(r, &dst) == -1)
		return -1;
	set_vlan(rows, FIELD_src_vlan, src);
	set_vlan(rows, FIELD_dst_vlan, dst);
	return 0;
}

/* Tags that were stripped before it was sampled, the outermost first: 16 bits of type, 16 of tag. */
static int
read_vlan_tunnel(struct builder *rows, struct rd *r)
{
	uint32_t count, tag;

	if (rd_be32(r, &count) == -1 || (count > 0 && rd_be32(r, &tag) == -1))
		return -1;
	if (count > 0)
		set_vlan(rows, FIELD_src_vlan, tag & 0xfff);
	return 0;
}

static int
read_router(struct builder *rows, struct rd *r)
{
	struct addr hop;
	uint32_t src, dst;

	if (sflow_address(r, &hop) == -1 || rd_be32(r, &src) == -1 || rd_be32(r, &dst) == -1)
		return -1;
	set_address(rows, FIELD_next_hop, &hop);
	set_mask(rows, FIELD_src_mask, src);
	set_mask(rows, FIELD_dst_mask, dst);
	return 0;
}

/* The AS path towards the destination: *last is its origin, *first our neighbour. */
static int
read_path(struct builder *rows, struct rd *r, uint32_t *first, uint32_t *last)
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
		builder_str(rows, FIELD_as_path, (struct str){list, n});
	return 0;
}

static int
read_communities(struct builder *rows, struct rd *r)
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
		builder_str(rows, FIELD_communities, (struct str){list, n});
	return 0;
}

static int
read_gateway(struct builder *rows, struct rd *r)
{
	struct addr hop;
	uint32_t own, src, src_peer, first, last, local_pref;

	if (sflow_address(r, &hop) == -1 || rd_be32(r, &own) == -1 || rd_be32(r, &src) == -1 ||
	    rd_be32(r, &src_peer) == -1)
		return -1;
	set_address(rows, FIELD_bgp_next_hop, &hop);
	/* An origin of 0 is the agent's own AS. */
	set_as(rows, FIELD_src_as, src != 0 ? src : own);
	set_as(rows, FIELD_peer_src_as, src_peer);
	if (read_path(rows, r, &first, &last) == -1)
		return -1;
	set_as(rows, FIELD_dst_as, last != 0 ? last : own);
	set_as(rows, FIELD_peer_dst_as, first);
	if (read_communities(rows, r) == -1 || rd_be32(r, &local_pref) == -1)
		return -1;
	builder_u32(rows, FIELD_local_pref, local_pref);
	return 0;
}

/* The labels it came with, as they stood in the packet; those it leaves with have no field. */
static int
read_mpls(struct builder *rows, struct rd *r)
{
	struct addr hop;
	uint32_t count, entry, labels[PACKET_LABELS_MAX];
	unsigned n = 0;

	if (sflow_address(r, &hop) == -1 || rd_be32(r, &count) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (rd_be32(r, &entry) == -1)
			return -1;
		if (n < PACKET_LABELS_MAX)
			labels[n++] = entry >> 12;
	}
	set_address(rows, FIELD_next_hop, &hop);
	packet_row_labels(rows, labels, n);
	return 0;
}

static int
read_nat(struct builder *rows, struct rd *r)
{
	struct addr src, dst;

	if (sflow_address(r, &src) == -1 || sflow_address(r, &dst) == -1)
		return -1;
	set_address(rows, FIELD_nat_src_host, &src);
	set_address(rows, FIELD_nat_dst_host, &dst);
	return 0;
}

static int
read_nat_port(struct builder *rows, struct rd *r)
{
	uint32_t src, dst;

	if (rd_be32(r, &src) == -1 || rd_be32(r, &dst) == -1)
		return -1;
	builder_u16(rows, FIELD_nat_src_port, (uint16_t)src);
	builder_u16(rows, FIELD_nat_dst_port, (uint16_t)dst);
	return 0;
}

int
sflow_extended(struct job *j, uint32_t format, struct rd r)
{
	struct builder *rows = j->d->opt.rows;

	switch (format) {
	case EXTENDED_SWITCH:
		return read_switch(rows, &r);
	case EXTENDED_ROUTER:
		return read_router(rows, &r);
	case EXTENDED_GATEWAY:
		return read_gateway(rows, &r);
	case EXTENDED_MPLS:
		return read_mpls(rows, &r);
	case EXTENDED_NAT:
		return read_nat(rows, &r);
	case EXTENDED_VLAN_TUNNEL:
		return read_vlan_tunnel(rows, &r);
	case EXTENDED_NAT_PORT:
		return read_nat_port(rows, &r);
	default:
		return 0;
	}
}
