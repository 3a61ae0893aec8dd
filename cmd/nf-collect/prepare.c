#include <string.h>

#include "base/log.h"
#include "collect.h"
#include "io/sandbox.h"

enum { SIZE_LEAST = 64 << 10 };

/* One address, of datagrams or of streams. */
static int
add_address(struct collect *c, struct str where, struct err *e)
{
	struct endpoint ep;

	if (endpoint_parse(&ep, where, e) == -1)
		return -1;
	if (ep.transport != TRANSPORT_UDP) {
		if (c->tcp == NULL)
			c->tcp = tcp_new();
		return tcp_add(c->tcp, &ep, e);
	}
	if (c->forward != NULL && forward_returns(c->forward, &ep.addr, ep.port))
		return err_set(e, "what is forwarded would come back to %s for ever", ep.name);
	if (c->listener == NULL)
		c->listener = listener_new(c->opt.buffer);
	return listener_add(c->listener, &ep, e);
}

/* The addresses by flag or key; else bindaddr and bindport. */
static int
add_addresses(struct collect *c, struct err *e)
{
	for (size_t i = 0; i < c->opt.listen.n; i++)
		if (add_address(c, str_from(c->opt.listen.v[i]), e) == -1)
			return -1;
	if (c->opt.listen.n > 0)
		return 0;
	const struct conf *conf = &c->prog.conf;
	const char *host = conf_str(conf, "collectors.netflow.config.bindaddr");
	struct buf where = {0};
	buf_printf(&where, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)conf_num(conf, "collectors.netflow.config.bindport"));
	int r = add_address(c, str_from(buf_cstr(&where)), e);
	buf_release(&where);
	return r;
}

static int
add_forwards(struct collect *c, struct err *e)
{
	if (c->opt.forward.n > 0)
		c->forward = forward_new(c->opt.read.n > 0);
	for (size_t i = 0; i < c->opt.forward.n; i++)
		if (forward_add(c->forward, str_from(c->opt.forward.v[i]), e) == -1)
			return -1;
	return 0;
}

/* The operands are one expression, as tcpdump has it. */
static int
compile_filter(struct collect *c, struct err *e)
{
	struct buf text = {0};

	for (int i = 0; i < c->prog.operand_count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", c->prog.operands[i]);
	c->filter = filter_compile(buf_cstr(&text), e);
	buf_release(&text);
	return c->filter != NULL ? 0 : -1;
}

static int
add_captures(struct collect *c, struct err *e)
{
	for (size_t i = 0; i < c->opt.read.n; i++)
		if (capture_add(c->capture, c->opt.read.v[i], e) == -1)
			return -1;
	return 0;
}

static int
check_files(const struct options *o, struct err *e)
{
	if (o->write == NULL && (o->period_ms > 0 || o->size > 0 || o->command != NULL))
		return err_set(e, "options -G, -C and -z are about the files of -w, which is not given");
	if (o->write != NULL && o->write[0] == '\0')
		return err_set(e, "option -w: the name of a file is expected");
	if (o->period_ms % 1000 != 0 || o->period_ms > INT32_MAX * UINT64_C(1000))
		return err_set(e, "option -G: whole seconds are expected");
	if (o->size > 0 && o->size < SIZE_LEAST)
		return err_set(e, "option -C: %llu bytes; at least 64K is expected, 100M for instance",
		    (unsigned long long)o->size);
	return 0;
}

int
collect_prepare(struct collect *c)
{
	struct err e;
	int status = EXIT_CONFIG;

	if (check_files(&c->opt, &e) == -1)
		goto refused;
	if (c->prog.operand_count > 0 && compile_filter(c, &e) == -1)
		goto refused;
	if (c->filter != NULL && c->opt.explain) {
		err_set(&e, "--explain tells of exporters, not of flows: it takes no filter");
		goto refused;
	}
	if (c->opt.workers < 1 || c->opt.workers > WORKERS_MAX) {
		err_set(
		    &e, "%llu workers: 1 to %d may be had", (unsigned long long)c->opt.workers, WORKERS_MAX);
		goto refused;
	}
	if (rules_read(&c->rules, &c->prog.conf, &e) == -1)
		goto refused;
	if (c->opt.user != NULL && sandbox_user_check(c->opt.user, &e) == -1)
		goto refused;
	if (!conf_bool(&c->prog.conf, "collectors.netflow.config.sandbox"))
		c->opt.no_sandbox = true;
	if (conf_bool(&c->prog.conf, "collectors.netflow.config.debug"))
		log_verbose(2);
	if (add_forwards(c, &e) == -1)
		goto refused;
	if (c->opt.read.n == 0) {
		if (add_addresses(c, &e) == -1)
			goto refused;
		return 0;
	}
	c->capture = capture_new();
	if (add_captures(c, &e) == -1) {
		status = EXIT_FAILED;
		goto refused;
	}
	return 0;
refused:
	log_warnx("%s", e.msg);
	return status;
}
