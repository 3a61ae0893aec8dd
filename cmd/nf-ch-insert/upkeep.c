#include "upkeep.h"

#include <inttypes.h>

#include "base/log.h"
#include "ch/rollup.h"
#include "ch/rows.h"

static struct schema
schema_of(const struct target *t, const struct ch_server *server)
{
	return (struct schema){.shape = t->schema,
	    .database = t->database,
	    .table = t->table,
	    .server = server,
	    .keep_days = t->keep_days};
}

/* The tables that --create makes besides that of flows. */
static const char *const beside[] = {"ptr_cache", "detections", "ml_scores"};

void
upkeep_print(struct buf *out, const struct target *t)
{
	struct schema s = schema_of(t, NULL);
	struct ch_table columns;

	(t->rows ? schema_rows : schema_flows)(out, &s);
	buf_puts(out, ";\n\n");
	schema_columns(&columns, &s);
	for (int i = 0; t->rollup && !t->rows && i < ROLLUPS; i++) {
		rollup_table(out, &rollups[i], &s, &columns, NULL);
		buf_puts(out, ";\n\n");
		rollup_view(out, &rollups[i], &s, &columns, NULL);
		buf_puts(out, ";\n\n");
	}
	ch_table_release(&columns);
	for (size_t i = 0; !t->rows && i < sizeof beside / sizeof beside[0]; i++) {
		s.table = beside[i];
		schema_rows(out, &s);
		buf_puts(out, ";\n\n");
	}
	out->len--; /* one newline ends the last */
}

/* Runs the statement, and empties it. */
static enum ch_verdict
run(struct ch_http *h, struct buf *statement, struct err *e)
{
	enum ch_verdict v = ch_run(h, buf_cstr(statement), e);

	statement->len = 0;
	return v;
}

enum ch_verdict
upkeep_create(struct ch_http *h, const struct target *t, const struct ch_server *server, struct err *e)
{
	struct schema s = schema_of(t, server);
	struct buf q = {0};

	schema_database(&q, t->database);
	enum ch_verdict v = run(h, &q, e);
	if (v == CH_OK) {
		(t->rows ? schema_rows : schema_flows)(&q, &s);
		v = run(h, &q, e);
	}
	for (size_t i = 0; !t->rows && v == CH_OK && i < sizeof beside / sizeof beside[0]; i++) {
		s.table = beside[i];
		schema_rows(&q, &s);
		v = run(h, &q, e);
	}
	buf_release(&q);
	if (v == CH_OK)
		log_notice("created the table %s.%s%s", t->database, t->table,
		    schema_has_ttl(server) ? ""
					   : "; this server knows no TTL, so old days are dropped from here");
	return v;
}

/* The columns as they are now, which another connection may have added. */
static void
look_again(struct ch_http *h, const struct target *t, struct ch_table *columns)
{
	struct ch_table now;
	struct err e;

	if (ch_ask_table(h, t->database, t->table, &now, &e) != CH_OK)
		return;
	ch_table_release(columns);
	*columns = now;
}

static enum ch_verdict
migrate(struct ch_http *h, const struct target *t, const struct ch_server *server, struct ch_table *columns,
    struct err *e)
{
	struct schema s = schema_of(t, server);
	struct buf q = {0};
	bool had_src_as = ch_table_has(columns, STR("src_as"));
	unsigned missing = schema_migrate(&q, &s, t->rows, columns);
	enum ch_verdict v = CH_OK;

	if (missing > 0) {
		v = run(h, &q, e);
		look_again(h, t, columns);
		if (v == CH_OK)
			log_notice("added %u columns to %s.%s", missing, t->database, t->table);
		else if (schema_migrate(&q, &s, t->rows, columns) == 0)
			v = CH_OK;
	}
	if (!t->rows && t->peer_as == PEER_AS_UNSET && !had_src_as && ch_table_has(columns, STR("src_as")))
		log_notice("peer_src_as and peer_dst_as hold neighbours from now on, since src_as has the "
			   "origin; peer_as: origin keeps them as they were");
	buf_release(&q);
	return v;
}

static enum ch_verdict
roll_up(struct ch_http *h, const struct target *t, const struct ch_server *server,
    const struct ch_table *columns, struct err *e)
{
	struct schema s = schema_of(t, server);
	struct buf q = {0};
	enum ch_verdict v = CH_OK;

	for (int i = 0; v == CH_OK && i < ROLLUPS; i++) {
		v = rollup_table(&q, &rollups[i], &s, columns, e) == -1 ? CH_MISFIT : run(h, &q, e);
		if (v == CH_OK && rollup_view(&q, &rollups[i], &s, columns, e) == 0)
			v = run(h, &q, e);
	}
	buf_release(&q);
	return v;
}

/* Rows go in without this, unless the server is away. */
static enum ch_verdict
forgive(enum ch_verdict v, const char *what, const struct target *t, const struct err *e)
{
	if (v == CH_OK || v == CH_UNREACHABLE)
		return v;
	log_warnx("%s of %s.%s: %s; rows go in all the same", what, t->database, t->table, e->msg);
	return CH_OK;
}

enum ch_verdict
upkeep_improve(struct ch_http *h, const struct target *t, const struct ch_server *server,
    struct ch_table *columns, struct err *e)
{
	enum ch_verdict v = CH_OK;

	if (t->migrate)
		v = forgive(migrate(h, t, server, columns, e), "missing columns", t, e);
	if (v == CH_OK && t->rollup && !t->rows)
		v = forgive(roll_up(h, t, server, columns, e), "rollups", t, e);
	return v;
}

static void
put_text(struct buf *out, const char *s)
{
	buf_putc(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *s);
	}
	buf_putc(out, '\'');
}

/*
 * Drops those partitions of DATABASE.TABLE+suffix, if it has our mark, that are before the one of `keep` days ago.
 * Where something came within a day, somebody looks at an archive.
 */
static void
sweep(struct ch_http *h, const struct target *t, const char *suffix, const char *partition_of, uint64_t keep)
{
	struct ch_answer a = {0};
	struct buf q = {0}, table = {0};
	struct err e;

	buf_printf(&table, "%s%s", t->table, suffix);
	buf_puts(&q, "SELECT partition FROM system.parts WHERE active AND database = ");
	put_text(&q, t->database);
	buf_puts(&q, " AND table = ");
	put_text(&q, buf_cstr(&table));
	buf_printf(&q, " AND toUInt32OrZero(partition) BETWEEN 1 AND %s(now() - %" PRIu64 " * 86400) - 1",
	    partition_of, keep);
	buf_puts(&q, " AND (database, table) IN (SELECT database, table FROM system.columns"
		     " WHERE comment = '" SCHEMA_MARK "')"
		     " GROUP BY partition HAVING max(modification_time) < now() - 86400"
		     " ORDER BY partition FORMAT TabSeparatedRaw");
	enum ch_verdict v = ch_http_query(h, &(struct ch_request){.query = buf_cstr(&q)}, &a, &e);
	struct str rest = {(const char *)a.text.p, a.text.len}, line;
	while (v == CH_OK && row_next(&rest, &line)) {
		q.len = 0;
		buf_puts(&q, "ALTER TABLE ");
		schema_name(&q, t->database, t->table, suffix);
		buf_printf(&q, " DROP PARTITION %.*s", (int)line.len, line.p);
		if ((v = ch_run(h, buf_cstr(&q), &e)) == CH_OK)
			log_notice("dropped the rows of %.*s from %s.%s%s, older than %" PRIu64 " days",
			    (int)line.len, line.p, t->database, t->table, suffix, keep);
	}
	if (v != CH_OK)
		log_warnx("old partitions of %s.%s%s: %s", t->database, t->table, suffix, e.msg);
	buf_release(&q);
	buf_release(&table);
	buf_release(&a.text);
}

void
upkeep_sweep(struct ch_http *h, const struct target *t)
{
	sweep(h, t, "", "toYYYYMMDD", t->keep_days > 0 ? t->keep_days : 90);
	for (int i = 0; t->rollup && !t->rows && i < ROLLUPS; i++)
		sweep(h, t, rollups[i].suffix, rollups[i].partition_of, rollups[i].keep_days);
}
