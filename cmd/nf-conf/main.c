/* nf-conf: validates the configuration, shows it as understood, and gives single values to scripts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "advise.h"
#include "base/log.h"
#include "detect/rules.h"
#include "io/fdio.h"
#include "io/prog.h"
#include "show.h"

static void
warn(void *arg, const char *words)
{
	(void)arg;
	log_warnx("%s", words);
}

/* Rules that were asked for must be there; those that the configuration names may come later, or lie unused. */
static int
check_rules(const struct conf *c, const char *path, bool asked, struct buf *out, struct err *e)
{
	struct rules_options o = {.warn = warn};
	struct rules rs;

	if (!asked && (access(path, F_OK) < 0 || !conf_bool(c, "detection.enable_detection_engine")))
		return 0;
	if (conf_has(c, "detection.flow_cache_max_window"))
		o.window = (uint32_t)(conf_duration(c, "detection.flow_cache_max_window") / 1000);
	if (rules_load(&rs, path, &o, e) < 0)
		return -1;
	for (size_t i = 0; i < rs.n; i++) {
		buf_puts(out, "rule:\n");
		rule_print(&rs.v[i], "  ", out);
	}
	rules_release(&rs);
	return 0;
}

static int
check(const struct prog *p, const char *rules, struct buf *out)
{
	bool asked = p->opts[0].given; /* for these rules */
	struct err e;

	if (p->operand_count > 1) {
		log_warnx("check takes no operand '%s'; nf-conf -h shows the usage", p->operands[1]);
		return EXIT_CONFIG;
	}
	if (!p->has_conf && !asked) {
		log_warnx("check needs -c FILE or --rules FILE; nf-conf -h shows the usage");
		return EXIT_CONFIG;
	}
	if (p->has_conf) {
		if (conf_check(&p->conf, warn, NULL, &e) < 0) {
			log_warnx("%s", e.msg);
			return EXIT_CONFIG;
		}
		advise(&p->conf, p->conf_path, !asked, warn, NULL);
		show_all(&p->conf, out);
	}
	if (check_rules(&p->conf, rules, asked, out, &e) < 0) {
		log_warnx("%s", e.msg);
		return EXIT_CONFIG;
	}
	return EXIT_OK;
}

static const struct conf_key *
key_named(const char *path)
{
	const struct conf_key *k = conf_key_find(path);

	if (k != NULL)
		return k;
	const char *names[256];
	size_t n = conf_keys_count < 256 ? conf_keys_count : 256;
	for (size_t i = 0; i < n; i++)
		names[i] = conf_keys[i].path;
	const char *near = nearest_name(str_from(path), names, n);
	if (near != NULL)
		log_warnx("unknown key '%s'; did you mean '%s'?", path, near);
	else
		log_warnx("unknown key '%s'; flowenricher.yaml(5) lists them", path);
	return NULL;
}

/* All values or none: a script reads them by their line. */
static int
get(const struct prog *p, struct buf *out)
{
	struct err e;

	if (p->operand_count < 2) {
		log_warnx("get needs the path of a key; nf-conf -h shows the usage");
		return EXIT_CONFIG;
	}
	for (char **path = p->operands + 1; *path != NULL; path++) {
		const struct conf_key *k = key_named(*path);
		size_t before = out->len;

		if (k == NULL)
			return EXIT_CONFIG;
		if (show_value(&p->conf, k, out, &e) < 0) {
			log_warnx("%s", e.msg);
			return EXIT_CONFIG;
		}
		if (k->type != CONF_LIST || out->len > before)
			buf_putc(out, '\n');
	}
	return EXIT_OK;
}

static int
command(const struct prog *p, const char *rules, struct buf *out)
{
	const char *name = p->operand_count > 0 ? p->operands[0] : "";

	if (strcmp(name, "check") == 0)
		return check(p, rules, out);
	if (strcmp(name, "get") == 0)
		return get(p, out);
	log_warnx("expected check or get, not '%s'; nf-conf -h shows the usage", name);
	return EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
	static const char *rules; /* lives on, as what options point at must */
	struct opt opts[] = {{0, "rules", OPT_STR, &rules, "FILE", "detection.rules_config",
				 "check these rules, not those that the configuration names", false},
	    OPT_END};
	struct prog p = {.name = "nf-conf",
	    .usage = "check | get PATH...",
	    .brief = "Checks the configuration and shows it as understood, or prints values.",
	    .opts = opts};
	struct buf out = {0};

	rules = conf_str(NULL, "detection.rules_config");
	int status = prog_start(&p, argc, argv);
	if (status >= 0)
		return status;
	status = command(&p, rules, &out);
	if (status == EXIT_OK && !p.check_only && fd_write_all(STDOUT_FILENO, out.p, out.len) < 0) {
		log_warn("stdout");
		status = EXIT_FAILED;
	}
	buf_release(&out);
	prog_finish(&p);
	return status;
}
