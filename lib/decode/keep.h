/*
 * What a decoder has learned from its exporters, as bytes that outlive it, so
 * that a restart is not blind until templates come again: templates, samplers,
 * the names of interfaces, applications and VRFs, when exporters started.
 */
#ifndef DECODE_KEEP_H
#define DECODE_KEEP_H

#include "base/err.h"
#include "decode/decode.h"

/* More bytes than there can be; of the format see keep.c. */
enum { KEEP_BYTES_MAX = 80 << 20 };

/* Goes up whenever something changes that is worth keeping. */
uint64_t decoder_changes(const struct decoder *d);

/* Appends what is known, at most KEEP_BYTES_MAX. Of exporters who said nothing worth keeping there is nothing in it. */
void decoder_save(const struct decoder *d, struct buf *out);

/*
 * Takes what decoder_save() gave, of one decoder or of several one after the other, under the caps of decode.h, as if it had come
 * from the exporters then; of an exporter in several parts, the one heard last. Left out are exporters last heard before since_ms;
 * no time is later than now_ms. -1: those are other bytes, or damaged; the words
 * say at which byte, and nothing was taken.
 */
int decoder_restore(
    struct decoder *d, const void *p, size_t len, int64_t now_ms, int64_t since_ms, struct err *e);

#endif
