/* nf-bgpd: learns routes from BGP neighbours and hands them on as a prefix table; announces blackholes. */
#include "base/log.h"
#include "bgpd.h"
#include "order.h"

int
main(int argc, char **argv)
{
	static const char *table, *api, *socket;
	static bool dry_run, flush, arm;
	struct opt opts[] = {
	    {0, "table", OPT_STR, &table, "FILE", "bgp.table_file", "write the prefix table here", false},
	    {0, "api", OPT_STR, &api, "HOST:PORT", NULL, "serve the API here", false},
	    {0, "socket", OPT_STR, &socket, "PATH", "api.socket", "and at this Unix socket", false},
	    {0, "dry-run", OPT_FLAG, &dry_run, NULL, "bgp.blackhole.dry_run",
		"list blackholes, announce none", false},
	    {0, "flush", OPT_FLAG, &flush, NULL, NULL, "withdraw all blackholes, and announce none any more",
		false},
	    {0, "arm", OPT_FLAG, &arm, NULL, NULL, "announce blackholes again", false},
	    OPT_END,
	};
	struct prog prog = {.name = "nf-bgpd",
	    .usage = "-c FILE [--table FILE] [--api HOST:PORT] [--socket PATH] [--dry-run | --flush | --arm]",
	    .brief = "Learns routes from BGP neighbours, and announces blackholes to them.",
	    .opts = opts};
	struct err e;
	int status = prog_start(&prog, argc, argv);

	if (status >= 0)
		return status;
	/* What the file says is read with the rest of it, at each reload. */
	const struct bgpd_flags flags = {
	    opts[0].given ? table : NULL, api, opts[2].given ? socket : NULL, opts[3].given && dry_run};
	if (flush || arm) {
		status = order_give(flush ? ORDER_FLUSH : ORDER_ARM, &prog.conf, flags.socket);
		prog_finish(&prog);
		return status;
	}
	if (!prog.check_only)
		return bgpd_run(&prog, &flags);
	if (bgpd_check(&prog.conf, &flags, &e) == -1)
		fatal_config("%s", e.msg);
	return EXIT_OK;
}
