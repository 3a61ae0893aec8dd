/*
 * MaxMind DB files (the MaxMind DB File Format Specification, version 2.0) of
 * MaxMind (GeoLite2, GeoIP2: ASN, ISP, Country, City, Enterprise), DB-IP,
 * ip-location-db and IPinfo, read whole into a struct geodb.
 *
 * IPv4 is answered from the IPv4 subtree. Its aliases within IPv6 (::ffff:0:0/96,
 * 6to4, Teredo) are left out: what such an address embeds is not where it is.
 */
#ifndef ENRICH_MMDB_H
#define ENRICH_MMDB_H

#include "enrich/geodb.h"

/*
 * Loads the file at path (through a private copy: a file that is truncated
 * while it is mapped would kill us) with city names in the language, or in
 * English where it has none. The caller frees the result. NULL with words for a
 * file that cannot be read, is corrupt, or says nothing of AS, country or city.
 */
struct geodb *mmdb_load(const char *path, const char *language, struct err *e);

/* The same from bytes in memory. */
struct geodb *mmdb_load_bytes(const void *p, size_t len, const char *language, struct err *e);

#endif
