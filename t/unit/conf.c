/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/conf.h"

/* Parses a text under the name "f"; the words of the error are in e. */
static int
parse(struct conf *c, const char *text, struct err *e)
{
	return conf_parse(c, "f", str_from(text), e);
}

static void
assert_refused(const char *text, const char *words)
{
	struct conf c;
	struct err e;

	assert_int_equal(parse(&c, text, &e), -1);
	assert_string_equal(e.msg, words);
	assert_null(c.root);
}

static void
tree_knows_places(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(parse(&c,
			     "\xef\xbb\xbf"
			     "a: {b: [x, 'y']}\n"
			     "c:\n"
			     "  d: ~\n"
			     "  e: 'null'\n"
			     "  f: |\n"
			     "    long\n",
			     &e),
	    0);
	const struct cnode *n = conf_find(&c, "a.b");
	assert_int_equal(n->kind, CNODE_LIST);
	assert_int_equal(n->line, 1);
	assert_int_equal(n->column, 8);
	assert_int_equal(n->key_column, 5);
	assert_string_equal(n->first->text.p, "x");
	assert_false(n->first->quoted);
	assert_true(n->first->next->quoted);
	assert_null(n->first->next->next);
	assert_int_equal(conf_find(&c, "c.d")->kind, CNODE_NULL);
	assert_int_equal(conf_find(&c, "c.d")->line, 3);
	assert_int_equal(conf_find(&c, "c.e")->kind, CNODE_SCALAR);
	assert_string_equal(conf_find(&c, "c.f")->text.p, "long\n");
	assert_null(conf_find(&c, "c.x"));
	assert_null(conf_find(&c, "a.b.x"));
	assert_null(cnode_get(NULL, "x"));
	assert_ptr_equal(cnode_get(cnode_get(c.root, "a"), "b"), n);
	cnode_err(n, &e, "%s", "words");
	assert_string_equal(e.msg, "f:1:8: words");
	conf_release(&c);
}

static void
json_is_read(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(parse(&c, "{\n\t\"a\": [1, true, null, \"x\\u0041\"]\n}\n", &e), 0);
	const struct cnode *n = conf_find(&c, "a")->first;
	uint64_t v;
	bool b;
	assert_int_equal(cnode_num(n, &v, 0, 9, &e), 0);
	assert_int_equal(v, 1);
	assert_int_equal(cnode_bool(n->next, &b, &e), 0);
	assert_true(b);
	assert_int_equal(n->next->next->kind, CNODE_NULL);
	assert_string_equal(n->next->next->next->text.p, "xA");
	conf_release(&c);
}

static void
empty_file_is_a_null(void **state)
{
	static const char *const texts[] = {"", "# only words\n", "---\n", "--- ~\n...\n"};
	struct conf c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(parse(&c, texts[i], &e), 0);
		assert_int_equal(c.root->kind, CNODE_NULL);
		assert_int_equal(conf_check(&c, NULL, NULL, &e), 0);
		conf_release(&c);
	}
}

static void
bad_yaml_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n", "f:3:1: key 'a' is given twice, first at line 1");
	assert_refused("a:\n\tb: 1\n", "f:2:1: tab in the indentation, expected spaces");
	assert_refused("a:\n  b: 1\n \t c: 1\n", "f:3:2: tab in the indentation, expected spaces");
	assert_refused("a: &x 1\n", "f:1:4: anchor '&x', expected a plain value");
	assert_refused("a: &x [1]\n", "f:1:4: anchor '&x', expected a plain value");
	assert_refused("a: &x {b: 1}\n", "f:1:4: anchor '&x', expected a plain value");
	assert_refused("&x a: 1\n", "f:1:1: anchor '&x', expected a plain value");
	assert_refused("a: *x\n", "f:1:4: alias '*x', expected the value itself");
	assert_refused("*x : 1\n", "f:1:1: expected a name as key");
	assert_refused("a: !!str 1\n", "f:1:4: tag 'tag:yaml.org,2002:str', expected a plain value");
	assert_refused("a: ! 1\n", "f:1:4: tag '!', expected a plain value");
	assert_refused("? [a]\n: 1\n", "f:1:3: expected a name as key");
	assert_refused("'': 1\n", "f:1:1: empty key, expected a name");
	assert_refused("a: 1\n---\nb: 1\n", "f:2:1: a second document starts here, expected one only");
	assert_refused("a: \xff\n", "f:1:4: invalid leading UTF-8 octet, expected UTF-8 text");
	assert_refused("a: \xc3(\n", "f:1:5: invalid trailing UTF-8 octet, expected UTF-8 text");
	assert_refused(
	    "\xc3\xa4: 1\nb: \x01\n", "f:2:4: control characters are not allowed, expected UTF-8 text");
	assert_refused("a: \"x\\0y\"\n", "f:1:4: NUL character in a text");
	assert_refused("a: [1, 2\nb: 3\n",
	    "f:2:2: did not find expected ',' or ']' while parsing a flow sequence that starts at line 1");
	assert_refused("a: 1\n  b: 2\n", "f:2:4: mapping values are not allowed in this context");
}

static void
depth_and_size_are_bounded(void **state)
{
	static char deep[80], wide[(4 << 20) + 2];
	struct conf c;
	struct err e;

	(void)state;
	memset(deep, '[', 32);
	memset(deep + 32, ']', 32);
	assert_int_equal(parse(&c, deep, &e), 0);
	conf_release(&c);
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	assert_refused(deep, "f:1:33: nested deeper than 32 levels");

	memset(wide, ' ', sizeof wide - 1);
	assert_refused(wide, "f: larger than 4 MiB");
	wide[sizeof wide - 2] = '\0';
	assert_int_equal(parse(&c, wide, &e), 0);
	conf_release(&c);
}

static void
many_keys_are_no_stall(void **state)
{
	struct buf b = {0};
	struct conf c;
	struct err e;

	(void)state;
	for (unsigned i = 0; i < 200000; i++)
		buf_printf(&b, "k%u: 1\n", i);
	buf_puts(&b, "k77: 1\n");
	assert_int_equal(conf_parse(&c, "f", (struct str){buf_cstr(&b), b.len}, &e), -1);
	assert_string_equal(e.msg, "f:200001:1: key 'k77' is given twice, first at line 78");
	buf_release(&b);
}

static void
files_are_loaded(void **state)
{
	char path[] = "/tmp/conf-test.XXXXXX", words[128];
	int fd = mkstemp(path);
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(write(fd, "a: b\nc: [\n", 10), 10);
	assert_int_equal(conf_load(&c, path, &e), -1);
	snprintf(words, sizeof words, "%s:3:1: did not find expected node content", path);
	assert_memory_equal(e.msg, words, strlen(words));
	assert_int_equal(ftruncate(fd, 5), 0);
	assert_int_equal(conf_load(&c, path, &e), 0);
	assert_string_equal(conf_find(&c, "a")->text.p, "b");
	assert_string_equal(c.root->file, path);
	conf_release(&c);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(conf_load(&c, path, &e), 0);
	conf_release(&c);
	close(fd);
	unlink(path);
	assert_int_equal(conf_load(&c, path, &e), -1);
	assert_non_null(strstr(e.msg, path));
	assert_null(c.root);
}

/* A value's text, and what each typed read makes of it ("!" and words: refused). */
static void
values_are_typed(void **state)
{
	struct conf c;
	struct err e;
	struct str s;
	uint64_t v;
	double d;
	bool b;

	(void)state;
	assert_int_equal(parse(&c, "[on, No, 'yes', 42, \"42\", 4x, 64M, 60s, 3, -1.5, {a: b}, ~]", &e), 0);
	const struct cnode *n[12], *p = c.root->first;
	for (size_t i = 0; i < 12; i++, p = p->next)
		n[i] = p;
	assert_null(p);

	assert_int_equal(cnode_bool(n[0], &b, &e), 0);
	assert_true(b);
	assert_int_equal(cnode_bool(n[1], &b, &e), 0);
	assert_false(b);
	assert_int_equal(cnode_bool(n[2], &b, &e), -1);
	assert_string_equal(e.msg, "f:1:10: \"yes\", expected true or false without quotes");
	assert_int_equal(cnode_bool(n[3], &b, &e), -1);
	assert_string_equal(e.msg, "f:1:17: '42', expected true or false");

	assert_int_equal(cnode_num(n[3], &v, 0, 42, &e), 0);
	assert_int_equal(v, 42);
	assert_int_equal(cnode_num(n[3], &v, 0, 41, &e), -1);
	assert_string_equal(e.msg, "f:1:17: '42', expected a number from 0 to 41");
	assert_int_equal(cnode_num(n[4], &v, 0, 42, &e), -1);
	assert_string_equal(e.msg, "f:1:21: \"42\", expected a number from 0 to 42 without quotes");
	assert_int_equal(cnode_num(n[5], &v, 7, UINT64_MAX, &e), -1);
	assert_string_equal(e.msg, "f:1:27: '4x', expected a number from 7");

	assert_int_equal(cnode_size(n[6], &v, &e), 0);
	assert_int_equal(v, 64 << 20);
	assert_int_equal(cnode_size(n[5], &v, &e), -1);
	assert_string_equal(e.msg, "f:1:27: '4x', expected a size such as 64M");
	assert_int_equal(cnode_duration(n[7], &v, 1, &e), 0);
	assert_int_equal(v, 60000);
	assert_int_equal(cnode_duration(n[8], &v, 1000, &e), 0);
	assert_int_equal(v, 3000);
	assert_int_equal(cnode_duration(n[10], &v, 1000, &e), -1);
	assert_string_equal(e.msg, "f:1:50: a map of keys, expected a duration such as 60s");
	assert_int_equal(cnode_real(n[9], &d, &e), 0);
	assert_true(d == -1.5);
	assert_int_equal(cnode_real(n[0], &d, &e), -1);
	assert_string_equal(e.msg, "f:1:2: 'on', expected a number");
	assert_int_equal(cnode_str(n[3], &s, &e), 0);
	assert_string_equal(s.p, "42");
	assert_int_equal(cnode_str(n[11], &s, &e), -1);
	assert_string_equal(e.msg, "f:1:58: empty, expected text");
	conf_release(&c);
}

/* Collects the items as "item@column ". */
static int
item_keep(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	assert_int_equal(item.p[item.len], '\0');
	assert_ptr_equal(item.p, at->text.p);
	if (str_eq(item, STR("bad")))
		return cnode_err(at, e, "bad item");
	buf_printf(arg, "%s@%u ", item.p, at->column);
	return 0;
}

static void
lists_are_read_in_every_form(void **state)
{
	static const struct {
		const char *text, *items, *words;
	} cases[] = {
	    {"k: [a, 'b, c']", "a@5 b, c@8 ", NULL},
	    {"k: a, b ,c", "a@4 b@7 c@10 ", NULL},
	    {"k: \"a, b\"", "a@5 b@8 ", NULL},
	    {"k: a", "a@4 ", NULL},
	    {"k:\n- a\n- b", "a@3 b@3 ", NULL},
	    {"k: ''", "", NULL},
	    {"k: ", "", NULL},
	    {"k: []", "", NULL},
	    {"k: a,,b", "a@4 ", "f:1:4: empty item in a list"},
	    {"k: a, bad, c", "a@4 ", "f:1:7: bad item"},
	    {"k: [a, bad, c]", "a@5 ", "f:1:8: bad item"},
	    {"k: {a: b}", "", "f:1:4: k is a map of keys, expected a list"},
	    {"k: [a, [b]]", "a@5 ", "f:1:8: a list, expected text"},
	    {"k: [a, ~]", "a@5 ", "f:1:8: empty, expected text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf items = {0};
		struct conf c;
		struct err e = {""};

		assert_int_equal(parse(&c, cases[i].text, &e), 0);
		int r = cnode_each(conf_find(&c, "k"), item_keep, &items, &e);
		assert_int_equal(r, cases[i].words != NULL ? -1 : 0);
		assert_string_equal(e.msg, cases[i].words != NULL ? cases[i].words : "");
		assert_string_equal(buf_cstr(&items), cases[i].items);
		buf_release(&items);
		conf_release(&c);
	}
}

static void
nearest_name_is_near(void **state)
{
	static const char *const names[] = {"host", "user", "password", "bindport"};

	(void)state;
	assert_string_equal(nearest_name(STR("hots"), names, 4), "host");
	assert_string_equal(nearest_name(STR("Host"), names, 4), "host");
	assert_string_equal(nearest_name(STR("pasword"), names, 4), "password");
	assert_string_equal(nearest_name(STR("bind_port"), names, 4), "bindport");
	assert_null(nearest_name(STR("table"), names, 4));
	assert_null(nearest_name(STR(""), names, 4));
	assert_null(nearest_name(
	    STR("a name that is much longer than every name that could be known here"), names, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tree_knows_places),
	    cmocka_unit_test(json_is_read),
	    cmocka_unit_test(empty_file_is_a_null),
	    cmocka_unit_test(bad_yaml_is_refused_with_its_place),
	    cmocka_unit_test(depth_and_size_are_bounded),
	    cmocka_unit_test(many_keys_are_no_stall),
	    cmocka_unit_test(files_are_loaded),
	    cmocka_unit_test(values_are_typed),
	    cmocka_unit_test(lists_are_read_in_every_form),
	    cmocka_unit_test(nearest_name_is_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
