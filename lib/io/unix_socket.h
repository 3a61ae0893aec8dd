/* Unix stream sockets by path. Descriptors are non-blocking and closed on exec. */
#ifndef IO_UNIX_SOCKET_H
#define IO_UNIX_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Listens at path with the mode, which decides who may connect. A socket file
 * that nobody listens at any more is replaced; one where somebody does, or a
 * file that is no socket, is an error. The descriptor, or -1 with words.
 */
int unix_listen(const char *path, mode_t mode, struct err *e);

/* Connects to path: the descriptor, or -1 with words. */
int unix_connect(const char *path, struct err *e);

/*
 * A message with a descriptor (fd -1: without) on a socket of kind SEQPACKET.
 * The first gives 0, or -1 with errno. The second gives the message's length,
 * which may be more than len; 0 at the end, -1 with errno; *fd is the caller's
 * to close, or -1.
 */
int unix_send_fd(int sock, const void *p, size_t len, int fd);
ssize_t unix_recv_fd(int sock, void *p, size_t len, int *fd);

#endif
