/* TCP flags as text. Bits as in the header (RFC 9293 §3.1): FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128. */
#ifndef FLOW_TCPFLAGS_H
#define FLOW_TCPFLAGS_H

#include <stdint.h>

#include "base/bytes.h"

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
	TCP_URG = 32,
	TCP_ECE = 64,
	TCP_CWR = 128
};

/*
 * One set of flags: letters ("SA", "...AP.SF", "." alone is none), names joined
 * by ',', '|' or '-' ("syn,ack", "SYN-ACK"), or a number ("18", "0x12"). 0 or -1.
 */
int tcpflags_parse(uint16_t *flags, struct str s);

/* "CEUAPRSF" with '.' for what is not set: eight bytes at p, no terminator. */
void tcpflags_put(char p[8], uint16_t flags);

#endif
