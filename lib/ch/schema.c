#include "ch/schema.h"

#include <inttypes.h>

#include "flow/field.h"

struct column {
	const char *name, *type, *extra; /* extra: DEFAULT, CODEC or NULL */
};

/* The columns of users' tables, in their order. */
static const struct column classic[] = {
    {"timestamp_start", "DateTime", NULL},
    {"proto", "UInt8", NULL},
    {"tcpflags", "UInt8", NULL},
    {"tos", "UInt8", NULL},
    {"src_host", "String", NULL},
    {"src_port", "UInt16", NULL},
    {"src_host_country", "String", NULL},
    {"dst_host", "String", NULL},
    {"dst_port", "UInt16", NULL},
    {"dst_host_country", "String", NULL},
    {"peer_src_as", "UInt32", NULL},
    {"peer_dst_as", "UInt32", NULL},
    {"as_path", "Array(String)", NULL},
    {"packets", "UInt64", NULL},
    {"bytes", "UInt64", NULL},
    {"peer_dst_as_name", "String", "DEFAULT ''"},
    {"peer_src_as_name", "String", "DEFAULT ''"},
    {"dst_as", "UInt32", NULL},
    {"ingested_at", "DateTime", "DEFAULT now()"},
    {"local_pref", "UInt32", "DEFAULT 0"},
    {"input_interface", "UInt32", NULL},
    {"output_interface", "UInt32", NULL},
    {"input_interface_name", "String", NULL},
    {"output_interface_name", "String", NULL},
    {"flow_direction", "UInt8", NULL},
    {"ip_protocol", "UInt8", NULL},
    {NULL, NULL, NULL},
};

/* Tables of rows that are no flows. Every server knows these types; what is an object or a list is its JSON text. */
static const struct column ptr_cache[] = {
    {"ip", "String", NULL},
    {"ptr", "String", NULL},
    {"updated_at", "DateTime", "DEFAULT now()"},
    {"asn", "UInt32", "DEFAULT 0"},
    {"asn_name", "String", "DEFAULT ''"},
    {"country", "String", "DEFAULT ''"},
    {NULL, NULL, NULL},
};

/* As nf-detect(1) prints them. */
static const struct column detections[] = {
    {"time", "DateTime", NULL},
    {"start", "DateTime", NULL},
    {"type", "String", NULL},
    {"id", "String", NULL},
    {"state", "String", NULL},
    {"rule", "String", NULL},
    {"key", "String", NULL},
    {"window", "UInt32", NULL},
    {"flows", "UInt64", NULL},
    {"packets", "UInt64", NULL},
    {"bytes", "UInt64", NULL},
    {"pps", "UInt64", NULL},
    {"bps", "UInt64", NULL},
    {"unique_dst_ips", "UInt32", NULL},
    {"unique_dst_ports", "UInt32", NULL},
    {"unique_src_ips", "UInt32", NULL},
    {"ml_score", "Float32", NULL},
    {"peak", "String", NULL},
    {"reasons", "String", NULL},
    {"actions", "Array(String)", NULL},
    {"nat_src_hosts", "Array(String)", NULL},
    {"nat_dst_hosts", "Array(String)", NULL},
    {"trusted", "Nullable(UInt8)", NULL},
    {"blackhole", "String", NULL},
    {"samples", "String", NULL},
    {NULL, NULL, NULL},
};

/* The rows of nf-mlfeat(1). */
static const struct column ml_scores[] = {
    {"time", "DateTime", NULL},
    {"key", "String", NULL},
    {"side", "String", NULL},
    {"window", "UInt32", NULL},
    {"flows", "UInt64", NULL},
    {"ml_score", "Float32", NULL},
    {"ml_score_b", "Nullable(Float32)", NULL},
    {"reasons", "String", NULL},
    {NULL, NULL, NULL},
};

static const struct other {
	const char *name;
	const struct column *columns;
	const char *partition, *order;
	const char *time; /* by which old rows go; NULL: they stay */
} others[] = {
    {"ptr_cache", ptr_cache, NULL, "ip", NULL},
    {"detections", detections, NULL, "time", NULL},
    {"ml_scores", ml_scores, "toYYYYMMDD(time)", "(key, time)", "time"},
};

int
schema_parse(enum ch_schema *s, const char *name, struct err *e)
{
	if (strcmp(name, "classic") == 0)
		*s = SCHEMA_CLASSIC;
	else if (strcmp(name, "wide") == 0)
		*s = SCHEMA_WIDE;
	else
		return err_set(e, "schema '%s' is neither classic nor wide", name);
	return 0;
}

static bool
is_current(const struct ch_server *server)
{
	return server == NULL || ch_server_since(server, 20, 1);
}

bool
schema_has_ttl(const struct ch_server *server)
{
	return is_current(server);
}

/* The type that the server has for it: an old one gets something older, a current one dictionaries within lists. */
static const char *
suited(const char *type, const struct ch_server *server)
{
	static const char *const older[][2] = {
	    {"DateTime64(3)", "DateTime"},
	    {"IPv6", "String"},
	    {"LowCardinality(String)", "String"},
	};

	if (is_current(server))
		return strcmp(type, "Array(String)") == 0 ? "Array(LowCardinality(String))" : type;
	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
		if (strcmp(type, older[i][0]) == 0)
			return older[i][1];
	return type;
}

/* What packs values of a field best: times grow slowly, and most numbers use few of their bits. */
static const char *
codec(enum field_type t)
{
	switch (t) {
	case TYPE_TIME:
		return "CODEC(Delta, ZSTD(1))";
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
		return "CODEC(T64, ZSTD(1))";
	default:
		return "CODEC(ZSTD(1))";
	}
}

/* The columns of flows, with the end that an array of columns has; the arena gets them. */
static const struct column *
flow_columns(struct arena *a, const struct schema *s)
{
	if (s->shape == SCHEMA_CLASSIC)
		return classic;
	struct column *all = arena_zero(a, (field_count + 2) * sizeof *all);
	for (unsigned i = 0; i < field_count; i++)
		all[i] = (struct column){arena_printf(a, "%.*s", (int)fields[i].name.len, fields[i].name.p),
		    suited(fields[i].clickhouse, s->server),
		    is_current(s->server) ? codec((enum field_type)fields[i].type) : NULL};
	all[field_count] = (struct column){"ingested_at", "DateTime", "DEFAULT now()"};
	return all;
}

static const struct other *
other_by_name(const char *table)
{
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(table, others[i].name) == 0)
			return &others[i];
	return NULL;
}

void
schema_name(struct buf *out, const char *database, const char *table, const char *suffix)
{
	struct buf name = {0};

	ch_quote(out, str_from(database));
	buf_putc(out, '.');
	buf_printf(&name, "%s%s", table, suffix);
	ch_quote(out, (struct str){buf_cstr(&name), name.len});
	buf_release(&name);
}

static void
put_column(struct buf *out, const struct column *c)
{
	buf_printf(out, "%s %s%s%s", c->name, c->type, c->extra != NULL ? " " : "",
	    c->extra != NULL ? c->extra : "");
}

void
schema_database(struct buf *out, const char *database)
{
	buf_puts(out, "CREATE DATABASE IF NOT EXISTS ");
	ch_quote(out, str_from(database));
}

static void
begin_table(struct buf *out, const struct schema *s, const struct column *c, const char *mark)
{
	buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
	schema_name(out, s->database, s->table, "");
	for (const char *sep = "\n(\n    "; c->name != NULL; c++, sep = ",\n    ") {
		buf_puts(out, sep);
		put_column(out, c);
		if (mark != NULL && strcmp(c->name, mark) == 0 && !schema_has_ttl(s->server))
			buf_puts(out, " COMMENT '" SCHEMA_MARK "'");
	}
}

void
schema_end(struct buf *out, const struct ch_server *server, const char *partition, const char *order,
    const char *time, uint64_t keep_days)
{
	if (partition != NULL)
		buf_printf(out, "PARTITION BY %s\n", partition);
	buf_printf(out, "ORDER BY %s\n", order);
	if (time != NULL && schema_has_ttl(server) && keep_days == 0)
		buf_printf(out, "TTL %s + toIntervalMonth(3)\n", time);
	else if (time != NULL && schema_has_ttl(server))
		buf_printf(out, "TTL %s + toIntervalDay(%" PRIu64 ")\n", time, keep_days);
	buf_puts(out, "SETTINGS index_granularity = 8192");
	/* Whole parts go at once where a partition holds nothing that stays. */
	if (time != NULL && partition != NULL && is_current(server))
		buf_puts(out, ", ttl_only_drop_parts = 1");
}

/* A server that knows the window takes an insert that is sent again for the same one. */
static void
put_window(struct buf *out, const struct ch_server *server)
{
	if (server == NULL || ch_has_dedup(server))
		buf_puts(out, ", non_replicated_deduplication_window = 1000");
}

void
schema_flows(struct buf *out, const struct schema *s)
{
	static const char *const bloom[] = {"src_host", "dst_host", "src_as", "dst_as"};
	bool is_classic = s->shape == SCHEMA_CLASSIC;
	struct arena a = {0};

	begin_table(out, s, flow_columns(&a, s), "ingested_at");
	if (!is_classic && is_current(s->server))
		for (size_t i = 0; i < sizeof bloom / sizeof bloom[0]; i++)
			buf_printf(out, ",\n    INDEX %s_bloom %s TYPE bloom_filter GRANULARITY 4", bloom[i],
			    bloom[i]);
	buf_puts(out, "\n)\nENGINE = MergeTree\n");
	/* Flows of one exporter's interface side by side are alike, and so pack better. */
	schema_end(out, s->server, "toYYYYMMDD(timestamp_start)",
	    is_classic
		? "timestamp_start"
		: "(toStartOfFiveMinute(timestamp_start), exporter_ip, input_interface, timestamp_start)",
	    is_classic ? "timestamp_start" : "toDateTime(timestamp_start)", s->keep_days);
	put_window(out, s->server);
	arena_release(&a);
}

bool
schema_knows(const char *table)
{
	return other_by_name(table) != NULL;
}

void
schema_rows(struct buf *out, const struct schema *s)
{
	const struct other *o = other_by_name(s->table);

	begin_table(out, s, o->columns, o->time);
	buf_puts(out, "\n)\nENGINE = MergeTree\n");
	schema_end(out, s->server, o->partition, o->order, o->time, s->keep_days);
	put_window(out, s->server);
}

unsigned
schema_migrate(struct buf *out, const struct schema *s, bool rows, const struct ch_table *have)
{
	const struct other *o = rows ? other_by_name(s->table) : NULL;
	struct arena a = {0};
	unsigned missing = 0;

	const struct column *c = rows ? (o != NULL ? o->columns : NULL) : flow_columns(&a, s);
	for (; c != NULL && c->name != NULL; c++) {
		if (ch_table_has(have, str_from(c->name)))
			continue;
		if (missing++ == 0) {
			buf_puts(out, "ALTER TABLE ");
			schema_name(out, s->database, s->table, "");
		}
		buf_puts(out, missing > 1 ? ", ADD COLUMN " : " ADD COLUMN ");
		put_column(out, c);
	}
	arena_release(&a);
	return missing;
}

void
schema_columns(struct ch_table *t, const struct schema *s)
{
	struct arena a = {0};
	struct buf rows = {0};

	for (const struct column *c = flow_columns(&a, s); c->name != NULL; c++)
		buf_printf(&rows, "%s\t%s\t\n", c->name, c->type);
	/* Ours make sense. */
	ch_table_parse(t, (struct str){buf_cstr(&rows), rows.len}, NULL);
	buf_release(&rows);
	arena_release(&a);
}
