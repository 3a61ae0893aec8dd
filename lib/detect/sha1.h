/* SHA-1 (RFC 3174), for name-based UUIDs only: it protects nothing. */
#ifndef DETECT_SHA1_H
#define DETECT_SHA1_H

#include <stddef.h>
#include <stdint.h>

void sha1(uint8_t digest[20], const void *p, size_t len);

/* The UUID version 5 (RFC 9562 §5.5) of a name in a name space. */
void uuid5(uint8_t uuid[16], const uint8_t space[16], const void *name, size_t len);

/* "2ed6657d-e927-568b-95e1-2665a8aea6a2" and a NUL. */
#define UUID_TEXT_MAX 37
const char *uuid_text(char p[UUID_TEXT_MAX], const uint8_t uuid[16]);

#endif
