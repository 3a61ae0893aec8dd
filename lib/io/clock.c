#include "io/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/fdio.h"

static int64_t
clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* A folder and the database's own tables can be opened too; a zone begins with its magic (RFC 8536 §3.1). */
static int
is_zone_file(const char *path)
{
	char magic[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return 0;
	int found = fd_read(fd, magic, sizeof magic) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
	close(fd);
	return found;
}

int
clock_zone_known(const char *zone)
{
	struct buf path = {0};

	if (strcmp(zone, "UTC") == 0)
		return 1;
	if (zone[0] == '/' || strstr(zone, "..") != NULL)
		return 0;
	buf_printf(&path, "/usr/share/zoneinfo/%s", zone);
	int known = is_zone_file(buf_cstr(&path));
	buf_release(&path);
	return known;
}

/*
 * The C library knows one zone a process, TZ. Every program that shows local
 * times shows one zone, so TZ is set to it once and stays.
 */
static struct tm *
zone_time(struct tm *tm, const char *zone, int64_t ms)
{
	time_t t = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
	const char *now = getenv("TZ");

	if (now == NULL || strcmp(now, zone) != 0) {
		setenv("TZ", zone, 1);
		tzset();
	}
	return localtime_r(&t, tm);
}

int
clock_zone_offset(const char *zone, int64_t ms)
{
	struct tm tm;

	if (zone == NULL)
		return 0;
	return zone_time(&tm, zone, ms) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}

int
clock_format(struct buf *out, const char *format, const char *zone, int64_t ms)
{
	enum { MOST = 4096 };
	struct tm tm;

	if (zone_time(&tm, zone != NULL ? zone : "UTC", ms) == NULL)
		return -1;
	size_t n = strftime((char *)buf_reserve(out, MOST), MOST, format, &tm);
	out->len += n;
	return n > 0 ? 0 : -1;
}
