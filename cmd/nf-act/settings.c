#include "settings.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/fdio.h"
#include "io/http.h"

static void
forget(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->len);
	buf_release(b);
}

void
settings_release(struct settings *s)
{
	forget(&s->token);
	forget(&s->webhook);
	buf_release(&s->socket);
	buf_release(&s->url);
	guard_release(&s->guard);
}

/* NULL for what is not set, or empty. */
static const char *
text_at(const struct conf *c, const char *path)
{
	const char *text = conf_str(c, path);

	return text != NULL && text[0] != '\0' ? text : NULL;
}

static int
secret_at(const struct conf *c, const char *path, struct buf *b, const char **v)
{
	struct err e;

	if (text_at(c, path) == NULL)
		return 0;
	if (secret_read(b, text_at(c, path), &e) == -1) {
		log_warnx("%s: %s", path, e.msg);
		return -1;
	}
	*v = buf_cstr(b);
	return 0;
}

static void
read_bgpd(struct settings *s, const struct conf *c, bool has_file)
{
	struct act_settings *a = &s->act;

	const char *url = text_at(c, "act.bgpd_url"), *socket = text_at(c, "api.socket");

	if (url != NULL)
		buf_puts(&s->url, url);
	else
		buf_puts(&s->url, has_file ? "http://localhost" : "http://127.0.0.1:9600");
	buf_puts(&s->url, s->url.p[s->url.len - 1] == '/' ? "announce" : "/announce");
	a->bgpd_url = buf_cstr(&s->url);
	if (url == NULL && has_file) {

		if (socket != NULL)
			buf_puts(&s->socket, socket);
		else
			buf_printf(&s->socket, "%s/bgpd.sock", conf_str(c, "run_dir"));
		a->bgpd_socket = buf_cstr(&s->socket);
	}
	if (secret_at(c, "act.bgpd_token_file", &s->token, &a->bgpd_token) == -1)
		a->bgpd_url = NULL;
}

static void
read_slack(struct settings *s, const struct conf *c)
{
	s->act.webhook = text_at(c, "slack.webhook");
	if (secret_at(c, "slack.webhook_file", &s->webhook, &s->act.webhook) == -1)
		s->act.webhook = NULL;
}

static void
on_warning(void *arg, const char *words)
{
	(void)arg;
	log_warnx("%s", words);
}

/* A post to where nobody can be is told now, and not with the first detection. */
static int
check_url(const char *url, const char *key, struct err *e)
{
	struct http_options o = {.url = url, .agent = "nf-act", .content_type = "application/json"};
	struct http *h = url != NULL ? http_new(&o, e) : NULL;

	http_free(h);
	return url == NULL || h != NULL ? 0 : err_wrap(e, "%s", key);
}

int
settings_read(struct settings *s, const struct conf *c, const struct flags *f, bool has_file, struct err *e)
{
	*s = (struct settings){0};
	s->act.log_dir = f->log_dir != NULL ? f->log_dir : conf_str(c, "detection.log_dir");
	s->act.zone = f->zone != NULL ? f->zone : conf_str(c, "timezone");
	s->act.rows = f->rows != NULL ? f->rows : text_at(c, "act.detections_out");
	s->act.script = text_at(c, "act.exec");
	s->act.script_ms = (uint32_t)conf_duration(c, "act.exec_timeout");
	if (!clock_zone_known(s->act.zone))
		return err_set(e, "timezone '%s' is not known", s->act.zone);
	if (s->act.script != NULL && s->act.script[0] != '/')
		return err_set(e, "act.exec: '%s' is no path that begins with /", s->act.script);
	read_bgpd(s, c, has_file);
	read_slack(s, c);
	if (check_url(s->act.bgpd_url, "act.bgpd_url", e) == 0 &&
	    check_url(s->act.webhook, "slack.webhook", e) == 0 &&
	    guard_read(&s->guard, c, on_warning, NULL, e) == 0)
		return 0;
	settings_release(s);
	return -1;
}
