#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ch/account.h"

/* Those that a reload may change, and where the new configuration has them. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
    {"clickhouse.url", offsetof(struct options, url)},
    {"clickhouse.host", offsetof(struct options, host)},
    {"clickhouse.user", offsetof(struct options, user)},
    {"clickhouse.password_file", offsetof(struct options, password_file)},
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
url_of_host(const char *host)
{
	bool native;
	char *url = ch_url_of_host(host, &native);

	if (native)
		log_warnx(
		    "clickhouse.host %s names the native port 9000; rows go by HTTP, to port 8123", host);
	return url;
}

int
target_make(struct target *t, const struct options *o, const struct conf *c, struct err *e)
{
	const char *peer = conf_has(c, "peer_as") ? conf_str(c, "peer_as") : NULL;
	char *password;

	*t = (struct target){.lz4 = strcmp(o->compress, "lz4") == 0};
	if (!t->lz4 && strcmp(o->compress, "none") != 0)
		return err_set(e, "compression '%s' is neither none nor lz4", o->compress);
	if (schema_parse(&t->schema, o->schema, e) == -1 ||
	    ch_password(&password, o->password_file, conf_str(c, "clickhouse.password"), e) == -1)
		return -1;
	t->url = o->url != NULL ? mem_strdup(o->url) : url_of_host(o->host);
	t->user = mem_strdup(o->user);
	t->password = password;
	t->database = mem_strdup(o->database);
	t->table = mem_strdup(o->table);
	t->create = o->create;
	t->migrate = o->migrate;
	t->rollup = o->rollup;
	t->keep_days = conf_has(c, "retention") ? conf_duration(c, "retention") / 86400000 : 0;
	t->rows = o->rows;
	t->peer_as = peer == NULL                  ? PEER_AS_UNSET
		     : strcmp(peer, "origin") == 0 ? PEER_AS_ORIGIN
						   : PEER_AS_NEIGHBOUR;
	struct ch_http_options ho = {.url = t->url, .user = t->user, .password = t->password};
	struct ch_http *h = ch_http_new(&ho, e);
	ch_http_free(h);
	return h != NULL ? 0 : -1;
}
