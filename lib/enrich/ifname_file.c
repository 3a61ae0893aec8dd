#include "enrich/ifname_file.h"

#include <stdlib.h>

#include "base/num.h"
#include "io/fdio.h"

enum { WORD_EXPORTER, WORD_INDEX, WORD_NAME, WORD_ALIAS, WORD_SPEED, WORDS };

/* A router while its lines come. */
struct heap {
	struct router *router;
	struct map places; /* index -> place in its interfaces */
	uint32_t room;
	struct iface *ifaces;
};

struct reader {
	struct ifname_file *f;
	struct map exporters; /* -> place in heaps */
	struct heap *heaps;
	size_t count, total;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line, copied without quotes and backslashes; 0: there is none. -1 with words. */
static int
word_read(struct str *line, char *out, struct str *word, struct err *e)
{
	const char *p = line->p, *end = p + line->len;
	size_t n = 0;

	while (p < end && is_space(*p))
		p++;
	if (p == end || *p == '#')
		return 0;
	if (*p != '"') {
		for (; p < end && !is_space(*p); p++)
			out[n++] = *p;
	} else {
		for (p++; p < end && *p != '"'; p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			out[n++] = *p;
		}
		if (p++ == end)
			return err_set(e, "a quote without its end");
		if (p < end && !is_space(*p))
			return err_set(e, "something follows a closing quote");
	}
	*word = (struct str){out, n};
	*line = (struct str){p, (size_t)(end - p)};
	return 1;
}

static int
speed_read(uint64_t *speed, struct str s, struct err *e)
{
	static const char units[] = "KMGT";
	const char *unit = s.len > 0 ? strchr(units, s.p[s.len - 1] & ~0x20) : NULL;
	uint64_t factor = 1;

	if (unit != NULL && *unit != '\0') {
		s.len--;
		for (const char *u = units; u <= unit; u++)
			factor *= 1000;
	}
	if (num_parse(speed, s, 0, INT64_MAX / factor) == -1)
		return err_set(e, "a speed in bits/s was expected, such as 10G");
	*speed *= factor;
	return 0;
}

static int
text_check(struct str s, const char *what, struct err *e)
{
	if (s.len == 0 || ifname_text_ok(s))
		return 0;
	return err_set(e, "%s is no UTF-8, has control characters, or over %d bytes", what, IFNAME_TEXT_MAX);
}

static struct heap *
heap_of(struct reader *r, const struct addr *a)
{
	size_t *place = map_get(&r->exporters, a);

	if (place != NULL)
		return &r->heaps[*place];
	if (r->count == IFNAME_ROUTERS_MAX)
		return NULL;
	place = map_put(&r->exporters, a, NULL);
	*place = r->count;
	r->heaps[r->count].router = router_new(a, 0);
	map_init(&r->heaps[r->count].places, sizeof(uint32_t), sizeof(uint32_t));
	return &r->heaps[r->count++];
}

static int
iface_put(struct reader *r, const struct addr *a, const struct iface *f, struct err *e)
{
	struct heap *h = heap_of(r, a);
	bool fresh;

	if (h == NULL)
		return err_set(e, "more than %d exporters", IFNAME_ROUTERS_MAX);
	if (r->total == IFNAME_TOTAL_MAX)
		return err_set(e, "more than %d interfaces", IFNAME_TOTAL_MAX);
	uint32_t *place = map_put(&h->places, &f->index, &fresh);
	if (fresh) {
		*place = h->router->count++;
		r->total++;
	}
	if (*place == h->room) {
		h->room = h->room != 0 ? h->room * 2 : 16;
		h->ifaces = mem_resize(h->ifaces, h->room, sizeof *h->ifaces);
	}
	h->ifaces[*place] = *f;
	h->ifaces[*place].name = router_text(h->router, f->name);
	h->ifaces[*place].alias = router_text(h->router, f->alias);
	return 0;
}

static int
line_read(struct reader *r, struct str line, char *room, struct err *e)
{
	struct str words[WORDS] = {{NULL, 0}}, extra;
	struct iface f = {0};
	struct addr a;
	uint64_t index;
	int n = 0, status = 1;

	for (; n < WORDS && (status = word_read(&line, room, &words[n], e)) == 1; n++)
		room += words[n].len;
	if (status == 1)
		status = word_read(&line, room, &extra, e);
	if (status == -1)
		return -1;
	if (status == 1 || n < WORD_NAME + 1)
		return err_set(e, "exporter, ifIndex, name, and maybe alias and speed were expected");
	if (addr_parse(&a, words[WORD_EXPORTER]) == -1)
		return err_set(
		    e, "'%.*s' is no address", (int)words[WORD_EXPORTER].len, words[WORD_EXPORTER].p);
	if (num_parse(&index, words[WORD_INDEX], 1, UINT32_MAX) == -1)
		return err_set(e, "'%.*s' is no ifIndex", (int)words[WORD_INDEX].len, words[WORD_INDEX].p);
	f = (struct iface){(uint32_t)index, words[WORD_NAME], words[WORD_ALIAS], 0};
	if (text_check(f.name, "the name", e) == -1 || text_check(f.alias, "the alias", e) == -1)
		return -1;
	if (n > WORD_SPEED && speed_read(&f.speed, words[WORD_SPEED], e) == -1)
		return -1;
	return iface_put(r, &a, &f, e);
}

static void
lines_read(struct reader *r, const char *name, struct str text)
{
	struct buf room = {0};
	uint64_t number = 0;
	struct str line;
	struct err e;

	while (line_next_entry(&text, &number, &line))
		if (line_read(r, line, (char *)buf_reserve(&room, line.len), &e) == -1)
			complaints_add(&r->f->bad, name, number, e.msg);
	buf_release(&room);
}

static struct ifnames *
names_make(struct reader *r)
{
	struct router **all = mem_zero(r->count + 1, sizeof(struct router *));
	struct ifnames *names;

	for (size_t i = 0; i < r->count; i++) {
		all[i] = r->heaps[i].router;
		all[i]->ifaces = r->heaps[i].ifaces;
	}
	names = ifnames_new(all, r->count);
	for (size_t i = 0; i < r->count; i++) {
		map_release(&r->heaps[i].places);
		free(r->heaps[i].ifaces);
		router_free(all[i]);
	}
	free(all);
	return names;
}

struct ifname_file *
ifname_file_parse(const char *name, struct str text, struct err *e)
{
	struct ifname_file *f = mem_zero(1, sizeof *f);
	struct reader r = {.f = f, .heaps = mem_zero(IFNAME_ROUTERS_MAX, sizeof *r.heaps)};

	map_init(&r.exporters, sizeof(struct addr), sizeof(size_t));
	lines_read(&r, name, text);
	f->names = names_make(&r);
	map_release(&r.exporters);
	free(r.heaps);
	if (r.total > 0 || f->bad.count == 0)
		return f;
	err_set(e, "%s", (const char *)f->bad.words.p);
	ifname_file_free(f);
	return NULL;
}

struct ifname_file *
ifname_file_load(const char *path, struct err *e)
{
	struct ifname_file *f = NULL;
	struct buf b = {0};

	if (file_read(&b, path, IFNAME_FILE_BYTES_MAX, e) == 0)
		f = ifname_file_parse(path, (struct str){(const char *)b.p, b.len}, e);
	buf_release(&b);
	return f;
}

void
ifname_file_free(struct ifname_file *f)
{
	if (f == NULL)
		return;
	ifnames_free(f->names);
	complaints_release(&f->bad);
	free(f);
}
