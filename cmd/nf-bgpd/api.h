/*
 * The HTTP interface: POST /announce, /withdraw, /flowspec, /flowspec/withdraw,
 * /flush and /arm; GET /announcements, /peers, /route/ADDRESS, /health, /metrics. Requests and answers
 * are JSON; an error is {"error": "words"} with its status. Whoever may open the
 * Unix socket may use it; over TCP clients are held against what api_settings says.
 */
#ifndef NF_BGPD_API_H
#define NF_BGPD_API_H

#include "bgp/blackholes.h"
#include "bmp_station.h"
#include "io/conf.h"
#include "io/metrics.h"
#include "protected.h"
#include "speaker.h"

enum {
	API_TOKENS_MAX = 64,
	API_TOKEN_MAX = 256, /* bytes */
	API_ALLOW_MAX = 256,
	API_HOSTS_MAX = 16,
};

struct api_settings {
	struct addr listen;
	uint16_t port;
	char *socket; /* path */
	struct prefix allow[API_ALLOW_MAX]; /* none: all */
	char *hosts[API_HOSTS_MAX];
	struct buf tokens[API_TOKENS_MAX]; /* none: none is asked for */
	unsigned allow_count, host_count, token_count;
	char *zone; /* of `timestamp` and `expires` */
};

/* -1 with words, and there is nothing to release. */
int api_settings_read(struct api_settings *s, const struct conf *c, struct err *e);
void api_settings_release(struct api_settings *s);

/* What the interface is about. */
struct api_subject {
	struct blackholes *blackholes;
	const struct speaker *speaker;
	const struct bmp_station *station;
	const struct protect *protect;
	const struct metrics *metrics;
	void (*changed)(void *arg); /* an expiry may be due earlier now */
	void *arg;
};

struct api;

struct api *api_new(struct loop *l, const struct api_subject *subject);
void api_free(struct api *a);

/*
 * Takes the settings, which are its own from now on, and listens where they say.
 * A port or path that cannot be had is said and tried again.
 */
void api_set(struct api *a, struct api_settings *s);

void api_metrics(void *arg, struct buf *out);

#endif
