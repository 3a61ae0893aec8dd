/* nf-cat: flows from files, sockets and standard input, converted, filtered, replayed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "cat.h"
#include "flow/dialect.h"
#include "io/clock.h"

struct flags {
	const char *format, *columns, *clickhouse, *dialect, *zone, *pace;
	uint64_t limit, wait;
	bool strict, scale, list_fields;
};

static struct flags flags = {.format = "ndjson"};

enum { OPT_LIMIT = 7, OPT_CLICKHOUSE = 2 }; /* their places below */

static struct opt opts[] = {
    {'o', "output", OPT_STR, &flags.format, "FORMAT", NULL, "ndjson, bin, text or csv", false},
    {0, "columns", OPT_STR, &flags.columns, "LIST", NULL, "only these fields, comma-separated", false},
    {0, "for-clickhouse", OPT_STR, &flags.clickhouse, "[=LIST]", NULL,
	"lines that JSONEachRow of any server takes", false},
    {0, "dialect", OPT_STR, &flags.dialect, "NAME", NULL,
	"of JSON input: native, pmacct, goflow2, nfdump (default: its keys tell)", false},
    {0, "timezone", OPT_STR, &flags.zone, "ZONE", "timezone", "of input times without one (default: UTC)",
	false},
    {0, "strict", OPT_FLAG, &flags.strict, NULL, NULL, "end at the first bad line or batch", false},
    {0, "scale", OPT_FLAG, &flags.scale, NULL, "scale", "multiply packets and bytes by the sampling rate",
	false},
    {'N', NULL, OPT_NUM, &flags.limit, "COUNT", NULL, "end after COUNT flows", false},
    {0, "pace", OPT_STR, &flags.pace, "N", NULL, "replay at N times the recorded speed", false},
    {0, "wait", OPT_SECONDS, &flags.wait, "TIME", NULL, "for a socket to appear, such as 10s", false},
    {0, "list-fields", OPT_FLAG, &flags.list_fields, NULL, NULL, "print name, type and meaning of each field",
	false},
    OPT_END,
};

static struct prog prog = {
    .name = "nf-cat",
    .usage = "[file | unix:PATH | -]... [filter]",
    .brief = "converts, filters and replays flows.",
    .opts = opts,
};

static int
format_parse(struct settings *s, struct err *e)
{
	static const char *const names[] = {"ndjson", "bin", "text", "csv"};

	if (opts[OPT_CLICKHOUSE].given) {
		s->format = FORMAT_CLICKHOUSE;
		return 0;
	}
	if (prog.binary)
		flags.format = "bin";
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(flags.format, names[i]) == 0) {
			s->format = (enum format)i;
			return 0;
		}
	}
	return err_set(e, "'%s' is no output format; ndjson, bin, text and csv are", flags.format);
}

static int
input_options(struct stream_in_options *in, struct err *e)
{
	enum dialect d;

	if (stream_format_parse(&in->format, prog.input, e) == -1)
		return -1;
	if (flags.dialect != NULL && dialect_parse(&d, flags.dialect, e) == -1)
		return -1;
	if (flags.zone != NULL && !clock_zone_known(flags.zone))
		return err_set(e, "'%s' is not a time zone of the tz database", flags.zone);
	in->dialect = flags.dialect;
	in->zone = flags.zone;
	in->strict = flags.strict;
	return 0;
}

static int
settings_fill(struct settings *s, struct err *e)
{
	const char *columns =
	    flags.clickhouse != NULL && *flags.clickhouse != '\0' ? flags.clickhouse : flags.columns;

	if (format_parse(s, e) == -1 || input_options(&s->in, e) == -1 ||
	    columns_parse(&s->columns, columns, e) == -1)
		return -1;
	s->all_columns = columns == NULL;
	s->scale = flags.scale;
	s->limited = opts[OPT_LIMIT].given;
	s->limit = flags.limit;
	s->wait_ms = (int64_t)flags.wait;
	if (flags.pace != NULL && (num_parse_real(&s->pace, str_from(flags.pace)) == -1 || s->pace <= 0))
		return err_set(e, "option --pace: '%s' is not a number above 0", flags.pace);
	return operands_sort(s, prog.operands, e);
}

/* A line a field, tabs between: name, type, ClickHouse type, IPFIX elements, meaning. */
static int
list_fields(void)
{
	static const char *const types[] = {"boolean", "8 bits", "16 bits", "32 bits", "64 bits", "real",
	    "time", "address", "MAC address", "text", "list of texts", "JSON"};

	for (unsigned i = 0; i < field_count; i++) {
		const struct field_info *f = &fields[i];

		printf("%s\t%s\t%s\t%s\t%s\n", f->name.p, types[f->type], f->clickhouse,
		    *f->ipfix != '\0' ? f->ipfix : "-", f->doc);
	}
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct settings *s = mem_zero(1, sizeof *s);
	struct err e;
	int status = prog_start(&prog, argc, argv);

	if (status < 0 && flags.list_fields)
		status = list_fields();
	if (status < 0 && settings_fill(s, &e) == -1) {
		log_warnx("%s; nf-cat -h shows the usage", e.msg);
		status = EXIT_CONFIG;
	}
	if (status < 0)
		status = prog.check_only ? EXIT_OK : cat_run(&prog, s);
	filter_free(s->filter);
	free(s->inputs);
	free(s);
	return status;
}
