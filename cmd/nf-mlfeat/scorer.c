#include "scorer.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/clock.h"
#include "io/http.h"

enum { REASONS_MAX = 3, AGAIN_MIN_MS = 1000, AGAIN_MAX_MS = 30000, LEARNING = 503 };

struct scorer {
	unsigned place;
	struct scorer_options options;
	struct model model; /* without features: it is asked over HTTP */

	/* of the thread */
	struct http *http;
	struct buf body;
	int64_t again_ms; /* monotonic: not before; 0: it answers */
	int64_t delay_ms;

	atomic_bool quit;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct page *pages[PAGES_MAX]; /* a ring, under the lock */
	unsigned first, count;
};

/*
 * A model at hand.
 */

/* The model must be of the features that are ours. */
static int
model_open(struct model *m, const char *path, struct err *e)
{
	if (model_load(m, path, e) < 0)
		return -1;
	if (m->vectors != FEATURES_VERSION || m->forest.features != FEATURES) {
		err_set(e,
		    "%s: a model of other features: version %" PRIu32 " with %" PRIu32
		    ", expected version %d with %d",
		    path, m->vectors, m->forest.features, FEATURES_VERSION, FEATURES);
		model_release(m);
		return -1;
	}
	for (unsigned i = 0; i < FEATURES; i++)
		if (strcmp(m->features[i].name, feature_names[i]) != 0) {
			err_set(e, "%s: a model of other features: %s where %s was expected", path,
			    m->features[i].name, feature_names[i]);
			model_release(m);
			return -1;
		}
	return 0;
}

static void
explain(const struct scorer *s, const struct page *p, struct verdict *v)
{
	size_t at = 0;

	v->text.len = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		size_t from = v->text.len;

		vector_reasons(&v->text, &s->model, p->values + (size_t)i * FEATURES, REASONS_MAX);
		v->answers[i].reasons.len = v->text.len - from;
	}
	/* The text may have moved while it grew. */
	for (uint32_t i = 0; i < p->count; i++) {
		v->answers[i].reasons.p = (const char *)v->text.p + at;
		at += v->answers[i].reasons.len;
	}
}

static void
score_here(const struct scorer *s, const struct page *p, struct verdict *v)
{
	float scores[PAGE_VECTORS];

	v->scored = forest_score(&s->model.forest, p->values, p->count, scores, &v->words) == 0;
	for (uint32_t i = 0; v->scored && i < p->count; i++)
		v->answers[i] = (struct answer){.score = scores[i]};
	if (v->scored && s->options.explain)
		explain(s, p, v);
}

/*
 * One over HTTP.
 */

static int
ask(struct scorer *s, const struct page *p, struct verdict *v, long *status)
{
	struct http_answer a = {.text = v->text};
	struct err e;

	s->body.len = 0;
	ask_write(&s->body, FEATURES_VERSION, s->options.explain, feature_names, FEATURES, p->keys, p->values,
	    p->count);
	int n = http_post(s->http, NULL, (struct str){(const char *)s->body.p, s->body.len}, &a, &v->words);
	v->text = a.text;
	*status = a.status;
	if (n < 0)
		return -1;
	struct str text = {(const char *)a.text.p, a.text.len};
	if (a.status != 200) {
		size_t line = 0;

		while (line < text.len && line < 200 && text.p[line] != '\n')
			line++;
		return err_set(&v->words, "status %ld: %.*s", a.status, (int)line, line > 0 ? text.p : "");
	}
	if (answer_read(v->answers, p->keys, p->count, text, &e) < 0)
		return err_set(&v->words, "garbage: %s", e.msg);
	return 0;
}

static void
score_there(struct scorer *s, const struct page *p, struct verdict *v)
{
	int64_t now = clock_mono_ms();
	long status = 0;

	if (atomic_load(&s->quit) || now < s->again_ms || now > p->until_ms)
		return;
	v->scored = ask(s, p, v, &status) == 0;
	if (v->scored || status == LEARNING) {
		s->delay_ms = s->again_ms = 0;
		return;
	}
	s->delay_ms = s->delay_ms > 0 ? 2 * s->delay_ms : AGAIN_MIN_MS;
	s->delay_ms = s->delay_ms < AGAIN_MAX_MS ? s->delay_ms : AGAIN_MAX_MS;
	s->again_ms = clock_mono_ms() + s->delay_ms;
}

static void
wake(int fd)
{
	ssize_t n = write(fd, "", 1);

	(void)n; /* a pipe that is full wakes its reader all the same */
}

static void *
work(void *arg)
{
	struct scorer *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->count == 0 && !atomic_load(&s->quit))
			pthread_cond_wait(&s->given, &s->lock);
		if (s->count == 0)
			break;
		struct page *p = s->pages[s->first];

		s->first = (s->first + 1) % PAGES_MAX;
		s->count--;
		pthread_mutex_unlock(&s->lock);
		score_there(s, p, &p->verdicts[s->place]);
		atomic_fetch_sub(&p->waiting, 1);
		wake(s->options.wake_fd);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* A URL without a path is one of a scorer as ours. */
static int
http_open(struct scorer *s, const char *url, const char *socket, struct err *e)
{
	const char *host = strstr(url, "://"), *path = host != NULL ? strchr(host + 3, '/') : NULL;
	struct buf whole = {0};

	buf_puts(&whole, url);
	if (path == NULL || path[1] == '\0')
		buf_puts(&whole, path == NULL ? "/score" : "score");
	const struct http_options o = {
	    .url = buf_cstr(&whole),
	    .socket = socket,
	    .agent = "nf-mlfeat",
	    .content_type = "application/json",
	    .connect_ms = s->options.timeout_ms,
	    .timeout_ms = s->options.timeout_ms,
	    .abort = &s->quit,
	};
	s->http = http_new(&o, e);
	buf_release(&whole);
	return s->http != NULL ? 0 : -1;
}

static void
thread_begin(struct scorer *s)
{
	sigset_t all, before;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->given, NULL);
	/* Signals are for the thread with the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&s->thread, NULL, work, s) != 0)
		fatalx("no thread for a scorer");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct scorer *
scorer_new(const char *text, unsigned place, const struct scorer_options *o, struct err *e)
{
	static const char native[] = "native:";
	struct scorer *s = mem_zero(1, sizeof *s);
	struct err why;
	int n;

	s->place = place;
	s->options = *o;
	s->options.socket = NULL; /* the caller's */
	if (strncmp(text, native, sizeof native - 1) == 0) {
		if (model_open(&s->model, text + sizeof native - 1, e) == 0)
			return s;
		free(s);
		return NULL;
	}
	if (strcmp(text, "native") == 0)
		n = http_open(s, "http://nf-score", o->socket, &why);
	else
		n = http_open(s, text, NULL, &why);
	if (n < 0) {
		err_set(e, "--scorer '%s': expected native:MODEL, native or a URL: %s", text, why.msg);
		free(s);
		return NULL;
	}
	thread_begin(s);
	return s;
}

void
scorer_free(struct scorer *s)
{
	if (s == NULL)
		return;
	if (s->http != NULL) {
		pthread_mutex_lock(&s->lock);
		atomic_store(&s->quit, true);
		pthread_cond_signal(&s->given);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
		pthread_cond_destroy(&s->given);
		pthread_mutex_destroy(&s->lock);
		http_free(s->http);
		buf_release(&s->body);
	} else {
		model_release(&s->model);
	}
	free(s);
}

void
scorer_give(struct scorer *s, struct page *p)
{
	struct verdict *v = &p->verdicts[s->place];

	if (s->http == NULL) {
		score_here(s, p, v);
		atomic_fetch_sub(&p->waiting, 1);
		return;
	}
	pthread_mutex_lock(&s->lock);
	/* There is room: no more pages wait at a time than the ring holds. */
	s->pages[(s->first + s->count) % PAGES_MAX] = p;
	s->count++;
	pthread_cond_signal(&s->given);
	pthread_mutex_unlock(&s->lock);
}
