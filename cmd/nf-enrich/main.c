/* nf-enrich: adds to every flow what databases and the configuration know of its addresses. */
#include <inttypes.h>

#include "base/log.h"
#include "flow/stage.h"
#include "settings.h"

struct enrich {
	struct chain chain;
	const struct opt *opts;
	struct stage *stage;
	bool wait; /* a batch for what it needs, no longer than the deadline */
	uint64_t deadline_ms;
	struct loop_timer *deadline; /* pending: a batch waits */
	bool waited; /* the batch that comes again */
	uint64_t late; /* batches that went on at the deadline */
};

/* The batch that waits is handed over again. */
static void
on_ready(void *arg)
{
	struct enrich *n = arg;

	loop_timer_cancel(n->deadline);
	stage_pause(n->stage, false);
}

static void
on_deadline(void *arg)
{
	struct enrich *n = arg;

	n->late++;
	stage_pause(n->stage, false);
}

static int
on_begin(void *arg, struct stage *s, struct err *e)
{
	struct enrich *n = arg;

	(void)e;
	n->stage = s;
	n->deadline = loop_timer_add(stage_loop(s), on_deadline, n);
	chain_attach(&n->chain, stage_loop(s), on_ready, n);
	return 0;
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct enrich *n = arg;

	if (n->wait && !n->waited && !stage_ending(s) && !chain_prepare(&n->chain, b, stage_arena(s))) {
		n->waited = true;
		loop_timer_set(n->deadline, (int64_t)n->deadline_ms);
		return 1;
	}
	loop_timer_cancel(n->deadline);
	n->waited = false;
	chain_apply(&n->chain, b, stage_arena(s));
	return stage_emit(s, b, e);
}

static void
on_tick(void *arg, struct stage *s, int64_t wall_ms)
{
	struct enrich *n = arg;

	(void)s;
	(void)wall_ms;
	chain_tick(&n->chain);
}

static int
on_reload(void *arg, const struct conf *c, struct err *e)
{
	struct enrich_settings s;
	struct enrich *n = arg;

	if (settings_read(&s, n->opts, c, e) == -1)
		return -1;
	chain_reload(&n->chain, &s);
	settings_release(&s);
	if (loop_timer_pending(n->deadline)) /* nobody calls on_ready any more */
		on_ready(n);
	return 0;
}

static void
on_close(void *arg)
{
	struct enrich *n = arg;

	chain_detach(&n->chain);
	loop_timer_remove(n->deadline);
	if (n->late > 0)
		log_warnx("%" PRIu64 " batches went on at the deadline, without some of their names; "
			  "--wait-deadline and --dns-rate give more time and more questions",
		    n->late);
}

int
main(int argc, char **argv)
{
	/* Static, so that what the options hold is found after main by who looks for leaks. */
	static const char *asn_db, *city_db, *language = "en", *peer_as = "neighbour";
	static const char *bgp_table, *labels;
	static struct opt_list steps, prefixes, sources;
	static struct opt_list servers, allow, deny;
	static const char *out, *warm;
	static bool own, skip_private;
	static uint64_t my_asn, concurrency, rate, timeout;
	static const char *ifnames, *community, *cache;
	static struct opt_list targets;
	static uint64_t port, refresh;
	static bool discover;
	static struct enrich n;
	static struct opt opts[O_COUNT + 1] = {
	    [O_STEPS] = {'e', "enrich", OPT_LIST, &steps, "LIST", "enrich",
		"steps in order: geoip, bgp, snmp, ptr; or none", false},
	    [O_ASN_DB] = {0, "asn-db", OPT_STR, &asn_db, "FILE", "geoip.asn_db",
		"MMDB file of AS numbers and names", false},
	    [O_CITY_DB] = {0, "city-db", OPT_STR, &city_db, "FILE", "geoip.city_db",
		"MMDB file of countries and cities", false},
	    [O_LANGUAGE] = {0, "language", OPT_STR, &language, "CODE", "geoip.language",
		"language of city names (default en)", false},
	    [O_MY_ASN] = {0, "my-asn", OPT_NUM, &my_asn, "NUMBER", "my_asn", "AS number of own networks",
		false},
	    [O_MY_PREFIX] = {0, "my-prefix", OPT_LIST, &prefixes, "PREFIX", "my_prefixes",
		"an own network (repeatable)", false},
	    [O_PEER_AS] = {0, "peer-as", OPT_STR, &peer_as, "WHICH", "peer_as",
		"peer_src_as and peer_dst_as hold the neighbour (default) or the origin", false},
	    [O_ASN_SOURCES] = {0, "asn-sources", OPT_LIST, &sources, "LIST", "asn_sources",
		"who says src_as and dst_as: bgp, exporter, database", false},
	    [O_BGP_TABLE] = {0, "bgp-table", OPT_STR, &bgp_table, "FILE", "bgp.table_file",
		"prefix table of nf-bgpd or nf-rib", false},
	    [O_LABELS] = {0, "labels", OPT_STR, &labels, "FILE", "labels_file",
		"file of prefixes with labels", false},
	    [O_NAMESERVER] = {0, "nameserver", OPT_LIST, &servers, "ADDR[:PORT]", "dns.nameserver",
		"ptr: who is asked (repeatable; default: the system's)", false},
	    [O_DNS_CONCURRENCY] = {0, "dns-concurrency", OPT_NUM, &concurrency, "N", "dns.concurrency",
		"ptr: most questions at a time (64)", false},
	    [O_DNS_RATE] = {0, "dns-rate", OPT_NUM, &rate, "N", "dns.rate",
		"ptr: most questions a second (200)", false},
	    [O_DNS_TIMEOUT] = {0, "dns-timeout", OPT_SECONDS, &timeout, "S", "dns.timeout",
		"ptr: wait for an answer (2s)", false},
	    [O_PTR_OWN] = {0, "ptr-own", OPT_FLAG, &own, NULL, "dns.own_only",
		"ptr: ask for own networks only", false},
	    [O_PTR_ALLOW] = {0, "ptr-allow", OPT_LIST, &allow, "PREFIX", "dns.allow",
		"ptr: ask for these addresses only (repeatable)", false},
	    [O_PTR_DENY] = {0, "ptr-deny", OPT_LIST, &deny, "PREFIX", "dns.deny",
		"ptr: do not ask for these (repeatable)", false},
	    [O_SKIP_PRIVATE] = {0, "skip-private", OPT_FLAG, &skip_private, NULL, "dns.skip_private",
		"ptr: do not ask for private addresses", false},
	    [O_PTR_OUT] = {0, "ptr-out", OPT_STR, &out, "PATH", "dns.cache_out",
		"ptr: write each name that came, as a row of ptr_cache", false},
	    [O_PTR_WARM] = {0, "ptr-warm", OPT_STR, &warm, "FILE", "dns.cache_warm",
		"ptr: begin with the names in these rows", false},
	    [O_WAIT] = {0, "wait", OPT_FLAG, &n.wait, NULL, NULL,
		"flows wait for their names, as a run by cron wants it", false},
	    [O_WAIT_DEADLINE] = {0, "wait-deadline", OPT_SECONDS, &n.deadline_ms, "S", "dns.wait_deadline",
		"longest wait of a batch (60s)", false},
	    [O_IFNAMES] = {0, "ifnames", OPT_STR, &ifnames, "FILE", "ifnames_file",
		"snmp: file of interface names", false},
	    [O_SNMP_TARGET] = {0, "snmp-target", OPT_LIST, &targets, "ADDR", "snmp.target",
		"snmp: router to ask (repeatable)", false},
	    [O_SNMP_PORT] = {0, "snmp-port", OPT_NUM, &port, "PORT", "snmp.port",
		"snmp: their UDP port (161)", false},
	    [O_SNMP_COMMUNITY_FILE] = {0, "snmp-community-file", OPT_STR, &community, "FILE",
		"snmp.community_file", "snmp: file that holds the community", false},
	    [O_SNMP_DISCOVER] = {0, "snmp-discover", OPT_FLAG, &discover, NULL, "snmp.discover",
		"snmp: ask trusted exporters too", false},
	    [O_SNMP_REFRESH] = {0, "snmp-refresh", OPT_SECONDS, &refresh, "S", "snmp.refresh",
		"snmp: ask so often (5m)", false},
	    [O_SNMP_CACHE] = {0, "snmp-cache", OPT_STR, &cache, "FILE", "snmp.cache_file",
		"snmp: keep names there", false},
	    [O_COUNT] = OPT_END,
	};
	struct prog prog = {
	    .name = "nf-enrich",
	    .usage = "[-e LIST] [--asn-db FILE] [--city-db FILE] [--bgp-table FILE] [--wait] < flows > flows",
	    .brief = "Adds AS numbers, names and paths, country, city, direction, labels, host and interface "
		     "names to flows.",
	    .opts = opts,
	};
	static const struct stage_ops ops = {
	    .begin = on_begin, .batch = on_batch, .tick = on_tick, .reload = on_reload, .close = on_close};
	struct enrich_settings s;
	struct err e;

	int status = prog_start(&prog, argc, argv);
	if (status >= 0)
		return status;
	if (prog.operand_count > 0)
		fatal_config("unexpected operand '%s'; flows are read from standard input", prog.operands[0]);
	if (settings_read(&s, opts, &prog.conf, &e) == -1)
		fatal_config("%s", e.msg);
	if (prog.check_only) {
		settings_release(&s);
		conf_release(&prog.conf);
		return EXIT_OK;
	}
	n.opts = opts;
	if (!opts[O_WAIT_DEADLINE].given)
		n.deadline_ms = conf_duration(&prog.conf, opts[O_WAIT_DEADLINE].key);
	chain_open(&n.chain, &s);
	settings_release(&s);
	metrics_add_fn(&prog.metrics, chain_metrics, &n.chain);
	status = stage_run(&prog, &(struct stage_options){0}, &ops, &n);
	chain_close(&n.chain);
	return status;
}
