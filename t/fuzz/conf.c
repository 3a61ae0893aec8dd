/* The configuration parser, the table's check, and the readers of values. */
#include <stddef.h>
#include <stdint.h>

#include "io/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
item_count(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	(void)at;
	(void)e;
	*(size_t *)arg += item.len;
	return 0;
}

static int
prefix_count(void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e)
{
	(void)v;
	(void)at;
	(void)e;
	if (p->len > 128)
		__builtin_trap();
	*(size_t *)arg += p->len;
	return 0;
}

/* Whatever passed the check must be readable by its type. */
static void
values_read(const struct conf *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < conf_keys_count; i++) {
		const struct conf_key *k = &conf_keys[i];

		switch (k->type) {
		case CONF_STR:
			(void)conf_str(c, k->path);
			break;
		case CONF_BOOL:
			(void)conf_bool(c, k->path);
			break;
		case CONF_NUM:
			if (conf_has(c, k->path) &&
			    (conf_num(c, k->path) < k->min || conf_num(c, k->path) > k->max))
				__builtin_trap();
			break;
		case CONF_REAL:
			(void)conf_real(c, k->path);
			break;
		case CONF_SIZE:
			(void)conf_size(c, k->path);
			break;
		case CONF_DURATION:
			(void)conf_duration(c, k->path);
			break;
		case CONF_LIST:
			if (conf_each(c, k->path, item_count, &sum, NULL) < 0)
				__builtin_trap();
			break;
		case CONF_BY_PREFIX:
			if (conf_has(c, k->path) && cnode_by_prefix(conf_find(c, k->path), k->min, k->max,
							prefix_count, &sum, NULL) < 0)
				__builtin_trap();
			break;
		case CONF_TREE:
			break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c;
	struct err e;

	if (conf_parse(&c, "fuzz", (struct str){(const char *)data, size}, &e) < 0)
		return 0;
	if (conf_check(&c, NULL, NULL, &e) == 0)
		values_read(&c);
	conf_release(&c);
	return 0;
}
