#include "settings.h"

static int
scorer_add(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	static const char words[] = "more than two scorers";
	struct settings *s = arg;

	if (s->count == SCORERS_MAX)
		return at != NULL ? cnode_err(at, e, words) : err_set(e, words);
	s->scorers[s->count++] = arena_printf(&s->arena, "%.*s", (int)item.len, item.p);
	return 0;
}

static int
scorers_read(
    struct settings *s, const struct opt_list *flags, const struct conf *c, bool has_conf, struct err *e)
{
	for (size_t i = 0; i < flags->n; i++)
		if (scorer_add(s, str_from(flags->v[i]), NULL, e) < 0)
			return -1;
	if (flags->n > 0 || !has_conf)
		return 0;
	return conf_each(c, "ml.scorer", scorer_add, s, e);
}

int
settings_read(
    struct settings *s, const struct settings_flags *f, const struct conf *c, bool has_conf, struct err *e)
{
	const char *socket = f->socket != NULL ? f->socket : conf_str(c, "ml.socket");
	uint64_t timeout = f->timeout_ms > 0 ? f->timeout_ms : conf_duration(c, "ml.timeout");

	*s = (struct settings){.count = 0};
	if (socket == NULL || socket[0] == '\0')
		socket = arena_printf(&s->arena, "%s/score.sock", conf_str(c, "run_dir"));
	else
		socket = arena_printf(&s->arena, "%s", socket);
	s->options = (struct scorer_options){
	    .socket = socket,
	    .explain = f->explain || (has_conf && conf_bool(c, "ml.explain")),
	    .timeout_ms = (unsigned)timeout,
	};
	if (timeout < 10 || timeout > 60000)
		err_set(e, "--timeout: expected 10ms to 60s");
	else if (f->explain && f->scorers.n == 0 && !has_conf)
		err_set(e, "--explain needs a --scorer");
	else if (scorers_read(s, &f->scorers, c, has_conf, e) == 0)
		return 0;
	settings_release(s);
	return -1;
}

void
settings_release(struct settings *s)
{
	arena_release(&s->arena);
}
