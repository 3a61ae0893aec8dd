#include "writer.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"

void
writer_init(struct writer *w, struct loop *l, const char *what, void (*done)(void *arg, bool good), void *arg)
{
	*w = (struct writer){.loop = l, .what = what, .fd = -1, .done = done, .arg = arg};
}

/* The end of its pipe, with words if it failed. */
void
writer_wait(struct writer *w)
{
	char words[sizeof(struct err)];
	size_t len = 0;
	int status = 0;
	ssize_t n;

	if (w->fd == -1)
		return;
	while (len < sizeof words - 1 && (n = fd_read(w->fd, words + len, sizeof words - 1 - len)) > 0)
		len += (size_t)n;
	words[len] = '\0';
	loop_fd_remove(w->watch);
	close(w->fd);
	w->fd = -1;
	while (waitpid(w->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!good)
		log_warnx("%s was not written: %s", w->what, len > 0 ? words : "the writer was killed");
	w->done(w->arg, good);
}

static void
on_child(void *arg, int fd, int what)
{
	(void)fd;
	(void)what;
	writer_wait(arg);
}

static void
run_child(struct writer *w, int (*write)(void *arg, struct err *e), int fd)
{
	struct err e = {""};
	int r = write(w->arg, &e);

	if (r == -1)
		fd_write_all(fd, e.msg, strlen(e.msg));
	_exit(r == -1);
}

void
writer_begin(struct writer *w, int (*write)(void *arg, struct err *e))
{
	int fds[2];

	if (pipe(fds) == -1) {
		log_warn("no pipe to the writer of %s", w->what);
		return;
	}
	w->pid = fork();
	if (w->pid == 0) {
		close(fds[0]);
		run_child(w, write, fds[1]);
	}
	close(fds[1]);
	if (w->pid == -1) {
		log_warn("no process to write %s", w->what);
		close(fds[0]);
		return;
	}
	w->fd = fds[0];
	w->watch = loop_fd_add(w->loop, w->fd, LOOP_READ, on_child, w);
}
