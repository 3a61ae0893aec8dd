/* nf-score score: a filter that adds the score to each vector. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "io/fdio.h"
#include "score.h"

enum { OUT_BYTES = 1 << 16, REASONS_MAX = 3 };

static void
line_score(struct score *s, const struct model *m, const struct vector_shape *shape, const struct lines *l,
    struct str line, struct buf *out)
{
	float values[FOREST_FEATURES_MAX], score;
	struct err e;

	if (line.len == 0)
		return;
	if (vector_is_mark(line)) {
		buf_add(out, line.p, line.len);
		buf_putc(out, '\n');
		return;
	}
	if (vector_read(shape, line, values, &e) < 0 || forest_score(&m->forest, values, 1, &score, &e) < 0) {
		score_complain(s, l, &e);
		return;
	}
	s->vectors++;
	vector_copy(out, line);
	buf_printf(out, ",\"ml_score\":%.6f", (double)score);
	if (s->explain)
		vector_explain(out, m, values, REASONS_MAX);
	buf_puts(out, "}\n");
}

/* All that has come is answered before more is waited for. 1: our reader went away, which is a normal end. */
static int
out_flush(struct buf *out, struct err *e)
{
	int status = fd_write_all(STDOUT_FILENO, out->p, out->len);

	out->len = 0;
	if (status == 0)
		return 0;
	return errno == EPIPE ? 1 : err_sys(e, "output");
}

static int
filter(struct score *s, const struct model *m, struct lines *l, struct buf *out, struct err *e)
{
	struct vector_shape shape;
	struct str line;
	int n;

	vector_shape_of(&shape, m);
	for (;;) {
		if (out->len > 0 && (out->len >= OUT_BYTES || !lines_ready(l)) &&
		    (n = out_flush(out, e)) != 0)
			return n;
		if ((n = lines_next(l, &line, e)) != 1)
			break;
		line_score(s, m, &shape, l, line, out);
	}
	int flushed = out->len > 0 ? out_flush(out, n == 0 ? e : NULL) : 0;
	return n < 0 ? n : flushed;
}

int
score_score(struct score *s)
{
	struct lines l = {0};
	struct buf out = {0};
	struct model m;
	struct err e;

	if (s->model_path == NULL)
		fatal_config("no model: -m FILE");
	if (model_load(&m, s->model_path, &e) < 0)
		fatal_config("%s", e.msg);
	int status = s->prog.check_only ? 0 : filter(s, &m, &l, &out, &e);
	if (status < 0)
		log_warnx("%s", e.msg);
	if (s->bad > 0)
		log_warnx("%" PRIu64 " lines were left out", s->bad);
	model_release(&m);
	lines_release(&l);
	buf_release(&out);
	return status < 0 ? EXIT_FAILED : EXIT_OK;
}
