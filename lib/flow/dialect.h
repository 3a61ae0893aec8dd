/*
 * The JSON of other collectors: which of their keys is which field, and how its
 * value is written. Our own keys mean the same in every dialect unless its table
 * says otherwise.
 */
#ifndef FLOW_DIALECT_H
#define FLOW_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/field.h"

enum dialect { DIALECT_NATIVE, DIALECT_PMACCT, DIALECT_GOFLOW2, DIALECT_NFDUMP, DIALECTS };

/* How a value is to be read; where it says nothing else, null and "" mean absent. */
enum how {
	HOW_PLAIN, /* by the field's type, see flow/ndjson.h */
	HOW_PROTO, /* protocol name or number */
	HOW_TCPFLAGS, /* number, letters, names, array of names */
	HOW_TIME_MS, /* integer, or text as any time */
	HOW_TIME_NS,
	HOW_TIME_SPARE, /* as HOW_PLAIN, but only if the line has nothing better */
	HOW_ETYPE, /* "IPv4", "86dd" in hex as text, 2048 as number: IP version */
	HOW_FLOW_TYPE, /* SFLOW_5, NETFLOW_V9… */
	HOW_EXPORT_VERSION, /* 5, 9, 10: flow type */
	HOW_ICMP_TYPE, /* upper octet of icmp_type */
	HOW_ICMP_CODE, /* lower octet */
	HOW_MASK, /* length, or the prefix as text */
	HOW_WORDS, /* a list as one string, words separated by space, '_' or ',' */
	HOW_MARK, /* the token of a mark */
	HOW_EXTRA, /* no field: goes to `extra` */
};

struct dialect_key {
	const char *name;
	uint16_t field;
	uint8_t how;
	bool telling; /* whoever writes it speaks this dialect */
};

struct dialect_info {
	const char *name;
	const struct dialect_key *keys;
	unsigned key_count;
};

extern const struct dialect_info dialects[DIALECTS];

/* By name; -1 with words that list the names. */
int dialect_parse(enum dialect *d, const char *name, struct err *e);

#endif
