/*
 * For LD_PRELOAD: while the file that $DISK_FULL names is there, the disk of the program is full. Writes to files fail
 * with ENOSPC; pipes and sockets go on.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef ssize_t write_fn(int fd, const void *p, size_t n);
typedef ssize_t pwrite_fn(int fd, const void *p, size_t n, off_t at);

static bool
is_full(int fd)
{
	const char *flag = getenv("DISK_FULL");
	struct stat st;

	if (flag == NULL || access(flag, F_OK) == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
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
