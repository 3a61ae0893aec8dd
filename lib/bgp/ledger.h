/*
 * What is announced, on disk: the file `announcements` of a folder. It begins
 * with the line
 *
 *     nf-bgpd announcements 2
 *
 * and has a line for each change:
 *
 *     +{…}   announced: a request (request.h) with its times
 *     -{…}   withdrawn: a request of the prefix alone
 *     >{…}   a rule of flowspec announced: a request with its times
 *     <{…}   withdrawn: the rule alone
 *     *      all withdrawn, and nothing is announced any more
 *     =      until this line
 *
 * A last line that a crash cut off was never answered for, and is dropped; any
 * other line that cannot be read is an error, as is a file that begins otherwise:
 * it is not ours to drop. To change the format: another number in the first
 * line, which an older program refuses; the newer one reads both. Version 1 had
 * no rules of flowspec.
 */
#ifndef BGP_LEDGER_H
#define BGP_LEDGER_H

#include "base/bytes.h"
#include "bgp/request.h"

struct ledger {
	int folder; /* locked while the ledger is in use; -1: it is not open */
	int fd;
	char *path;
	size_t lines;
	bool torn; /* half a line may stand at its end */
};

enum ledger_kind {
	LEDGER_ANNOUNCE = '+',
	LEDGER_WITHDRAW = '-',
	LEDGER_FLOW = '>',
	LEDGER_FLOW_WITHDRAW = '<',
	LEDGER_DISARM = '*',
	LEDGER_ARM = '='
};

/* One change; the request of the first four kinds. */
typedef void ledger_fn(void *arg, enum ledger_kind kind, const struct request *r);

void ledger_init(struct ledger *j);
void ledger_release(struct ledger *j);

/*
 * Takes the folder, made if it is missing, and tells of each change in the file,
 * as ledger_parse. It has one user at a time. Before the first line is appended
 * the file is to be written anew.
 */
int ledger_open(struct ledger *j, const char *dir, ledger_fn *fn, void *arg, struct err *e);

/* Tells of each change in the lines behind the first, up to one that cannot be read: -1 with words. */
int ledger_parse(struct str lines, ledger_fn *fn, void *arg, struct err *e);

/* A whole line with its end. On disk when it returns; -1 with words, and it is not there. */
int ledger_append(struct ledger *j, const struct buf *line, struct err *e);

/* The file from now on: so many whole lines. -1 with words, and the old one stays. */
int ledger_rewrite(struct ledger *j, const struct buf *lines, size_t count, struct err *e);

#endif
