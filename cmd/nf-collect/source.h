/*
 * Where datagrams come from: a thread that only receives, and puts each one
 * into a bounded ring as a message; a worker takes them out and decodes. What a
 * message holds stands here, since three files must agree on it.
 */
#ifndef NF_COLLECT_SOURCE_H
#define NF_COLLECT_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "io/ring.h"

struct message {
	struct addr exporter;
	int64_t received_ms;
	uint8_t bytes[];
};

struct source {
	struct ring *ring;
	atomic_bool stop; /* asked for: put what is there already, no more */
	atomic_bool done; /* nothing will be put any more */
};

#endif
