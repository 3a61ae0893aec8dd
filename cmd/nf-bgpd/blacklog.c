#include "blacklog.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "bgp/attr.h"
#include "io/clock.h"
#include "io/fdio.h"

enum { FILE_MODE = 0640, DIR_MODE = 0750 };

void
blacklog_init(struct blacklog *l)
{
	*l = (struct blacklog){.fd = -1};
}

void
blacklog_release(struct blacklog *l)
{
	if (l->fd != -1)
		close(l->fd);
	free(l->path);
	free(l->zone);
	blacklog_init(l);
}

void
blacklog_set(struct blacklog *l, const char *dir, const char *zone)
{
	struct buf path = {0};

	blacklog_release(l);
	/* It fails where the folder is there, or where the file cannot be opened either. */
	(void)mkdir(dir, DIR_MODE);
	buf_printf(&path, "%s/blackholes.txt", dir);
	l->path = mem_strdup(buf_cstr(&path));
	l->zone = mem_strdup(zone);
	buf_release(&path);
}

static void
put_time(struct buf *out, const struct blacklog *l, int64_t ms)
{
	char text[40];

	buf_puts(out, civil_rfc3339(text, ms, clock_zone_offset(l->zone, ms)));
}

static void
put_communities(struct buf *out, struct str communities, struct str large)
{
	struct buf texts = {0};

	communities_list(&texts, communities);
	large_communities_list(&texts, large);
	for (size_t i = 0; i < texts.len; i++)
		if (texts.p[i] == '\0')
			texts.p[i] = ',';
	buf_add(out, texts.p, texts.len > 0 ? texts.len - 1 : 0);
	if (texts.len == 0)
		buf_putc(out, '-');
	buf_release(&texts);
}

/* What all lines begin and end with. */
static void
put_head(struct buf *out, const struct blacklog *l, const char *word, enum blackhole_event ev, bool dry_run,
    int64_t now)
{
	buf_putc(out, '[');
	put_time(out, l, now);
	buf_printf(out, "] %s%s: ", dry_run ? "WOULD-" : "", ev == BLACKHOLE_ANNOUNCED ? word : "WITHDRAW");
}

static void
put_tail(struct buf *out, const struct blacklog *l, int64_t expires, const char *rule, const char *id,
    enum blackhole_event ev)
{
	buf_puts(out, " | expires=");
	if (expires != 0)
		put_time(out, l, expires);
	else
		buf_puts(out, "never");
	buf_printf(out, " | rule=%s | id=%s%s\n", rule[0] != '\0' ? rule : "-", id[0] != '\0' ? id : "-",
	    ev == BLACKHOLE_EXPIRED     ? " | reason=expired"
	    : ev == BLACKHOLE_WITHDRAWN ? " | reason=withdrawn"
					: "");
}

static void
append(struct blacklog *l, struct buf *line)
{
	if (l->fd == -1)
		l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (l->fd == -1 || fd_write_all(l->fd, line->p, line->len) == -1) {
		struct err e;

		err_sys(&e, "%s", l->path);
		log_limited(&l->failures, clock_mono_ms(), "%s", e.msg);
	}
	buf_release(line);
}

void
blacklog_write(
    struct blacklog *l, const struct blackhole *b, enum blackhole_event ev, bool dry_run, int64_t now)
{
	struct announcement a = blackhole_announcement(b);
	char text[PREFIX_TEXT_MAX];
	struct buf line = {0};

	put_head(&line, l, "BLACKHOLE", ev, dry_run, now);
	buf_printf(&line, "prefix=%s", prefix_text(text, &b->prefix));
	buf_printf(&line, " | next_hop=%s | communities=", addr_text(text, &b->next_hop));
	put_communities(&line, a.communities, a.large);
	put_tail(&line, l, b->expires_ms, b->rule, b->id, ev);
	append(l, &line);
}

void
blacklog_write_flow(
    struct blacklog *l, const struct flow *f, enum blackhole_event ev, bool dry_run, int64_t now)
{
	struct flow_announcement a = flow_announcement(f);
	const struct request *r = &f->request;
	struct buf line = {0};

	put_head(&line, l, "FLOWSPEC", ev, dry_run, now);
	buf_puts(&line, "flow=");
	flow_rule_text(&line, &r->flow);
	buf_puts(&line, " | action=");
	flow_actions_text(&line, &r->flow);
	buf_puts(&line, " | communities=");
	put_communities(&line, a.communities, a.large);
	put_tail(&line, l, r->has_expires ? r->expires : 0, r->rule, r->id, ev);
	append(l, &line);
}
