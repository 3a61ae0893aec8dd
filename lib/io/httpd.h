/*
 * A server of HTTP/1.1 for a few clients: a whole request in, a whole answer out.
 * libevent's own cannot be kept from answering in HTML nor bounded in
 * connections before its 2.2, so only its loop is used.
 *
 * Bounded are the head and the body of a request, the time in which it must have
 * come, the time in which the answer must have been taken, and the connections,
 * beyond which callers wait to be accepted. What is wrong with a request as HTTP
 * is answered here, with {"error": "words"}.
 */
#ifndef IO_HTTPD_H
#define IO_HTTPD_H

#include "base/addr.h"
#include "io/http_head.h"
#include "io/loop.h"

struct httpd_limits {
	size_t head, body; /* bytes */
	int64_t timeout_ms;
	unsigned connections;
};

struct httpd_request {
	const struct http_head *head;
	struct str body;
	bool local; /* it came by a Unix socket */
	struct addr from; /* otherwise */
};

struct httpd_answer {
	int status;
	const char *type; /* of the body; application/json if not set */
	const char *field; /* one more header field, "Allow: GET", or NULL */
	struct buf body;
};

typedef void httpd_fn(void *arg, const struct httpd_request *r, struct httpd_answer *a);

struct httpd;

/* Serves those who call at the listening descriptor, which is its own from now on. */
struct httpd *httpd_new(struct loop *l, int fd, const struct httpd_limits *limits, httpd_fn *fn, void *arg);
void httpd_free(struct httpd *h); /* NULL is fine */

#endif
