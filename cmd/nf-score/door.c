/* What nf-score serve answers: POST /score, GET /health, /model, /metrics. */
#include <inttypes.h>
#include <string.h>

#include "io/clock.h"
#include "serve.h"

enum { REASONS_MAX = 3, DETAIL_MAX = 2 * sizeof(struct err) };

static void
put_error(struct httpd_answer *a, int status, const char *words)
{
	a->status = status;
	a->body.len = 0;
	buf_puts(&a->body, "{\"error\": \"");
	for (; *words != '\0'; words++) {
		if (*words == '"' || *words == '\\')
			buf_putc(&a->body, '\\');
		buf_putc(&a->body, (uint8_t)*words < 0x20 || (uint8_t)*words > 0x7e ? '?' : *words);
	}
	buf_puts(&a->body, "\"}\n");
}

/* The first vectors say what a model is to be of. */
static int
learn_unscored(struct serve *s, struct err *e)
{
	struct baseline *b = &s->baseline;

	if (s->ask.count == 0)
		return 0;
	if (b->shape.count == 0) {
		struct vector_shape shape = s->ask.shape;

		shape.version = shape.version != 0 ? shape.version : 1;
		baseline_shape(b, &shape);
	}
	if (ask_fit(&s->ask, &b->shape, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s->ask.count; i++)
		baseline_add(b, ask_id(&s->ask, i), ask_values(&s->ask) + (size_t)i * b->shape.count, -1, 1);
	serve_learn_first(s);
	return 0;
}

static void
put_scores(struct serve *s, const float *scores, struct buf *out)
{
	const struct ask *q = &s->ask;

	answer_begin(out, s->model.checksum);
	for (uint32_t i = 0; i < q->count; i++) {
		answer_score(out, i == 0, ask_id(q, i), scores[i]);
		if (q->explain)
			vector_explain(
			    out, &s->model, ask_values(q) + (size_t)i * s->shape.count, REASONS_MAX);
		buf_putc(out, '}');
	}
	answer_end(out);
}

static void
do_score(struct serve *s, const struct httpd_request *r, struct httpd_answer *a)
{
	struct ask *q = &s->ask;
	struct err e;

	a->status = 400;
	if (ask_read(q, r->body, &e) < 0) {
		put_error(a, 400, e.msg);
		return;
	}
	s->score->vectors += q->count;
	if (!s->has_model) {
		int status = learn_unscored(s, &e);

		put_error(a, status < 0 ? 409 : 503, status < 0 ? e.msg : "there is no model yet: it learns");
		return;
	}
	s->scores.len = 0;
	float *scores = (float *)(void *)buf_reserve(&s->scores, (q->count + 1) * sizeof *scores);
	if (ask_fit(q, &s->shape, &e) < 0 ||
	    forest_score(&s->model.forest, ask_values(q), q->count, scores, &e) < 0) {
		put_error(a, 409, e.msg);
		return;
	}
	a->status = 200;
	put_scores(s, scores, &a->body);
	for (uint32_t i = 0; i < q->count; i++)
		baseline_add(&s->baseline, ask_id(q, i), ask_values(q) + (size_t)i * s->shape.count,
		    scores[i], s->settings.learn_below);
}

static void
show_health(struct serve *s, const struct httpd_request *r, struct httpd_answer *a)
{
	(void)r;
	a->status = s->has_model ? 200 : 503;
	buf_printf(&a->body, "{\"status\":\"%s\",\"learnt\":%" PRIu64 "}\n",
	    s->has_model ? "ok" : "no model yet: it learns", s->baseline.learnt);
}

static void
show_model(struct serve *s, const struct httpd_request *r, struct httpd_answer *a)
{
	const struct model *m = &s->model;
	const struct forest *f = &m->forest;

	(void)r;
	if (!s->has_model) {
		put_error(a, 404, "there is no model yet");
		return;
	}
	a->status = 200;
	buf_printf(&a->body,
	    "{\"model\":\"%016" PRIx64 "\",\"version\":%" PRIu32 ",\"trained\":%" PRId64 ",\"rows\":%" PRIu64
	    ",\"seed\":%" PRIu64 ",\"trees\":%" PRIu32 ",\"sample\":%" PRIu32 ",\"features\":[",
	    m->checksum, m->vectors, s->trained_ms / 1000, m->rows, m->seed, f->trees, f->sample);
	for (uint32_t i = 0; i < f->features; i++)
		buf_printf(&a->body, "%s{\"name\":\"%s\",\"usual\":[%.7g,%.7g,%.7g]}", i > 0 ? "," : "",
		    m->features[i].name, (double)m->features[i].low, (double)m->features[i].middle,
		    (double)m->features[i].high);
	buf_puts(&a->body, "]}\n");
}

static void
show_metrics(struct serve *s, const struct httpd_request *r, struct httpd_answer *a)
{
	(void)r;
	a->status = 200;
	a->type = "text/plain; version=0.0.4";
	metrics_format(&s->score->prog.metrics, &a->body);
}

static const struct place {
	const char *path, *method, *allow;
	void (*fn)(struct serve *s, const struct httpd_request *r, struct httpd_answer *a);
} places[] = {
    {"/score", "POST", "Allow: POST", do_score},
    {"/health", "GET", "Allow: GET", show_health},
    {"/model", "GET", "Allow: GET", show_model},
    {"/metrics", "GET", "Allow: GET", show_metrics},
};

/* A form of a foreign page can be sent here, but not as JSON without asking first. */
static bool
is_json(struct str type)
{
	size_t n = 0;

	while (n < type.len && type.p[n] != ';' && type.p[n] != ' ')
		n++;
	return http_same((struct str){type.p, n}, "application/json");
}

static void
answer(struct serve *s, const struct httpd_request *r, struct httpd_answer *a)
{
	const struct place *p = NULL;

	for (size_t i = 0; i < sizeof places / sizeof places[0] && p == NULL; i++)
		if (str_eq(r->head->path, str_from(places[i].path)))
			p = &places[i];
	if (p == NULL)
		put_error(a, 404, "there is nothing at this path");
	else if (!str_eq(r->head->method, str_from(p->method))) {
		put_error(a, 405, "not with this method");
		a->field = p->allow;
	} else if (p->method[0] == 'P' && !is_json(http_head_field(r->head, "Content-Type")))
		put_error(a, 415, "Content-Type: application/json was expected");
	else
		p->fn(s, r, a);
}

void
door_answer(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
	struct serve *s = arg;

	s->requests++;
	answer(s, r, a);
	/* Who asks for health, or learns, has done nothing wrong. */
	if (a->status == 200 || a->status == 503)
		return;
	s->refused++;
	log_limited(&s->refusals, clock_mono_ms(), "%.*s: %d %.*s", (int)r->head->path.len, r->head->path.p,
	    a->status, (int)a->body.len - 1, (const char *)a->body.p);
}
