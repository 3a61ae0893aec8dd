#include "detect/flowkey.h"

#include <string.h>

static void
layout_init(struct flowkey_layout *l, const struct rule_key *parts, uint8_t addr_size)
{
	uint8_t at = 0;

	l->src_at = at;
	at += parts->src_ip ? addr_size : 0;
	l->dst_at = at;
	at += parts->dst_ip ? addr_size : 0;
	l->src_port_at = at;
	at += parts->src_port ? 2 : 0;
	l->dst_port_at = at;
	at += parts->dst_port ? 2 : 0;
	l->proto_at = at;
	at += parts->proto ? 1 : 0;
	l->size = (uint8_t)((at + 7) & ~7);
}

void
flowkey_init(struct flowkey *k, const struct rule_key *parts)
{
	*k = (struct flowkey){.parts = *parts};
	layout_init(&k->layouts[KEY_NARROW], parts, 4);
	layout_init(&k->layouts[KEY_WIDE], parts, 16);
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

enum flowkey_width
flowkey_width(const struct flowkey_columns *c, uint32_t row)
{
	bool narrow =
	    (c->src == NULL || addr_is_v4(&c->src[row])) && (c->dst == NULL || addr_is_v4(&c->dst[row]));

	return narrow ? KEY_NARROW : KEY_WIDE;
}

static unsigned
kept_bits(const struct addr *a, const uint8_t len[2])
{
	return addr_is_v4(a) ? 96U + len[0] : len[1];
}

static void
put_key_addr(uint8_t *p, enum flowkey_width width, const struct addr *a, const uint8_t len[2])
{
	struct addr masked = *a;

	if (len[0] < 32 || len[1] < 128)
		addr_mask(&masked, kept_bits(a, len));
	if (width == KEY_NARROW)
		memcpy(p, masked.b + 12, 4);
	else
		memcpy(p, masked.b, 16);
}

void
flowkey_build(const struct flowkey *k, enum flowkey_width width, const struct flowkey_columns *c,
    uint32_t row, uint8_t *p)
{
	const struct flowkey_layout *l = &k->layouts[width];

	memset(p + l->size - 8, 0, 8);
	if (c->src != NULL)
		put_key_addr(p + l->src_at, width, &c->src[row], k->parts.src_len);
	if (c->dst != NULL)
		put_key_addr(p + l->dst_at, width, &c->dst[row], k->parts.dst_len);
	if (c->src_port != NULL)
		memcpy(p + l->src_port_at, &c->src_port[row], 2);
	if (c->dst_port != NULL)
		memcpy(p + l->dst_port_at, &c->dst_port[row], 2);
	if (c->proto != NULL)
		p[l->proto_at] = c->proto[row];
}

struct prefix
flowkey_prefix(const struct flowkey *k, enum flowkey_width width, const uint8_t *p, enum rule_target side)
{
	const struct flowkey_layout *l = &k->layouts[width];
	const uint8_t *len = side == TARGET_SRC ? k->parts.src_len : k->parts.dst_len;
	struct prefix net = {
	    .addr = addr_from_bytes(p + (side == TARGET_SRC ? l->src_at : l->dst_at), width == KEY_WIDE)};

	net.len = (uint8_t)kept_bits(&net.addr, len);
	return net;
}

static void
json_address(const struct flowkey *k, enum flowkey_width width, const uint8_t *p, enum rule_target side,
    struct buf *out)
{
	const char *name = side == TARGET_SRC ? "src" : "dst";
	const uint8_t *len = side == TARGET_SRC ? k->parts.src_len : k->parts.dst_len;
	struct prefix net = flowkey_prefix(k, width, p, side);
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
flowkey_json(const struct flowkey *k, enum flowkey_width width, const uint8_t *p, struct buf *out)
{
	const struct flowkey_layout *l = &k->layouts[width];

	buf_putc(out, '{');
	if (k->parts.src_ip)
		json_address(k, width, p, TARGET_SRC, out);
	if (k->parts.dst_ip)
		json_address(k, width, p, TARGET_DST, out);
	if (k->parts.src_port)
		json_port("src_port", p + l->src_port_at, out);
	if (k->parts.dst_port)
		json_port("dst_port", p + l->dst_port_at, out);
	if (k->parts.proto)
		buf_printf(out, "\"proto\":%u,", p[l->proto_at]);
	/* A key has at least one part: the last comma becomes the brace. */
	out->p[out->len - 1] = '}';
}
