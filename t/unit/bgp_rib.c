/* Routes of several peers: what is kept, what is shared, and which is the best. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "bgp/segments.h"
#include "bgp/rib.h"

enum { OUR_AS = 64500, OUR_ID = 0x0a000001 };

static struct prefix
prefix_of(const char *text)
{
	struct prefix p;
	struct err e;

	if (prefix_parse(&p, str_from(text), &e) == -1)
		fail_msg("%s", e.msg);
	return p;
}

static struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

/* A route as tests write it; the path is a sequence of small AS numbers, one digit each. */
struct sample {
	const char *path;
	uint32_t local_pref, med, originator;
	uint8_t origin;
	unsigned clusters;
};

static uint32_t
take(struct rib *r, const struct sample *s)
{
	static const uint8_t zeros[40];
	uint8_t path[2 + 4 * 20] = {SEGMENT_SEQUENCE, (uint8_t)strlen(s->path)};
	struct addr next_hop = addr_of("192.0.2.1");
	struct attrs a = {.has = 1 << BGP_ATTR_ORIGIN | 1 << BGP_ATTR_AS_PATH, .origin = s->origin};

	for (unsigned i = 0; s->path[i] != '\0'; i++)
		path[2 + 4 * i + 3] = (uint8_t)(s->path[i] - '0');
	if (s->path[0] != '\0')
		a.as_path = (struct str){(char *)path, 2 + 4 * strlen(s->path)};
	a.local_pref = s->local_pref;
	a.has |= s->local_pref != 0 ? 1 << BGP_ATTR_LOCAL_PREF : 0;
	a.med = s->med;
	a.has |= s->med != 0 ? 1 << BGP_ATTR_MED : 0;
	a.originator = s->originator;
	a.has |= s->originator != 0 ? 1 << BGP_ATTR_ORIGINATOR : 0;
	a.clusters = (struct str){(const char *)zeros, 4UL * s->clusters};
	return rib_attrs(r, &a, &next_hop);
}

static void
announce(struct rib *r, int peer, const char *prefix, uint32_t id, const struct sample *s)
{
	struct prefix p = prefix_of(prefix);
	uint32_t attrs = take(r, s);

	rib_announce(r, peer, &p, id, attrs);
	rib_attrs_drop(r, attrs);
}

static void
withdraw(struct rib *r, int peer, const char *prefix, uint32_t id)
{
	struct prefix p = prefix_of(prefix);

	rib_withdraw(r, peer, &p, id);
}

static int
add_peer(struct rib *r, const char *addr, uint32_t id, bool ebgp)
{
	struct rib_peer p = {.addr = addr_of(addr), .id = id, .asn = ebgp ? 1 : OUR_AS, .ebgp = ebgp};

	return rib_peer_add(r, &p);
}

/* Rule after rule: the first of two is the better, and only by that rule. */
static void
test_decision(void **state)
{
	static const struct {
		const char *rule;
		struct {
			const char *addr;
			uint32_t id;
			bool ebgp;
			uint32_t path_id;
			struct sample s;
		} better, worse;
	} cases[] = {
	    {"local preference", {"192.0.2.9", 9, false, 0, {"1234", 200, 0, 0, 2, 0}},
		{"192.0.2.1", 1, true, 0, {"1", 0, 0, 0, 0, 0}}},
	    {"the default of it is 100", {"192.0.2.9", 9, false, 0, {"12", 101, 0, 0, 2, 0}},
		{"192.0.2.1", 1, true, 0, {"1", 0, 0, 0, 0, 0}}},
	    {"length of the path", {"192.0.2.9", 9, false, 0, {"12", 100, 0, 0, 2, 0}},
		{"192.0.2.1", 1, true, 0, {"123", 0, 0, 0, 0, 0}}},
	    {"origin", {"192.0.2.9", 9, false, 0, {"12", 100, 5, 0, 1, 0}},
		{"192.0.2.1", 1, true, 0, {"12", 0, 0, 0, 2, 0}}},
	    {"MED of one neighbour", {"192.0.2.9", 9, false, 0, {"12", 0, 5, 0, 0, 0}},
		{"192.0.2.1", 1, true, 0, {"13", 0, 6, 0, 0, 0}}},
	    {"no MED is 0", {"192.0.2.9", 9, false, 0, {"12", 0, 0, 0, 0, 0}},
		{"192.0.2.1", 1, true, 0, {"13", 0, 1, 0, 0, 0}}},
	    {"MEDs of two neighbours are not compared; external",
		{"192.0.2.9", 9, true, 0, {"12", 0, 9, 0, 0, 0}},
		{"192.0.2.1", 1, false, 0, {"23", 0, 1, 0, 0, 0}}},
	    {"identifier", {"192.0.2.9", 1, true, 0, {"12", 0, 0, 0, 0, 9}},
		{"192.0.2.1", 2, true, 0, {"12", 0, 0, 0, 0, 0}}},
	    {"the originator's instead", {"192.0.2.9", 9, false, 0, {"12", 0, 0, 1, 0, 9}},
		{"192.0.2.1", 2, false, 0, {"12", 0, 0, 0, 0, 0}}},
	    {"clusters", {"192.0.2.9", 1, false, 0, {"12", 0, 0, 7, 0, 1}},
		{"192.0.2.1", 2, false, 0, {"12", 0, 0, 7, 0, 2}}},
	    {"address", {"192.0.2.1", 1, true, 5, {"12", 0, 0, 0, 0, 0}},
		{"192.0.2.9", 1, true, 1, {"12", 0, 0, 0, 0, 0}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int turn = 0; turn < 2; turn++) {
			struct rib *r = mem_zero(1, sizeof *r);
			struct rib_route found[3];
			int peers[2];

			rib_init(r, OUR_AS, OUR_ID, 1);
			peers[0] =
			    add_peer(r, cases[i].better.addr, cases[i].better.id, cases[i].better.ebgp);
			peers[1] = add_peer(r, cases[i].worse.addr, cases[i].worse.id, cases[i].worse.ebgp);
			if (turn == 0)
				announce(
				    r, peers[0], "10.0.0.0/8", cases[i].better.path_id, &cases[i].better.s);
			announce(r, peers[1], "10.0.0.0/8", cases[i].worse.path_id, &cases[i].worse.s);
			if (turn == 1)
				announce(
				    r, peers[0], "10.0.0.0/8", cases[i].better.path_id, &cases[i].better.s);
			struct addr a = addr_of("10.1.2.3");
			assert_int_equal(rib_lookup(r, &a, found, 3), 2);
			if (found[0].peer != peers[0] || !found[0].best || found[1].best)
				fail_msg("%s, turn %d", cases[i].rule, turn);
			rib_release(r);
			free(r);
		}
	}
}

/*
 * Three routes of which any two have a better one: A loses to B by MED, B to C,
 * C to A by the identifier. The order in which they came does not matter.
 */
static void
test_med_order(void **state)
{
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const struct sample routes[3] = {
	    {"12", 0, 20, 0, 0, 0}, {"13", 0, 10, 0, 0, 0}, {"23", 0, 0, 0, 0, 0}};
	static const uint32_t ids[3] = {1, 3, 2};

	(void)state;
	for (int o = 0; o < 6; o++) {
		struct rib *r = mem_zero(1, sizeof *r);
		struct rib_route found;
		int peers[3];
		char addr[20];

		rib_init(r, OUR_AS, OUR_ID, 1);
		for (int i = 0; i < 3; i++) {
			snprintf(addr, sizeof addr, "192.0.2.%d", i + 1);
			peers[i] = add_peer(r, addr, ids[i], true);
		}
		for (int i = 0; i < 3; i++)
			announce(r, peers[orders[o][i]], "10.0.0.0/8", 0, &routes[orders[o][i]]);
		struct addr a = addr_of("10.1.2.3");
		assert_int_equal(rib_lookup(r, &a, &found, 1), 1);
		assert_int_equal(found.peer, peers[2]);
		rib_release(r);
		free(r);
	}
}

static bool
count_one(void *arg, const struct rib_route *route)
{
	(void)route;
	++*(unsigned *)arg;
	return true;
}

static unsigned
best_count(const struct rib *r)
{
	unsigned n = 0;

	rib_best(r, count_one, &n);
	return n;
}

static void
test_loops(void **state)
{
	static struct rib r;
	static const struct sample sound = {"12", 0, 0, 0, 0, 0}, ours = {"12", 0, 0, OUR_ID, 0, 0};
	struct rib_route found[2];

	(void)state;
	rib_init(&r, 2, OUR_ID, 1); /* AS 2 */
	int peer = add_peer(&r, "192.0.2.1", 1, true);
	announce(&r, peer, "10.0.0.0/8", 0, &sound);
	struct addr a = addr_of("10.0.0.1");
	assert_int_equal(rib_lookup(&r, &a, found, 2), 1);
	assert_true(found[0].loop && !found[0].best);
	assert_int_equal(best_count(&r), 0);
	rib_release(&r);

	rib_init(&r, OUR_AS, OUR_ID, 1);
	peer = add_peer(&r, "192.0.2.1", 1, false);
	announce(&r, peer, "10.0.0.0/8", 0, &ours);
	assert_int_equal(best_count(&r), 0);
	announce(&r, peer, "10.0.0.0/8", 0, &sound);
	assert_int_equal(best_count(&r), 1);
	rib_release(&r);
}

static const char *
lookup(struct rib *r, const char *addr)
{
	static char text[PREFIX_TEXT_MAX];
	struct rib_route found;
	struct addr a = addr_of(addr);

	return rib_lookup(r, &a, &found, 1) == 1 ? prefix_text(text, &found.prefix) : "none";
}

static void
test_lookup(void **state)
{
	static struct rib r;
	static const struct sample s = {"12", 0, 0, 0, 0, 0};

	(void)state;
	rib_init(&r, OUR_AS, OUR_ID, 1);
	int peer = add_peer(&r, "192.0.2.1", 1, true);
	assert_string_equal(lookup(&r, "10.0.0.1"), "none");
	announce(&r, peer, "10.0.0.0/8", 0, &s);
	announce(&r, peer, "10.0.0.0/24", 0, &s);
	announce(&r, peer, "::/0", 0, &s);
	announce(&r, peer, "2001:db8::/32", 0, &s);
	assert_string_equal(lookup(&r, "10.0.0.1"), "10.0.0.0/24");
	assert_string_equal(lookup(&r, "10.0.1.1"), "10.0.0.0/8");
	assert_string_equal(lookup(&r, "11.0.0.1"), "none"); /* ::/0 is another family's */
	assert_string_equal(lookup(&r, "2001:db8::1"), "2001:db8::/32");
	assert_string_equal(lookup(&r, "2001:db9::1"), "::/0");
	announce(&r, peer, "0.0.0.0/0", 0, &s);
	assert_string_equal(lookup(&r, "11.0.0.1"), "0.0.0.0/0");
	withdraw(&r, peer, "10.0.0.0/24", 0);
	assert_string_equal(lookup(&r, "10.0.0.1"), "10.0.0.0/8");
	assert_int_equal(r.attrs.count, 1); /* all share it */
	rib_release(&r);
}

static void
test_stale(void **state)
{
	static struct rib r;
	static const struct sample s = {"12", 0, 0, 0, 0, 0}, other = {"13", 0, 0, 0, 0, 0};
	struct rib_route found;

	(void)state;
	rib_init(&r, OUR_AS, OUR_ID, 1);
	int peer = add_peer(&r, "192.0.2.1", 1, true), second = add_peer(&r, "192.0.2.2", 2, true);
	announce(&r, peer, "10.0.0.0/8", 0, &s);
	announce(&r, peer, "11.0.0.0/8", 0, &s);
	announce(&r, peer, "2001:db8::/32", 0, &s);
	announce(&r, second, "11.0.0.0/8", 0, &s);
	rib_stale(&r, peer, BGP_IPV4);
	struct addr a = addr_of("10.0.0.1");
	assert_int_equal(rib_lookup(&r, &a, &found, 1), 1);
	assert_true(found.stale && found.best); /* still good until it is swept */
	announce(&r, peer, "10.0.0.0/8", 0, &s); /* the same again, which is fresh */
	announce(&r, peer, "12.0.0.0/8", 0, &other);
	assert_int_equal(rib_sweep(&r, peer, BGP_IPV4), 1);
	assert_int_equal(r.peers[peer].routes[BGP_IPV4], 2);
	assert_int_equal(r.peers[peer].routes[BGP_IPV6], 1);
	assert_int_equal(best_count(&r), 4);
	assert_int_equal(rib_sweep(&r, peer, BGP_IPV4), 0);
	rib_peer_remove(&r, peer);
	assert_int_equal(best_count(&r), 1);
	assert_int_equal(r.prefixes[BGP_IPV6].shelf.count, 0);
	struct prefix next_hop = prefix_of("192.0.2.1/32"), none = prefix_of("192.0.2.2/32");
	assert_true(attrsets_next_hop_in(&r.attrs, &next_hop));
	assert_false(attrsets_next_hop_in(&r.attrs, &none));
	rib_peer_remove(&r, second);
	assert_false(attrsets_next_hop_in(&r.attrs, &next_hop));
	assert_int_equal(r.paths.count, 0);
	assert_int_equal(r.attrs.count, 0);
	assert_int_equal(r.attrs.bytes, 0);
	/* Its place may be another's. */
	assert_int_equal(add_peer(&r, "192.0.2.3", 3, true), peer);
	rib_release(&r);
}

static void
note_work(void *arg)
{
	++*(unsigned *)arg;
}

/* What leaves may do so bit by bit, and nobody sees what is left of a peer that is gone. */
static void
test_work(void **state)
{
	enum { PREFIXES = 100 };
	static struct rib r;
	static const struct sample s = {"12", 0, 0, 0, 0, 0};
	unsigned asked = 0;
	char prefix[30];

	(void)state;
	rib_init(&r, OUR_AS, OUR_ID, 1);
	r.defer = note_work;
	r.defer_arg = &asked;
	int peer = add_peer(&r, "192.0.2.1", 1, true), second = add_peer(&r, "192.0.2.2", 2, true);
	for (int i = 0; i < PREFIXES; i++) {
		snprintf(prefix, sizeof prefix, "10.%d.0.0/16", i);
		announce(&r, peer, prefix, 0, &s);
	}
	announce(&r, second, "10.0.0.0/8", 0, &s);
	assert_int_equal(rib_sweep(&r, peer, BGP_IPV4), 0); /* nothing is stale */
	assert_int_equal(asked, 0);

	/* While they leave the peer comes back, goes again, and says some anew. */
	rib_stale(&r, peer, BGP_IPV4);
	announce(&r, peer, "10.1.0.0/16", 0, &s);
	announce(&r, peer, "10.99.0.0/16", 0, &s);
	assert_int_equal(rib_sweep(&r, peer, BGP_IPV4), PREFIXES - 2);
	assert_int_equal(asked, 1);
	assert_true(rib_work(&r, 40));
	assert_int_equal(r.peers[peer].routes[BGP_IPV4], PREFIXES - 39);
	rib_stale(&r, peer, BGP_IPV4);
	announce(&r, peer, "10.98.0.0/16", 0, &s);
	while (rib_work(&r, 7))
		continue;
	assert_int_equal(r.peers[peer].routes[BGP_IPV4], 3);
	assert_string_equal(lookup(&r, "10.1.0.1"), "10.1.0.0/16");
	assert_string_equal(lookup(&r, "10.98.0.1"), "10.98.0.0/16");
	assert_string_equal(lookup(&r, "10.97.0.1"), "10.0.0.0/8");

	rib_peer_remove(&r, peer);
	assert_string_equal(lookup(&r, "10.1.0.1"), "10.0.0.0/8");
	assert_int_equal(best_count(&r), 1);
	assert_true(add_peer(&r, "192.0.2.3", 3, true) > second); /* its place is not free yet */
	while (rib_work(&r, 1))
		continue;
	assert_int_equal(r.paths.count, 1);
	assert_int_equal(add_peer(&r, "192.0.2.4", 4, true), peer);
	rib_release(&r);
}

static void
test_caps(void **state)
{
	static struct rib r;
	static const struct sample s = {"12", 0, 0, 0, 0, 0};

	(void)state;
	rib_init(&r, OUR_AS, OUR_ID, 1);
	int peer = add_peer(&r, "192.0.2.1", 1, true);
	for (uint32_t id = 1; id <= RIB_PATHS_MAX + 10; id++)
		announce(&r, peer, "10.0.0.0/8", id, &s);
	assert_int_equal(r.paths.count, RIB_PATHS_MAX);
	assert_int_equal(r.refused, 10);
	withdraw(&r, peer, "10.0.0.0/8", RIB_PATHS_MAX + 5);
	assert_int_equal(r.paths.count, RIB_PATHS_MAX);
	for (uint32_t id = 1; id <= RIB_PATHS_MAX; id++)
		withdraw(&r, peer, "10.0.0.0/8", id);
	assert_int_equal(r.paths.count + r.attrs.count + r.prefixes[BGP_IPV4].shelf.count, 0);
	while (add_peer(&r, "192.0.2.2", 2, true) != -1)
		continue;
	assert_int_equal(add_peer(&r, "192.0.2.2", 2, true), -1);
	rib_release(&r);
}

/* Many changes in no order, held against a table that is as simple as can be. */
static void
test_model(void **state)
{
	enum { PEERS = 3, PREFIXES = 40, IDS = 2, STEPS = 20000 };
	static struct rib r;
	static bool model[PEERS][PREFIXES][IDS];
	char prefix[30];
	char path[6];

	(void)state;
	rib_init(&r, OUR_AS, OUR_ID, 42);
	for (int i = 0; i < PEERS; i++)
		assert_int_equal(add_peer(&r, "192.0.2.1", (uint32_t)i + 1, true), i);
	srandom(7);
	for (int step = 0; step < STEPS; step++) {
		int peer = (int)random() % PEERS, n = (int)random() % PREFIXES, id = (int)random() % IDS;

		if (n % 2 == 0)
			snprintf(prefix, sizeof prefix, "10.%d.0.0/16", n);
		else
			snprintf(prefix, sizeof prefix, "2001:db8:%x::/48", n);
		if (random() % 2 == 0) {
			snprintf(path, sizeof path, "%d", 100 + (int)random() % 50);
			struct sample s = {path, 0, 0, 0, 0, 0};
			announce(&r, peer, prefix, (uint32_t)id, &s);
			model[peer][n][id] = true;
		} else {
			withdraw(&r, peer, prefix, (uint32_t)id);
			model[peer][n][id] = false;
		}
		if (step % 100 != 0)
			continue;
		unsigned prefixes = 0;
		uint64_t paths = 0;
		for (int p = 0; p < PREFIXES; p++) {
			uint64_t before = paths;

			for (int k = 0; k < PEERS * IDS; k++)
				paths += model[k / IDS][p][k % IDS];
			prefixes += paths > before;
		}
		assert_int_equal(r.paths.count, paths);
		assert_int_equal(best_count(&r), prefixes);
		assert_true(r.attrs.count <= 50);
	}
	for (int i = 0; i < PEERS; i++)
		rib_peer_remove(&r, i);
	assert_int_equal(r.paths.count + r.attrs.count, 0);
	rib_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decision),
	    cmocka_unit_test(test_med_order),
	    cmocka_unit_test(test_loops),
	    cmocka_unit_test(test_lookup),
	    cmocka_unit_test(test_stale),
	    cmocka_unit_test(test_work),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_model),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
