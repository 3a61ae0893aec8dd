#include "detect/flowkey.h"

#include <string.h>

#include "detect/keyhash.h"

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

static unsigned
kept_bits(const struct addr *a, const uint8_t len[2])
{
	return addr_is_v4(a) ? 96U + len[0] : len[1];
}

/* The columns that a key is made of. */
struct columns {
	const struct addr *src, *dst;
	const uint16_t *src_port, *dst_port;
	const uint8_t *proto;
};

/* Fetches the columns and takes rows away that lack a part. */
static struct columns
columns_of(const struct rule_key *parts, struct flows *f, uint64_t *present)
{
	const struct {
		bool is;
		enum field field;
	} wanted[] = {
	    {parts->src_ip, FIELD_src_host},
	    {parts->dst_ip, FIELD_dst_host},
	    {parts->src_port, FIELD_src_port},
	    {parts->dst_port, FIELD_dst_port},
	    {parts->proto, FIELD_proto},
	};
	const void *flat[5] = {NULL};

	for (unsigned i = 0; i < 5; i++) {
		if (!wanted[i].is)
			continue;
		flows_require(f, present, wanted[i].field);
		flat[i] = flows_flat(f, wanted[i].field);
	}
	return (struct columns){flat[0], flat[1], flat[2], flat[3], flat[4]};
}

/* Addresses four bytes each; other than IPv4 ones make no sense there, nor do they harm. */
static void
put_narrow(uint8_t *keys, uint8_t size, const struct addr *a, uint8_t kept, uint32_t rows)
{
	uint32_t mask = kept == 0 ? 0 : __builtin_bswap32(UINT32_MAX << (32 - kept));

	for (uint32_t i = 0; i < rows; i++) {
		uint32_t v;

		memcpy(&v, a[i].b + 12, sizeof v);
		v &= mask;
		memcpy(keys + (size_t)i * size, &v, sizeof v);
	}
}

static void
put_wide(uint8_t *key, const struct addr *a, const uint8_t len[2])
{
	struct addr masked = *a;

	if (len[0] < 32 || len[1] < 128)
		addr_mask(&masked, kept_bits(a, len));
	memcpy(key, masked.b, sizeof masked.b);
}

/* Ports and the protocol, which stand alike in both layouts. */
static void
put_rest(uint8_t *key, const struct flowkey_layout *l, const struct columns *c, uint32_t row)
{
	if (c->src_port != NULL)
		memcpy(key + l->src_port_at, &c->src_port[row], 2);
	if (c->dst_port != NULL)
		memcpy(key + l->dst_port_at, &c->dst_port[row], 2);
	if (c->proto != NULL)
		key[l->proto_at] = c->proto[row];
}

static void
make_narrow(const struct flowkey *k, const struct flows *f, const struct columns *c, uint64_t seed,
    struct flowkey_rows *out)
{
	const struct flowkey_layout *l = &k->layouts[KEY_NARROW];
	uint8_t *keys = arena_zero(f->arena, (size_t)f->rows * l->size);

	if (c->src != NULL)
		put_narrow(keys + l->src_at, l->size, c->src, k->parts.src_len[0], f->rows);
	if (c->dst != NULL)
		put_narrow(keys + l->dst_at, l->size, c->dst, k->parts.dst_len[0], f->rows);
	for (uint32_t i = 0; i < f->rows; i++) {
		put_rest(keys + (size_t)i * l->size, l, c, i);
		out->hashes[i] = hash_key(keys + (size_t)i * l->size, l->size, seed);
	}
	out->keys[KEY_NARROW] = keys;
}

static void
make_wide(const struct flowkey *k, const struct flows *f, const struct columns *c, uint64_t seed,
    struct flowkey_rows *out)
{
	const struct flowkey_layout *l = &k->layouts[KEY_WIDE];

	for (uint32_t word = 0; word < f->words; word++) {
		for (uint64_t left = out->wide[word]; left != 0; left &= left - 1) {
			uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(left);

			if (out->keys[KEY_WIDE] == NULL)
				out->keys[KEY_WIDE] = arena_zero(f->arena, (size_t)f->rows * l->size);
			uint8_t *key = out->keys[KEY_WIDE] + (size_t)i * l->size;
			if (c->src != NULL)
				put_wide(key + l->src_at, &c->src[i], k->parts.src_len);
			if (c->dst != NULL)
				put_wide(key + l->dst_at, &c->dst[i], k->parts.dst_len);
			put_rest(key, l, c, i);
			out->hashes[i] = hash_key(key, l->size, seed);
		}
	}
}

void
flowkey_rows(const struct flowkey *k, struct flows *f, uint64_t seed, struct flowkey_rows *out)
{
	size_t set = (size_t)f->words * sizeof(uint64_t);

	*out = (struct flowkey_rows){.present = flows_all(f), .wide = arena_zero(f->arena, set)};
	const struct columns c = columns_of(&k->parts, f, out->present);
	out->hashes = arena_alloc(f->arena, (size_t)f->rows * sizeof *out->hashes);
	make_narrow(k, f, &c, seed, out);
	if (c.src == NULL && c.dst == NULL)
		return;
	memcpy(out->wide, out->present, set);
	FLOWS_KEEP(f, out->wide,
	    (c.src != NULL && !addr_is_v4(&c.src[row])) || (c.dst != NULL && !addr_is_v4(&c.dst[row])));
	make_wide(k, f, &c, seed, out);
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
