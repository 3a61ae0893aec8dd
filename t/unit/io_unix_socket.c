/* Unix sockets: who may connect, what a dead listener left behind, and what is not ours to remove. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/unix_socket.h"

static char dir[] = "/tmp/unix_socket.XXXXXX";
static char path[64];
static struct err err;

static void
test_connect(void **state)
{
	char c;

	(void)state;
	assert_int_equal(unix_connect(path, &err), -1);
	assert_non_null(strstr(err.msg, path));
	int listener = unix_listen(path, 0660, &err);
	assert_int_not_equal(listener, -1);
	int a = unix_connect(path, &err);
	assert_int_not_equal(a, -1);
	int b = accept(listener, NULL, NULL);
	assert_int_not_equal(b, -1);
	assert_int_equal(fd_write_all(a, "x", 1), 0);
	assert_int_equal(fd_read(b, &c, 1), 1);
	close(a);
	close(b);
	close(listener);
	unlink(path);
}

static void
test_mode(void **state)
{
	static const mode_t modes[] = {0660, 0600, 0666, 0777};
	struct stat st;

	(void)state;
	mode_t mask = umask(0177); /* it does not matter, and it stays */
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		int listener = unix_listen(path, modes[i], &err);
		assert_int_not_equal(listener, -1);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i]);
		close(listener);
		unlink(path);
	}
	assert_int_equal(umask(mask), 0177);
}

static void
test_live_and_stale(void **state)
{
	(void)state;
	int first = unix_listen(path, 0660, &err);
	assert_int_not_equal(first, -1);
	assert_int_equal(unix_listen(path, 0660, &err), -1);
	assert_non_null(strstr(err.msg, "another program listens"));
	int reader = unix_connect(path, &err);
	assert_int_not_equal(reader, -1); /* the one that lives was not harmed */
	close(reader);

	close(first); /* as if it had been killed: its file stays */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unix_connect(path, &err), -1);
	int second = unix_listen(path, 0660, &err);
	assert_int_not_equal(second, -1);
	reader = unix_connect(path, &err);
	assert_int_not_equal(reader, -1);
	close(reader);
	close(second);
	unlink(path);
}

static void
test_full_backlog(void **state)
{
	int fds[100];
	unsigned n = 0;

	(void)state;
	int listener = unix_listen(path, 0660, &err);
	while (n < 100 && (fds[n] = unix_connect(path, &err)) != -1)
		n++;
	assert_true(n < 100);
	assert_int_equal(unix_listen(path, 0660, &err), -1); /* it lives, though it does not answer */
	assert_int_equal(access(path, F_OK), 0);
	while (n > 0)
		close(fds[--n]);
	close(listener);
	unlink(path);
}

static void
test_not_ours(void **state)
{
	struct buf b = {0};
	char longer[200];

	(void)state;
	assert_int_equal(file_replace(path, "data", 4, 0600, 0, &err), 0);
	assert_int_equal(unix_listen(path, 0660, &err), -1);
	assert_non_null(strstr(err.msg, "no socket"));
	assert_int_equal(file_read(&b, path, 10, &err), 0);
	assert_string_equal(buf_cstr(&b), "data");
	buf_release(&b);
	unlink(path);

	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(unix_listen(path, 0660, &err), -1);
	unlink(path);

	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(unix_listen(longer, 0660, &err), -1);
	assert_int_equal(unix_connect(longer, &err), -1);
	assert_int_equal(unix_listen("", 0660, &err), -1);
	assert_int_equal(unix_listen("/nonexistent/socket", 0660, &err), -1);
	assert_non_null(strstr(err.msg, "/nonexistent/socket"));
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/socket", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connect),
	    cmocka_unit_test(test_mode),
	    cmocka_unit_test(test_live_and_stale),
	    cmocka_unit_test(test_full_backlog),
	    cmocka_unit_test(test_not_ours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
