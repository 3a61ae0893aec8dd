#include "act/offenders.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fdio.h"

#define FILE_NAME "blackholes"
#define FIRST_LINE "nf-act blackholes 1\n"

enum { FILE_MAX = 16 << 20, LINES_MAX = 2 * OFFENDERS_MAX };

static struct prefix
key_of(const struct prefix *p)
{
	struct prefix key;

	memset(&key, 0, sizeof key);
	key.addr = p->addr;
	key.len = p->len;
	return key;
}

void
offenders_init(struct offenders *o, int64_t memory_ms)
{
	*o = (struct offenders){.memory_ms = memory_ms};
	map_init(&o->by_prefix, sizeof(struct prefix), sizeof(struct offender));
}

void
offenders_release(struct offenders *o)
{
	map_release(&o->by_prefix);
	free(o->path);
}

static bool
is_over(const struct offender *f, int64_t now_ms)
{
	return f->announced && f->expires_ms != 0 && f->expires_ms <= now_ms;
}

struct offender *
offenders_get(struct offenders *o, const struct prefix *p, int64_t now_ms)
{
	struct prefix key = key_of(p);
	struct offender *f = map_get(&o->by_prefix, &key);

	if (f == NULL || f->waiting || !is_over(f, now_ms) || f->expires_ms + o->memory_ms > now_ms)
		return f;
	map_delete(&o->by_prefix, &key);
	return NULL;
}

/* The one that was over first; those that never will be, last. */
static void
drop_oldest(struct offenders *o)
{
	const void *key, *oldest = NULL;
	int64_t least = INT64_MAX;
	void *val;

	for (size_t it = 0; map_next(&o->by_prefix, &it, &key, &val);) {
		const struct offender *f = val;
		int64_t expires = f->expires_ms != 0 ? f->expires_ms : INT64_MAX - 1;

		if (!f->waiting && expires < least) {
			least = expires;
			oldest = key;
		}
	}
	if (oldest == NULL)
		return;
	struct prefix p = *(const struct prefix *)oldest;
	map_delete(&o->by_prefix, &p);
}

struct offender *
offenders_put(struct offenders *o, const struct prefix *p)
{
	struct prefix key = key_of(p);

	if (o->by_prefix.count >= OFFENDERS_MAX && map_get(&o->by_prefix, &key) == NULL)
		drop_oldest(o);
	return map_put(&o->by_prefix, &key, NULL);
}

void
offenders_give_up(struct offenders *o, const struct prefix *p)
{
	struct prefix key = key_of(p);
	struct offender *f = map_get(&o->by_prefix, &key);

	if (f == NULL)
		return;
	f->waiting = false;
	if (!f->announced)
		map_delete(&o->by_prefix, &key);
}

size_t
offenders_active(const struct offenders *o, int64_t now_ms)
{
	const void *key;
	void *val;
	size_t n = 0;

	for (size_t it = 0; map_next(&o->by_prefix, &it, &key, &val);) {
		const struct offender *f = val;

		n += f->waiting || (f->expires_ms != 0 && !is_over(f, now_ms));
	}
	return n;
}

static void
put_line(struct buf *b, const struct prefix *p, const struct offender *f)
{
	char text[PREFIX_TEXT_MAX];

	buf_printf(b, "%s %u %" PRId64 " ", prefix_text(text, p), f->step, f->expires_ms);
	for (size_t i = 0; i < sizeof f->id; i++)
		buf_printf(b, "%02x", f->id[i]);
	buf_putc(b, '\n');
}

/* Writes anew what is remembered. */
static int
rewrite(struct offenders *o, struct err *e)
{
	struct buf b = {0};
	const void *key;
	void *val;

	buf_puts(&b, FIRST_LINE);
	o->lines = 0;
	for (size_t it = 0; map_next(&o->by_prefix, &it, &key, &val);) {
		const struct offender *f = val;

		if (!f->announced)
			continue;
		put_line(&b, key, f);
		o->lines++;
	}
	int r = file_replace(o->path, b.p, b.len, 0640, 1, e);
	buf_release(&b);
	return r;
}

int
offenders_save(struct offenders *o, const struct prefix *p, struct err *e)
{
	struct prefix key = key_of(p);
	const struct offender *f = map_get(&o->by_prefix, &key);
	struct buf b = {0};

	if (o->path == NULL || f == NULL)
		return 0;
	if (o->lines >= LINES_MAX)
		return rewrite(o, e);
	put_line(&b, p, f);
	int fd = open(o->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int r = fd >= 0 && fd_write_all(fd, b.p, b.len) == 0 && fdatasync(fd) == 0 ? 0 : -1;
	if (r == -1) {
		err_sys(e, "%s", o->path);
		o->lines = LINES_MAX; /* the next one writes the file anew, without a line cut in two */
	}
	if (fd >= 0)
		close(fd);
	buf_release(&b);
	o->lines++;
	return r;
}

/* Lines that are damaged are passed over. */
static void
take_line(struct offenders *o, const char *line, int64_t now_ms)
{
	struct offender f = {.announced = true};
	char text[PREFIX_TEXT_MAX], id[33];
	struct prefix p;
	unsigned step;

	if (sscanf(line, "%49s %3u %19" SCNd64 " %32[0-9a-f]", text, &step, &f.expires_ms, id) != 4 ||
	    step > UINT8_MAX || strlen(id) != 32 || prefix_parse(&p, str_from(text), NULL) == -1)
		return;
	for (size_t i = 0; i < sizeof f.id; i++) {
		const char pair[3] = {id[2 * i], id[2 * i + 1], '\0'};

		f.id[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	f.step = (uint8_t)step;
	*offenders_put(o, &p) = f;
	(void)offenders_get(o, &p, now_ms);
}

static int
take_file(struct offenders *o, struct buf *b, int64_t now_ms, struct err *e)
{
	const size_t head = strlen(FIRST_LINE);

	if (b->len == 0)
		return 0;
	if (b->len < head || memcmp(b->p, FIRST_LINE, head) != 0)
		return err_set(e, "%s: not a file of nf-act, or of a newer one; move it away", o->path);
	for (size_t at = head; at < b->len;) {
		const uint8_t *end = memchr(b->p + at, '\n', b->len - at);

		if (end == NULL)
			break;
		b->p[end - b->p] = '\0';
		take_line(o, (const char *)b->p + at, now_ms);
		at = (size_t)(end - b->p) + 1;
	}
	return 0;
}

int
offenders_open(struct offenders *o, const char *dir, int64_t now_ms, struct err *e)
{
	struct buf b = {0};
	int r = 0;

	buf_printf(&b, "%s/" FILE_NAME, dir);
	o->path = mem_strdup(buf_cstr(&b));
	b.len = 0;
	if (access(o->path, F_OK) == 0)
		r = file_read(&b, o->path, FILE_MAX, e);
	if (r == 0)
		r = take_file(o, &b, now_ms, e);
	if (r == 0)
		r = rewrite(o, e);
	if (r == -1) {
		free(o->path);
		o->path = NULL;
	}
	buf_release(&b);
	return r;
}
