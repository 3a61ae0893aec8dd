/* The table of keys, a file held against it, and values by path. */
#include "io/conf.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "io/endpoint.h"

#define PATH_MAX_LEN 128 /* longer than any path of the table */

const struct conf_key conf_keys[] = {
#define KEY(path, type, min, max, def, flags, words, doc) {path, type, min, max, def, flags, words, doc},
#include "io/conf_keys.def"
#undef KEY
};
const size_t conf_keys_count = sizeof conf_keys / sizeof conf_keys[0];

struct checker {
	conf_warn_fn *warn;
	void *arg;
	struct err *e;
};

const struct conf_key *
conf_key_find(const char *path)
{
	for (size_t i = 0; i < conf_keys_count; i++)
		if (strcmp(conf_keys[i].path, path) == 0)
			return &conf_keys[i];
	return NULL;
}

/* Whether keys of the table stand below the path. */
static bool
section_known(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < conf_keys_count; i++)
		if (strncmp(conf_keys[i].path, path, len) == 0 && conf_keys[i].path[len] == '.')
			return true;
	return false;
}

static void
warn_at(const struct checker *k, const struct cnode *n, const char *words)
{
	struct err e;

	cnode_err(n, &e, "%s", words);
	if (k->warn != NULL)
		k->warn(k->arg, e.msg);
}

/* Whether the item is one of the words, which stand between spaces. */
static bool
word_known(const char *words, struct str item)
{
	for (const char *p = words; *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (str_eq((struct str){p, len}, item))
			return true;
		p += len + (p[len] == ' ');
	}
	return false;
}

struct item_check {
	const struct checker *k;
	const struct conf_key *key;
};

/* Holds one text against what the table says of its form. */
static int
item_check(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	const struct item_check *ic = arg;
	const struct conf_key *key = ic->key;
	struct err why;
	struct endpoint ep;
	struct addr a;
	struct prefix p;
	uint16_t port;

	if (key->words != NULL && !word_known(key->words, item))
		return cnode_err(at, e, "%s: '%.64s', expected one of: %s", key->path, item.p, key->words);
	unsigned form = key->flags & (CONF_ADDR | CONF_HOSTPORT);
	if (form == CONF_ADDR && addr_parse(&a, item) < 0)
		return cnode_err(at, e, "%s: '%.64s', expected an IP address", key->path, item.p);
	if (form == CONF_HOSTPORT && hostport_parse(&a, &port, item, &why) < 0)
		return cnode_err(at, e, "%s: %s", key->path, why.msg);
	if (form == (CONF_ADDR | CONF_HOSTPORT) && addr_parse(&a, item) < 0 &&
	    hostport_parse(&a, &port, item, &why) < 0)
		return cnode_err(
		    at, e, "%s: '%.64s', expected an IP address, or one and a port", key->path, item.p);
	if ((key->flags & CONF_PREFIX) && prefix_parse(&p, item, &why) < 0)
		return cnode_err(at, e, "%s: %s", key->path, why.msg);
	if ((key->flags & CONF_ENDPOINT) && endpoint_parse(&ep, item, &why) < 0)
		return cnode_err(at, e, "%s: %s", key->path, why.msg);
	if (strcmp(key->path, "enrich") == 0 && str_eq(item, STR("smtp")))
		warn_at(ic->k, at, "enrich: 'smtp' is read as 'snmp'");
	return 0;
}

/* Users know the port of ClickHouse's own protocol; ours speak HTTP. */
static void
clickhouse_port_check(const struct checker *k, const struct cnode *n)
{
	const char *colon = strrchr(n->text.p, ':');

	if (colon != NULL && (strcmp(colon, ":9000") == 0 || strcmp(colon, ":9440") == 0))
		warn_at(
		    k, n, "clickhouse.host: this is the port of the native protocol; 8123 (HTTP) is used");
}

static int
value_check(const struct checker *k, const struct conf_key *key, const struct cnode *n)
{
	struct item_check ic = {k, key};
	struct str text;
	uint64_t num;
	double real;
	bool b;

	if (n->kind == CNODE_NULL)
		return 0;
	if (key->flags & CONF_IDLE) {
		char words[256];

		snprintf(words, sizeof words, "'%s' does nothing here: %s", key->path, key->doc);
		warn_at(k, n, words);
	}
	switch (key->type) {
	case CONF_STR:
		if (cnode_str(n, &text, k->e) < 0)
			return -1;
		if (strcmp(key->path, "clickhouse.host") == 0)
			clickhouse_port_check(k, n);
		return text.len > 0 ? item_check(&ic, text, n, k->e) : 0;
	case CONF_BOOL:
		return cnode_bool(n, &b, k->e);
	case CONF_NUM:
		return cnode_num(n, &num, key->min, key->max, k->e);
	case CONF_REAL:
		return cnode_real(n, &real, k->e);
	case CONF_SIZE:
		return cnode_size(n, &num, k->e);
	case CONF_DURATION:
		return cnode_duration(n, &num, key->min, k->e);
	case CONF_LIST:
		return cnode_each(n, item_check, &ic, k->e);
	case CONF_BY_PREFIX:
		return cnode_by_prefix(n, key->min, key->max, NULL, NULL, k->e);
	case CONF_TREE:
		return 0;
	}
	return 0;
}

/* Names the nearest key of the same section, or all that it has. */
static int
unknown_key(const struct checker *k, const struct cnode *n, const char *section, const char *path)
{
	char names[64][PATH_MAX_LEN], all[384] = "";
	const char *list[64];
	size_t count = 0, len = strlen(section), used = 0;

	for (size_t i = 0; i < conf_keys_count && count < 64; i++) {
		if (strncmp(conf_keys[i].path, section, len) != 0)
			continue;
		const char *name = conf_keys[i].path + len;
		snprintf(names[count], PATH_MAX_LEN, "%.*s", (int)strcspn(name, "."), name);
		if (count > 0 && strcmp(names[count], names[count - 1]) == 0)
			continue;
		list[count] = names[count];
		used += (size_t)snprintf(
		    all + used, sizeof all - used, "%s%s", count > 0 ? ", " : "", names[count]);
		used = used < sizeof all ? used : sizeof all - 1;
		count++;
	}
	const char *near = nearest_name(n->key, list, count);
	struct cnode at = *n;
	at.line = n->key_line;
	at.column = n->key_column;
	if (near != NULL)
		return cnode_err(&at, k->e, "unknown key '%.64s'; did you mean '%s'?", path, near);
	return cnode_err(&at, k->e, "unknown key '%.64s', expected one of: %s", path, all);
}

/* Checks what stands in a map; section is "" or "clickhouse.", say. */
static int
section_check(const struct checker *k, const struct cnode *map, const char *section)
{
	for (const struct cnode *n = map->first; n != NULL; n = n->next) {
		char path[PATH_MAX_LEN];
		const struct conf_key *key;

		int len = snprintf(path, sizeof path, "%s%s", section, n->key.p);
		if ((size_t)len >= sizeof path - 1 || memchr(n->key.p, '.', n->key.len) != NULL)
			return unknown_key(k, n, section, path);
		if ((key = conf_key_find(path)) != NULL) {
			if (value_check(k, key, n) < 0)
				return -1;
			continue;
		}
		if (!section_known(path))
			return unknown_key(k, n, section, path);
		if (n->kind != CNODE_MAP && n->kind != CNODE_NULL)
			return cnode_err(n, k->e, "%s: expected a map of keys", path);
		path[len] = '.';
		path[len + 1] = '\0';
		if (section_check(k, n, path) < 0)
			return -1;
	}
	return 0;
}

int
conf_check(const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e)
{
	struct checker k = {warn, arg, e};

	if (c->root == NULL || c->root->kind == CNODE_NULL)
		return 0;
	if (c->root->kind != CNODE_MAP)
		return cnode_err(
		    c->root, e, "expected a map of keys, such as 'clickhouse: {host: localhost}'");
	return section_check(&k, c->root, "");
}

/* The value's node, or one made of the default; CNODE_NULL for neither. */
static struct cnode
value_node(const struct conf *c, const char *path, enum conf_type type)
{
	const struct conf_key *key = conf_key_find(path);

	assert(key != NULL && key->type == type);
	if (c != NULL && conf_has(c, path))
		return *conf_find(c, path);
	if (key->def == NULL)
		return (struct cnode){.kind = CNODE_NULL, .text = STR("")};
	return (struct cnode){.kind = CNODE_SCALAR, .text = str_from(key->def), .file = "default"};
}

bool
conf_has(const struct conf *c, const char *path)
{
	const struct cnode *n = c != NULL ? conf_find(c, path) : NULL;

	return n != NULL && n->kind != CNODE_NULL;
}

const char *
conf_str(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_STR);

	return n.kind == CNODE_SCALAR ? n.text.p : NULL;
}

bool
conf_bool(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_BOOL);
	bool v;

	return cnode_bool(&n, &v, NULL) == 0 && v;
}

uint64_t
conf_num(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_NUM);
	uint64_t v;

	return cnode_num(&n, &v, 0, UINT64_MAX, NULL) == 0 ? v : 0;
}

double
conf_real(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_REAL);
	double v;

	return cnode_real(&n, &v, NULL) == 0 ? v : 0;
}

uint64_t
conf_size(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_SIZE);
	uint64_t v;

	return cnode_size(&n, &v, NULL) == 0 ? v : 0;
}

uint64_t
conf_duration(const struct conf *c, const char *path)
{
	struct cnode n = value_node(c, path, CONF_DURATION);
	uint64_t v;

	return cnode_duration(&n, &v, conf_key_find(path)->min, NULL) == 0 ? v : 0;
}

int
conf_each(const struct conf *c, const char *path,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e)
{
	struct cnode n = value_node(c, path, CONF_LIST);

	return cnode_each(&n, fn, arg, e);
}
