/* What is noted of an exporter, beside the counters, so that it can be explained. Taken only where asked for. */
#ifndef DECODE_NOTES_H
#define DECODE_NOTES_H

#include <stdint.h>

#include "flow/builder.h"

enum { NOTED_RATES = 8 };

/* Classes of how long flows last: none, then up to 1, 10, 60, 300 and 1800 seconds, longer. */
enum { DURATIONS = 7 };

struct job;

struct notes {
	int64_t first_ms, last_ms; /* receipt */
	int64_t ahead_min_ms, ahead_max_ms; /* of our clock to the exporter's, delay included */
	uint64_t messages; /* that told the exporter's time */
	uint32_t header_rate;
	uint64_t durations[DURATIONS];
	int64_t longest_ms;
	uint64_t unrated; /* flows without a sampling rate */
	unsigned rate_count;
	uint64_t other_rates; /* flows of further rates */
	struct {
		uint32_t rate;
		uint64_t flows;
	} rates[NOTED_RATES];
};

/* A message was read. */
void notes_message(struct notes *n, const struct job *j);

/* Rows of the exporter were filled. */
void notes_rows(struct notes *n, const struct builder *rows, uint32_t row, uint32_t count);

#endif
