#include "io/row_out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "io/unix_socket.h"

enum { ROWS_MAX = 1 << 20, FLUSH_AT = 16 << 10 };

void
row_out_init(struct row_out *o, const char *path)
{
	*o = (struct row_out){.path = path != NULL ? mem_strdup(path) : NULL, .fd = -1};
}

static void
hang_up(struct row_out *o)
{
	if (o->fd != -1)
		close(o->fd);
	o->fd = -1;
}

void
row_out_release(struct row_out *o)
{
	hang_up(o);
	buf_release(&o->rows);
	free(o->path);
	o->path = NULL;
}

void
row_out_put(struct row_out *o, struct str rows)
{
	uint64_t n = 0;

	if (o->rows.len >= ROWS_MAX)
		row_out_flush(o);
	for (size_t i = 0; i < rows.len; i++)
		n += rows.p[i] == '\n';
	if (o->rows.len >= ROWS_MAX) {
		o->dropped += n;
		return;
	}
	buf_add(&o->rows, rows.p, rows.len);
	if (o->rows.len >= FLUSH_AT)
		row_out_flush(o);
}

/* *later: a FIFO that nobody reads yet, which is no error. */
static int
path_open(const char *path, bool *later, struct err *e)
{
	struct stat st;

	*later = false;
	if (strncmp(path, "unix:", 5) == 0)
		return unix_connect(path + 5, e);
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return unix_connect(path, e);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0640);
	*later = fd == -1 && errno == ENXIO;
	return fd == -1 ? err_sys(e, "%s", path) : fd;
}

static void
lines_drop(struct row_out *o, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		o->written += o->rows.p[i] == '\n';
	o->torn = bytes > 0 ? o->rows.p[bytes - 1] != '\n' : o->torn;
	buf_consume(&o->rows, bytes);
}

/* The rest of a row whose beginning another reader got. A file goes on where it ended. */
static void
torn_drop(struct row_out *o)
{
	struct stat st;
	uint8_t *eol = o->torn ? memchr(o->rows.p, '\n', o->rows.len) : NULL;

	if (eol != NULL && (fstat(o->fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		buf_consume(&o->rows, (size_t)(eol + 1 - o->rows.p));
		o->dropped++;
	}
	o->torn = false;
}

static bool
is_open(struct row_out *o)
{
	struct err e;
	bool later;

	if (o->fd != -1)
		return true;
	o->fd = path_open(o->path, &later, &e);
	if (o->fd == -1) {
		if (!later && !o->warned)
			log_warnx("%s; rows wait in memory until it can be opened", e.msg);
		o->warned = o->warned || !later;
		return false;
	}
	o->warned = false;
	torn_drop(o);
	return true;
}

void
row_out_flush(struct row_out *o)
{
	if (o->path == NULL || o->rows.len == 0)
		return;
	while (o->rows.len > 0 && is_open(o)) {
		ssize_t n = write(o->fd, o->rows.p, o->rows.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno != EAGAIN)
			hang_up(o);
		if (n == -1)
			return;
		lines_drop(o, (size_t)n);
	}
}

void
row_out_drain(struct row_out *o, int wait_ms)
{
	row_out_flush(o);
	while (o->path != NULL && o->rows.len > 0 && o->fd != -1) {
		struct pollfd p = {.fd = o->fd, .events = POLLOUT};

		if (poll(&p, 1, wait_ms) < 1)
			break;
		row_out_flush(o);
	}
	for (size_t i = 0; i < o->rows.len; i++)
		o->dropped += o->rows.p[i] == '\n';
	o->rows.len = 0;
}

void
row_out_reopen(struct row_out *o, const char *path)
{
	row_out_flush(o);
	hang_up(o);
	free(o->path);
	o->path = path != NULL ? mem_strdup(path) : NULL;
	o->warned = false;
}
