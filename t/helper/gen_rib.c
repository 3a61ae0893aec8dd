/*
 * A table of full size as text, the same in every run: prefixes with lengths as
 * in the Internet's table, of 80,000 origins with one to three sets of
 * attributes each.
 *
 *     gen_rib bgpdump|ndjson|json [V4 V6]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

#define ORIGINS 80000

/* Some prefixes come out twice, so a few more are made than are wanted. */
#define V4_MADE 1024000
#define V6_MADE 220100

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Any number to any other, always the same. */
static uint32_t
mix(uint32_t v)
{
	uint64_t x = (v + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(x >> 32 ^ x);
}

/* Thousandths of the prefixes from a length on. */
struct share {
	unsigned len, thousandths;
};

static unsigned
rnd_len(const struct share *s)
{
	unsigned at = (unsigned)(rnd() % 1000);

	while (at >= s->thousandths)
		at -= s++->thousandths;
	return s->len;
}

static void
rnd_prefix(char text[PREFIX_TEXT_MAX], int v6)
{
	static const struct share v4_lens[] = {{12, 4}, {14, 5}, {16, 14}, {17, 9}, {18, 15}, {19, 26},
	    {20, 45}, {21, 55}, {22, 120}, {23, 105}, {24, 602}};
	static const struct share v6_lens[] = {{29, 30}, {32, 140}, {36, 75}, {40, 120}, {42, 20}, {44, 105},
	    {46, 45}, {47, 40}, {48, 415}, {56, 10}};
	uint64_t w[2] = {rnd(), rnd()};
	struct prefix p = {.addr = addr_from_bytes(w, true)};

	if (v6) {
		p.addr.b[0] = (uint8_t)(0x20 | (p.addr.b[0] & 0x0f));
		p.addr.b[1] &= 0x0f;
		p.len = (uint8_t)rnd_len(v6_lens);
	} else {
		p.addr = addr_from_v4((uint32_t)(0x01000000 + rnd() % 0xde000000));
		p.len = (uint8_t)(96 + rnd_len(v4_lens));
	}
	addr_mask(&p.addr, p.len);
	prefix_text(text, &p);
}

/* The attributes of an origin's prefixes. */
struct attributes {
	char path[256], communities[256];
	unsigned med;
};

static void
attributes_make(
    struct attributes *a, uint32_t origin, unsigned variant, const char *separator, const char *quote)
{
	uint32_t m = mix(origin * 4 + variant);
	int hops = 1 + (int)(m % 4), n;

	n = snprintf(a->path, sizeof a->path, "64496");
	for (int i = 0; i < hops; i++)
		n += snprintf(a->path + n, sizeof a->path - (size_t)n, "%s%u", separator,
		    1000 + mix(m + (uint32_t)i) % (i == 0 ? 40 : 6000));
	for (unsigned i = 0; i <= (m >> 8 & 7) / 6; i++) /* some prepend */
		n += snprintf(a->path + n, sizeof a->path - (size_t)n, "%s%u", separator, origin);
	a->communities[0] = '\0';
	n = 0;
	for (unsigned i = 0; i < (m >> 12 & 7); i++)
		n += snprintf(a->communities + n, sizeof a->communities - (size_t)n, "%s%s%u:%u%s",
		    i > 0 ? separator : "", quote, 1000 + mix(m) % 40, mix(m / 7 + i) % 5000, quote);
	a->med = m >> 16 & 3 ? 0 : m >> 18 & 63;
}

static void
line_put(const char *form, const char *prefix, uint32_t origin, unsigned variant, int first)
{
	struct attributes a;

	if (strcmp(form, "bgpdump") == 0) {
		attributes_make(&a, origin, variant, " ", "");
		printf("TABLE_DUMP2|1700000000|B|192.0.2.9|64496|%s|%s|IGP|%s|0|%u|%s|NAG||\n", prefix,
		    a.path, strchr(prefix, ':') != NULL ? "2001:db8::9" : "192.0.2.9", a.med, a.communities);
		return;
	}
	attributes_make(&a, origin, variant, ",", "\"");
	if (strcmp(form, "json") == 0)
		printf("%s\n\"%s\": {", first ? "" : ",", prefix);
	else
		printf("{\"prefix\":\"%s\",", prefix);
	printf("\"as_path\":[%s],\"next_hop\":\"%s\",\"local_pref\":100,\"med\":%u,\"communities\":[%s],"
	       "\"peer\":\"192.0.2.9\"}%s",
	    a.path, strchr(prefix, ':') != NULL ? "2001:db8::9" : "192.0.2.9", a.med, a.communities,
	    strcmp(form, "json") == 0 ? "" : "\n");
}

int
main(int argc, char **argv)
{
	unsigned long v4 = argc > 2 ? strtoul(argv[2], NULL, 10) : V4_MADE;
	unsigned long v6 = argc > 3 ? strtoul(argv[3], NULL, 10) : V6_MADE;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: gen_rib bgpdump|ndjson|json [V4 V6]\n");
		return 2;
	}
	if (strcmp(argv[1], "json") == 0)
		putchar('{');
	for (unsigned long i = 0; i < v4 + v6; i++) {
		/* Few origins have most of the prefixes. */
		uint32_t a = (uint32_t)(rnd() % ORIGINS), b = (uint32_t)(rnd() % ORIGINS);
		uint32_t origin = a < b ? a : b;
		char prefix[PREFIX_TEXT_MAX];

		rnd_prefix(prefix, i >= v4);
		line_put(argv[1], prefix, 7000 + origin, (unsigned)(rnd() % (1 + mix(origin) % 3)), i == 0);
	}
	if (strcmp(argv[1], "json") == 0)
		puts("\n}");
	return 0;
}
