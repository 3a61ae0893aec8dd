/* Counter samples as lines of JSON. */
#include "decode/sflow.h"
#include "decode/text.h"
#include "flow/put.h"

enum counter_type {
	COUNTER_U32,
	COUNTER_U64,
	COUNTER_REAL,
	COUNTER_PERCENT,
	COUNTER_STATUS,
	COUNTER_TEXT,
	COUNTER_UUID
};

struct counter {
	uint32_t format;
	enum counter_type type;
	const char *name;
};

static const struct counter counters[] = {
#define COUNTER(format, type, name) {format, COUNTER_##type, #name},
#include "decode/counters.def"
#undef COUNTER
};

enum { COUNTER_COUNT = sizeof counters / sizeof counters[0], UUID_BYTES = 16 };

/* Which structures stand in the object already, by their first line in the table. */
struct seen {
	uint64_t bits[(COUNTER_COUNT + 63) / 64];
};

static bool
seen_take(struct seen *s, size_t i)
{
	uint64_t bit = UINT64_C(1) << (i & 63);
	bool fresh = (s->bits[i / 64] & bit) == 0;

	s->bits[i / 64] |= bit;
	return fresh;
}

static void
write_key(struct buf *line, const char *name)
{
	if (line->len > 1)
		buf_putc(line, ',');
	buf_putc(line, '"');
	buf_puts(line, name);
	buf_puts(line, "\":");
}

static void
write_u64(struct buf *line, const char *name, uint64_t v)
{
	write_key(line, name);
	char *p = (char *)buf_reserve(line, PUT_MAX);
	line->len += (size_t)(put_u64(p, v) - p);
}

static void
write_real(struct buf *line, const char *name, float v)
{
	write_key(line, name);
	char *p = (char *)buf_reserve(line, PUT_MAX);
	line->len += (size_t)(put_real(p, v) - p);
}

static void
write_text(struct buf *line, const char *name, struct str text)
{
	char clean[NAME_BYTES_MAX];
	size_t n = text_clean(clean, sizeof clean, text);

	write_key(line, name);
	char *p = (char *)buf_reserve(line, 6 * sizeof clean + PUT_MAX), *end = p;
	*end++ = '"';
	end = put_escaped(end, (struct str){clean, n});
	*end++ = '"';
	line->len += (size_t)(end - p);
}

static void
write_uuid(struct buf *line, const char *name, const uint8_t *p)
{
	write_key(line, name);
	buf_putc(line, '"');
	for (unsigned i = 0; i < UUID_BYTES; i++)
		buf_printf(line, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", p[i]);
	buf_putc(line, '"');
}

static void
write_word(struct buf *line, const struct counter *c, uint32_t v)
{
	float real;

	switch (c->type) {
	case COUNTER_REAL:
		memcpy(&real, &v, sizeof real);
		write_real(line, c->name, real);
		break;
	case COUNTER_PERCENT:
		write_real(line, c->name, (float)v / 100);
		break;
	case COUNTER_STATUS:
		write_key(line, c->name);
		buf_puts(line, (v & 1) != 0 ? "\"up\"" : "\"down\"");
		write_key(line, "ifOperStatus");
		buf_puts(line, (v & 2) != 0 ? "\"up\"" : "\"down\"");
		break;
	default:
		write_u64(line, c->name, v);
	}
}

/* One counter from r; -1 at its end. */
static int
read_counter(struct buf *line, const struct counter *c, struct rd *r)
{
	uint32_t word;
	uint64_t wide;
	const uint8_t *p;

	switch (c->type) {
	case COUNTER_U64:
		if (rd_be64(r, &wide) == -1)
			return -1;
		if (wide != UINT64_MAX)
			write_u64(line, c->name, wide);
		return 0;
	case COUNTER_TEXT:
		if (rd_be32(r, &word) == -1 || rd_bytes(r, &p, word) == -1)
			return -1;
		write_text(line, c->name, (struct str){(const char *)p, word});
		return word % 4 != 0 ? rd_skip(r, 4 - word % 4) : 0;
	case COUNTER_UUID:
		if (rd_bytes(r, &p, UUID_BYTES) == -1)
			return -1;
		write_uuid(line, c->name, p);
		return 0;
	default:
		if (rd_be32(r, &word) == -1)
			return -1;
		if (word != UINT32_MAX)
			write_word(line, c, word);
		return 0;
	}
}

/* A structure that comes again in a sample is skipped: members of an object are unique. */
static void
read_structure(struct buf *line, struct seen *seen, uint32_t format, struct rd r)
{
	size_t i = 0;

	while (i < COUNTER_COUNT && counters[i].format != format)
		i++;
	if (i == COUNTER_COUNT || !seen_take(seen, i))
		return;
	while (i < COUNTER_COUNT && counters[i].format == format && read_counter(line, &counters[i], &r) == 0)
		i++;
}

static void
write_head(struct buf *line, const struct sflow *s, uint32_t sequence, const struct sflow_source *source)
{
	static const char *const kinds[] = {"interface", "vlan", "entity", "logical_port"};
	const struct job *j = s->job;

	line->len = 0;
	buf_putc(line, '{');
	write_key(line, "timestamp_received");
	char *p = (char *)buf_reserve(line, PUT_MAX);
	line->len += (size_t)(put_time(p, (uint64_t)j->received_ms) - p);
	write_key(line, "exporter_ip");
	buf_putc(line, '"');
	p = (char *)buf_reserve(line, PUT_MAX);
	line->len += (size_t)(put_addr(p, &s->exporter) - p);
	buf_putc(line, '"');
	write_key(line, "trusted");
	buf_puts(line, j->exporter->trusted ? "true" : "false");
	write_u64(line, "sub_agent", s->sub_agent);
	write_u64(line, "sequence", sequence);
	write_u64(line, "uptime_ms", j->uptime_ms);
	if (source->kind < sizeof kinds / sizeof kinds[0])
		write_u64(line, kinds[source->kind], source->index);
}

int
sflow_counters(struct sflow *s, struct rd r, bool expanded)
{
	struct decoder *d = s->job->d;
	struct sflow_source source;
	uint32_t sequence, n, format, len;
	struct seen seen = {0};
	struct rd structure;

	job_count(s->job, COUNT_SAMPLES, 1);
	if (d->opt.counters == NULL)
		return 0;
	if (rd_be32(&r, &sequence) == -1 || sflow_source_read(&source, &r, expanded) == -1 ||
	    rd_be32(&r, &n) == -1)
		return -1;
	write_head(&d->line, s, sequence, &source);
	size_t head = d->line.len;
	bool whole = true;
	for (uint32_t i = 0; i < n && whole; i++) {
		whole =
		    rd_be32(&r, &format) == 0 && rd_be32(&r, &len) == 0 && rd_sub(&r, &structure, len) == 0;
		if (whole)
			read_structure(&d->line, &seen, format, structure);
	}
	if (d->line.len > head) {
		buf_puts(&d->line, "}\n");
		d->opt.counters(d->opt.counters_arg, (struct str){(const char *)d->line.p, d->line.len});
	}
	return whole ? 0 : -1;
}
