/* UDP sockets as the listener wants them. */
#ifndef NF_COLLECT_UDP_H
#define NF_COLLECT_UDP_H

#include <stddef.h>
#include <stdint.h>

#include "io/endpoint.h"

/*
 * Opens n sockets there, non-blocking, each with a receive buffer of so many
 * bytes if the system grants them. With more than one the kernel gives each
 * datagram to one of them by its sender's address, never by its port: to the
 * same one at every place that was opened with the same n. 0, or -1 with errno
 * and nothing open.
 */
int udp_open(int fds[], unsigned n, const struct endpoint *where, uint64_t buffer);

/* The bytes that the kernel granted, its own overhead (at least half) included. */
uint64_t udp_buffer(int fd);

/* The kernel's count of datagrams that the socket had no room for: 32 bits that wrap. */
uint32_t udp_drops(int fd);

#endif
