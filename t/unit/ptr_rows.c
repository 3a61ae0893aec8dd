/* Rows of ptr_cache: written to whatever reads them, or does not, and read back. And whom the step ptr asks for. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmocka.h>

#include "enrich/ptr_out.h"
#include "enrich/ptr_policy.h"
#include "enrich/ptr_warm.h"
#include "io/fdio.h"
#include "io/unix_socket.h"

static char dir[] = "/tmp/ptr_rows.XXXXXX";
static char path[sizeof dir + 16], url[sizeof path + 8];

static int
setup(void **unused)
{
	(void)unused;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/rows", dir);
	snprintf(url, sizeof url, "unix:%s", path);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	unlink(path);
	return rmdir(dir);
}

static struct ptr_row
row(uint32_t n)
{
	return (struct ptr_row){.addr = addr_from_v4(n), .name = STR("host.example"), .updated_at = n};
}

static void
row_text(void **unused)
{
	struct ptr_row r = {.name = STR("a\"b\\c.example"),
	    .updated_at = 1767225600,
	    .asn = 64496,
	    .as_name = STR("B\xc3\xbcro \"1\""),
	    .country = STR("CH")};
	struct buf got = {0};
	struct row_out o;

	(void)unused;
	row_out_init(&o, path);
	assert_int_equal(addr_parse(&r.addr, STR("2001:db8::1")), 0);
	ptr_out_put(&o, &r);
	r = row(0xc0000201);
	ptr_out_put(&o, &r);
	row_out_flush(&o);
	assert_int_equal(o.written, 2);
	assert_int_equal(file_read(&got, path, 4096, NULL), 0);
	assert_string_equal(buf_cstr(&got),
	    "{\"ip\":\"2001:db8::1\",\"ptr\":\"a\\\"b\\\\c.example\",\"updated_at\":1767225600,\"asn\":64496,"
	    "\"asn_name\":\"B\xc3\xbcro \\\"1\\\"\",\"country\":\"CH\"}\n"
	    "{\"ip\":\"192.0.2.1\",\"ptr\":\"host.example\",\"updated_at\":3221225985}\n");
	buf_release(&got);
	row_out_release(&o);
	unlink(path);
}

/* All that comes from fd until it would wait. */
static void
drain(int fd, struct buf *b)
{
	ssize_t n;

	while ((n = read(fd, buf_reserve(b, 65536), 65536)) > 0)
		b->len += (size_t)n;
}

/* Whole rows only, from the first byte to the last; how many. */
static unsigned
whole_rows(const struct buf *b)
{
	struct ptr_warm_row r;
	const char *p = (const char *)b->p, *end = p + b->len, *eol;
	unsigned n = 0;

	for (; p < end; p = eol + 1, n++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		assert_non_null(eol);
		assert_int_equal(ptr_warm_line(&r, (struct str){p, (size_t)(eol - p)}), 0);
	}
	return n;
}

static void
socket_readers_come_and_go(void **unused)
{
	struct buf got = {0};
	struct row_out o;
	struct err e;

	(void)unused;
	row_out_init(&o, url);
	for (uint32_t i = 0; i < 100; i++)
		ptr_out_put(&o, &(struct ptr_row){.addr = addr_from_v4(i), .name = STR("early.example")});
	row_out_flush(&o);
	assert_int_equal(o.written, 0); /* nobody is there */
	int listener = unix_listen(path, 0600, &e);
	assert_true(listener >= 0);
	row_out_flush(&o);
	int reader = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(reader >= 0);
	drain(reader, &got);
	assert_int_equal(whole_rows(&got), 100);

	/* A reader that reads nothing and goes, in the middle of a row. */
	for (uint32_t i = 0; i < 40000; i++)
		ptr_out_put(&o, &(struct ptr_row){.addr = addr_from_v4(i), .name = STR("much.example")});
	assert_true(o.dropped > 0);
	assert_true(o.rows.len > 0);
	uint64_t written = o.written, dropped = o.dropped;
	close(reader);
	row_out_flush(&o);
	row_out_flush(&o);
	reader = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(reader >= 0);
	got.len = 0;
	for (unsigned i = 0; i < 1000 && o.rows.len > 0; i++) {
		drain(reader, &got);
		row_out_flush(&o);
	}
	drain(reader, &got);
	assert_int_equal(whole_rows(&got), o.written - written);
	assert_in_range(o.dropped - dropped, 0, 1); /* the row that was cut */
	assert_int_equal(o.written + o.dropped, 40100);
	close(reader);
	close(listener);
	row_out_release(&o);
	buf_release(&got);
	unlink(path);
}

static void
fifo_without_reader(void **unused)
{
	struct buf got = {0};
	struct row_out o;
	struct ptr_row r = row(1);

	(void)unused;
	assert_int_equal(mkfifo(path, 0600), 0);
	row_out_init(&o, path);
	ptr_out_put(&o, &r);
	row_out_drain(&o, 1000);
	assert_int_equal(o.dropped, 1);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ptr_out_put(&o, &r);
	row_out_flush(&o);
	drain(fd, &got);
	assert_int_equal(whole_rows(&got), 1);
	close(fd);
	row_out_release(&o);
	buf_release(&got);
	unlink(path);
}

static void
lines_read(void **unused)
{
	static const struct {
		const char *line;
		int64_t updated_at; /* -1: no row */
	} cases[] = {
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":5}", 5},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":\"5\"}", 5},
	    {" { \"updated_at\" : \"1970-01-02 00:00:01\", \"x\":{\"ip\":[1]}, \"ptr\":\"h.example\", "
	     "\"ip\":\"::1\" } ",
		86401},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"\\u0068.example\",\"updated_at\":5,\"asn\":null}", 5},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"\",\"updated_at\":5}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"a b\",\"updated_at\":5}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"a\\u0007\",\"updated_at\":5}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":7,\"updated_at\":5}", -1},
	    {"{\"ip\":\"192.0.2\",\"ptr\":\"h.example\",\"updated_at\":5}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":-5}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":\"soon\"}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":\"1013-01-01 00:00:00\"}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\"}", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":5", -1},
	    {"{\"ip\":\"192.0.2.1\",\"ptr\":\"h.example\",\"updated_at\":5} x", -1},
	    {"[]", -1},
	    {"{}", -1},
	    {"", -1},
	};
	struct ptr_warm_row r;

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status = ptr_warm_line(&r, str_from(cases[i].line));

		assert_int_equal(status, cases[i].updated_at == -1 ? -1 : 0);
		if (status == 0) {
			assert_int_equal(r.updated_at, cases[i].updated_at);
			assert_true(str_eq((struct str){r.name, r.name_len}, STR("h.example")));
		}
	}
}

static bool
asks(const struct ptr_policy *p, const char *text)
{
	struct addr a;
	uint32_t ask;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	ptr_policy_many(p, &a, 1, &ask);
	return ask != 0;
}

static void
policy(void **unused)
{
	struct ptr_policy p, copy;

	(void)unused;
	ptr_policy_init(&p, false);
	ptr_policy_compile(&p);
	assert_true(asks(&p, "192.0.2.1") && asks(&p, "10.0.0.1") && asks(&p, "2001:db8::1"));
	assert_false(asks(&p, "127.0.0.1") || asks(&p, "::") || asks(&p, "::1") || asks(&p, "239.1.1.1"));
	ptr_policy_release(&p);

	ptr_policy_init(&p, true);
	ptr_policy_compile(&p);
	assert_false(asks(&p, "10.0.0.1") || asks(&p, "100.64.0.1") || asks(&p, "fd00::1"));
	assert_true(asks(&p, "192.0.2.1"));
	ptr_policy_release(&p);

	ptr_policy_init(&p, true);
	assert_int_equal(ptr_policy_allow(&p, STR("10.1.0.0/16"), NULL), 0);
	assert_int_equal(ptr_policy_allow(&p, STR("192.0.2.0/24"), NULL), 0);
	assert_int_equal(ptr_policy_deny(&p, STR("10.1.2.0/24"), NULL), 0);
	assert_int_equal(ptr_policy_deny(&p, STR("192.0.2.0/24"), NULL), 0);
	assert_int_equal(ptr_policy_deny(&p, STR("192.0.2.1/24"), NULL), -1);
	ptr_policy_compile(&p);
	ptr_policy_copy(&copy, &p);
	ptr_policy_release(&p);
	assert_true(asks(&copy, "10.1.0.1"));
	assert_false(asks(&copy, "10.1.2.1") || asks(&copy, "10.2.0.1") || asks(&copy, "192.0.2.1") ||
		     asks(&copy, "198.51.100.1"));
	ptr_policy_release(&copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(row_text),
	    cmocka_unit_test(socket_readers_come_and_go),
	    cmocka_unit_test(fifo_without_reader),
	    cmocka_unit_test(lines_read),
	    cmocka_unit_test(policy),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
