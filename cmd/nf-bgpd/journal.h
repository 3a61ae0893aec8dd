/*
 * What is announced, on disk: the file `announcements` of a folder. It begins
 * with the line
 *
 *     nf-bgpd announcements 1
 *
 * and has a line for each change:
 *
 *     +{…}   announced: a request (request.h) with its times
 *     -{…}   withdrawn: a request of the prefix alone
 *     *      all withdrawn, and nothing is announced any more
 *     =      until this line
 *
 * A last line that a crash cut off was never answered for, and is dropped; any
 * other line that cannot be read is an error, as is a file that begins otherwise:
 * it is not ours to drop. To change the format: another number in the first
 * line, which an older program refuses; the newer one reads both.
 */
#ifndef NF_BGPD_JOURNAL_H
#define NF_BGPD_JOURNAL_H

#include "base/bytes.h"
#include "request.h"

struct journal {
	int folder; /* locked while the journal is in use; -1: it is not open */
	int fd;
	char *path;
	size_t lines;
	bool torn; /* half a line may stand at its end */
};

enum journal_kind { JOURNAL_ANNOUNCE = '+', JOURNAL_WITHDRAW = '-', JOURNAL_DISARM = '*', JOURNAL_ARM = '=' };

/* One change; the request of the first two kinds. */
typedef void journal_fn(void *arg, enum journal_kind kind, const struct request *r);

void journal_init(struct journal *j);
void journal_release(struct journal *j);

/*
 * Takes the folder, made if it is missing, and tells of each change in the file,
 * as journal_parse. It has one user at a time. Before the first line is appended
 * the file is to be written anew.
 */
int journal_open(struct journal *j, const char *dir, journal_fn *fn, void *arg, struct err *e);

/* Tells of each change in the lines behind the first, up to one that cannot be read: -1 with words. */
int journal_parse(struct str lines, journal_fn *fn, void *arg, struct err *e);

/* A whole line with its end. On disk when it returns; -1 with words, and it is not there. */
int journal_append(struct journal *j, const struct buf *line, struct err *e);

/* The file from now on: so many whole lines. -1 with words, and the old one stays. */
int journal_rewrite(struct journal *j, const struct buf *lines, size_t count, struct err *e);

#endif
