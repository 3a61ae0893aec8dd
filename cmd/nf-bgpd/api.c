#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bgp/tcp.h"
#include "io/clock.h"
#include "io/httpd.h"
#include "io/unix_socket.h"
#include "bgp/json_text.h"
#include "views.h"

enum { AGAIN_MS = 5000, HEAD_MAX = 16 << 10, BODY_MAX = 64 << 10, TIMEOUT_MS = 10 * 1000, CONNECTIONS = 64 };

/* A place to be called at; each has connections of its own, so that one cannot starve the other. */
struct door {
	struct httpd *server; /* NULL: not open */
	struct err said; /* why, so that it is said once */
};

struct api {
	struct loop *loop;
	struct api_subject subject;
	struct api_settings settings;
	struct door tcp, local;
	struct loop_timer *again;
	struct log_limit refusals;
	uint64_t requests, refused;
};

static void
put_error(struct httpd_answer *a, int status, const char *words)
{
	a->status = status;
	a->body.len = 0;
	buf_puts(&a->body, "{\"error\":");
	json_put_string(&a->body, str_from(words));
	buf_puts(&a->body, "}\n");
}

/*
 * Who may ask.
 */

static bool
is_allowed(const struct api_settings *s, const struct addr *from)
{
	for (unsigned i = 0; i < s->allow_count; i++)
		if (prefix_contains(&s->allow[i], from))
			return true;
	return s->allow_count == 0;
}

/*
 * A page of a foreign site may have its name lead here and then call us from
 * within a browser, under that name. So only names of ours will do, and
 * addresses, which lead nowhere else.
 */
static bool
is_our_host(const struct api_settings *s, struct str host)
{
	const char *colon;
	struct addr a;

	if (host.len > 0 && host.p[0] == '[') {
		const char *end = memchr(host.p, ']', host.len);

		return end != NULL &&
		       addr_parse(&a, (struct str){host.p + 1, (size_t)(end - host.p) - 1}) == 0;
	}
	colon = host.len > 0 ? memchr(host.p, ':', host.len) : NULL;
	if (colon != NULL)
		host.len = (size_t)(colon - host.p);
	if (addr_parse(&a, host) == 0 || http_same(host, "localhost"))
		return true;
	for (unsigned i = 0; i < s->host_count; i++)
		if (http_same(host, s->hosts[i]))
			return true;
	return false;
}

/* In a time that tells nothing of the tokens but their lengths. */
static bool
same_token(const struct buf *token, struct str given)
{
	unsigned differ = token->len != given.len;

	for (size_t i = 0; i < given.len; i++)
		differ |= (unsigned)(token->p[i % token->len] ^ (uint8_t)given.p[i]);
	return differ == 0;
}

static bool
has_token(const struct api_settings *s, const struct http_head *head)
{
	struct str given = http_head_field(head, "Authorization");
	bool found = false;

	if (s->token_count == 0)
		return true;
	if (given.len <= 7 || !http_same((struct str){given.p, 7}, "Bearer "))
		return false;
	given.p += 7;
	given.len -= 7;
	for (unsigned i = 0; i < s->token_count; i++)
		found |= same_token(&s->tokens[i], given);
	return found;
}

static bool
may_ask(const struct api *api, const struct httpd_request *r, struct httpd_answer *a)
{
	const struct api_settings *s = &api->settings;

	if (r->local)
		return true;
	if (!is_allowed(s, &r->from))
		put_error(a, 403, "this client is not listed in api.allow_ips");
	else if (!is_our_host(s, http_head_field(r->head, "Host")))
		put_error(
		    a, 403, "the Host field names neither an address nor localhost nor one of api.hosts");
	else if (!has_token(s, r->head)) {
		put_error(a, 401, "a token of api.tokens is needed: Authorization: Bearer TOKEN");
		a->field = "WWW-Authenticate: Bearer";
	} else
		return true;
	return false;
}

/*
 * What is asked.
 */

static void
do_announce(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	struct blackholes *bs = api->subject.blackholes;
	int64_t now = clock_wall_ms();
	struct request asked;
	struct err e;

	(void)rest;
	if (request_parse(&asked, r->body, &e) == -1) {
		put_error(a, 400, e.msg);
		return;
	}
	if (protected_has(api->subject.protect, speaker_rib(api->subject.speaker), &asked.prefix, &e))
		a->status = 409;
	else
		a->status = blackholes_announce(bs, &asked, now, &e);
	if (a->status != 200) {
		put_error(a, a->status, e.msg);
		return;
	}
	api->subject.changed(api->subject.arg);
	view_blackhole(&a->body, blackholes_find(bs, &asked.prefix), api->settings.zone, now);
	buf_putc(&a->body, '\n');
}

static void
do_withdraw(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	char text[PREFIX_TEXT_MAX];
	struct request asked;
	struct err e;

	(void)rest;
	if (request_parse(&asked, r->body, &e) == -1) {
		put_error(a, 400, e.msg);
		return;
	}
	a->status = blackholes_withdraw(api->subject.blackholes, &asked.prefix, clock_wall_ms(), &e);
	if (a->status == 200)
		buf_printf(&a->body, "{\"prefix\":\"%s\"}\n", prefix_text(text, &asked.prefix));
	else
		put_error(a, a->status, e.msg);
}

static void
do_flow(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	struct blackholes *bs = api->subject.blackholes;
	int64_t now = clock_wall_ms();
	struct request asked;
	struct err e;

	(void)rest;
	if (request_parse_flow(&asked, r->body, &e) == -1)
		a->status = 400;
	else if (protected_has_flow(api->subject.protect, speaker_rib(api->subject.speaker), &asked.flow, &e))
		a->status = 409;
	else
		a->status = blackholes_flow_announce(bs, &asked, now, &e);
	if (a->status != 200) {
		put_error(a, a->status, e.msg);
		return;
	}
	struct flow_key key = flow_key_of(&asked.flow);
	api->subject.changed(api->subject.arg);
	view_flow(&a->body, flows_find(&bs->flows, &key), api->settings.zone, now);
	buf_putc(&a->body, '\n');
}

static void
do_flow_withdraw(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	struct request asked;
	struct err e;

	(void)rest;
	if (request_parse_flow(&asked, r->body, &e) == -1)
		a->status = 400;
	else
		a->status =
		    blackholes_flow_withdraw(api->subject.blackholes, &asked.flow, clock_wall_ms(), &e);
	if (a->status != 200) {
		put_error(a, a->status, e.msg);
		return;
	}
	buf_puts(&a->body, "{\"flow\":\"");
	flow_rule_text(&a->body, &asked.flow);
	buf_puts(&a->body, "\"}\n");
}

static void
do_flush(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	size_t n = blackholes_count(api->subject.blackholes);
	struct err e;

	(void)r;
	(void)rest;
	a->status = blackholes_flush(api->subject.blackholes, clock_wall_ms(), &e);
	if (a->status == 200)
		buf_printf(&a->body, "{\"withdrawn\":%zu,\"armed\":false}\n", n);
	else
		put_error(a, a->status, e.msg);
}

static void
do_arm(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	struct err e;

	(void)r;
	(void)rest;
	a->status = blackholes_arm(api->subject.blackholes, &e);
	if (a->status == 200)
		buf_puts(&a->body, "{\"armed\":true}\n");
	else
		put_error(a, a->status, e.msg);
}

static void
show_announcements(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	(void)r;
	(void)rest;
	a->status = 200;
	view_blackholes(&a->body, api->subject.blackholes, api->settings.zone, clock_wall_ms());
}

static void
show_peers(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	(void)r;
	(void)rest;
	a->status = 200;
	view_peers(&a->body, api->subject.speaker, api->subject.station);
}

/* Some clients write the colons of an address as %3A. */
static struct str
unescape_colons(char *room, size_t size, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < size; i++) {
		bool colon = s.len - i >= 3 && http_same((struct str){s.p + i, 3}, "%3a");

		room[n++] = colon ? ':' : s.p[i];
		i += colon ? 2 : 0;
	}
	return (struct str){room, n};
}

static void
show_route(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	char room[64];
	struct addr addr;

	(void)r;
	a->status = 200;
	if (addr_parse(&addr, unescape_colons(room, sizeof room, rest)) == -1)
		put_error(a, 400, "an address was expected after /route/");
	else if (!view_route(&a->body, speaker_rib(api->subject.speaker), &addr))
		put_error(a, 404, "there is no route for this address");
}

static void
show_health(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	const struct blackholes *bs = api->subject.blackholes;
	bool usable = blackholes_usable(bs);

	(void)r;
	(void)rest;
	a->status = usable ? 200 : 503;
	buf_printf(&a->body,
	    "{\"status\":\"%s\",\"sessions\":%u,\"announcements\":%zu,\"armed\":%s,\"dry_run\":%s}\n",
	    usable ? "ok" : "no ledger: nothing can be announced", speaker_sessions(api->subject.speaker),
	    blackholes_count(bs), bs->disarmed ? "false" : "true", bs->settings.dry_run ? "true" : "false");
}

static void
show_metrics(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a)
{
	(void)r;
	(void)rest;
	a->status = 200;
	a->type = "text/plain; version=0.0.4";
	metrics_format(api->subject.metrics, &a->body);
}

static const struct place {
	const char *path;
	bool more; /* the rest of the path says of what */
	const char *method, *allow;
	void (*fn)(struct api *api, const struct httpd_request *r, struct str rest, struct httpd_answer *a);
} places[] = {
    {"/announce", false, "POST", "Allow: POST", do_announce},
    {"/withdraw", false, "POST", "Allow: POST", do_withdraw},
    {"/flowspec", false, "POST", "Allow: POST", do_flow},
    {"/flowspec/withdraw", false, "POST", "Allow: POST", do_flow_withdraw},
    {"/flush", false, "POST", "Allow: POST", do_flush},
    {"/arm", false, "POST", "Allow: POST", do_arm},
    {"/announcements", false, "GET", "Allow: GET", show_announcements},
    {"/peers", false, "GET", "Allow: GET", show_peers},
    {"/route/", true, "GET", "Allow: GET", show_route},
    {"/health", false, "GET", "Allow: GET", show_health},
    {"/metrics", false, "GET", "Allow: GET", show_metrics},
};

static const struct place *
place_find(struct str path, struct str *rest)
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		size_t len = strlen(places[i].path);

		if (path.len < len || memcmp(path.p, places[i].path, len) != 0 ||
		    (path.len > len && !places[i].more))
			continue;
		*rest = (struct str){path.p + len, path.len - len};
		return &places[i];
	}
	return NULL;
}

/* A form of a foreign page can be sent here, but not as JSON without asking first. */
static bool
is_json(struct str type)
{
	size_t n = 0;

	while (n < type.len && type.p[n] != ';' && type.p[n] != ' ')
		n++;
	return http_same((struct str){type.p, n}, "application/json");
}

static void
answer(struct api *api, const struct httpd_request *r, struct httpd_answer *a)
{
	struct str rest;
	const struct place *p = place_find(r->head->path, &rest);

	if (!may_ask(api, r, a))
		return;
	if (p == NULL)
		put_error(a, 404, "there is nothing at this path");
	else if (!str_eq(r->head->method, str_from(p->method))) {
		put_error(a, 405, "not with this method");
		a->field = p->allow;
	} else if (p->method[0] == 'P' && !is_json(http_head_field(r->head, "Content-Type")))
		put_error(a, 415, "Content-Type: application/json was expected");
	else
		p->fn(api, r, rest, a);
}

static void
on_request(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
	struct api *api = arg;
	char from[ADDR_TEXT_MAX];

	api->requests++;
	answer(api, r, a);
	if (a->status == 200)
		return;
	api->refused++;
	/* An error, of a line. */
	log_limited(&api->refusals, clock_mono_ms(), "api: %s: %.*s: %d %.*s",
	    r->local ? "local" : addr_text(from, &r->from), (int)r->head->path.len, r->head->path.p,
	    a->status, (int)a->body.len - 1, (const char *)a->body.p);
}

/*
 * Where.
 */

static int
open_tcp(const struct api *a, struct err *e)
{
	return tcp_listen(&a->settings.listen, a->settings.port, e);
}

static int
open_local(const struct api *a, struct err *e)
{
	return unix_listen(a->settings.socket, 0660, e);
}

/* False: it is to be tried again. */
static bool
door_open(struct api *a, struct door *d, int (*open)(const struct api *a, struct err *e))
{
	const struct httpd_limits limits = {HEAD_MAX, BODY_MAX, TIMEOUT_MS, CONNECTIONS};
	struct err e;

	if (d->server != NULL)
		return true;
	int fd = open(a, &e);
	if (fd != -1) {
		d->server = httpd_new(a->loop, fd, &limits, on_request, a);
		d->said.msg[0] = '\0';
		return true;
	}
	if (strcmp(e.msg, d->said.msg) != 0)
		log_warnx("api: %s; it is tried again", e.msg);
	d->said = e;
	return false;
}

static void
on_again(void *arg)
{
	struct api *a = arg;
	bool tcp = door_open(a, &a->tcp, open_tcp), local = door_open(a, &a->local, open_local);

	if (!tcp || !local)
		loop_timer_set(a->again, AGAIN_MS);
}

static void
door_close(struct door *d)
{
	httpd_free(d->server);
	d->server = NULL;
}

static void
close_local(struct api *a)
{
	if (a->local.server != NULL)
		unlink(a->settings.socket);
	door_close(&a->local);
}

void
api_set(struct api *a, struct api_settings *s)
{
	const struct api_settings *old = &a->settings;

	if (!addr_eq(&old->listen, &s->listen) || old->port != s->port)
		door_close(&a->tcp);
	if (old->socket == NULL || strcmp(old->socket, s->socket) != 0)
		close_local(a);
	api_settings_release(&a->settings);
	a->settings = *s;
	if (!addr_is_loopback(&s->listen) && s->token_count == 0 && s->allow_count == 0)
		log_warnx("api: whoever reaches port %u may announce blackholes; "
			  "set api.tokens, api.allow_ips, or listen on 127.0.0.1",
		    s->port);
	on_again(a);
}

struct api *
api_new(struct loop *l, const struct api_subject *subject)
{
	struct api *a = mem_zero(1, sizeof *a);

	a->loop = l;
	a->subject = *subject;
	a->again = loop_timer_add(l, on_again, a);
	return a;
}

void
api_free(struct api *a)
{
	if (a == NULL)
		return;
	door_close(&a->tcp);
	close_local(a);
	loop_timer_remove(a->again);
	api_settings_release(&a->settings);
	free(a);
}

void
api_metrics(void *arg, struct buf *out)
{
	const struct api *a = arg;

	metrics_head(out, "nf_bgpd_api_requests_total", "requests to the API", METRIC_COUNTER);
	metrics_sample(out, "nf_bgpd_api_requests_total", NULL, a->requests);
	metrics_head(out, "nf_bgpd_api_refused_total", "of these, answered with an error", METRIC_COUNTER);
	metrics_sample(out, "nf_bgpd_api_refused_total", NULL, a->refused);
}
