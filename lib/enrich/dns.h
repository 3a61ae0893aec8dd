/*
 * The two ends of a reverse lookup: the name that is asked for, and what the
 * answer says, read from its bytes (RFC 1035 §4.1). The library that carries
 * both (resolver.c) gives no TTL, and takes any bytes for a name.
 */
#ifndef ENRICH_DNS_H
#define ENRICH_DNS_H

#include "base/addr.h"

#define DNS_NAME_MAX 255 /* bytes of a name as text, at most 253 of them used (RFC 1035 §2.3.4) */
#define DNS_REVERSE_MAX 73 /* of "….ip6.arpa" with its terminator */

enum dns_result {
	DNS_NAME,
	DNS_NONE, /* there is no name, and the server knows it: NXDOMAIN, or no PTR (RFC 2308 §2) */
	DNS_UNFIT, /* there is one that is no host name: bytes other than visible ASCII, or a dot in a label */
	DNS_FAILED, /* SERVFAIL, REFUSED and their kin */
	DNS_GARBAGE, /* not an answer at all */
};

struct dns_answer {
	enum dns_result result;
	uint32_t ttl; /* seconds; of DNS_NONE as the SOA says, 0 if there is none */
	char name[DNS_NAME_MAX]; /* of DNS_NAME: without the last dot, not terminated */
	uint8_t name_len;
};

/* Reads len bytes of any content. */
void dns_answer_read(struct dns_answer *a, const void *p, size_t len);

/* "4.3.2.1.in-addr.arpa" (RFC 1035 §3.5) or "….ip6.arpa" (RFC 3596 §2.5); returns p. */
const char *dns_reverse_name(char p[DNS_REVERSE_MAX], const struct addr *a);

#endif
