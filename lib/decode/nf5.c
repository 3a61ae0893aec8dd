#include "decode/proto.h"

#include "decode/fill.h"

/*
 * The fixed records as templates, by Cisco's tables of export formats; id 0 is
 * what has no meaning for us. v1 lacks AS numbers and masks, v7 adds a router.
 */
static const struct template_field common[] = {
    {0, 8, 4}, /* srcaddr */
    {0, 12, 4}, /* dstaddr */
    {0, 15, 4}, /* nexthop */
    {0, 10, 2}, /* input */
    {0, 14, 2}, /* output */
    {0, 2, 4}, /* dPkts */
    {0, 1, 4}, /* dOctets */
    {0, 22, 4}, /* First */
    {0, 21, 4}, /* Last */
    {0, 7, 2}, /* srcport */
    {0, 11, 2}, /* dstport */
};

static const struct template_field tail1[] = {{0, 0, 2}, {0, 4, 1}, {0, 5, 1}, {0, 6, 1}, {0, 0, 7}};
static const struct template_field tail5[] = {
    {0, 0, 1}, {0, 6, 1}, {0, 4, 1}, {0, 5, 1}, {0, 16, 2}, {0, 17, 2}, {0, 9, 1}, {0, 13, 1}, {0, 0, 2}};
static const struct template_field tail7[] = {
    {0, 0, 1}, {0, 6, 1}, {0, 4, 1}, {0, 5, 1}, {0, 16, 2}, {0, 17, 2}, {0, 9, 1}, {0, 13, 1}, {0, 0, 6}};

enum { RECORDS_MAX = 30 };

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

struct template *
nf5_template(uint16_t version)
{
	const struct template_field *tail = version == 1 ? tail1 : version == 5 ? tail5 : tail7;
	size_t n = version == 1 ? COUNT_OF(tail1) : COUNT_OF(tail5);
	struct template_field all[COUNT_OF(common) + COUNT_OF(tail5)];

	_Static_assert(COUNT_OF(tail7) == COUNT_OF(tail5) && COUNT_OF(tail1) <= COUNT_OF(tail5), "one size");
	memcpy(all, common, sizeof common);
	memcpy(all + COUNT_OF(common), tail, n * sizeof *tail);
	return template_new(TEMPLATE_DATA, version, all, (unsigned)(COUNT_OF(common) + n), 0);
}

/* v5's sampling: two bits of mode, 14 of interval. Mode 3 is none of Cisco's: Juniper's interval spills over. */
static uint32_t
header_rate(uint16_t v)
{
	return v >> 14 == 3 ? v : v & 0x3fff;
}

/* The header's size is 16 (v1) or 24. */
void
nf5_datagram(struct job *j, struct rd *r, uint16_t version)
{
	static const struct str types[] = {
	    [1] = STR("netflow1"), [5] = STR("netflow5"), [7] = STR("netflow7")};
	struct template *t = j->d->fixed[version];
	uint16_t count, engine = 0, sampling = 0;
	uint32_t s, ns, sequence = 0, unused;

	if (rd_be16(r, &count) < 0 || rd_be32(r, &j->uptime_ms) < 0 || rd_be32(r, &s) < 0 ||
	    rd_be32(r, &ns) < 0 || (version != 1 && rd_be32(r, &sequence) < 0) ||
	    (version == 5 && (rd_be16(r, &engine) < 0 || rd_be16(r, &sampling) < 0)) ||
	    (version == 7 && rd_be32(r, &unused) < 0)) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	j->export_ms = (int64_t)s * 1000 + ns / 1000000;
	j->has_uptime = true;
	j->flow_type = types[version];
	j->header_rate = header_rate(sampling);
	if (domain_get(j, version, engine) < 0)
		return;
	uint32_t whole = (uint32_t)(rd_left(r) / t->rec_len), n = whole < count ? whole : count;
	/* Beyond what any exporter sends, and not even there: the header is no header. */
	if (n < count && count > RECORDS_MAX) {
		job_count(j, COUNT_BAD_HEADER, 1);
		return;
	}
	if (n < count)
		job_count(j, COUNT_TRUNCATED, 1);
	if (version != 1)
		domain_sequence(j, sequence, count);
	fill_records(j, t, r->p, n);
	rd_skip(r, (size_t)n * t->rec_len);
}
