/* The sessions with all neighbours, and the routes that they bring. */
#ifndef NF_BGPD_SPEAKER_H
#define NF_BGPD_SPEAKER_H

#include "bgp/rib.h"
#include "settings.h"
#include "tablefile.h"

struct speaker;

struct speaker *speaker_new(struct loop *l, const struct bgpd_settings *s);
void speaker_free(struct speaker *s); /* tells the neighbours */

void speaker_start(struct speaker *s);
void speaker_metrics(void *arg, struct buf *out);

#endif
