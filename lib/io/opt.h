/*
 * Options: one table per program yields the parser, the usage text, and the way
 * from the configuration file to the same variables. The flag wins over the
 * file, the file over the variable's initial value.
 */
#ifndef IO_OPT_H
#define IO_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/conf.h"

enum opt_type {
	OPT_FLAG, /* bool */
	OPT_COUNT, /* int, one more each time */
	OPT_STR, /* const char * */
	OPT_NUM, /* uint64_t, decimal */
	OPT_SIZE, /* uint64_t, bytes */
	OPT_SECONDS, /* uint64_t ms; a bare number counts seconds */
	OPT_MS, /* uint64_t ms; a bare number counts milliseconds */
	OPT_LIST, /* struct opt_list, repeatable */
};

struct opt_list {
	const char **v;
	size_t n;
};

struct opt {
	int letter; /* 0: none */
	const char *name; /* long name, or NULL */
	enum opt_type type;
	void *value;
	const char *arg; /* the argument's name in the usage, NULL for flags */
	const char *key; /* path in the configuration, or NULL */
	const char *help; /* one line */
	bool given; /* set by opt_parse */
};

#define OPT_END                                                  \
	{                                                        \
		0, NULL, OPT_FLAG, NULL, NULL, NULL, NULL, false \
	}

/*
 * Reads argv[1…] (GNU style: options and operands in any order, "--" ends the
 * options, "-" is an operand). Operands are moved to argv[*operands…]. 0, or -1
 * with words.
 */
int opt_parse(struct opt *opts, int argc, char **argv, int *operands, struct err *e);

/* Fills what no flag gave from the configuration. */
int opt_from_conf(struct opt *opts, const struct conf *c, struct err *e);

/* A line an option, sorted as in the table, to stdout. */
void opt_usage(const struct opt *opts);

#endif
