/* Labels of networks: what a line may say, what is inherited, what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "enrich/labels.h"

/* The labels of an address, with '|' behind each. */
static const char *
told(const struct labels *l, const char *address, struct buf *out)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(address)), 0);
	struct str s = l->texts[lpm_lookup(&l->lpm, &a)];
	out->len = 0;
	for (size_t i = 0; i < s.len; i++)
		buf_putc(out, s.p[i] != '\0' ? s.p[i] : '|');
	return buf_cstr(out);
}

static struct labels *
parse(const char *text)
{
	struct err e;
	struct labels *l = labels_parse("labels", str_from(text), &e);

	if (l == NULL)
		fail_msg("%s", e.msg);
	return l;
}

struct ask {
	const char *address, *labels;
};

static void
says(const char *text, const struct ask *asks, size_t n)
{
	struct labels *l = parse(text);
	struct buf out = {0};

	assert_int_equal(l->bad.count, 0);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(told(l, asks[i].address, &out), asks[i].labels);
	buf_release(&out);
	labels_free(l);
}

#define SAYS(text, asks) says(text, asks, sizeof asks / sizeof asks[0])

static void
lines(void **unused)
{
	static const struct ask asks[] = {
	    {"198.51.100.1", "role=access|site=athens|"},
	    {"198.51.101.1", "customer=Example Ltd|note=a \"b\" \\ c|"},
	    {"198.51.102.7", "x=a#b|"},
	    {"2001:db8::1", "name=\xc3\xa9t\xc3\xa9|"},
	    {"203.0.113.1", ""},
	};

	(void)unused;
	SAYS("# all that a line may be\n"
	     "\n"
	     "198.51.100.0/24   site=athens role=access   # by key, whatever the order\n"
	     "\t198.51.101.0/24 customer=\"Example Ltd\" note=\"a \\\"b\\\" \\\\ c\"\r\n"
	     "198.51.102.7 x=a#b\n"
	     "2001:db8::/32 name=\xc3\xa9t\xc3\xa9",
	    asks);
}

static void
inheritance(void **unused)
{
	static const struct ask asks[] = {
	    {"10.9.9.9", "owner=us|site=main|"},
	    {"10.1.9.9", "customer=a|owner=us|site=athens|"},
	    {"10.1.2.9", "customer=b|owner=us|site=athens|"},
	    {"10.1.2.3", "customer=b|owner=us|"},
	    {"10.1.3.1", "owner=us|site=athens|"},
	    {"10.2.0.1", "owner=us|role=dmz|site=main|"},
	    {"11.0.0.1", ""},
	    {"::1", "owner=six|"},
	    {"2001:db8::1", "owner=six|role=dmz|"},
	};

	(void)unused;
	SAYS("10.1.2.3 site=\n"
	     "10.1.2.0/24 customer=b\n"
	     "10.1.3.0/24 customer=\n"
	     "10.1.0.0/16 customer=a site=athens\n"
	     "10.0.0.0/8 owner=us site=main\n"
	     "10.2.0.0/16 role=web\n"
	     "10.2.0.0/16 role=dmz\n"
	     "::/0 owner=six\n" /* holds no address of IPv4 */
	     "2001:db8::/32 role=dmz\n",
	    asks);
}

static void
nothing_left(void **unused)
{
	static const struct ask asks[] = {{"10.0.0.1", "a=1|"}, {"10.1.0.1", ""}, {"10.1.1.1", "b=2|"}};

	(void)unused;
	SAYS("10.0.0.0/8 a=1\n10.1.0.0/16 a=\n10.1.1.0/24 b=2\n", asks);
}

static void
bad_lines_are_named(void **unused)
{
	static const char text[] = "10.0.0.0/8 a=1\n"
				   "10.0.0.1/8 a=1\n"
				   "10.0.0.0\n"
				   "10.0.0.0/9 a\n"
				   "10.0.0.0/10 =1\n"
				   "10.0.0.0/11 a=\"x\n"
				   "10.0.0.0/12 a=\"x\"y\n"
				   "10.0.0.0/13 a=\x01\n"
				   "10.0.0.0/14 a=\xff\n";
	static const char want[] =
	    "labels:2: '10.0.0.1/8' has bits set beyond its length; the prefix is 10.0.0.0/8\n"
	    "labels:3: a prefix without labels\n"
	    "labels:4: key=value was expected at 'a'\n"
	    "labels:5: key=value was expected at '=1'\n"
	    "labels:6: a quote without its end\n"
	    "labels:7: something follows a value's closing quote\n"
	    "labels:8: a value with a control byte, or that is no UTF-8\n"
	    "labels:9: a value with a control byte, or that is no UTF-8\n";
	struct labels *l = parse(text);
	struct buf out = {0};

	(void)unused;
	for (size_t i = 0; i < l->bad.words.len; i++)
		if (l->bad.words.p[i] == '\0')
			l->bad.words.p[i] = '\n';
	assert_string_equal(buf_cstr(&l->bad.words), want);
	assert_int_equal(l->bad.count, 8);
	assert_int_equal(l->prefix_count, 1);
	assert_string_equal(told(l, "10.0.0.1", &out), "a=1|");
	buf_release(&out);
	labels_free(l);
}

static void
limits(void **unused)
{
	struct buf text = {0};
	struct labels *l;
	struct err e;

	(void)unused;
	buf_puts(&text, "10.0.0.0/8");
	for (unsigned i = 0; i < LABELS_ATTRIBUTES_MAX; i++)
		buf_printf(&text, " k%u=%u", i, i);
	buf_puts(&text, "\n10.0.0.0/8 one=more\n10.0.0.0/9 a=");
	for (unsigned i = 0; i < LABELS_TEXT_MAX - 1; i++)
		buf_putc(&text, 'x');
	buf_putc(&text, '\n');
	l = parse(buf_cstr(&text));
	assert_int_equal(l->bad.count, 2);
	assert_non_null(strstr((char *)l->bad.words.p, "labels:3: a label of over 255 bytes"));
	labels_free(l);
	text.len = 0;
	for (unsigned i = 0; i < 100; i++)
		buf_puts(&text, "nonsense\n");
	/* Of a wrong file nothing is taken. */
	assert_null(labels_parse("labels", (struct str){(char *)text.p, text.len}, &e));
	assert_string_equal(e.msg, "labels:1: 'nonsense' is not an address or prefix");
	buf_release(&text);
	l = parse("# nothing yet\n");
	assert_int_equal(l->prefix_count, 0);
	labels_free(l);
	assert_null(labels_load("/nonexistent/labels", &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(inheritance),
	    cmocka_unit_test(nothing_left),
	    cmocka_unit_test(bad_lines_are_named),
	    cmocka_unit_test(limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
