/*
 * The chain of enrichment (geoip, own networks, AS rules) over batches of
 * uniformly random IPv4 addresses, the worst case for every cache, and of a few
 * hundred thousand hosts of which few talk most (Zipf). Beside it libmaxminddb
 * asked plainly for the same values.
 *
 *     enrich ASN_DB CITY_DB [TABLE]
 *
 * With a prefix table there is the step bgp too, and its cost is what it adds.
 */
#include <maxminddb.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enrich/chain.h"

#define ROWS 8192
#define BATCHES 128
#define HOSTS (1u << 18)

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static double
cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct addr
rnd_addr(void)
{
	return addr_from_v4((uint32_t)(rnd() % 0xe0000000));
}

/* By the inverse of the distribution, with exponent 1: rank = HOSTS^u. */
static struct addr
zipf_addr(const struct addr *hosts)
{
	double u = (double)(rnd() >> 11) / 9007199254740992.0;

	return hosts[(size_t)(pow(HOSTS, u)) - 1];
}

static void
chain_run(struct chain *c, const char *name, const struct addr *a)
{
	struct arena arena = {0};
	uint64_t bytes = 0;

	double start = cpu_now();
	for (unsigned i = 0; i < BATCHES; i++) {
		struct batch b;

		arena_reset(&arena);
		batch_init(&b);
		b.rows = ROWS;
		batch_add_fixed(&b, &arena, FIELD_src_host, a + (size_t)2 * i * ROWS, NULL);
		batch_add_fixed(&b, &arena, FIELD_dst_host, a + (size_t)(2 * i + 1) * ROWS, NULL);
		chain_apply(c, &b, &arena);
		for (unsigned k = 0; k < b.col_count; k++)
			bytes += b.cols[k].raw_len;
	}
	double t = cpu_now() - start;
	printf("enrich_chain_%s %.2f M/s\n", name, BATCHES * (double)ROWS / t / 1e6);
	printf("enrich_chain_%s_out %.0f B\n", name, (double)bytes / BATCHES / ROWS);
	arena_release(&arena);
}

static uint64_t
plain_value(MMDB_lookup_result_s *r, const char *const *path)
{
	MMDB_entry_data_s d;

	return r->found_entry && MMDB_aget_value(&r->entry, &d, path) == MMDB_SUCCESS ? d.data_size : 0;
}

static void
plain_run(const MMDB_s *asn, const MMDB_s *city, const struct addr *a, size_t flows)
{
	static const char *const number[] = {"autonomous_system_number", NULL};
	static const char *const org[] = {"autonomous_system_organization", NULL};
	static const char *const country[] = {"country_code", NULL}, *const town[] = {"city", NULL};
	uint64_t bytes = 0;
	int rc;

	double start = cpu_now();
	for (size_t i = 0; i < 2 * flows; i++) {
		struct sockaddr_in sin = {.sin_family = AF_INET};

		memcpy(&sin.sin_addr, a[i].b + 12, 4);
		MMDB_lookup_result_s r = MMDB_lookup_sockaddr(asn, (struct sockaddr *)&sin, &rc);
		bytes += plain_value(&r, number) + plain_value(&r, org);
		r = MMDB_lookup_sockaddr(city, (struct sockaddr *)&sin, &rc);
		bytes += plain_value(&r, country) + plain_value(&r, town);
	}
	printf("enrich_maxminddb %.2f M/s\n", (double)flows / (cpu_now() - start) / 1e6);
	if (bytes == 0)
		fprintf(stderr, "enrich: libmaxminddb found nothing\n");
}

static void
chain_bench(struct enrich_settings *s, const char *name, const struct addr *a)
{
	struct chain c;

	if (ownnet_add(&s->own, STR("198.51.100.0/24"), NULL) == -1)
		exit(1);
	ownnet_compile(&s->own);
	chain_open(&c, s);
	chain_run(&c, name, a);
	chain_close(&c);
}

int
main(int argc, char **argv)
{
	size_t n = (size_t)2 * BATCHES * ROWS;
	struct addr *a = mem_alloc(n * sizeof *a), *hosts = mem_alloc(HOSTS * sizeof *hosts);
	struct enrich_settings s = {
	    .steps = {&geoip_step},
	    .step_count = 1,
	    .language = "en",
	    .as = {.order = {AS_BGP, AS_EXPORTER, AS_DATABASE}, .order_count = 3, .my_asn = 64496},
	};
	struct enrich_settings bgp;
	MMDB_s asn, city;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: enrich ASN_DB CITY_DB [TABLE]\n");
		return 2;
	}
	s.asn_db = argv[1];
	s.city_db = argv[2];
	bgp = s;
	bgp.steps[bgp.step_count++] = &bgp_step;
	bgp.bgp_table = argv[3];
	for (size_t i = 0; i < n; i++)
		a[i] = rnd_addr();
	chain_bench(&s, "random", a);
	if (argc == 4)
		chain_bench(&bgp, "bgp_random", a);
	if (MMDB_open(argv[1], MMDB_MODE_MMAP, &asn) != MMDB_SUCCESS ||
	    MMDB_open(argv[2], MMDB_MODE_MMAP, &city) != MMDB_SUCCESS)
		return 1;
	plain_run(&asn, &city, a, n / 8);
	for (size_t i = 0; i < HOSTS; i++)
		hosts[i] = rnd_addr();
	for (size_t i = 0; i < n; i++)
		a[i] = zipf_addr(hosts);
	chain_bench(&s, "zipf", a);
	if (argc == 4)
		chain_bench(&bgp, "bgp_zipf", a);
	MMDB_close(&asn);
	MMDB_close(&city);
	free(a);
	free(hosts);
	return 0;
}
