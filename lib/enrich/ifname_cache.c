#include "enrich/ifname_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "io/fdio.h"

#define HEAD "ifnames 1 "
#define HASH_LEN 16
#define BYTES_MAX (256 << 20)

struct reader {
	struct router **routers;
	size_t count;
	uint32_t room; /* of the last one's interfaces */
	size_t total;
	struct map seen; /* its indexes */
};

/* What is before the separator, which is skipped; all of it if there is none. */
static struct str
part(struct str *s, char separator)
{
	const char *end = memchr(s->p, separator, s->len);
	struct str first = {s->p, end != NULL ? (size_t)(end - s->p) : s->len};

	s->p += first.len + (end != NULL);
	s->len -= first.len + (end != NULL);
	return first;
}

static int
router_read(struct reader *r, struct str line)
{
	struct str address = part(&line, ' ');
	struct addr a;
	uint64_t told;

	if (r->count == IFNAME_ROUTERS_MAX || addr_parse(&a, address) == -1 ||
	    num_parse(&told, line, 0, INT64_MAX) == -1)
		return -1;
	r->routers[r->count++] = router_new(&a, (int64_t)told);
	r->room = 0;
	map_clear(&r->seen);
	return 0;
}

static int
iface_read(struct reader *r, struct str line)
{
	struct router *to = r->count > 0 ? r->routers[r->count - 1] : NULL;
	struct str index = part(&line, '\t'), speed = part(&line, '\t'), name = part(&line, '\t');
	struct iface f = {.name = name, .alias = line};
	uint64_t n;
	bool fresh;

	if (to == NULL || r->total == IFNAME_TOTAL_MAX || to->count == IFNAME_ROUTER_MAX ||
	    num_parse(&n, index, 1, UINT32_MAX) == -1 || num_parse(&f.speed, speed, 0, INT64_MAX) == -1 ||
	    (name.len > 0 && !ifname_text_ok(name)) || (line.len > 0 && !ifname_text_ok(line)))
		return -1;
	f.index = (uint32_t)n;
	map_put(&r->seen, &f.index, &fresh);
	if (!fresh)
		return -1;
	if (to->count == r->room) {
		struct iface *old = to->ifaces;

		r->room = r->room != 0 ? r->room * 2 : 16;
		to->ifaces = arena_alloc(&to->memory, r->room * sizeof *old);
		if (old != NULL)
			memcpy(to->ifaces, old, to->count * sizeof *old);
	}
	f.name = router_text(to, name);
	f.alias = router_text(to, line);
	to->ifaces[to->count++] = f;
	r->total++;
	return 0;
}

static int
lines_read(struct reader *r, struct str text)
{
	const struct str router = STR("router ");

	while (text.len > 0) {
		struct str line = part(&text, '\n');
		bool is_router = line.len > router.len && memcmp(line.p, router.p, router.len) == 0;

		if (is_router)
			line = (struct str){line.p + router.len, line.len - router.len};
		if ((is_router ? router_read(r, line) : iface_read(r, line)) == -1)
			return -1;
	}
	return 0;
}

static int
head_check(const char *name, struct str *text, struct err *e)
{
	struct str line = part(text, '\n'), head = STR(HEAD);
	char hash[HASH_LEN + 1];

	if (line.len < head.len || memcmp(line.p, head.p, head.len) != 0)
		return err_set(e, "%s: not a file of interface names of this version", name);
	snprintf(hash, sizeof hash, "%016" PRIx64, hash64(text->p, text->len));
	if (!str_eq((struct str){line.p + head.len, line.len - head.len}, str_from(hash)))
		return err_set(e, "%s: damaged", name);
	return 0;
}

int
ifname_cache_parse(
    const char *name, struct str text, void (*fn)(void *arg, struct router *r), void *arg, struct err *e)
{
	struct reader r = {0};
	int status = head_check(name, &text, e);

	if (status == -1)
		return -1;
	r.routers = mem_zero(IFNAME_ROUTERS_MAX, sizeof *r.routers);
	map_init(&r.seen, sizeof(uint32_t), 0);
	status = lines_read(&r, text);
	if (status == -1)
		err_set(e, "%s: not what this version writes", name);
	for (size_t i = 0; i < r.count; i++) {
		if (status == 0)
			fn(arg, r.routers[i]);
		else
			router_free(r.routers[i]);
	}
	map_release(&r.seen);
	free(r.routers);
	return status;
}

int
ifname_cache_read(const char *path, void (*fn)(void *arg, struct router *r), void *arg, struct err *e)
{
	struct buf b = {0};
	int status = file_read(&b, path, BYTES_MAX, e);

	if (status == 0)
		status = ifname_cache_parse(path, (struct str){(const char *)b.p, b.len}, fn, arg, e);
	buf_release(&b);
	return status;
}

static void
text_put(struct buf *out, struct str s, char end)
{
	buf_add(out, s.p, s.len);
	buf_putc(out, end);
}

void
ifname_cache_format(struct buf *out, struct router *const *routers, size_t n)
{
	size_t head = out->len, body = head + sizeof HEAD - 1 + HASH_LEN + 1;
	char hash[HASH_LEN + 1];

	buf_puts(out, HEAD "0123456789abcdef\n");
	for (size_t i = 0; i < n; i++) {
		const struct router *r = routers[i];
		char text[ADDR_TEXT_MAX];

		buf_printf(out, "router %s %" PRId64 "\n", addr_text(text, &r->addr), r->told_ms);
		for (uint32_t k = 0; k < r->count; k++) {
			buf_printf(out, "%u\t%" PRIu64 "\t", r->ifaces[k].index, r->ifaces[k].speed);
			text_put(out, r->ifaces[k].name, '\t');
			text_put(out, r->ifaces[k].alias, '\n');
		}
	}
	snprintf(hash, sizeof hash, "%016" PRIx64, hash64(out->p + body, out->len - body));
	memcpy(out->p + body - HASH_LEN - 1, hash, HASH_LEN);
}

int
ifname_cache_write(const char *path, struct router *const *routers, size_t n, struct err *e)
{
	struct buf b = {0};

	ifname_cache_format(&b, routers, n);
	int status = file_replace(path, b.p, b.len, 0640, 0, e);
	buf_release(&b);
	return status;
}
