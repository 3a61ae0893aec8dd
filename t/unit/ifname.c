/* Interface names: the walk over a router's tables, the file that outlives us, and the one that somebody wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "enrich/ifname_cache.h"
#include "enrich/ifname_file.h"
#include "enrich/ifname_target.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

/* "name/alias/speed" of an interface, "" if the table lacks it. */
static const char *
told(const struct ifnames *t, const char *exporter, uint32_t index, struct buf *out)
{
	struct addr a = address(exporter);
	const struct ifname *n = &t->all[ifnames_find(t, &a, index)];

	out->len = 0;
	if (n != t->all) {
		buf_add(out, t->texts[n->name].p, t->texts[n->name].len);
		buf_putc(out, '/');
		buf_add(out, t->texts[n->alias].p, t->texts[n->alias].len);
		buf_printf(out, "/%llu", (unsigned long long)n->speed);
	}
	return buf_cstr(out);
}

/* Hands over a variable below the column that the walk is at. */
static int
take(struct ifwalk *w, uint32_t index, struct ifvalue v, struct err *e)
{
	uint32_t oid[IFWALK_OID_MAX + 1];
	uint32_t last = w->last;

	w->last = 0; /* for the bare column */
	v.oid_len = ifwalk_next(w, oid);
	w->last = last;
	oid[v.oid_len++] = index;
	v.oid = oid;
	return ifwalk_take(w, &v, e);
}

static int
take_text(struct ifwalk *w, uint32_t index, const char *text, struct err *e)
{
	return take(w, index, (struct ifvalue){.kind = IFVALUE_TEXT, .text = str_from(text)}, e);
}

static int
take_number(struct ifwalk *w, uint32_t index, uint64_t n, struct err *e)
{
	return take(w, index, (struct ifvalue){.kind = IFVALUE_NUMBER, .number = n}, e);
}

static void
end_column(struct ifwalk *w)
{
	struct err e;

	assert_int_equal(take(w, 1, (struct ifvalue){.kind = IFVALUE_END}, &e), 1);
}

static void
walk_takes_columns(void **state)
{
	struct addr a = address("192.0.2.1");
	uint32_t oid[IFWALK_OID_MAX];
	struct buf out = {0};
	struct ifwalk w;
	struct err e;

	(void)state;
	ifwalk_start(&w);
	assert_int_equal(ifwalk_next(&w, oid), 11);
	assert_int_equal(take_text(&w, 1, "one", &e), 0);
	assert_int_equal(take_text(&w, 7, "", &e), 0);
	assert_int_equal(ifwalk_next(&w, oid), 12);
	assert_int_equal(oid[11], 7);
	end_column(&w);
	assert_int_equal(take_text(&w, 1, "alias", &e), 0);
	end_column(&w);
	assert_int_equal(take_number(&w, 1, UINT32_MAX, &e), 0);
	assert_int_equal(take_number(&w, 7, UINT64_C(1) << 32, &e), 0);
	end_column(&w);
	assert_int_equal(take_text(&w, 1, "not this", &e), 0);
	assert_int_equal(take_text(&w, 7, "seven", &e), 0);
	assert_int_equal(take_text(&w, UINT32_MAX, "last", &e), 1);
	assert_int_equal(take_number(&w, 1, 5, &e), 0);
	assert_int_equal(take_number(&w, 7, UINT32_MAX, &e), 0);
	end_column(&w);
	assert_int_equal(ifwalk_next(&w, oid), 0);
	assert_int_equal(w.refused, 1);

	struct router *r = ifwalk_finish(&w, &a, 5);
	struct ifnames *t = ifnames_new(&r, 1);
	assert_int_equal(r->told_ms, 5);
	assert_string_equal(told(t, "192.0.2.1", 1, &out), "one/alias/4294967295000000");
	assert_string_equal(told(t, "192.0.2.1", 7, &out), "seven//0");
	assert_string_equal(told(t, "192.0.2.1", UINT32_MAX, &out), "last//0");
	assert_string_equal(told(t, "192.0.2.1", 2, &out), "");
	assert_string_equal(told(t, "192.0.2.2", 1, &out), "");
	ifnames_free(t);
	router_free(r);
	ifwalk_release(&w);
	buf_release(&out);
}

static void
walk_refuses(void **state)
{
	const struct ifvalue text = {.kind = IFVALUE_TEXT, .text = STR("x")};
	struct ifwalk w;
	struct err e;

	(void)state;
	ifwalk_start(&w);
	assert_int_equal(take(&w, 0, text, &e), -1);
	assert_int_equal(take(&w, 3, text, &e), 0);
	assert_int_equal(take(&w, 3, text, &e), -1);
	assert_string_equal(e.msg, "its table does not go up: 3 after 3");
	assert_int_equal(take(&w, 2, text, &e), -1);
	assert_int_equal(take_text(&w, 4, "a\tb", &e), 0);
	assert_int_equal(take_text(&w, 5, "\xff", &e), 0);
	assert_int_equal(take_text(&w, 6,
			     "\xc2\x9b"
			     "31m",
			     &e),
	    0); /* CSI */
	assert_int_equal(take_number(&w, 7, 1, &e), 0);
	assert_int_equal(w.refused, 4);
	for (uint32_t i = 8; w.rows.count < IFNAME_ROUTER_MAX; i++)
		assert_int_equal(take(&w, i, text, &e), 0);
	assert_int_equal(take(&w, UINT32_MAX - 1, text, &e), -1);
	ifwalk_release(&w);
}

static struct router *
router_make(const char *a, uint32_t count)
{
	struct addr addr = address(a);
	struct router *r = router_new(&addr, 1000);

	r->ifaces = arena_alloc(&r->memory, count * sizeof *r->ifaces);
	for (r->count = 0; r->count < count; r->count++)
		r->ifaces[r->count] = (struct iface){r->count + 1, router_text(r, STR("name")),
		    router_text(r, r->count % 2 != 0 ? STR("an alias") : STR("")), r->count * 1000};
	return r;
}

struct got {
	struct router *all[4];
	size_t n;
};

static void
on_router(void *arg, struct router *r)
{
	struct got *g = arg;

	assert_true(g->n < 4);
	g->all[g->n++] = r;
}

static void
cache_keeps(void **state)
{
	struct router *two[] = {router_make("192.0.2.1", 40), router_make("2001:db8::1", 3)};
	struct buf file = {0}, again = {0};
	struct got g = {0};
	struct err e;

	(void)state;
	ifname_cache_format(&file, two, 2);
	assert_int_equal(
	    ifname_cache_parse("f", (struct str){(char *)file.p, file.len}, on_router, &g, &e), 0);
	assert_int_equal(g.n, 2);
	ifname_cache_format(&again, g.all, 2);
	assert_int_equal(again.len, file.len);
	assert_memory_equal(again.p, file.p, file.len);

	/* Whatever byte is damaged, and wherever it ends: nothing of it is taken. */
	for (size_t i = 0; i < file.len; i++) {
		struct got none = {0};

		file.p[i] ^= 1;
		assert_int_equal(
		    ifname_cache_parse("f", (struct str){(char *)file.p, file.len}, on_router, &none, &e),
		    -1);
		file.p[i] ^= 1;
		assert_int_equal(
		    ifname_cache_parse("f", (struct str){(char *)file.p, i}, on_router, &none, &e), -1);
		assert_int_equal(none.n, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		router_free(two[i]);
		router_free(g.all[i]);
	}
	buf_release(&file);
	buf_release(&again);
}

static void
file_lines(void **state)
{
	static const char text[] = "# comment\n"
				   "192.0.2.1 1 a\n"
				   "192.0.2.1\t2 \"b \\\"c\\\" \\\\\" \"\" 1G # comment\r\n"
				   "  2001:db8::1 4294967295 - \"Z\xc3\xbcrich\" 18446744073709551\n"
				   "192.0.2.1 1 again alias\n"
				   "192.0.2.1 3 x y 9223373T\n"
				   "192.0.2.1 3 x y z w\n"
				   "192.0.2.1 4294967296 x\n"
				   "192.0.2.1 5 \"x\"y\n"
				   "\n"
				   "192.0.2.1 6 \"x";
	struct buf out = {0};
	struct err e;
	struct ifname_file *f = ifname_file_parse("names", str_from(text), &e);

	(void)state;
	assert_non_null(f);
	assert_string_equal(told(f->names, "192.0.2.1", 1, &out), "again/alias/0");
	assert_string_equal(told(f->names, "192.0.2.1", 2, &out), "b \"c\" \\//1000000000");
	assert_string_equal(
	    told(f->names, "2001:db8::1", UINT32_MAX, &out), "-/Z\xc3\xbcrich/18446744073709551");
	assert_int_equal(f->names->count - 1, 3);
	assert_int_equal(f->bad.count, 5);
	assert_string_equal((char *)f->bad.words.p, "names:6: a speed in bits/s was expected, such as 10G");
	ifname_file_free(f);
	assert_null(ifname_file_parse("names", STR("192.0.2.1 1\n"), &e));
	assert_string_equal(
	    e.msg, "names:1: exporter, ifIndex, name, and maybe alias and speed were expected");
	buf_release(&out);
}

static void
targets_wait_longer(void **state)
{
	struct addr a = address("192.0.2.1"), b = address("192.0.2.2");
	struct targets s;
	int64_t now = 1000000;

	(void)state;
	targets_init(&s, 300000);
	assert_true(target_list(&s, &a, now));
	assert_false(target_list(&s, &a, now));
	struct target *t = s.all[0];
	assert_int_equal(targets_wait(&s, now), 0);

	/* 10 s, then twice as long each time, up to 15 minutes. */
	for (int64_t delay = 10000; delay < 900000; delay *= 2) {
		target_failed(t, now, s.refresh_ms);
		assert_int_equal(t->due_ms - now, delay);
	}
	for (int i = 0; i < 100; i++)
		target_failed(t, now, s.refresh_ms);
	assert_int_equal(t->due_ms - now, 900000);

	/* Who answers is asked by the interval; for an unknown interface after 30 s, then after twice as long. */
	target_told(t, router_make("192.0.2.1", 1), now, s.refresh_ms);
	assert_int_equal(t->due_ms - now, 300000);
	t->asked_ms = now;
	for (int64_t wait = 30000; wait < 300000; wait *= 2) {
		target_seen(&s, &a, true, false, now);
		assert_int_equal(t->due_ms - now, wait);
		target_told(t, router_make("192.0.2.1", 1), now, s.refresh_ms);
	}
	target_seen(&s, &a, true, false, now);
	assert_int_equal(t->due_ms - now, 300000);

	/* Found by its flows; forgotten after a day without, as no listed one is. */
	target_seen(&s, &b, false, false, now);
	assert_int_equal(s.count, 1);
	target_seen(&s, &b, false, true, now);
	assert_int_equal(s.count, 2);
	assert_false(targets_expire(&s, now + 86399999));
	assert_true(targets_expire(&s, now + 86400000));
	assert_int_equal(s.count, 1);
	assert_ptr_equal(s.all[0], t);
	targets_release(&s);
}

static void
targets_are_bounded(void **state)
{
	struct targets s;
	struct err e;

	(void)state;
	targets_init(&s, 300000);
	for (uint32_t i = 0; i < IFNAME_ROUTERS_MAX + 5; i++) {
		struct addr a = addr_from_v4(0x0a000000 + i);
		target_seen(&s, &a, false, true, 0);
	}
	assert_int_equal(s.count, IFNAME_ROUTERS_MAX);
	assert_int_equal(s.refused, 5);

	/* Known from an earlier run: names, but nobody asks before a flow comes. */
	targets_release(&s);
	targets_init(&s, 300000);
	targets_known(&s, router_make("192.0.2.9", 1), false, 0);
	assert_int_equal(s.count, 0);
	targets_known(&s, router_make("192.0.2.9", 1), true, 0);
	assert_int_equal(s.count, 1);
	assert_false(s.all[0]->asked);
	struct addr a = address("192.0.2.9");
	target_seen(&s, &a, false, false, 0);
	assert_true(s.all[0]->asked);

	struct router none = {.count = 0};
	assert_int_equal(targets_accept(&s, s.all[0], &none, &e), -1);
	struct router many = {.count = IFNAME_TOTAL_MAX};
	assert_int_equal(targets_accept(&s, s.all[0], &many, &e), 0);
	assert_int_equal(targets_accept(&s, NULL, &many, &e), -1);
	targets_release(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(walk_takes_columns),
	    cmocka_unit_test(walk_refuses),
	    cmocka_unit_test(cache_keeps),
	    cmocka_unit_test(file_lines),
	    cmocka_unit_test(targets_wait_longer),
	    cmocka_unit_test(targets_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
