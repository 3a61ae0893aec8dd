/* The protocols: each reads one datagram whose version has been read off r. */
#ifndef DECODE_PROTO_H
#define DECODE_PROTO_H

#include "decode/state.h"

/* NetFlow v1, v5, v7. */
void nf5_datagram(struct job *j, struct rd *r, uint16_t version);
struct template *nf5_template(uint16_t version);

/* NetFlow v9, RFC 3954. */
void nf9_datagram(struct job *j, struct rd *r);

/* IPFIX, RFC 7011. */
void ipfix_datagram(struct job *j, struct rd *r);

/* sFlow v5; its version has 32 bits. Its domains' version, which is none of NetFlow's. */
enum { SFLOW_KEY = 0x50000 + 5 };
void sflow_datagram(struct job *j, struct rd *r);

#endif
