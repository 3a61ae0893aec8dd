#include "ml/features.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
#include "ml/cell.h"

const char *const feature_names[FEATURES] = {
#define FEATURE(name) #name,
#include "ml/features.def"
#undef FEATURE
};

/* A cell and its place in a map that is a quarter full. */
enum { CELL_COST = sizeof(struct cell) + 4 * (16 + 8 + 4) };

enum { CHUNK = 64 }; /* rows between the first look at memory and its use */

/* What came in one step of time. */
struct pane {
	int64_t number; /* its begin / step */
	struct map cells; /* struct addr -> struct cell * */
	struct arena arena;
	size_t used; /* bytes, at most */
};

struct features {
	struct features_options o;
	struct features_counts n;
	unsigned panes;
	struct pane *pane; /* by number modulo panes */
	int64_t now; /* the number of the newest pane */
	bool begun;
	struct arena scratch; /* of a window's sums */
};

/* A key's cell in one of a window's panes. */
struct part {
	struct addr key;
	const struct cell *cell;
};

struct features *
features_new(const struct features_options *o)
{
	struct features *f = mem_zero(1, sizeof *f);

	f->o = *o;
	f->panes = (unsigned)(o->window_ms / o->step_ms);
	f->pane = mem_zero(f->panes, sizeof *f->pane);
	for (unsigned i = 0; i < f->panes; i++) {
		map_init(&f->pane[i].cells, sizeof(struct addr), sizeof(struct cell *));
		f->pane[i].number = -1;
	}
	return f;
}

void
features_free(struct features *f)
{
	for (unsigned i = 0; i < f->panes; i++) {
		map_release(&f->pane[i].cells);
		arena_release(&f->pane[i].arena);
	}
	arena_release(&f->scratch);
	free(f->pane);
	free(f);
}

const struct features_counts *
features_counts(const struct features *f)
{
	return &f->n;
}

static int
part_order(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return memcmp(x->key.b, y->key.b, sizeof x->key.b);
}

/* All cells of the window, those of a key beside each other. */
static struct part *
window_parts(const struct features *f, size_t *count)
{
	size_t n = 0;

	for (unsigned i = 0; i < f->panes; i++)
		n += f->pane[i].cells.count;
	struct part *parts = mem_zero(n + 1, sizeof *parts);
	*count = n;
	n = 0;
	for (unsigned i = 0; i < f->panes; i++) {
		const void *key;
		void *cell;

		for (size_t it = 0; map_next(&f->pane[i].cells, &it, &key, &cell); n++) {
			memcpy(&parts[n].key, key, sizeof parts[n].key);
			memcpy(&parts[n].cell, cell, sizeof parts[n].cell);
		}
	}
	qsort(parts, n, sizeof *parts, part_order);
	return parts;
}

/* The vector of one key from its n parts. */
static void
key_emit(struct features *f, const struct part *parts, size_t n, int64_t end)
{
	float values[FEATURES];
	struct cell sum = {0};
	uint64_t flows = 0;

	for (size_t i = 0; i < n; i++)
		flows += parts[i].cell->flows;
	if (flows < f->o.min_flows)
		return;
	arena_reset(&f->scratch);
	for (size_t i = 0; n > 1 && i < n; i++)
		cell_merge(&sum, &f->scratch, parts[i].cell);
	cell_vector(n > 1 ? &sum : parts[0].cell, f->o.window_ms, values);
	f->n.vectors++;
	f->o.emit(f->o.arg, &parts[0].key, end - (int64_t)f->o.window_ms, end, values);
}

/* Emits the window whose last pane is the newest. */
static void
window_emit(struct features *f)
{
	int64_t end = (f->now + 1) * (int64_t)f->o.step_ms;
	size_t count, from = 0;
	struct part *parts = window_parts(f, &count);

	for (size_t i = 1; i <= count; i++)
		if (i == count || part_order(&parts[from], &parts[i]) != 0) {
			key_emit(f, parts + from, i - from, end);
			from = i;
		}
	f->n.windows += count > 0;
	free(parts);
}

static struct pane *
pane_at(struct features *f, int64_t number)
{
	return &f->pane[number % f->panes];
}

static void
pane_begin(struct features *f, int64_t number)
{
	struct pane *p = pane_at(f, number);

	map_clear(&p->cells);
	arena_reset(&p->arena);
	f->n.memory -= p->used;
	p->used = 0;
	p->number = number;
	f->now = number;
}

/* The newest pane is at least `number`. Where nothing came for a whole window, there is nothing to tell. */
static void
panes_advance(struct features *f, int64_t number)
{
	if (!f->begun) {
		f->begun = true;
		pane_begin(f, number);
	}
	for (unsigned empty = 0; f->now < number; empty++) {
		if (empty < f->panes)
			window_emit(f);
		int64_t next = empty < f->panes ? f->now + 1 : number;
		pane_begin(f, next);
	}
}

void
features_advance(struct features *f, int64_t ms)
{
	if (f->begun)
		panes_advance(f, ms / (int64_t)f->o.step_ms);
}

int64_t
features_pane_end(const struct features *f)
{
	return f->begun ? (f->now + 1) * (int64_t)f->o.step_ms : 0;
}

void
features_end(struct features *f)
{
	if (f->begun)
		window_emit(f);
}

/* The pane for a flow of that time, or NULL. */
static struct pane *
pane_of(struct features *f, uint64_t ms)
{
	int64_t number = (int64_t)(ms / f->o.step_ms);

	if (!f->begun || number > f->now)
		panes_advance(f, number);
	if (number == f->now)
		return pane_at(f, number);
	struct pane *p = pane_at(f, number);
	if (p->number != number) {
		f->n.stale++;
		return NULL;
	}
	f->n.late++;
	return p;
}

/* Each pane has its share of the memory, so that one that is full leaves the next its own. */
static bool
pane_full(const struct features *f, const struct pane *p)
{
	return p->used >= f->o.memory / f->panes;
}

static void
pane_use(struct features *f, struct pane *p, size_t bytes)
{
	p->used += bytes;
	f->n.memory += bytes;
}

static struct cell *
cell_of(struct features *f, struct pane *p, const struct addr *key)
{
	struct cell **c = map_get(&p->cells, key);

	if (c != NULL)
		return *c;
	if (pane_full(f, p)) {
		f->n.refused++;
		return NULL;
	}
	c = map_put(&p->cells, key, NULL);
	*c = arena_zero(&p->arena, sizeof **c);
	pane_use(f, p, CELL_COST);
	return *c;
}

/* What is needed of a batch, whole columns; NULL where it has none. */
struct columns {
	const struct addr *key, *peer;
	const struct col *key_col;
	const uint64_t *received, *ended, *began, *packets, *bytes;
	const uint32_t *rate;
	const uint16_t *src_port, *dst_port, *flags;
	const uint8_t *proto;
	const struct col *direction;
};

static struct columns
columns_of(const struct features *f, const struct batch *b, struct arena *a)
{
	enum field key = f->o.by_dst ? FIELD_dst_host : FIELD_src_host;

	return (struct columns){
	    .key = batch_flat(b, key, a),
	    .key_col = batch_col(b, key),
	    .peer = batch_flat(b, f->o.by_dst ? FIELD_src_host : FIELD_dst_host, a),
	    .received = batch_flat(b, FIELD_timestamp_received, a),
	    .ended = batch_flat(b, FIELD_timestamp_end, a),
	    .began = batch_flat(b, FIELD_timestamp_start, a),
	    .packets = batch_flat(b, FIELD_packets, a),
	    .bytes = batch_flat(b, FIELD_bytes, a),
	    .rate = batch_flat(b, FIELD_sampling_rate, a),
	    .src_port = batch_flat(b, FIELD_src_port, a),
	    .dst_port = batch_flat(b, FIELD_dst_port, a),
	    .flags = batch_flat(b, FIELD_tcpflags, a),
	    .proto = batch_flat(b, FIELD_proto, a),
	    .direction = batch_col(b, FIELD_net_direction),
	};
}

/* Times of 2^47 ms and more are none: nothing of ours is in the year 6429. */
static uint64_t
time_of(const struct columns *c, uint32_t row)
{
	uint64_t ms = c->received != NULL ? c->received[row] : 0;

	if (ms == 0 && c->ended != NULL)
		ms = c->ended[row];
	if (ms == 0 && c->began != NULL)
		ms = c->began[row];
	return ms < UINT64_C(1) << 47 ? ms : 0;
}

/* Whether the peer lies outside our networks, by net_direction. */
static bool
peer_outside(const struct features *f, const struct columns *c, uint32_t row)
{
	if (c->direction == NULL || !col_has(c->direction, row))
		return false;
	struct str d = col_str(c->direction, row);
	return str_eq(d, STR("transit")) || str_eq(d, f->o.by_dst ? STR("in") : STR("out"));
}

static uint64_t
scaled(const uint64_t *count, const struct columns *c, uint32_t row)
{
	uint64_t n = count != NULL ? count[row] : 0;

	return c->rate != NULL && c->rate[row] > 1 && n <= UINT32_MAX ? n * c->rate[row] : n;
}

static uint32_t
port_hash(const uint16_t *ports, uint32_t row)
{
	uint16_t port = ports != NULL ? ports[row] : 0;

	return (uint32_t)hash64(&port, sizeof port);
}

/* A row, made ready before it is counted. */
struct entry {
	uint64_t ms; /* 0: it is not counted */
	struct cell_flow flow;
	const struct cell *seen; /* for a look ahead only: it may be gone when the row is counted */
};

static void
entry_read(struct entry *e, const struct features *f, const struct columns *c, uint32_t row)
{
	e->ms = c->key != NULL && col_has(c->key_col, row) ? time_of(c, row) : 0;
	e->flow = (struct cell_flow){
	    .packets = scaled(c->packets, c, row),
	    .bytes = scaled(c->bytes, c, row),
	    .began = c->began != NULL ? c->began[row] : e->ms,
	    .peer = c->peer != NULL ? (uint32_t)hash64(&c->peer[row], sizeof c->peer[row]) : 0,
	    .src_port = port_hash(c->src_port, row),
	    .dst_port = port_hash(c->dst_port, row),
	    .tcp_flags = c->flags != NULL ? c->flags[row] : 0,
	    .proto = c->proto != NULL ? c->proto[row] : 0,
	    .outside = peer_outside(f, c, row),
	};
}

static void
entry_count(struct features *f, const struct entry *e, const struct addr *key)
{
	f->n.flows++;
	if (e->ms == 0) {
		f->n.keyless++;
		return;
	}
	struct pane *p = pane_of(f, e->ms);
	struct cell *cell = p != NULL ? cell_of(f, p, key) : NULL;
	if (cell == NULL)
		return;
	size_t before = cell_bytes(cell);
	bool full = pane_full(f, p);

	f->n.squeezed += full;
	cell_add(cell, full ? NULL : &p->arena, &e->flow);
	pane_use(f, p, cell_bytes(cell) - before);
}

/* Pass by pass, so that the memory of a row is on its way while others are worked on. */
static void
rows_add(struct features *f, const struct columns *c, uint32_t from, uint32_t n)
{
	struct entry entries[CHUNK];

	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = &entries[i];

		entry_read(e, f, c, from + i);
		if (e->ms > 0)
			map_prefetch(&pane_at(f, (int64_t)(e->ms / f->o.step_ms))->cells, &c->key[from + i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = &entries[i];
		struct cell **cell = NULL;

		if (e->ms > 0)
			cell =
			    map_get(&pane_at(f, (int64_t)(e->ms / f->o.step_ms))->cells, &c->key[from + i]);
		e->seen = cell != NULL ? *cell : NULL;
		for (size_t at = 0; cell != NULL && at < sizeof **cell; at += 64)
			__builtin_prefetch((const char *)e->seen + at, 1);
	}
	for (uint32_t i = 0; i < n; i++)
		if (entries[i].seen != NULL)
			cell_prefetch(entries[i].seen, &entries[i].flow);
	for (uint32_t i = 0; i < n; i++)
		entry_count(f, &entries[i], c->key != NULL ? &c->key[from + i] : NULL);
}

void
features_batch(struct features *f, const struct batch *b, struct arena *a)
{
	const struct columns c = columns_of(f, b, a);

	for (uint32_t row = 0; row < b->rows; row += CHUNK)
		rows_add(f, &c, row, b->rows - row < CHUNK ? b->rows - row : CHUNK);
}
