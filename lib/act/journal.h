/*
 * What was done already, so that it is not done again: in memory, and with a
 * folder given on disk. The file `actions` of the folder begins with the line
 *
 *     nf-act actions 1
 *
 * and has a line "UUID ACTION STATE" for each action done, appended when it is.
 * A line that was cut off by a crash is dropped. The newest JOURNAL_MAX are
 * kept. To change the format: another number in the first line, which an older
 * program refuses; the newer one reads both.
 */
#ifndef ACT_JOURNAL_H
#define ACT_JOURNAL_H

#include "act/detection_read.h"
#include "base/map.h"

enum { JOURNAL_MAX = 100000 };

struct journal_key {
	uint8_t id[16];
	uint8_t action, state, zero[6];
};

struct journal {
	struct map known; /* key -> bool: done, not only taken on */
	struct journal_key *order; /* a ring of those done, by age */
	uint32_t head, count;
	int fd; /* -1: in memory only */
	char *path;
	size_t lines; /* in the file */
};

void journal_init(struct journal *j);
void journal_release(struct journal *j);

/* Reads the folder's file, which is made if it is missing, and keeps it. It has one user at a time. */
int journal_open(struct journal *j, const char *dir, struct err *e);

/* Whether it was taken on or done. */
bool journal_knows(const struct journal *j, const struct journal_key *k);

/* Takes an action on; false if it was before. */
bool journal_take(struct journal *j, const struct journal_key *k);

/* It was dropped. */
void journal_drop(struct journal *j, const struct journal_key *k);

/* It is done. -1 with words: remembered, but not on disk. */
int journal_done(struct journal *j, const struct journal_key *k, struct err *e);

#endif
