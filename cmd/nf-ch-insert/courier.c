#include "courier.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "ch/account.h"
#include "ch/client.h"
#include "encode.h"
#include "io/clock.h"
#include "upkeep.h"

enum {
	REST_MS = 5000, /* of a server that failed */
	SWEEP_MS = 3600000, /* how often old days are looked for */
};

struct server {
	char *url;
	struct ch_http *http;
	bool known; /* the three below are */
	struct ch_server version;
	struct ch_table table;
	struct buf settings; /* of inserts, for the URL */
	bool improved; /* the table has been, as --migrate and --rollup ask */
	int64_t swept; /* when old days were looked for; 0: never */
	int64_t rest_until;
};

struct courier {
	struct target target;
	const atomic_bool *abort;
	struct server *servers;
	unsigned count, turn;
	struct encoder *encoder;
	const struct ch_table *encodes; /* for the table of this server, and those like it */
	struct buf settings; /* of the insert at hand */
	struct ch_answer answer;
	struct insert_counts counts;
	bool async_told;
};

struct courier *
courier_new(const struct target *t, const atomic_bool *abort)
{
	struct courier *c = mem_zero(1, sizeof *c);
	struct str url;

	target_copy(&c->target, t);
	c->abort = abort;
	for (const char *text = c->target.url; ch_next_url(&text, &url);) {
		c->servers = mem_resize(c->servers, c->count + 1, sizeof *c->servers);
		c->servers[c->count++] = (struct server){.url = mem_strndup(url.p, url.len)};
	}
	return c;
}

static void
forget(struct courier *c, struct server *s)
{
	if (c->encodes == &s->table) {
		encoder_free(c->encoder);
		c->encoder = NULL;
		c->encodes = NULL;
	}
	ch_table_release(&s->table);
	s->known = false;
}

void
courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->count; i++) {
		struct server *s = &c->servers[i];

		forget(c, s);
		ch_http_free(s->http);
		buf_release(&s->settings);
		free(s->url);
	}
	free(c->servers);
	buf_release(&c->settings);
	buf_release(&c->answer.text);
	target_release(&c->target);
	free(c);
}

struct insert_counts
courier_counts(struct courier *c)
{
	struct insert_counts counts = c->counts;

	c->counts = (struct insert_counts){0};
	return counts;
}

static void
set_settings(struct courier *c, struct server *s)
{
	s->settings.len = 0;
	if (c->target.method != CH_METHOD_NONE)
		buf_puts(&s->settings, "decompress=1&");
	/* Groups keep to few days, but a single batch of an archive may hold many: better many parts than none. */
	if (ch_server_since(&s->version, 20, 1))
		buf_puts(&s->settings, "max_partitions_per_insert_block=0&");
	if (!c->target.async)
		return;
	if (ch_server_since(&s->version, 21, 11))
		buf_puts(&s->settings, "async_insert=1&wait_for_async_insert=1&");
	else if (!c->async_told) {
		c->async_told = true;
		log_warnx("ClickHouse %s at %s knows no async_insert: inserts go as they are",
		    s->version.version, s->url);
	}
}

/* Connects and learns the table's columns, as far as neither is done. */
static enum ch_verdict
get_ready(struct courier *c, struct server *s, struct err *e)
{
	const struct target *t = &c->target;
	struct ch_http_options o = {.url = s->url,
	    .user = t->user,
	    .password = t->password,
	    .ca_file = t->ca_file,
	    .gzip = t->gzip,
	    .abort = c->abort};
	enum ch_verdict v;

	if (s->known)
		return CH_OK;
	if (s->http == NULL && (s->http = ch_http_new(&o, e)) == NULL)
		return CH_BUSY;
	if ((v = ch_ask_server(s->http, &s->version, e)) != CH_OK)
		return v;
	set_settings(c, s);
	v = ch_ask_table(s->http, t->database, t->table, &s->table, e);
	if (v == CH_NO_TABLE && t->create && (!t->rows || schema_knows(t->table))) {
		if ((v = upkeep_create(s->http, t, &s->version, e)) == CH_OK)
			v = ch_ask_table(s->http, t->database, t->table, &s->table, e);
	}
	if (v == CH_OK && !s->improved)
		v = upkeep_improve(s->http, t, &s->version, &s->table, e);
	if (v != CH_OK)
		return v;
	s->known = s->improved = true;
	log_info("ClickHouse %s at %s: the table %s.%s has %u columns", s->version.version, s->url,
	    t->database, t->table, s->table.count);
	return CH_OK;
}

/* An encoder for that server's table: mostly the one of the server before. */
static enum ch_verdict
get_encoder(struct courier *c, struct server *s, struct err *e)
{
	const struct target *t = &c->target;
	struct encode_options o = {.database = t->database,
	    .table = t->table,
	    .rows = t->rows,
	    .method = t->method,
	    .peer_as = t->peer_as};

	if (c->encoder != NULL && (c->encodes == &s->table || ch_table_eq(c->encodes, &s->table)))
		return CH_OK;
	encoder_free(c->encoder);
	c->encodes = &s->table;
	c->encoder = encoder_new(&o, &s->table, e);
	if (c->encoder != NULL)
		return CH_OK;
	forget(c, s);
	return CH_MISFIT;
}

/*
 * The token is the same in every retry, in another run too, and differs between groups: its number is used once in a
 * spool, the hash tells parts of a group, and groups of two spools, apart.
 */
static void
put_settings(struct courier *c, const struct server *s, const struct group *g)
{
	c->settings.len = 0;
	buf_add(&c->settings, s->settings.p, s->settings.len);
	if (ch_has_dedup(&s->version))
		buf_printf(&c->settings, "insert_deduplication_token=nf-%" PRIu64 "-%016" PRIx64 "&",
		    g->number, hash64(g->p, g->len));
}

static enum ch_verdict
insert(
    struct courier *c, struct server *s, const struct group *g, bool again, struct carried *r, struct err *e)
{
	struct insert i;
	enum ch_verdict v = get_encoder(c, s, e);

	*r = (struct carried){0};
	if (v != CH_OK)
		return v;
	uint64_t unfit = encoder_unfit(c->encoder);
	int status = encoder_run(c->encoder, g, &i, e);
	*r = (struct carried){.rows = i.rows, .damaged = i.damaged, .unsent = status == -1};
	if (status == -1)
		return CH_POISON;
	if (i.rows == 0)
		return CH_OK;
	put_settings(c, s, g);
	struct ch_request q = {
	    .query = i.query, .body = i.body, .body_len = i.len, .settings = buf_cstr(&c->settings)};
	v = ch_http_query(s->http, &q, &c->answer, e);
	c->counts.inserts++;
	c->counts.bytes += i.len;
	c->counts.retries += again;
	c->counts.ambiguous += c->answer.ambiguous;
	if (v == CH_OK)
		c->counts.unfit += encoder_unfit(c->encoder) - unfit;
	else
		r->bad_row = c->answer.row;
	return v;
}

/* Whether the table is still the one that we know; asked when it refuses what it should take. */
static enum ch_verdict
look_again(struct courier *c, struct server *s, bool *changed, struct err *e)
{
	struct ch_table now;
	enum ch_verdict v = ch_ask_table(s->http, c->target.database, c->target.table, &now, e);

	*changed = false;
	if (v == CH_OK) {
		*changed = !ch_table_eq(&now, &s->table);
		ch_table_release(&now);
	}
	return v;
}

/* Old days of a table that has no TTL. */
static void
sweep(struct courier *c, struct server *s)
{
	int64_t now = clock_mono_ms();

	if (!c->target.create || schema_has_ttl(&s->version) || (s->swept != 0 && now - s->swept < SWEEP_MS))
		return;
	s->swept = now;
	upkeep_sweep(s->http, &c->target);
}

static enum ch_verdict
insert_at(
    struct courier *c, struct server *s, const struct group *g, bool again, struct carried *r, struct err *e)
{
	for (int tries = 0;; tries++, again = true) {
		bool changed;
		struct err words;
		enum ch_verdict v = get_ready(c, s, e);

		if (v == CH_OK) {
			sweep(c, s);
			v = insert(c, s, g, again, r, e);
		}
		if (v == CH_POISON) {
			enum ch_verdict look = look_again(c, s, &changed, &words);

			if (look != CH_OK) {
				*e = words;
				return look;
			}
			if (!changed)
				return v;
		}
		if ((v != CH_POISON && v != CH_UNREACHABLE) || tries == 2)
			return v == CH_POISON ? CH_BUSY : v;
		forget(c, s);
	}
}

/* The next in turn that is in health, else the one whose rest ends first. Those with a bit in `tried` are out. */
static struct server *
choose(struct courier *c, uint64_t tried)
{
	struct server *best = NULL;
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < c->count; i++) {
		unsigned at = (c->turn + i) % c->count;
		struct server *s = &c->servers[at];

		if (tried >> at & 1)
			continue;
		if (s->rest_until <= now)
			return s;
		if (best == NULL || s->rest_until < best->rest_until)
			best = s;
	}
	return best;
}

enum ch_verdict
courier_insert(struct courier *c, const struct group *g, struct carried *r, struct err *e)
{
	bool again = g->again;
	enum ch_verdict v = CH_UNREACHABLE;
	uint64_t tried = 0;

	*r = (struct carried){0};
	for (struct server *s; (s = choose(c, tried)) != NULL; again = true) {
		unsigned at = (unsigned)(s - c->servers);

		v = insert_at(c, s, g, again, r, e);
		c->turn = (at + 1) % c->count;
		if (v == CH_OK || v == CH_POISON) {
			s->rest_until = 0;
			break;
		}
		forget(c, s);
		s->rest_until = clock_mono_ms() + REST_MS;
		tried |= UINT64_C(1) << at;
		if (c->abort != NULL && atomic_load(c->abort))
			break;
		if (c->count > 1)
			log_info("ClickHouse at %s is left alone for a while: %s", s->url, e->msg);
	}
	return v;
}
