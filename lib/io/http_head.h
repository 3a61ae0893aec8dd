/*
 * The head of an HTTP/1.x request (RFC 9112 §2 to §6): its line and its fields.
 * Strict where others are lenient: no folded lines, no blanks before a colon, one
 * Content-Length, no Transfer-Encoding.
 */
#ifndef IO_HTTP_HEAD_H
#define IO_HTTP_HEAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

enum { HTTP_FIELDS_MAX = 64 };

/* Views of the bytes that were read. */
struct http_head {
	struct str method, path, query; /* the path as it came, from its slash to a '?' */
	struct {
		struct str name, value;
	} fields[HTTP_FIELDS_MAX];
	unsigned count;
	bool has_length; /* of the body that follows */
	uint64_t length;
	bool stays; /* the connection, as the client has it */
	bool waits; /* for "100 Continue" */
};

/* Bytes of the head at p, 0 if it is not whole yet, -1 with the status to answer with and words. */
ssize_t http_head_read(struct http_head *h, const char *p, size_t have, int *status, struct err *e);

/* The field's value, names without regard to case; p NULL where it is missing. */
struct str http_head_field(const struct http_head *h, const char *name);

/* Equal without regard to case. */
bool http_same(struct str s, const char *word);

const char *http_reason(int status);

#endif
