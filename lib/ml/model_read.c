/* The reader of model files: nothing in them is believed before it is checked. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "ml/model.h"

/* The head's lines, one after the other. */
struct head {
	struct str left;
	unsigned line; /* of the one taken last, from 1 */
};

static int
head_err(const struct head *h, struct err *e, const char *expected)
{
	return err_set(e, "line %u: expected %s", h->line, expected);
}

/* The next line after its word and a space. */
static int
head_take(struct head *h, const char *word, struct str *value, struct err *e)
{
	const char *end = memchr(h->left.p, '\n', h->left.len);
	size_t n = strlen(word);

	h->line++;
	if (end == NULL || (size_t)(end - h->left.p) <= n || memcmp(h->left.p, word, n) != 0 ||
	    h->left.p[n] != ' ')
		return err_set(e, "line %u: expected '%s'", h->line, word);
	*value = (struct str){h->left.p + n + 1, (size_t)(end - h->left.p) - n - 1};
	h->left.len -= (size_t)(end + 1 - h->left.p);
	h->left.p = end + 1;
	return 0;
}

static int
head_number(struct head *h, const char *word, uint64_t *v, uint64_t min, uint64_t max, struct err *e)
{
	struct str value;

	if (head_take(h, word, &value, e) < 0)
		return -1;
	if (num_parse(v, value, min, max) < 0)
		return err_set(e, "line %u: %s is '%.*s', expected a number from %" PRIu64 " to %" PRIu64,
		    h->line, word, (int)(value.len < 32 ? value.len : 32), value.p, min, max);
	return 0;
}

/* The word up to the next space, or the rest. */
static struct str
word_take(struct str *s)
{
	const char *end = memchr(s->p, ' ', s->len);
	struct str word = {s->p, end != NULL ? (size_t)(end - s->p) : s->len};
	size_t skip = word.len + (end != NULL);

	s->p += skip;
	s->len -= skip;
	return word;
}

static int
feature_read(struct head *h, struct model *m, uint32_t k, struct err *e)
{
	struct model_feature *f = &m->features[k];
	float *const usual[] = {&f->low, &f->middle, &f->high};
	struct str rest, name;

	if (head_take(h, "feature", &rest, e) < 0)
		return -1;
	name = word_take(&rest);
	if (!model_name_valid(name) || model_find(m, name) >= 0)
		return head_err(h, e, "the name of a feature, and each once");
	for (unsigned i = 0; i < 3; i++) {
		double v;

		if (num_parse_real(&v, word_take(&rest)) < 0 || !isfinite((float)v))
			return head_err(h, e, "three numbers after the feature's name");
		*usual[i] = (float)v;
	}
	if (rest.len > 0)
		return head_err(h, e, "three numbers after the feature's name");
	memcpy(f->name, name.p, name.len);
	return 0;
}

/* The lines up to `data`, and room for what they promise, but no more than has come. */
static int
head_read(struct head *h, struct model *m, size_t len, struct err *e)
{
	uint64_t version, vectors, trees, sample, features, data;

	if (head_number(h, "nf-model", &version, 0, UINT32_MAX, e) < 0)
		return err_set(e, "this is no model file");
	if (version != MODEL_VERSION)
		return err_set(e, "a model file of version %" PRIu64 ", expected %d", version, MODEL_VERSION);
	if (head_number(h, "vectors", &vectors, 0, UINT32_MAX, e) < 0 ||
	    head_number(h, "rows", &m->rows, 0, UINT64_MAX, e) < 0 ||
	    head_number(h, "seed", &m->seed, 0, UINT64_MAX, e) < 0 ||
	    head_number(h, "trees", &trees, 1, FOREST_TREES_MAX, e) < 0 ||
	    head_number(h, "sample", &sample, 2, FOREST_SAMPLE_MAX, e) < 0 ||
	    head_number(h, "features", &features, 1, FOREST_FEATURES_MAX, e) < 0)
		return -1;
	if (((trees << forest_depth((uint32_t)sample)) * 16) > len)
		return err_set(e, "the file is cut off");
	m->vectors = (uint32_t)vectors;
	m->features = mem_zero(features, sizeof *m->features);
	forest_init(&m->forest, (uint32_t)trees, (uint32_t)features, (uint32_t)sample);
	for (uint32_t k = 0; k < features; k++)
		if (feature_read(h, m, k, e) < 0)
			return -1;
	data = (trees << m->forest.depth) * 16;
	return head_number(h, "data", &data, data, data, e);
}

static int
checksum_read(struct head *h, uint64_t *v, struct err *e)
{
	struct str hex;

	if (head_take(h, "checksum", &hex, e) < 0)
		return -1;
	if (hex.len != 16)
		return head_err(h, e, "16 hexadecimal digits");
	*v = 0;
	for (size_t i = 0; i < hex.len; i++) {
		const char *digit = memchr("0123456789abcdef", hex.p[i], 16);

		if (digit == NULL)
			return head_err(h, e, "16 hexadecimal digits");
		*v = *v << 4 | (uint64_t)(digit - "0123456789abcdef");
	}
	h->line++;
	if (h->left.len == 0 || *h->left.p != '\n')
		return head_err(h, e, "an empty line");
	h->left.p++;
	h->left.len--;
	return 0;
}

/* A checksum is no proof of sense: who made the file may have been wrong. */
static int
forest_check(const struct forest *f, struct err *e)
{
	size_t nodes = (size_t)f->trees << f->depth;

	for (size_t i = 0; i < nodes; i++)
		if (f->nodes[i].feature >= f->features || isnan(f->nodes[i].threshold))
			return err_set(e, "node %zu makes no sense", i);
	for (size_t i = 0; i < nodes * 2; i++)
		if (!(f->reach[i] >= 0 && f->reach[i] <= 64))
			return err_set(e, "path length %zu makes no sense", i);
	return 0;
}

static int
file_read_checked(struct model *m, struct head *h, struct str file, struct err *e)
{
	if (head_read(h, m, file.len, e) < 0)
		return -1;
	struct forest *f = &m->forest;
	struct str head = {file.p, (size_t)(h->left.p - file.p)};
	size_t nodes = ((size_t)f->trees << f->depth) * sizeof *f->nodes;

	if (checksum_read(h, &m->checksum, e) < 0)
		return -1;
	if (h->left.len != nodes * 2)
		return err_set(e, "%zu bytes of data, expected %zu", h->left.len, nodes * 2);
	const struct iovec parts[] = {
	    {(void *)(uintptr_t)head.p, head.len}, {(void *)(uintptr_t)h->left.p, h->left.len}};
	if (hash64_parts(parts, 2) != m->checksum)
		return err_set(e, "the checksum does not hold: the file was damaged");
	memcpy(f->nodes, h->left.p, nodes);
	memcpy(f->reach, h->left.p + nodes, nodes);
	return forest_check(f, e);
}

int
model_read(struct model *m, const void *p, size_t len, struct err *e)
{
	struct str file = {p, len};
	struct head h = {.left = file};

	*m = (struct model){0};
	if (len == 0)
		return err_set(e, "the file is empty");
	if (file_read_checked(m, &h, file, e) == 0)
		return 0;
	model_release(m);
	return -1;
}
