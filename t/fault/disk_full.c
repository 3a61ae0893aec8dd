/*
 * For LD_PRELOAD: while the file that $DISK_FULL names is there, the disk that holds folders named "data" is full:
 * writes to files in them fail with ENOSPC.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef ssize_t write_fn(int fd, const void *p, size_t n);
typedef ssize_t pwrite_fn(int fd, const void *p, size_t n, off_t at);

static bool
is_full(int fd)
{
	const char *flag = getenv("DISK_FULL");
	char link[64], path[4096];

	if (flag == NULL || access(flag, F_OK) == -1)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof path - 1);
	if (len == -1)
		return false;
	path[len] = '\0';
	if (strstr(path, "/data/") == NULL)
		return false;
	errno = ENOSPC;
	return true;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	static write_fn *next;

	if (next == NULL)
		next = (write_fn *)dlsym(RTLD_NEXT, "write");
	return is_full(fd) ? -1 : next(fd, p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	static pwrite_fn *next;

	if (next == NULL)
		next = (pwrite_fn *)dlsym(RTLD_NEXT, "pwrite64");
	return is_full(fd) ? -1 : next(fd, p, n, at);
}
