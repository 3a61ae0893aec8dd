/* The options table: what GNU-style command lines mean, and what the configuration fills. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "io/opt.h"

/* One variable of each type, with values that no test sets. */
struct vars {
	bool flag, other;
	int count;
	const char *str, *optional;
	uint64_t num, size, seconds, ms;
	struct opt_list list;
};

struct line {
	struct vars v;
	struct opt opts[12];
	char *argv[16];
	int argc, operands;
	struct err e;
};

static void
line_init(struct line *l)
{
	*l = (struct line){.v = {.str = "unset", .num = 7, .size = 7, .seconds = 7, .ms = 7}};
	struct opt opts[] = {
	    {'f', "flag", OPT_FLAG, &l->v.flag, NULL, "debug", "a flag", false},
	    {'g', NULL, OPT_FLAG, &l->v.other, NULL, NULL, "another", false},
	    {'c', "count", OPT_COUNT, &l->v.count, NULL, NULL, "a count", false},
	    {'s', "str", OPT_STR, &l->v.str, "TEXT", "clickhouse.user", "a string", false},
	    {0, "opt", OPT_STR, &l->v.optional, "[=TEXT]", NULL, "a string that may be missing", false},
	    {'n', "num", OPT_NUM, &l->v.num, "N", "insert.batch_size", "a number", false},
	    {'z', "size", OPT_SIZE, &l->v.size, "BYTES", "insert.spool_max", "a size", false},
	    {'t', "time", OPT_SECONDS, &l->v.seconds, "TIME", "insert.drain_timeout", "seconds", false},
	    {0, "ms", OPT_MS, &l->v.ms, "TIME", "insert.flush_interval_ms", "milliseconds", false},
	    {'l', "list", OPT_LIST, &l->v.list, "ITEM", "my_prefixes", "a list", false},
	    OPT_END,
	};
	memcpy(l->opts, opts, sizeof opts);
}

/* Splits words at spaces, as a shell would, and parses them. */
static int
parse(struct line *l, const char *words)
{
	static char text[256];

	line_init(l);
	snprintf(text, sizeof text, "prog %s", words);
	for (char *p = text, *word; (word = strsep(&p, " ")) != NULL;)
		if (word[0] != '\0')
			l->argv[l->argc++] = word;
	return opt_parse(l->opts, l->argc, l->argv, &l->operands, &l->e);
}

static void
release(struct line *l)
{
	free(l->v.list.v);
}

static struct opt *
option(struct line *l, const char *name)
{
	for (struct opt *o = l->opts; o->value != NULL; o++)
		if (o->name != NULL && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

#define assert_operand(l, i, want) assert_string_equal((l)->argv[(l)->operands + (i)], (want))

static void
test_nothing(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, ""), 0);
	assert_int_equal(l.operands, l.argc);
	assert_string_equal(l.v.str, "unset");
	assert_int_equal(l.v.num, 7);
	for (struct opt *o = l.opts; o->value != NULL; o++)
		assert_false(o->given);
}

static void
test_bundles(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "-fgcc"), 0);
	assert_true(l.v.flag);
	assert_true(l.v.other);
	assert_int_equal(l.v.count, 2);
	assert_true(option(&l, "count")->given);

	/* The first that takes a value takes the rest of the word, or the next word. */
	assert_int_equal(parse(&l, "-fsg"), 0);
	assert_string_equal(l.v.str, "g");
	assert_false(l.v.other);
	assert_int_equal(parse(&l, "-cs -g"), 0);
	assert_string_equal(l.v.str, "-g");
	assert_int_equal(l.v.count, 1);
	assert_false(l.v.other);
	assert_int_equal(parse(&l, "-n12 -n 13"), 0);
	assert_int_equal(l.v.num, 13);
}

static void
test_long(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "--str=a=b --num 12 --flag --count --count --size=64K"), 0);
	assert_string_equal(l.v.str, "a=b");
	assert_int_equal(l.v.num, 12);
	assert_int_equal(l.v.count, 2);
	assert_int_equal(l.v.size, 65536);
	assert_true(l.v.flag);
	assert_true(option(&l, "str")->given);
	assert_false(option(&l, "list")->given);

	assert_int_equal(parse(&l, "--str="), 0);
	assert_string_equal(l.v.str, "");
	assert_int_equal(parse(&l, "--str --flag"), 0);
	assert_string_equal(l.v.str, "--flag");
	assert_false(l.v.flag);
}

static void
test_optional_value(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "--opt word"), 0);
	assert_string_equal(l.v.optional, "");
	assert_operand(&l, 0, "word");
	assert_int_equal(parse(&l, "--opt=word"), 0);
	assert_string_equal(l.v.optional, "word");
	assert_int_equal(l.operands, l.argc);
}

static void
test_operands(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "one -f two - -n 3 three -- -g --flag -- end"), 0);
	assert_int_equal(l.argc - l.operands, 8);
	assert_operand(&l, 0, "one");
	assert_operand(&l, 1, "two");
	assert_operand(&l, 2, "-");
	assert_operand(&l, 3, "three");
	assert_operand(&l, 4, "-g");
	assert_operand(&l, 5, "--flag");
	assert_operand(&l, 6, "--");
	assert_operand(&l, 7, "end");
	assert_true(l.v.flag);
	assert_false(l.v.other);
	assert_int_equal(l.v.num, 3);
}

static void
test_lists(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "-l a --list=b -lc"), 0);
	assert_int_equal(l.v.list.n, 3);
	assert_string_equal(l.v.list.v[0], "a");
	assert_string_equal(l.v.list.v[1], "b");
	assert_string_equal(l.v.list.v[2], "c");
	release(&l);
}

static void
test_durations(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "-t 10 --ms 10"), 0);
	assert_int_equal(l.v.seconds, 10000);
	assert_int_equal(l.v.ms, 10);
	assert_int_equal(parse(&l, "-t 10ms --ms 2m"), 0);
	assert_int_equal(l.v.seconds, 10);
	assert_int_equal(l.v.ms, 120000);
}

/* What is wrong is named as it was written, and so is what was expected. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *words, *says;
	} cases[] = {
	    {"-x", "-x"},
	    {"-fx", "-x"},
	    {"--nothing", "--nothing"},
	    {"--nothing=1", "--nothing"},
	    {"--fla", "--fla"},
	    {"--=1", "--"},
	    {"--flag=yes", "--flag"},
	    {"-s", "TEXT"},
	    {"-fs", "TEXT"},
	    {"--str", "TEXT"},
	    {"--num", "N"},
	    {"-n 1x", "1x"},
	    {"-n -1", "-1"},
	    {"--num=", "--num"},
	    {"-n 18446744073709551616", "18446744073709551616"},
	    {"-z 1X", "1X"},
	    {"-z 99999999999T", "99999999999T"},
	    {"-t 1y", "1y"},
	    {"--ms=soon", "soon"},
	};
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(parse(&l, cases[i].words), -1);
		assert_non_null(strstr(l.e.msg, cases[i].says));
		assert_int_equal(l.v.num, 7);
		assert_int_equal(l.v.size, 7);
		assert_int_equal(l.v.seconds, 7);
		assert_int_equal(l.v.ms, 7);
	}
}

static void
test_largest(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "-n 18446744073709551615"), 0);
	assert_true(l.v.num == UINT64_MAX);
}

static const char config[] =
    "debug: true\n"
    "clickhouse: {user: from file}\n"
    "insert: {batch_size: 500, spool_max: 1G, drain_timeout: 5, flush_interval_ms: 250}\n"
    "my_prefixes: [192.0.2.0/24, \"2001:db8::/32\"]\n";

static void
test_config_fills(void **state)
{
	struct conf c = {0};
	struct line l;

	(void)state;
	assert_int_equal(conf_parse(&c, "test", STR(config), &l.e), 0);
	assert_int_equal(parse(&l, ""), 0);
	assert_int_equal(opt_from_conf(l.opts, &c, &l.e), 0);
	conf_release(&c);
	assert_true(l.v.flag);
	assert_string_equal(l.v.str, "from file");
	assert_int_equal(l.v.num, 500);
	assert_int_equal(l.v.size, 1 << 30);
	assert_int_equal(l.v.seconds, 5000);
	assert_int_equal(l.v.ms, 250);
	assert_int_equal(l.v.list.n, 2);
	assert_string_equal(l.v.list.v[0], "192.0.2.0/24");
	assert_string_equal(l.v.list.v[1], "2001:db8::/32");
	assert_false(option(&l, "str")->given);
	free((char *)(uintptr_t)l.v.str);
	free((char *)(uintptr_t)l.v.list.v[0]);
	free((char *)(uintptr_t)l.v.list.v[1]);
	release(&l);
}

static void
test_flag_wins(void **state)
{
	struct conf c = {0};
	struct line l;

	(void)state;
	assert_int_equal(conf_parse(&c, "test", STR(config), &l.e), 0);
	assert_int_equal(parse(&l, "-s flag -n 1 --ms=2 -l 198.51.100.0/24 -z 3 -t 4 -f"), 0);
	assert_int_equal(opt_from_conf(l.opts, &c, &l.e), 0);
	conf_release(&c);
	assert_string_equal(l.v.str, "flag");
	assert_int_equal(l.v.num, 1);
	assert_int_equal(l.v.ms, 2);
	assert_int_equal(l.v.size, 3);
	assert_int_equal(l.v.seconds, 4000);
	assert_int_equal(l.v.list.n, 1);
	assert_string_equal(l.v.list.v[0], "198.51.100.0/24");
	release(&l);
}

/* A key that the file leaves out, or leaves empty, leaves the variable as the program set it. */
static void
test_config_silent(void **state)
{
	static const char *const texts[] = {"", "timezone: UTC\n", "clickhouse: {user: }\ninsert:\n"};
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct conf c = {0};

		assert_int_equal(conf_parse(&c, "test", str_from(texts[i]), &l.e), 0);
		assert_int_equal(parse(&l, ""), 0);
		assert_int_equal(opt_from_conf(l.opts, &c, &l.e), 0);
		conf_release(&c);
		assert_string_equal(l.v.str, "unset");
		assert_int_equal(l.v.num, 7);
		assert_int_equal(l.v.list.n, 0);
		assert_false(l.v.flag);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_bundles),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_optional_value),
	    cmocka_unit_test(test_operands),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_config_fills),
	    cmocka_unit_test(test_flag_wins),
	    cmocka_unit_test(test_config_silent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
