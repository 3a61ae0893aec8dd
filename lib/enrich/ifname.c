#include "enrich/ifname.h"

#include <stdlib.h>

#include "base/hash.h"
#include "flow/utf8.h"

struct iface_key {
	struct addr exporter;
	uint32_t index;
};

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct text_key {
	uint64_t hash[2];
};

struct router *
router_new(const struct addr *a, int64_t told_ms)
{
	struct router *r = mem_zero(1, sizeof *r);

	r->addr = *a;
	r->told_ms = told_ms;
	return r;
}

void
router_free(struct router *r)
{
	if (r == NULL)
		return;
	arena_release(&r->memory);
	free(r);
}

struct str
router_text(struct router *r, struct str s)
{
	return (struct str){s.len > 0 ? arena_dup(&r->memory, s.p, s.len) : "", s.len};
}

bool
ifname_text_ok(struct str s)
{
	if (s.len == 0 || s.len > IFNAME_TEXT_MAX)
		return false;
	for (size_t i = 0, n; i < s.len; i += n) {
		n = utf8_sequence(s.p + i, s.len - i);
		if (n == 0 || (uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f ||
		    (n == 2 && (uint8_t)s.p[i] == 0xc2 && (uint8_t)s.p[i + 1] < 0xa0))
			return false;
	}
	return true;
}

/* The number of the text; equal ones have one. */
static uint32_t
text_number(struct ifnames *t, struct map *numbers, struct str s)
{
	struct text_key key = {{hash64(s.p, s.len), hash64_seed(s.p, s.len, 1)}};
	bool fresh;

	if (s.len == 0)
		return 0;
	uint32_t *number = map_put(numbers, &key, &fresh);
	if (fresh) {
		*number = t->text_count++;
		t->texts[*number] = (struct str){arena_dup(&t->memory, s.p, s.len), s.len};
	}
	return *number;
}

static void
router_add(struct ifnames *t, struct map *texts, const struct router *r)
{
	bool fresh;

	map_put(&t->routers, &r->addr, NULL);
	for (uint32_t i = 0; i < r->count; i++) {
		const struct iface *f = &r->ifaces[i];
		struct iface_key key = {r->addr, f->index};
		uint32_t *number = map_put(&t->numbers, &key, &fresh);

		if (!fresh)
			continue;
		*number = t->count++;
		t->all[*number] = (struct ifname){.name = text_number(t, texts, f->name),
		    .alias = text_number(t, texts, f->alias),
		    .speed = f->speed};
	}
}

struct ifnames *
ifnames_new(struct router *const *routers, size_t n)
{
	struct ifnames *t = mem_zero(1, sizeof *t);
	struct map texts;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += routers[i]->count;
	t->all = mem_zero(1 + total, sizeof *t->all);
	t->texts = mem_zero(1 + 2 * total, sizeof *t->texts);
	t->count = t->text_count = 1;
	map_init(&t->numbers, sizeof(struct iface_key), sizeof(uint32_t));
	map_init(&t->routers, sizeof(struct addr), 0);
	map_init(&texts, sizeof(struct text_key), sizeof(uint32_t));
	for (size_t i = 0; i < n; i++)
		router_add(t, &texts, routers[i]);
	map_release(&texts);
	return t;
}

void
ifnames_free(struct ifnames *t)
{
	if (t == NULL)
		return;
	map_release(&t->numbers);
	map_release(&t->routers);
	arena_release(&t->memory);
	free(t->texts);
	free(t->all);
	free(t);
}

bool
ifnames_router(const struct ifnames *t, const struct addr *exporter)
{
	return map_get(&t->routers, exporter) != NULL;
}

uint32_t
ifnames_find(const struct ifnames *t, const struct addr *exporter, uint32_t index)
{
	struct iface_key key = {*exporter, index};
	const uint32_t *number = map_get(&t->numbers, &key);

	return number != NULL ? *number : 0;
}
