#include "ch/rollup.h"

const struct rollup rollups[ROLLUPS] = {
    {"_1m", "toStartOfMinute", "toYYYYMMDD(time)", "toYYYYMMDD", 7},
    {"_5m", "toStartOfFiveMinute", "toYYYYMM(time)", "toYYYYMM", 92},
    {"_1h", "toStartOfHour", "toYYYYMM(time)", "toYYYYMM", 3 * 366},
};

/* What sums are told apart by, the most telling last. */
static const char *const keys[] = {"exporter_ip", "input_interface", "output_interface", "flow_direction",
    "net_direction", "ip_protocol", "proto", "src_host_country", "dst_host_country", "peer_src_as",
    "peer_dst_as", "src_as", "dst_as"};

/* What follows from a key; the sum has that of any of its rows. */
static const char *const names[] = {"input_interface_name", "output_interface_name", "peer_src_as_name",
    "peer_dst_as_name", "src_as_name", "dst_as_name"};

static const struct ch_column *
column_by_name(const struct ch_table *t, const char *name)
{
	for (unsigned i = 0; i < t->count; i++)
		if (str_eq(t->columns[i].name, str_from(name)))
			return &t->columns[i];
	return NULL;
}

/* The column, if sums can be told apart by it: NULL is no key. */
static const struct ch_column *
usable(const struct ch_table *t, const char *name)
{
	const struct ch_column *c = column_by_name(t, name);

	return c != NULL && memmem(c->type.p, c->type.len, "Nullable", 8) == NULL ? c : NULL;
}

static int
check(const struct ch_table *t, struct err *e)
{
	static const char *const needed[] = {"timestamp_start", "packets", "bytes"};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (column_by_name(t, needed[i]) == NULL)
			return err_set(e, "sums need the column %s", needed[i]);
	return 0;
}

static void
put_typed(struct buf *out, const struct ch_column *c)
{
	if (c != NULL)
		buf_printf(out, "    %.*s %.*s,\n", (int)c->name.len, c->name.p, (int)c->type.len, c->type.p);
}

/* ", a, b" */
static void
put_keys(struct buf *out, const struct ch_table *t)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (usable(t, keys[i]) != NULL)
			buf_printf(out, ", %s", keys[i]);
}

int
rollup_table(struct buf *out, const struct rollup *r, const struct schema *s, const struct ch_table *source,
    struct err *e)
{
	struct buf order = {0};

	if (check(source, e) == -1)
		return -1;
	buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
	schema_name(out, s->database, s->table, r->suffix);
	buf_printf(out, "\n(\n    time DateTime%s,\n",
	    schema_has_ttl(s->server) ? "" : " COMMENT '" SCHEMA_MARK "'");
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		put_typed(out, usable(source, keys[i]));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		put_typed(out, usable(source, names[i]));
	buf_puts(out, "    flows UInt64,\n    packets UInt64,\n    bytes UInt64\n)\n"
		      "ENGINE = SummingMergeTree((flows, packets, bytes))\n");
	buf_puts(&order, "(time");
	put_keys(&order, source);
	buf_putc(&order, ')');
	schema_end(out, s->server, r->partition, buf_cstr(&order), "time", r->keep_days);
	buf_release(&order);
	return 0;
}

int
rollup_view(struct buf *out, const struct rollup *r, const struct schema *s, const struct ch_table *source,
    struct err *e)
{
	bool sampled = column_by_name(source, "sampling_rate") != NULL;
	const char *scale = sampled ? " * greatest(sampling_rate, 1)" : "";
	struct buf suffix = {0};

	if (check(source, e) == -1)
		return -1;
	buf_printf(&suffix, "%s_view", r->suffix);
	buf_puts(out, "CREATE MATERIALIZED VIEW IF NOT EXISTS ");
	schema_name(out, s->database, s->table, buf_cstr(&suffix));
	buf_puts(out, " TO ");
	schema_name(out, s->database, s->table, r->suffix);
	buf_printf(out, "\nAS SELECT %s(timestamp_start) AS time", r->start);
	put_keys(out, source);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (usable(source, names[i]) != NULL)
			buf_printf(out, ", any(%s) AS %s", names[i], names[i]);
	buf_printf(out, ",\n    count() AS flows, sum(packets%s) AS packets, sum(bytes%s) AS bytes\nFROM ",
	    scale, scale);
	schema_name(out, s->database, s->table, "");
	buf_puts(out, "\nGROUP BY time");
	put_keys(out, source);
	buf_release(&suffix);
	return 0;
}
