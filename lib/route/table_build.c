#include <stddef.h>
#include <stdlib.h>

#include "base/hash.h"
#include "io/fdio.h"
#include "route/aspath.h"
#include "route/table.h"

/* More prefixes or routes than this are looked through before there are twice as many. */
#define SETTLE_MIN 2000000

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct list_key {
	uint64_t hash[2];
};

static uint32_t
route_count(const struct table_builder *b)
{
	return (uint32_t)(b->routes.len / sizeof(struct table_route));
}

static const struct table_route *
routes_of(const struct table_builder *b)
{
	return (const void *)b->routes.p;
}

static struct str
list_of(const struct table_builder *b, uint32_t n)
{
	const uint32_t *ends = (const void *)b->ends.p;
	uint32_t from = n > 0 ? ends[n - 1] : 0;

	return ends[n] > from ? (struct str){(const char *)b->pool.p + from, ends[n] - from} : STR("");
}

/* Below 0: a goes before b. See struct table_builder. */
static int
route_order(const struct table_builder *t, const struct table_route *a, const struct table_route *b)
{
	uint32_t pref_a = (a->present & ROUTE_LOCAL_PREF) != 0 ? a->local_pref : 100;
	uint32_t pref_b = (b->present & ROUTE_LOCAL_PREF) != 0 ? b->local_pref : 100;
	bool peer_a = (a->present & ROUTE_PEER) != 0, peer_b = (b->present & ROUTE_PEER) != 0;

	if (pref_a != pref_b)
		return pref_a > pref_b ? -1 : 1;
	unsigned len_a = (a->present & ROUTE_AS_PATH) != 0 ? aspath_length(list_of(t, a->as_path)) : 0;
	unsigned len_b = (b->present & ROUTE_AS_PATH) != 0 ? aspath_length(list_of(t, b->as_path)) : 0;
	if (len_a != len_b)
		return len_a < len_b ? -1 : 1;
	if (a->med != b->med)
		return a->med < b->med ? -1 : 1;
	if (!peer_a || !peer_b)
		return peer_b - peer_a;
	const struct addr *addrs = (const void *)t->addrs.p;
	return memcmp(&addrs[a->peer], &addrs[b->peer], sizeof *addrs);
}

static uint32_t
route_choose(void *arg, uint32_t held, uint32_t next)
{
	const struct table_builder *b = arg;
	const struct table_route *r = routes_of(b);

	return route_order(b, &r[held - 1], &r[next - 1]) < 0 ? held : next;
}

static void
numbers_init(struct table_builder *b)
{
	map_init(&b->route_numbers, sizeof(struct table_route), sizeof(uint32_t));
	map_init(&b->addr_numbers, sizeof(struct addr), sizeof(uint32_t));
	map_init(&b->list_numbers, sizeof(struct list_key), sizeof(uint32_t));
}

static void
numbers_release(struct table_builder *b)
{
	map_release(&b->route_numbers);
	map_release(&b->addr_numbers);
	map_release(&b->list_numbers);
}

static void
routes_release(struct table_builder *b)
{
	buf_release(&b->routes);
	buf_release(&b->addrs);
	buf_release(&b->ends);
	buf_release(&b->pool);
}

void
table_builder_init(struct table_builder *b)
{
	*b = (struct table_builder){.settle_at = SETTLE_MIN};
	b->prefixes.choose = route_choose;
	b->prefixes.choose_arg = b;
	numbers_init(b);
}

void
table_builder_release(struct table_builder *b)
{
	lpm_builder_release(&b->prefixes);
	numbers_release(b);
	routes_release(b);
}

static uint32_t
addr_number(struct table_builder *b, const struct addr *a)
{
	bool fresh;
	uint32_t *n = map_put(&b->addr_numbers, a, &fresh);

	if (fresh) {
		*n = (uint32_t)(b->addrs.len / sizeof *a);
		buf_add(&b->addrs, a, sizeof *a);
	}
	return *n;
}

static int
list_number(struct table_builder *b, struct str list, uint32_t *number, struct err *e)
{
	struct list_key key = {{hash64(list.p, list.len), hash64_seed(list.p, list.len, 1)}};
	bool fresh;

	if (list.len > ROUTE_LIST_MAX || (list.len != 0 && list.p[list.len - 1] != '\0'))
		return err_set(e, "a list of over %d bytes or without its end", ROUTE_LIST_MAX);
	if (b->pool.len + list.len > UINT32_MAX)
		return err_set(e, "the lists of all routes take over 4 GiB");
	uint32_t *n = map_put(&b->list_numbers, &key, &fresh);
	if (fresh) {
		*n = (uint32_t)(b->ends.len / sizeof *n);
		buf_add(&b->pool, list.p, list.len);
		buf_le32(&b->ends, (uint32_t)b->pool.len);
	}
	*number = *n;
	return 0;
}

int
table_builder_route(struct table_builder *b, const struct route *r, uint32_t *number, struct err *e)
{
	struct table_route t = {.present = r->present};
	bool fresh;

	if (route_count(b) == LPM_VALUE_MAX)
		return err_set(e, "over %u different routes", LPM_VALUE_MAX);
	if ((r->present & ROUTE_NEXT_HOP) != 0)
		t.next_hop = addr_number(b, &r->next_hop);
	if ((r->present & ROUTE_PEER) != 0)
		t.peer = addr_number(b, &r->peer);
	if ((r->present & ROUTE_LOCAL_PREF) != 0)
		t.local_pref = r->local_pref;
	if ((r->present & ROUTE_MED) != 0)
		t.med = r->med;
	if ((r->present & ROUTE_AS_PATH) != 0 && list_number(b, r->as_path, &t.as_path, e) == -1)
		return -1;
	if ((r->present & ROUTE_COMMUNITIES) != 0 && list_number(b, r->communities, &t.communities, e) == -1)
		return -1;
	if ((r->present & ROUTE_LARGE_COMMUNITIES) != 0 &&
	    list_number(b, r->large_communities, &t.large_communities, e) == -1)
		return -1;
	uint32_t *n = map_put(&b->route_numbers, &t, &fresh);
	if (fresh) {
		*n = route_count(b);
		buf_add(&b->routes, &t, sizeof t);
	}
	*number = *n;
	return 0;
}

/* The route as it was added; its lists stand in the builder. */
static struct route
route_get(const struct table_builder *b, uint32_t n)
{
	const struct table_route *t = &routes_of(b)[n];
	const struct addr *addrs = (const void *)b->addrs.p;
	struct route r = {.present = t->present, .local_pref = t->local_pref, .med = t->med};

	if ((r.present & ROUTE_NEXT_HOP) != 0)
		r.next_hop = addrs[t->next_hop];
	if ((r.present & ROUTE_PEER) != 0)
		r.peer = addrs[t->peer];
	if ((r.present & ROUTE_AS_PATH) != 0)
		r.as_path = list_of(b, t->as_path);
	if ((r.present & ROUTE_COMMUNITIES) != 0)
		r.communities = list_of(b, t->communities);
	if ((r.present & ROUTE_LARGE_COMMUNITIES) != 0)
		r.large_communities = list_of(b, t->large_communities);
	return r;
}

/* Numbers anew what some prefix still leads to, and forgets the rest. */
static void
routes_renumber(struct table_builder *b, uint32_t *renumber)
{
	struct table_builder kept = *b;

	kept.routes = kept.addrs = kept.ends = kept.pool = (struct buf){0};
	numbers_init(&kept);
	for (uint32_t n = 0; n < route_count(b); n++) {
		struct route r = route_get(b, n);

		if (renumber[n] != 0)
			(void)table_builder_route(
			    &kept, &r, &renumber[n], NULL); /* cannot fail: it did not before */
	}
	numbers_release(b);
	routes_release(b);
	*b = kept;
	for (unsigned f = 0; f < LPM_FAMILIES; f++)
		for (size_t i = 0; i < b->prefixes.list[f].count; i++) {
			struct lpm_item *it = &b->prefixes.list[f].items[i];

			it->value = renumber[it->value - 1] + 1;
		}
}

/* Makes equal prefixes one, and drops the routes that lost. */
static void
builder_settle(struct table_builder *b)
{
	uint32_t routes = route_count(b), *used = mem_zero(routes + 1, sizeof *used), left = routes;
	size_t prefixes = 0;

	lpm_builder_settle(&b->prefixes);
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		const struct lpm_list *l = &b->prefixes.list[f];

		for (size_t i = 0; i < l->count; i++) {
			left -= used[l->items[i].value - 1] == 0;
			used[l->items[i].value - 1] = 1;
		}
		prefixes += l->count;
	}
	/* A few that are left over do no harm, and the others can keep their numbers. */
	if (left > routes / 8) {
		routes_renumber(b, used);
		b->settled++;
	}
	free(used);
	if (prefixes < route_count(b))
		prefixes = route_count(b);
	b->settle_at = 2 * prefixes > SETTLE_MIN ? 2 * prefixes : SETTLE_MIN;
}

void
table_builder_prefix(struct table_builder *b, const struct prefix *p, uint32_t number)
{
	const struct lpm_list *l = b->prefixes.list;

	lpm_builder_add(&b->prefixes, p, number + 1);
	if (l[LPM_V4].count + l[LPM_V6].count >= b->settle_at || route_count(b) >= b->settle_at)
		builder_settle(b);
}

int
table_builder_add(struct table_builder *b, const struct prefix *p, const struct route *r, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	uint32_t number;

	if (table_builder_route(b, r, &number, e) == -1)
		return err_wrap(e, "%s", prefix_text(text, p));
	table_builder_prefix(b, p, number);
	return 0;
}

static void
pad(struct buf *b)
{
	static const uint8_t zeros[8];

	buf_add(b, zeros, -b->len & 7);
}

static void
part_add(struct buf *out, const struct buf *part)
{
	buf_add(out, part->p, part->len);
	pad(out);
}

/* One family after the other: addresses, routes, lengths. */
static void
prefixes_add(struct buf *out, const struct lpm_list *l, unsigned family)
{
	for (size_t i = 0; i < l->count; i++) {
		if (family == LPM_V4) {
			buf_le32(out, (uint32_t)(l->items[i].hi >> 32));
			continue;
		}
		buf_le64(out, l->items[i].hi);
		buf_le64(out, l->items[i].lo);
	}
	pad(out);
	for (size_t i = 0; i < l->count; i++)
		buf_le32(out, l->items[i].value - 1);
	pad(out);
	for (size_t i = 0; i < l->count; i++)
		buf_putc(out, (char)l->items[i].len);
	pad(out);
}

static uint32_t
part_count(const struct buf *part, size_t size)
{
	return (uint32_t)(part->len / size);
}

int
table_builder_write(struct table_builder *b, const char *path, uint64_t created, struct err *e)
{
	struct buf out = {0};
	struct table_head head = {.magic = TABLE_MAGIC, .version = TABLE_VERSION, .created = created};

	numbers_release(b); /* before more memory is needed */
	builder_settle(b);
	head.routes = route_count(b);
	head.addrs = part_count(&b->addrs, sizeof(struct addr));
	head.lists = part_count(&b->ends, sizeof(uint32_t));
	head.pool_len = b->pool.len;
	buf_add(&out, &head, sizeof head);
	lpm_builder_build(&b->prefixes, &out);
	head.lpm_len = out.len - sizeof head;
	pad(&out);
	part_add(&out, &b->routes);
	part_add(&out, &b->addrs);
	part_add(&out, &b->ends);
	part_add(&out, &b->pool);
	for (unsigned f = 0; f < LPM_FAMILIES; f++) {
		head.prefixes[f] = (uint32_t)b->prefixes.list[f].count;
		prefixes_add(&out, &b->prefixes.list[f], f);
	}
	head.payload_hash = hash64(out.p + sizeof head, out.len - sizeof head);
	head.head_hash = hash64(&head, offsetof(struct table_head, head_hash));
	memcpy(out.p, &head, sizeof head);
	int rc = file_replace(path, out.p, out.len, 0444, 1, e);
	buf_release(&out);
	return rc;
}
