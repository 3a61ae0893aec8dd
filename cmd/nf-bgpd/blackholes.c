#include "blackholes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bgp/attr.h"
#include "io/fdio.h"

#define FIRST_LINE "nf-bgpd announcements 1\n"

enum { JOURNAL_MAX = 64 << 20, HISTORY_MIN = 1000, MINUTE_MS = 60 * 1000 };

/* Prefixes have no padding, so that they serve as keys. */
_Static_assert(sizeof(struct prefix) == 17, "a key is compared as bytes");

void
blackholes_init(struct blackholes *bs)
{
	*bs = (struct blackholes){.fd = -1};
	map_init(&bs->by_prefix, sizeof(struct prefix), sizeof(struct blackhole *));
}

static void
blackhole_free(struct blackhole *b)
{
	buf_release(&b->communities);
	buf_release(&b->large);
	free(b);
}

void
blackholes_release(struct blackholes *bs)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&bs->by_prefix, &it, &key, &val))
		blackhole_free(*(struct blackhole **)val);
	map_release(&bs->by_prefix);
	if (bs->fd != -1)
		close(bs->fd);
	free(bs->path);
}

const struct blackhole *
blackholes_find(const struct blackholes *bs, const struct prefix *p)
{
	struct blackhole **b = map_get(&bs->by_prefix, p);

	return b != NULL ? *b : NULL;
}

/*
 * The journal.
 */

static void
put_list(struct buf *out, void (*list)(struct buf *out, struct str wire), const struct buf *wire,
    const char **comma)
{
	struct buf texts = {0};

	list(&texts, (struct str){(const char *)wire->p, wire->len});
	for (size_t at = 0; at < texts.len; at += strlen((char *)texts.p + at) + 1) {
		buf_printf(out, "%s\"%s\"", *comma, (char *)texts.p + at);
		*comma = ",";
	}
	buf_release(&texts);
}

static void
put_line(struct buf *out, const struct blackhole *b)
{
	char text[PREFIX_TEXT_MAX];
	const char *comma = "";

	buf_printf(out, "+{\"prefix\":\"%s\"", prefix_text(text, &b->prefix));
	buf_printf(out, ",\"next_hop\":\"%s\",\"communities\":[", addr_text(text, &b->next_hop));
	put_list(out, communities_list, &b->communities, &comma);
	put_list(out, large_communities_list, &b->large, &comma);
	buf_printf(out, "],\"since\":%" PRId64, b->since_ms);
	if (b->expires_ms != 0)
		buf_printf(out, ",\"expires\":%" PRId64, b->expires_ms);
	if (b->rule[0] != '\0')
		buf_printf(out, ",\"rule\":\"%s\"", b->rule);
	if (b->id[0] != '\0')
		buf_printf(out, ",\"id\":\"%s\"", b->id);
	buf_puts(out, "}\n");
}

/* On disk when it returns. */
static int
append(struct blackholes *bs, const struct buf *line, struct err *e)
{
	off_t end;

	if (bs->fd == -1)
		return 0;
	end = lseek(bs->fd, 0, SEEK_END);
	if (fd_write_all(bs->fd, line->p, line->len) == 0 && fdatasync(bs->fd) == 0) {
		bs->lines++;
		return 0;
	}
	err_sys(e, "%s", bs->path);
	/* Half a line must not meet the next one. */
	if (end != -1 && ftruncate(bs->fd, end) == -1)
		err_wrap(e, "cut back");
	return -1;
}

static int
open_journal(struct blackholes *bs, struct err *e)
{
	struct stat ours, there;

	for (;;) {
		bs->fd = open(bs->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
		if (bs->fd == -1)
			return err_sys(e, "%s", bs->path);
		if (flock(bs->fd, LOCK_EX | LOCK_NB) == -1) {
			err_set(e, "%s: another nf-bgpd has it", bs->path);
			break;
		}
		if (fstat(bs->fd, &ours) == 0 && stat(bs->path, &there) == 0 && ours.st_ino == there.st_ino)
			return 0;
		/* It was written anew while we waited. */
		close(bs->fd);
	}
	close(bs->fd);
	bs->fd = -1;
	return -1;
}

static int
rewrite(struct blackholes *bs, struct err *e)
{
	struct buf all = {0};
	size_t it = 0;
	const void *key;
	void *val;

	buf_puts(&all, FIRST_LINE);
	while (map_next(&bs->by_prefix, &it, &key, &val))
		put_line(&all, *(struct blackhole **)val);
	int old = bs->fd, r = file_replace(bs->path, all.p, all.len, 0640, 1, e);
	buf_release(&all);
	if (r == -1)
		return -1;
	if (open_journal(bs, e) == -1) {
		bs->fd = old;
		return -1;
	}
	close(old);
	bs->lines = bs->by_prefix.count;
	return 0;
}

/* Not to be told of: what fails here is tried again with the next change. */
static void
tidy(struct blackholes *bs)
{
	struct err e;

	if (bs->fd != -1 && bs->lines > HISTORY_MIN && bs->lines > 4 * bs->by_prefix.count)
		rewrite(bs, &e);
}

/* Puts it in the place of one with the same prefix. */
static void
keep(struct blackholes *bs, struct blackhole *b)
{
	struct blackhole **slot = map_put(&bs->by_prefix, &b->prefix, NULL);

	if (*slot != NULL)
		blackhole_free(*slot);
	*slot = b;
}

static void
forget(struct blackholes *bs, const struct prefix *p)
{
	struct blackhole **b = map_get(&bs->by_prefix, p);

	if (b == NULL)
		return;
	blackhole_free(*b);
	map_delete(&bs->by_prefix, p);
}

static struct blackhole *
blackhole_new(const struct request *r)
{
	struct blackhole *b = mem_zero(1, sizeof *b);

	b->prefix = r->prefix;
	b->next_hop = r->next_hop;
	buf_add(&b->communities, r->communities, 4UL * r->community_count);
	buf_add(&b->large, r->large, 12UL * r->large_count);
	b->since_ms = r->since;
	b->expires_ms = r->has_expires ? r->expires : 0;
	memcpy(b->rule, r->rule, sizeof b->rule);
	memcpy(b->id, r->id, sizeof b->id);
	return b;
}

static int
replay_line(struct blackholes *bs, struct str line, struct err *e)
{
	struct request r;

	if (line.len < 2 || (line.p[0] != '+' && line.p[0] != '-'))
		return err_set(e, "neither an announcement nor a withdrawal");
	if (request_parse(&r, (struct str){line.p + 1, line.len - 1}, e) == -1)
		return -1;
	if (line.p[0] == '-')
		forget(bs, &r.prefix);
	else if (!r.has_next_hop || !r.has_since)
		return err_set(e, "next_hop or since is missing");
	else
		keep(bs, blackhole_new(&r));
	return 0;
}

/* A journal that we did not write is not ours to drop. */
static int
replay(struct blackholes *bs, const struct buf *all, struct err *e)
{
	const char *p = (const char *)all->p, *end = p + all->len, *newline;
	unsigned number = 1;

	if (all->len == 0)
		return 0;
	if (all->len < sizeof FIRST_LINE - 1 || memcmp(p, FIRST_LINE, sizeof FIRST_LINE - 1) != 0)
		return err_set(e, "%s:1: '%.23s' was expected", bs->path, FIRST_LINE);
	for (p += sizeof FIRST_LINE - 1; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		number++;
		if (newline == NULL)
			break; /* torn off: it was never answered for */
		if (replay_line(bs, (struct str){p, (size_t)(newline - p)}, e) == -1)
			return err_wrap(e, "%s:%u", bs->path, number);
	}
	return 0;
}

int
blackholes_open(struct blackholes *bs, const char *dir, int64_t now, struct err *e)
{
	struct buf all = {0};

	bs->path = mem_alloc(strlen(dir) + sizeof "/announcements");
	memcpy(bs->path, dir, strlen(dir));
	memcpy(bs->path + strlen(dir), "/announcements", sizeof "/announcements");
	if (mkdir(dir, 0750) == -1 && errno != EEXIST)
		return err_sys(e, "%s", dir);
	if (open_journal(bs, e) == -1)
		return -1;
	int r = file_read(&all, bs->path, JOURNAL_MAX, e);
	if (r == 0)
		r = replay(bs, &all, e);
	buf_release(&all);
	if (r == -1)
		return -1;
	blackholes_expire(bs, now);
	return rewrite(bs, e);
}

/*
 * What is asked.
 */

static bool
is_v6(const struct prefix *p)
{
	return p->len < 96 || !addr_is_v4(&p->addr);
}

/* Refuses what may never be; 0 or a status. */
static int
check_request(const struct blackholes *bs, const struct request *r, struct err *e)
{
	bool v6 = is_v6(&r->prefix);
	unsigned len = v6 ? r->prefix.len : r->prefix.len - 96U;

	if (len < bs->settings.min_length[v6]) {
		err_set(e, "prefix: /%u is shorter than /%u, which is the shortest allowed", len,
		    bs->settings.min_length[v6]);
		return 400;
	}
	if (r->has_since || r->has_expires) {
		err_set(e, "since and expires are not for requests; ttl is");
		return 400;
	}
	if (r->has_next_hop && addr_is_v4(&r->next_hop) == v6) {
		err_set(e, "next_hop: of another family than the prefix");
		return 400;
	}
	if (!r->has_next_hop && !bs->settings.has_next_hop[v6]) {
		err_set(e, "next_hop: none is given, and none is configured for IPv%d", v6 ? 6 : 4);
		return 400;
	}
	return 0;
}

/* The fuses, for what is new: so many at a time, and so many a minute, of which a pause saves up no more than those. */
static int
check_fuses(struct blackholes *bs, int64_t now, struct err *e)
{
	uint64_t rate = bs->settings.max_rate,
		 passed = now > bs->credit_ms ? (uint64_t)(now - bs->credit_ms) : 0;

	if (bs->by_prefix.count >= bs->settings.max_active) {
		err_set(e, "%zu blackholes are active, and no more are allowed", bs->by_prefix.count);
		return 429;
	}
	bs->credit += (passed < MINUTE_MS ? passed : MINUTE_MS) * rate;
	if (bs->credit > rate * MINUTE_MS)
		bs->credit = rate * MINUTE_MS;
	bs->credit_ms = now;
	if (bs->credit < MINUTE_MS) {
		err_set(e, "more than %" PRIu64 " new blackholes in a minute are not allowed", rate);
		return 429;
	}
	bs->credit -= MINUTE_MS;
	return 0;
}

/* Defaults for what the request leaves open. */
static struct request
complete(const struct blackholes *bs, const struct request *asked, int64_t now)
{
	struct request r = *asked;
	const struct request *d = &bs->settings.defaults;

	if (!r.has_next_hop)
		r.next_hop = bs->settings.next_hop[is_v6(&r.prefix)];
	if (!r.has_communities) {
		memcpy(r.communities, d->communities, sizeof r.communities);
		memcpy(r.large, d->large, sizeof r.large);
		r.community_count = d->community_count;
		r.large_count = d->large_count;
	}
	r.since = now;
	r.has_expires = r.ttl != 0;
	r.expires = now + (int64_t)r.ttl * 1000;
	return r;
}

static int
refuse(struct blackholes *bs, int status)
{
	bs->refused++;
	return status;
}

int
blackholes_announce(struct blackholes *bs, const struct request *asked, int64_t now, struct err *e)
{
	const struct blackhole *known = blackholes_find(bs, &asked->prefix);
	int status = check_request(bs, asked, e);

	if (status == 0 && known == NULL)
		status = check_fuses(bs, now, e);
	if (status != 0)
		return refuse(bs, status);
	struct request r = complete(bs, asked, now);
	/* An incident goes on: it began when it began. */
	if (known != NULL)
		r.since = known->since_ms;
	struct blackhole *b = blackhole_new(&r);
	struct buf line = {0};
	put_line(&line, b);
	int written = bs->settings.dry_run ? 0 : append(bs, &line, e);
	buf_release(&line);
	if (written == -1) {
		blackhole_free(b);
		return refuse(bs, 500);
	}
	bs->announced++;
	bs->tell(bs->arg, b, BLACKHOLE_ANNOUNCED, now);
	if (bs->settings.dry_run)
		blackhole_free(b);
	else
		keep(bs, b);
	tidy(bs);
	return 200;
}

/* Takes it back: on disk first, so that a restart does not bring it again. */
static int
take_back(struct blackholes *bs, const struct prefix *p, enum blackhole_event ev, int64_t now, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	struct buf line = {0};

	buf_printf(&line, "-{\"prefix\":\"%s\"}\n", prefix_text(text, p));
	int r = append(bs, &line, e);
	buf_release(&line);
	if (r == -1)
		return -1;
	bs->tell(bs->arg, blackholes_find(bs, p), ev, now);
	forget(bs, p);
	return 0;
}

int
blackholes_withdraw(struct blackholes *bs, const struct prefix *p, int64_t now, struct err *e)
{
	struct prefix key = *p;

	if (blackholes_find(bs, p) == NULL) {
		err_set(e, "this prefix is not announced");
		return 404;
	}
	if (take_back(bs, &key, BLACKHOLE_WITHDRAWN, now, e) == -1)
		return 500;
	bs->withdrawn++;
	tidy(bs);
	return 200;
}

int64_t
blackholes_expire(struct blackholes *bs, int64_t now)
{
	int64_t next = 0;
	struct err e;

	for (;;) {
		const struct blackhole *due = NULL;
		size_t it = 0;
		const void *key;
		void *val;

		next = 0;
		while (due == NULL && map_next(&bs->by_prefix, &it, &key, &val)) {
			const struct blackhole *b = *(struct blackhole **)val;

			if (b->expires_ms == 0)
				continue;
			if (b->expires_ms <= now)
				due = b;
			else if (next == 0 || b->expires_ms < next)
				next = b->expires_ms;
		}
		if (due == NULL)
			return next;
		struct prefix p = due->prefix;
		/* With a full disk too: a blackhole that stays for ever is worse than one that a restart brings back, expired. */
		if (take_back(bs, &p, BLACKHOLE_EXPIRED, now, &e) == -1) {
			bs->tell(bs->arg, due, BLACKHOLE_EXPIRED, now);
			forget(bs, &p);
		}
		bs->expired++;
	}
}

static int
by_prefix(const void *a, const void *b)
{
	const struct blackhole *x = *(struct blackhole *const *)a, *y = *(struct blackhole *const *)b;

	return memcmp(&x->prefix, &y->prefix, sizeof x->prefix);
}

void
blackholes_each(const struct blackholes *bs, void (*fn)(void *arg, const struct blackhole *b), void *arg)
{
	struct blackhole **all = mem_zero(bs->by_prefix.count + 1, sizeof *all);
	size_t n = 0, it = 0;
	const void *key;
	void *val;

	while (map_next(&bs->by_prefix, &it, &key, &val))
		all[n++] = *(struct blackhole **)val;
	qsort(all, n, sizeof(struct blackhole *), by_prefix);
	for (size_t i = 0; i < n; i++)
		fn(arg, all[i]);
	free(all);
}

struct announcement
blackhole_announcement(const struct blackhole *b)
{
	return (struct announcement){.prefix = b->prefix,
	    .next_hop = b->next_hop,
	    .communities = {(const char *)b->communities.p, b->communities.len},
	    .large = {(const char *)b->large.p, b->large.len}};
}
