/*
 * The headers of an IP packet that carries a UDP datagram (RFC 791 §3.1, RFC
 * 8200 §3, RFC 768), for raw sockets: who sends with another's source address
 * has to write them himself.
 */
#ifndef IO_UDP_HEAD_H
#define IO_UDP_HEAD_H

#include "base/addr.h"

enum { UDP_HEAD_MAX = 48 };

/*
 * Writes them into p and returns their length: 28 bytes of IPv4, 48 of IPv6.
 * The UDP checksum is right; the IPv4 header's checksum and identification are
 * zero, which Linux fills in, raw(7). 0 if the two addresses are of different
 * families, or the payload is too long for one packet.
 */
size_t udp_head_write(uint8_t p[UDP_HEAD_MAX], const struct addr *src, uint16_t src_port,
    const struct addr *dst, uint16_t dst_port, const void *payload, size_t len);

#endif
