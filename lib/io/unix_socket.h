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

#endif
