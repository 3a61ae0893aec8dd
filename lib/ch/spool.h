/*
 * Rows on disk that the server does not have yet. A folder of segments, each a
 * pack of batches (or, of SPOOL_ROWS, lines of NDJSON) that becomes one insert:
 *
 *     00000000000000000007.open         being written
 *     00000000000000000006-65536.nfb    whole, with its count of rows; or .ndjson
 *     failed/                           what the server refuses for good, each with its words in a .txt
 *     lock                              held by the one program that uses the folder
 *
 * It holds flows, not the server's blocks, since rows can come in before the
 * server has ever said what columns it has, and since columns may have changed
 * by the time that they go out. The same segment gives the same bytes as long as
 * the columns stay (ch/native.h), so a retry is still recognised as one. A
 * segment is also a plain file of flows: nf-cat(1) reads it.
 *
 * After a crash each .open segment is cut behind its last sound batch, or its last
 * newline, and closed.
 *
 * The spool is full when it holds max_bytes (failed/ included) or a tenth of its
 * disk, or when the disk has less than keep_free left. What is in it then stays;
 * the caller says what becomes of new rows.
 *
 * Not for use by two threads at once.
 */
#ifndef CH_SPOOL_H
#define CH_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct spool;

enum spool_kind { SPOOL_FLOWS, SPOOL_ROWS };

struct spool_options {
	enum spool_kind kind; /* what the segments hold; one folder, one kind */
	const char *dir; /* made if missing, with its parents */
	uint64_t max_bytes, keep_free;
};

struct spool_segment {
	uint64_t number, rows, bytes;
};

struct spool_stats {
	uint64_t segments, rows, bytes; /* not yet stored */
	uint64_t failed_bytes;
	uint64_t torn_bytes; /* cut off after a crash */
};

/* NULL with words: no such folder and no way to make it, or another program uses it. */
struct spool *spool_open(const struct spool_options *o, struct err *e);
void spool_close(struct spool *s); /* segments stay */
const struct spool_stats *spool_stats(const struct spool *s);

/* The highest number of any segment, 0 if there is none. */
uint64_t spool_last(const struct spool *s);

/* Whether so many more bytes fit. */
bool spool_fits(const struct spool *s, uint64_t bytes);

/*
 * Appends to the segment of that number, which becomes the one being written
 * (another that was is ended). -1 with words: nothing was appended.
 */
int spool_append(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows, struct err *e);

/* Makes what was appended survive the machine, and looks what is left in failed/. */
int spool_sync(struct spool *s, struct err *e);

/* Ends the segment being written, if there is one, so that it is whole and durable. */
int spool_end(struct spool *s, struct err *e);

/* Writes a whole segment. */
int spool_put(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows, struct err *e);

/* The segment with the lowest number above that one, the one being written included; false if there is none. */
bool spool_after(const struct spool *s, uint64_t number, struct spool_segment *seg);

/* The bytes of a whole segment into b. */
int spool_read(const struct spool *s, const struct spool_segment *seg, struct buf *b, struct err *e);

/* Forgets a segment whose rows are stored. */
int spool_remove(struct spool *s, uint64_t number, struct err *e);

/* Sets a segment aside in failed/, with the words beside it. */
int spool_fail(struct spool *s, uint64_t number, const char *words, struct err *e);

/* Puts rows that are no whole segment into failed/, under the number of what they were part of. -1: they are not there. */
int spool_fail_part(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows,
    const char *words, struct err *e);

#endif
