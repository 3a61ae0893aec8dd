#include "detect/host_groups.h"

#include <stdlib.h>
#include <string.h>

struct host_prefix {
	struct prefix prefix;
	uint32_t group;
};

/* What prefix_item works on. */
struct reading {
	struct host_groups *groups;
	const char *name;
};

static int
prefix_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct reading *r = arg;
	struct host_groups *h = r->groups;
	struct err words;
	struct prefix p;

	if (prefix_parse(&p, item, &words) < 0)
		return cnode_err(at, e, "%s", words.msg);
	if (h->n == HOST_GROUP_PREFIXES_MAX)
		return cnode_err(at, e, "more than %d prefixes in host_groups", HOST_GROUP_PREFIXES_MAX);
	if ((h->n & (h->n - 1)) == 0)
		h->v = mem_resize(h->v, h->n > 0 ? 2 * h->n : 1, sizeof *h->v);
	h->v[h->n++] = (struct host_prefix){p, h->count - 1};
	return 0;
}

/* The longest first, so that the first that fits is the one. */
static int
prefix_compare(const void *a, const void *b)
{
	const struct host_prefix *x = a, *y = b;

	if (x->prefix.len != y->prefix.len)
		return x->prefix.len > y->prefix.len ? -1 : 1;
	return memcmp(x->prefix.addr.b, y->prefix.addr.b, sizeof x->prefix.addr.b);
}

static int
group_read(struct host_groups *h, struct arena *a, const struct cnode *n, struct err *e)
{
	if (h->count == HOST_GROUPS_MAX)
		return cnode_err(n, e, "more than %d host_groups", HOST_GROUPS_MAX);
	h->names[h->count++] = arena_printf(a, "%s", n->key.p);
	return cnode_each(n, prefix_item, &(struct reading){h, n->key.p}, e);
}

int
host_groups_read(struct host_groups *h, struct arena *a, const struct cnode *map, struct err *e)
{
	char text[PREFIX_TEXT_MAX];

	*h = (struct host_groups){.names = arena_alloc(a, HOST_GROUPS_MAX * sizeof *h->names)};
	if (map->kind != CNODE_MAP)
		return cnode_err(map, e, "host_groups is a map of names to prefixes, this is not");
	for (const struct cnode *n = map->first; n != NULL; n = n->next)
		if (group_read(h, a, n, e) < 0)
			return -1;
	if (h->n > 0)
		qsort(h->v, h->n, sizeof *h->v, prefix_compare);
	for (size_t i = 1; i < h->n; i++)
		if (prefix_compare(&h->v[i - 1], &h->v[i]) == 0)
			return cnode_err(map, e, "%s is twice in host_groups, in %s and %s",
			    prefix_text(text, &h->v[i].prefix), h->names[h->v[i - 1].group],
			    h->names[h->v[i].group]);
	for (size_t i = 0; i < h->n; i++)
		h->from[129 - h->v[i].prefix.len]++;
	for (unsigned i = 1; i < 130; i++)
		h->from[i] += h->from[i - 1];
	return 0;
}

void
host_groups_release(struct host_groups *h)
{
	free(h->v);
	*h = (struct host_groups){0};
}

int64_t
host_groups_find(const struct host_groups *h, struct str name)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (str_eq(name, str_from(h->names[i])))
			return i;
	return -1;
}

int64_t
host_groups_of(const struct host_groups *h, const struct prefix *p)
{
	/* A search for each length that occurs and is no longer than the prefix, the longest first. */
	for (unsigned i = 128U - p->len; i <= 128; i++) {
		struct host_prefix want = {.prefix = {p->addr, (uint8_t)(128 - i)}};

		if (h->from[i] == h->from[i + 1])
			continue;
		addr_mask(&want.prefix.addr, want.prefix.len);
		const struct host_prefix *found = bsearch(
		    &want, h->v + h->from[i], h->from[i + 1] - h->from[i], sizeof *h->v, prefix_compare);
		if (found != NULL && prefix_contains(&found->prefix, &p->addr))
			return found->group;
	}
	return -1;
}
