/* Descriptors and files: whole writes on slow pipes, whole files or the old ones, secrets kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"

static char dir[] = "/tmp/fdio.XXXXXX";

/* A path in our folder; two at a time. */
static const char *
in_dir(const char *name)
{
	static char paths[2][128];
	static unsigned turn;
	char *p = paths[turn++ % 2];

	snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

static unsigned
files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
assert_content(const char *path, const char *want)
{
	struct buf b = {0};
	struct err e;

	assert_int_equal(file_read(&b, path, 1 << 20, &e), 0);
	assert_string_equal(buf_cstr(&b), want);
	buf_release(&b);
}

enum { BIG = 3 << 20 };

/* Reads to the end in odd pieces, slower than the writer. */
static void *
slow_reader(void *arg)
{
	const int *fd = arg;
	struct buf *all = mem_zero(1, sizeof *all);
	ssize_t n;

	while ((n = fd_read(*fd, buf_reserve(all, 7777), 7777)) > 0)
		all->len += (size_t)n;
	return all;
}

/* A non-blocking pipe takes a few bytes at a time: the write waits and sends all, in order. */
static void
test_partial_writes(void **state)
{
	uint8_t *data = mem_alloc(BIG);
	int fds[2];
	pthread_t reader;
	void *result;

	(void)state;
	for (size_t i = 0; i < BIG; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fd_nonblock(fds[1]), 0);
	assert_int_equal(pthread_create(&reader, NULL, slow_reader, &fds[0]), 0);

	assert_int_equal(fd_write_all(fds[1], data, BIG), 0);
	/* More pieces than one writev takes, some of them empty. */
	struct iovec *iov = mem_zero(3000, sizeof *iov);
	for (size_t i = 0, at = 0; i < 3000; i++) {
		size_t len = i == 2999 ? BIG - at : i % 5 == 0 ? 0 : 1000 + i % 7;
		iov[i] = (struct iovec){data + at, len};
		at += len;
	}
	assert_int_equal(fd_writev_all(fds[1], iov, 3000), 0);
	close(fds[1]);

	assert_int_equal(pthread_join(reader, &result), 0);
	struct buf *all = result;
	assert_int_equal(all->len, 2 * BIG);
	assert_memory_equal(all->p, data, BIG);
	assert_memory_equal(all->p + BIG, data, BIG);
	close(fds[0]);
	buf_release(all);
	free(all);
	free(iov);
	free(data);
}

static void
test_closed_reader(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	errno = 0;
	assert_int_equal(fd_write_all(fds[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(fd_write_all(fds[1], "", 0), 0);
	close(fds[1]);
}

static void
test_read(void **state)
{
	int fds[2];
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fd_nonblock(fds[0]), 0);
	assert_int_equal(fd_read(fds[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fd_write_all(fds[1], "x", 1), 0);
	assert_int_equal(fd_read(fds[0], &c, 1), 1);
	close(fds[1]);
	assert_int_equal(fd_read(fds[0], &c, 1), 0);
	close(fds[0]);
}

static void
test_grow_pipe(void **state)
{
	int fds[2], null = open("/dev/null", O_WRONLY);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	int before = fcntl(fds[0], F_GETPIPE_SZ);
	fd_grow_pipe(fds[1]);
	assert_true(fcntl(fds[0], F_GETPIPE_SZ) >= before);
	fd_grow_pipe(null); /* no pipe, no harm */
	close(fds[0]);
	close(fds[1]);
	close(null);
}

static void
test_file_read(void **state)
{
	struct buf b = {0};
	struct err e;

	(void)state;
	const char *path = in_dir("read");
	assert_int_equal(file_replace(path, "0123456789", 10, 0600, 0, &e), 0);
	buf_puts(&b, "kept ");
	assert_int_equal(file_read(&b, path, 10, &e), 0);
	assert_string_equal(buf_cstr(&b), "kept 0123456789");
	assert_int_equal(file_read(&b, path, 9, &e), -1);
	assert_non_null(strstr(e.msg, path));
	assert_string_equal(buf_cstr(&b), "kept 0123456789");
	unlink(path);
	assert_int_equal(file_read(&b, path, 10, &e), -1);
	assert_non_null(strstr(e.msg, "No such file"));
	assert_int_equal(file_read(&b, dir, 10, &e), -1);
	buf_release(&b);
}

static void
test_replace(void **state)
{
	const char *path = in_dir("file");
	struct stat st;
	struct err e;

	(void)state;
	for (int durable = 0; durable <= 1; durable++) {
		assert_int_equal(file_replace(path, "one", 3, 0600, durable, &e), 0);
		assert_content(path, "one");
		assert_int_equal(file_replace(path, "", 0, 0444, durable, &e), 0);
		assert_content(path, "");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0444);
		assert_int_equal(files_in_dir(), 1);
	}
	/* The mode is the one asked for, whatever the umask. */
	mode_t old = umask(077);
	assert_int_equal(file_replace(path, "two", 3, 0644, 0, &e), 0);
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	/* What an earlier process of our number left behind does not stand in the way, nor is a link followed. */
	char tmp[160];
	snprintf(tmp, sizeof tmp, "%s.tmp.%ld", path, (long)getpid());
	assert_int_equal(symlink(in_dir("victim"), tmp), 0);
	assert_int_equal(file_replace(path, "three", 5, 0600, 0, &e), 0);
	assert_content(path, "three");
	assert_int_equal(files_in_dir(), 1);

	/* A bare file name has its folder too. */
	char *cwd = getcwd(NULL, 0);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(file_replace("file", "four", 4, 0600, 1, &e), 0);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
	assert_content(path, "four");
	unlink(path);
}

/* The disk fills up (here: the file size limit): the old content stays and nothing is left beside it. */
static void
test_replace_fails(void **state)
{
	const char *path = in_dir("file");
	struct rlimit unlimited, small;
	uint8_t *data = mem_zero(1, 100000);
	struct err e;

	(void)state;
	assert_int_equal(file_replace(path, "old", 3, 0600, 0, &e), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = (struct rlimit){4096, unlimited.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int status = file_replace(path, data, 100000, 0600, 0, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	assert_int_equal(status, -1);
	assert_non_null(strstr(e.msg, path));
	assert_content(path, "old");
	assert_int_equal(files_in_dir(), 1);
	unlink(path);

	/* A folder stands where the file should go. */
	path = in_dir("folder");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_replace(path, "x", 1, 0600, 0, &e), -1);
	assert_int_equal(files_in_dir(), 1);
	assert_int_equal(rmdir(path), 0);

	assert_int_equal(file_replace(in_dir("none/file"), "x", 1, 0600, 0, &e), -1);
	assert_int_equal(files_in_dir(), 0);
	free(data);
}

static void
test_secret(void **state)
{
	static const struct {
		const char *content, *secret; /* NULL: refused */
	} cases[] = {
	    {"hunter2", "hunter2"},
	    {"hunter2\n", "hunter2"},
	    {"hunter2\r\nmore\n", "hunter2"},
	    {" spaces \n", " spaces "},
	    {"", NULL},
	    {"\nsecond line\n", NULL},
	    {"\r\n", NULL},
	};
	const char *path = in_dir("secret");
	struct buf b = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		b.len = 0;
		buf_puts(&b, "kept ");
		assert_int_equal(
		    file_replace(path, cases[i].content, strlen(cases[i].content), 0600, 0, &e), 0);
		assert_int_equal(secret_read(&b, path, &e), cases[i].secret != NULL ? 0 : -1);
		const char *got = buf_cstr(&b);
		assert_memory_equal(got, "kept ", 5);
		assert_string_equal(got + 5, cases[i].secret != NULL ? cases[i].secret : "");
	}
	unlink(path);
	assert_int_equal(secret_read(&b, path, &e), -1);
	buf_release(&b);
}

/* root:flowenricher 0640 is how the files are installed: the group may read, others may not do anything. */
static void
test_secret_modes(void **state)
{
	static const mode_t good[] = {0400, 0600, 0640, 0440}, bad[] = {0644, 0604, 0666, 0602, 0641};
	const char *path = in_dir("secret");
	struct buf b = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(file_replace(path, "word\n", 5, good[i], 0, &e), 0);
		assert_int_equal(secret_read(&b, path, &e), 0);
	}
	assert_string_equal(buf_cstr(&b), "wordwordwordword");
	b.len = 0;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(file_replace(path, "word\n", 5, bad[i], 0, &e), 0);
		assert_int_equal(secret_read(&b, path, &e), -1);
		assert_non_null(strstr(e.msg, "chmod 0640"));
		assert_int_equal(b.len, 0);
	}
	unlink(path);
	buf_release(&b);
}

static int
make_dir(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(dir) == NULL;
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
	    cmocka_unit_test(test_partial_writes),
	    cmocka_unit_test(test_closed_reader),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_grow_pipe),
	    cmocka_unit_test(test_file_read),
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_replace_fails),
	    cmocka_unit_test(test_secret),
	    cmocka_unit_test(test_secret_modes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
