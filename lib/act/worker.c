#include "act/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum state { IDLE, GIVEN, FINISHED };

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	work_fn *fn;
	void *arg;
	int wake_fd;

	/* under the lock */
	enum state state;
	bool quit;
	struct str text;
	struct outcome out;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->state != GIVEN && !w->quit)
			pthread_cond_wait(&w->changed, &w->lock);
		if (w->quit)
			break;
		struct str text = w->text;
		struct outcome out = {.kind = OUTCOME_DONE};

		pthread_mutex_unlock(&w->lock);
		w->fn(w->arg, text, &out);
		pthread_mutex_lock(&w->lock);
		w->out = out;
		w->state = FINISHED;
		/* A pipe that is full wakes the reader all the same. */
		if (write(w->wake_fd, "", 1) < 0)
			continue;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct worker *
worker_new(work_fn *fn, void *arg, int wake_fd)
{
	struct worker *w = mem_zero(1, sizeof *w);
	sigset_t all, before;

	w->fn = fn;
	w->arg = arg;
	w->wake_fd = wake_fd;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	/* Signals are for the thread with the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&w->thread, NULL, work, w) != 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free((void *)(uintptr_t)w->text.p);
	free(w);
}

void
worker_give(struct worker *w, struct str text)
{
	pthread_mutex_lock(&w->lock);
	w->text = text;
	w->state = GIVEN;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool
worker_take(struct worker *w, struct outcome *out)
{
	pthread_mutex_lock(&w->lock);
	bool finished = w->state == FINISHED;
	if (finished) {
		*out = w->out;
		w->state = IDLE;
		free((void *)(uintptr_t)w->text.p);
		w->text = (struct str){0};
	}
	pthread_mutex_unlock(&w->lock);
	return finished;
}
