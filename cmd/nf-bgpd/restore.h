/*
 * The routes of the last dump, to start from: stale from the first, so that
 * those leave that nobody has sent again when the stale timer is over.
 */
#ifndef NF_BGPD_RESTORE_H
#define NF_BGPD_RESTORE_H

#include "speaker_parts.h"

struct restored;

/*
 * Routes of neighbours that the speaker has become theirs; those of others are
 * in the RIB without a session. What is wrong with the file is said; a file that
 * is not there is nothing wrong.
 */
struct restored *restored_read(struct speaker *s, const char *path);
void restored_free(struct restored *r);

#endif
