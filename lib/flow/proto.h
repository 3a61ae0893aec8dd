/*
 * IP protocol names and numbers, after IANA's "Protocol Numbers" registry. Our
 * own table: the machine's /etc/protocols may be absent or differ, and a rule
 * must mean the same everywhere.
 */
#ifndef FLOW_PROTO_H
#define FLOW_PROTO_H

#include <stdint.h>

#include "base/bytes.h"

/*
 * A name in any case ("tcp", "IPv6-ICMP", also "icmp6"), or a number from 0 to
 * 255 in decimal. 0 or -1.
 */
int proto_parse(uint8_t *proto, struct str s);

/* The lower-case name, NUL-terminated; empty for a number without one. */
struct str proto_name(uint8_t proto);

#endif
