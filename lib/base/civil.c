#include "base/civil.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years begin in March here. */
static int64_t
days_from_date(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * ((int64_t)m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct civil
civil_from_ms(int64_t ms)
{
	int64_t days = ms / DAY_MS, rest = ms % DAY_MS;

	if (rest < 0) {
		rest += DAY_MS;
		days--;
	}
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	return (struct civil){
	    .year = (int32_t)(yoe + era * 400 + (mp >= 10)),
	    .month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9),
	    .day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1),
	    .hour = (uint8_t)(rest / 3600000),
	    .minute = (uint8_t)(rest / 60000 % 60),
	    .second = (uint8_t)(rest / 1000 % 60),
	    .ms = (uint16_t)(rest % 1000),
	};
}

int64_t
civil_to_ms(const struct civil *c)
{
	return days_from_date(c->year, c->month, c->day) * DAY_MS + c->hour * INT64_C(3600000) +
	       c->minute * INT64_C(60000) + c->second * INT64_C(1000) + c->ms;
}

static void
put2(char *p, unsigned v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
}

void
civil_put(char p[19], int64_t ms)
{
	struct civil c = civil_from_ms(ms);
	unsigned year = c.year < 0 ? 0 : c.year > 9999 ? 9999 : (unsigned)c.year;

	put2(p, year / 100);
	put2(p + 2, year % 100);
	p[4] = p[7] = '-';
	put2(p + 5, c.month);
	put2(p + 8, c.day);
	p[10] = ' ';
	put2(p + 11, c.hour);
	put2(p + 14, c.minute);
	put2(p + 17, c.second);
	p[13] = p[16] = ':';
}

/* n digits at p, or -1. */
static int
get_digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + p[i] - '0';
	}
	return v;
}

/* The zone's offset in minutes; *used bytes of s. */
static int
zone_parse(int *minutes, struct str s)
{
	if (s.len == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
		*minutes = 0;
		return 0;
	}
	bool colon = s.len == 6 && s.p[3] == ':';
	if ((!colon && s.len != 5) || (s.p[0] != '+' && s.p[0] != '-'))
		return -1;
	int h = get_digits(s.p + 1, 2), m = get_digits(s.p + (colon ? 4 : 3), 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*minutes = (h * 60 + m) * (s.p[0] == '-' ? -1 : 1);
	return 0;
}

int
civil_parse(int64_t *ms, int *zoned, struct str s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (s.len < 19)
		return -1;
	for (int i = 0; i < 19; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (shape[i] == 'd'   ? !digit
		    : shape[i] == 'T' ? s.p[i] != 'T' && s.p[i] != ' '
				      : s.p[i] != shape[i])
			return -1;
	}
	int year = get_digits(s.p, 4), month = get_digits(s.p + 5, 2), day = get_digits(s.p + 8, 2);
	int hour = get_digits(s.p + 11, 2), minute = get_digits(s.p + 14, 2),
	    second = get_digits(s.p + 17, 2);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1] + (month == 2 && leap) ||
	    hour > 23 || minute > 59 || second > 60)
		return -1;
	struct civil c = {
	    year, (uint8_t)month, (uint8_t)day, (uint8_t)hour, (uint8_t)minute, (uint8_t)second, 0};

	size_t i = 19;
	if (i < s.len && (s.p[i] == '.' || s.p[i] == ',')) {
		unsigned unit = 100;

		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++, unit /= 10)
			c.ms = (uint16_t)(c.ms + unit * (unsigned)(s.p[i] - '0'));
		if (i == 20)
			return -1;
	}
	int offset = 0;
	bool has_zone = i < s.len;
	if (has_zone && zone_parse(&offset, (struct str){s.p + i, s.len - i}) == -1)
		return -1;
	if (zoned != NULL)
		*zoned = has_zone;
	*ms = civil_to_ms(&c) - offset * INT64_C(60000);
	return 0;
}

const char *
civil_rfc3339(char *p, int64_t ms, int offset_minutes)
{
	int64_t shown;
	unsigned off = (unsigned)abs(offset_minutes);

	/* Such a time is shown as year 0 or 9999 anyway. */
	if (__builtin_add_overflow(ms, offset_minutes * INT64_C(60000), &shown))
		shown = ms;

	civil_put(p, shown);
	p[10] = 'T';
	unsigned frac = civil_from_ms(shown).ms;
	if (offset_minutes == 0)
		snprintf(p + 19, 17, ".%03uZ", frac);
	else
		snprintf(p + 19, 17, ".%03u%c%02u:%02u", frac % 1000, offset_minutes < 0 ? '-' : '+',
		    off / 60 % 100, off % 60);
	return p;
}
