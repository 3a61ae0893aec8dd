/*
 * Configuration: a YAML (or JSON, its subset) file as a tree whose nodes know
 * where they stand, so that every complaint reads
 *
 *     file:line:column: what is wrong, what was expected
 *
 * conf_load() only parses; conf_check() holds the tree against the table of
 * known keys (lib/io/conf_keys.def) and names the nearest known key for an
 * unknown one. Files of rules have their own table and use the same nodes.
 * Anchors, aliases and tags are errors, as is a key given twice. Depth and size
 * are bounded.
 */
#ifndef IO_CONF_H
#define IO_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/steward.h"

enum cnode_kind { CNODE_NULL, CNODE_SCALAR, CNODE_LIST, CNODE_MAP };

struct cnode {
	enum cnode_kind kind;
	bool quoted; /* a scalar in quotes is never a number, boolean or null */
	unsigned line, column; /* from 1 */
	struct str key; /* in a map: its key, and where that stands */
	unsigned key_line, key_column;
	struct str text; /* a scalar's text, NUL-terminated in memory */
	struct cnode *first, *next; /* children of a list or map in file order; next sibling */
	const char *file;
};

struct conf {
	struct arena arena;
	struct cnode *root; /* CNODE_NULL for an empty file */
};

int conf_load(struct conf *c, const char *path, struct err *e);
int conf_load_by(struct conf *c, struct steward *s, const char *path, struct err *e); /* see io/steward.h */
int conf_parse(struct conf *c, const char *name, struct str text, struct err *e);
void conf_release(struct conf *c);

/* The child of a map by its key, or NULL (also where n is NULL or no map). */
const struct cnode *cnode_get(const struct cnode *n, const char *key);

/* The node at a dotted path ("clickhouse.host"), or NULL. */
const struct cnode *conf_find(const struct conf *c, const char *path);

/* "file:line:column: words", for any complaint about a node. Always -1. */
int cnode_err(const struct cnode *n, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Typed reads; each names what was expected when the node is something else. */
int cnode_bool(const struct cnode *n, bool *v, struct err *e); /* true/false, yes/no, on/off */
int cnode_num(const struct cnode *n, uint64_t *v, uint64_t min, uint64_t max, struct err *e);
int cnode_real(const struct cnode *n, double *v, struct err *e);
int cnode_size(const struct cnode *n, uint64_t *bytes, struct err *e);
int cnode_duration(const struct cnode *n, uint64_t *ms, uint64_t unit_ms, struct err *e);
int cnode_str(const struct cnode *n, struct str *v, struct err *e);

/*
 * A list of strings however it is written: [a, b], one scalar "a, b" (split at
 * commas, spaces cut) or a single value. Calls fn for each with a node for
 * complaints; stops at the first -1.
 */
int cnode_each(const struct cnode *n,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e);

/*
 * A number for all addresses, or a map of prefixes to numbers: 100, or
 * {192.0.2.0/24: 100, "2001:db8::/32": 50}. Calls fn (which may be NULL) for
 * each prefix, for 0.0.0.0/0 and ::/0 where there is but a number; stops at the
 * first -1.
 */
typedef int cnode_prefix_fn(
    void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e);
int cnode_by_prefix(
    const struct cnode *n, uint64_t min, uint64_t max, cnode_prefix_fn *fn, void *arg, struct err *e);

/* The candidate nearest to name by edit distance, or NULL when none is near (more than a third away). */
const char *nearest_name(struct str name, const char *const *names, size_t n);

/* The table of the main configuration. */
enum conf_type {
	CONF_STR,
	CONF_BOOL,
	CONF_NUM,
	CONF_REAL,
	CONF_SIZE, /* bytes */
	CONF_DURATION, /* ms inside; a bare number counts in the unit that the key's doc names */
	CONF_LIST, /* list of strings, see cnode_each */
	CONF_BY_PREFIX, /* a number, or numbers by prefix, see cnode_by_prefix */
	CONF_TREE, /* any shape; whoever owns it checks it */
};

enum conf_flag {
	CONF_SECRET = 1, /* never shown */
	CONF_IDLE = 2, /* taken from files written for other versions, does nothing here: a warning */
	CONF_ADDR = 4, /* text or each item is an address */
	CONF_PREFIX = 8, /* an address or a prefix */
	CONF_HOSTPORT = 16, /* a numeric host and a port, see hostport_parse(); with CONF_ADDR: or without */
	CONF_ENDPOINT = 32, /* that and a transport, see io/endpoint.h */
};

struct conf_key {
	const char *path; /* "clickhouse.host" */
	enum conf_type type;
	uint64_t min, max; /* of CONF_NUM and CONF_BY_PREFIX; unit_ms in min for CONF_DURATION */
	const char *def; /* the default as text, or NULL for none */
	unsigned flags; /* of enum conf_flag */
	const char *words; /* the values possible, between spaces, or NULL for any */
	const char *doc; /* one line */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_count;
const struct conf_key *conf_key_find(const char *path);

/* Called for each oddity that does not stop the program (keys that act no more, values read with a correction). */
typedef void conf_warn_fn(void *arg, const char *words);

/* Holds the tree against the table: unknown keys, wrong types, wrong ranges; the first error. */
int conf_check(const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e);

/*
 * Values by path, with the table's default where the file is silent (or c is
 * NULL). The path must be in the table and of that type: anything else is a
 * programming error and aborts. No value and no default reads as 0 or false.
 * Call after conf_check().
 */
const char *conf_str(const struct conf *c, const char *path); /* NULL: no value and no default */
bool conf_bool(const struct conf *c, const char *path);
uint64_t conf_num(const struct conf *c, const char *path);
double conf_real(const struct conf *c, const char *path);
uint64_t conf_size(const struct conf *c, const char *path);
uint64_t conf_duration(const struct conf *c, const char *path); /* ms */

/* As cnode_each, over the list in the file or the default's. */
int conf_each(const struct conf *c, const char *path,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e);

bool conf_has(const struct conf *c, const char *path); /* given in the file */

#endif
