/* What is gathered of one key in one pane, and the vector that follows from it. */
#ifndef ML_CELL_H
#define ML_CELL_H

#include "ml/features.h"
#include "ml/tally.h"

struct cell {
	uint64_t flows, packets, bytes;
	uint64_t tcp, udp, icmp, outside; /* flows */
	uint64_t syn, rst, failed; /* flows of TCP */
	uint64_t sized; /* flows with packets */
	double size, size_square; /* sums over them of bytes / packets */
	uint64_t gaps;
	double gap, gap_square; /* sums over them, ms */
	uint64_t last; /* when the flow before began, ms; 0: there was none */
	struct tally peers, dst_ports, src_ports;
};

/* One flow, as the cell sees it; absent values are 0. */
struct cell_flow {
	uint64_t packets, bytes, began;
	uint32_t peer, src_port, dst_port; /* hashes */
	uint16_t tcp_flags;
	uint8_t proto;
	bool outside; /* the peer lies outside our networks */
};

/* Without an arena the tallies do not grow. */
void cell_add(struct cell *c, struct arena *a, const struct cell_flow *f);

/* Has what adding the flow will touch beyond the cell on its way from memory. */
void cell_prefetch(const struct cell *c, const struct cell_flow *f);

/* All of b comes to c. */
void cell_merge(struct cell *c, struct arena *a, const struct cell *b);

/* What its tallies took, bytes. */
size_t cell_bytes(const struct cell *c);

void cell_vector(const struct cell *c, uint64_t window_ms, float values[FEATURES]);

#endif
