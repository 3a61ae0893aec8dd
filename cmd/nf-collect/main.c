/* nf-collect: flow exports in, by UDP, TCP or from captures; flows out. */
#include "collect.h"

enum { COMMANDS_MS = 10 * 1000 /* how long those of -z are waited for at the end */ };

/* A file that could not be completed is a failure of ours. */
static int
end_steward(struct steward *s, int status)
{
	struct steward_counts counts;

	if (s == NULL)
		return status;
	steward_end(s, COMMANDS_MS);
	steward_counts(s, &counts);
	return counts.file_errors > 0 && status == EXIT_OK ? EXIT_FAILED : status;
}

int
main(int argc, char **argv)
{
	static struct collect c;
	struct opt opts[] = {
	    {'l', "listen", OPT_LIST, &c.opt.listen, "HOST:PORT", "collectors.netflow.config.listen",
		"receive here, by UDP or, with tcp: before it, TCP; repeatable (default: 0.0.0.0:2055)",
		false},
	    {'r', "read", OPT_LIST, &c.opt.read, "FILE", NULL,
		"read a capture (pcap, pcapng; - is stdin) instead; repeatable", false},
	    {0, "receive-buffer", OPT_SIZE, &c.opt.buffer, "SIZE", "collectors.netflow.config.receive_buffer",
		"buffer of each socket to ask the kernel for (default: 64M)", false},
	    {'j', "workers", OPT_NUM, &c.opt.workers, "N", "collectors.netflow.config.workers",
		"receive and decode in N pairs of threads (default: 1)", false},
	    {0, "queue", OPT_SIZE, &c.opt.queue, "SIZE", "collectors.netflow.config.queue",
		"memory of a worker for datagrams that wait to be decoded (default: 64M)", false},
	    {0, "inner", OPT_FLAG, &c.opt.inner, NULL, "collectors.netflow.config.inner",
		"of sampled packets in tunnels, tell of the innermost", false},
	    {0, "counters", OPT_STR, &c.opt.counters, "FILE", "collectors.netflow.config.counters",
		"write the counters of sFlow agents here, as NDJSON", false},
	    {0, "forward", OPT_LIST, &c.opt.forward, "HOST:PORT", "collectors.netflow.config.forward",
		"copy datagrams on to this address, their source kept; repeatable", false},
	    {0, "tcp-idle", OPT_SECONDS, &c.opt.tcp_idle, "SECONDS", "collectors.netflow.config.tcp_idle",
		"close TCP connections that bring no message for so long (default: never)", false},
	    {0, "explain", OPT_FLAG, &c.opt.explain, NULL, NULL,
		"tell what each exporter sends and what is odd about it, at the end, instead of flows",
		false},
	    {0, "template-file", OPT_STR, &c.opt.template_file, "FILE",
		"collectors.netflow.config.template_file",
		"keep templates here over a restart; with -r, only read them", false},
	    {0, "template-lifetime", OPT_SECONDS, &c.opt.template_lifetime, "TIME",
		"collectors.netflow.config.template_lifetime",
		"use no template that was not sent again for so long (default: no limit)", false},
	    {'w', NULL, OPT_STR, &c.opt.write, "FILE", NULL,
		"write to this file instead of stdout; its name is made by strftime(3)", false},
	    {'G', NULL, OPT_SECONDS, &c.opt.period_ms, "SECONDS", NULL,
		"begin a new file at each multiple of this time", false},
	    {'C', NULL, OPT_SIZE, &c.opt.size, "SIZE", NULL, "and where a file has grown to this size",
		false},
	    {'z', NULL, OPT_STR, &c.opt.command, "COMMAND", NULL, "run COMMAND FILE for each complete file",
		false},
	    {0, "user", OPT_STR, &c.opt.user, "USER", "collectors.netflow.config.user",
		"as root, become this user (default: flowenricher, or nobody)", false},
	    {0, "no-sandbox", OPT_FLAG, &c.opt.no_sandbox, NULL, NULL,
		"give up no rights once the sockets are open", false},
	    OPT_END,
	};

	c.opt.buffer = c.opt.queue = 64 << 20;
	c.opt.workers = 1;
	c.prog = (struct prog){.name = "nf-collect",
	    .usage = "[-l HOST:PORT ...] [-j N] [-r FILE ...] [FILTER]",
	    .brief = "collects NetFlow, IPFIX and sFlow and writes flows",
	    .opts = opts};
	int status = prog_start(&c.prog, argc, argv);
	if (status >= 0)
		return status;
	status = collect_prepare(&c);
	if (status == 0 && !c.prog.check_only)
		status = collect_run(&c, opts[0].given && c.opt.listen.n == 1);
	prog_finish(&c.prog);
	status = end_steward(c.steward, status);
	collect_release(&c);
	return status;
}
