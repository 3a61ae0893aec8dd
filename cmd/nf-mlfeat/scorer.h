/*
 * A scorer: a model at hand ("native:MODEL"), or one that is asked over HTTP ("http://HOST:PORT", or "native" for nf-score
 * serve at a Unix socket). One over HTTP has a thread, so nobody waits for it. It has a time limit; when it fails, pages
 * go without scores, for a second at first and up to half a minute, until it is asked again.
 */
#ifndef NF_MLFEAT_SCORER_H
#define NF_MLFEAT_SCORER_H

#include "page.h"

struct scorer_options {
	const char *socket; /* of "native" */
	bool explain;
	unsigned timeout_ms;
	int wake_fd; /* non-blocking; a byte is written when a page was answered by a thread */
};

struct scorer;

/* NULL with words: it is none, or its model cannot be used. `place` says which of a page's verdicts is its. */
struct scorer *scorer_new(const char *text, unsigned place, const struct scorer_options *o, struct err *e);

/* Pages that were given are answered first, without scores where that would take time. */
void scorer_free(struct scorer *s);

/* Gives it the page, from which it takes itself off `waiting` when its verdict is there. */
void scorer_give(struct scorer *s, struct page *p);

#endif
