/*
 * The format, all numbers in network order:
 *
 *     header    "NFTS", version 32, exporters 32, length of the rest 64, XXH3 of the rest 64
 *     exporter  address 16 bytes, heard 64, started 64, rate 32, and how many follow of each:
 *               domains 32, samplers 32, names 32, templates 32
 *     domain    protocol 32, id 32, started 64, rate 32, last rate 32
 *     sampler   id 64, domain 32, every 32, rate 32
 *     name      id 64, kind 8, length 8, text
 *     template  protocol 32, domain 32, defined 64, id 16, kind 16, scopes 16, fields 16
 *     field     enterprise 32, id 16, length 16
 *
 * A decoder gives one part of this form; several may stand one after the other.
 * Times are ms since 1970, 0 for none. Exporters and templates stand in the order
 * of their last use, so that those who leave first still do.
 *
 * To change it: count FORMAT up, change put_X and read_X of what changes, and
 * the sizes in HEADER_LEN and KEEP_BYTES_MAX; make the corpus of t/fuzz/keep.c
 * again. Files of another version are not read: they hold nothing that the
 * exporters do not send again.
 */
#include "decode/keep.h"

#include "base/hash.h"
#include "decode/state.h"

enum { FORMAT = 1, HEADER_LEN = 28, FIELD_LEN = 8 };

#define MAGIC "NFTS"

_Static_assert((uint64_t)KEEP_BYTES_MAX >=
		   HEADER_LEN + (uint64_t)52 * EXPORTERS_MAX + (uint64_t)24 * DOMAINS_ALL_MAX +
		       (uint64_t)20 * SAMPLERS_ALL_MAX + (uint64_t)(10 + NAME_BYTES_MAX) * NAMES_ALL_MAX +
		       (uint64_t)(24 + FIELD_LEN * TEMPLATE_FIELDS_MAX) * TEMPLATES_ALL_MAX,
    "all that the caps allow fits");

uint64_t
decoder_changes(const struct decoder *d)
{
	return d->changes;
}

static void
set_be32(struct buf *out, size_t at, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(out->p + at, &v, sizeof v);
}

static void
set_be64(struct buf *out, size_t at, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(out->p + at, &v, sizeof v);
}

static bool
domain_worth(const struct domain *dom)
{
	return dom->templates.count > 0 || dom->init_ms != 0 || dom->rate != 0 || dom->last_rate != 0;
}

/* How many there were. */
static uint32_t
put_domains(struct buf *out, const struct exporter *x)
{
	size_t it = 0;
	const void *key;
	void *val;
	uint32_t n = 0;

	while (map_next(&x->domains, &it, &key, &val)) {
		const struct domain *dom = *(struct domain **)val;

		if (!domain_worth(dom))
			continue;
		buf_be32(out, dom->key.version);
		buf_be32(out, dom->key.id);
		buf_be64(out, (uint64_t)dom->init_ms);
		buf_be32(out, dom->rate);
		buf_be32(out, dom->last_rate);
		n++;
	}
	return n;
}

static void
put_samplers(struct buf *out, const struct exporter *x)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&x->samplers, &it, &key, &val)) {
		const struct sampler_key *k = key;

		buf_be64(out, k->id);
		buf_be32(out, k->domain);
		buf_be32(out, k->every);
		buf_be32(out, *(uint32_t *)val);
	}
}

static void
put_names(struct buf *out, const struct exporter *x)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&x->names, &it, &key, &val)) {
		const struct name_key *k = key;
		struct str text = str_from(*(char **)val);

		buf_be64(out, k->id);
		buf_putc(out, (char)k->kind);
		buf_putc(out, (char)text.len);
		buf_add(out, text.p, text.len);
	}
}

/* Most of the bytes are these: written in one go, since the decoder waits meanwhile. */
static void
put_fields(struct buf *out, const struct template *t)
{
	uint8_t *p = buf_reserve(out, t->field_count * FIELD_LEN);

	for (unsigned i = 0; i < t->field_count; i++, p += FIELD_LEN) {
		const struct template_field *f = &t->fields[i];
		uint64_t v = __builtin_bswap64((uint64_t)f->pen << 32 | (uint32_t)f->id << 16 | f->len);

		memcpy(p, &v, sizeof v);
	}
	out->len += t->field_count * FIELD_LEN;
}

static void
put_template(struct buf *out, const struct template *t)
{
	buf_be32(out, t->domain->key.version);
	buf_be32(out, t->domain->key.id);
	buf_be64(out, (uint64_t)t->defined_ms);
	buf_be16(out, t->id);
	buf_be16(out, t->kind);
	buf_be16(out, t->scope_count);
	buf_be16(out, t->field_count);
	put_fields(out, t);
}

static void
put_exporter(struct buf *out, const struct exporter *x)
{
	const struct template *t;

	buf_add(out, x->addr.b, sizeof x->addr.b);
	buf_be64(out, (uint64_t)x->heard_ms);
	buf_be64(out, (uint64_t)x->init_ms);
	buf_be32(out, x->rate);
	size_t domains = out->len;
	buf_be32(out, 0);
	buf_be32(out, (uint32_t)x->samplers.count);
	buf_be32(out, (uint32_t)x->names.count);
	buf_be32(out, x->template_count);
	set_be32(out, domains, put_domains(out, x));
	put_samplers(out, x);
	put_names(out, x);
	TAILQ_FOREACH(t, &x->templates, used)
	{
		/* cppcheck-suppress uninitvar ; the macro sets t */
		put_template(out, t);
	}
}

static bool
exporter_worth(const struct exporter *x)
{
	return x->template_count > 0 || x->names.count > 0 || x->rate != 0 || x->init_ms != 0;
}

void
decoder_save(const struct decoder *d, struct buf *out)
{
	const struct exporter *x;
	size_t start = out->len;
	uint32_t n = 0;

	buf_puts(out, MAGIC);
	buf_be32(out, FORMAT);
	buf_be32(out, 0);
	buf_be64(out, 0);
	buf_be64(out, 0);
	for (int trusted = 0; trusted < 2; trusted++)
		TAILQ_FOREACH(x, &d->order[trusted], order)
		{
			/* cppcheck-suppress uninitvar ; the macro sets x */
			if (!exporter_worth(x))
				continue;
			put_exporter(out, x);
			n++;
		}
	size_t rest = start + HEADER_LEN, len = out->len - rest;
	set_be32(out, start + 8, n);
	set_be64(out, start + 12, len);
	set_be64(out, start + 20, hash64(out->p + rest, len));
}

/* One walk over the bytes. With `job.d` NULL it only checks them. */
struct walk {
	struct rd r;
	struct job job;
	int64_t now_ms, since_ms;
	bool takes; /* this exporter */
	struct template_field fields[TEMPLATE_FIELDS_MAX];
};

/* ms of a file, as an int64_t that is no later than now. */
static int64_t
past(const struct walk *w, uint64_t ms)
{
	return ms < (uint64_t)w->now_ms ? (int64_t)ms : w->now_ms;
}

static int
read_domain(struct walk *w)
{
	uint32_t version, id, rate, last_rate;
	uint64_t init;

	if (rd_be32(&w->r, &version) < 0 || rd_be32(&w->r, &id) < 0 || rd_be64(&w->r, &init) < 0 ||
	    rd_be32(&w->r, &rate) < 0 || rd_be32(&w->r, &last_rate) < 0)
		return -1;
	if (w->takes && domain_get(&w->job, version, id) == 0) {
		w->job.domain->init_ms = past(w, init);
		w->job.domain->rate = rate;
		w->job.domain->last_rate = last_rate;
	}
	return 0;
}

static int
read_sampler(struct walk *w)
{
	struct sampler_key key;
	uint32_t rate;

	if (rd_be64(&w->r, &key.id) < 0 || rd_be32(&w->r, &key.domain) < 0 ||
	    rd_be32(&w->r, &key.every) < 0 || rd_be32(&w->r, &rate) < 0)
		return -1;
	if (w->takes && rate != 0)
		sampler_put(&w->job, &key, rate);
	return 0;
}

static int
read_name(struct walk *w)
{
	uint64_t id;
	uint8_t kind, len;
	const uint8_t *text;

	if (rd_be64(&w->r, &id) < 0 || rd_u8(&w->r, &kind) < 0 || kind >= NAME_KINDS ||
	    rd_u8(&w->r, &len) < 0 || len > NAME_BYTES_MAX || rd_bytes(&w->r, &text, len) < 0)
		return -1;
	if (w->takes)
		exporter_name(&w->job, (enum name_kind)kind, id, (struct str){(const char *)text, len});
	return 0;
}

static int
read_template(struct walk *w)
{
	uint32_t version, domain;
	uint64_t defined;
	uint16_t id, kind, scopes, count;

	if (rd_be32(&w->r, &version) < 0 || rd_be32(&w->r, &domain) < 0 || rd_be64(&w->r, &defined) < 0 ||
	    rd_be16(&w->r, &id) < 0 || rd_be16(&w->r, &kind) < 0 || rd_be16(&w->r, &scopes) < 0 ||
	    rd_be16(&w->r, &count) < 0)
		return -1;
	if ((version != 9 && version != 10) || id < 256 || kind > TEMPLATE_OPTIONS || scopes > count ||
	    count > TEMPLATE_FIELDS_MAX)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		struct template_field *f = &w->fields[i];

		if (rd_be32(&w->r, &f->pen) < 0 || rd_be16(&w->r, &f->id) < 0 || rd_be16(&w->r, &f->len) < 0)
			return -1;
	}
	w->job.received_ms = past(w, defined);
	if (w->takes && domain_get(&w->job, version, domain) == 0)
		domain_define(&w->job, (enum template_kind)kind, id, w->fields, count, scopes);
	return 0;
}

static int
read_each(struct walk *w, uint32_t n, int (*one)(struct walk *w))
{
	for (uint32_t i = 0; i < n; i++)
		if (one(w) < 0)
			return -1;
	return 0;
}

/* Of two parts that know the exporter, that which heard it last counts. */
static bool
take_exporter(struct walk *w, const uint8_t *addr, int64_t heard_ms)
{
	struct addr a = addr_from_bytes(addr, true);
	struct exporter *x = exporter_find(w->job.d, &a);

	if (x != NULL && x->heard_ms > heard_ms)
		return false;
	if (x != NULL)
		exporter_drop(w->job.d, x);
	w->job.exporter = exporter_get(w->job.d, &a, heard_ms);
	return w->job.exporter != NULL;
}

static int
read_exporter(struct walk *w)
{
	uint64_t heard, init;
	uint32_t rate, domains, samplers, names, templates;
	const uint8_t *addr;

	if (rd_bytes(&w->r, &addr, sizeof(struct addr)) < 0 || rd_be64(&w->r, &heard) < 0 ||
	    rd_be64(&w->r, &init) < 0 || rd_be32(&w->r, &rate) < 0 || rd_be32(&w->r, &domains) < 0 ||
	    rd_be32(&w->r, &samplers) < 0 || rd_be32(&w->r, &names) < 0 || rd_be32(&w->r, &templates) < 0)
		return -1;
	w->takes =
	    w->job.d != NULL && past(w, heard) >= w->since_ms && take_exporter(w, addr, past(w, heard));
	if (w->takes) {
		w->job.exporter->init_ms = past(w, init);
		w->job.exporter->rate = rate;
	}
	if (read_each(w, domains, read_domain) < 0 || read_each(w, samplers, read_sampler) < 0 ||
	    read_each(w, names, read_name) < 0)
		return -1;
	return read_each(w, templates, read_template);
}

static int
read_header(struct rd *r, uint32_t *exporters, struct rd *part, struct err *e)
{
	const uint8_t *magic;
	uint32_t version;
	uint64_t len, hash;
	size_t at = rd_offset(r);

	if (rd_bytes(r, &magic, 4) < 0 || memcmp(magic, MAGIC, 4) != 0)
		return err_set(e, "at byte %zu: no templates of ours, which begin with '" MAGIC "'", at);
	if (rd_be32(r, &version) < 0 || rd_be32(r, exporters) < 0 || rd_be64(r, &len) < 0 ||
	    rd_be64(r, &hash) < 0)
		return err_set(e, "cut short at byte %zu, within a header", rd_offset(r) + rd_left(r));
	if (version != FORMAT)
		return err_set(e,
		    "at byte %zu: written by another version of this program (format %u, not %u)", at + 4,
		    (unsigned)version, FORMAT);
	if (len > rd_left(r))
		return err_set(e, "cut short at byte %zu, of %llu", rd_offset(r) + rd_left(r),
		    (unsigned long long)rd_offset(r) + len);
	rd_sub(r, part, (size_t)len);
	if (hash64(part->p, (size_t)len) != hash)
		return err_set(e, "damaged somewhere in bytes %zu to %zu: their checksum differs",
		    at + HEADER_LEN, rd_offset(r) - 1);
	return 0;
}

static int
read_part(struct walk *w, struct rd *r, struct err *e)
{
	uint32_t exporters = 0;

	if (read_header(r, &exporters, &w->r, e) < 0)
		return -1;
	if (read_each(w, exporters, read_exporter) < 0)
		return err_set(e, "damaged at byte %zu", rd_offset(&w->r));
	if (rd_left(&w->r) > 0)
		return err_set(
		    e, "damaged at byte %zu: %zu bytes too many", rd_offset(&w->r), rd_left(&w->r));
	return 0;
}

int
decoder_restore(struct decoder *d, const void *p, size_t len, int64_t now_ms, int64_t since_ms, struct err *e)
{
	struct walk w = {.now_ms = now_ms, .since_ms = since_ms};

	/* First they are only checked. */
	for (int pass = 0; pass < 2; pass++) {
		/* An empty buffer may have no memory at all. */
		struct rd r = rd_from(len > 0 ? p : MAGIC, len);

		do
			if (read_part(&w, &r, e) < 0)
				return -1;
		while (rd_left(&r) > 0);
		w.job.d = d;
	}
	return 0;
}
