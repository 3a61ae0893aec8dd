/*
 * mmdb FILE            loads the file and says what is in it, or why not (status 1)
 * mmdb FILE COUNT      and asks for COUNT random addresses here and of libmaxminddb
 */
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "enrich/mmdb.h"

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool
is_alias(const struct addr *a)
{
	return a->b[0] == 0x20 && (a->b[1] == 2 || (a->b[1] == 1 && a->b[2] == 0 && a->b[3] == 0));
}

/* Down the tree by chance, but never into the void: an address of which something is said. */
static struct addr
known_addr(const MMDB_s *db)
{
	uint64_t w[2] = {rnd(), rnd()};
	struct addr a = addr_from_bytes(w, true);
	uint32_t node = 0;
	MMDB_search_node_s n;

	for (unsigned bit = 0; bit < db->depth; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (MMDB_read_node(db, node, &n) != MMDB_SUCCESS)
			exit(2);
		if (n.left_record_type == MMDB_RECORD_TYPE_EMPTY)
			a.b[bit / 8] |= mask;
		if (n.right_record_type == MMDB_RECORD_TYPE_EMPTY)
			a.b[bit / 8] &= (uint8_t)~mask;
		bool right = (a.b[bit / 8] & mask) != 0;
		if ((right ? n.right_record_type : n.left_record_type) != MMDB_RECORD_TYPE_SEARCH_NODE)
			break;
		node = (uint32_t)(right ? n.right_record : n.left_record);
	}
	if (db->depth == 32)
		return addr_from_v4(load_be32(a.b));
	if (load_le64(a.b) == 0 && load_le32(a.b + 8) == 0)
		return addr_from_v4(load_be32(a.b + 12));
	return a;
}

/* A third of what is known, a third of IPv4, a third of IPv6; none within the aliases of IPv4. */
static struct addr
rnd_addr(const MMDB_s *db)
{
	uint64_t w[2] = {rnd(), rnd()};
	struct addr a = addr_from_bytes(w, true);

	switch (rnd() % 3) {
	case 0:
		a = known_addr(db);
		return is_alias(&a) ? rnd_addr(db) : a;
	case 1:
		return addr_from_v4((uint32_t)w[0]);
	}
	if (rnd() % 4 != 0) {
		a.b[0] = (uint8_t)(0x20 + (a.b[0] & 0x0f));
		a.b[1] &= rnd() % 2 != 0 ? 0x0f : 0xff;
		a.b[2] &= rnd() % 2 != 0 ? 0x0f : 0xff;
	}
	return is_alias(&a) ? rnd_addr(db) : a;
}

static MMDB_lookup_result_s
plain_lookup(const MMDB_s *db, const struct addr *a)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	int rc;

	memcpy(&sin.sin_addr, a->b + 12, 4);
	memcpy(&sin6.sin6_addr, a->b, 16);
	MMDB_lookup_result_s r = MMDB_lookup_sockaddr(db, addr_is_v4(a) ? (void *)&sin : (void *)&sin6, &rc);
	if (rc != MMDB_SUCCESS && rc != MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR) {
		fprintf(stderr, "mmdb: %s\n", MMDB_strerror(rc));
		exit(2);
	}
	return r;
}

static struct str
plain_text(MMDB_lookup_result_s *r, const char *const *path)
{
	MMDB_entry_data_s d;

	if (!r->found_entry || MMDB_aget_value(&r->entry, &d, path) != MMDB_SUCCESS ||
	    d.type != MMDB_DATA_TYPE_UTF8_STRING)
		return (struct str){"", 0};
	return (struct str){d.utf8_string, d.data_size};
}

static uint32_t
plain_asn(MMDB_lookup_result_s *r)
{
	static const char *const path[] = {"autonomous_system_number", NULL};
	static const char *const traits[] = {"traits", "autonomous_system_number", NULL};
	MMDB_entry_data_s d;

	if (!r->found_entry || (MMDB_aget_value(&r->entry, &d, path) != MMDB_SUCCESS &&
				   MMDB_aget_value(&r->entry, &d, traits) != MMDB_SUCCESS))
		return 0;
	return d.type == MMDB_DATA_TYPE_UINT32 ? d.uint32 : 0;
}

static struct str
either(struct str a, struct str b)
{
	return a.len != 0 ? a : b;
}

/* Whether both say the same of an address, in the layouts of MaxMind and of ip-location-db. */
static int
same(const struct geodb *ours, const MMDB_s *theirs, const struct addr *a)
{
	static const char *const code[] = {"country_code", NULL}, *const iso[] = {
								      "country", "iso_code", NULL};
	static const char *const city[] = {"city", NULL}, *const en[] = {"city", "names", "en", NULL};
	static const char *const org[] = {"autonomous_system_organization", NULL};
	static const char *const traits[] = {"traits", "autonomous_system_organization", NULL};
	const struct geodb_entry *e = &ours->entries[lpm_lookup(&ours->lpm, a)];
	MMDB_lookup_result_s r = plain_lookup(theirs, a);
	char text[ADDR_TEXT_MAX];

	if (e->asn == plain_asn(&r) &&
	    str_eq(ours->texts[e->as_name], either(plain_text(&r, org), plain_text(&r, traits))) &&
	    str_eq(ours->texts[e->country], either(plain_text(&r, code), plain_text(&r, iso))) &&
	    str_eq(ours->texts[e->city], either(plain_text(&r, city), plain_text(&r, en))))
		return 1;
	printf("%s differs\n", addr_text(text, a));
	return 0;
}

int
main(int argc, char **argv)
{
	struct timespec from, to;
	struct err e;
	MMDB_s plain;

	if (argc < 2)
		return 2;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	struct geodb *db = mmdb_load(argv[1], "en", &e);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	if (db == NULL) {
		printf("refused: %s\n", e.msg);
		return 1;
	}
	printf("loaded: %u entries, %u texts, %zu bytes of prefixes, %.2f s\n", db->entry_count,
	    db->text_count, db->image.len,
	    (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	if (argc > 2) {
		unsigned long count = strtoul(argv[2], NULL, 10), found = 0, equal = 0;

		if (MMDB_open(argv[1], MMDB_MODE_MMAP, &plain) != MMDB_SUCCESS)
			return 2;
		for (unsigned long i = 0; i < count; i++) {
			struct addr a = rnd_addr(&plain);

			found += lpm_lookup(&db->lpm, &a) != 0;
			equal += (unsigned long)same(db, &plain, &a);
		}
		printf("compared: %lu of %lu equal, %lu found\n", equal, count, found);
		MMDB_close(&plain);
		if (equal != count)
			return 1;
	}
	geodb_free(db);
	return 0;
}
