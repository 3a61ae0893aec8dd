/* The prefix table against a linear search, on sets that are random, nested, dense and empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "route/lpm.h"

struct rule {
	struct prefix p;
	uint32_t value;
};

static uint64_t
rnd(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static struct addr
rnd_addr(uint64_t *state, bool v6)
{
	uint64_t w[2] = {rnd(state), rnd(state)};

	return v6 ? addr_from_bytes(w, true) : addr_from_v4((uint32_t)w[0]);
}

/* What the table must say: of the longest prefixes that hold the address, the last. */
static uint32_t
search(const struct rule *r, size_t n, const struct addr *a)
{
	int best = -1;
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!prefix_contains(&r[i].p, a) || r[i].p.len < best)
			continue;
		/* ::/0 and its like do not speak for IPv4. */
		if (addr_is_v4(a) && r[i].p.len < 96)
			continue;
		best = r[i].p.len;
		value = r[i].value;
	}
	return value;
}

static struct lpm
build(struct buf *image, const struct rule *r, size_t n)
{
	struct lpm_builder b = {0};
	struct lpm t;
	struct err e;

	for (size_t i = 0; i < n; i++)
		lpm_builder_add(&b, &r[i].p, r[i].value);
	lpm_builder_build(&b, image);
	lpm_builder_release(&b);
	assert_int_equal(lpm_open(&t, image->p, image->len, &e), 0);
	return t;
}

static void
check(const struct lpm *t, const struct rule *r, size_t n, const struct addr *a, size_t count)
{
	uint32_t *many = mem_alloc(count * sizeof *many);

	lpm_lookup_many(t, a, count, many);
	for (size_t i = 0; i < count; i++) {
		uint32_t want = search(r, n, &a[i]);

		assert_int_equal(lpm_lookup(t, &a[i]), want);
		assert_int_equal(many[i], want);
	}
	free(many);
}

/* n prefixes, clustered when `spread` is small; then addresses at random, at the prefixes' edges, and beside them. */
static void
random_set(uint64_t seed, size_t n, bool v6, unsigned spread)
{
	struct rule *r = mem_zero(n, sizeof *r);
	struct addr *a = mem_zero(n * 3 + 100, sizeof *a);
	uint64_t state = seed;
	unsigned base = v6 ? 0 : 96;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		r[i].p.addr = rnd_addr(&state, v6);
		for (unsigned k = base / 8; k < 16 - (spread + 7) / 8; k++)
			r[i].p.addr.b[k] = (uint8_t)(v6 ? 0x20 : 10);
		r[i].p.len = (uint8_t)(base + rnd(&state) % (129 - base));
		if (i > 0 && rnd(&state) % 4 == 0) /* under or over another, or the same again */
			r[i].p.addr = r[rnd(&state) % i].p.addr;
		addr_mask(&r[i].p.addr, r[i].p.len);
		r[i].value = (uint32_t)(rnd(&state) % 50);
		struct addr last = r[i].p.addr, rest = rnd_addr(&state, v6);
		for (unsigned k = r[i].p.len; k < 128; k++)
			last.b[k / 8] |= (uint8_t)(0x80 >> k % 8);
		for (unsigned k = r[i].p.len / 8 + 1u; k < 16; k++)
			rest.b[k] ^= r[i].p.addr.b[k];
		memcpy(rest.b, r[i].p.addr.b, r[i].p.len / 8);
		a[count++] = r[i].p.addr;
		a[count++] = last;
		a[count++] = rest;
	}
	for (unsigned i = 0; i < 100; i++)
		a[count++] = rnd_addr(&state, i % 2 == 0);
	struct buf image = {0};
	struct lpm t = build(&image, r, n);
	check(&t, r, n, a, count);
	buf_release(&image);
	free(r);
	free(a);
}

static void
random_sets_equal_linear_search(void **unused)
{
	static const size_t sizes[] = {1, 2, 10, 63, 64, 65, 300, 2000};

	(void)unused;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (unsigned spread = 8; spread <= 32; spread += 8)
			random_set(11 + i * 100 + spread, sizes[i], false, spread);
		for (unsigned spread = 8; spread <= 128; spread += 24)
			random_set(17 + i * 100 + spread, sizes[i], true, spread);
	}
}

static uint32_t
ask(const struct lpm *t, const char *addr)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(addr)), 0);
	return lpm_lookup(t, &a);
}

static struct rule
rule(const char *prefix, uint32_t value)
{
	struct rule r = {.value = value};
	struct err e;

	assert_int_equal(prefix_parse(&r.p, str_from(prefix), &e), 0);
	return r;
}

static void
empty_answers_none(void **unused)
{
	struct buf image = {0};
	struct lpm t = build(&image, NULL, 0);

	(void)unused;
	assert_int_equal(ask(&t, "0.0.0.0"), 0);
	assert_int_equal(ask(&t, "255.255.255.255"), 0);
	assert_int_equal(ask(&t, "::"), 0);
	assert_int_equal(ask(&t, "2001:db8::1"), 0);
	lpm_lookup_many(&t, NULL, 0, NULL);
	buf_release(&image);
}

static void
families_do_not_mix(void **unused)
{
	struct rule r[] = {rule("::/0", 6), rule("0.0.0.0/0", 4), rule("::/96", 66)};
	struct buf image = {0};
	struct lpm t = build(&image, r, 3);

	(void)unused;
	assert_int_equal(ask(&t, "192.0.2.1"), 4);
	assert_int_equal(ask(&t, "2001:db8::1"), 6);
	assert_int_equal(ask(&t, "::1"), 66);
	image.len = 0;
	t = build(&image, r, 1);
	assert_int_equal(ask(&t, "192.0.2.1"), 0);
	buf_release(&image);
}

static void
host_routes_and_holes(void **unused)
{
	struct rule r[] = {rule("192.0.2.0/24", 1), rule("192.0.2.7/32", 7), rule("192.0.2.8/30", 0),
	    rule("2001:db8::/32", 2), rule("2001:db8::1/128", LPM_VALUE_MAX), rule("192.0.2.0/24", 3)};
	struct buf image = {0};
	struct lpm t = build(&image, r, 6);

	(void)unused;
	assert_int_equal(ask(&t, "192.0.2.6"), 3); /* the later of two equal prefixes */
	assert_int_equal(ask(&t, "192.0.2.7"), 7);
	assert_int_equal(ask(&t, "192.0.2.9"), 0);
	assert_int_equal(ask(&t, "192.0.2.12"), 3);
	assert_int_equal(ask(&t, "192.0.3.0"), 0);
	assert_int_equal(ask(&t, "2001:db8::1"), LPM_VALUE_MAX);
	assert_int_equal(ask(&t, "2001:db8::2"), 2);
	assert_int_equal(t.value_max, LPM_VALUE_MAX);
	buf_release(&image);
}

static void
a_builder_can_go_on(void **unused)
{
	struct lpm_builder b = {0};
	struct buf image = {0};
	struct rule r = rule("198.51.100.0/24", 1);
	struct lpm t;

	(void)unused;
	lpm_builder_add(&b, &r.p, 1);
	lpm_builder_build(&b, &image);
	image.len = 0;
	lpm_builder_add(&b, &r.p, 2);
	lpm_builder_build(&b, &image);
	assert_int_equal(lpm_open(&t, image.p, image.len, NULL), 0);
	assert_int_equal(ask(&t, "198.51.100.1"), 2);
	lpm_builder_release(&b);
	buf_release(&image);
}

/* Every word of an image is damaged in turn: refused, or every lookup still ends within it. */
static void
damage_is_refused_or_harmless(void **unused)
{
	struct rule r[] = {rule("10.0.0.0/8", 1), rule("10.1.2.3/32", 2), rule("2001:db8::/32", 3),
	    rule("2001:db8:1:2::/64", 4), rule("2001:db8:1:2::9/128", 5)};
	static const uint32_t with[] = {0, 1, 2, 7, 0x7fffffff, 0x80000000, 0xffffffff};
	struct buf image = {0};
	struct lpm t = build(&image, r, 5);
	unsigned refused = 0;

	(void)unused;
	for (size_t at = 0; at < image.len; at += 4) {
		for (unsigned w = 0; w < sizeof with / sizeof with[0]; w++) {
			/* A copy of its own size, so that the sanitizer sees a step outside. */
			uint8_t *bad = mem_alloc(image.len);
			uint64_t state = at * 8 + w + 1;

			memcpy(bad, image.p, image.len);
			memcpy(bad + at, &with[w], 4);
			if (lpm_open(&t, bad, image.len, NULL) == -1)
				refused++;
			else
				for (unsigned i = 0; i < 40; i++) {
					struct addr a = rnd_addr(&state, i % 2);
					if (i % 4 >= 2)
						a = r[i % 5].p.addr;
					assert_true(lpm_lookup(&t, &a) <= t.value_max);
				}
			free(bad);
		}
	}
	assert_true(refused > 50);
	for (size_t len = 0; len < image.len; len++)
		assert_int_equal(lpm_open(&t, image.p, len, NULL), -1);
	buf_release(&image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_answers_none),
	    cmocka_unit_test(families_do_not_mix),
	    cmocka_unit_test(host_routes_and_holes),
	    cmocka_unit_test(a_builder_can_go_on),
	    cmocka_unit_test(random_sets_equal_linear_search),
	    cmocka_unit_test(damage_is_refused_or_harmless),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("lpm", tests, NULL, NULL);
}
