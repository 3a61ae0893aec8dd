#include "ml/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "io/fdio.h"

enum { SEEN_MAX = 65536 };

int
model_name_valid(struct str name)
{
	if (name.len == 0 || name.len >= MODEL_NAME_MAX)
		return 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '-' || c == '.'))
			return 0;
	}
	return 1;
}

static int
float_order(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* What is usual for each feature. */
static void
features_describe(struct model *m, const float *rows, size_t n)
{
	size_t step = (n + SEEN_MAX - 1) / SEEN_MAX, seen = (n + step - 1) / step;
	float *v = mem_zero(seen, sizeof *v);

	for (uint32_t k = 0; k < m->forest.features; k++) {
		struct model_feature *f = &m->features[k];

		for (size_t i = 0; i < seen; i++)
			v[i] = rows[i * step * m->forest.features + k];
		qsort(v, seen, sizeof *v, float_order);
		f->low = v[(seen - 1) * 5 / 100];
		f->middle = v[(seen - 1) / 2];
		f->high = v[(seen - 1) * 95 / 100];
	}
	free(v);
}

int
model_train(struct model *m, const struct str *names, uint32_t features, uint32_t vectors, const float *rows,
    size_t n, const struct forest_options *o, struct err *e)
{
	*m = (struct model){.vectors = vectors, .rows = n, .seed = o->seed};
	if (forest_train(&m->forest, rows, n, features, o, e) < 0)
		return -1;
	m->features = mem_zero(features, sizeof *m->features);
	for (uint32_t k = 0; k < features; k++)
		memcpy(m->features[k].name, names[k].p, names[k].len);
	features_describe(m, rows, n);
	return 0;
}

static size_t
nodes_size(const struct forest *f)
{
	return ((size_t)f->trees << f->depth) * sizeof *f->nodes;
}

static size_t
reach_size(const struct forest *f)
{
	return ((size_t)f->trees << f->depth) * 2 * sizeof *f->reach;
}

static uint64_t
file_hash(struct str head, const void *nodes, size_t nodes_len, const void *reach, size_t reach_len)
{
	const struct iovec parts[] = {
	    {(void *)(uintptr_t)head.p, head.len},
	    {(void *)(uintptr_t)nodes, nodes_len},
	    {(void *)(uintptr_t)reach, reach_len},
	};

	return hash64_parts(parts, 3);
}

void
model_write(struct model *m, struct buf *out)
{
	const struct forest *f = &m->forest;
	size_t from = out->len;

	buf_printf(out, "nf-model %d\nvectors %" PRIu32 "\nrows %" PRIu64 "\nseed %" PRIu64 "\n",
	    MODEL_VERSION, m->vectors, m->rows, m->seed);
	buf_printf(out, "trees %" PRIu32 "\nsample %" PRIu32 "\nfeatures %" PRIu32 "\n", f->trees, f->sample,
	    f->features);
	for (uint32_t k = 0; k < f->features; k++) {
		const struct model_feature *v = &m->features[k];

		buf_printf(out, "feature %s %.9g %.9g %.9g\n", v->name, (double)v->low, (double)v->middle,
		    (double)v->high);
	}
	buf_printf(out, "data %zu\n", nodes_size(f) + reach_size(f));
	struct str head = {(const char *)out->p + from, out->len - from};
	m->checksum = file_hash(head, f->nodes, nodes_size(f), f->reach, reach_size(f));
	buf_printf(out, "checksum %016" PRIx64 "\n\n", m->checksum);
	buf_add(out, f->nodes, nodes_size(f));
	buf_add(out, f->reach, reach_size(f));
}

void
model_release(struct model *m)
{
	free(m->features);
	forest_release(&m->forest);
	*m = (struct model){0};
}

int
model_find(const struct model *m, struct str name)
{
	for (uint32_t k = 0; k < m->forest.features; k++)
		if (str_eq(str_from(m->features[k].name), name))
			return (int)k;
	return -1;
}

int
model_load(struct model *m, const char *path, struct err *e)
{
	struct buf b = {0};
	int status = file_read(&b, path, MODEL_BYTES_MAX, e);

	if (status == 0 && model_read(m, b.p, b.len, e) < 0)
		status = err_wrap(e, "%s", path);
	buf_release(&b);
	return status;
}
