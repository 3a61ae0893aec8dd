/*
 * Queries to one ClickHouse server over its HTTP interface: one kept connection,
 * user and password in headers, answers up to a cap, and a verdict on each
 * failure. Not for use by two threads at once.
 */
#ifndef CH_HTTP_H
#define CH_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

enum ch_verdict {
	CH_OK,
	CH_UNREACHABLE, /* no connection, or it broke: try again */
	CH_BUSY, /* the server cannot now, but may later: too many parts, memory, read-only, disk full… */
	CH_REFUSED_LOGIN, /* user or password: try again, the operator may change either */
	CH_NO_TABLE, /* no such database or table: try again, somebody may create it */
	CH_MISFIT, /* the table's columns cannot take flows; said by who knows flows, not by ch_http_query */
	CH_POISON, /* this query will never do, as long as the table is what it is */
};

struct ch_http_options {
	const char *url; /* http[s]://HOST[:PORT][/PATH] */
	const char *user, *password; /* may be NULL */
	const char *ca_file; /* PEM, whose certificates vouch for the server; NULL: the system's */
	bool gzip; /* what is sent goes as Content-Encoding: gzip */
	unsigned connect_ms, timeout_ms; /* 0: 5 s and 60 s */
	const char *agent; /* the User-Agent; NULL: nf-ch-insert's */
	size_t answer_max; /* bytes of an answer that are kept; 0: 1 MiB */
	const atomic_bool
	    *abort; /* a transfer ends as unreachable soon after this becomes true; may be NULL */
};

struct ch_http;

/* Copies the options. NULL with words for a URL that is none, or one that carries a user or password. */
struct ch_http *ch_http_new(const struct ch_http_options *o, struct err *e);
void ch_http_free(struct ch_http *h);

/* One request. */
struct ch_request {
	const char *query; /* in the URL's query string if there is a body, else the body itself */
	const void *body; /* of an INSERT, or NULL */
	size_t body_len;
	const char *settings; /* "name=value&…" for the URL; may be empty or NULL */
};

struct ch_answer {
	struct buf text; /* what the server wrote, at most answer_max; the caller releases it */
	bool cut; /* it wrote more */
	int code; /* the server's error code, 0 if it gave none */
	uint64_t row; /* of the body, which the server's error names; from 1, 0 if it names none */
	bool ambiguous; /* the whole request was sent and no answer came: it may have been done */
};

/* The verdict; unless it is CH_OK, e has the words. Clears the answer first. */
enum ch_verdict ch_http_query(
    struct ch_http *h, const struct ch_request *r, struct ch_answer *a, struct err *e);

/* The verdict on an error code of the server and the status that came with it. */
enum ch_verdict ch_verdict_of(int code, long status);

#endif
