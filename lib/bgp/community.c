/* Communities as text and back. */
#include <string.h>

#include "base/num.h"
#include "bgp/attr.h"
#include "flow/put.h"

void
communities_list(struct buf *out, struct str wire)
{
	for (size_t i = 0; i + 4 <= wire.len; i += 4) {
		put_number(out, load_be16(wire.p + i));
		buf_putc(out, ':');
		put_number(out, load_be16(wire.p + i + 2));
		buf_putc(out, '\0');
	}
}

void
large_communities_list(struct buf *out, struct str wire)
{
	for (size_t i = 0; i + 12 <= wire.len; i += 12)
		for (size_t k = 0; k < 12; k += 4) {
			put_number(out, load_be32(wire.p + i + k));
			buf_putc(out, k < 8 ? ':' : '\0');
		}
}

/*
 * Route targets and route origins (RFC 4360 §4, §5, RFC 5668) as "rt:64496:1",
 * with an AS number or an address before the number; others as they are, in hex.
 */
void
extended_communities_list(struct buf *out, struct str wire)
{
	for (size_t i = 0; i + 8 <= wire.len; i += 8) {
		const char *p = wire.p + i, *name = p[1] == 2 ? "rt" : "ro";
		struct addr a = addr_from_v4(load_be32(p + 2));
		char text[ADDR_TEXT_MAX];

		if ((p[1] != 2 && p[1] != 3) || (unsigned char)p[0] > 2)
			buf_printf(out, "0x%016llx", (unsigned long long)load_be64(p));
		else if (p[0] == 0)
			buf_printf(out, "%s:%u:%u", name, load_be16(p + 2), (unsigned)load_be32(p + 4));
		else if (p[0] == 1)
			buf_printf(out, "%s:%s:%u", name, addr_text(text, &a), load_be16(p + 6));
		else
			buf_printf(out, "%s:%u:%u", name, (unsigned)load_be32(p + 2), load_be16(p + 6));
		buf_putc(out, '\0');
	}
}

/* RFC 1997, RFC 7999, RFC 8326. */
static const struct {
	const char *name;
	uint32_t value;
} well_known[] = {
    {"graceful-shutdown", 0xffff0000U},
    {"blackhole", BGP_BLACKHOLE},
    {"no-export", BGP_NO_EXPORT},
    {"no-advertise", BGP_NO_ADVERTISE},
    {"no-export-subconfed", 0xffffff03U},
    {"no-peer", 0xffffff04U},
};

static void
store_be(uint8_t *p, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * (width - 1 - i));
}

size_t
community_write(uint8_t out[12], struct str text)
{
	unsigned parts = 1, width;

	for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++)
		if (str_eq(text, str_from(well_known[i].name))) {
			store_be(out, well_known[i].value, 4);
			return 4;
		}
	for (size_t i = 0; i < text.len; i++)
		parts += text.p[i] == ':';
	if (parts != 2 && parts != 3)
		return 0;
	width = parts == 2 ? 2 : 4;
	for (unsigned i = 0; i < parts; i++) {
		const char *colon = i + 1 < parts ? memchr(text.p, ':', text.len) : text.p + text.len;
		struct str part = {text.p, (size_t)(colon - text.p)};
		uint64_t v;

		if (num_parse(&v, part, 0, width == 2 ? UINT16_MAX : UINT32_MAX) == -1)
			return 0;
		store_be(out + i * width, v, width);
		text.p = colon + (i + 1 < parts);
		text.len -= part.len + (i + 1 < parts);
	}
	return parts == 2 ? 4 : 12;
}
