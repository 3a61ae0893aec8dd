#include "trainer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"

struct trainer {
	const char *path;
	int wake_fd;
	bool busy;
	atomic_bool done;
	pthread_t thread;

	/* the thread's while it is busy */
	struct vector_shape shape;
	struct forest_options options;
	float *rows;
	size_t count;
	struct model model;
	int status;
	struct err words, unwritten;
};

static void
train(struct trainer *t)
{
	struct str names[FOREST_FEATURES_MAX];
	struct buf file = {0};

	t->unwritten.msg[0] = '\0';
	for (uint32_t i = 0; i < t->shape.count; i++)
		names[i] = str_from(t->shape.names[i]);
	t->status = model_train(
	    &t->model, names, t->shape.count, t->shape.version, t->rows, t->count, &t->options, &t->words);
	free(t->rows);
	t->rows = NULL;
	if (t->status < 0)
		return;
	model_write(&t->model, &file);
	(void)file_replace(t->path, file.p, file.len, 0644, 1, &t->unwritten);
	buf_release(&file);
}

static void *
work(void *arg)
{
	struct trainer *t = arg;

	train(t);
	atomic_store(&t->done, true);
	/* A pipe that is full wakes its reader all the same. */
	return write(t->wake_fd, "", 1) == 1 ? t : NULL;
}

struct trainer *
trainer_new(const char *path, int wake_fd)
{
	struct trainer *t = mem_zero(1, sizeof *t);

	t->path = path;
	t->wake_fd = wake_fd;
	return t;
}

void
trainer_free(struct trainer *t)
{
	if (t->busy) {
		pthread_join(t->thread, NULL);
		if (t->status == 0)
			model_release(&t->model);
	}
	free(t);
}

bool
trainer_busy(const struct trainer *t)
{
	return t->busy;
}

void
trainer_begin(struct trainer *t, const struct vector_shape *s, const float *rows, size_t n,
    const struct forest_options *o)
{
	size_t size = n * s->count * sizeof *rows;
	sigset_t all, before;

	t->shape = *s;
	t->options = *o;
	t->rows = mem_alloc(size);
	memcpy(t->rows, rows, size);
	t->count = n;
	atomic_store(&t->done, false);
	/* Signals are for the thread with the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&t->thread, NULL, work, t) != 0)
		fatalx("no thread to train in");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->busy = true;
}

int
trainer_take(struct trainer *t, struct model *m, struct err *unwritten, struct err *e)
{
	if (!t->busy || !atomic_load(&t->done))
		return 0;
	pthread_join(t->thread, NULL);
	t->busy = false;
	if (t->status < 0)
		return err_set(e, "%s", t->words.msg);
	*m = t->model;
	*unwritten = t->unwritten;
	return 1;
}
