#include "route/table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

struct str
table_list(const struct table *t, uint32_t n)
{
	uint32_t from = n > 0 ? t->ends[n - 1] : 0;

	return (struct str){t->pool + from, t->ends[n] - from};
}

void
table_route(const struct table *t, uint32_t n, struct route *out)
{
	const struct table_route *r = &t->routes[n];

	*out = (struct route){.present = r->present, .local_pref = r->local_pref, .med = r->med};
	if ((r->present & ROUTE_NEXT_HOP) != 0)
		out->next_hop = t->addrs[r->next_hop];
	if ((r->present & ROUTE_PEER) != 0)
		out->peer = t->addrs[r->peer];
	if ((r->present & ROUTE_AS_PATH) != 0)
		out->as_path = table_list(t, r->as_path);
	if ((r->present & ROUTE_COMMUNITIES) != 0)
		out->communities = table_list(t, r->communities);
	if ((r->present & ROUTE_LARGE_COMMUNITIES) != 0)
		out->large_communities = table_list(t, r->large_communities);
}

/* A prefix as in the columns: its bits from the left (IPv4 in the upper half of hi), and its own length. */
struct bits {
	uint64_t hi, lo;
	uint8_t len;
};

static struct bits
bits_at(const struct table_prefixes *l, uint32_t i)
{
	if (l->v4 != NULL)
		return (struct bits){(uint64_t)l->v4[i] << 32, 0, l->lens[i]};
	return (struct bits){l->v6[2 * (size_t)i], l->v6[2 * (size_t)i + 1], l->lens[i]};
}

static int
bits_order(const struct bits *a, const struct bits *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->len - b->len;
}

/* Keeps the first b->len bits. */
static void
bits_mask(struct bits *b)
{
	unsigned len = b->len;

	b->hi &= len == 0 ? 0 : len < 64 ? ~(~UINT64_C(0) >> len) : ~UINT64_C(0);
	b->lo &= len <= 64 ? 0 : len < 128 ? ~(~UINT64_C(0) >> (len - 64)) : ~UINT64_C(0);
}

static struct prefix
bits_prefix(const struct bits *b, bool v4)
{
	uint64_t be[2] = {__builtin_bswap64(b->hi), __builtin_bswap64(b->lo)};

	if (v4)
		return (struct prefix){addr_from_v4((uint32_t)(b->hi >> 32)), (uint8_t)(96 + b->len)};
	return (struct prefix){addr_from_bytes(be, true), b->len};
}

uint32_t
table_prefix(const struct table *t, uint32_t n, struct prefix *p)
{
	unsigned f = n < t->prefixes[LPM_V4].count ? LPM_V4 : LPM_V6;
	const struct table_prefixes *l = &t->prefixes[f];
	uint32_t i = f == LPM_V4 ? n : n - t->prefixes[LPM_V4].count;
	struct bits b = bits_at(l, i);

	*p = bits_prefix(&b, f == LPM_V4);
	return l->routes[i];
}

/* Where that prefix stands; l->count if it does not. */
static uint32_t
bits_find(const struct table_prefixes *l, const struct bits *want)
{
	uint32_t from = 0, to = l->count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		struct bits b = bits_at(l, middle);

		if (bits_order(&b, want) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == l->count)
		return from;
	struct bits b = bits_at(l, from);
	return bits_order(&b, want) == 0 ? from : l->count;
}

bool
table_find(const struct table *t, const struct addr *a, struct prefix *p, uint32_t *route)
{
	bool v4 = addr_is_v4(a);
	const struct table_prefixes *l = &t->prefixes[v4 ? LPM_V4 : LPM_V6];
	struct bits b = {v4 ? (uint64_t)addr_v4(a) << 32 : load_be64(a->b), v4 ? 0 : load_be64(a->b + 8), 0};

	for (int len = v4 ? 32 : 128; len >= 0; len--) {
		b.len = (uint8_t)len;
		bits_mask(&b);
		uint32_t i = bits_find(l, &b);
		if (i == l->count)
			continue;
		*p = bits_prefix(&b, v4);
		*route = l->routes[i];
		return true;
	}
	return false;
}

static int
lists_check(const struct table *t, uint64_t pool_len, struct err *e)
{
	uint32_t from = 0;

	for (uint32_t n = 0; n < t->list_count; n++) {
		uint32_t end = t->ends[n];

		if (end < from || end > pool_len || end - from > ROUTE_LIST_MAX ||
		    (end > from && t->pool[end - 1] != '\0'))
			return err_set(e, "list %u is corrupt", n);
		from = end;
	}
	return 0;
}

static bool
number_sound(const struct table_route *r, unsigned has, uint32_t number, uint32_t count)
{
	return (r->present & has) == 0 || number < count;
}

static int
routes_check(const struct table *t, struct err *e)
{
	for (uint32_t n = 0; n < t->route_count; n++) {
		const struct table_route *r = &t->routes[n];

		if ((r->present & ~(uint32_t)ROUTE_ALL) != 0 ||
		    !number_sound(r, ROUTE_NEXT_HOP, r->next_hop, t->addr_count) ||
		    !number_sound(r, ROUTE_PEER, r->peer, t->addr_count) ||
		    !number_sound(r, ROUTE_AS_PATH, r->as_path, t->list_count) ||
		    !number_sound(r, ROUTE_COMMUNITIES, r->communities, t->list_count) ||
		    !number_sound(r, ROUTE_LARGE_COMMUNITIES, r->large_communities, t->list_count))
			return err_set(e, "route %u is corrupt", n);
	}
	return 0;
}

static int
prefixes_check(const struct table *t, unsigned family, struct err *e)
{
	const struct table_prefixes *l = &t->prefixes[family];
	struct bits before = {0};

	for (uint32_t i = 0; i < l->count; i++) {
		struct bits b = bits_at(l, i), masked = b;

		bits_mask(&masked);
		if (b.len > (family == LPM_V4 ? 32 : 128) || l->routes[i] >= t->route_count ||
		    bits_order(&b, &masked) != 0 || (i > 0 && bits_order(&before, &b) >= 0))
			return err_set(e, "prefix %u is corrupt", i);
		before = b;
	}
	return 0;
}

/* The parts of a file, one after the other. */
struct parts {
	const uint8_t *p;
	uint64_t left; /* bytes behind p */
	bool short_of; /* there were not enough */
};

static const void *
part_next(struct parts *s, uint64_t len)
{
	uint64_t padded = (len + 7) & ~UINT64_C(7);
	const void *p = s->p;

	if (len > s->left || padded > s->left) {
		s->short_of = true;
		return p;
	}
	s->p += padded;
	s->left -= padded;
	return p;
}

static void
prefixes_place(struct table_prefixes *l, struct parts *s, unsigned family, uint64_t count)
{
	l->count = (uint32_t)count;
	if (family == LPM_V4)
		l->v4 = part_next(s, count * 4);
	else
		l->v6 = part_next(s, count * 16);
	l->routes = part_next(s, count * 4);
	l->lens = part_next(s, count);
}

static int
head_check(const struct table_head *h, size_t size, struct err *e)
{
	if (size < sizeof *h || memcmp(h->magic, TABLE_MAGIC, sizeof h->magic) != 0)
		return err_set(e, "it is no prefix table");
	if (h->version != TABLE_VERSION)
		return err_set(e, "it has version %u, not %d", h->version, TABLE_VERSION);
	if (h->head_hash != hash64(h, offsetof(struct table_head, head_hash)))
		return err_set(e, "the checksum of its head does not hold");
	if (h->payload_hash != hash64(h + 1, size - sizeof *h))
		return err_set(e, "its checksum does not hold");
	return 0;
}

static int
map_check(struct table *t, struct err *e)
{
	const struct table_head *h = t->map;

	if (head_check(h, t->map_len, e) == -1)
		return -1;
	struct parts s = {.p = (const uint8_t *)(h + 1), .left = t->map_len - sizeof *h};
	const void *lpm = part_next(&s, h->lpm_len);
	t->routes = part_next(&s, (uint64_t)h->routes * sizeof *t->routes);
	t->addrs = part_next(&s, (uint64_t)h->addrs * sizeof *t->addrs);
	t->ends = part_next(&s, (uint64_t)h->lists * sizeof *t->ends);
	t->pool = part_next(&s, h->pool_len);
	for (unsigned f = 0; f < LPM_FAMILIES; f++)
		prefixes_place(&t->prefixes[f], &s, f, h->prefixes[f]);
	if (s.short_of || s.left != 0)
		return err_set(e, "its length is not what its head says");
	if (lpm_open(&t->lpm, lpm, h->lpm_len, e) == -1)
		return -1;
	if (t->lpm.value_max > h->routes)
		return err_set(e, "a prefix leads to route %u of %u", t->lpm.value_max, h->routes);
	t->route_count = h->routes;
	t->addr_count = h->addrs;
	t->list_count = h->lists;
	t->prefix_count = h->prefixes[LPM_V4] + h->prefixes[LPM_V6];
	t->created = h->created;
	if (lists_check(t, h->pool_len, e) == -1 || routes_check(t, e) == -1)
		return -1;
	return prefixes_check(t, LPM_V4, e) == 0 ? prefixes_check(t, LPM_V6, e) : -1;
}

/* Maps without a look at what is in it. */
static int
file_map(struct table *t, const char *path, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return err_sys(e, "%s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		close(fd);
		return err_set(e, "%s: it is no prefix table", path);
	}
	t->map_len = (size_t)st.st_size;
	t->map = mmap(NULL, t->map_len, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (t->map != MAP_FAILED)
		return 0;
	t->map = NULL;
	return err_sys(e, "%s", path);
}

int
table_open(struct table *t, const char *path, struct err *e)
{
	*t = (struct table){0};
	if (file_map(t, path, e) == -1)
		return -1;
	if (map_check(t, e) == 0)
		return 0;
	table_close(t);
	return err_wrap(e, "%s", path);
}

void
table_close(struct table *t)
{
	if (t->map != NULL)
		munmap(t->map, t->map_len);
	*t = (struct table){0};
}
