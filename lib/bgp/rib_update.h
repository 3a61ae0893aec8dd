/* What an UPDATE does to the routes of its peer. */
#ifndef BGP_RIB_UPDATE_H
#define BGP_RIB_UPDATE_H

#include "bgp/rib.h"
#include "bgp/update.h"

/* Of one that does not reset the session; what is to be taken as withdrawn (RFC 7606 §2) is. */
void rib_update(struct rib *r, int peer, const struct update *u);

#endif
