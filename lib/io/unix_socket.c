#include "io/unix_socket.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static int
address_of(struct sockaddr_un *sun, const char *path, struct err *e)
{
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof sun->sun_path)
		return err_set(e, "%s: a socket's path has 1 to %zu bytes", path, sizeof sun->sun_path - 1);
	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(sun->sun_path, path, len);
	return 0;
}

static int
connect_to(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
unix_connect(const char *path, struct err *e)
{
	struct sockaddr_un sun;

	if (address_of(&sun, path, e) == -1)
		return -1;
	int fd = connect_to(&sun);
	return fd == -1 ? err_sys(e, "%s", path) : fd;
}

/* Takes away what a listener that is gone left behind. */
static int
clear_path(const struct sockaddr_un *sun, struct err *e)
{
	const char *path = sun->sun_path;
	struct stat st;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, "%s: there is a file, and it is no socket", path);
	int fd = connect_to(sun);
	if (fd != -1) {
		close(fd);
		return err_set(e, "%s: another program listens there", path);
	}
	/* EAGAIN: its backlog is full, so it is there. */
	if (errno != ECONNREFUSED && errno != ENOENT)
		return err_sys(e, "%s: another program may listen there", path);
	return unlink(path) == 0 || errno == ENOENT ? 0 : err_sys(e, "%s", path);
}

int
unix_listen(const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un sun;

	if (address_of(&sun, path, e) == -1 || clear_path(&sun, e) == -1)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(e, "%s", path);
	/* The mask, since a chmod after bind would come too late for whoever connects at once. */
	mode_t mask = umask(~mode & 0777);
	int status = bind(fd, (const struct sockaddr *)&sun, sizeof sun);
	umask(mask);
	if (status == 0)
		status = listen(fd, BACKLOG);
	if (status == -1) {
		err_sys(e, "%s", path);
		close(fd);
		return -1;
	}
	return fd;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
unix_send_fd(int sock, const void *p, size_t len, int fd)
{
	struct iovec iov = {(void *)(uintptr_t)p, len};
	union control control = {0};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd != -1) {
		h.msg_control = control.bytes;
		h.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		*c = (struct cmsghdr){
		    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	do
		n = sendmsg(sock, &h, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

ssize_t
unix_recv_fd(int sock, void *p, size_t len, int *fd)
{
	struct iovec iov = {p, len};
	union control control;
	struct msghdr h = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_LEN(sizeof *fd), /* with its padding a second one would fit, and leak */
	};
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC | MSG_TRUNC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c != NULL; c = CMSG_NXTHDR(&h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len == CMSG_LEN(sizeof *fd))
			memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return n;
}
