#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program = "flowenricher";
static int verbose;

void
log_init(const char *name)
{
	program = name;
}

void
log_verbose(int level)
{
	verbose = level;
}

static void
say(const char *level, bool with_errno, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[2048];
	size_t max = sizeof line - 256, n; /* leaves room for errno's words */

	n = (size_t)snprintf(line, max, "%s: %s: ", program, level);
	int m = vsnprintf(line + n, max - n, fmt, ap);
	n = m < 0 ? n : (size_t)m >= max - n ? max - 1 : n + (size_t)m;
	if (with_errno) {
		m = snprintf(line + n, sizeof line - n, ": %.200s", strerror(saved));
		n += m < 0 ? 0 : (size_t)m;
	}
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
	errno = saved;
}

#define SAY(level, with_errno)                   \
	do {                                     \
		va_list ap;                      \
		va_start(ap, fmt);               \
		say(level, with_errno, fmt, ap); \
		va_end(ap);                      \
	} while (0)

void
log_debug(const char *fmt, ...)
{
	if (verbose >= 2)
		SAY("debug", false);
}

void
log_info(const char *fmt, ...)
{
	if (verbose >= 1)
		SAY("info", false);
}

void
log_notice(const char *fmt, ...)
{
	SAY("notice", false);
}

void
log_warn(const char *fmt, ...)
{
	SAY("warning", true);
}

void
log_warnx(const char *fmt, ...)
{
	SAY("warning", false);
}

void
fatal(const char *fmt, ...)
{
	SAY("error", true);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	SAY("error", false);
	exit(1);
}

void
fatal_config(const char *fmt, ...)
{
	SAY("error", false);
	exit(2);
}

void
log_limited(struct log_limit *l, int64_t now_ms, const char *fmt, ...)
{
	if (now_ms - l->since_ms >= 10000 || now_ms < l->since_ms) {
		if (l->held > 0)
			log_warnx("%u more such lines were held back", l->held);
		*l = (struct log_limit){.burst = l->burst, .since_ms = now_ms};
	}
	if (l->said >= (l->burst != 0 ? l->burst : 5)) {
		l->held++;
		return;
	}
	l->said++;
	SAY("warning", false);
}
