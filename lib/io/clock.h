/* The clocks. Only programs read them; libraries take the time as an argument. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"

int64_t clock_wall_ms(void); /* since 1970-01-01 UTC */
int64_t clock_mono_ms(void); /* for intervals */

/* The offset from UTC in minutes, at wall time ms, of a zone of the tz database ("Europe/Athens"; NULL = UTC). */
int clock_zone_offset(const char *zone, int64_t ms);

/* Appends wall time ms in that zone (NULL = UTC) as strftime(3) has it; -1 where that is nothing, or over 4 KiB. */
int clock_format(struct buf *out, const char *format, const char *zone, int64_t ms);

/* Whether the tz database has the zone. */
int clock_zone_known(const char *zone);

#endif
