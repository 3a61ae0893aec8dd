#include "bgp/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->subcode = subcode;
	e->len = 0;
	va_start(ap, fmt);
	vsnprintf(e->words.msg, sizeof e->words.msg, fmt, ap);
	va_end(ap);
	return -1;
}

void
bgp_error_data(struct bgp_error *e, const void *p, size_t len)
{
	e->len = (uint16_t)(len < sizeof e->data ? len : sizeof e->data);
	memcpy(e->data, p, e->len);
}

/* The least and the most that a message of the type may be long; 0: there is no such type. */
static size_t
length_min(unsigned type)
{
	static const uint8_t least[] = {[BGP_OPEN] = 29,
	    [BGP_UPDATE] = 23,
	    [BGP_NOTIFICATION] = 21,
	    [BGP_KEEPALIVE] = 19,
	    [BGP_REFRESH] = 23};

	return type < sizeof least ? least[type] : 0;
}

/* RFC 8654 §4: these two never take more, whatever was agreed on. */
static size_t
length_max(unsigned type, size_t max)
{
	return type == BGP_KEEPALIVE ? BGP_HEADER : type == BGP_OPEN ? BGP_MESSAGE_MAX : max;
}

ssize_t
bgp_message_read(struct bgp_message *m, const uint8_t *p, size_t have, size_t max, struct bgp_error *e)
{
	static const uint8_t marker[16] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (memcmp(p, marker, have < sizeof marker ? have : sizeof marker) != 0)
		return bgp_error_set(
		    e, BGP_ERR_HEADER, BGP_HEADER_SYNC, "no marker where a message should begin");
	if (have < BGP_HEADER)
		return 0;
	size_t len = load_be16(p + 16);
	unsigned type = p[18];
	if (length_min(type) == 0) {
		bgp_error_set(e, BGP_ERR_HEADER, BGP_HEADER_TYPE, "a message of the unknown type %u", type);
		bgp_error_data(e, p + 18, 1);
		return -1;
	}
	if (len < length_min(type) || len > length_max(type, max)) {
		bgp_error_set(
		    e, BGP_ERR_HEADER, BGP_HEADER_LENGTH, "a message of type %u of %zu bytes", type, len);
		bgp_error_data(e, p + 16, 2);
		return -1;
	}
	if (have < len)
		return 0;
	*m = (struct bgp_message){(enum bgp_type)type, rd_from(p + BGP_HEADER, len - BGP_HEADER)};
	return (ssize_t)len;
}

size_t
bgp_message_begin(struct buf *out, enum bgp_type type)
{
	size_t at = out->len;
	uint8_t *p = buf_reserve(out, BGP_HEADER);

	memset(p, 0xff, 16);
	p[16] = p[17] = 0;
	p[18] = (uint8_t)type;
	out->len += BGP_HEADER;
	return at;
}

void
bgp_message_end(struct buf *out, size_t at)
{
	size_t len = out->len - at;

	out->p[at + 16] = (uint8_t)(len >> 8);
	out->p[at + 17] = (uint8_t)len;
}

void
bgp_keepalive_write(struct buf *out)
{
	bgp_message_end(out, bgp_message_begin(out, BGP_KEEPALIVE));
}

void
bgp_notification_write(struct buf *out, const struct bgp_error *e)
{
	size_t at = bgp_message_begin(out, BGP_NOTIFICATION);

	buf_putc(out, (char)e->code);
	buf_putc(out, (char)e->subcode);
	buf_add(out, e->data, e->len);
	bgp_message_end(out, at);
}

void
bgp_shutdown_write(struct buf *out, uint8_t subcode, struct str reason)
{
	size_t at = bgp_message_begin(out, BGP_NOTIFICATION), len = reason.len < 255 ? reason.len : 255;

	/* RFC 9003 §2: UTF-8, so no character is cut in two. */
	while (len < reason.len && len > 0 && ((uint8_t)reason.p[len] & 0xc0) == 0x80)
		len--;
	buf_putc(out, BGP_ERR_CEASE);
	buf_putc(out, (char)subcode);
	buf_putc(out, (char)len);
	buf_add(out, reason.p, len);
	bgp_message_end(out, at);
}

static const char *
name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n && names[i] != NULL ? names[i] : "unknown";
}

#define NAME(names, i) name_of(names, sizeof(names) / sizeof(names)[0], i)

static const char *
subcode_name(unsigned code, unsigned subcode)
{
	static const char *const header[] = {
	    "unspecific", "connection not synchronized", "bad message length", "bad message type"};
	static const char *const open[] = {"unspecific", "unsupported version number", "bad peer AS",
	    "bad BGP identifier", "unsupported optional parameter", NULL, "unacceptable hold time",
	    "unsupported capability", NULL, NULL, NULL, "role mismatch"};
	static const char *const update[] = {"unspecific", "malformed attribute list",
	    "unrecognized well-known attribute", "missing well-known attribute", "attribute flags error",
	    "attribute length error", "invalid ORIGIN attribute", NULL, "invalid NEXT_HOP attribute",
	    "optional attribute error", "invalid network field", "malformed AS_PATH"};
	static const char *const fsm[] = {"unspecific", "unexpected message in OpenSent",
	    "unexpected message in OpenConfirm", "unexpected message in Established"};
	static const char *const cease[] = {"unspecific", "maximum number of prefixes reached",
	    "administrative shutdown", "peer de-configured", "administrative reset", "connection rejected",
	    "other configuration change", "connection collision resolution", "out of resources", "hard reset",
	    "BFD down"};

	switch (code) {
	case BGP_ERR_HEADER:
		return NAME(header, subcode);
	case BGP_ERR_OPEN:
		return NAME(open, subcode);
	case BGP_ERR_UPDATE:
		return NAME(update, subcode);
	case BGP_ERR_FSM:
		return NAME(fsm, subcode);
	case BGP_ERR_CEASE:
		return NAME(cease, subcode);
	default:
		return "unspecific";
	}
}

/* The reason of RFC 9003, where there is one: a length and its bytes, and nothing else. */
static struct str
shutdown_reason(const struct bgp_error *e)
{
	bool shutdown =
	    e->code == BGP_ERR_CEASE && (e->subcode == BGP_CEASE_SHUTDOWN || e->subcode == BGP_CEASE_RESET);

	if (!shutdown || e->len < 2 || e->data[0] > e->len - 1)
		return STR("");
	return (struct str){(const char *)e->data + 1, e->data[0]};
}

void
bgp_notification_read(struct bgp_error *e, struct rd body)
{
	static const char *const codes[] = {"nothing", "message header error", "OPEN message error",
	    "UPDATE message error", "hold timer expired", "state machine error", "cease",
	    "ROUTE-REFRESH error"};
	uint8_t code = 0, subcode = 0;

	if (rd_u8(&body, &code) == -1 || rd_u8(&body, &subcode) == -1)
		code = 0;
	bgp_error_set(e, code, subcode, "%s (%u), %s (%u)", NAME(codes, code), code,
	    subcode_name(code, subcode), subcode);
	bgp_error_data(e, body.p, rd_left(&body));
	struct str reason = shutdown_reason(e);
	size_t used = strlen(e->words.msg);
	if (reason.len > 0)
		snprintf(
		    e->words.msg + used, sizeof e->words.msg - used, ": \"%.*s\"", (int)reason.len, reason.p);
}

int
bgp_family_of(enum bgp_family *f, uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST || (afi != BGP_AFI_IPV4 && afi != BGP_AFI_IPV6))
		return -1;
	*f = afi == BGP_AFI_IPV4 ? BGP_IPV4 : BGP_IPV6;
	return 0;
}

void
bgp_refresh_write(struct buf *out, enum bgp_family f)
{
	size_t at = bgp_message_begin(out, BGP_REFRESH);

	buf_be16(out, bgp_afi(f));
	buf_putc(out, BGP_REFRESH_ASK);
	buf_putc(out, BGP_SAFI_UNICAST);
	bgp_message_end(out, at);
}

int
bgp_refresh_read(enum bgp_family *f, bool *flows, enum bgp_refresh *kind, struct rd body, struct bgp_error *e)
{
	uint16_t afi;
	uint8_t what, safi;

	if (rd_be16(&body, &afi) == -1 || rd_u8(&body, &what) == -1 || rd_u8(&body, &safi) == -1)
		return bgp_error_set(
		    e, BGP_ERR_HEADER, BGP_HEADER_LENGTH, "a ROUTE-REFRESH that is too short");
	/* RFC 7313 §5: of a known kind, there is nothing behind it. What RFC 5291 puts there is of kind 0. */
	if (what != BGP_REFRESH_ASK && what <= BGP_REFRESH_END && rd_left(&body) > 0) {
		bgp_error_set(e, BGP_ERR_REFRESH, 1, "a ROUTE-REFRESH that is too long");
		bgp_error_data(e, body.start, (size_t)(body.end - body.start));
		return -1;
	}
	*flows = safi == BGP_SAFI_FLOWSPEC;
	if (what > BGP_REFRESH_END || bgp_family_of(f, afi, *flows ? BGP_SAFI_UNICAST : safi) == -1)
		return 1;
	*kind = (enum bgp_refresh)what;
	return 0;
}
