#include "act/side.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "flow/put.h"

enum { LOOK_MS = 200 };

void
side_init(struct side *s, const atomic_bool *abort)
{
	*s = (struct side){.abort = abort, .fd = -1};
	pthread_mutex_init(&s->lock, NULL);
}

void
side_release(struct side *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	pthread_mutex_destroy(&s->lock);
}

void
side_set(struct side *s, const char *path)
{
	pthread_mutex_lock(&s->lock);
	free(s->path);
	s->path = mem_strdup(path);
	s->changed = true;
	pthread_mutex_unlock(&s->lock);
}

static void
put_text(struct buf *out, const char *name, struct str s)
{
	buf_printf(out, ",\"%s\":\"", name);
	char *p = (char *)buf_reserve(out, 6 * s.len + 16);
	out->len += (size_t)(put_escaped(p, s) - p);
	buf_putc(out, '"');
}

void
side_format(const struct detection_line *d, struct buf *out)
{
	static const char *const states[] = {"start", "update", "end"};
	struct buf key = {0};
	char text[PREFIX_TEXT_MAX];

	buf_printf(out, "{\"id\":\"%s\",\"state\":\"%s\",\"time\":%" PRId64, d->id_text, states[d->state],
	    d->time_ms / 1000);
	put_text(out, "rule", str_from(d->rule));
	for (unsigned i = 0; i < d->key_count; i++)
		buf_printf(&key, "%s%s=%s", i > 0 ? " " : "", d->pairs[i].name, d->pairs[i].value);
	put_text(out, "key", (struct str){(const char *)key.p, key.len});
	buf_printf(out, ",\"flows\":%" PRIu64, d->flows);
	for (unsigned i = d->key_count; i < d->pair_count; i++) {
		const struct pair *p = &d->pairs[i];

		if (strcmp(p->name, "reasons") == 0)
			put_text(out, p->name, str_from(p->value));
		else
			buf_printf(out, ",\"%s\":%s", p->name, p->value);
	}
	if (d->has_blackhole)
		put_text(out, "blackhole", str_from(prefix_text(text, &d->blackhole.prefix)));
	buf_puts(out, "}\n");
	buf_release(&key);
}

static int
side_open(struct side *s, struct err *e)
{
	pthread_mutex_lock(&s->lock);
	if (s->changed && s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
		s->cut = 0;
	}
	s->changed = false;
	if (s->fd < 0)
		s->fd = open(s->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0640);
	if (s->fd < 0 && errno == ENXIO)
		err_set(e, "%s: nobody reads it", s->path);
	else if (s->fd < 0)
		err_sys(e, "%s", s->path);
	pthread_mutex_unlock(&s->lock);
	return s->fd >= 0 ? 0 : -1;
}

/* The next reader begins with a whole row. */
static void
side_lost(struct side *s, struct str rows)
{
	const char *end = memrchr(rows.p, '\n', s->cut);

	s->cut = end != NULL ? (size_t)(end - rows.p) + 1 : 0;
	close(s->fd);
	s->fd = -1;
}

void
side_work(void *arg, struct str rows, struct outcome *out)
{
	struct side *s = arg;

	out->kind = OUTCOME_AGAIN;
	if (side_open(s, &out->words) < 0)
		return;
	while (s->cut < rows.len) {
		struct pollfd p = {s->fd, POLLOUT, 0};
		ssize_t n = write(s->fd, rows.p + s->cut, rows.len - s->cut);

		if (n > 0) {
			s->cut += (size_t)n;
		} else if (atomic_load(s->abort)) {
			err_set(&out->words, "nobody took the rows in time");
			return;
		} else if (n < 0 && errno == EAGAIN) {
			(void)poll(&p, 1, LOOK_MS);
		} else if (n < 0 && errno == EPIPE) {
			side_lost(s, rows);
			err_set(&out->words, "the reader of the rows went away");
			return;
		} else if (n < 0 && errno != EINTR) {
			err_sys(&out->words, "rows of detections");
			return;
		}
	}
	s->cut = 0;
	out->kind = OUTCOME_DONE;
}
