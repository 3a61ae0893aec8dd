/* Text from exporters: whatever it is, UTF-8 comes out. */
#ifndef DECODE_TEXT_H
#define DECODE_TEXT_H

#include "base/bytes.h"

/*
 * Copies at most max bytes of the text up to its first NUL, without blanks at
 * the end; control characters and what is no UTF-8 become '?'. The length.
 */
size_t text_clean(char *to, size_t max, struct str text);

#endif
