/* File descriptors: whole writes, whole files, files renamed into place. */
#ifndef IO_FDIO_H
#define IO_FDIO_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "base/err.h"

/* Writes all of it, waiting where the descriptor would block. 0, or -1 with errno. */
int fd_write_all(int fd, const void *p, size_t len);
int fd_writev_all(int fd, struct iovec *iov, int n); /* changes iov */

/* One read, retried on EINTR: bytes, 0 at the end, -1 with errno (EAGAIN: nothing now). */
ssize_t fd_read(int fd, void *p, size_t len);

int fd_nonblock(int fd);

/* Grows a pipe towards 1 MiB as far as the system lets us; no error if fd is no pipe. */
void fd_grow_pipe(int fd);

/* All up to the end, or the whole file, appended to b: up to max bytes, more is an error. */
int fd_read_all(struct buf *b, int fd, const char *name, size_t max, struct err *e);
int file_read(struct buf *b, const char *path, size_t max, struct err *e);

/* Writes path.tmp.PID aside with the mode, fsyncs if `durable`, renames it to path. */
int file_replace(const char *path, const void *p, size_t len, mode_t mode, int durable, struct err *e);

/* Puts the entry of path in its folder on disk. 0, or -1 with errno. */
int file_sync_parent(const char *path);

/* A secret from a file: its first line. A file that others may read is an error (with the remedy). */
int secret_read(struct buf *b, const char *path, struct err *e);

#endif
