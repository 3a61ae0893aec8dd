/* nf-ch-insert: flows, or rows of any kind, into a ClickHouse table. The reader is this thread; sender.c has the other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/num.h"
#include "flow/stage.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "replay.h"
#include "rows_in.h"
#include "sender.h"
#include "settings.h"
#include "upkeep.h"

#define KEEP_FREE ((uint64_t)1 << 30) /* of the spool's disk, for others */

struct inserter {
	struct prog prog;
	struct options o;
	struct opt *opts;
	struct queue *queue;
	struct sender *sender;
	struct stage *stage; /* of flows */
	struct rows_in *rows_in; /* of rows */
	struct loop_fd *wake;
	bool paused, drained;
	/* what the metrics show; the counting is done by two threads */
	struct queue_counts counts;
	struct log_limit drop_words;
};

/* Which nobody but the operator knows for rows of a table of his own. */
static void
print_schema(const struct target *t)
{
	struct buf out = {0};

	upkeep_print(&out, t);
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
}

/* The folder of this table's rows within the spool, since its rows fit no other. */
static char *
spool_dir(const struct options *o)
{
	struct buf b = {0};

	buf_printf(&b, "%s/", o->spool);
	for (const char *p = o->database; *p != '\0'; p++)
		buf_putc(&b, *p == '/' ? '_' : *p);
	buf_putc(&b, '.');
	for (const char *p = o->table; *p != '\0'; p++)
		buf_putc(&b, *p == '/' ? '_' : *p);
	buf_puts(&b, o->rows ? ".rows" : "");
	char *dir = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return dir;
}

static struct spool *
open_spool(const struct options *o, const char *dir)
{
	struct spool_options so = {.kind = o->rows ? SPOOL_ROWS : SPOOL_FLOWS,
	    .dir = dir,
	    .max_bytes = o->spool_max,
	    .keep_free = KEEP_FREE};
	struct err e;
	struct spool *s = spool_open(&so, &e);

	if (s == NULL) {
		log_warnx(
		    "no spool (%s): while ClickHouse is away, rows wait in memory and the input waits for "
		    "them; --spool names a folder",
		    e.msg);
		return NULL;
	}
	const struct spool_stats *st = spool_stats(s);
	if (st->rows > 0)
		log_notice("%" PRIu64 " rows of an earlier run wait in %s and go first", st->rows, dir);
	if (st->torn_bytes > 0)
		log_warnx("the last %" PRIu64 " bytes in %s were cut off by a crash and are dropped",
		    st->torn_bytes, dir);
	return s;
}

static void
refresh_counts(struct inserter *in)
{
	uint64_t dropped = in->counts.rows_dropped;

	queue_counts(in->queue, &in->counts);
	if (in->counts.rows_dropped > dropped)
		log_limited(&in->drop_words, clock_mono_ms(),
		    "the spool is full and ClickHouse is away: %" PRIu64 " new rows were dropped",
		    in->counts.rows_dropped - dropped);
}

static void
pause_input(struct inserter *in)
{
	bool pause = queue_wants_pause(in->queue);

	if (pause != in->paused && in->o.rows)
		rows_in_pause(in->rows_in, pause);
	else if (pause != in->paused)
		stage_pause(in->stage, pause);
	in->paused = pause;
}

static void
on_wake(void *arg, int fd, int what)
{
	eventfd_t n;

	(void)what;
	eventfd_read(fd, &n);
	pause_input(arg);
}

/* As soon as there is a loop. */
static void
watch_queue(struct inserter *in, struct loop *l)
{
	if (in->wake == NULL)
		in->wake = loop_fd_add(l, queue_wake_fd(in->queue), LOOP_READ, on_wake, in);
}

static void
on_rows(void *arg, struct rows_in *r, const void *p, size_t len, uint64_t rows)
{
	struct inserter *in = arg;

	in->rows_in = r;
	watch_queue(in, rows_in_loop(r));
	queue_put_lines(in->queue, p, len, rows);
	pause_input(in);
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct inserter *in = arg;

	(void)e;
	in->stage = s;
	watch_queue(in, stage_loop(s));
	queue_put(in->queue, b);
	pause_input(in);
	return 0;
}

static void
keep_books(void *arg)
{
	struct inserter *in = arg;

	queue_tick(in->queue);
	refresh_counts(in);
}

static void
on_tick(void *arg, struct stage *s, int64_t wall_ms)
{
	(void)s;
	(void)wall_ms;
	keep_books(arg);
}

/* What a new configuration may change while rows flow: the server, and as whom. */
static int
on_reload(void *arg, const struct conf *c, struct err *e)
{
	struct inserter *in = arg;
	struct options fresh = in->o;
	struct target t;

	options_refresh(&fresh, in->opts, c);
	if (strcmp(fresh.database, in->o.database) != 0 || strcmp(fresh.table, in->o.table) != 0)
		return err_set(e, "another table needs a restart: rows for the old one may be waiting");
	int status = target_make(&t, &fresh, c, e);
	if (status == 0)
		sender_retarget(in->sender, &t);
	target_release(&t);
	return status;
}

/* Ends the sender; what it left in memory goes to disk. */
static void
wrap_up(struct inserter *in)
{
	refresh_counts(in);
	sender_stop(in->sender);
	in->sender = NULL;
	queue_rest(in->queue);
	queue_counts(in->queue, &in->counts);
}

static void
drain(void *arg)
{
	struct inserter *in = arg;

	loop_fd_remove(in->wake);
	in->drained = queue_drain(in->queue, (int64_t)in->o.drain_ms);
	wrap_up(in);
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	(void)s;
	(void)e;
	drain(arg);
	return 0;
}

static void
add_metrics(struct metrics *m, const struct inserter *in)
{
	const struct queue_counts *c = &in->counts;

	metrics_counter(m, "nf_ch_insert_rows_total", "Rows that came in.", &c->rows_in);
	metrics_counter(
	    m, "nf_ch_insert_stored_rows_total", "Rows that the server acknowledged.", &c->rows_stored);
	metrics_counter(
	    m, "nf_ch_insert_spooled_rows_total", "Rows that went to disk first.", &c->rows_spooled);
	static const char dropped[] = "nf_ch_insert_dropped_rows_total",
			  why[] = "Rows that are not stored, by reason.";
	metrics_add(m, dropped, "reason=\"spool_full\"", why, METRIC_COUNTER, &c->rows_dropped);
	metrics_add(m, dropped, "reason=\"refused\"", why, METRIC_COUNTER, &c->rows_failed);
	metrics_add(m, dropped, "reason=\"lost\"", why, METRIC_COUNTER, &c->rows_lost);
	metrics_counter(m, "nf_ch_insert_inserts_total", "Inserts sent.", &c->sent.inserts);
	metrics_counter(m, "nf_ch_insert_bytes_total", "Bytes of inserts sent.", &c->sent.bytes);
	metrics_counter(m, "nf_ch_insert_retries_total", "Inserts sent again.", &c->sent.retries);
	metrics_counter(m, "nf_ch_insert_ambiguous_total",
	    "Inserts sent whole and not answered: their rows may be there twice.", &c->sent.ambiguous);
	metrics_counter(m, "nf_ch_insert_unfit_values_total",
	    "Values that a column could not hold as they were.", &c->sent.unfit);
	metrics_gauge(m, "nf_ch_insert_up", "Whether the server takes rows.", &c->up);
	metrics_gauge(
	    m, "nf_ch_insert_waiting_rows", "Rows not yet stored, in memory and on disk.", &c->rows_waiting);
	metrics_gauge(m, "nf_ch_insert_spool_rows", "Rows on disk.", &c->spool_rows);
	metrics_gauge(
	    m, "nf_ch_insert_spool_bytes", "Bytes of the spool, failed/ included.", &c->spool_bytes);
}

/* The account at the end, in words where something is not as it should be. */
static void
tell_end(const struct inserter *in, const char *dir)
{
	const struct queue_counts *c = &in->counts;

	log_info("%" PRIu64 " rows in, %" PRIu64 " stored by %" PRIu64 " inserts", c->rows_in, c->rows_stored,
	    c->sent.inserts);
	if (c->spool_rows > 0)
		log_warnx("%" PRIu64 " rows wait in %s and go first at the next start", c->spool_rows, dir);
	if (c->rows_failed > 0)
		log_warnx(
		    "%" PRIu64 " rows were refused by ClickHouse and lie in %s/failed", c->rows_failed, dir);
	if (c->rows_dropped + c->rows_lost > 0)
		log_warnx("%" PRIu64 " rows are lost", c->rows_dropped + c->rows_lost);
}

static int
read_input(struct inserter *in)
{
	static const struct stage_ops ops = {
	    .batch = on_batch, .tick = on_tick, .reload = on_reload, .end = on_end};
	static const struct rows_in_ops rows_ops = {
	    .rows = on_rows, .tick = keep_books, .reload = on_reload, .end = drain};
	struct stage_options so = {.in = {.zone = conf_str(&in->prog.conf, "timezone")}, .no_output = true};

	return in->o.rows ? rows_in_run(&in->prog, &rows_ops, in) : stage_run(&in->prog, &so, &ops, in);
}

static int
run(struct inserter *in, struct target *t)
{
	char *dir = spool_dir(&in->o);
	struct spool *spool = open_spool(&in->o, dir);
	uint64_t after = spool != NULL ? spool_last(spool) + 1 : 1, now = (uint64_t)clock_wall_ms();
	struct stat st;
	struct queue_options qo = {
	    .spool = spool,
	    .takers = (unsigned)in->o.connections,
	    .first = after > now ? after : now, /* files set aside long ago keep their names */
	    .batch_rows = in->o.batch_rows,
	    .flush_ms = (int64_t)in->o.flush_ms,
	    .patient = fstat(0, &st) == 0 && S_ISREG(st.st_mode),
	};

	in->queue = queue_new(&qo);
	in->sender = sender_start(in->queue, t, qo.takers, spool != NULL ? dir : NULL);
	int status = read_input(in);
	if (in->sender != NULL) /* it ended before the end of input */
		wrap_up(in);
	tell_end(in, dir);
	bool whole =
	    in->drained && in->counts.rows_lost + in->counts.rows_failed + in->counts.rows_dropped == 0;
	queue_free(in->queue);
	free(dir);
	return status == EXIT_OK && !whole ? EXIT_FAILED : status;
}

int
main(int argc, char **argv)
{
	static struct inserter in;
	struct options *o = &in.o;
	struct opt opts[] = {
	    {0, "url", OPT_STR, &o->url, "URL", "clickhouse.url",
		"the server's HTTP interface, or several with commas (http://localhost:8123)", false},
	    {0, "database", OPT_STR, &o->database, "NAME", "clickhouse.database", "database (pmacct)", false},
	    {0, "table", OPT_STR, &o->table, "NAME", "clickhouse.table", "table (flows)", false},
	    {0, "rows", OPT_FLAG, &o->rows, NULL, NULL,
		"the input is NDJSON, each line a row of that table, whatever it is", false},
	    {0, "user", OPT_STR, &o->user, "NAME", "clickhouse.user", "user (default)", false},
	    {0, "password-file", OPT_STR, &o->password_file, "FILE", "clickhouse.password_file",
		"file whose first line is the password", false},
	    {0, "ca-file", OPT_STR, &o->ca_file, "FILE", "clickhouse.ca_file",
		"certificates that vouch for a server of https (the system's)", false},
	    {0, "batch-rows", OPT_NUM, &o->batch_rows, "N", "insert.batch_size",
		"rows that are worth an insert (200)", false},
	    {0, "flush-ms", OPT_MS, &o->flush_ms, "N", "insert.flush_interval_ms",
		"longest wait for more rows, shortest between two inserts (1000)", false},
	    {0, "connections", OPT_NUM, &o->connections, "N", "insert.connections",
		"inserts under way at the same time (2)", false},
	    {0, "compress", OPT_STR, &o->compress, "none|lz4|zstd|gzip", "insert.compress",
		"how inserts travel; lz4 or zstd where the way is long (none)", false},
	    {0, "async-insert", OPT_FLAG, &o->async, NULL, "insert.async",
		"ask the server to gather small inserts of many clients", false},
	    {0, "spool", OPT_STR, &o->spool, "DIR", "insert.spool_dir",
		"where rows wait while the server is away (/var/lib/flowenricher/spool)", false},
	    {0, "spool-max", OPT_SIZE, &o->spool_max, "BYTES", "insert.spool_max", "most bytes there (4G)",
		false},
	    {0, "drain-timeout", OPT_SECONDS, &o->drain_ms, "S", "insert.drain_timeout",
		"at the end, how long to try to empty the spool (30)", false},
	    {0, "create", OPT_FLAG, &o->create, NULL, "clickhouse.create",
		"create the database and tables where they are missing", false},
	    {0, "schema", OPT_STR, &o->schema, "classic|wide", "clickhouse.schema",
		"shape of the table that is created (classic)", false},
	    {0, "migrate", OPT_FLAG, &o->migrate, NULL, "clickhouse.migrate",
		"add the columns that the table lacks", false},
	    {0, "rollup", OPT_FLAG, &o->rollup, NULL, "clickhouse.rollup",
		"keep sums by 1 minute, 5 minutes and 1 hour in tables beside it", false},
	    {0, "replay", OPT_LIST, &o->replay, "FILE|DIR", NULL,
		"insert what was set aside, and remove what is stored; no input is read", false},
	    {0, "print-schema", OPT_FLAG, &o->print_schema, NULL, NULL,
		"print that table's statements and exit", false},
	    OPT_END,
	};
	struct target t;
	struct err e;

	in.prog = (struct prog){.name = "nf-ch-insert",
	    .usage = "[--url URL] [--table NAME] <flows | --rows <rows",
	    .brief = "Stores flows, or rows of any kind, in a ClickHouse table.",
	    .opts = opts};
	in.opts = opts;
	int status = prog_start(&in.prog, argc, argv);
	if (status >= 0)
		return status;
	options_fill(o, &in.prog.conf);
	if (o->connections > TAKERS_MAX)
		fatal_config("--connections: at most %d", TAKERS_MAX);
	if (target_make(&t, o, &in.prog.conf, &e) == -1)
		fatal_config("%s", e.msg);
	if (o->rows && in.prog.input != NULL && strcmp(in.prog.input, "ndjson") != 0)
		fatal_config("-i %s: rows are NDJSON", in.prog.input);
	if (o->print_schema && o->rows && !schema_knows(o->table))
		fatal_config("no schema is known of the table '%s'", o->table);
	if (o->print_schema || in.prog.check_only) {
		if (o->print_schema)
			print_schema(&t);
		target_release(&t);
		prog_finish(&in.prog);
		return EXIT_OK;
	}
	add_metrics(&in.prog.metrics, &in);
	if (o->replay.n > 0) {
		status = replay_run(&o->replay, &t, (int64_t)o->drain_ms, &in.counts);
		prog_finish(&in.prog);
		return status;
	}
	return run(&in, &t);
}
