#include "act/alert.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"

#define FILE_NAME "detections.log"

/* Names and values come from outside: nothing in them may look like another line or field. */
static void
put_clean(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		buf_putc(out, c < 0x20 || c == 0x7f || c == '|' || c == '\'' ? '?' : (char)c);
	}
}

void
alert_format(const struct detection_line *d, int offset_minutes, struct buf *out)
{
	char time[36];

	buf_printf(out, "[%s] ALERT: Rule='", civil_rfc3339(time, d->time_ms, offset_minutes));
	put_clean(out, d->rule);
	buf_printf(out, "' | Flows=%" PRIu64, d->flows);
	for (unsigned i = 0; i < d->pair_count; i++) {
		buf_puts(out, " | ");
		put_clean(out, d->pairs[i].name);
		buf_putc(out, '=');
		put_clean(out, d->pairs[i].value);
	}
	buf_printf(out, " | id=%s\n", d->id_text);
}

void
alert_init(struct alert *a, const char *log_dir)
{
	struct buf path = {0};

	buf_printf(&path, "%s/" FILE_NAME, log_dir);
	*a = (struct alert){.path = mem_strdup(buf_cstr(&path)), .fd = -1};
	buf_release(&path);
}

void
alert_close(struct alert *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	a->cut = 0;
}

void
alert_release(struct alert *a)
{
	alert_close(a);
	free(a->path);
	a->path = NULL;
}

int
alert_open(struct alert *a, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

	if (a->fd >= 0)
		return 0;
	a->fd = open(a->path, flags, 0640);
	if (a->fd < 0 && errno == ENOENT) {
		char *dir = mem_strndup(a->path, strlen(a->path) - strlen("/" FILE_NAME));

		if (mkdir(dir, 0750) == 0)
			a->fd = open(a->path, flags, 0640);
		free(dir);
	}
	return a->fd >= 0 ? 0 : err_sys(e, "%s", a->path);
}

int
alert_write(struct alert *a, struct str line, struct err *e)
{
	if (alert_open(a, e) < 0)
		return -1;
	while (a->cut < line.len) {
		ssize_t n = write(a->fd, line.p + a->cut, line.len - a->cut);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "%s", a->path);
		if (n > 0)
			a->cut += (size_t)n;
	}
	a->cut = 0;
	return 0;
}
