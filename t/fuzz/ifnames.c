/* Whatever a router, the file of names or that of an earlier run says: what is taken of it is fit to be shown. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "enrich/ifname_cache.h"
#include "enrich/ifname_file.h"
#include "enrich/ifname_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
names_check(const struct ifnames *t)
{
	for (uint32_t i = 1; i < t->text_count; i++)
		if (!ifname_text_ok(t->texts[i]))
			abort();
	for (uint32_t i = 0; i < t->count; i++)
		if (t->all[i].name >= t->text_count || t->all[i].alias >= t->text_count)
			abort();
}

static void
router_check(void *arg, struct router *r)
{
	struct ifnames *t = ifnames_new(&r, 1);

	(void)arg;
	names_check(t);
	if (t->count != r->count + 1) /* an index twice */
		abort();
	ifnames_free(t);
	router_free(r);
}

/* Variables of answers: a kind, an index relative to the last, a length, and so many bytes. */
static void
walk(const uint8_t *p, size_t len)
{
	static const struct addr nobody;
	uint32_t oid[IFWALK_OID_MAX + 1];
	struct rd r = rd_from(p, len);
	const uint8_t *bytes;
	uint8_t kind, index, n;
	struct ifwalk w;
	struct err e;

	ifwalk_start(&w);
	while (rd_u8(&r, &kind) == 0 && rd_u8(&r, &index) == 0 && rd_u8(&r, &n) == 0 &&
	       rd_bytes(&r, &bytes, n) == 0) {
		struct ifvalue v = {.oid = oid, .oid_len = ifwalk_next(&w, oid), .kind = kind % 4};

		if (v.oid_len == 0)
			break;
		oid[w.last != 0 ? v.oid_len - 1 : v.oid_len++] = w.last + index;
		v.text = (struct str){(const char *)bytes, n};
		for (size_t i = 0; i < n; i++)
			v.number = v.number << 8 | bytes[i];
		if (ifwalk_take(&w, &v, &e) == -1)
			break;
	}
	router_check(NULL, ifwalk_finish(&w, &nobody, 0));
	ifwalk_release(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct ifname_file *f;
	struct buf b = {0};
	struct err e;

	if (len == 0)
		return 0;
	struct str text = {(const char *)p + 1, len - 1};
	switch (p[0]) {
	case 'c': /* an earlier run's, with its hash */
		buf_printf(&b, "ifnames 1 %016llx\n", (unsigned long long)hash64(text.p, text.len));
		buf_add(&b, text.p, text.len);
		ifname_cache_parse("f", (struct str){(const char *)b.p, b.len}, router_check, NULL, &e);
		buf_release(&b);
		break;
	case 'f':
		f = ifname_file_parse("f", text, &e);
		if (f != NULL)
			names_check(f->names);
		ifname_file_free(f);
		break;
	default:
		walk(p + 1, len - 1);
	}
	return 0;
}
