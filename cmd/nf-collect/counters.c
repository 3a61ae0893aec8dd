#include "counters.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/metrics.h"

enum {
	WAITING_MAX = 4 << 20, /* bytes of lines that wait to be written */
	POLL_MS = 100,
	FINISH_MS = 1000,
};

struct counters {
	const char *path;
	struct steward *steward; /* opens it anew; NULL: this process */
	bool running;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct buf waiting;
	uint64_t waiting_lines;
	bool reopen, stop;

	_Atomic int64_t until_ms; /* after that the end is not put off any more; 0: it is not near */
	_Atomic uint64_t written, dropped;

	/* of the thread */
	int fd;
	struct buf writing;
	struct log_limit failures;
};

/* A FIFO is opened for reading too: else it wants a reader now, and kills us when that one goes. */
static int
open_path(const char *path)
{
	int flags = O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	bool fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);

	return open(path, (fifo ? O_RDWR : O_WRONLY) | flags, 0666);
}

/* Waits for a reader, as long as the end is not near. False: no longer. */
static bool
wait_for_room(struct counters *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	int64_t until = atomic_load(&c->until_ms);

	if (until != 0 && clock_mono_ms() >= until)
		return false;
	poll(&p, 1, POLL_MS);
	return true;
}

/* All that is in `writing`. How much of it could be written. */
static size_t
write_out(struct counters *c)
{
	size_t done = 0;

	while (done < c->writing.len) {
		ssize_t n = write(c->fd, c->writing.p + done, c->writing.len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			if (!wait_for_room(c))
				break;
		} else if (errno != EINTR) {
			log_limited(&c->failures, clock_mono_ms(), "%s: %s", c->path, strerror(errno));
			break;
		}
	}
	return done;
}

static uint64_t
count_lines(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

static void
reopen(struct counters *c)
{
	struct err e;
	int fd = c->steward != NULL ? steward_fd(c->steward, c->path, &e) : open_path(c->path);

	if (fd == -1 && c->steward == NULL)
		err_sys(&e, "%s", c->path);
	if (fd == -1) {
		log_warnx("%s; it cannot be opened anew, the old one goes on", e.msg);
		return;
	}
	close(c->fd);
	c->fd = fd;
}

/* Waits for something to do. What waited is then what is to be written. False: nothing, and that is the end. */
static bool
take(struct counters *c, uint64_t *lines, bool *anew)
{
	pthread_mutex_lock(&c->lock);
	while (c->waiting.len == 0 && !c->reopen && !c->stop)
		pthread_cond_wait(&c->changed, &c->lock);
	struct buf full = c->waiting;
	bool end = c->stop && full.len == 0;
	*lines = c->waiting_lines;
	*anew = c->reopen;
	c->waiting = c->writing;
	c->waiting.len = 0;
	c->waiting_lines = 0;
	c->writing = full;
	c->reopen = false;
	pthread_mutex_unlock(&c->lock);
	return !end;
}

static void *
run(void *arg)
{
	struct counters *c = arg;
	uint64_t lines;
	bool anew;

	while (take(c, &lines, &anew)) {
		if (anew)
			reopen(c);
		uint64_t done = count_lines(c->writing.p, write_out(c));
		atomic_fetch_add(&c->written, done);
		atomic_fetch_add(&c->dropped, lines - done);
	}
	return NULL;
}

struct counters *
counters_open(const char *path, struct err *e)
{
	struct counters *c = mem_zero(1, sizeof *c);

	c->path = path;
	c->fd = open_path(path);
	if (c->fd == -1) {
		err_sys(e, "%s", path);
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	return c;
}

void
counters_entrust(struct counters *c, struct steward *s)
{
	c->steward = s;
	steward_opens(s, c->path, open_path);
}

int
counters_start(struct counters *c, struct err *e)
{
	int error = pthread_create(&c->thread, NULL, run, c);

	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	c->running = true;
	return 0;
}

void
counters_finish(struct counters *c)
{
	if (c == NULL || !c->running)
		return;
	atomic_store(&c->until_ms, clock_mono_ms() + FINISH_MS);
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	c->running = false;
	uint64_t dropped = atomic_load(&c->dropped);
	if (dropped > 0)
		log_notice("%s: %llu lines of counters were dropped", c->path, (unsigned long long)dropped);
}

void
counters_free(struct counters *c)
{
	if (c == NULL)
		return;
	counters_finish(c);
	close(c->fd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	buf_release(&c->waiting);
	buf_release(&c->writing);
	free(c);
}

void
counters_add(void *arg, struct str line)
{
	struct counters *c = arg;

	pthread_mutex_lock(&c->lock);
	if (c->waiting.len + line.len <= WAITING_MAX) {
		buf_add(&c->waiting, line.p, line.len);
		c->waiting_lines++;
		pthread_cond_signal(&c->changed);
	} else {
		atomic_fetch_add(&c->dropped, 1);
	}
	pthread_mutex_unlock(&c->lock);
}

void
counters_reopen(struct counters *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->reopen = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void
counters_metrics(struct counters *c, struct buf *out)
{
	static const char name[] = "nf_collect_counter_lines_total";

	metrics_head(out, name, "lines of the stream of counters", METRIC_COUNTER);
	metrics_sample(out, name, "result=\"written\"", atomic_load(&c->written));
	metrics_sample(out, name, "result=\"dropped\"", atomic_load(&c->dropped));
}
