/* The step snmp: names, aliases and speeds of interfaces, by SNMP or from a file. */
#include <stdlib.h>

#include "base/log.h"
#include "enrich/chain.h"
#include "enrich/ifname_file.h"
#include "enrich/watch.h"
#include "io/metrics.h"

#define REMEDY "interfaces get no names of it until it is there and sound"
#define SPEEDS_MAX 16
#define PAIRS_MAX 65536 /* of exporters and interfaces, remembered within a batch */

struct snmp {
	struct watch file; /* of a struct ifname_file */
	struct ifpoll *poll; /* NULL: nobody is asked */
	struct ifnames *names; /* what was told; NULL: nothing yet */
	struct textcol_codes codes;
	struct map
	    seen; /* trusted exporters since the last tick -> whether with an interface that is not known */
	uint64_t hits, misses;

	struct chain *chain; /* while the loop is there */
	struct loop *loop;
	struct loop_fd *ready; /* until the routers have been asked once */
	bool waits; /* a batch, for that */
};

/* What there is to know of an entry of the batch's column of exporters. */
enum { EXPORTER_TRUSTED = 1, EXPORTER_LACKS = 2, EXPORTER_KNOWN = 4 };

struct exporters {
	const struct col *col;
	uint8_t *flags;
};

static void *
file_load(const char *path, const void *arg, struct err *e)
{
	(void)arg;
	return ifname_file_load(path, e);
}

static void
file_free(void *file)
{
	ifname_file_free(file);
}

static size_t
file_count(const void *file)
{
	return ((const struct ifname_file *)file)->names->count - 1;
}

static const struct watch_kind kind = {"interface names", file_load, file_free, file_count, "interfaces"};

static void
complain(const struct ifname_file *f)
{
	if (f != NULL)
		complaints_log(&f->bad);
}

static void
names_take(struct snmp *g)
{
	struct ifnames *fresh = g->poll != NULL ? ifpoll_take(g->poll) : NULL;

	if (fresh == NULL)
		return;
	ifnames_free(g->names);
	g->names = fresh;
}

static void *
snmp_open(const struct enrich_settings *s)
{
	struct snmp *g = mem_zero(1, sizeof *g);
	struct err e;

	map_init(&g->seen, sizeof(struct addr), sizeof(bool));
	watch_start(&g->file, &kind, s->ifnames_file, NULL, REMEDY, true);
	complain(g->file.data);
	if (s->snmp_asks && ifpoll_start(&g->poll, &s->snmp, &e) == -1)
		log_warnx("%s; routers are not asked for interface names", e.msg);
	return g;
}

static void
snmp_close(void *state)
{
	struct snmp *g = state;

	if (g->poll != NULL)
		ifpoll_stop(g->poll);
	ifnames_free(g->names);
	watch_stop(&g->file);
	map_release(&g->seen);
	free(g->codes.v);
	free(g);
}

static void
on_ready(void *arg, int fd, int what)
{
	struct snmp *g = arg;
	bool waited = g->waits;

	(void)fd;
	(void)what;
	loop_fd_remove(g->ready);
	g->ready = NULL;
	g->waits = false;
	if (waited)
		chain_ready(g->chain);
}

static void
ready_listen(struct snmp *g)
{
	if (g->loop != NULL && g->poll != NULL)
		g->ready = loop_fd_add(g->loop, ifpoll_ready_fd(g->poll), LOOP_READ, on_ready, g);
}

static void
ready_forget(struct snmp *g)
{
	loop_fd_remove(g->ready);
	g->ready = NULL;
	g->waits = false;
}

static void
snmp_attach(void *state, struct chain *c, struct loop *l)
{
	struct snmp *g = state;

	g->chain = c;
	g->loop = l;
	ready_listen(g);
}

static void
snmp_detach(void *state)
{
	struct snmp *g = state;

	ready_forget(g);
	g->chain = NULL;
	g->loop = NULL;
}

static bool
snmp_prepare(void *state, const struct batch *b, struct arena *a)
{
	struct snmp *g = state;

	(void)b;
	(void)a;
	g->waits = g->poll != NULL && !ifpoll_ready(g->poll);
	return !g->waits;
}

static bool
knows_any(const struct ifnames *t, const struct exporters *x)
{
	for (uint32_t i = 0; i < x->col->entries; i++) {
		struct addr a = col_entry_addr(x->col, i);

		if (ifnames_router(t, &a))
			return true;
	}
	return false;
}

/* Which interface of the table each row has; 0 for those that the table lacks. NULL if it has none of the routers. */
static uint32_t *
rows_find(const struct ifnames *t, struct pass *p, const struct exporters *x, const struct col *index)
{
	size_t pairs = (size_t)x->col->entries * index->entries;
	uint32_t *numbers, *memo = NULL; /* of pairs: number + 1 */

	if (t == NULL || !knows_any(t, x))
		return NULL;
	numbers = arena_zero(p->a, p->b->rows * sizeof *numbers);
	if (pairs <= PAIRS_MAX)
		memo = arena_zero(p->a, pairs * sizeof *memo);
	for (uint32_t i = 0; i < p->b->rows; i++) {
		if (!col_has(x->col, i) || !col_has(index, i))
			continue;
		uint32_t e = col_slot(x->col, i), n = col_slot(index, i);
		uint32_t *known = memo != NULL ? &memo[(size_t)e * index->entries + n] : &numbers[i];
		if (*known == 0) {
			struct addr router = col_entry_addr(x->col, e);

			*known = 1 + ifnames_find(t, &router, (uint32_t)col_entry_u64(index, n));
		}
		numbers[i] = *known - 1;
	}
	return numbers;
}

/* Routers have few different speeds; the code of one, or SPEEDS_MAX when there are too many for a search. */
static unsigned
speed_code(uint64_t speeds[SPEEDS_MAX], unsigned *count, uint64_t speed)
{
	for (unsigned i = 0; i < *count; i++)
		if (speeds[i] == speed)
			return i;
	if (*count == SPEEDS_MAX)
		return SPEEDS_MAX;
	speeds[*count] = speed;
	return (*count)++;
}

static void
speed_put(struct pass *p, enum field f, const struct ifnames *t, const uint32_t *numbers)
{
	const struct col *old = batch_col(p->b, f);
	uint32_t rows = p->b->rows;
	uint64_t *speed = arena_zero(p->a, rows * sizeof *speed), distinct[SPEEDS_MAX];
	uint64_t *present = arena_zero(p->a, (rows + 63) / 64 * sizeof *present);
	uint16_t *codes = arena_zero(p->a, rows * sizeof *codes);
	unsigned count = 0;
	bool few = true;

	for (uint32_t i = 0; i < rows; i++) {
		speed[i] = t->all[numbers[i]].speed;
		if (speed[i] == 0 && old != NULL && col_has(old, i))
			speed[i] = col_u64(old, i);
		else if (speed[i] == 0)
			continue;
		present[i >> 6] |= UINT64_C(1) << (i & 63);
		if (few) {
			unsigned code = speed_code(distinct, &count, speed[i]);

			codes[i] = (uint16_t)code;
			few = code < SPEEDS_MAX;
		}
	}
	if (few)
		batch_add_dict(p->b, p->a, f, codes, distinct, count, present);
	else
		batch_add_fixed(p->b, p->a, f, speed, present);
}

struct side_fields {
	enum field index, name, alias, speed;
};

static void
table_put(struct snmp *g, struct pass *p, const struct side_fields *f, const struct ifnames *t,
    const uint32_t *numbers)
{
	uint32_t rows = p->b->rows, names = 0, aliases = 0, speeds = 0;
	uint32_t *name = arena_alloc(p->a, rows * sizeof *name),
		 *alias = arena_alloc(p->a, rows * sizeof *alias);

	for (uint32_t i = 0; i < rows; i++) {
		const struct ifname *n = &t->all[numbers[i]];

		names |= name[i] = n->name;
		aliases |= alias[i] = n->alias;
		speeds |= n->speed != 0;
	}
	if (names != 0)
		textcol_put(p->b, p->a, f->name, &g->codes, t->texts, t->text_count, name);
	if (aliases != 0)
		textcol_put(p->b, p->a, f->alias, &g->codes, t->texts, t->text_count, alias);
	if (speeds != 0)
		speed_put(p, f->speed, t, numbers);
}

/* Counts, and marks exporters whose table lacks an interface that neither has. */
static void
rows_count(struct snmp *g, const struct pass *p, struct exporters *x, const struct col *index,
    const uint32_t *told, const uint32_t *written)
{
	uint64_t hits = 0, all = 0;

	if (told == NULL && written == NULL && x->col->present == NULL && index->present == NULL) {
		g->misses += p->b->rows; /* not worth a look */
		return;
	}
	for (uint32_t i = 0; i < p->b->rows; i++) {
		if (!col_has(x->col, i) || !col_has(index, i))
			continue;
		bool hit = (told != NULL && told[i] != 0) || (written != NULL && written[i] != 0);
		all++;
		hits += hit;
		if (!hit && col_u64(index, i) != 0)
			x->flags[col_slot(x->col, i)] |= EXPORTER_LACKS;
	}
	g->hits += hits;
	g->misses += all - hits;
}

static void
side_apply(struct snmp *g, struct pass *p, struct exporters *x, const struct side_fields *f)
{
	const struct ifname_file *file = g->file.data;
	const struct col *index = batch_col(p->b, f->index);
	const uint32_t *told, *written;

	if (index == NULL)
		return;
	told = rows_find(g->names, p, x, index);
	written = rows_find(file != NULL ? file->names : NULL, p, x, index);
	rows_count(g, p, x, index, told, written);
	if (told != NULL)
		table_put(g, p, f, g->names, told);
	if (written != NULL)
		table_put(g, p, f, file->names, written);
}

static void
exporters_mark(struct snmp *g, const struct pass *p, struct exporters *x)
{
	const struct col *trusted = batch_col(p->b, FIELD_trusted);

	for (uint32_t i = 0; i < x->col->entries && g->names != NULL; i++) {
		struct addr a = col_entry_addr(x->col, i);

		if (ifnames_router(g->names, &a))
			x->flags[i] |= EXPORTER_KNOWN;
	}
	if (trusted != NULL && trusted->encoding == COL_CONST && trusted->present == NULL &&
	    x->col->present == NULL) { /* as live: one collector, whose exporters all are, or are not */
		for (uint32_t i = 0; i < x->col->entries && col_entry_u64(trusted, 0) != 0; i++)
			x->flags[i] |= EXPORTER_TRUSTED;
		return;
	}
	for (uint32_t i = 0; i < p->b->rows && trusted != NULL; i++)
		if (col_has(x->col, i) && col_has(trusted, i) && col_u64(trusted, i) != 0)
			x->flags[col_slot(x->col, i)] |= EXPORTER_TRUSTED;
}

/* To be told at the next tick. Who is not trusted must not make us send secrets to an address of its choice. */
static void
exporters_remember(struct snmp *g, const struct exporters *x)
{
	for (uint32_t i = 0; i < x->col->entries; i++) {
		struct addr a = col_entry_addr(x->col, i);
		bool lacks = (x->flags[i] & EXPORTER_KNOWN) != 0 && (x->flags[i] & EXPORTER_LACKS) != 0;

		if ((x->flags[i] & EXPORTER_TRUSTED) == 0 ||
		    (g->seen.count == IFPOLL_TARGETS_MAX && map_get(&g->seen, &a) == NULL))
			continue;
		bool *lacked = map_put(&g->seen, &a, NULL);
		*lacked |= lacks;
	}
}

static void
snmp_apply(void *state, struct pass *p)
{
	static const struct side_fields in = {FIELD_input_interface, FIELD_input_interface_name,
	    FIELD_input_interface_alias, FIELD_input_interface_speed};
	static const struct side_fields out = {FIELD_output_interface, FIELD_output_interface_name,
	    FIELD_output_interface_alias, FIELD_output_interface_speed};
	struct exporters x = {.col = batch_col(p->b, FIELD_exporter_ip)};
	struct snmp *g = state;

	g->waits = false;
	names_take(g);
	if (x.col == NULL || (g->poll == NULL && g->file.data == NULL))
		return;
	x.flags = arena_zero(p->a, x.col->entries);
	side_apply(g, p, &x, &in);
	side_apply(g, p, &x, &out);
	if (g->poll == NULL)
		return;
	exporters_mark(g, p, &x);
	exporters_remember(g, &x);
}

static void
snmp_tick(void *state)
{
	struct snmp *g = state;
	const void *exporter;
	void *lacks;

	names_take(g);
	if (watch_tick(&g->file))
		complain(g->file.data);
	for (size_t it = 0; g->poll != NULL && map_next(&g->seen, &it, &exporter, &lacks);)
		ifpoll_tell(g->poll, exporter, *(bool *)lacks);
	map_clear(&g->seen);
}

static void
snmp_reload(void *state, const struct enrich_settings *s)
{
	struct snmp *g = state;
	struct err e;

	watch_set(&g->file, &kind, s->ifnames_file, NULL, REMEDY, true);
	ready_forget(g);
	if (s->snmp_asks) {
		if (ifpoll_start(&g->poll, &s->snmp, &e) == -1)
			log_warnx("%s; routers are %s", e.msg,
			    g->poll != NULL ? "asked as before" : "not asked for interface names");
	} else if (g->poll != NULL) {
		ifpoll_stop(g->poll);
		g->poll = NULL;
		ifnames_free(g->names);
		g->names = NULL;
	}
	ready_listen(g);
}

static void
snmp_metrics(const void *state, struct buf *out)
{
	const struct snmp *g = state;
	const struct ifname_file *f = g->file.data;

	metrics_head(out, "nf_enrich_interface_lookups_total",
	    "interfaces of flows, by whether they are known", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_interface_lookups_total", "result=\"hit\"", g->hits);
	metrics_sample(out, "nf_enrich_interface_lookups_total", "result=\"miss\"", g->misses);
	metrics_head(out, "nf_enrich_ifnames_bad_lines", "lines of the file of names that were left out",
	    METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_ifnames_bad_lines", NULL, f != NULL ? f->bad.count : 0);
	metrics_head(out, "nf_enrich_ifnames_interfaces", "interfaces in the file of names", METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_ifnames_interfaces", NULL, f != NULL ? f->names->count - 1 : 0);
	if (g->poll != NULL)
		ifpoll_metrics(g->poll, out);
}

const struct step_ops snmp_step = {
    .name = "snmp",
    .open = snmp_open,
    .close = snmp_close,
    .attach = snmp_attach,
    .detach = snmp_detach,
    .prepare = snmp_prepare,
    .apply = snmp_apply,
    .tick = snmp_tick,
    .reload = snmp_reload,
    .metrics = snmp_metrics,
};
