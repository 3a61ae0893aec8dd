#include "act/script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/fdio.h"

enum { LOOK_MS = 200 };

void
script_init(struct script *s, const atomic_bool *abort)
{
	*s = (struct script){.abort = abort};
	pthread_mutex_init(&s->lock, NULL);
}

void
script_release(struct script *s)
{
	free(s->path);
	pthread_mutex_destroy(&s->lock);
}

void
script_set(struct script *s, const char *path, uint32_t timeout_ms)
{
	pthread_mutex_lock(&s->lock);
	free(s->path);
	s->path = mem_strdup(path);
	s->timeout_ms = timeout_ms;
	pthread_mutex_unlock(&s->lock);
}

/* Starts it in a process group of its own, with signals as at a prompt. 0, or an errno. */
static int
start(pid_t *pid, const char *path, int in)
{
	char *const argv[] = {(char *)(uintptr_t)path, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	int r = posix_spawn(pid, path, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

/* Writes what the pipe takes now; closes it at the end, or where nobody reads. */
static void
feed(int *fd, struct str *rest)
{
	ssize_t n = write(*fd, rest->p, rest->len);

	if (n > 0) {
		rest->p += n;
		rest->len -= (size_t)n;
	}
	if (rest->len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
}

/* Whether it ended by itself in time. */
static bool
attend(const struct script *s, int pidfd, int *in, struct str json, int64_t until_ms)
{
	for (;;) {
		struct pollfd fds[2] = {{pidfd, POLLIN, 0}, {*in, POLLOUT, 0}};
		int64_t left = until_ms - clock_mono_ms();

		if (left <= 0 || atomic_load(s->abort))
			return false;
		if (poll(fds, 2, (int)(left < LOOK_MS ? left : LOOK_MS)) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents != 0)
			return true;
		if (*in >= 0 && fds[1].revents != 0)
			feed(in, &json);
	}
}

static void
judge(const char *path, int status, bool in_time, struct outcome *out)
{
	if (!in_time) {
		out->kind = OUTCOME_REFUSED;
		err_set(&out->words, "%s: took too long and was killed", path);
	} else if (WIFSIGNALED(status)) {
		out->kind = OUTCOME_REFUSED;
		err_set(&out->words, "%s: ended by signal %d", path, WTERMSIG(status));
	} else if (WEXITSTATUS(status) != 0) {
		out->kind = WEXITSTATUS(status) == EX_TEMPFAIL ? OUTCOME_AGAIN : OUTCOME_REFUSED;
		err_set(&out->words, "%s: ended with status %d", path, WEXITSTATUS(status));
	}
}

static void
run(const struct script *s, const char *path, uint32_t timeout_ms, struct str json, struct outcome *out)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	int in[2], status = 0;
	pid_t pid;

	out->kind = OUTCOME_AGAIN;
	if (pipe2(in, O_CLOEXEC) < 0) {
		err_sys(&out->words, "%s", path);
		return;
	}
	errno = start(&pid, path, in[0]);
	close(in[0]);
	if (errno != 0 || fd_nonblock(in[1]) < 0) {
		err_sys(&out->words, "%s", path);
		close(in[1]);
		return;
	}
	int pidfd = pidfd_open(pid, 0);
	bool in_time = pidfd >= 0 && attend(s, pidfd, &in[1], json, until);
	if (!in_time)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (pidfd >= 0)
		close(pidfd);
	if (in[1] >= 0)
		close(in[1]);
	out->kind = OUTCOME_DONE;
	judge(path, status, in_time, out);
	if (!in_time && atomic_load(s->abort))
		out->kind = OUTCOME_AGAIN;
}

void
script_work(void *arg, struct str json, struct outcome *out)
{
	struct script *s = arg;

	pthread_mutex_lock(&s->lock);
	char *path = mem_strdup(s->path);
	uint32_t timeout_ms = s->timeout_ms;
	pthread_mutex_unlock(&s->lock);
	run(s, path, timeout_ms, json, out);
	free(path);
}
