/* The flows that the benchmarks use: 25 fields, some 600 bytes as a line; the same for the same seed. */
#ifndef BENCH_FLOWS_H
#define BENCH_FLOWS_H

#include <stdio.h>

#include "flow/builder.h"

static inline uint32_t
flows_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

/* One of n, the small ones far more often: as networks and names come in traffic. */
static inline uint32_t
flows_skewed(uint64_t *state, uint32_t n)
{
	uint64_t r = flows_random(state) % 65536;

	return (uint32_t)(r * r * r / 65536 / 65536 * n / 65536);
}

static inline void
flows_side(struct builder *bd, uint64_t *rng, enum field host, enum field port, enum field as,
    enum field name, enum field country)
{
	static const char countries[][3] = {"US", "DE", "GR", "FR", "NL", "GB", "SE", "JP", "BR", "IN"};
	uint32_t network = flows_skewed(rng, 400);
	struct addr a = addr_from_v4((network * 2654435761u & 0x7fffff00) | (flows_random(rng) & 255));
	char text[32];

	builder_addr(bd, host, &a);
	builder_u16(
	    bd, port, (uint16_t)(flows_random(rng) % 3 == 0 ? 443 : 1024 + flows_random(rng) % 64000));
	builder_u32(bd, as, 1000 + network * 37 % 64000);
	snprintf(text, sizeof text, "NETWORK-%u Example Ltd", network);
	builder_str(bd, name, str_from(text));
	builder_str(bd, country, str_from(countries[network % 10]));
}

static inline void
flows_row(struct builder *bd, uint64_t *rng, uint32_t row)
{
	uint64_t end = UINT64_C(1700000000000) + row * UINT64_C(3) + flows_random(rng) % 1000;
	struct addr exporter = addr_from_v4(0xc0000201),
		    hop = addr_from_v4(0xc0000200 + flows_random(rng) % 4);
	uint32_t packets = 1 + flows_skewed(rng, 2000);
	char path[64];

	builder_row(bd);
	builder_u64(bd, FIELD_timestamp_start, end - flows_random(rng) % 60000);
	builder_u64(bd, FIELD_timestamp_end, end);
	builder_u64(bd, FIELD_timestamp_received, end + 900);
	builder_addr(bd, FIELD_exporter_ip, &exporter);
	builder_str(bd, FIELD_flow_type, STR("netflow9"));
	builder_u32(bd, FIELD_sampling_rate, 1);
	flows_side(
	    bd, rng, FIELD_src_host, FIELD_src_port, FIELD_src_as, FIELD_src_as_name, FIELD_src_host_country);
	flows_side(
	    bd, rng, FIELD_dst_host, FIELD_dst_port, FIELD_dst_as, FIELD_dst_as_name, FIELD_dst_host_country);
	builder_u8(bd, FIELD_proto, flows_random(rng) % 4 == 0 ? 17 : 6);
	builder_u8(bd, FIELD_ip_protocol, 4);
	builder_u16(bd, FIELD_tcpflags, (uint16_t)(flows_random(rng) % 32));
	builder_u8(bd, FIELD_tos, 0);
	builder_u32(bd, FIELD_input_interface, 1 + flows_random(rng) % 8);
	builder_u32(bd, FIELD_output_interface, 1 + flows_random(rng) % 8);
	builder_u64(bd, FIELD_packets, packets);
	builder_u64(bd, FIELD_bytes, packets * (40 + flows_random(rng) % 1460));
	builder_addr(bd, FIELD_next_hop, &hop);
	int n = snprintf(path, sizeof path, "64500%c%u%c%u%c", 0, 1000 + flows_skewed(rng, 60), 0,
	    1000 + flows_skewed(rng, 400) * 37 % 64000, 0);
	builder_str(bd, FIELD_as_path, (struct str){path, (size_t)n});
}

#endif
