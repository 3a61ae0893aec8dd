/* nf-score serve: scores vectors over HTTP, and grows its model anew from those that came lately. */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/unix_socket.h"
#include "ml/members.h"

enum {
	HEAD_MAX = 16 << 10,
	BODY_MAX = 1 << 20,
	TIMEOUT_MS = 10 * 1000,
	CONNECTIONS = 8, /* each may hold a body: they bound the memory */
	BACKLOG = 16,
	FIRST_WAIT_MS = 60 * 1000, /* the first trainings come sooner, each after twice the time */
	DETECTION_LINE_MAX = 64 << 10,
};

/*
 * Settings.
 */

static char *
text_of(const char *flag, const struct conf *c, const char *key)
{
	const char *text = flag != NULL ? flag : conf_str(c, key);

	return text != NULL && text[0] != '\0' ? mem_strdup(text) : NULL;
}

static void
settings_release(struct serve_settings *s)
{
	free(s->model);
	free(s->socket);
}

static int
learn_below_read(float *v, const struct score *o, const struct conf *c, struct err *e)
{
	double real = conf_real(c, "ml.learn_below");

	if (o->learn_below != NULL && num_parse_real(&real, str_from(o->learn_below)) < 0)
		real = -1;
	if (!(real > 0 && real <= 1))
		return err_set(e, "--learn-below: expected a score above 0, up to 1");
	*v = (float)real;
	return 0;
}

/* -1 with words, and there is nothing to release. */
static int
settings_read(struct serve_settings *s, const struct score *o, const struct conf *c, struct err *e)
{
	char *listen;

	*s = (struct serve_settings){
	    .retrain_ms = o->retrain_given ? o->retrain_ms : conf_duration(c, "ml.retrain")};
	if (learn_below_read(&s->learn_below, o, c, e) < 0)
		return -1;
	s->model = text_of(o->model_path, c, "ml.model");
	s->socket = text_of(o->socket, c, "ml.socket");
	listen = text_of(o->listen, c, "ml.listen");
	if (listen == NULL && s->socket == NULL)
		listen = mem_strdup("127.0.0.1:9601");
	s->has_listen = listen != NULL;
	if (s->has_listen && endpoint_parse(&s->listen, str_from(listen), e) < 0) {
		free(listen);
		settings_release(s);
		return -1;
	}
	free(listen);
	return 0;
}

/*
 * The model.
 */

static void
model_take(struct serve *s, struct model *m)
{
	if (s->has_model)
		model_release(&s->model);
	s->model = *m;
	s->has_model = true;
	s->trained_ms = clock_wall_ms();
	vector_shape_of(&s->shape, m);
	baseline_shape(&s->baseline, &s->shape);
}

static void
model_forget(struct serve *s)
{
	log_notice("%s is gone: it learns anew", s->settings.model);
	model_release(&s->model);
	s->has_model = s->on_disk = false;
	s->trainings = 0;
	baseline_shape(&s->baseline, &(struct vector_shape){.count = 0});
}

/* The file as it is now: none yet is no error, and one that went away means to begin anew. */
static int
model_reread(struct serve *s, struct err *e)
{
	struct model m;

	if (access(s->settings.model, F_OK) < 0 && errno == ENOENT) {
		if (s->on_disk)
			model_forget(s);
		return 0;
	}
	if (model_load(&m, s->settings.model, e) < 0)
		return -1;
	s->on_disk = true;
	if (s->has_model && m.checksum == s->model.checksum)
		model_release(&m);
	else
		model_take(s, &m);
	return 0;
}

/*
 * Training.
 */

static void
train(struct serve *s)
{
	struct baseline *b = &s->baseline;
	const struct forest_options o = {.trees = (uint32_t)s->score->trees,
	    .sample = (uint32_t)s->score->sample,
	    .seed = s->score->seed + s->trainings};

	if (trainer_busy(s->trainer))
		return;
	baseline_turn(b, clock_mono_ms());
	s->kept = b->kept.count;
	if (b->kept.count < s->score->first)
		return;
	s->trainings++;
	trainer_begin(s->trainer, &b->shape, b->kept.values, b->kept.count, &o);
}

static void
retrain_later(struct serve *s)
{
	uint64_t ms = s->settings.retrain_ms;

	if (s->trainings < 10 && ms > (uint64_t)FIRST_WAIT_MS << s->trainings)
		ms = (uint64_t)FIRST_WAIT_MS << s->trainings;
	if (s->settings.retrain_ms > 0)
		loop_timer_set(s->retrain, (int64_t)ms);
	else
		loop_timer_cancel(s->retrain);
}

static void
on_retrain(void *arg)
{
	struct serve *s = arg;

	if (s->baseline.shape.count > 0)
		train(s);
	retrain_later(s);
}

void
serve_learn_first(struct serve *s)
{
	if (s->baseline.kept.count + s->baseline.fresh.count >= s->score->first)
		train(s);
}

/* A training is done. */
static void
on_woken(void *arg, int fd, int what)
{
	struct serve *s = arg;
	struct err e, unwritten;
	struct model m;
	char bytes[16];

	(void)what;
	(void)fd_read(fd, bytes, sizeof bytes);
	int n = trainer_take(s->trainer, &m, &unwritten, &e);
	if (n < 0) {
		s->failed++;
		log_warnx("training: %s", e.msg);
	}
	if (n != 1)
		return;
	s->trained++;
	if (unwritten.msg[0] != '\0')
		log_warnx("%s; the model is used, and lost with this process", unwritten.msg);
	s->on_disk |= unwritten.msg[0] == '\0';
	log_info("a model of %" PRIu64 " vectors", m.rows);
	model_take(s, &m);
}

/*
 * Detections: who is under one is not learnt from.
 */

static void
detection_take(struct serve *s, struct str line)
{
	struct members m = members_of(line, line);
	struct str name, key = {0};
	int64_t now = clock_mono_ms(), hold = (int64_t)s->settings.retrain_ms;
	struct json_value v;

	while (members_next(&m, &name, &v, NULL) == 1)
		if (str_eq(name, STR("key")) && v.kind == JSON_OBJECT)
			key = v.text;
	m = members_of(key, line);
	while (key.p != NULL && members_next(&m, &name, &v, NULL) == 1) {
		struct addr a;

		if (v.kind == JSON_STRING && addr_parse(&a, v.text) == 0)
			baseline_suspect(&s->baseline, v.text, now, now + hold);
	}
}

static void
on_detections(void *arg, int fd, int what)
{
	struct serve *s = arg;
	struct buf *text = &s->detections.text;
	const uint8_t *end;

	(void)what;
	ssize_t n = fd_read(fd, buf_reserve(text, 4096), 4096);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		loop_fd_set(s->detections.watch, 0); /* a file that ended */
	if (n > 0)
		text->len += (size_t)n;
	while (text->len > 0 && (end = memchr(text->p, '\n', text->len)) != NULL) {
		size_t len = (size_t)(end - text->p);

		detection_take(s, (struct str){(const char *)text->p, len});
		buf_consume(text, len + 1);
	}
	if (text->len > DETECTION_LINE_MAX)
		text->len = 0; /* its end is no line of its own, and is passed over */
}

/* Read and write: then a FIFO never ends, whoever comes and goes. */
static void
detections_open(struct serve *s)
{
	struct detections *d = &s->detections;
	const char *path = s->score->detections;

	d->fd = -1;
	if (path == NULL)
		return;
	d->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		fatal("%s", path);
	d->watch = loop_fd_add(s->loop, d->fd, LOOP_READ, on_detections, s);
}

static void
detections_close(struct detections *d)
{
	loop_fd_remove(d->watch);
	if (d->fd >= 0)
		close(d->fd);
	buf_release(&d->text);
}

/*
 * The program.
 */

static int
listen_tcp(const struct endpoint *ep, struct err *e)
{
	int fd = endpoint_socket(ep, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

	if (fd < 0)
		return err_sys(e, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (endpoint_bind(fd, ep) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	const char *remedy = endpoint_remedy(errno);
	err_sys(e, "cannot listen at %s: %s", ep->name, remedy);
	close(fd);
	return -1;
}

static void
doors_open(struct serve *s)
{
	const struct httpd_limits limits = {HEAD_MAX, BODY_MAX, TIMEOUT_MS, CONNECTIONS};
	struct err e;
	int fd = -1;

	if (s->settings.has_listen) {
		if ((fd = listen_tcp(&s->settings.listen, &e)) < 0)
			fatalx("%s", e.msg);
		s->tcp = httpd_new(s->loop, fd, &limits, door_answer, s);
	}
	if (s->settings.socket != NULL) {
		if ((fd = unix_listen(s->settings.socket, 0660, &e)) < 0)
			fatalx("%s", e.msg);
		s->local = httpd_new(s->loop, fd, &limits, door_answer, s);
	}
}

static void
doors_close(struct serve *s)
{
	httpd_free(s->tcp);
	if (s->local != NULL)
		unlink(s->settings.socket);
	httpd_free(s->local);
}

static void
on_stop(void *arg)
{
	struct serve *s = arg;

	loop_break(s->loop);
}

/* Where it listens and where the model lies stay as they are. */
static int
apply(void *arg, const struct conf *c, struct err *e)
{
	struct serve_settings new;
	struct serve *s = arg;

	if (settings_read(&new, s->score, c, e) < 0)
		return -1;
	if (model_reread(s, e) == 0) {
		s->settings.retrain_ms = new.retrain_ms;
		s->settings.learn_below = new.learn_below;
		settings_release(&new);
		retrain_later(s);
		return 0;
	}
	settings_release(&new);
	return -1;
}

static void
on_reload(void *arg)
{
	struct serve *s = arg;

	(void)prog_reload(&s->score->prog, apply, s);
}

static void
add_metrics(struct serve *s)
{
	struct metrics *m = &s->score->prog.metrics;
	const struct baseline *b = &s->baseline;

	metrics_counter(m, "nf_score_requests_total", "requests", &s->requests);
	metrics_counter(m, "nf_score_refused_total", "requests answered with an error", &s->refused);
	metrics_counter(m, "nf_score_trainings_total", "models grown", &s->trained);
	metrics_counter(m, "nf_score_trainings_failed_total", "models that could not be grown", &s->failed);
	metrics_counter(m, "nf_score_learnt_total", "vectors that may be learnt from", &b->learnt);
	metrics_add(m, "nf_score_unlearnt_total", "reason=\"score\"", "vectors not learnt from",
	    METRIC_COUNTER, &b->odd);
	metrics_add(m, "nf_score_unlearnt_total", "reason=\"detection\"", "vectors not learnt from",
	    METRIC_COUNTER, &b->suspect);
	metrics_counter(m, "nf_score_suspects_refused_total",
	    "keys under detection for which there was no room", &b->suspects_refused);
	metrics_gauge(m, "nf_score_baseline_vectors", "vectors that the next model is grown from", &s->kept);
}

static void
begin(struct serve *s)
{
	const struct loop_signals signals = {
	    on_stop, on_reload, s, &s->score->prog.metrics, s->score->prog.metrics_path};
	struct err e;

	s->loop = loop_new(&e);
	if (s->loop == NULL || loop_signals(s->loop, &signals, &e) < 0)
		fatalx("%s", e.msg);
	if (pipe2(s->wake, O_NONBLOCK | O_CLOEXEC) < 0)
		fatal("pipe");
	s->woken = loop_fd_add(s->loop, s->wake[0], LOOP_READ, on_woken, s);
	s->trainer = trainer_new(s->settings.model, s->wake[1]);
	s->retrain = loop_timer_add(s->loop, on_retrain, s);
	detections_open(s);
	add_metrics(s);
	doors_open(s);
	if (!s->has_model)
		log_notice("%s is not there: it learns first, from %" PRIu64 " vectors", s->settings.model,
		    s->score->first);
	retrain_later(s);
}

static void
end(struct serve *s)
{
	doors_close(s);
	detections_close(&s->detections);
	trainer_free(s->trainer);
	loop_fd_remove(s->woken);
	loop_timer_remove(s->retrain);
	close(s->wake[0]);
	close(s->wake[1]);
	ask_release(&s->ask);
	buf_release(&s->scores);
	loop_free(s->loop);
}

int
score_serve(struct score *o)
{
	struct serve s = {.score = o};
	struct err e;

	baseline_init(&s.baseline, (uint32_t)(o->rows_max > 0 ? o->rows_max : SERVE_ROWS), o->seed);
	if (settings_read(&s.settings, o, &o->prog.conf, &e) < 0 || model_reread(&s, &e) < 0)
		fatal_config("%s", e.msg);
	if (!o->prog.check_only) {
		begin(&s);
		loop_run(s.loop);
		prog_finish(&o->prog);
		end(&s);
	}
	if (s.has_model)
		model_release(&s.model);
	baseline_release(&s.baseline);
	settings_release(&s.settings);
	return EXIT_OK;
}
