#include "detect/flowkey.h"

#include <string.h>

void
flowkey_init(struct flowkey *k, const struct rule_key *parts)
{
	uint8_t at = 0;

	*k = (struct flowkey){.parts = *parts};
	k->src_at = at;
	at += parts->src_ip ? 16 : 0;
	k->dst_at = at;
	at += parts->dst_ip ? 16 : 0;
	k->src_port_at = at;
	at += parts->src_port ? 2 : 0;
	k->dst_port_at = at;
	at += parts->dst_port ? 2 : 0;
	k->proto_at = at;
	at += parts->proto ? 1 : 0;
	k->size = (uint8_t)((at + 7) & ~7);
}

void
flowkey_columns(const struct flowkey *k, struct flows *f, uint64_t *bits, struct flowkey_columns *c)
{
	*c = (struct flowkey_columns){0};
	if (k->parts.src_ip) {
		flows_require(f, bits, FIELD_src_host);
		c->src = flows_addr(f, FIELD_src_host);
	}
	if (k->parts.dst_ip) {
		flows_require(f, bits, FIELD_dst_host);
		c->dst = flows_addr(f, FIELD_dst_host);
	}
	if (k->parts.src_port) {
		flows_require(f, bits, FIELD_src_port);
		c->src_port = flows_u16(f, FIELD_src_port);
	}
	if (k->parts.dst_port) {
		flows_require(f, bits, FIELD_dst_port);
		c->dst_port = flows_u16(f, FIELD_dst_port);
	}
	if (k->parts.proto) {
		flows_require(f, bits, FIELD_proto);
		c->proto = flows_flat(f, FIELD_proto);
	}
}

static unsigned
kept_bits(const struct addr *a, const uint8_t len[2])
{
	return addr_is_v4(a) ? 96U + len[0] : len[1];
}

static void
put_addr(uint8_t *p, const struct addr *a, const uint8_t len[2])
{
	struct addr masked = *a;

	if (len[0] < 32 || len[1] < 128)
		addr_mask(&masked, kept_bits(a, len));
	memcpy(p, masked.b, 16);
}

void
flowkey_build(const struct flowkey *k, const struct flowkey_columns *c, uint32_t row, uint8_t *p)
{
	memset(p + k->size - 8, 0, 8);
	if (k->parts.src_ip)
		put_addr(p + k->src_at, &c->src[row], k->parts.src_len);
	if (k->parts.dst_ip)
		put_addr(p + k->dst_at, &c->dst[row], k->parts.dst_len);
	if (k->parts.src_port)
		memcpy(p + k->src_port_at, &c->src_port[row], 2);
	if (k->parts.dst_port)
		memcpy(p + k->dst_port_at, &c->dst_port[row], 2);
	if (k->parts.proto)
		p[k->proto_at] = c->proto[row];
}

struct prefix
flowkey_prefix(const struct flowkey *k, const uint8_t *p, enum rule_target side)
{
	struct prefix net;

	memcpy(net.addr.b, p + (side == TARGET_SRC ? k->src_at : k->dst_at), 16);
	net.len = (uint8_t)kept_bits(&net.addr, side == TARGET_SRC ? k->parts.src_len : k->parts.dst_len);
	return net;
}

static void
json_address(const struct flowkey *k, const uint8_t *p, enum rule_target side, struct buf *out)
{
	const char *name = side == TARGET_SRC ? "src" : "dst";
	const uint8_t *len = side == TARGET_SRC ? k->parts.src_len : k->parts.dst_len;
	struct prefix net = flowkey_prefix(k, p, side);
	char text[PREFIX_TEXT_MAX];

	if (len[0] < 32 || len[1] < 128)
		buf_printf(out, "\"%s_prefix\":\"%s\",", name, prefix_text(text, &net));
	else
		buf_printf(out, "\"%s_ip\":\"%s\",", name, addr_text(text, &net.addr));
}

static void
json_port(const char *name, const uint8_t *p, struct buf *out)
{
	uint16_t port;

	memcpy(&port, p, sizeof port);
	buf_printf(out, "\"%s\":%u,", name, port);
}

void
flowkey_json(const struct flowkey *k, const uint8_t *p, struct buf *out)
{
	buf_putc(out, '{');
	if (k->parts.src_ip)
		json_address(k, p, TARGET_SRC, out);
	if (k->parts.dst_ip)
		json_address(k, p, TARGET_DST, out);
	if (k->parts.src_port)
		json_port("src_port", p + k->src_port_at, out);
	if (k->parts.dst_port)
		json_port("dst_port", p + k->dst_port_at, out);
	if (k->parts.proto)
		buf_printf(out, "\"proto\":%u,", p[k->proto_at]);
	/* A key has at least one part: the last comma becomes the brace. */
	out->p[out->len - 1] = '}';
}
