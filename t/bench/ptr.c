/*
 * The step ptr over batches of Zipf-distributed hosts: all names in the cache,
 * and none of them with no server that answers. Rates in flows.
 *
 *     ptr FOLDER
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* By the inverse of the distribution, with exponent 1: rank = HOSTS^u. */
static size_t
zipf(void)
{
	double u = (double)(rnd() >> 11) / 9007199254740992.0;

	return (size_t)pow(HOSTS, u) - 1;
}

static void
run(const char *name, unsigned steps, const char *warm, const struct addr *a)
{
	struct enrich_settings s = {
	    .steps = {&ptr_step},
	    .step_count = steps,
	    .ptr_warm = warm,
	    .dns = {.cache_entries = 2 * HOSTS, .ttl_min = 60, .ttl_max = 86400, .rate = 1, .concurrency = 1},
	};
	struct arena arena = {0};
	uint64_t bytes = 0;
	struct chain c;

	ptr_policy_init(&s.ptr_policy, true);
	ptr_policy_compile(&s.ptr_policy);
	chain_open(&c, &s);
	ptr_policy_release(&s.ptr_policy);
	double start = cpu_now();
	for (unsigned i = 0; i < BATCHES; i++) {
		struct batch b;

		arena_reset(&arena);
		batch_init(&b);
		b.rows = ROWS;
		batch_add_fixed(&b, &arena, FIELD_src_host, a + (size_t)2 * i * ROWS, NULL);
		batch_add_fixed(&b, &arena, FIELD_dst_host, a + (size_t)(2 * i + 1) * ROWS, NULL);
		chain_apply(&c, &b, &arena);
		for (unsigned k = 0; k < b.col_count; k++)
			bytes += b.cols[k].raw_len;
	}
	double t = cpu_now() - start;
	printf("ptr_%s %.2f M/s\n", name, BATCHES * (double)ROWS / t / 1e6);
	printf("ptr_%s_cost %.0f ns\n", name, t / BATCHES / ROWS * 1e9);
	printf("ptr_%s_out %.0f B\n", name, (double)bytes / BATCHES / ROWS);
	arena_release(&arena);
	chain_close(&c);
}

int
main(int argc, char **argv)
{
	size_t n = (size_t)2 * BATCHES * ROWS;
	struct addr *a = mem_alloc(n * sizeof *a), *hosts = mem_alloc(HOSTS * sizeof *hosts);
	char path[4096], text[ADDR_TEXT_MAX];

	if (argc != 2) {
		fprintf(stderr, "usage: ptr FOLDER\n");
		return 2;
	}
	snprintf(path, sizeof path, "%s/names", argv[1]);
	FILE *f = fopen(path, "w");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i] = addr_from_v4(0x0b000000 + (uint32_t)(rnd() % 0x60000000));
		fprintf(f, "{\"ip\":\"%s\",\"ptr\":\"host-%zu.customers.example.net\",\"updated_at\":%lld}\n",
		    addr_text(text, &hosts[i]), i, (long long)time(NULL));
	}
	fclose(f);
	for (size_t i = 0; i < n; i++)
		a[i] = hosts[zipf()];
	run("none", 0, NULL, a);
	run("warm", 1, path, a);
	run("dead", 1, NULL, a);
	free(a);
	free(hosts);
	return 0;
}
