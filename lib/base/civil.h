/*
 * Calendar time without the C library's locale and zone machinery: milliseconds
 * since 1970-01-01 UTC to text and back. Zones by name are the business of
 * io/clock.h.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

#include "base/bytes.h"

struct civil {
	int32_t year;
	uint8_t month, day, hour, minute, second; /* month and day from 1 */
	uint16_t ms;
};

struct civil civil_from_ms(int64_t ms);
int64_t civil_to_ms(const struct civil *c);

/* "2026-01-31 23:59:59": 19 bytes, no terminator; years outside 0..9999 are clamped. */
void civil_put(char p[19], int64_t ms);

/*
 * Reads "YYYY-MM-DD hh:mm:ss" with 'T' or ' ' between, an optional fraction of
 * any length, an optional "Z", "+hh:mm" or "+hhmm". *zoned (may be NULL) tells
 * whether a zone was there; without one the result counts as UTC. 0 or -1.
 */
int civil_parse(int64_t *ms, int *zoned, struct str s);

/* RFC 3339 with milliseconds and the given offset in minutes, terminated; p holds at least 36 bytes. */
const char *civil_rfc3339(char *p, int64_t ms, int offset_minutes);

#endif
