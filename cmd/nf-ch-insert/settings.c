#include "settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ch/account.h"
#include "ch/http.h"

/* Those that a reload may change, and where the new configuration has them. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
    {"clickhouse.url", offsetof(struct options, url)},
    {"clickhouse.host", offsetof(struct options, host)},
    {"clickhouse.user", offsetof(struct options, user)},
    {"clickhouse.password_file", offsetof(struct options, password_file)},
    {"clickhouse.ca_file", offsetof(struct options, ca_file)},
    {"clickhouse.database", offsetof(struct options, database)},
    {"clickhouse.table", offsetof(struct options, table)},
    {"clickhouse.schema", offsetof(struct options, schema)},
    {"insert.compress", offsetof(struct options, compress)},
    {"insert.spool_dir", offsetof(struct options, spool)},
};

void
options_fill(struct options *o, const struct conf *c)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char **text = (const char **)(void *)((char *)o + texts[i].offset);

		if (*text == NULL)
			*text = conf_str(c, texts[i].key);
	}
	if (o->batch_rows == 0)
		o->batch_rows = conf_num(c, "insert.batch_size");
	if (o->flush_ms == 0)
		o->flush_ms = conf_duration(c, "insert.flush_interval_ms");
	if (o->connections == 0)
		o->connections = conf_num(c, "insert.connections");
	if (o->spool_max == 0)
		o->spool_max = conf_size(c, "insert.spool_max");
	if (o->drain_ms == 0)
		o->drain_ms = conf_duration(c, "insert.drain_timeout");
}

static bool
flag_given(const struct opt *opts, const char *key)
{
	for (const struct opt *o = opts; o->value != NULL; o++)
		if (o->key != NULL && strcmp(o->key, key) == 0)
			return o->given;
	return false;
}

void
options_refresh(struct options *o, const struct opt *opts, const struct conf *c)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!flag_given(opts, texts[i].key))
			*(const char **)(void *)((char *)o + texts[i].offset) = conf_str(c, texts[i].key);
}

static char *
urls_of_hosts(const char *hosts)
{
	bool native;
	char *urls = ch_urls_of_hosts(hosts, &native);

	if (native)
		log_warnx(
		    "clickhouse.host %s names the native port 9000; rows go by HTTP, to port 8123", hosts);
	return urls;
}

/* Whether each URL is one, and what goes into headers may stand there. */
static int
check_urls(const struct target *t, struct err *e)
{
	struct ch_http_options o = {.user = t->user, .password = t->password, .ca_file = t->ca_file};
	const char *text = t->url;
	struct str url;
	unsigned count = 0;

	for (; ch_next_url(&text, &url); count++) {
		char *one = mem_strndup(url.p, url.len);

		o.url = one;
		struct ch_http *h = ch_http_new(&o, e);
		ch_http_free(h);
		free(one);
		if (h == NULL)
			return -1;
	}
	return count > 0 && count <= SERVERS_MAX
		   ? 0
		   : err_set(e, "%u servers are given; it can be 1 to %d", count, SERVERS_MAX);
}

static int
set_travel(struct target *t, const char *how, struct err *e)
{
	static const struct {
		const char *name;
		enum ch_method method;
		bool gzip;
	} ways[] = {
	    {"none", CH_METHOD_NONE, false},
	    {"lz4", CH_METHOD_LZ4, false},
	    {"zstd", CH_METHOD_ZSTD, false},
	    {"gzip", CH_METHOD_NONE, true},
	};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (strcmp(how, ways[i].name) == 0) {
			t->method = ways[i].method;
			t->gzip = ways[i].gzip;
			return 0;
		}
	return err_set(e, "compression '%s' is none of none, lz4, zstd and gzip", how);
}

int
target_make(struct target *t, const struct options *o, const struct conf *c, struct err *e)
{
	const char *peer = conf_has(c, "peer_as") ? conf_str(c, "peer_as") : NULL;
	char *password;

	*t = (struct target){.create = o->create,
	    .migrate = o->migrate,
	    .rollup = o->rollup,
	    .keep_days = conf_has(c, "retention") ? conf_duration(c, "retention") / 86400000 : 0,
	    .rows = o->rows,
	    .async = o->async};
	if (set_travel(t, o->compress, e) == -1 || schema_parse(&t->schema, o->schema, e) == -1 ||
	    ch_password(&password, o->password_file, conf_str(c, "clickhouse.password"), e) == -1)
		return -1;
	if (o->ca_file != NULL && access(o->ca_file, R_OK) == -1)
		return err_sys(e, "ca_file %s", o->ca_file);
	t->url = o->url != NULL ? mem_strdup(o->url) : urls_of_hosts(o->host);
	t->ca_file = o->ca_file != NULL ? mem_strdup(o->ca_file) : NULL;
	t->user = mem_strdup(o->user);
	t->password = password;
	t->database = mem_strdup(o->database);
	t->table = mem_strdup(o->table);
	t->peer_as = peer == NULL                  ? PEER_AS_UNSET
		     : strcmp(peer, "origin") == 0 ? PEER_AS_ORIGIN
						   : PEER_AS_NEIGHBOUR;
	return check_urls(t, e);
}
