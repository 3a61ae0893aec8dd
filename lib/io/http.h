/*
 * A client of HTTP/1.1: one kept connection to one place, over TCP, TLS or a
 * Unix socket, header fields that go with each request, answers up to a cap. It
 * follows no redirection and asks no proxy. Not for use by two threads at once.
 */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

struct http_options {
	const char *url; /* http[s]://HOST[:PORT][/PATH] */
	const char *socket; /* path of a Unix socket to use instead of the host; may be NULL */
	const char *agent; /* the User-Agent */
	const char *content_type; /* of what is sent */
	const char *ca_file; /* PEM: who vouches for a server of https; NULL: the system's */
	unsigned connect_ms, timeout_ms; /* 0: 5 s and 60 s */
	size_t answer_max; /* bytes of an answer that are kept; 0: 1 MiB */
	/* A transfer ends as a failure within a second after this becomes true; may be NULL. */
	const atomic_bool *abort;
};

struct http;

/*
 * Copies the options. NULL with words for a URL that is none, that carries a user or password, or a
 * query. The words never quote it.
 */
struct http *http_new(const struct http_options *o, struct err *e);
void http_free(struct http *h);

/* A field of each request's head; nothing happens where the value is NULL or empty. -1: it has more than one line. */
int http_header(struct http *h, const char *name, const char *value, struct err *e);

struct http_answer {
	long status;
	uint32_t retry_after_s; /* RFC 9110 §10.2.3, as seconds; 0: not said */
	struct buf text; /* at most answer_max; the caller releases it */
	bool cut; /* more came than was kept */
	bool sent; /* the whole body was, or may have been, whether or not an answer came */
};

/*
 * POSTs the body; `query` (may be NULL) goes into the URL as it is. Clears the
 * answer first. The body is sent once at most. 0 once there is an answer, whatever its status; -1 with words
 * where none came.
 */
int http_post(struct http *h, const char *query, struct str body, struct http_answer *a, struct err *e);

/* Appends the text as a part of a query (RFC 3986 §2.1). */
void http_escape(struct buf *out, struct str text);

#endif
