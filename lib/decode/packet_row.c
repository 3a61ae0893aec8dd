#include "decode/packet_row.h"

#include "base/num.h"

void
packet_row_labels(struct builder *rows, const uint32_t *labels, unsigned n)
{
	char list[PACKET_LABELS_MAX * 8]; /* 20 bits are 7 digits, and a NUL */
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		len += num_format(list + len, labels[i]);
		list[len++] = '\0';
	}
	if (len > 0)
		builder_str(rows, FIELD_mpls_labels, (struct str){list, len});
}

static void
row_ip(struct builder *rows, const struct packet *p)
{
	builder_addr(rows, FIELD_src_host, &p->src);
	builder_addr(rows, FIELD_dst_host, &p->dst);
	builder_u8(rows, FIELD_ip_protocol, p->version);
	builder_u8(rows, FIELD_proto, p->proto);
	builder_u8(rows, FIELD_tos, p->tos);
	builder_u8(rows, FIELD_ttl, p->ttl);
	if (p->ip_len != 0)
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

void
packet_row(struct builder *rows, const struct packet *p)
{
	if (p->has_mac && !builder_has(rows, FIELD_src_mac)) {
		builder_u64(rows, FIELD_src_mac, p->src_mac);
		builder_u64(rows, FIELD_dst_mac, p->dst_mac);
	}
	if (p->has_vlan && !builder_has(rows, FIELD_src_vlan))
		builder_u16(rows, FIELD_src_vlan, p->vlan);
	packet_row_labels(rows, p->labels, p->label_count);
	if (p->version != 0)
		row_ip(rows, p);
}
