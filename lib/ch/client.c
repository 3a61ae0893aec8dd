#include "ch/client.h"

#include <stdio.h>

bool
ch_server_since(const struct ch_server *s, unsigned major, unsigned minor)
{
	return s->major > major || (s->major == major && s->minor >= minor);
}

bool
ch_has_dedup(const struct ch_server *s)
{
	return ch_server_since(s, 22, 2);
}

static enum ch_verdict
ask(struct ch_http *h, const char *query, struct ch_answer *a, struct err *e)
{
	return ch_http_query(h, &(struct ch_request){.query = query}, a, e);
}

enum ch_verdict
ch_ask_server(struct ch_http *h, struct ch_server *s, struct err *e)
{
	struct ch_answer a = {0};
	enum ch_verdict v = ask(h, "SELECT version()", &a, e);

	if (v == CH_OK) {
		*s = (struct ch_server){0};
		if (sscanf(buf_cstr(&a.text), "%31[0-9.]", s->version) != 1 ||
		    sscanf(s->version, "%5u.%5u", &s->major, &s->minor) != 2) {
			err_set(e, "what answers is no ClickHouse server");
			v = CH_BUSY;
		}
	}
	buf_release(&a.text);
	return v;
}

enum ch_verdict
ch_ask_table(struct ch_http *h, const char *database, const char *table, struct ch_table *t, struct err *e)
{
	struct ch_answer a = {0};
	struct buf q = {0};

	buf_puts(&q, "DESCRIBE TABLE ");
	ch_quote(&q, str_from(database));
	buf_putc(&q, '.');
	ch_quote(&q, str_from(table));
	buf_puts(&q, " FORMAT TabSeparatedRaw");
	enum ch_verdict v = ask(h, buf_cstr(&q), &a, e);
	if (v == CH_OK && ch_table_parse(t, (struct str){(const char *)a.text.p, a.text.len}, e) == -1)
		v = CH_BUSY;
	buf_release(&q);
	buf_release(&a.text);
	return v;
}

enum ch_verdict
ch_run(struct ch_http *h, const char *statement, struct err *e)
{
	struct ch_answer a = {0};
	enum ch_verdict v = ask(h, statement, &a, e);

	buf_release(&a.text);
	return v;
}
