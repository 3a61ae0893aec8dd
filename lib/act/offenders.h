/*
 * Who was blackholed, up to when, and how often: in memory, and with a folder
 * given on disk. The file `blackholes` of the folder begins with the line
 *
 *     nf-act blackholes 1
 *
 * and has a line "PREFIX STEP EXPIRES ID" for each announcement, the last of a
 * prefix counts: the step of the rule's list of times, ms since 1970 (0: until
 * withdrawn), the id of the incident. At most OFFENDERS_MAX are kept; the one
 * that was over first leaves. To change the format: another number in the first
 * line, which an older program refuses; the newer one reads both.
 */
#ifndef ACT_OFFENDERS_H
#define ACT_OFFENDERS_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/map.h"

enum { OFFENDERS_MAX = 10000 };

struct offender {
	int64_t expires_ms; /* 0: until withdrawn */
	uint8_t id[16];
	uint8_t step;
	bool announced; /* else the above is nothing yet */
	bool waiting; /* to be announced, again or for the first time */
};

struct offenders {
	struct map by_prefix; /* struct prefix, zero-padded -> struct offender */
	int64_t memory_ms; /* forgotten so long after it was over */
	char *path; /* NULL: in memory only */
	size_t lines; /* in the file */
};

void offenders_init(struct offenders *o, int64_t memory_ms);
void offenders_release(struct offenders *o);

/* Reads the folder's file. The folder is there, and ours. */
int offenders_open(struct offenders *o, const char *dir, int64_t now_ms, struct err *e);

/* Valid until the next offenders_put. NULL: nothing is known, or it was forgotten. */
struct offender *offenders_get(struct offenders *o, const struct prefix *p, int64_t now_ms);
struct offender *offenders_put(struct offenders *o, const struct prefix *p);

/* The prefix is announced no more than before. */
void offenders_give_up(struct offenders *o, const struct prefix *p);

/* Puts on disk what is known of the prefix. */
int offenders_save(struct offenders *o, const struct prefix *p, struct err *e);

/* How many are announced for a time that is not over, or wait to be. */
size_t offenders_active(const struct offenders *o, int64_t now_ms);

#endif
