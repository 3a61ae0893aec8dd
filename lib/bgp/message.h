/*
 * BGP messages but for OPEN and UPDATE: where one ends in a stream (RFC 4271
 * §4.1, §6.1), NOTIFICATION, KEEPALIVE, ROUTE-REFRESH.
 */
#ifndef BGP_MESSAGE_H
#define BGP_MESSAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bgp/proto.h"

/* What ends a session: as it goes into a NOTIFICATION, and in words for the log. */
struct bgp_error {
	uint8_t code, subcode;
	uint16_t len;
	uint8_t data[256];
	struct err words;
};

/* Sets it, its data apart. Always -1. */
int bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void bgp_error_data(struct bgp_error *e, const void *p, size_t len); /* cut to what fits */

struct bgp_message {
	enum bgp_type type;
	struct rd body;
};

/*
 * The message that begins at p, of which `have` bytes are there: its length, 0
 * if more is needed, -1 if it is none. `max` is BGP_MESSAGE_MAX, or
 * BGP_EXTENDED_MAX where both sides can (RFC 8654).
 */
ssize_t bgp_message_read(
    struct bgp_message *m, const uint8_t *p, size_t have, size_t max, struct bgp_error *e);

/* Begins a message of that type; its place is for bgp_message_end, which fills the length in. */
size_t bgp_message_begin(struct buf *out, enum bgp_type type);
void bgp_message_end(struct buf *out, size_t at);

void bgp_keepalive_write(struct buf *out);
void bgp_notification_write(struct buf *out, const struct bgp_error *e);

/* RFC 9003: a reason of at most 255 bytes for those who read the peer's log. */
void bgp_shutdown_write(struct buf *out, uint8_t subcode, struct str reason);

/* What the peer says; its words name code and subcode, and the reason of RFC 9003, cleaned. */
void bgp_notification_read(struct bgp_error *e, struct rd body);

/* RFC 2918, RFC 7313 §3.2. */
enum bgp_refresh { BGP_REFRESH_ASK = 0, BGP_REFRESH_BEGIN = 1, BGP_REFRESH_END = 2 };
void bgp_refresh_write(struct buf *out, enum bgp_family f);

/* 0; 1 for a family or kind that we do not know, which is no error; -1. `flows`: of the family's flowspec. */
int bgp_refresh_read(
    enum bgp_family *f, bool *flows, enum bgp_refresh *kind, struct rd body, struct bgp_error *e);

/* 0, or -1 for a family that is not ours. */
int bgp_family_of(enum bgp_family *f, uint16_t afi, uint8_t safi);
static inline uint16_t
bgp_afi(enum bgp_family f)
{
	return f == BGP_IPV4 ? BGP_AFI_IPV4 : BGP_AFI_IPV6;
}

#endif
