#include "days.h"

#define DAY_MS UINT64_C(86400000)

static void
days_put(struct days *d, uint32_t day)
{
	for (unsigned i = 0; i < d->count && i < DAYS_MAX; i++)
		if (d->day[i] == day)
			return;
	if (d->count < DAYS_MAX)
		d->day[d->count] = day;
	if (d->count <= DAYS_MAX)
		d->count++;
}

void
days_of(struct days *d, const struct batch *b)
{
	const struct col *c = batch_col(b, FIELD_timestamp_start);
	uint64_t from = 0;

	*d = (struct days){.count = 0};
	if (c == NULL || c->present != NULL)
		days_put(d, 0);
	for (uint32_t i = 0; c != NULL && i < b->rows; i++) {
		uint64_t ms = col_u64(c, i);

		/* Most flows began on the day of the one before. */
		if (i > 0 && ms - from < DAY_MS)
			continue;
		days_put(d, (uint32_t)(ms / DAY_MS));
		from = ms - ms % DAY_MS;
	}
}

bool
days_join(struct days *d, const struct days *more)
{
	struct days all = *d;

	if (more->count > DAYS_MAX)
		return false;
	for (unsigned i = 0; i < more->count; i++)
		days_put(&all, more->day[i]);
	if (all.count > DAYS_MAX)
		return false;
	*d = all;
	return true;
}
