#include "io/lines.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* As it stands, without its end. */
static bool
take(struct str *rest, struct str *line)
{
	if (rest->len == 0)
		return false;
	const char *newline = memchr(rest->p, '\n', rest->len);
	size_t len = newline != NULL ? (size_t)(newline - rest->p) : rest->len;
	*line = (struct str){rest->p, len};
	rest->p += len + (newline != NULL);
	rest->len -= len + (newline != NULL);
	return true;
}

static void
skip_blanks(struct str *line)
{
	while (line->len > 0 && is_blank(line->p[0]))
		line->p++, line->len--;
}

bool
line_next(struct str *rest, struct str *line)
{
	if (!take(rest, line))
		return false;
	const char *comment = line->len > 0 ? memchr(line->p, '#', line->len) : NULL;
	if (comment != NULL)
		line->len = (size_t)(comment - line->p);
	while (line->len > 0 && is_blank(line->p[line->len - 1]))
		line->len--;
	skip_blanks(line);
	return true;
}

bool
line_next_entry(struct str *rest, uint64_t *number, struct str *line)
{
	while (take(rest, line)) {
		++*number;
		skip_blanks(line);
		if (line->len > 0 && line->p[0] != '#')
			return true;
	}
	return false;
}

void
complaints_add(struct complaints *c, const char *file, uint64_t line, const char *words)
{
	if (c->count++ >= COMPLAINTS_MAX)
		return;
	buf_printf(&c->words, "%s:%" PRIu64 ": %s", file, line, words);
	buf_putc(&c->words, '\0');
}

void
complaints_release(struct complaints *c)
{
	buf_release(&c->words);
	c->count = 0;
}

void
complaints_log(const struct complaints *c)
{
	const char *p = (const char *)c->words.p, *end = p + c->words.len;

	for (; p < end; p += strlen(p) + 1)
		log_warnx("%s", p);
	if (c->count > COMPLAINTS_MAX)
		log_warnx("%" PRIu64 " more lines were left out", c->count - COMPLAINTS_MAX);
}
