#include "io/prog.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct common {
	bool help, version;
};

static size_t
opt_count(const struct opt *opts)
{
	size_t n = 0;

	while (opts != NULL && opts[n].value != NULL)
		n++;
	return n;
}

/* The program's table with the common options behind it. */
static struct opt *
join_options(struct prog *p, struct common *c)
{
	struct opt common[] = {
	    {'c', "config", OPT_STR, &p->conf_path, "FILE", NULL, "read the configuration", false},
	    {'n', NULL, OPT_FLAG, &p->check_only, NULL, NULL, "check options and configuration, then exit",
		false},
	    {'b', NULL, OPT_FLAG, &p->binary, NULL, NULL, "write binary batches instead of NDJSON", false},
	    {'i', NULL, OPT_STR, &p->input, "bin|ndjson", NULL,
		"input format (default: its first bytes tell)", false},
	    {'M', "metrics", OPT_STR, &p->metrics_path, "FILE", NULL,
		"keep counters in FILE, as Prometheus text", false},
	    {'v', NULL, OPT_COUNT, &p->verbose, NULL, NULL, "say more; twice: much more", false},
	    {'V', NULL, OPT_FLAG, &c->version, NULL, NULL, "print the version", false},
	    {'h', "help", OPT_FLAG, &c->help, NULL, NULL, "print this", false},
	    OPT_END,
	};
	size_t own = opt_count(p->opts), n = sizeof common / sizeof common[0];
	struct opt *all = mem_zero(own + n, sizeof *all);

	if (own > 0)
		memcpy(all, p->opts, own * sizeof *all);
	memcpy(all + own, common, sizeof common);
	return all;
}

/* nf-conf check warns of these, once; not every program of a pipeline again. */
static void
note_conf(void *arg, const char *words)
{
	(void)arg;
	log_info("%s", words);
}

static int
load_conf(const struct prog *p, struct conf *c, struct err *e)
{
	if (conf_load_by(c, p->metrics.steward, p->conf_path, e) == -1)
		return -1;
	if (conf_check(c, note_conf, NULL, e) == -1) {
		conf_release(c);
		return -1;
	}
	return 0;
}

static int
usage_error(const struct prog *p, const struct err *e)
{
	log_warnx("%s; %s -h shows the usage", e->msg, p->name);
	return EXIT_CONFIG;
}

static int
start(struct prog *p, struct opt *all, const struct common *c, int argc, char **argv)
{
	struct err e;
	int first;

	if (opt_parse(all, argc, argv, &first, &e) == -1)
		return usage_error(p, &e);
	if (c->help) {
		printf("usage: %s [options] %s\n%s\n\n", p->name, p->usage, p->brief);
		opt_usage(all);
		return EXIT_OK;
	}
	if (c->version) {
		printf("%s %s\n", p->name, VERSION);
		return EXIT_OK;
	}
	log_verbose(p->verbose);
	p->operands = argv + first;
	p->operand_count = argc - first;
	if (p->input != NULL && strcmp(p->input, "bin") != 0 && strcmp(p->input, "ndjson") != 0) {
		err_set(&e, "option -i: '%s' is neither bin nor ndjson", p->input);
		return usage_error(p, &e);
	}
	if (p->conf_path == NULL)
		return -1;
	if (load_conf(p, &p->conf, &e) == -1 || opt_from_conf(all, &p->conf, &e) == -1) {
		log_warnx("%s", e.msg);
		return EXIT_CONFIG;
	}
	p->has_conf = true;
	return -1;
}

int
prog_start(struct prog *p, int argc, char **argv)
{
	struct common c = {0};

	log_init(p->name);
	signal(SIGPIPE, SIG_IGN);
	struct opt *all = join_options(p, &c);
	int status = start(p, all, &c, argc, argv);
	for (size_t i = 0, own = opt_count(p->opts); i < own; i++)
		p->opts[i].given = all[i].given;
	free(all);
	return status;
}

int
prog_reload(struct prog *p, int (*apply)(void *arg, const struct conf *c, struct err *e), void *arg)
{
	struct conf fresh = {0};
	struct err e;

	if (p->conf_path != NULL && load_conf(p, &fresh, &e) == -1) {
		log_warnx("reload: %s; the old configuration stays", e.msg);
		return -1;
	}
	if (apply(arg, &fresh, &e) == -1) {
		log_warnx("reload: %s; the old configuration stays", e.msg);
		conf_release(&fresh);
		return -1;
	}
	conf_release(&p->conf);
	p->conf = fresh;
	log_notice("reloaded");
	return 0;
}

void
prog_entrust(struct prog *p, struct steward *s)
{
	if (p->conf_path != NULL)
		steward_reads(s, p->conf_path);
	if (p->metrics_path != NULL)
		steward_replaces(s, p->metrics_path, 0644, 0);
	p->metrics.steward = s;
}

void
prog_finish(struct prog *p)
{
	struct err e;

	if (p->metrics_path != NULL && metrics_write(&p->metrics, p->metrics_path, &e) == -1)
		log_warnx("metrics: %s", e.msg);
	metrics_release(&p->metrics);
	conf_release(&p->conf);
}
