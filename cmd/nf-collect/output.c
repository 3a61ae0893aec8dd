#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"
#include "io/metrics.h"

enum {
	WRITE_BYTES = 64 << 10, /* gathered before a write */
	LATE_MS = 1000, /* how long a period's last flows may be on their way */
};

struct output {
	struct output_options opt;
	struct stream_out *stream; /* of standard output */

	/* of files */
	int fd; /* -1: none is open */
	int64_t period; /* when it began */
	int64_t from, until; /* times that belong to it */
	uint64_t size; /* of the file: whole batches */
	struct buf buf; /* whole batches, to be written */
	struct arena arena;
	uint64_t rows_kept, rows; /* in buf; written */
	uint64_t stalls;
	bool stalled;
};

struct output *
output_new(const struct output_options *opt)
{
	struct output *o = mem_zero(1, sizeof *o);

	o->opt = *opt;
	o->fd = -1;
	o->from = o->until = INT64_MIN;
	if (opt->files != NULL) {
		/* A file that may not grow is as good as a full disk. */
		signal(SIGXFSZ, SIG_IGN);
		return o;
	}
	o->until = INT64_MAX;
	fd_grow_pipe(STDOUT_FILENO);
	o->stream = stream_out_new(STDOUT_FILENO, opt->format);
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	stream_out_free(o->stream);
	if (o->fd != -1)
		close(o->fd);
	buf_release(&o->buf);
	arena_release(&o->arena);
	free(o);
}

bool
output_stalled(const struct output *o)
{
	return o->stalled;
}

/* Live it is waited for, otherwise that is the end. */
static int
stall(struct output *o, const struct err *e)
{
	if (!o->opt.live || steward_gone(o->opt.files))
		return -1;
	if (!o->stalled)
		log_warnx("%s; trying again every second, meanwhile datagrams are queued, and then dropped",
		    e->msg);
	o->stalls += !o->stalled;
	o->stalled = true;
	return 0;
}

static int
open_file(struct output *o, struct err *e)
{
	o->fd = steward_open(o->opt.files, o->period, e);
	o->size = 0;
	return o->fd == -1 ? -1 : 0;
}

static int
close_file(struct output *o, struct err *e)
{
	if (o->fd == -1)
		return 0;
	close(o->fd);
	o->fd = -1;
	return steward_finish(o->opt.files, e);
}

/* All that is kept. Where that fails, the file ends again where it did. */
static int
write_kept(struct output *o, struct err *e)
{
	size_t done = 0;

	if (o->fd == -1 && open_file(o, e) == -1)
		return -1;
	while (done < o->buf.len) {
		ssize_t n = pwrite(o->fd, o->buf.p + done, o->buf.len - done, (off_t)(o->size + done));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			int saved = errno;

			err_sys(e, "cannot write");
			(void)!ftruncate(o->fd, (off_t)o->size);
			errno = saved;
			return -1;
		}
		done += (size_t)n;
	}
	o->size += o->buf.len;
	o->rows += o->rows_kept;
	o->buf.len = 0;
	o->rows_kept = 0;
	return 0;
}

static int
flush_file(struct output *o, struct err *e)
{
	if (o->buf.len == 0)
		return 0;
	int r = write_kept(o, e);
	/* As large as the file system, or a limit of ours, lets it be: the next one has room. */
	if (r == -1 && errno == EFBIG && o->size > 0)
		r = close_file(o, e) == -1 ? -1 : write_kept(o, e);
	if (r == -1)
		return stall(o, e);
	if (o->stalled)
		log_notice("writes again");
	o->stalled = false;
	return o->opt.size_max > 0 && o->size >= o->opt.size_max ? close_file(o, e) : 0;
}

bool
output_turns(const struct output *o, int64_t received_ms)
{
	return received_ms >= o->until || received_ms < o->from;
}

int
output_turn(struct output *o, int64_t received_ms, struct err *e)
{
	int64_t length = o->opt.period_ms;

	if (flush_file(o, e) == -1)
		return -1;
	if (o->stalled)
		return 0;
	if (length == 0) {
		o->period = received_ms;
		o->from = INT64_MIN;
		o->until = INT64_MAX;
	} else {
		int64_t past = received_ms % length;

		o->period = received_ms - past - (past < 0 ? length : 0);
		o->from = o->period - length;
		o->until = o->period + length;
	}
	return close_file(o, e);
}

int
output_start(struct output *o, int64_t now_ms, struct err *e)
{
	if (output_turn(o, now_ms, e) == -1)
		return -1;
	return open_file(o, e);
}

int
output_batch(struct output *o, const struct batch *b, bool *closed, struct err *e)
{
	if (o->stream != NULL)
		return stream_out_batch(o->stream, b, closed, e);
	if (b->rows == 0)
		return 0;
	if (stream_put(&o->buf, b, o->opt.format, &o->arena, e) == -1)
		return -1;
	arena_reset(&o->arena);
	o->rows_kept += b->rows;
	return o->buf.len >= WRITE_BYTES && !o->stalled ? flush_file(o, e) : 0;
}

int
output_flush(struct output *o, bool *closed, struct err *e)
{
	if (o->stream != NULL)
		return stream_out_flush(o->stream, closed, e);
	return o->stalled ? 0 : flush_file(o, e);
}

int
output_tick(struct output *o, int64_t now_ms, struct err *e)
{
	if (o->stream != NULL)
		return 0;
	if (flush_file(o, e) == -1)
		return -1;
	return !o->stalled && o->opt.live && o->until < now_ms - LATE_MS ? close_file(o, e) : 0;
}

int
output_end(struct output *o, struct err *e)
{
	struct err closing;

	if (o->stream != NULL)
		return 0;
	int r = o->buf.len > 0 ? write_kept(o, e) : 0;
	if (r == -1)
		err_wrap(e, "%llu flows are lost", (unsigned long long)o->rows_kept);
	return close_file(o, r == 0 ? e : &closing) == 0 ? r : -1;
}

static void
file_metrics(const struct output *o, struct buf *out)
{
	struct steward_counts c;

	steward_counts(o->opt.files, &c);
	metrics_head(out, "nf_collect_files_total", "files that are complete", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_files_total", NULL, c.files);
	metrics_head(
	    out, "nf_collect_file_errors_total", "files that could not be completed", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_file_errors_total", NULL, c.file_errors);
	metrics_head(out, "nf_collect_stalls_total", "times that files could not be written", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_stalls_total", NULL, o->stalls);
	metrics_head(out, "nf_collect_stalled", "whether files cannot be written now", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_stalled", NULL, o->stalled);
	metrics_head(out, "nf_collect_commands_total", "commands of -z, by how they ended", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_commands_total", "result=\"ok\"", c.commands_ok);
	metrics_sample(out, "nf_collect_commands_total", "result=\"failed\"", c.commands_failed);
	metrics_sample(out, "nf_collect_commands_total", "result=\"not_run\"", c.commands_dropped);
}

void
output_metrics(const struct output *o, struct buf *out)
{
	metrics_head(out, "nf_collect_written_total", "flows written", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_written_total", NULL,
	    o->stream != NULL ? stream_out_counts(o->stream)->rows : o->rows);
	if (o->stream == NULL)
		file_metrics(o, out);
}
