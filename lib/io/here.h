/* What the system says of this machine. */
#ifndef IO_HERE_H
#define IO_HERE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/addr.h"

/* Whether an address of an interface lies in the prefix; true where the system does not say. */
bool here_owns(const struct prefix *which);

/* Whether the gateway of a route does. */
bool here_routes_by(const struct prefix *which);

/* The address of a socket; false for a family that is neither IPv4 nor IPv6. */
bool here_addr(struct addr *a, const struct sockaddr *sa);

#endif
