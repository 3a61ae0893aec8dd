#include "decode/sflow.h"

/* What is remembered of the source of samples. */
struct source_state {
	uint32_t next; /* sequence number */
	uint32_t drops;
};

static struct source_state *
source_get(struct job *j, const struct sflow_source *source, bool *fresh)
{
	struct map *sources = &j->domain->sources;
	struct source_state *s = map_get(sources, source);

	*fresh = s == NULL;
	if (s != NULL)
		return s;
	if (sources->count >= SOURCES_MAX || j->d->gauges.sources >= SOURCES_ALL_MAX) {
		job_count(j, COUNT_CAP_SOURCES, 1);
		return NULL;
	}
	/* The map is for the few domains that sample. */
	if (sources->key_size == 0)
		map_init(sources, sizeof *source, sizeof *s);
	j->d->gauges.sources++;
	return map_put(sources, source, NULL);
}

void
sflow_source_note(struct job *j, const struct sflow_source *source, uint32_t sequence, uint32_t drops)
{
	/* Beyond these the agent has started anew. */
	enum { LOST_MAX = 1 << 20, LATE_MAX = 1 << 6, DROPS_MAX = 1 << 30 };
	bool fresh;
	struct source_state *s = j->domain != NULL ? source_get(j, source, &fresh) : NULL;

	if (s == NULL)
		return;
	int32_t ahead = (int32_t)(sequence - s->next);
	if (!fresh && ahead < 0 && ahead >= -LATE_MAX) {
		uint64_t *lost = &j->exporter->counts[COUNT_SAMPLES_LOST];

		/* What was counted as lost has come late. */
		*lost -= *lost > 0;
		return;
	}
	if (!fresh && ahead >= 0 && ahead <= LOST_MAX) {
		job_count(j, COUNT_SAMPLES_LOST, (uint64_t)ahead);
		if (drops - s->drops <= DROPS_MAX)
			job_count(j, COUNT_SAMPLING_DROPS, drops - s->drops);
	}
	*s = (struct source_state){sequence + 1, drops};
}
