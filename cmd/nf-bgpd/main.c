/* nf-bgpd: learns routes from BGP neighbours and hands them on as a prefix table. */
#include "base/log.h"
#include "io/prog.h"
#include "speaker.h"

struct bgpd {
	struct prog prog;
	struct loop *loop;
	struct blackholes blackholes;
	struct speaker *speaker;
};

static void
on_stop(void *arg)
{
	struct bgpd *b = arg;

	loop_break(b->loop);
}

static int
run(struct bgpd *b, const struct bgpd_settings *s)
{
	struct err e;

	b->loop = loop_new(&e);
	if (b->loop == NULL) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}
	struct loop_signals signals = {on_stop, NULL, b, &b->prog.metrics, b->prog.metrics_path};
	if (loop_signals(b->loop, &signals, &e) == -1) {
		log_warnx("%s", e.msg);
		loop_free(b->loop);
		return EXIT_FAILED;
	}
	blackholes_init(&b->blackholes);
	b->speaker = speaker_new(b->loop, s, &b->blackholes);
	metrics_add_fn(&b->prog.metrics, speaker_metrics, b->speaker);
	speaker_start(b->speaker);
	loop_run(b->loop);
	prog_finish(&b->prog);
	speaker_free(b->speaker);
	blackholes_release(&b->blackholes);
	loop_free(b->loop);
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	static const char *table;
	struct opt opts[] = {
	    {0, "table", OPT_STR, &table, "FILE", "bgp.table_file", "write the prefix table here", false},
	    OPT_END,
	};
	struct bgpd b = {
	    .prog = {.name = "nf-bgpd",
		.usage = "-c FILE [--table FILE]",
		.brief = "Learns routes from BGP neighbours and hands them on as a prefix table.",
		.opts = opts}};
	struct bgpd_settings s;
	struct err e;
	int status = prog_start(&b.prog, argc, argv);

	if (status >= 0)
		return status;
	if (settings_read(&s, &b.prog.conf, &e) == -1)
		fatal_config("%s", e.msg);
	if (table != NULL)
		s.table = table;
	if (b.prog.check_only)
		return EXIT_OK;
	return run(&b, &s);
}
