#include "ch/schema.h"

#include "flow/field.h"

/* The columns of users' tables, in their order. */
static const char *const classic[][2] = {
    {"timestamp_start", "DateTime"},
    {"proto", "UInt8"},
    {"tcpflags", "UInt8"},
    {"tos", "UInt8"},
    {"src_host", "String"},
    {"src_port", "UInt16"},
    {"src_host_country", "String"},
    {"dst_host", "String"},
    {"dst_port", "UInt16"},
    {"dst_host_country", "String"},
    {"peer_src_as", "UInt32"},
    {"peer_dst_as", "UInt32"},
    {"as_path", "Array(String)"},
    {"packets", "UInt64"},
    {"bytes", "UInt64"},
    {"peer_dst_as_name", "String DEFAULT ''"},
    {"peer_src_as_name", "String DEFAULT ''"},
    {"dst_as", "UInt32"},
    {"ingested_at", "DateTime DEFAULT now()"},
    {"local_pref", "UInt32 DEFAULT 0"},
    {"input_interface", "UInt32"},
    {"output_interface", "UInt32"},
    {"input_interface_name", "String"},
    {"output_interface_name", "String"},
    {"flow_direction", "UInt8"},
    {"ip_protocol", "UInt8"},
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

/* The type that an old server has in place of a newer one. */
static const char *
suited(const char *type, const struct ch_server *server)
{
	static const char *const older[][2] = {
	    {"DateTime64(3)", "DateTime"},
	    {"IPv6", "String"},
	    {"LowCardinality(String)", "String"},
	};

	if (!is_current(server))
		for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
			if (strcmp(type, older[i][0]) == 0)
				return older[i][1];
	return type;
}

static void
put_name(struct buf *out, const char *database, const char *table)
{
	ch_quote(out, str_from(database));
	buf_putc(out, '.');
	ch_quote(out, str_from(table));
}

void
schema_database(struct buf *out, const char *database)
{
	buf_puts(out, "CREATE DATABASE IF NOT EXISTS ");
	ch_quote(out, str_from(database));
}

void
schema_flows(struct buf *out, enum ch_schema s, const char *database, const char *table,
    const struct ch_server *server)
{
	buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
	put_name(out, database, table);
	buf_puts(out, "\n(\n");
	if (s == SCHEMA_CLASSIC)
		for (size_t i = 0; i < sizeof classic / sizeof classic[0]; i++)
			buf_printf(out, "%s    %s %s", i > 0 ? ",\n" : "", classic[i][0], classic[i][1]);
	else {
		for (unsigned i = 0; i < field_count; i++)
			buf_printf(out, "    %.*s %s,\n", (int)fields[i].name.len, fields[i].name.p,
			    suited(fields[i].clickhouse, server));
		buf_puts(out, "    ingested_at DateTime DEFAULT now()");
	}
	buf_puts(out,
	    "\n)\nENGINE = MergeTree\nPARTITION BY toYYYYMMDD(timestamp_start)\nORDER BY timestamp_start\n");
	if (schema_has_ttl(server))
		buf_printf(out, "TTL %s + toIntervalMonth(3)\n",
		    s == SCHEMA_CLASSIC ? "timestamp_start" : "toDateTime(timestamp_start)");
	buf_puts(out, "SETTINGS index_granularity = 8192");
}

/* Tables of rows that are no flows. Every server knows these types. */
static const struct {
	const char *name, *columns, *order;
} others[] = {
    {"ptr_cache",
	"    ip String,\n    ptr String,\n    updated_at DateTime DEFAULT now(),\n"
	"    asn UInt32 DEFAULT 0,\n    asn_name String DEFAULT '',\n    country String DEFAULT ''",
	"ip"},
    /* As nf-detect(1) prints them; what is an object or a list there is its JSON text here. */
    {"detections",
	"    time DateTime,\n    start DateTime,\n    type String,\n    id String,\n    state String,\n"
	"    rule String,\n    key String,\n    window UInt32,\n    flows UInt64,\n    packets UInt64,\n    "
	"bytes UInt64,\n    pps UInt64,\n"
	"    bps UInt64,\n    unique_dst_ips UInt32,\n    unique_dst_ports UInt32,\n"
	"    unique_src_ips UInt32,\n    ml_score Float32,\n    peak String,\n    reasons String,\n    "
	"actions Array(String),\n"
	"    trusted Nullable(UInt8),\n    blackhole String,\n    samples String",
	"time"},
    /* As nf-mlfeat(1) prints them. */
    {"ml_scores",
	"    time DateTime,\n    key String,\n    side String,\n    window UInt32,\n    flows UInt64,\n"
	"    ml_score Float32,\n    ml_score_b Nullable(Float32),\n    reasons String",
	"(key, time)"},
};

bool
schema_knows(const char *table)
{
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(table, others[i].name) == 0)
			return true;
	return false;
}

void
schema_rows(struct buf *out, const char *database, const char *table)
{
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (strcmp(table, others[i].name) != 0)
			continue;
		buf_puts(out, "CREATE TABLE IF NOT EXISTS ");
		put_name(out, database, table);
		buf_printf(out,
		    "\n(\n%s\n)\nENGINE = MergeTree\nORDER BY %s\nSETTINGS index_granularity = 8192",
		    others[i].columns, others[i].order);
	}
}
