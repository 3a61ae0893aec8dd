/* nf-enrich: adds to every flow what databases and the configuration know of its addresses. */
#include "base/log.h"
#include "flow/stage.h"
#include "settings.h"

struct enrich {
	struct chain chain;
	const struct opt *opts;
};

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct enrich *n = arg;

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
	return 0;
}

int
main(int argc, char **argv)
{
	/* Static, so that what the options hold is found after main by who looks for leaks. */
	static const char *asn_db, *city_db, *language = "en", *peer_as = "neighbour";
	static const char *bgp_table, *labels;
	static struct opt_list steps, prefixes, sources;
	static uint64_t my_asn;
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
	    [O_COUNT] = OPT_END,
	};
	struct prog prog = {
	    .name = "nf-enrich",
	    .usage = "[-e LIST] [--asn-db FILE] [--city-db FILE] [--bgp-table FILE] < flows > flows",
	    .brief = "Adds AS numbers, names and paths, country, city, direction and labels to flows.",
	    .opts = opts,
	};
	static const struct stage_ops ops = {.batch = on_batch, .tick = on_tick, .reload = on_reload};
	struct enrich_settings s;
	struct enrich n = {.opts = opts};
	struct err e;

	int status = prog_start(&prog, argc, argv);
	if (status >= 0)
		return status;
	if (prog.operand_count > 0)
		fatal_config("unexpected operand '%s'; flows are read from standard input", prog.operands[0]);
	if (settings_read(&s, opts, &prog.conf, &e) == -1)
		fatal_config("%s", e.msg);
	if (prog.check_only) {
		ownnet_release(&s.own);
		return EXIT_OK;
	}
	chain_open(&n.chain, &s);
	metrics_add_fn(&prog.metrics, chain_metrics, &n.chain);
	status = stage_run(&prog, &(struct stage_options){0}, &ops, &n);
	chain_close(&n.chain);
	return status;
}
