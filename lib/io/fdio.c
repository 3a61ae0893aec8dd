#include "io/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_WANTED (1 << 20)
#define WRITE_PIECE ((size_t)64 << 10)

ssize_t
fd_read(int fd, void *p, size_t len)
{
	ssize_t n;

	do
		n = read(fd, p, len);
	while (n == -1 && errno == EINTR);
	return n;
}

/* One write of at most WRITE_PIECE: while one goes into a pipe its reader cannot take out what is there. */
static ssize_t
write_piece(int fd, const struct iovec *iov, int n)
{
	struct iovec part[64];
	size_t left = WRITE_PIECE;
	int k = 0;

	for (; k < n && k < 64 && left > 0; k++) {
		part[k] = iov[k];
		if (part[k].iov_len > left)
			part[k].iov_len = left;
		left -= part[k].iov_len;
	}
	return writev(fd, part, k);
}

int
fd_writev_all(int fd, struct iovec *iov, int n)
{
	for (; n > 0 && iov->iov_len == 0; n--)
		iov++;
	while (n > 0) {
		ssize_t w = write_piece(fd, iov, n);

		if (w == -1 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};

			poll(&pfd, 1, -1);
			continue;
		}
		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		while (n > 0 && (size_t)w >= iov->iov_len) {
			w -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + w;
			iov->iov_len -= (size_t)w;
		}
	}
	return 0;
}

int
fd_write_all(int fd, const void *p, size_t len)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = len};

	return fd_writev_all(fd, &iov, 1);
}

int
fd_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void
fd_grow_pipe(int fd)
{
	for (int size = PIPE_WANTED; size > 65536; size /= 2)
		if (fcntl(fd, F_SETPIPE_SZ, size) != -1 || errno != EPERM)
			return;
}

int
fd_read_all(struct buf *b, int fd, const char *name, size_t max, struct err *e)
{
	size_t before = b->len;

	for (;;) {
		ssize_t n = fd_read(fd, buf_reserve(b, 65536), 65536);

		if (n == 0)
			return 0;
		if (n == -1)
			err_sys(e, "%s", name);
		else if (b->len + (size_t)n - before > max)
			n = err_set(e, "%s: larger than %zu bytes", name, max);
		if (n == -1) {
			b->len = before;
			return -1;
		}
		b->len += (size_t)n;
	}
}

int
file_read(struct buf *b, const char *path, size_t max, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "%s", path);
	int status = fd_read_all(b, fd, path, max, e);
	close(fd);
	return status;
}

int
file_sync_parent(const char *path)
{
	struct buf dir = {0};
	const char *slash = strrchr(path, '/');

	buf_add(&dir, slash == NULL ? "." : path,
	    slash == NULL   ? 1
	    : slash == path ? 1
			    : (size_t)(slash - path));
	int fd = open(buf_cstr(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_release(&dir);
	if (fd == -1)
		return -1;
	int status = fsync(fd);
	close(fd);
	return status;
}

static int
write_aside(const char *tmp, const void *p, size_t len, mode_t mode, int durable)
{
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return -1;
	int status = fd_write_all(fd, p, len);
	if (status == 0)
		status = fchmod(fd, mode);
	if (status == 0 && durable)
		status = fsync(fd);
	int saved = errno;
	if (close(fd) == -1 && status == 0)
		return -1;
	errno = saved;
	return status;
}

int
file_replace(const char *path, const void *p, size_t len, mode_t mode, int durable, struct err *e)
{
	struct buf tmp = {0};

	buf_printf(&tmp, "%s.tmp.%ld", path, (long)getpid());
	const char *aside = buf_cstr(&tmp);
	unlink(aside);
	int status = write_aside(aside, p, len, mode, durable);
	if (status == 0)
		status = rename(aside, path);
	if (status == 0 && durable)
		status = file_sync_parent(path);
	if (status == -1) {
		err_sys(e, "%s", path);
		unlink(aside);
	}
	buf_release(&tmp);
	return status;
}

int
secret_read(struct buf *b, const char *path, struct err *e)
{
	struct stat st;
	size_t before = b->len;

	if (stat(path, &st) == -1)
		return err_sys(e, "%s", path);
	if ((st.st_mode & S_IRWXO) != 0)
		return err_set(e, "%s: others may read this secret; chmod 0640 it (mode is %04o)", path,
		    st.st_mode & 07777);
	if (file_read(b, path, 64 * 1024, e) == -1)
		return -1;
	uint8_t *eol = memchr(b->p + before, '\n', b->len - before);
	if (eol != NULL)
		b->len = (size_t)(eol - b->p);
	if (b->len > before && b->p[b->len - 1] == '\r')
		b->len--;
	if (b->len == before)
		return err_set(e, "%s: the first line is empty, a secret was expected", path);
	return 0;
}
