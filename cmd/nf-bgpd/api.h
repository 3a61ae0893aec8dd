/*
 * The HTTP interface: POST /announce and /withdraw; GET /announcements, /peers,
 * /route/ADDRESS, /health, /metrics. Requests and answers are JSON; an error is
 * {"error": "words"} with its status.
 */
#ifndef NF_BGPD_API_H
#define NF_BGPD_API_H

#include "io/conf.h"
#include "speaker.h"

enum {
	API_BODY_MAX = 64 << 10,
	API_HEADERS_MAX = 16 << 10,
	API_TIMEOUT_S = 10, /* of a client that says nothing, or reads nothing */
	API_TOKENS_MAX = 16,
	API_ALLOW_MAX = 256,
	API_ROUTES_MAX = 64, /* shown of one prefix */
};

struct api_settings {
	bool tcp;
	struct addr listen;
	uint16_t port;
	const char *socket; /* path, NULL: none */
	struct prefix allow[API_ALLOW_MAX]; /* clients of TCP; none: all */
	unsigned allow_count;
	struct buf tokens[API_TOKENS_MAX]; /* none: none is asked for */
	unsigned token_count;
	const char *zone; /* of `timestamp` and `expires` */
};

/* What the interface is about. */
struct api_subject {
	struct blackholes *blackholes;
	struct speaker *speaker;
	const struct metrics *metrics;
	/* Whether the prefix must not be blackholed: words that say why, or NULL. */
	const char *(*protects)(void *arg, const struct prefix *p);
	void (*changed)(void *arg); /* an expiry may be due earlier now */
	void *arg;
};

struct api;

/* The settings must last as long. */
struct api *api_new(struct loop *l, const struct api_settings *s, const struct api_subject *subject);
void api_free(struct api *a);

/* Opens what is not open yet; -1 with words of what could not be, the rest is. May be called again. */
int api_listen(struct api *a, struct err *e);

int api_settings_read(struct api_settings *s, const struct conf *c, struct err *e);
void api_settings_release(struct api_settings *s);

#endif
