#include "io/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static struct opt *
opt_by_letter(struct opt *opts, int letter)
{
	for (struct opt *o = opts; o->value != NULL; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static struct opt *
opt_by_name(struct opt *opts, struct str name)
{
	for (struct opt *o = opts; o->value != NULL; o++)
		if (o->name != NULL && str_eq(str_from(o->name), name))
			return o;
	return NULL;
}

static void
list_add(struct opt_list *l, const char *item)
{
	l->v = mem_resize(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = item;
}

/* Stores a value for an option that takes one; `expected` is named when the text is not of the type. */
static int
opt_store(struct opt *o, const char *text, const char **expected)
{
	struct str s = str_from(text);

	switch (o->type) {
	case OPT_STR:
		*(const char **)o->value = text;
		return 0;
	case OPT_LIST:
		list_add(o->value, text);
		return 0;
	case OPT_NUM:
		*expected = "a decimal number";
		return num_parse(o->value, s, 0, UINT64_MAX);
	case OPT_SIZE:
		*expected = "bytes, such as 64M";
		return num_parse_size(o->value, s);
	case OPT_SECONDS:
		*expected = "a duration, such as 10s";
		return num_parse_duration(o->value, s, 1000);
	case OPT_MS:
		*expected = "a duration, such as 500ms";
		return num_parse_duration(o->value, s, 1);
	case OPT_FLAG:
	case OPT_COUNT:
		break;
	}
	abort();
}

static bool
opt_takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

static void
opt_raise(struct opt *o)
{
	if (o->type == OPT_FLAG)
		*(bool *)o->value = true;
	else
		++*(int *)o->value;
	o->given = true;
}

static int
opt_set(struct opt *o, const char *shown, const char *text, struct err *e)
{
	const char *expected = "";

	if (opt_store(o, text, &expected) == -1)
		return err_set(e, "option %s: '%s' is not %s", shown, text, expected);
	o->given = true;
	return 0;
}

/* One "--name", "--name=value" or "--name value" at argv[*i]. */
static int
parse_long(struct opt *opts, int argc, char **argv, int *i, struct err *e)
{
	const char *arg = argv[*i] + 2, *eq = strchr(arg, '=');
	struct str name = {arg, eq != NULL ? (size_t)(eq - arg) : strlen(arg)};
	struct opt *o = opt_by_name(opts, name);
	char shown[64];

	snprintf(shown, sizeof shown, "--%.*s", (int)name.len, name.p);
	if (o == NULL)
		return err_set(e, "unknown option %s", shown);
	if (!opt_takes_value(o)) {
		if (eq != NULL)
			return err_set(e, "option %s takes no value", shown);
		opt_raise(o);
		return 0;
	}
	if (eq == NULL && o->arg[0] != '[' && *i + 1 >= argc)
		return err_set(e, "option %s needs %s", shown, o->arg);
	/* An argument that is named in brackets is optional and only taken after '='. */
	return opt_set(o, shown, eq != NULL ? eq + 1 : o->arg[0] == '[' ? "" : argv[++*i], e);
}

/* One "-abc", "-lVALUE" or "-l VALUE" at argv[*i]. */
static int
parse_short(struct opt *opts, int argc, char **argv, int *i, struct err *e)
{
	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		struct opt *o = opt_by_letter(opts, (unsigned char)*p);
		char shown[3] = {'-', *p, '\0'};

		if (o == NULL)
			return err_set(e, "unknown option %s", shown);
		if (!opt_takes_value(o)) {
			opt_raise(o);
			continue;
		}
		if (p[1] != '\0')
			return opt_set(o, shown, p + 1, e);
		if (*i + 1 >= argc)
			return err_set(e, "option %s needs %s", shown, o->arg);
		return opt_set(o, shown, argv[++*i], e);
	}
	return 0;
}

int
opt_parse(struct opt *opts, int argc, char **argv, int *operands, struct err *e)
{
	int kept = 0;
	bool options = true;
	char **rest = mem_zero((size_t)argc + 1, sizeof *rest);

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (options && strcmp(arg, "--") == 0) {
			options = false;
			continue;
		}
		if (!options || arg[0] != '-' || arg[1] == '\0') {
			rest[kept++] = argv[i];
			continue;
		}
		int status = arg[1] == '-' ? parse_long(opts, argc, argv, &i, e)
					   : parse_short(opts, argc, argv, &i, e);
		if (status == -1) {
			free(rest);
			return -1;
		}
	}
	*operands = argc - kept;
	memcpy(argv + *operands, rest, (size_t)kept * sizeof *rest);
	free(rest);
	return 0;
}

static int
add_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	(void)at;
	(void)e;
	list_add(arg, mem_strndup(item.p, item.len));
	return 0;
}

static int
opt_take(struct opt *o, const struct conf *c, struct err *e)
{
	switch (o->type) {
	case OPT_FLAG:
		*(bool *)o->value = conf_bool(c, o->key);
		return 0;
	case OPT_STR: /* a copy: the configuration may be replaced by a reload */
		*(const char **)o->value = mem_strdup(conf_str(c, o->key));
		return 0;
	case OPT_NUM:
		*(uint64_t *)o->value = conf_num(c, o->key);
		return 0;
	case OPT_SIZE:
		*(uint64_t *)o->value = conf_size(c, o->key);
		return 0;
	case OPT_SECONDS:
	case OPT_MS:
		*(uint64_t *)o->value = conf_duration(c, o->key);
		return 0;
	case OPT_LIST:
		return cnode_each(conf_find(c, o->key), add_item, o->value, e);
	case OPT_COUNT:
		break;
	}
	abort();
}

int
opt_from_conf(struct opt *opts, const struct conf *c, struct err *e)
{
	for (struct opt *o = opts; o->value != NULL; o++)
		if (o->key != NULL && !o->given && conf_has(c, o->key) && opt_take(o, c, e) == -1)
			return -1;
	return 0;
}

void
opt_usage(const struct opt *opts)
{
	for (const struct opt *o = opts; o->value != NULL; o++) {
		char left[64];
		bool optional = o->arg != NULL && o->arg[0] == '[';

		snprintf(left, sizeof left, "%s%c%s%s%s%s%s", o->letter != 0 ? "-" : "  ",
		    o->letter != 0 ? o->letter : ' ',
		    o->name != NULL ? (o->letter != 0 ? ", --" : " --") : "", o->name != NULL ? o->name : "",
		    o->arg != NULL && !optional ? " " : "", o->arg != NULL ? o->arg : "", "");
		printf("  %-28s %s\n", left, o->help);
	}
}
