#include "decode/fill.h"
#include "decode/run.h"

enum {
	NTP_TO_UNIX_S = 2208988800, /* from 1900 to 1970, RFC 5905 §6 */
	DAY_MS = 24 * 3600 * 1000,
	AHEAD_MS = 5 * 60 * 1000,
};

/* No exporter means a time beyond this: the year 2255. */
#define TIME_MAX_MS (INT64_C(9) * 1000 * 1000 * 1000 * 1000)

/*
 * RFC 7011 §6.1.9: NTP seconds and a fraction. Before 1970 such a time cannot
 * be, so what looks like that is a plain count since 1970, as some send it.
 */
static int64_t
ntp_ms(uint64_t v, uint64_t plain_per_ms)
{
	uint64_t s = v >> 32, fraction = v & UINT32_MAX;

	if (s < NTP_TO_UNIX_S)
		return (int64_t)(v / plain_per_ms);
	return (int64_t)((s - NTP_TO_UNIX_S) * 1000 + (fraction * 1000 >> 32));
}

#define WRAP_MS (INT64_C(1) << 32)

/* RFC 3954 §5.1: 32 bits of uptime wrap after 49.7 days; a flow is nearer to its export than half of that. */
static int64_t
by_uptime(const struct job *j, uint32_t v)
{
	return j->export_ms - (int32_t)(j->uptime_ms - v);
}

/* The same in IPFIX, which counts from a time that the record or the options tell (systemInitTimeMilliseconds). */
static int64_t
by_init(const struct job *j, uint64_t init, uint32_t v)
{
	int64_t t = (int64_t)init + v, late = j->export_ms - t;

	if (late > WRAP_MS / 2)
		return t + (late + WRAP_MS / 2) / WRAP_MS * WRAP_MS;
	/* softflowd reads captures that are older than itself. */
	return late < -WRAP_MS / 2 ? t - WRAP_MS : t;
}

/* What nearly all NetFlow is. */
static void
run_uptime4(const struct run *r, const struct op *op, const uint8_t *p)
{
	int64_t *restrict to = builder_fill(r->rows, (enum field)op->field, r->row, r->n);
	int64_t export_ms = r->job->export_ms;
	uint32_t uptime_ms = r->job->uptime_ms;
	size_t stride = r->stride;

	for (const int64_t *end = to + r->n; to < end; to++, p += stride)
		*to = export_ms - (int32_t)(uptime_ms - load_be32(p));
}

static void
run_uptime(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	const struct job *j = r->job;
	int64_t said = j->domain->init_ms != 0 ? j->domain->init_ms : j->exporter->init_ms;

	if (len == 4 && j->has_uptime) {
		run_uptime4(r, op, p);
		return;
	}
	int64_t *to = builder_span(r->rows, (enum field)op->field, r->row, r->n);
	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		uint64_t v = load_uint(p, len), init = run_uint(r, &r->plan->init_time, i, (uint64_t)said);

		/* NX-OS 8.1.1 sends 8 bytes: some mean uptime still, some the time of day. */
		if (v >> 32 != 0)
			to[i] = v < (uint64_t)TIME_MAX_MS ? (int64_t)v : 0;
		else if (j->has_uptime)
			to[i] = by_uptime(j, (uint32_t)v);
		else if (init != 0 && init < (uint64_t)TIME_MAX_MS)
			to[i] = by_init(j, init, (uint32_t)v);
	}
}

/* The end of flows that tell how long they took. */
static void
run_lasting(const struct run *r, const struct op *op, const uint8_t *p, unsigned len, uint64_t per_ms)
{
	int64_t *to = builder_span(r->rows, (enum field)op->field, r->row, r->n);
	const int64_t *start = builder_span(r->rows, FIELD_timestamp_start, r->row, r->n);

	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		uint64_t v = load_uint(p, len) / per_ms;

		if (start[i] > 0 && v < (uint64_t)TIME_MAX_MS)
			to[i] = start[i] + (int64_t)v;
	}
}

void
run_time(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	int64_t export_ms = r->job->export_ms;

	switch ((enum how)op->how) {
	case HOW_TIME_UPTIME:
		run_uptime(r, op, p, len);
		return;
	case HOW_LASTING_MS:
	case HOW_LASTING_US:
		run_lasting(r, op, p, len, op->how == HOW_LASTING_US ? 1000 : 1);
		return;
	default:
		break;
	}
	int64_t *to = builder_fill(r->rows, (enum field)op->field, r->row, r->n);
	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		uint64_t v = load_uint(p, len);

		if (op->how == HOW_TIME_S)
			v = v < (uint64_t)TIME_MAX_MS / 1000 ? v * 1000 : 0;
		else if (op->how == HOW_TIME_US)
			v = (uint64_t)ntp_ms(v, 1000);
		else if (op->how == HOW_TIME_NS)
			v = (uint64_t)ntp_ms(v, 1000 * 1000);
		else if (op->how == HOW_TIME_DELTA)
			v = (uint64_t)export_ms - v / 1000;
		to[i] = v < (uint64_t)TIME_MAX_MS ? (int64_t)v : 0;
	}
}

/* A time within the bounds, or the bound. */
static int64_t
clamp(int64_t t, int64_t received)
{
	if (t < received - DAY_MS)
		return received - DAY_MS;
	return t > received + AHEAD_MS ? received + AHEAD_MS : t;
}

/* Whether each has a start, an end no earlier, and both within these bounds. */
static bool
all_sound(const int64_t *start, const int64_t *end, uint32_t n, int64_t least, int64_t most)
{
	bool bad = false;

	for (uint32_t i = 0; i < n; i++)
		bad |= (start[i] < least) | (end[i] < start[i]) | (end[i] > most);
	return !bad;
}

void
fill_times(struct job *j, uint32_t row, uint32_t n)
{
	int64_t *start = builder_span(j->d->opt.rows, FIELD_timestamp_start, row, n);
	int64_t *end = builder_span(j->d->opt.rows, FIELD_timestamp_end, row, n);
	int64_t least = j->d->opt.live ? clamp(1, j->received_ms) : 1;
	int64_t most = j->d->opt.live ? clamp(INT64_MAX, j->received_ms) : INT64_MAX;
	uint64_t none = 0, negative = 0, clamped = 0;

	if (all_sound(start, end, n, least, most))
		return;

	for (uint32_t i = 0; i < n; i++) {
		int64_t s = start[i] > 0 ? start[i] : 0, e = end[i] > 0 ? end[i] : 0;

		if (s == 0 && e == 0) {
			s = e = j->received_ms;
			none++;
		}
		s = s != 0 ? s : e;
		e = e != 0 ? e : s;
		if (e < s) {
			s = e;
			negative++;
		}
		if (j->d->opt.live && (clamp(s, j->received_ms) != s || clamp(e, j->received_ms) != e)) {
			s = clamp(s, j->received_ms);
			e = clamp(e, j->received_ms);
			clamped++;
		}
		start[i] = s;
		end[i] = e;
	}
	job_count(j, COUNT_NO_TIME, none);
	job_count(j, COUNT_NEGATIVE, negative);
	job_count(j, COUNT_CLAMPED, clamped);
}
