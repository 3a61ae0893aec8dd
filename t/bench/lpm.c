/*
 * The prefix table at full size: 1.0 million IPv4 and 220,000 IPv6 prefixes with
 * lengths as in the Internet's table. Beside it libmaxminddb, asked plainly, on
 * the database named by the first argument, if there is one.
 */
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "route/lpm.h"

#define N_V4 1000000
#define N_V6 220000
#define N_ASK (1u << 20)
#define ROUNDS 16

/* Prefixes of each length, in thousandths. */
static const unsigned lens_v4[33] = {[8] = 1,
    [12] = 1,
    [13] = 1,
    [14] = 2,
    [15] = 2,
    [16] = 14,
    [17] = 9,
    [18] = 15,
    [19] = 26,
    [20] = 45,
    [21] = 55,
    [22] = 120,
    [23] = 105,
    [24] = 604};
static const unsigned lens_v6[65] = {[28] = 5,
    [29] = 20,
    [30] = 5,
    [32] = 125,
    [33] = 15,
    [34] = 15,
    [35] = 15,
    [36] = 45,
    [38] = 15,
    [40] = 85,
    [42] = 20,
    [44] = 90,
    [45] = 15,
    [46] = 30,
    [47] = 40,
    [48] = 450,
    [56] = 5,
    [64] = 5};

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

static unsigned
rnd_len(const unsigned *lens)
{
	unsigned at = (unsigned)(rnd() % 1000), len = 0;

	while (at >= lens[len])
		at -= lens[len++];
	return len;
}

static struct addr
rnd_addr_v6(void)
{
	uint64_t w[2] = {rnd(), rnd()};
	struct addr a = addr_from_bytes(w, true);

	a.b[0] = (uint8_t)(0x20 | (a.b[0] & 0x0f)); /* 2000::/4: most of what is allocated */
	a.b[1] &= 0x0f;
	return a;
}

static void
prefixes_make(struct prefix *p)
{
	for (unsigned i = 0; i < N_V4 + N_V6; i++, p++) {
		bool v4 = i < N_V4;

		p->addr = v4 ? addr_from_v4((uint32_t)(rnd() % 0xe0000000)) : rnd_addr_v6();
		p->len = (uint8_t)(v4 ? 96 + rnd_len(lens_v4) : rnd_len(lens_v6));
		addr_mask(&p->addr, p->len);
	}
}

static void
ask(const struct lpm *t, const char *name, const struct addr *a, uint32_t *out)
{
	double start = cpu_now();
	for (unsigned r = 0; r < ROUNDS; r++)
		lpm_lookup_many(t, a, N_ASK, out);
	double many = cpu_now() - start;

	uint64_t sum = 0;
	start = cpu_now();
	for (unsigned i = 0; i < N_ASK; i++)
		sum += lpm_lookup(t, &a[i]) - out[i];
	double one = cpu_now() - start;
	if (sum != 0)
		fprintf(stderr, "lpm: single and bulk lookups differ\n");
	printf("lpm_lookup_%s %.1f M/s\n", name, ROUNDS * (double)N_ASK / many / 1e6);
	printf("lpm_lookup_one_%s %.1f M/s\n", name, N_ASK / one / 1e6);
}

static void
ask_maxminddb(const char *path, const struct addr *a)
{
	MMDB_s db;
	uint64_t found = 0;

	if (MMDB_open(path, MMDB_MODE_MMAP, &db) != MMDB_SUCCESS) {
		fprintf(stderr, "lpm: cannot open %s\n", path);
		exit(1);
	}
	double start = cpu_now();
	for (unsigned i = 0; i < N_ASK; i++) {
		struct sockaddr_in sin = {.sin_family = AF_INET};
		int error;

		memcpy(&sin.sin_addr, a[i].b + 12, 4);
		MMDB_lookup_result_s r = MMDB_lookup_sockaddr(&db, (struct sockaddr *)&sin, &error);
		found += r.found_entry;
	}
	printf("maxminddb_lookup_v4 %.1f M/s\n", N_ASK / (cpu_now() - start) / 1e6);
	if (found == 0)
		fprintf(stderr, "lpm: nothing found in %s\n", path);
	MMDB_close(&db);
}

int
main(int argc, char **argv)
{
	struct prefix *p = mem_alloc((N_V4 + N_V6) * sizeof *p);
	struct addr *v4 = mem_alloc(N_ASK * sizeof *v4), *v6 = mem_alloc(N_ASK * sizeof *v6);
	struct addr *mixed = mem_alloc(N_ASK * sizeof *mixed);
	uint32_t *out = mem_alloc(N_ASK * sizeof *out);
	struct lpm_builder b = {0};
	struct buf image = {0};
	struct lpm t;
	struct err e;

	prefixes_make(p);
	for (unsigned i = 0; i < N_ASK; i++) {
		/* Within announced IPv6 space: elsewhere the root alone would answer. */
		struct addr net = p[N_V4 + rnd() % N_V6].addr, host = rnd_addr_v6();

		memcpy(host.b, net.b, 6);
		v4[i] = addr_from_v4((uint32_t)rnd());
		v6[i] = host;
		mixed[i] = rnd() % 4 != 0 ? v4[i] : v6[i];
	}
	double start = cpu_now();
	for (unsigned i = 0; i < N_V4 + N_V6; i++)
		lpm_builder_add(&b, &p[i], (uint32_t)(1 + rnd() % 200000));
	lpm_builder_build(&b, &image);
	printf("lpm_compile %.2f s\n", cpu_now() - start);
	printf("lpm_prefixes %zu count\n", b.list[LPM_V4].count + b.list[LPM_V6].count);
	printf("lpm_image %.1f MB\n", (double)image.len / 1e6);
	start = cpu_now();
	if (lpm_open(&t, image.p, image.len, &e) == -1) {
		fprintf(stderr, "lpm: %s\n", e.msg);
		return 1;
	}
	printf("lpm_open %.3f s\n", cpu_now() - start);
	ask(&t, "v4", v4, out);
	ask(&t, "v6", v6, out);
	ask(&t, "mixed", mixed, out);
	if (argc > 1)
		ask_maxminddb(argv[1], v4);
	lpm_builder_release(&b);
	buf_release(&image);
	free(p);
	free(v4);
	free(v6);
	free(mixed);
	free(out);
	return 0;
}
