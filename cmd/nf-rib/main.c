/* nf-rib: compiles prefix tables from text, shows, compares and asks them. */
#include <string.h>

#include "base/log.h"
#include "io/prog.h"
#include "rib.h"

static int
compile(const struct prog *p, const char *table, const char *peer, bool strict)
{
	struct compile_options o = {
	    .table = table, .files = p->operands + 1, .strict = strict, .check_only = p->check_only};
	struct addr a;

	if (peer != NULL && addr_parse(&a, str_from(peer)) == -1)
		fatal_config("--peer: '%s' is no address", peer);
	o.peer = peer != NULL ? &a : NULL;
	return rib_compile(&o);
}

static int
diff(const struct prog *p, const char *table)
{
	if (p->operand_count < 2 || p->operand_count > 3)
		fatal_config("diff needs one or two tables; nf-rib -h shows the usage");
	return rib_diff(p->operands[1], p->operand_count == 3 ? p->operands[2] : table);
}

int
main(int argc, char **argv)
{
	static const char *table, *peer;
	static bool strict;
	struct opt opts[] = {
	    {'t', "table", OPT_STR, &table, "FILE", "bgp.table_file", "the prefix table", false},
	    {0, "peer", OPT_STR, &peer, "ADDRESS", NULL, "compile: only what this peer says", false},
	    {0, "strict", OPT_FLAG, &strict, NULL, NULL, "compile: end at the first bad line", false},
	    OPT_END,
	};
	struct prog p = {
	    .name = "nf-rib",
	    .usage = "[-t TABLE] compile [FILE...] | dump | lookup [ADDRESS...] | diff OLD [NEW]",
	    .brief = "Compiles prefix tables from text, shows, compares and asks them.",
	    .opts = opts,
	};

	table = conf_str(NULL, "bgp.table_file");
	int status = prog_start(&p, argc, argv);
	if (status >= 0)
		return status;
	const char *name = p.operand_count > 0 ? p.operands[0] : "";
	if (strcmp(name, "compile") == 0)
		status = compile(&p, table, peer, strict);
	else if (strcmp(name, "dump") == 0 && p.operand_count == 1)
		status = rib_dump(table);
	else if (strcmp(name, "lookup") == 0)
		status = rib_lookup(table, p.operands + 1);
	else if (strcmp(name, "diff") == 0)
		status = diff(&p, table);
	else
		fatal_config(
		    "expected compile, dump, lookup or diff, not '%s'; nf-rib -h shows the usage", name);
	prog_finish(&p);
	return status;
}
