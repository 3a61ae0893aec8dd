/*
 * A decoder's exporters in words, for whoever asks why a router does not work:
 * what each sends, what of it is used, what is odd about it. Only of a decoder
 * that takes notes (struct decoder_options).
 */
#ifndef DECODE_EXPLAIN_H
#define DECODE_EXPLAIN_H

#include "decode/decode.h"

/* Beyond so much text the exporters that are left are only counted. */
enum { EXPLAIN_BYTES = 4 << 20 };

/* Appends lines of text, none where no datagram came. Exporters, domains and templates stand in the order of their numbers. */
void decoder_explain(const struct decoder *d, struct buf *out);

#endif
