#include "output.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"
#include "io/metrics.h"

struct output {
	enum stream_format format;
	int news;
	atomic_bool ended, failed;
	_Atomic uint64_t rows;
	pthread_mutex_t lock; /* of what follows */
	struct files *files;
	struct stream_out *out; /* standard output; NULL: files */
};

struct output *
output_new(struct files *files, enum stream_format format, int news)
{
	struct output *o = mem_zero(1, sizeof *o);

	o->format = format;
	o->news = news;
	o->files = files;
	if (files == NULL) {
		fd_grow_pipe(STDOUT_FILENO);
		o->out = stream_out_new(STDOUT_FILENO, format);
	}
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	stream_out_free(o->out);
	files_free(o->files);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Only the first to find out says so. */
static void
end(struct output *o, const struct err *e)
{
	uint64_t one = 1;

	if (atomic_exchange(&o->ended, true))
		return;
	if (e != NULL) {
		log_warnx("%s", e->msg);
		atomic_store(&o->failed, true);
	}
	(void)!write(o->news, &one, sizeof one);
}

static void
note(struct output *o, int r, bool closed, const struct err *e)
{
	if (r == -1)
		end(o, e);
	else if (closed)
		end(o, NULL);
}

int64_t
output_period(const struct output *o, int64_t received_ms)
{
	return o->files != NULL ? files_period(o->files, received_ms) : 0;
}

/* Writes b, made ready as parts or, where these are NULL, as bytes. */
static void
put(struct output *o, const struct batch *b, struct batch_parts *parts, struct str bytes)
{
	struct err e;
	bool closed = false;

	pthread_mutex_lock(&o->lock);
	int r = parts != NULL ? stream_out_parts(o->out, b, parts, &closed, &e)
			      : stream_out_bytes(o->out, b, bytes, &closed, &e);
	atomic_store_explicit(&o->rows, stream_out_counts(o->out)->rows, memory_order_relaxed);
	pthread_mutex_unlock(&o->lock);
	note(o, r, closed, &e);
}

static void
put_file(struct output *o, const struct batch *b, int64_t received_ms, struct str bytes)
{
	struct err e;

	pthread_mutex_lock(&o->lock);
	int r = files_write(o->files, received_ms, bytes, b->rows, &e);
	pthread_mutex_unlock(&o->lock);
	note(o, r, false, &e);
}

void
output_batch(
    struct output *o, const struct batch *b, int64_t received_ms, struct buf *bytes, struct arena *scratch)
{
	struct batch_parts parts;
	struct err e;

	if (output_ended(o))
		return;
	if (o->files == NULL && o->format == STREAM_BINARY && batch_gather(b, &parts, &e) == 0) {
		put(o, b, &parts, (struct str){NULL, 0});
		return;
	}
	bytes->len = 0;
	if (stream_put(bytes, b, o->format, scratch, &e) == -1) {
		end(o, &e);
		return;
	}
	struct str s = {(const char *)bytes->p, bytes->len};
	if (o->files != NULL)
		put_file(o, b, received_ms, s);
	else
		put(o, b, NULL, s);
}

void
output_flush(struct output *o)
{
	struct err e;
	bool closed = false;

	if (o->files != NULL || output_ended(o))
		return;
	pthread_mutex_lock(&o->lock);
	int r = stream_out_flush(o->out, &closed, &e);
	pthread_mutex_unlock(&o->lock);
	note(o, r, closed, &e);
}

bool
output_ended(const struct output *o)
{
	return atomic_load(&o->ended);
}

bool
output_failed(const struct output *o)
{
	return atomic_load(&o->failed);
}

/* A worker that waits for room has the lock, and then there is nothing to do. */
void
output_tick(struct output *o, int64_t now_ms)
{
	struct err e;

	if (o->files == NULL || output_ended(o) || pthread_mutex_trylock(&o->lock) != 0)
		return;
	int r = files_tick(o->files, now_ms, &e);
	pthread_mutex_unlock(&o->lock);
	note(o, r, false, &e);
}

void
output_hurry(struct output *o)
{
	if (o->files != NULL)
		files_hurry(o->files);
}

void
output_close(struct output *o)
{
	struct err e;

	if (o->files != NULL && files_close(o->files, &e) == -1) {
		log_warnx("%s", e.msg);
		atomic_store(&o->failed, true);
	}
}

void
output_metrics(const struct output *o, struct buf *out)
{
	metrics_head(out, "nf_collect_written_total", "flows written", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_written_total", NULL,
	    o->files != NULL ? files_rows(o->files) : atomic_load(&o->rows));
	if (o->files != NULL)
		files_metrics(o->files, out);
}
