#include "route/table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

static int
list_read(struct rd *r, struct str *list)
{
	const uint8_t *p;
	uint32_t len;

	if (rd_le32(r, &len) == -1 || len > ROUTE_LIST_MAX || rd_bytes(r, &p, len) == -1)
		return -1;
	if (len != 0 && p[len - 1] != '\0')
		return -1;
	*list = (struct str){(const char *)p, len};
	return 0;
}

static int
addr_read(struct rd *r, struct addr *a)
{
	const uint8_t *p;

	if (rd_bytes(r, &p, sizeof a->b) == -1)
		return -1;
	memcpy(a->b, p, sizeof a->b);
	return 0;
}

static int
route_read(struct rd *r, struct route *out)
{
	*out = (struct route){0};
	if (rd_le32(r, &out->present) == -1 || (out->present & ~(uint32_t)ROUTE_ALL) != 0)
		return -1;
	if ((out->present & ROUTE_NEXT_HOP) != 0 && addr_read(r, &out->next_hop) == -1)
		return -1;
	if ((out->present & ROUTE_PEER) != 0 && addr_read(r, &out->peer) == -1)
		return -1;
	if ((out->present & ROUTE_LOCAL_PREF) != 0 && rd_le32(r, &out->local_pref) == -1)
		return -1;
	if ((out->present & ROUTE_MED) != 0 && rd_le32(r, &out->med) == -1)
		return -1;
	if ((out->present & ROUTE_AS_PATH) != 0 && list_read(r, &out->as_path) == -1)
		return -1;
	if ((out->present & ROUTE_COMMUNITIES) != 0 && list_read(r, &out->communities) == -1)
		return -1;
	if ((out->present & ROUTE_LARGE_COMMUNITIES) != 0 && list_read(r, &out->large_communities) == -1)
		return -1;
	return rd_left(r) == 0 ? 0 : -1;
}

void
table_route(const struct table *t, uint32_t n, struct route *r)
{
	uint32_t from = n > 0 ? t->ends[n - 1] : 0;
	struct rd rd = rd_from(t->pool + from, t->ends[n] - from);

	(void)route_read(&rd, r); /* was checked by table_open */
}

static int
routes_check(const struct table *t, uint64_t pool_len, struct err *e)
{
	uint32_t from = 0;
	struct route r;

	for (uint32_t n = 0; n < t->routes; n++) {
		if (t->ends[n] < from || t->ends[n] > pool_len)
			return err_set(e, "route %u ends outside the pool", n);
		struct rd rd = rd_from(t->pool + from, t->ends[n] - from);
		if (route_read(&rd, &r) == -1)
			return err_set(e, "route %u is corrupt", n);
		from = t->ends[n];
	}
	return 0;
}

static uint64_t
padded(uint64_t n)
{
	return (n + 7) & ~UINT64_C(7);
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
	if (h->lpm_len > size || h->pool_len > UINT32_MAX ||
	    sizeof *h + padded(h->lpm_len) + padded((uint64_t)h->routes * 4) + padded(h->pool_len) != size)
		return err_set(e, "it is cut short");
	if (h->payload_hash != hash64(h + 1, size - sizeof *h))
		return err_set(e, "its checksum does not hold");
	return 0;
}

static int
map_check(struct table *t, struct err *e)
{
	const struct table_head *h = t->map;
	const uint8_t *p = t->map;

	if (head_check(h, t->map_len, e) == -1)
		return -1;
	p += sizeof *h;
	if (lpm_open(&t->lpm, p, h->lpm_len, e) == -1)
		return -1;
	if (t->lpm.value_max > h->routes)
		return err_set(e, "a prefix leads to route %u of %u", t->lpm.value_max, h->routes);
	t->routes = h->routes;
	t->prefixes = h->prefixes;
	t->created = h->created;
	t->ends = (const void *)(p + padded(h->lpm_len));
	t->pool = (const uint8_t *)t->ends + padded((uint64_t)h->routes * 4);
	return routes_check(t, h->pool_len, e);
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
