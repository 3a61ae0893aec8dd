/*
 * Routes that routers tell by BMP (RFC 7854) of their neighbours, before any
 * policy of theirs: each neighbour is a peer of the RIB. A router calls us; we
 * say nothing. When its session ends the routes are stale, and leave when nobody
 * has told of them again for the stale time. A neighbour that is down leaves at
 * once with its routes.
 */
#ifndef NF_BGPD_BMP_STATION_H
#define NF_BGPD_BMP_STATION_H

#include "io/conf.h"
#include "settings.h"
#include "speaker.h"

enum { BMP_ALLOW_MAX = 256 };

struct bmp_settings {
	bool enabled;
	struct addr listen;
	uint16_t port;
	struct prefix
	    allow[BMP_ALLOW_MAX + NEIGHBOURS_MAX]; /* who may call: those listed, and our neighbours */
	unsigned allow_count;
	uint64_t max_routes; /* of one router, 0: any number */
	uint64_t stale_ms;
};

int bmp_settings_read(
    struct bmp_settings *s, const struct bgpd_settings *b, const struct conf *c, struct err *e);

struct bmp_station;

/* The routes go into the speaker's RIB, and stay there when the station ends, which it does before the speaker. */
struct bmp_station *bmp_station_new(struct loop *l, struct speaker *s);
void bmp_station_free(struct bmp_station *b);

/* Listens there from now on. Who may not call any more is hung up on. */
void bmp_station_set(struct bmp_station *b, const struct bmp_settings *s);

/* Neighbours that routers tell of: as objects of JSON, with the comma in front that is due. */
void bmp_station_view(struct buf *out, const struct bmp_station *b, const char *comma);
void bmp_station_metrics(void *arg, struct buf *out);

#endif
