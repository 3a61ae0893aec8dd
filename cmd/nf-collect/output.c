#include "output.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

struct output {
	enum stream_format format;
	int news;
	atomic_bool ended, failed;
	_Atomic uint64_t rows;
	pthread_mutex_t lock;
	struct stream_out *out; /* under the lock */
};

struct output *
output_new(int fd, enum stream_format format, int news)
{
	struct output *o = mem_zero(1, sizeof *o);

	o->format = format;
	o->news = news;
	o->out = stream_out_new(fd, format);
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	stream_out_free(o->out);
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

void
output_batch(struct output *o, const struct batch *b, struct buf *bytes, struct arena *scratch)
{
	struct batch_parts parts;
	struct err e;

	if (output_ended(o))
		return;
	if (o->format == STREAM_BINARY && batch_gather(b, &parts, &e) == 0) {
		put(o, b, &parts, (struct str){NULL, 0});
		return;
	}
	bytes->len = 0;
	if (stream_put(bytes, b, o->format, scratch, &e) == -1)
		end(o, &e);
	else
		put(o, b, NULL, (struct str){(const char *)bytes->p, bytes->len});
}

void
output_flush(struct output *o)
{
	struct err e;
	bool closed = false;

	if (output_ended(o))
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

uint64_t
output_rows(const struct output *o)
{
	return atomic_load(&o->rows);
}
