/*
 * Flows to features, as flows a second that one core comes to: 200,000 active sources, windows of 60 s that slide by
 * 10 s, 1.5 million flows a second of flow time; windows and vectors are part of the time. The vectors go nowhere.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "clock.h"
#include "flow/builder.h"
#include "flows.h"
#include "ml/features.h"

enum { SOURCES = 200000, PER_SECOND = 1500000 };

static void
count(void *arg, const struct addr *key, int64_t start, int64_t end, const float *values)
{
	(void)key;
	(void)start;
	(void)end;
	*(double *)arg += (double)values[FEATURE_flows];
}

static void
row_put(struct builder *bd, uint64_t *rng, uint64_t ms)
{
	struct addr src = addr_from_v4(0x0a000000 + flows_random(rng) % SOURCES);
	struct addr dst = addr_from_v4(0xc0000200 + flows_skewed(rng, 50000));

	builder_row(bd);
	builder_u64(bd, FIELD_timestamp_received, ms);
	builder_u64(bd, FIELD_timestamp_start, ms - flows_random(rng) % 10000);
	builder_addr(bd, FIELD_src_host, &src);
	builder_addr(bd, FIELD_dst_host, &dst);
	builder_u16(bd, FIELD_src_port, (uint16_t)(1024 + flows_random(rng) % 60000));
	builder_u16(bd, FIELD_dst_port, (uint16_t)(flows_random(rng) % 3 == 0 ? 53 : 443));
	builder_u8(bd, FIELD_proto, 6);
	builder_u16(bd, FIELD_tcpflags, 27);
	builder_u64(bd, FIELD_packets, 1 + flows_random(rng) % 20);
	builder_u64(bd, FIELD_bytes, 40 + flows_random(rng) % 20000);
}

int
main(void)
{
	double sum = 0, spent = 0;
	const struct features_options o = {.window_ms = 60000,
	    .step_ms = 10000,
	    .min_flows = 5,
	    .memory = (size_t)900 << 20,
	    .emit = count,
	    .arg = &sum};
	struct features *f = features_new(&o);
	struct builder *bd = mem_zero(1, sizeof *bd);
	struct arena arena = {0};
	uint64_t rng = 1, rows = 0;
	struct batch b;

	builder_init(bd, 0);

	while (rows < (uint64_t)PER_SECOND * 25) {
		while (!builder_full(bd))
			row_put(bd, &rng, 1700000000000 + rows++ * 1000 / PER_SECOND);
		builder_finish(bd, &b);
		double from = cpu_seconds();
		features_batch(f, &b, &arena);
		spent += cpu_seconds() - from;
		arena_reset(&arena);
		builder_reset(bd);
	}
	fprintf(stderr, "features: %.0f MB, %llu flows refused, %llu squeezed\n",
	    (double)features_counts(f)->memory / 1e6, (unsigned long long)features_counts(f)->refused,
	    (unsigned long long)features_counts(f)->squeezed);
	printf("%.0f\n", (double)rows / spent);
	features_free(f);
	builder_release(bd);
	free(bd);
	arena_release(&arena);
	return 0;
}
