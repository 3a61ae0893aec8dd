#include "encode.h"

#include <stdlib.h>

#include "base/log.h"
#include "ch/pack.h"
#include "ch/rows.h"

enum { COMPRESS_AT = 1 << 20 };

struct encoder {
	struct encode_options o;
	struct native *native; /* of flows */
	struct rows *rows; /* of lines */
	bool stranger_told;
	struct batch batch;
	struct arena scratch;
	struct buf query, body;
	struct buf block; /* before it is compressed into the body */
	struct buf *out; /* the block, or the body itself */
};

struct encoder *
encoder_new(const struct encode_options *o, const struct ch_table *columns, struct err *e)
{
	struct encoder *x = mem_zero(1, sizeof *x);

	x->o = *o;
	x->out = o->method != CH_METHOD_NONE ? &x->block : &x->body;
	if (o->rows)
		x->rows = rows_new(columns);
	else if ((x->native = native_new(columns, o->peer_as, e)) == NULL) {
		encoder_free(x);
		return NULL;
	}
	return x;
}

void
encoder_free(struct encoder *x)
{
	if (x == NULL)
		return;
	native_free(x->native);
	rows_free(x->rows);
	arena_release(&x->scratch);
	buf_release(&x->query);
	buf_release(&x->body);
	buf_release(&x->block);
	free(x);
}

/* A block that is done into the body, so that only one is ever held uncompressed. */
static void
compress_block(struct encoder *x)
{
	ch_compress(&x->body, x->o.method, x->block.p, x->block.len);
	x->block.len = 0;
}

static void
query_begin(struct encoder *x)
{
	x->query.len = x->block.len = x->body.len = 0;
	buf_puts(&x->query, "INSERT INTO ");
	ch_quote(&x->query, str_from(x->o.database));
	buf_putc(&x->query, '.');
	ch_quote(&x->query, str_from(x->o.table));
	buf_puts(&x->query, " (");
}

static void
encode_flows(struct encoder *x, const struct group *g, struct insert *i)
{
	struct pack k = pack_from(g->p, g->len);

	native_begin(x->native);
	while (pack_next(&k, &x->batch))
		native_note(x->native, &x->batch);
	native_columns(x->native, &x->query);
	buf_puts(&x->query, ") FORMAT Native");
	k = pack_from(g->p, g->len);
	while (pack_next(&k, &x->batch)) {
		i->rows += x->batch.rows;
		native_add(x->native, &x->batch, &x->scratch, x->out);
		arena_reset(&x->scratch);
		compress_block(x);
	}
	native_finish(x->native, x->out);
	i->damaged = k.skipped;
}

/* Once for a table: what its rows bring and it has no place for. */
static void
tell_stranger(struct encoder *x)
{
	struct str name = rows_stranger(x->rows);

	if (name.p == NULL || x->stranger_told)
		return;
	x->stranger_told = true;
	log_warnx("the table %s.%s has no column '%.*s'; what rows bring beyond its columns is left out",
	    x->o.database, x->o.table, (int)(name.len < 100 ? name.len : 100), name.p);
}

static int
encode_lines(struct encoder *x, const struct group *g, struct insert *i, struct err *e)
{
	struct str text = {g->p, g->len}, line;

	rows_begin(x->rows);
	while (row_next(&text, &line)) {
		if (row_look(line, NULL) == ROW_SOUND) {
			rows_note(x->rows, line);
			i->rows++;
		} else {
			i->damaged += line.len;
		}
	}
	if (i->rows > 0 && !rows_columns(x->rows, &x->query))
		return err_set(e, "no member of these rows is a column of %s.%s", x->o.database, x->o.table);
	tell_stranger(x);
	buf_puts(&x->query, ") FORMAT JSONEachRow");
	text = (struct str){g->p, g->len};
	while (row_next(&text, &line)) {
		if (i->damaged == 0 || row_look(line, NULL) == ROW_SOUND)
			rows_add(x->rows, line, x->out);
		if (x->block.len >= COMPRESS_AT)
			compress_block(x);
	}
	return 0;
}

int
encoder_run(struct encoder *x, const struct group *g, struct insert *i, struct err *e)
{
	int status = 0;

	*i = (struct insert){0};
	query_begin(x);
	if (x->o.rows)
		status = encode_lines(x, g, i, e);
	else
		encode_flows(x, g, i);
	compress_block(x);
	i->query = buf_cstr(&x->query);
	i->body = x->body.p;
	i->len = x->body.len;
	return status;
}

uint64_t
encoder_unfit(const struct encoder *x)
{
	return x->native != NULL ? native_unfit(x->native) : 0;
}
