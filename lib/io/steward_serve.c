/*
 * The steward's own life. It never waits for a disk or a command: each file is
 * put in place by a child, as its fsync may take seconds, and each command is
 * one. It ends when nothing more can be asked and its children have ended.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/fdio.h"
#include "io/steward_parts.h"
#include "io/unix_socket.h"

enum {
	COMMANDS_AT_ONCE = 4,
	COMMANDS_WAITING = 1024,
	CHILDREN = 64, /* that settle files, and commands */
	REPLACE_MAX = 64 << 20,
	LEAST_PRIORITY = 19,
};

struct child {
	pid_t pid; /* 0: free */
	char *name; /* of the file that is settled, or was given to the command */
	bool command;
};

struct serve {
	const struct steward *s;
	int sock, signals;
	bool asked_out;
	sigset_t blocked;
	struct steward_names names;
	struct steward_file files[STEWARD_OPEN];
	struct child children[CHILDREN];
	unsigned child_count, running;
	char *waiting[COMMANDS_WAITING]; /* a ring of names */
	unsigned head, count;
};

static struct child *
child_by_pid(struct serve *v, pid_t pid)
{
	for (unsigned i = 0; i < CHILDREN; i++)
		if (v->children[i].pid == pid)
			return &v->children[i];
	return NULL;
}

/* In a child: signals as a program expects them. */
static void
signals_default(const struct serve *v)
{
	static const int which[] = {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	for (size_t i = 0; i < sizeof which / sizeof which[0]; i++)
		signal(which[i], SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &v->blocked, NULL);
}

static _Noreturn void
settle_here(const struct steward_file *f)
{
	struct err e;

	if (steward_file_settle(f, &e) == 0)
		_exit(0);
	log_warnx("%s", e.msg);
	_exit(1);
}

static _Noreturn void
command_here(const struct serve *v, const char *name)
{
	const char *command = v->s->series.command;
	char *argv[] = {(char *)(uintptr_t)command, (char *)(uintptr_t)name, NULL};

	setpgid(0, 0);
	setpriority(PRIO_PROCESS, 0, LEAST_PRIORITY);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	signals_default(v);
	execvp(command, argv);
	log_warn("%s", command);
	_exit(127);
}

/* Takes over the name. The pid, 0 in the child, -1 if there is none. */
static pid_t
child_start(struct serve *v, char *name, bool command)
{
	struct child *c = child_by_pid(v, 0);
	pid_t pid = fork();

	if (pid == -1) {
		log_warn("%s: cannot fork", name);
		free(name);
	} else if (pid > 0) {
		*c = (struct child){pid, name, command};
		v->child_count++;
		v->running += command;
	}
	return pid;
}

static void
commands_start(struct serve *v)
{
	while (v->count > 0 && v->running < COMMANDS_AT_ONCE && v->child_count < CHILDREN) {
		char *name = v->waiting[v->head];

		v->head = (v->head + 1) % COMMANDS_WAITING;
		v->count--;
		pid_t pid = child_start(v, name, true);
		if (pid == 0)
			command_here(v, name);
		if (pid == -1)
			v->s->board->commands_failed++;
	}
}

static void
command_add(struct serve *v, const char *name)
{
	if (v->s->series.command == NULL)
		return;
	if (v->count == COMMANDS_WAITING) {
		v->s->board->commands_dropped++;
		log_warnx("%s %s: not run, %d wait already", v->s->series.command, name, COMMANDS_WAITING);
		return;
	}
	v->waiting[(v->head + v->count++) % COMMANDS_WAITING] = mem_strdup(name);
}

static void
command_ended(struct serve *v, const char *name, int status)
{
	const char *command = v->s->series.command;

	v->running--;
	if (status == 0) {
		v->s->board->commands_ok++;
		log_info("%s %s: done", command, name);
		return;
	}
	v->s->board->commands_failed++;
	if (WIFSIGNALED(status))
		log_warnx("%s %s: ended by signal %d", command, name, WTERMSIG(status));
	else
		log_warnx("%s %s: exit status %d", command, name, WEXITSTATUS(status));
}

/* An empty file was removed, and is none. */
static void
file_ended(struct serve *v, const char *name, int status)
{
	struct stat st;

	if (status != 0) {
		v->s->board->file_errors++;
	} else if (lstat(name, &st) == 0) {
		v->s->board->files++;
		log_info("%s: complete", name);
		command_add(v, name);
	}
}

static void
reap(struct serve *v, int flags)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, flags)) > 0) {
		struct child *c = child_by_pid(v, pid);

		if (c == NULL)
			continue;
		if (c->command)
			command_ended(v, c->name, status);
		else
			file_ended(v, c->name, status);
		free(c->name);
		*c = (struct child){0};
		v->child_count--;
		if (flags == 0)
			break;
	}
	commands_start(v);
}

/* With e NULL all is well. */
static void
answer(const struct serve *v, int fd, uint32_t slot, const struct err *e)
{
	struct steward_answer a = {.slot = slot, .failed = e != NULL};

	if (e != NULL)
		memcpy(a.words, e->msg, sizeof a.words - 1);
	if (unix_send_fd(v->sock, &a, sizeof a, fd) == -1)
		log_info("steward: no answer could be sent");
}

static int
open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void
do_read(const struct serve *v, uint32_t which)
{
	const char *path = which < STEWARD_FILES ? v->s->reads[which] : NULL;
	struct err e = {"no such file was agreed on"};
	int fd = -1;

	if (path != NULL) {
		fd = v->s->openers[which] != NULL ? v->s->openers[which](path) : open_to_read(path);
		if (fd == -1)
			err_sys(&e, "%s", path);
	}
	answer(v, fd, 0, fd == -1 ? &e : NULL);
	if (fd != -1)
		close(fd);
}

/* 0, or -1 with words. */
static int
replace(const struct serve *v, uint32_t which, int fd, struct err *e)
{
	const char *path = which < STEWARD_FILES ? v->s->replaces[which] : NULL;
	struct buf b = {0};
	struct stat st;

	/* Only what is in memory or on disk: to read anything else might take for ever. */
	if (path == NULL || fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return err_set(e, "no such file was agreed on");
	int r =
	    lseek(fd, 0, SEEK_SET) == -1 ? err_sys(e, "%s", path) : fd_read_all(&b, fd, path, REPLACE_MAX, e);
	if (r == 0)
		r = file_replace(path, b.p, b.len, v->s->modes[which], v->s->durable[which], e);
	buf_release(&b);
	return r;
}

static void
do_replace(const struct serve *v, uint32_t which, int fd)
{
	struct err e;

	answer(v, -1, 0, replace(v, which, fd, &e) == -1 ? &e : NULL);
}

static void
do_open(struct serve *v, int64_t ms)
{
	struct err e = {"too many files are in progress"};
	uint32_t slot = 0;

	while (slot < STEWARD_OPEN && v->files[slot].fd != -1)
		slot++;
	struct steward_file *f = slot < STEWARD_OPEN ? &v->files[slot] : NULL;
	bool done = f != NULL && v->s->series.pattern != NULL &&
		    steward_file_open(f, &v->names, &v->s->series, ms, &e) == 0;
	if (done)
		log_info("writing to %s", f->part);
	answer(v, done ? f->fd : -1, slot, done ? NULL : &e);
}

static void
do_finish(struct serve *v, uint32_t slot)
{
	struct steward_file *f = slot < STEWARD_OPEN ? &v->files[slot] : NULL;

	if (f == NULL || f->fd == -1)
		return;
	/* All busy: to wait for one here makes the program wait, and its disk is the reason. */
	while (v->child_count == CHILDREN)
		reap(v, 0);
	pid_t pid = child_start(v, mem_strdup(f->name), false);
	if (pid == 0)
		settle_here(f);
	if (pid == -1)
		v->s->board->file_errors++;
	steward_file_release(f);
}

/* The program ended before its time. */
static void
name_unfinished(const struct serve *v)
{
	for (unsigned i = 0; i < STEWARD_OPEN; i++)
		if (v->files[i].fd != -1)
			log_notice("%s stays unfinished", v->files[i].part);
}

static void
serve(struct serve *v)
{
	struct steward_ask ask = {0};
	int fd;
	ssize_t n = unix_recv_fd(v->sock, &ask, sizeof ask, &fd);

	if (n <= 0) {
		v->asked_out = true;
		name_unfinished(v);
	} else if (n == sizeof ask) {
		if (ask.op == STEWARD_READ)
			do_read(v, ask.which);
		else if (ask.op == STEWARD_REPLACE)
			do_replace(v, ask.which, fd);
		else if (ask.op == STEWARD_OPEN_NEXT)
			do_open(v, ask.ms);
		else if (ask.op == STEWARD_FINISH)
			do_finish(v, ask.which);
	}
	if (fd != -1)
		close(fd);
}

/* What ends the program from a terminal or its supervisor is not for us: we end when it has. */
static void
set_signals(struct serve *v)
{
	static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&v->blocked);
	sigaddset(&v->blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &v->blocked, NULL);
	v->signals = signalfd(-1, &v->blocked, SFD_NONBLOCK | SFD_CLOEXEC);
	if (v->signals == -1)
		fatal("signalfd");
}

void
steward_serve(const struct steward *s, int sock)
{
	struct serve *v = mem_zero(1, sizeof *v);
	struct signalfd_siginfo info;

	v->s = s;
	v->sock = sock;
	for (unsigned i = 0; i < STEWARD_OPEN; i++)
		v->files[i].fd = -1;
	set_signals(v);
	while (!v->asked_out || v->child_count > 0) {
		struct pollfd p[2] = {
		    {.fd = v->signals, .events = POLLIN},
		    {.fd = v->asked_out ? -1 : v->sock, .events = POLLIN},
		};

		if (poll(p, 2, -1) == -1)
			continue;
		if (p[0].revents != 0 && read(v->signals, &info, sizeof info) > 0)
			reap(v, WNOHANG);
		if (p[1].revents != 0)
			serve(v);
	}
	_exit(0);
}
