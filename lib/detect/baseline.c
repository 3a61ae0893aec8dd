#include "detect/baseline.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static const char magic[8] = "NFBASE01";
enum { HEADER = 32, RULE_SIZE = 16, GROUP_SIZE = 80 };

void
baselines_init(struct baselines *b)
{
	*b = (struct baselines){0};
	map_init(&b->groups, sizeof(struct baseline_key), sizeof(struct baseline));
	map_init(&b->samples, sizeof(uint64_t), sizeof(uint64_t));
}

void
baselines_release(struct baselines *b)
{
	map_release(&b->groups);
	map_release(&b->samples);
}

uint64_t *
baselines_samples(struct baselines *b, uint64_t rule)
{
	uint64_t *n = map_get(&b->samples, &rule);

	if (n == NULL && b->samples.count < BASELINE_RULES_MAX)
		n = map_put(&b->samples, &rule, NULL);
	return n;
}

double
baseline_weight(uint64_t samples, uint32_t window)
{
	double first = 1.0 / ((double)samples + 1), later = (double)window / (BASELINE_HOURS * 3600);

	return fmin(fmax(first, later), 1);
}

struct baseline *
baseline_find(const struct baselines *b, const struct baseline_key *k)
{
	return map_get(&b->groups, k);
}

struct baseline *
baseline_make(struct baselines *b, const struct baseline_key *k)
{
	if (b->groups.count == BASELINES_MAX) {
		b->refused++;
		return NULL;
	}
	return map_put(&b->groups, k, NULL);
}

static bool
is_among(uint64_t rule, const uint64_t *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i] == rule)
			return true;
	return false;
}

void
baselines_retain(struct baselines *b, const uint64_t *rules, size_t n)
{
	struct baselines old = *b;
	const void *key;
	void *val;

	baselines_init(b);
	b->refused = old.refused;
	for (size_t it = 0; map_next(&old.samples, &it, &key, &val);)
		if (is_among(*(const uint64_t *)key, rules, n))
			*(uint64_t *)map_put(&b->samples, key, NULL) = *(const uint64_t *)val;
	for (size_t it = 0; map_next(&old.groups, &it, &key, &val);)
		if (is_among(((const struct baseline_key *)key)->rule, rules, n))
			*(struct baseline *)map_put(&b->groups, key, NULL) = *(const struct baseline *)val;
	baselines_release(&old);
}

static void
store_le64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof v);
}

static void
put_u64(struct buf *out, uint64_t v)
{
	store_le64(buf_reserve(out, sizeof v), v);
	out->len += sizeof v;
}

static void
put_group(struct buf *out, const struct baseline_key *k, const struct baseline *v)
{
	put_u64(out, k->rule);
	put_u64(out, k->width);
	memcpy(buf_reserve(out, sizeof k->key), k->key, sizeof k->key);
	out->len += sizeof k->key;
	for (unsigned i = 0; i < BASELINE_VALUES; i++) {
		uint64_t bits;

		memcpy(&bits, &v->mean[i], sizeof bits);
		put_u64(out, bits);
	}
}

static int
rule_compare(const void *a, const void *b)
{
	return memcmp(a, b, RULE_SIZE);
}

static int
group_compare(const void *a, const void *b)
{
	return memcmp(a, b, GROUP_SIZE);
}

void
baselines_write(const struct baselines *b, struct buf *out)
{
	size_t start = out->len;
	const void *key;
	void *val;

	memcpy(buf_reserve(out, HEADER), magic, sizeof magic);
	out->len += HEADER;
	for (size_t it = 0; map_next(&b->samples, &it, &key, &val);) {
		put_u64(out, *(const uint64_t *)key);
		put_u64(out, *(const uint64_t *)val);
	}
	for (size_t it = 0; map_next(&b->groups, &it, &key, &val);)
		put_group(out, key, val);
	uint8_t *p = out->p + start;
	uint8_t *rules = p + HEADER, *groups = rules + b->samples.count * RULE_SIZE;
	/* In order, so that the same means are the same bytes. */
	qsort(rules, b->samples.count, RULE_SIZE, rule_compare);
	qsort(groups, b->groups.count, GROUP_SIZE, group_compare);
	store_le64(p + 8, b->samples.count);
	store_le64(p + 16, b->groups.count);
	store_le64(p + 24, hash64(rules, out->len - start - HEADER));
}

static int
header_check(const uint8_t *p, size_t len, struct err *e)
{
	if (len < HEADER || memcmp(p, magic, sizeof magic - 2) != 0)
		return err_set(e, "no file of baselines");
	if (memcmp(p, magic, sizeof magic) != 0)
		return err_set(e, "baselines of version %.2s, expected %.2s", (const char *)p + 6, magic + 6);
	uint64_t rules = load_le64(p + 8), groups = load_le64(p + 16);
	if (rules > BASELINE_RULES_MAX || groups > BASELINES_MAX ||
	    len != HEADER + rules * RULE_SIZE + groups * GROUP_SIZE)
		return err_set(e,
		    "%zu bytes do not fit %" PRIu64 " rules and %" PRIu64 " groups: cut short, or damaged",
		    len, rules, groups);
	if (load_le64(p + 24) != hash64(p + HEADER, len - HEADER))
		return err_set(e, "the checksum does not hold: damaged");
	return 0;
}

static int
group_read(struct baselines *b, const uint8_t *p, struct err *e)
{
	struct baseline_key k = {.rule = load_le64(p), .width = load_le64(p + 8)};
	struct baseline v;

	memcpy(k.key, p + 16, sizeof k.key);
	for (unsigned i = 0; i < BASELINE_VALUES; i++) {
		uint64_t bits = load_le64(p + 56 + (size_t)i * 8);

		memcpy(&v.mean[i], &bits, sizeof bits);
		if (!(v.mean[i] >= 0 && v.mean[i] < 1e19))
			return err_set(e, "a mean that is no count: damaged");
	}
	*(struct baseline *)map_put(&b->groups, &k, NULL) = v;
	return 0;
}

int
baselines_read(struct baselines *b, struct str bytes, struct err *e)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct baselines fresh;
	int r = 0;

	if (header_check(p, bytes.len, e) < 0)
		return -1;
	uint64_t rules = load_le64(p + 8), groups = load_le64(p + 16);
	baselines_init(&fresh);
	fresh.refused = b->refused;
	for (p += HEADER; rules > 0; rules--, p += RULE_SIZE)
		*(uint64_t *)map_put(&fresh.samples, p, NULL) = load_le64(p + 8);
	for (; groups > 0 && r == 0; groups--, p += GROUP_SIZE)
		r = group_read(&fresh, p, e);
	baselines_release(r == 0 ? b : &fresh);
	if (r == 0)
		*b = fresh;
	return r;
}
