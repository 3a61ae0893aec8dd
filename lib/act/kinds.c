#include "act/kinds.h"

#include <stdlib.h>

#include "act/announce.h"
#include "act/slack.h"
#include "io/clock.h"

enum {
	BLACKHOLE_RETRY_MAX_MS = 5000, /* an attack does not wait */
	SLACK_GAP_MS = 3000,
	SLACK_BATCH = 100,
	ROWS_BATCH = 100,
	SCRIPTS = 4, /* at a time */
};

void
kinds_init(struct kinds *k, const atomic_bool *abort)
{
	*k = (struct kinds){.alert.fd = -1};
	post_init(&k->bgpd, abort);
	post_init(&k->webhook, abort);
	script_init(&k->script, abort);
	side_init(&k->side, abort);
}

void
kinds_release(struct kinds *k)
{
	alert_release(&k->alert);
	post_release(&k->bgpd);
	post_release(&k->webhook);
	script_release(&k->script);
	side_release(&k->side);
	free(k->zone);
}

void
kinds_set(struct kinds *k, const struct act_settings *s)
{
	free(k->zone);
	k->zone = s->zone != NULL ? mem_strdup(s->zone) : NULL;
	alert_release(&k->alert);
	alert_init(&k->alert, s->log_dir);
	k->set_up[ACT_ALERT] = true;
	k->set_up[ACT_BLACKHOLE] = s->bgpd_url != NULL;
	k->set_up[ACT_SLACK] = s->webhook != NULL;
	k->set_up[ACT_CLICKHOUSE] = s->rows != NULL;
	k->set_up[ACT_EXEC] = s->script != NULL;
	if (s->bgpd_url != NULL)
		post_set(&k->bgpd, s->bgpd_url, s->bgpd_socket, s->bgpd_token);
	if (s->webhook != NULL)
		post_set(&k->webhook, s->webhook, NULL, NULL);
	if (s->rows != NULL)
		side_set(&k->side, s->rows);
	if (s->script != NULL)
		script_set(&k->script, s->script, s->script_ms);
}

const char *
kinds_remedy(enum action kind)
{
	static const char *const keys[ACTS] = {[ACT_ALERT] = "detection.log_dir",
	    [ACT_BLACKHOLE] = "act.bgpd_url",
	    [ACT_SLACK] = "slack.webhook_file",
	    [ACT_CLICKHOUSE] = "act.detections_out",
	    [ACT_EXEC] = "act.exec"};

	return keys[kind];
}

struct str
kinds_text(
    const struct kinds *k, enum action kind, const struct detection_line *d, struct str line, uint32_t ttl)
{
	int offset = clock_zone_offset(k->zone, d->time_ms);
	struct buf b = {0};

	switch (kind) {
	case ACT_ALERT:
		alert_format(d, offset, &b);
		break;
	case ACT_BLACKHOLE:
		announce_format(d, ttl, &b);
		break;
	case ACT_SLACK:
		slack_format(d, offset, &b);
		break;
	case ACT_CLICKHOUSE:
		side_format(d, &b);
		break;
	default:
		buf_add(&b, line.p, line.len);
		buf_putc(&b, '\n');
		break;
	}
	return (struct str){(const char *)b.p, b.len};
}

struct lane *
kinds_lane(struct kinds *k, enum action kind, uint32_t queue_max, int wake_fd)
{
	struct lane_options o = {.workers = 1,
	    .batch = 1,
	    .retry_max_ms = ACT_RETRY_MAX_MS,
	    .queue_max = queue_max,
	    .wake_fd = wake_fd};

	switch (kind) {
	case ACT_BLACKHOLE:
		o.work = announce_work, o.arg = &k->bgpd, o.retry_max_ms = BLACKHOLE_RETRY_MAX_MS;
		break;
	case ACT_SLACK:
		o.work = slack_work, o.arg = &k->webhook, o.batch = SLACK_BATCH, o.gap_ms = SLACK_GAP_MS;
		break;
	case ACT_CLICKHOUSE:
		o.work = side_work, o.arg = &k->side, o.batch = ROWS_BATCH;
		break;
	default:
		o.work = script_work, o.arg = &k->script, o.workers = SCRIPTS;
		break;
	}
	return lane_new(&o);
}
