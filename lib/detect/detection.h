/* What nf-detect says: one line of NDJSON a detection, nf-detect(1). */
#ifndef DETECT_DETECTION_H
#define DETECT_DETECTION_H

#include "detect/baseline.h"
#include "detect/flowkey.h"
#include "detect/rules.h"
#include "detect/window.h"

enum detection_state { DETECTION_START, DETECTION_UPDATE, DETECTION_END };

/* The counts of a group at one time; a count that is not kept is 0, a score < 0. */
struct totals {
	uint64_t flows, packets, bytes;
	uint32_t unique[UNIQUES];
	double score;
};

/* What stands against a threshold, over a window of so many seconds. */
uint64_t totals_value(const struct totals *t, enum rule_limit l, uint32_t window);

enum { SAMPLES = 5 };

struct sample {
	int64_t time_ms;
	struct addr src, dst, exporter; /* exporter of all zeros: unknown */
	uint64_t packets, bytes; /* as counted: scaled, shared out over time */
	uint16_t src_port, dst_port, flags;
	uint8_t proto;
	bool has_ports, has_flags;
};

/*
 * What source or destination addresses of an incident's flows were translated
 * to: the first few, own ones before others. Who would blackhole an address may
 * find by them that it hides somebody else.
 */
enum { NATS = 4 };

struct nats {
	unsigned count;
	struct addr v[NATS];
};

struct detection {
	const struct rule *rule;
	const struct flowkey *key;
	const struct window *window;
	unsigned actions;
	bool trusted; /* false: only flows of exporters that are not on the list */
	enum detection_state state;
	uint8_t id[16];
	int64_t time_ms, start_ms;
	enum flowkey_width key_width;
	uint8_t key_bytes[FLOWKEY_MAX];
	struct totals now, peak;
	uint64_t limits[LIMITS]; /* of this group, at this time */
	const char *host_group; /* whose limits they are, or NULL: the rule's own */
	struct baseline usual; /* of the group in a window, where the rule goes by it */
	bool blackhole; /* blackhole_count is reached */
	struct nats nat_src, nat_dst;
	unsigned sample_count;
	struct sample samples[SAMPLES];
};

/* UUIDv5 of rule, key and start. */
void detection_id(uint8_t id[16], const struct rule *r, bool trusted, const struct flowkey *k,
    enum flowkey_width width, const uint8_t *key_bytes, int64_t start_ms);

/* Appends the line with its newline. */
void detection_write(const struct detection *d, struct buf *out);

#endif
