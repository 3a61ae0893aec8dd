/* nf-query: asks ClickHouse what is in the stored flows, by queries that have a name. */
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/num.h"
#include "ch/account.h"
#include "files.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/prog.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define SINCE_MS UINT64_C(3600000) /* where neither flag nor query says */

struct asker {
	struct prog prog;
	const char *url, *database, *table, *user, *password_file, *ca_file, *since, *until, *format, *folder;
	struct opt_list values;
	uint64_t limit, timeout_ms;
	bool print;
};

/* Names that are easier to keep in mind; others are the server's own. */
static const char *
format_of(const char *name)
{
	static const char *const known[][2] = {{"table", "PrettyCompactNoEscapes"},
	    {"tsv", "TabSeparatedWithNames"}, {"csv", "CSVWithNames"}, {"json", "JSON"},
	    {"ndjson", "JSONEachRow"}, {"vertical", "Vertical"}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(name, known[i][0]) == 0)
			return known[i][1];
	if (name[0] == '\0' ||
	    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
		fatal_config("--format %s: this names no format", name);
	return name;
}

/* "1h" before now, or "2026-01-31 12:00:00" in the zone of the configuration; in seconds. */
static int64_t
moment(const char *flag, const char *text, int64_t now_ms, const char *zone)
{
	uint64_t before;
	int64_t ms;
	int zoned;

	if (num_parse_duration(&before, str_from(text), 1000) == 0)
		return (now_ms - (int64_t)before) / 1000;
	if (civil_parse(&ms, &zoned, str_from(text)) == -1)
		fatal_config("%s %s: expected a duration such as 1h, or a time such as '2026-01-31 12:00:00'",
		    flag, text);
	return ms / 1000 - (zoned ? 0 : (int64_t)clock_zone_offset(zone, ms) * 60);
}

static void
set_period(const struct asker *a, const struct query *q, struct query_frame *f)
{
	int64_t now = clock_wall_ms();
	const char *zone = conf_str(&a->prog.conf, "timezone");

	f->to = a->until != NULL ? moment("--until", a->until, now, zone) : now / 1000;
	if (a->since != NULL)
		f->from = moment("--since", a->since, now, zone);
	else
		f->from = f->to - (int64_t)((q->since_ms > 0 ? q->since_ms : SINCE_MS) / 1000);
	if (f->from < 0 || f->from >= f->to)
		fatal_config("the period ends before it begins");
}

static void
set_values(const struct asker *a, struct query *q, const char *name, struct buf *limit)
{
	for (size_t i = 0; i < a->values.n; i++) {
		const char *text = a->values.v[i];
		size_t n = strcspn(text, "=");
		struct query_param *p = query_param(q, (struct str){text, n});

		if (text[n] == '\0')
			fatal_config("-p %s: expected NAME=VALUE", text);
		else if (p == NULL)
			fatal_config("-p %s: the query %s has no such parameter", text, name);
		else
			p->value = str_from(text + n + 1);
	}
	struct query_param *p = query_param(q, STR("limit"));
	if (a->limit > 0 && p == NULL)
		fatal_config("--limit: the query %s has no such parameter", name);
	else if (a->limit > 0) {
		buf_printf(limit, "%llu", (unsigned long long)a->limit);
		p->value = (struct str){buf_cstr(limit), limit->len};
	}
}

static int
join_items(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	(void)at;
	(void)e;
	buf_add(arg, item.p, item.len);
	buf_putc(arg, ' ');
	return 0;
}

/* Defaults: those that begin with $ are values of the configuration, numbers or lists. */
static void
set_defaults(struct query *q, const struct conf *c, struct arena *arena)
{
	for (unsigned i = 0; i < q->count; i++) {
		struct query_param *p = &q->params[i];

		if (p->value.p != NULL || p->def.p == NULL)
			continue;
		p->value = p->def;
		if (p->def.p[0] != '$')
			continue;
		char *path = arena_printf(arena, "%.*s", (int)p->def.len - 1, p->def.p + 1);
		const struct conf_key *key = conf_key_find(path);
		struct buf b = {0};
		if (key == NULL || (key->flags & CONF_SECRET) ||
		    (key->type != CONF_NUM && key->type != CONF_LIST))
			fatal_config("the query's default $%s is no key of a number or a list", path);
		else if (key->type == CONF_NUM)
			buf_printf(&b, "%llu", (unsigned long long)conf_num(c, path));
		else
			conf_each(c, path, join_items, &b, NULL);
		p->value = (struct str){b.len > 0 ? arena_dup(arena, b.p, b.len) : NULL, b.len};
		buf_release(&b);
	}
}

/* The URLs of the servers, in the order in which they are tried; the caller frees them. */
static char *
urls_of(const struct asker *a)
{
	bool native;

	return a->url != NULL ? mem_strdup(a->url)
			      : ch_urls_of_hosts(conf_str(&a->prog.conf, "clickhouse.host"), &native);
}

static struct ch_http *
client_of(const struct asker *a, struct str url, const char *password)
{
	char *one = mem_strndup(url.p, url.len);
	struct ch_http_options o = {.url = one,
	    .user = a->user,
	    .password = password,
	    .ca_file = a->ca_file,
	    .agent = "nf-query/" VERSION,
	    .answer_max = ANSWER_MAX,
	    .timeout_ms = (unsigned)a->timeout_ms};
	struct err e;
	struct ch_http *h = ch_http_new(&o, &e);

	if (h == NULL)
		fatal_config("%s", e.msg);
	free(one);
	return h;
}

/* The first server that answers, and its version. With -n each is only looked at. */
static struct ch_http *
connect_to(const struct asker *a, struct ch_server *server)
{
	char *password, *urls = urls_of(a);
	const char *text = urls;
	struct ch_http *h = NULL;
	struct err e = {"no server is named"};
	struct str url;
	enum ch_verdict v = CH_UNREACHABLE;

	if (ch_password(&password, a->password_file, conf_str(&a->prog.conf, "clickhouse.password"), &e) ==
	    -1)
		fatal_config("%s", e.msg);
	while (v == CH_UNREACHABLE && ch_next_url(&text, &url)) {
		ch_http_free(h);
		h = client_of(a, url, password);
		if (!a->prog.check_only)
			v = ch_ask_server(h, server, &e);
	}
	ch_password_free(password);
	free(urls);
	if (v != CH_OK && !a->prog.check_only)
		fatalx("%s", e.msg);
	return h;
}

/* The columns of the table that the query is about. */
static void
learn(struct ch_http *h, const struct asker *a, const struct query *q, struct ch_table *columns)
{
	struct buf table = {0};
	struct err e;

	query_table(&table, q, a->table);
	if (ch_ask_table(h, a->database, buf_cstr(&table), columns, &e) != CH_OK)
		fatalx("%s", e.msg);
	buf_release(&table);
}

static int
ask(struct ch_http *h, const char *statement)
{
	struct ch_answer answer = {0};
	struct err e;
	enum ch_verdict v = ch_http_query(h, &(struct ch_request){.query = statement}, &answer, &e);

	if (v != CH_OK)
		log_warnx("%s", e.msg);
	else if (fd_write_all(1, answer.text.p, answer.text.len) == -1)
		log_warn("stdout");
	else if (answer.cut)
		log_warnx("the answer is longer than 64 MiB and was cut off; --limit shortens it");
	bool whole = v == CH_OK && !answer.cut;
	buf_release(&answer.text);
	return whole ? EXIT_OK : EXIT_FAILED;
}

static int
run(struct asker *a, const char *name)
{
	struct buf text = {0}, limit = {0}, statement = {0};
	struct query_frame f = {.database = a->database, .flows = a->table};
	struct arena arena = {0};
	struct ch_server server;
	struct ch_table columns;
	struct query q;
	struct err e;
	int status = EXIT_OK;

	if (query_load(&q, &text, a->folder, name, &e) == -1)
		fatal_config("%s", e.msg);
	set_period(a, &q, &f);
	set_values(a, &q, name, &limit);
	set_defaults(&q, &a->prog.conf, &arena);
	const char *format = format_of(a->format);
	struct ch_http *h = connect_to(a, &server);
	if (!a->prog.check_only) {
		learn(h, a, &q, &columns);
		f.columns = &columns;
		f.server = &server;
		if (query_expand(&statement, &q, &f, &e) == -1)
			fatal_config("%s: %s", name, e.msg);
		buf_printf(&statement, "\nFORMAT %s\n", format);
		if (a->print)
			fwrite(statement.p, 1, statement.len, stdout);
		else
			status = ask(h, buf_cstr(&statement));
		ch_table_release(&columns);
	}
	ch_http_free(h);
	buf_release(&text);
	buf_release(&limit);
	buf_release(&statement);
	arena_release(&arena);
	return status;
}

int
main(int argc, char **argv)
{
	static struct asker a = {.format = "table"};
	struct opt opts[] = {
	    {'p', "param", OPT_LIST, &a.values, "NAME=VALUE", NULL, "a parameter of the query", false},
	    {0, "since", OPT_STR, &a.since, "TIME", NULL,
		"the period's begin: 1h ago, or YYYY-MM-DD hh:mm:ss", false},
	    {0, "until", OPT_STR, &a.until, "TIME", NULL, "its end, likewise (now)", false},
	    {0, "limit", OPT_NUM, &a.limit, "N", NULL, "the parameter limit: most rows", false},
	    {0, "format", OPT_STR, &a.format, "NAME", NULL,
		"table, tsv, csv, json, ndjson, vertical, or one of ClickHouse's (table)", false},
	    {0, "print", OPT_FLAG, &a.print, NULL, NULL, "print the statement instead of its answer", false},
	    {0, "queries", OPT_STR, &a.folder, "DIR", NULL, "folder of queries (share/flowenricher/queries)",
		false},
	    {0, "url", OPT_STR, &a.url, "URL", "clickhouse.url",
		"the server's HTTP interface (http://localhost:8123)", false},
	    {0, "database", OPT_STR, &a.database, "NAME", "clickhouse.database", "database (pmacct)", false},
	    {0, "table", OPT_STR, &a.table, "NAME", "clickhouse.table", "table of flows (flows)", false},
	    {0, "user", OPT_STR, &a.user, "NAME", "clickhouse.user", "user (default)", false},
	    {0, "password-file", OPT_STR, &a.password_file, "FILE", "clickhouse.password_file",
		"file whose first line is the password", false},
	    {0, "ca-file", OPT_STR, &a.ca_file, "FILE", "clickhouse.ca_file",
		"certificates that vouch for a server of https", false},
	    {0, "timeout", OPT_SECONDS, &a.timeout_ms, "S", NULL, "wait for an answer so long (60)", false},
	    OPT_END,
	};
	struct err e;

	a.prog = (struct prog){.name = "nf-query",
	    .usage = "[-p NAME=VALUE]... [--since 1h] [--limit N] [--format NAME] [QUERY]",
	    .brief = "Asks ClickHouse what is in the stored flows; lists the queries if none is named.",
	    .opts = opts};
	int status = prog_start(&a.prog, argc, argv);
	if (status >= 0)
		return status;
	char *own = a.folder == NULL ? queries_folder() : NULL;
	if (own != NULL)
		a.folder = own;
	a.database = a.database != NULL ? a.database : conf_str(&a.prog.conf, "clickhouse.database");
	a.table = a.table != NULL ? a.table : conf_str(&a.prog.conf, "clickhouse.table");
	a.user = a.user != NULL ? a.user : conf_str(&a.prog.conf, "clickhouse.user");
	if (a.prog.operand_count > 1)
		fatal_config("one query at a time; nf-query -h shows the usage");
	if (a.prog.operand_count == 1)
		status = run(&a, a.prog.operands[0]);
	else if (queries_list(a.folder, &e) == 0)
		status = EXIT_OK;
	else
		fatal_config("%s; --queries names the folder", e.msg);
	free(own);
	prog_finish(&a.prog);
	return status;
}
