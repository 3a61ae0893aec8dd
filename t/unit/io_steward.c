/* A steward: what was agreed on works, and who asks for anything else gets nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/steward_parts.h"
#include "io/unix_socket.h"

static char dir[] = "/tmp/steward.XXXXXX";
static char conf[64], prom[64], pattern[64];

static struct steward *
start(void)
{
	struct steward_series series = {.pattern = pattern};
	struct steward *s = steward_new();
	struct err e;

	steward_reads(s, conf);
	steward_replaces(s, prom, 0640, 1);
	steward_series(s, &series);
	assert_int_equal(steward_start(s, &e), 0);
	return s;
}

static void
assert_content(struct steward *s, const char *path, const char *want)
{
	struct buf b = {0};
	struct err e;

	assert_int_equal(steward_read(s, &b, path, 1 << 20, &e), 0);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

/* The i-th file of the series, from 0. */
static const char *
series_name(unsigned i, const char *tail)
{
	static char path[96];

	snprintf(path, sizeof path, "%s/new/1970-01-02", dir);
	if (i > 0)
		snprintf(path + strlen(path), sizeof path - strlen(path), ".%03u", i);
	snprintf(path + strlen(path), sizeof path - strlen(path), "%s", tail);
	return path;
}

enum { DAY_MS = 24 * 3600 * 1000 };

static void
test_files(void **state)
{
	struct steward *s = start();
	struct steward_counts c;
	struct buf b = {0};
	struct err e;
	unsigned first, second, third;

	(void)state;
	assert_content(s, conf, "key: 1\n");
	assert_int_equal(file_replace(conf, "key: 2\n", 7, 0600, 0, &e), 0);
	assert_content(s, conf, "key: 2\n");
	assert_int_equal(steward_read(s, &b, conf, 3, &e), -1);
	buf_release(&b);
	assert_int_equal(steward_replace(s, prom, "one", 3, &e), 0);
	int a = steward_open(s, DAY_MS, &first, &e), z = steward_open(s, DAY_MS, &second, &e);
	assert_true(a != -1 && z != -1 && first != second);
	assert_int_equal(access(series_name(0, ".part"), F_OK), 0);
	assert_int_equal(access(series_name(1, ".part"), F_OK), 0);
	assert_int_equal(steward_open(s, DAY_MS, &third, &e), -1);
	assert_string_equal(e.msg, "too many files are in progress");
	assert_int_equal(fd_write_all(a, "a", 1), 0);
	assert_int_equal(fd_write_all(z, "z", 1), 0);
	assert_int_equal(steward_finish(s, second, &e), 0);
	int n = steward_open(s, DAY_MS, &third, &e);
	assert_true(n != -1);
	assert_int_equal(third, second);
	assert_int_equal(steward_finish(s, third, &e), 0);
	steward_end(s, 10000);
	steward_counts(s, &c);
	assert_int_equal(c.files, 1);
	assert_int_equal(c.file_errors, 0);
	assert_content(NULL, series_name(1, ""), "z");
	assert_content(NULL, series_name(0, ".part"), "a"); /* never finished */
	assert_int_equal(access(series_name(2, ""), F_OK), -1); /* empty */
	assert_int_equal(access(series_name(2, ".part"), F_OK), -1);
	assert_content(NULL, prom, "one");
	struct stat st;
	assert_int_equal(stat(prom, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	close(a);
	close(z);
	close(n);
	unlink(series_name(0, ".part"));
	unlink(series_name(1, ""));
	steward_free(s);
}

/* What somebody else made meanwhile is not replaced. */
static void
test_taken(void **state)
{
	struct steward *s = start();
	struct steward_counts c;
	struct err e;
	unsigned slot;
	int fd = steward_open(s, DAY_MS, &slot, &e);

	(void)state;
	assert_true(fd != -1);
	assert_int_equal(fd_write_all(fd, "ours", 4), 0);
	assert_int_equal(file_replace(series_name(0, ""), "theirs", 6, 0644, 0, &e), 0);
	assert_int_equal(steward_finish(s, slot, &e), 0);
	steward_end(s, 10000);
	steward_counts(s, &c);
	assert_int_equal(c.files, 0);
	assert_int_equal(c.file_errors, 1);
	assert_content(NULL, series_name(0, ""), "theirs");
	assert_content(NULL, series_name(0, ".part"), "ours");
	close(fd);
	unlink(series_name(0, ""));
	unlink(series_name(0, ".part"));
	steward_free(s);
}

/* A question as anybody could send it, and that nothing comes of it. */
static void
assert_refused(struct steward *s, struct steward_ask ask, int fd)
{
	struct steward_answer a;
	int got;

	assert_int_equal(unix_send_fd(s->sock, &ask, sizeof ask, fd), 0);
	assert_int_equal(unix_recv_fd(s->sock, &a, sizeof a, &got), sizeof a);
	assert_int_equal(got, -1);
	assert_int_equal(a.failed, 1);
	assert_string_equal(a.words, "no such file was agreed on");
}

static void
test_hostile(void **state)
{
	struct steward *s = start();
	struct err e;
	int pipes[2];
	char big[4096] = {0};

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (uint32_t which = 1; which < 10; which++) {
		assert_refused(s, (struct steward_ask){STEWARD_READ, which, 0}, -1);
		assert_refused(s, (struct steward_ask){STEWARD_READ, UINT32_MAX - which, 0}, pipes[0]);
		assert_refused(s, (struct steward_ask){STEWARD_REPLACE, which, 0}, pipes[0]);
	}
	/* Content that never ends, and none. */
	assert_refused(s, (struct steward_ask){STEWARD_REPLACE, 0, 0}, pipes[0]);
	assert_refused(s, (struct steward_ask){STEWARD_REPLACE, 0, 0}, -1);
	/* No sense, no length: all without an answer. */
	for (uint32_t which = 0; which < 10; which++) {
		struct steward_ask ask = {STEWARD_FINISH, which, 0};

		assert_int_equal(unix_send_fd(s->sock, &ask, sizeof ask, pipes[0]), 0);
		ask.op = 1000 + which;
		assert_int_equal(unix_send_fd(s->sock, &ask, sizeof ask, pipes[0]), 0);
		assert_int_equal(unix_send_fd(s->sock, &ask, which + 1, -1), 0);
		assert_int_equal(unix_send_fd(s->sock, big, sizeof big, -1), 0);
	}
	assert_content(s, conf, "key: 1\n");
	assert_int_equal(steward_replace(s, prom, "two", 3, &e), 0);
	assert_content(NULL, prom, "two");
	/* What cannot be done is said. */
	unlink(prom);
	assert_int_equal(mkdir(prom, 0755), 0);
	assert_int_equal(steward_replace(s, prom, "three", 5, &e), -1);
	assert_non_null(strstr(e.msg, "Is a directory"));
	assert_int_equal(rmdir(prom), 0);
	close(pipes[0]);
	close(pipes[1]);
	steward_end(s, 10000);
	steward_free(s);
}

static int
set_up(void **state)
{
	(void)state;
	if (dir[13] == 'X')
		assert_non_null(mkdtemp(dir));
	snprintf(conf, sizeof conf, "%s/conf", dir);
	snprintf(prom, sizeof prom, "%s/prom", dir);
	snprintf(pattern, sizeof pattern, "%s/new/%%F", dir);
	return file_replace(conf, "key: 1\n", 7, 0600, 0, NULL);
}

static int
remove_all(void **state)
{
	char path[64];

	(void)state;
	unlink(conf);
	unlink(prom);
	snprintf(path, sizeof path, "%s/new", dir);
	rmdir(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_files, set_up),
	    cmocka_unit_test_setup(test_taken, set_up),
	    cmocka_unit_test_setup(test_hostile, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, remove_all);
}
