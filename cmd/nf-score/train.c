/* nf-score train: grows a forest from the vectors on standard input. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fdio.h"
#include "score.h"

/* The rows to train on: all, or a sample of them in which each has the same chance. */
struct rows {
	struct vector_shape shape;
	float *values;
	size_t count, room, max;
	uint64_t seen;
	uint64_t random;
};

/* xorshift64* (Vigna, 2016), for which rows stay; the forest's own draws are seeded apart. */
static uint64_t
random_below(uint64_t *state, uint64_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717) % n;
}

/* Where the next row goes, or NULL where it is not kept: reservoir sampling (Vitter, algorithm R, 1985). */
static float *
rows_place(struct rows *r)
{
	uint64_t at = r->count;

	if (r->count < r->max) {
		if (r->count == r->room) {
			r->room = r->room > 0 ? 2 * r->room : 1024;
			r->values = mem_resize(r->values, r->room * r->shape.count, sizeof *r->values);
		}
		r->count++;
	} else {
		at = random_below(&r->random, r->seen);
	}
	return at < r->max ? r->values + at * r->shape.count : NULL;
}

static void
line_take(struct score *s, struct rows *r, const struct lines *l, struct str line)
{
	float values[FOREST_FEATURES_MAX];
	struct err e;

	if (line.len == 0 || vector_is_mark(line))
		return;
	if ((r->shape.count == 0 && vector_shape_read(&r->shape, line, &e) < 0) ||
	    vector_read(&r->shape, line, values, &e) < 0) {
		score_complain(s, l, &e);
		return;
	}
	r->seen++;
	s->vectors++;
	float *to = rows_place(r);
	if (to != NULL)
		memcpy(to, values, r->shape.count * sizeof *to);
}

static int
rows_train(struct score *s, const struct rows *r, struct err *e)
{
	const struct forest_options o = {
	    .trees = (uint32_t)s->trees, .sample = (uint32_t)s->sample, .seed = s->seed};
	struct str names[FOREST_FEATURES_MAX];
	struct buf file = {0};
	struct model m;
	int status;

	if (r->count < 2)
		return err_set(e, "%zu vectors, expected at least 2 to train on", r->count);
	for (uint32_t i = 0; i < r->shape.count; i++)
		names[i] = str_from(r->shape.names[i]);
	if (model_train(&m, names, r->shape.count, r->shape.version, r->values, r->count, &o, e) < 0)
		return -1;
	model_write(&m, &file);
	model_release(&m);
	if (s->model_path != NULL)
		status = file_replace(s->model_path, file.p, file.len, 0644, 1, e);
	else if ((status = fd_write_all(STDOUT_FILENO, file.p, file.len)) < 0)
		err_sys(e, "output");
	buf_release(&file);
	return status;
}

int
score_train(struct score *s)
{
	struct rows r = {.max = s->rows_max > 0 ? s->rows_max : TRAIN_ROWS,
	    .random = s->seed ^ UINT64_C(0x9e3779b97f4a7c15)};
	struct lines l = {0};
	struct str line;
	struct err e;
	int n;

	r.random |= 1; /* xorshift has no way out of 0 */
	while ((n = lines_next(&l, &line, &e)) == 1)
		line_take(s, &r, &l, line);
	if (n == 0)
		n = rows_train(s, &r, &e);
	if (n < 0)
		log_warnx("%s", e.msg);
	if (s->bad > 0)
		log_warnx("%" PRIu64 " lines were left out", s->bad);
	free(r.values);
	lines_release(&l);
	return n < 0 ? EXIT_FAILED : EXIT_OK;
}
