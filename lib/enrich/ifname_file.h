/*
 * Interface names that somebody wrote down, for routers without SNMP and for
 * names that should be others: an interface a line,
 *
 *     # exporter   ifIndex  name      alias           speed
 *     192.0.2.1    1        ether1    "Uplink Foo"    10G
 *     192.0.2.1    2        ether2    ""              1000000000
 *     2001:db8::1  517      ge-0/0/7
 *
 * In quotes a backslash stands before '"' and '\'. A speed is in bits/s; K, M,
 * G and T are powers of 1000. Of two lines for an interface the last counts.
 */
#ifndef ENRICH_IFNAME_FILE_H
#define ENRICH_IFNAME_FILE_H

#include "base/err.h"
#include "enrich/ifname.h"
#include "io/lines.h"

enum { IFNAME_FILE_BYTES_MAX = 64 << 20 };

struct ifname_file {
	struct ifnames *names;
	struct complaints bad; /* lines that were left out */
};

/* Bad lines are left out and complained of. NULL with words for a file of which nothing can be understood. */
struct ifname_file *ifname_file_load(const char *path, struct err *e);
struct ifname_file *ifname_file_parse(const char *name, struct str text, struct err *e);
void ifname_file_free(struct ifname_file *f); /* NULL is fine */

#endif
