/* All routes as a dump in MRT, for the next start and for other programs. */
#ifndef NF_BGPD_MRTFILE_H
#define NF_BGPD_MRTFILE_H

#include "bgp/rib.h"
#include "writer.h"

struct mrtfile {
	const struct rib *rib;
	char *path; /* NULL: no dump is written */
	uint64_t interval_ms;
	struct loop_timer *timer;
	struct writer writer;
	uint64_t written_changes, begun_changes; /* of the routes in it */
	uint64_t written, failed; /* dumps */
};

void mrtfile_init(struct mrtfile *m, struct loop *l, const struct rib *r);

/* From now on a dump is written there, after each interval in which routes have changed. */
void mrtfile_set(struct mrtfile *m, const char *path, uint64_t interval_ms);

/* Writes what has changed since the last one, and waits until that is done. */
void mrtfile_release(struct mrtfile *m);

#endif
