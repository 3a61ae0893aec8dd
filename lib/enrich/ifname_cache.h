/*
 * The file in which names outlive the program: text, so that one can read it.
 *
 *     ifnames 1 HASH              XXH3 of all that follows, in hexadecimal
 *     router ADDRESS MILLISECONDS when it told
 *     INDEX SPEED NAME ALIAS      with tabs between, of the router above
 *
 * Names and aliases hold no tabs, as no control characters at all. To change
 * the format: another number in the first line. A file with a number that is
 * not ours is not read, and replaced.
 */
#ifndef ENRICH_IFNAME_CACHE_H
#define ENRICH_IFNAME_CACHE_H

#include "base/err.h"
#include "enrich/ifname.h"

/* Calls fn for each router, which is the callee's then; only if the whole file is sound. 0, or -1 with words. */
int ifname_cache_read(const char *path, void (*fn)(void *arg, struct router *r), void *arg, struct err *e);

/* The same of what is in such a file; `name` is for the words. */
int ifname_cache_parse(
    const char *name, struct str text, void (*fn)(void *arg, struct router *r), void *arg, struct err *e);

void ifname_cache_format(struct buf *out, struct router *const *routers, size_t n);

/* Writes aside and renames. */
int ifname_cache_write(const char *path, struct router *const *routers, size_t n, struct err *e);

#endif
