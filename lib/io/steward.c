/* The program's side of a steward. */
#include "io/steward.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/steward_parts.h"
#include "io/unix_socket.h"

struct steward *
steward_new(void)
{
	struct steward *s = mem_zero(1, sizeof *s);

	s->sock = -1;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
steward_free(struct steward *s)
{
	if (s == NULL)
		return;
	if (s->board != NULL)
		munmap(s->board, sizeof *s->board);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static uint32_t
list_add(const char *list[STEWARD_FILES], const char *path)
{
	for (uint32_t i = 0; i < STEWARD_FILES; i++)
		if (list[i] == NULL) {
			list[i] = path;
			return i;
		}
	abort();
}

static uint32_t
list_find(const char *const list[STEWARD_FILES], const char *path)
{
	for (uint32_t i = 0; i < STEWARD_FILES && list[i] != NULL; i++)
		if (strcmp(list[i], path) == 0)
			return i;
	abort();
}

void
steward_reads(struct steward *s, const char *path)
{
	(void)list_add(s->reads, path);
}

void
steward_opens(struct steward *s, const char *path, steward_open_fn *fn)
{
	uint32_t i = list_add(s->reads, path);

	s->openers[i] = fn;
}

void
steward_replaces(struct steward *s, const char *path, mode_t mode, int durable)
{
	uint32_t i = list_add(s->replaces, path);

	s->modes[i] = mode;
	s->durable[i] = durable;
}

void
steward_series(struct steward *s, const struct steward_series *series)
{
	s->series = *series;
}

/* Keeps stderr and the socket; whoever reads our stdout shall see it end with the program. */
static void
close_others(int *sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (*sock != 3)
		dup3(*sock, 3, O_CLOEXEC);
	*sock = 3;
	close_range(4, ~0U, 0);
}

int
steward_start(struct steward *s, struct err *e)
{
	int pair[2];

	s->board = mmap(NULL, sizeof *s->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->board == MAP_FAILED) {
		s->board = NULL;
		return err_sys(e, "no memory to share");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(e, "socketpair");
	s->pid = fork();
	if (s->pid == 0) {
		close_others(&pair[1]);
		steward_serve(s, pair[1]);
	}
	close(pair[1]);
	if (s->pid == -1) {
		err_sys(e, "fork");
		close(pair[0]);
		return -1;
	}
	s->sock = pair[0];
	return 0;
}

static int
gone(struct steward *s, struct err *e)
{
	atomic_store(&s->gone, true);
	return err_set(e, "the process that opens files for this one is gone");
}

static int
tell(struct steward *s, const struct steward_ask *q, int fd, struct err *e)
{
	return unix_send_fd(s->sock, q, sizeof *q, fd) == 0 ? 0 : gone(s, e);
}

/* The answer to a question that comes with a descriptor, or with -1. 0, or -1 with words; *fd is the caller's, or -1. */
static int
ask(struct steward *s, const struct steward_ask *q, int with, struct steward_answer *a, int *fd,
    struct err *e)
{
	*fd = -1;
	pthread_mutex_lock(&s->lock);
	int r = tell(s, q, with, e);
	if (r == 0 && unix_recv_fd(s->sock, a, sizeof *a, fd) != sizeof *a)
		r = gone(s, e);
	pthread_mutex_unlock(&s->lock);
	return r == 0 && a->failed != 0 ? err_set(e, "%s", a->words) : r;
}

int
steward_fd(struct steward *s, const char *path, struct err *e)
{
	struct steward_ask q = {.op = STEWARD_READ, .which = list_find(s->reads, path)};
	struct steward_answer a = {0};
	int fd;

	return ask(s, &q, -1, &a, &fd, e) == 0 ? fd : -1;
}

int
steward_read(struct steward *s, struct buf *b, const char *path, size_t max, struct err *e)
{
	if (s == NULL)
		return file_read(b, path, max, e);
	int fd = steward_fd(s, path, e);
	if (fd == -1)
		return -1;
	int status = fd_read_all(b, fd, path, max, e);
	close(fd);
	return status;
}

int
steward_replace(struct steward *s, const char *path, const void *p, size_t len, struct err *e)
{
	if (s == NULL)
		return file_replace(path, p, len, 0644, 0, e);
	struct steward_ask q = {.op = STEWARD_REPLACE, .which = list_find(s->replaces, path)};
	struct steward_answer a = {0};
	int none, fd = memfd_create("replace", MFD_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "%s: no memory file", path);
	int status = fd_write_all(fd, p, len) == 0 ? ask(s, &q, fd, &a, &none, e) : err_sys(e, "%s", path);
	close(fd);
	return status;
}

int
steward_open(struct steward *s, int64_t ms, unsigned *slot, struct err *e)
{
	struct steward_ask q = {.op = STEWARD_OPEN_NEXT, .ms = ms};
	struct steward_answer a = {0};
	int fd;

	if (ask(s, &q, -1, &a, &fd, e) == -1)
		return -1;
	*slot = a.slot;
	return fd;
}

int
steward_finish(struct steward *s, unsigned slot, struct err *e)
{
	struct steward_ask q = {.op = STEWARD_FINISH, .which = slot};

	return tell(s, &q, -1, e);
}

bool
steward_gone(const struct steward *s)
{
	return atomic_load(&s->gone);
}

void
steward_counts(const struct steward *s, struct steward_counts *c)
{
	*c = (struct steward_counts){
	    .files = atomic_load(&s->board->files),
	    .file_errors = atomic_load(&s->board->file_errors),
	    .commands_ok = atomic_load(&s->board->commands_ok),
	    .commands_failed = atomic_load(&s->board->commands_failed),
	    .commands_dropped = atomic_load(&s->board->commands_dropped),
	};
}

/* Its end of the socket closes when it, and all that it does, has ended. */
static bool
ends_until(const struct steward *s, int64_t until)
{
	for (;;) {
		struct pollfd p = {.fd = s->sock, .events = POLLIN};
		int64_t left = until - clock_mono_ms();
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n == 1)
			return true;
		if (n == 0)
			return false;
	}
}

void
steward_end(struct steward *s, int wait_ms)
{
	if (s == NULL || s->sock == -1)
		return;
	shutdown(s->sock, SHUT_WR);
	if (ends_until(s, clock_mono_ms() + wait_ms))
		waitpid(s->pid, NULL, 0);
	else
		log_notice("commands still run and are not waited for");
	close(s->sock);
	s->sock = -1;
}
