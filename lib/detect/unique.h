/* The set of distinct values behind one word of a record; see window.h. */
#ifndef DETECT_UNIQUE_H
#define DETECT_UNIQUE_H

#include "detect/window.h"

/* The word is 0 when nothing was seen yet. */
void unique_add(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint32_t sec, uint64_t hash);
void unique_prefetch(const struct window *w, uint64_t word, uint64_t hash);
uint32_t unique_count(struct window *w, uint64_t *word, uint32_t max, uint32_t now);
bool unique_has(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint32_t n);
/* Leaves the max youngest values within the window. */
void unique_trim(struct window *w, uint64_t *word, uint32_t max, uint32_t now);

void unique_clear(const struct window *w, uint64_t *word);

#endif
