#include "advise.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"

struct adviser {
	const struct conf *c;
	conf_warn_fn *fn;
	void *arg;
};

static void say(const struct adviser *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct adviser *a, const char *fmt, ...)
{
	char words[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	a->fn(a->arg, words);
}

/* Whether the key holds something: a text that is not empty, a list with items. */
static bool
filled(const struct conf *c, const char *path)
{
	const struct cnode *n = conf_find(c, path);

	return n != NULL && (n->kind == CNODE_SCALAR ? n->text.len > 0 : n->first != NULL);
}

/* A secret that everybody knows is none. */
static bool
is_default(const struct conf *c, const struct conf_key *k)
{
	return k->type == CONF_STR && k->def != NULL && strcmp(conf_str(c, k->path), k->def) == 0;
}

static void
secret_modes(const struct adviser *a, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || (st.st_mode & S_IROTH) == 0)
		return;
	for (size_t i = 0; i < conf_keys_count; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (!(k->flags & CONF_SECRET) || !filled(a->c, k->path) || is_default(a->c, k))
			continue;
		say(a, "%s: everyone may read it, and it holds %s; chmod 0640 it", path, k->path);
		return;
	}
}

/* A key and its key_file: the file wins. */
static void
secret_files(const struct adviser *a)
{
	for (size_t i = 0; i < conf_keys_count; i++) {
		const char *path = conf_keys[i].path;
		char file[128];

		if (!(conf_keys[i].flags & CONF_SECRET))
			continue;
		snprintf(file, sizeof file, "%s_file", path);
		if (conf_key_find(file) == NULL || !filled(a->c, file))
			continue;
		if (filled(a->c, path))
			say(a, "%s and %s are both set; the file is used", path, file);
		if (access(conf_str(a->c, file), R_OK) < 0)
			say(a, "%s: %s: %s", file, conf_str(a->c, file), strerror(errno));
	}
}

static void
trust(const struct adviser *a)
{
	const struct conf *c = a->c;

	if (!filled(c, "collectors.netflow.config.allow") && !filled(c, "snmp.target") &&
	    !filled(c, "bgp.bgp_listener.peer_ip"))
		say(a, "collectors.netflow.config.allow is empty, and neither snmp.target nor a BGP peer is "
		       "given: flows are trusted whoever sends them; list your exporters");
}

static int
item_is(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	(void)at;
	(void)e;
	return str_eq(item, *(const struct str *)arg) ? -1 : 0;
}

static bool
enrich_has(const struct conf *c, struct str step)
{
	return conf_each(c, "enrich", item_is, &step, NULL) < 0;
}

/* One file that a part needs in order to do anything. */
static void
needed_file(const struct adviser *a, const char *key, const char *remedy)
{
	const char *file = conf_str(a->c, key);

	if (file == NULL || file[0] == '\0')
		say(a, "%s is not set; %s", key, remedy);
	else if (access(file, R_OK) < 0)
		say(a, "%s: %s: %s; %s", key, file, strerror(errno), remedy);
}

static void
files(const struct adviser *a, bool rules)
{
	if (enrich_has(a->c, STR("geoip"))) {
		needed_file(a, "geoip.asn_db", "flows get no AS numbers and names from it");
		needed_file(a, "geoip.city_db", "flows get no countries and cities");
	}
	if (rules && conf_bool(a->c, "detection.enable_detection_engine"))
		needed_file(a, "detection.rules_config", "nothing is detected without rules");
}

static void
networks(const struct adviser *a)
{
	bool prefixes = filled(a->c, "my_prefixes");

	if (!prefixes && conf_bool(a->c, "detection.enable_detection_engine"))
		say(a,
		    "my_prefixes is empty: directions are unknown, and own addresses are not protected from "
		    "being blackholed");
	if (prefixes && conf_num(a->c, "my_asn") == 0)
		say(a, "my_asn is not set: own addresses get their AS number from elsewhere");
}

void
advise(const struct conf *c, const char *path, bool rules, conf_warn_fn *fn, void *arg)
{
	struct adviser a = {c, fn, arg};
	const char *zone = conf_str(c, "timezone");

	secret_modes(&a, path);
	secret_files(&a);
	trust(&a);
	networks(&a);
	files(&a, rules);
	if (!clock_zone_known(zone))
		say(&a, "timezone: no zone '%.64s' (is the package tzdata installed?), UTC is used", zone);
}
