#include "decode/notes.h"

#include "decode/state.h"

void
notes_message(struct notes *n, const struct job *j)
{
	int64_t ahead = j->received_ms - j->export_ms;

	/* Captures need not come in their order. */
	if (n->first_ms == 0 || j->received_ms < n->first_ms)
		n->first_ms = j->received_ms;
	if (j->received_ms > n->last_ms)
		n->last_ms = j->received_ms;
	if (j->header_rate != 0)
		n->header_rate = j->header_rate;
	/* sFlow tells its uptime alone. */
	if (j->domain == NULL || j->domain->key.version > 10)
		return;
	if (n->messages == 0 || ahead < n->ahead_min_ms)
		n->ahead_min_ms = ahead;
	if (n->messages == 0 || ahead > n->ahead_max_ms)
		n->ahead_max_ms = ahead;
	n->messages++;
}

static unsigned
duration_class(int64_t ms)
{
	static const int64_t most[DURATIONS - 1] = {0, 1000, 10000, 60000, 300000, 1800000};
	unsigned i = 0;

	while (i < DURATIONS - 1 && ms > most[i])
		i++;
	return i;
}

static void
note_rate(struct notes *n, uint32_t rate)
{
	unsigned i = 0;

	while (i < n->rate_count && n->rates[i].rate != rate)
		i++;
	if (i == NOTED_RATES) {
		n->other_rates++;
		return;
	}
	if (i == n->rate_count) {
		n->rate_count++;
		n->rates[i].rate = rate;
	}
	n->rates[i].flows++;
}

void
notes_rows(struct notes *n, const struct builder *rows, uint32_t row, uint32_t count)
{
	const int64_t *start = (const void *)rows->cols[FIELD_timestamp_start]->values;
	const int64_t *end = (const void *)rows->cols[FIELD_timestamp_end]->values;

	for (uint32_t i = row; i < row + count; i++) {
		int64_t lasted = end[i] - start[i];

		n->durations[duration_class(lasted)]++;
		n->longest_ms = lasted > n->longest_ms ? lasted : n->longest_ms;
		if (builder_has_at(rows, FIELD_sampling_rate, i))
			note_rate(
			    n, ((const uint32_t *)(const void *)rows->cols[FIELD_sampling_rate]->values)[i]);
		else
			n->unrated++;
	}
}
