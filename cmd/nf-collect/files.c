#include "files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/clock.h"
#include "io/metrics.h"

enum {
	AGAIN_MS = 1000,
	LATE_MS = 1000, /* how long the last flows of a period may be on their way */
};

struct file {
	int fd; /* -1: none */
	unsigned slot; /* the steward's name for it */
	int64_t period; /* when that began */
	uint64_t size; /* whole batches */
	int64_t used_ms; /* when the last of them was written */
};

struct files {
	struct files_options opt;
	struct file now, last;
	int64_t first_ms; /* where there are no periods this gives the name */
	bool begun;
	struct err why; /* flows were lost */
	atomic_bool hurry, stalled;
	_Atomic uint64_t rows, lost, stalls;
};

struct files *
files_new(const struct files_options *opt)
{
	struct files *f = mem_zero(1, sizeof *f);

	f->opt = *opt;
	f->now.fd = f->last.fd = -1;
	/* A file that may not grow is as good as a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	return f;
}

void
files_free(struct files *f)
{
	if (f == NULL)
		return;
	if (f->now.fd != -1)
		close(f->now.fd);
	if (f->last.fd != -1)
		close(f->last.fd);
	free(f);
}

int64_t
files_period(const struct files *f, int64_t ms)
{
	int64_t length = f->opt.period_ms, past = length > 0 ? ms % length : 0;

	if (length == 0)
		return 0;
	return ms - past - (past < 0 ? length : 0);
}

static int
complete(struct files *f, struct file *file, struct err *e)
{
	if (file->fd == -1)
		return 0;
	close(file->fd);
	file->fd = -1;
	return steward_finish(f->opt.steward, file->slot, e);
}

static int
open_file(struct files *f, int64_t ms, struct err *e)
{
	if (!f->begun)
		f->first_ms = ms;
	f->begun = true;
	f->now.period = files_period(f, ms);
	f->now.size = 0;
	f->now.used_ms = clock_wall_ms();
	f->now.fd =
	    steward_open(f->opt.steward, f->opt.period_ms > 0 ? f->now.period : f->first_ms, &f->now.slot, e);
	return f->now.fd == -1 ? -1 : 0;
}

/* The file that flows of this time go to; NULL with words. */
static struct file *
file_of(struct files *f, int64_t ms, struct err *e)
{
	int64_t period = files_period(f, ms);

	if (f->now.fd != -1 && f->now.period == period)
		return &f->now;
	if (f->last.fd != -1 && f->last.period == period)
		return &f->last;
	if (f->now.fd != -1) {
		if (complete(f, &f->last, e) == -1)
			return NULL;
		f->last = f->now;
		f->now.fd = -1;
	}
	return open_file(f, ms, e) == 0 ? &f->now : NULL;
}

/* All of it, or the file ends where it did: -1 with errno. */
static int
append(struct file *file, struct str bytes)
{
	for (size_t done = 0; done < bytes.len;) {
		ssize_t n = pwrite(file->fd, bytes.p + done, bytes.len - done, (off_t)(file->size + done));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			int saved = errno;

			(void)!ftruncate(file->fd, (off_t)file->size);
			errno = saved;
			return -1;
		}
		done += (size_t)n;
	}
	file->size += bytes.len;
	file->used_ms = clock_wall_ms();
	return 0;
}

static int
try_write(struct files *f, int64_t ms, struct str bytes, struct err *e)
{
	struct file *file = file_of(f, ms, e);

	if (file == NULL)
		return -1;
	int r = append(file, bytes);
	/* As large as the file system, or a limit of ours, lets it be: the next one has room. */
	if (r == -1 && errno == EFBIG && file->size > 0) {
		if (complete(f, file, e) == -1 || (file = file_of(f, ms, e)) == NULL)
			return -1;
		r = append(file, bytes);
	}
	if (r == -1)
		return err_sys(e, "cannot write to the files of -w");
	return f->opt.size_max > 0 && file->size >= f->opt.size_max ? complete(f, file, e) : 0;
}

int
files_write(struct files *f, int64_t received_ms, struct str bytes, uint64_t rows, struct err *e)
{
	while (try_write(f, received_ms, bytes, e) == -1) {
		if (!f->opt.live || steward_gone(f->opt.steward))
			return -1;
		if (atomic_load(&f->hurry)) {
			f->why = *e;
			f->lost += rows;
			return 0;
		}
		if (!atomic_exchange(&f->stalled, true)) {
			f->stalls++;
			log_warnx(
			    "%s; trying again every second, meanwhile datagrams are queued, and then dropped",
			    e->msg);
		}
		poll(NULL, 0, AGAIN_MS);
	}
	f->rows += rows;
	if (atomic_exchange(&f->stalled, false))
		log_notice("the files of -w are written again");
	return 0;
}

int
files_start(struct files *f, int64_t now_ms, struct err *e)
{
	return open_file(f, now_ms, e);
}

static bool
is_over(const struct files *f, const struct file *file, int64_t now_ms)
{
	return now_ms >= file->period + f->opt.period_ms + LATE_MS && now_ms >= file->used_ms + LATE_MS;
}

int
files_tick(struct files *f, int64_t now_ms, struct err *e)
{
	if (!f->opt.live || f->opt.period_ms == 0)
		return 0;
	if (is_over(f, &f->last, now_ms) && complete(f, &f->last, e) == -1)
		return -1;
	return is_over(f, &f->now, now_ms) ? complete(f, &f->now, e) : 0;
}

void
files_hurry(struct files *f)
{
	atomic_store(&f->hurry, true);
}

int
files_close(struct files *f, struct err *e)
{
	if (complete(f, &f->last, e) == -1 || complete(f, &f->now, e) == -1)
		return -1;
	if (f->lost > 0)
		return err_set(e, "%llu flows are lost: %s", (unsigned long long)f->lost, f->why.msg);
	return 0;
}

uint64_t
files_rows(const struct files *f)
{
	return atomic_load(&f->rows);
}

static void
metric(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t value)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, value);
}

void
files_metrics(const struct files *f, struct buf *out)
{
	struct steward_counts c;

	steward_counts(f->opt.steward, &c);
	metric(out, "nf_collect_files_total", "files that are complete", METRIC_COUNTER, c.files);
	metric(out, "nf_collect_file_errors_total", "files that could not be completed", METRIC_COUNTER,
	    c.file_errors);
	metric(out, "nf_collect_stalls_total", "times that files could not be written", METRIC_COUNTER,
	    atomic_load(&f->stalls));
	metric(out, "nf_collect_stalled", "whether files cannot be written now", METRIC_GAUGE,
	    atomic_load(&f->stalled));
	metrics_head(out, "nf_collect_commands_total", "commands of -z, by how they ended", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_commands_total", "result=\"ok\"", c.commands_ok);
	metrics_sample(out, "nf_collect_commands_total", "result=\"failed\"", c.commands_failed);
	metrics_sample(out, "nf_collect_commands_total", "result=\"not_run\"", c.commands_dropped);
}
