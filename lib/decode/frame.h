/*
 * IPFIX messages in a stream of bytes (RFC 7011 §10.4): each begins with its
 * version, 10, and its length. Where that is broken nothing behind it can be
 * found again, so the stream ends there.
 */
#ifndef DECODE_FRAME_H
#define DECODE_FRAME_H

#include <stdint.h>

#include "base/bytes.h"

enum { FRAME_MAX = 65535 }; /* the longest message */

enum frame {
	FRAME_WHOLE, /* a message, taken out of the reader */
	FRAME_PARTIAL, /* so far one could be there; nothing was taken */
	FRAME_BAD_VERSION, /* and what is there is none */
	FRAME_BAD_LENGTH, /* shorter than its own header */
};

/* Takes the next message, which stays where it is in the reader's bytes. */
enum frame frame_next(struct rd *r, struct str *message);

#endif
