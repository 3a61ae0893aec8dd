#include "io/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

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

int
clock_zone_known(const char *zone)
{
	struct buf path = {0};
	int known = zone[0] != '/' && strstr(zone, "..") == NULL && zone[0] != '\0';

	buf_printf(&path, "/usr/share/zoneinfo/%s", zone);
	known = known && access(buf_cstr(&path), R_OK) == 0;
	buf_release(&path);
	return known || strcmp(zone, "UTC") == 0;
}

/*
 * The C library knows one zone a process, TZ. Every program that shows local
 * times shows one zone, so TZ is set to it once and stays.
 */
int
clock_zone_offset(const char *zone, int64_t ms)
{
	time_t t = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
	const char *now = getenv("TZ");
	struct tm tm;

	if (zone == NULL)
		return 0;
	if (now == NULL || strcmp(now, zone) != 0) {
		setenv("TZ", zone, 1);
		tzset();
	}
	return localtime_r(&t, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}
