#include "bgpd.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/log.h"
#include "blacklog.h"
#include "bmp_station.h"
#include "io/clock.h"
#include "speaker.h"

enum { OPEN_AGAIN_MS = 5000, EXPIRY_MAX_MS = 3600 * 1000 };

/* All that a configuration says. */
struct parts {
	struct bgpd_settings bgpd;
	struct bmp_settings bmp;
	struct blackholes_settings blackholes;
	struct api_settings api;
	struct protect protect;
};

struct bgpd {
	struct prog *prog;
	const struct bgpd_flags *flags;
	struct loop *loop;
	struct loop_timer *expiry, *open_again;
	struct err open_said;
	char *state_dir;
	struct blackholes blackholes;
	struct blacklog log;
	struct protect protect;
	struct speaker *speaker;
	struct bmp_station *station;
	struct api *api;
};

static void
on_warning(void *arg, const char *words)
{
	(void)arg;
	log_warnx("%s", words);
}

static void
parts_release(struct parts *p)
{
	api_settings_release(&p->api);
	protect_release(&p->protect);
}

static int
parts_read(struct parts *p, const struct conf *c, const struct bgpd_flags *f, struct err *e)
{
	*p = (struct parts){0};
	if (settings_read(&p->bgpd, c, e) == -1 || bmp_settings_read(&p->bmp, &p->bgpd, c, e) == -1 ||
	    settings_read_blackholes(&p->blackholes, c, e) == -1 || api_settings_read(&p->api, c, e) == -1)
		return -1;
	if ((f->api != NULL && hostport_parse(&p->api.listen, &p->api.port, str_from(f->api), e) == -1) ||
	    protected_read(&p->protect, c, &p->bgpd, on_warning, NULL, e) == -1) {
		parts_release(p);
		return -1;
	}
	if (f->table != NULL)
		p->bgpd.table = f->table;
	if (f->socket != NULL) {
		free(p->api.socket);
		p->api.socket = mem_strdup(f->socket);
	}
	p->blackholes.dry_run |= f->dry_run;
	return 0;
}

int
bgpd_check(const struct conf *c, const struct bgpd_flags *f, struct err *e)
{
	struct parts p;

	if (parts_read(&p, c, f, e) == -1)
		return -1;
	parts_release(&p);
	return 0;
}

/*
 * What is announced.
 */

static void
on_blackhole(void *arg, const struct blackhole *b, enum blackhole_event ev, int64_t now)
{
	static const char *const words[] = {
	    "blackhole announced", "blackhole withdrawn", "blackhole expired"};
	struct bgpd *d = arg;
	bool dry_run = d->blackholes.settings.dry_run;
	char text[PREFIX_TEXT_MAX];

	log_notice("%s%s: %s", dry_run ? "dry run: " : "", words[ev], prefix_text(text, &b->prefix));
	blacklog_write(&d->log, b, ev, dry_run, now);
	if (ev == BLACKHOLE_ANNOUNCED)
		speaker_announce(d->speaker, b);
	else
		speaker_withdraw(d->speaker, &b->prefix);
}

static void
on_flow(void *arg, const struct flow *f, enum blackhole_event ev, int64_t now)
{
	static const char *const words[] = {"rule announced", "rule withdrawn", "rule expired"};
	struct bgpd *d = arg;
	bool dry_run = d->blackholes.settings.dry_run;
	struct buf text = {0};

	flow_rule_text(&text, &f->request.flow);
	log_notice("%s%s: %s", dry_run ? "dry run: " : "", words[ev], buf_cstr(&text));
	buf_release(&text);
	blacklog_write_flow(&d->log, f, ev, dry_run, now);
	speaker_tell_flow(d->speaker, f, ev == BLACKHOLE_ANNOUNCED);
}

/* The clock may be set, so it is looked at now and then in any case. */
static void
on_expiry(void *arg)
{
	struct bgpd *d = arg;
	int64_t now = clock_wall_ms(), next = blackholes_expire(&d->blackholes, now),
		in = next > now && next - now < EXPIRY_MAX_MS ? next - now : EXPIRY_MAX_MS;

	loop_timer_set(d->expiry, in);
}

static void
withdraw_protected(void *arg, const struct blackhole *b)
{
	struct buf *doomed = arg;

	buf_add(doomed, &b->prefix, sizeof b->prefix);
}

static void
withdraw_protected_flow(void *arg, const struct flow *f)
{
	struct buf *doomed = arg;

	buf_add(doomed, &f->request.flow, sizeof f->request.flow);
}

static void
hold_flows_against_protection(struct bgpd *d)
{
	struct buf all = {0};
	struct err e;

	flows_each(&d->blackholes.flows, withdraw_protected_flow, &all);
	for (size_t at = 0; at < all.len; at += sizeof(struct flow_rule)) {
		struct flow_rule f;

		memcpy(&f, all.p + at, sizeof f);
		if (!protected_has_flow(&d->protect, speaker_rib(d->speaker), &f, &e))
			continue;
		log_warnx("%s; its rule is withdrawn", e.msg);
		if (blackholes_flow_withdraw(&d->blackholes, &f, clock_wall_ms(), &e) != 200)
			log_warnx("%s", e.msg);
	}
	buf_release(&all);
}

/* What was asked for when it was not protected yet is taken back. */
static void
hold_against_protection(struct bgpd *d)
{
	struct buf all = {0};
	struct err e;

	hold_flows_against_protection(d);
	blackholes_each(&d->blackholes, withdraw_protected, &all);
	for (size_t at = 0; at < all.len; at += sizeof(struct prefix)) {
		struct prefix p;

		memcpy(&p, all.p + at, sizeof p);
		if (!protected_has(&d->protect, speaker_rib(d->speaker), &p, &e))
			continue;
		log_warnx("%s; it is withdrawn", e.msg);
		if (blackholes_withdraw(&d->blackholes, &p, clock_wall_ms(), &e) != 200)
			log_warnx("%s", e.msg);
	}
	buf_release(&all);
}

/* Without its folder nothing can be announced; routes are learnt all the same. */
static void
on_open(void *arg)
{
	struct bgpd *d = arg;
	struct err e;

	int r = blackholes_open(&d->blackholes, d->state_dir, clock_wall_ms(), &e);
	if (r == 1)
		log_warnx("%s; nothing more can be announced (bgp.state_dir)", e.msg);
	if (r == -1) {
		if (strcmp(e.msg, d->open_said.msg) != 0)
			log_warnx("%s; nothing can be announced (bgp.state_dir); it is tried again", e.msg);
		d->open_said = e;
		loop_timer_set(d->open_again, OPEN_AGAIN_MS);
		return;
	}
	if (d->blackholes.disarmed)
		log_warnx("all blackholes were withdrawn, and none is announced until 'flowenricher arm'");
	hold_against_protection(d);
	speaker_announce_all(d->speaker);
	on_expiry(d);
}

/*
 * The program.
 */

static void
on_stop(void *arg)
{
	struct bgpd *d = arg;

	loop_break(d->loop);
}

static int
apply(void *arg, const struct conf *c, struct err *e)
{
	struct bgpd *d = arg;
	struct parts p;

	if (parts_read(&p, c, d->flags, e) == -1)
		return -1;
	p.blackholes.dry_run = d->blackholes.settings.dry_run;
	d->blackholes.settings = p.blackholes;
	protect_release(&d->protect);
	d->protect = p.protect;
	blacklog_set(&d->log, conf_str(c, "detection.log_dir"), conf_str(c, "timezone"));
	api_set(d->api, &p.api);
	speaker_set(d->speaker, &p.bgpd);
	bmp_station_set(d->station, &p.bmp);
	hold_against_protection(d);
	return 0;
}

static void
on_reload(void *arg)
{
	struct bgpd *d = arg;

	(void)prog_reload(d->prog, apply, d);
}

static void
add_metrics(struct bgpd *d)
{
	struct metrics *m = &d->prog->metrics;
	const struct blackholes *bs = &d->blackholes;

	metrics_add_fn(m, speaker_metrics, d->speaker);
	metrics_add_fn(m, bmp_station_metrics, d->station);
	metrics_add_fn(m, api_metrics, d->api);
	metrics_counter(m, "nf_bgpd_blackholes_announced_total",
	    "blackholes asked for and announced, or announced anew", &bs->announced);
	metrics_counter(
	    m, "nf_bgpd_blackholes_withdrawn_total", "blackholes withdrawn when asked to", &bs->withdrawn);
	metrics_counter(
	    m, "nf_bgpd_blackholes_expired_total", "blackholes whose time was over", &bs->expired);
	metrics_counter(m, "nf_bgpd_blackholes_refused_total", "blackholes refused", &bs->refused);
}

static void
begin(struct bgpd *d, struct parts *p)
{
	const struct conf *c = &d->prog->conf;
	const struct api_subject subject = {.blackholes = &d->blackholes,
	    .protect = &d->protect,
	    .metrics = &d->prog->metrics,
	    .changed = on_expiry,
	    .arg = d};

	blackholes_init(&d->blackholes);
	d->blackholes.settings = p->blackholes;
	d->blackholes.tell = on_blackhole;
	d->blackholes.tell_flow = on_flow;
	d->blackholes.arg = d;
	blacklog_init(&d->log);
	blacklog_set(&d->log, conf_str(c, "detection.log_dir"), conf_str(c, "timezone"));
	d->protect = p->protect;
	d->state_dir = mem_strdup(conf_str(c, "bgp.state_dir"));
	d->expiry = loop_timer_add(d->loop, on_expiry, d);
	d->open_again = loop_timer_add(d->loop, on_open, d);
	d->speaker = speaker_new(d->loop, &p->bgpd, p->blackholes.dry_run ? NULL : &d->blackholes);
	d->station = bmp_station_new(d->loop, d->speaker);
	struct api_subject with_speaker = subject;
	with_speaker.speaker = d->speaker;
	with_speaker.station = d->station;
	d->api = api_new(d->loop, &with_speaker);
	add_metrics(d);
	if (!p->blackholes.dry_run)
		on_open(d);
	else
		log_notice("dry run: blackholes are listed, none is announced");
	speaker_start(d->speaker);
	bmp_station_set(d->station, &p->bmp);
	api_set(d->api, &p->api);
}

static void
end(struct bgpd *d)
{
	api_free(d->api);
	bmp_station_free(d->station);
	speaker_free(d->speaker);
	loop_timer_remove(d->expiry);
	loop_timer_remove(d->open_again);
	blackholes_release(&d->blackholes);
	blacklog_release(&d->log);
	protect_release(&d->protect);
	free(d->state_dir);
}

int
bgpd_run(struct prog *prog, const struct bgpd_flags *f)
{
	struct bgpd d = {.prog = prog, .flags = f};
	struct loop_signals signals = {on_stop, on_reload, &d, &prog->metrics, prog->metrics_path};
	struct parts p;
	struct err e;

	if (parts_read(&p, &prog->conf, f, &e) == -1)
		fatal_config("%s", e.msg);
	d.loop = loop_new(&e);
	if (d.loop == NULL || loop_signals(d.loop, &signals, &e) == -1)
		fatalx("%s", e.msg);
	begin(&d, &p);
	loop_run(d.loop);
	prog_finish(prog);
	end(&d);
	loop_free(d.loop);
	return EXIT_OK;
}
