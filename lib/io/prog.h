/*
 * What every program does before its own work: options common to all, the
 * configuration file, -h and -V.
 *
 *     static struct opt opts[] = { {'l', "listen", …}, OPT_END };
 *     struct prog prog = {.name = "nf-x", .usage = "[-l HOST:PORT]", .opts = opts};
 *     int status = prog_start(&prog, argc, argv);
 *     if (status >= 0)
 *             return status;
 *
 * -c FILE  -n  -b  -i bin|ndjson  -v  -V  -h  -M FILE stand in every program.
 */
#ifndef IO_PROG_H
#define IO_PROG_H

#include <stdbool.h>

#include "io/conf.h"
#include "io/metrics.h"
#include "io/opt.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

struct prog {
	/* set by the program */
	const char *name;
	const char *usage; /* what follows the common options in the first usage line */
	const char *brief; /* one line for -h */
	struct opt *opts; /* ends with OPT_END */

	/* set by prog_start */
	const char *conf_path;
	bool check_only; /* -n */
	bool binary; /* -b */
	const char *input; /* -i: "bin", "ndjson" or NULL for auto */
	int verbose;
	const char *metrics_path; /* -M */
	char **operands; /* after the options, NULL-terminated */
	int operand_count;
	bool has_conf;
	struct conf conf; /* empty without -c; the readers of conf.h then give defaults */
	struct metrics metrics;
};

/* -1: go on. Otherwise the exit status; the words have been said. Ignores SIGPIPE. */
int prog_start(struct prog *p, int argc, char **argv);

/*
 * Reads the configuration again (HUP) and hands it to `apply`, which takes what
 * it needs or refuses with words; only then does it replace the old one. The
 * outcome is logged either way.
 */
int prog_reload(struct prog *p, int (*apply)(void *arg, const struct conf *c, struct err *e), void *arg);

/*
 * Before the steward is started: it is told of the files that this program
 * reads again and replaces, and they go through it from then on.
 */
void prog_entrust(struct prog *p, struct steward *s);

void prog_finish(struct prog *p); /* writes the metrics a last time, releases */

#endif
