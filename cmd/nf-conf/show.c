#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The largest unit that leaves a whole number. */
static void
put_duration(struct buf *out, uint64_t ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	buf_printf(out, "%" PRIu64 "%s", ms / units[i].ms, ms != 0 ? units[i].name : "s");
}

static void
put_size(struct buf *out, uint64_t bytes)
{
	static const char letters[] = "KMGT";
	unsigned i = 0;

	while (i < 4 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	buf_printf(out, "%" PRIu64, bytes);
	if (i > 0)
		buf_putc(out, letters[i - 1]);
}

/* Text with control bytes replaced, so that no value plays with the terminal or adds lines. */
static void
put_text(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_putc(out, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

struct item_sink {
	struct buf *out;
	const char *between;
	bool some;
};

static int
put_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_sink *s = arg;

	(void)at;
	(void)e;
	if (s->some)
		buf_puts(s->out, s->between);
	s->some = true;
	put_text(s->out, item);
	return 0;
}

static int
put_by_prefix(void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e)
{
	struct item_sink *s = arg;
	char text[PREFIX_TEXT_MAX];

	(void)at;
	(void)e;
	buf_printf(s->out, "%s%s: %" PRIu64, s->some ? s->between : "", prefix_text(text, p), v);
	s->some = true;
	return 0;
}

static void
put_human(const struct conf *c, const struct conf_key *k, struct buf *out)
{
	struct item_sink items = {out, ", ", false};

	if (k->flags & CONF_SECRET) {
		const struct cnode *n = conf_find(c, k->path);
		buf_puts(out, n->text.len > 0 || n->first != NULL ? "(set)" : "\"\"");
	} else if (k->type == CONF_STR) {
		struct str text = str_from(conf_str(c, k->path));
		put_text(out, text.len > 0 ? text : STR("\"\""));
	} else if (k->type == CONF_SIZE) {
		put_size(out, conf_size(c, k->path));
	} else if (k->type == CONF_DURATION) {
		put_duration(out, conf_duration(c, k->path));
	} else if (k->type == CONF_LIST) {
		conf_each(c, k->path, put_item, &items, NULL);
	} else if (k->type == CONF_BY_PREFIX) {
		cnode_by_prefix(conf_find(c, k->path), 0, UINT64_MAX, put_by_prefix, &items, NULL);
	} else {
		show_value(c, k, out, NULL);
	}
}

/* Whether "SECTION.enabled" stands in the table for the key's section, and is off. */
static bool
section_is_off(const struct conf *c, const char *path)
{
	char enabled[128];
	const char *dot = strrchr(path, '.');

	if (dot == NULL || strcmp(dot, ".enabled") == 0)
		return false;
	snprintf(enabled, sizeof enabled, "%.*s.enabled", (int)(dot - path), path);
	return conf_key_find(enabled) != NULL && !conf_bool(c, enabled);
}

/* A default is worth a line unless it says no, or belongs to what is switched off. */
static bool
default_matters(const struct conf *c, const struct conf_key *k)
{
	return k->def != NULL && !(k->flags & CONF_SECRET) && !section_is_off(c, k->path) &&
	       !(k->type == CONF_BOOL && !conf_bool(c, k->path));
}

void
show_all(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < conf_keys_count; i++) {
		const struct conf_key *k = &conf_keys[i];
		bool set = conf_has(c, k->path);

		if ((k->flags & CONF_IDLE) || (!set && !default_matters(c, k)))
			continue;
		buf_printf(out, "%s: ", k->path);
		put_human(c, k, out);
		buf_puts(out, set ? "\n" : "  # default\n");
	}
}

int
show_value(const struct conf *c, const struct conf_key *k, struct buf *out, struct err *e)
{
	struct item_sink items = {out, "\n", false};
	uint64_t ms;

	if (k->flags & CONF_SECRET)
		return err_set(e, "'%s' is a secret and is not shown", k->path);
	switch (k->type) {
	case CONF_STR:
		if (conf_str(c, k->path) != NULL)
			put_text(out, str_from(conf_str(c, k->path)));
		return 0;
	case CONF_BOOL:
		buf_puts(out, conf_bool(c, k->path) ? "true" : "false");
		return 0;
	case CONF_NUM:
		if (conf_has(c, k->path) || k->def != NULL)
			buf_printf(out, "%" PRIu64, conf_num(c, k->path));
		return 0;
	case CONF_REAL:
		buf_printf(out, "%.17g", conf_real(c, k->path));
		return 0;
	case CONF_SIZE:
		buf_printf(out, "%" PRIu64, conf_size(c, k->path));
		return 0;
	case CONF_DURATION:
		ms = conf_duration(c, k->path);
		buf_printf(out, "%" PRIu64, ms / 1000);
		if (ms % 1000 != 0)
			buf_printf(out, ".%03u", (unsigned)(ms % 1000));
		return 0;
	case CONF_LIST:
		return conf_each(c, k->path, put_item, &items, e);
	case CONF_BY_PREFIX:
		if (!conf_has(c, k->path))
			return 0;
		return cnode_by_prefix(conf_find(c, k->path), 0, UINT64_MAX, put_by_prefix, &items, e);
	case CONF_TREE:
		break;
	}
	return err_set(e, "'%s' holds more than a value", k->path);
}
