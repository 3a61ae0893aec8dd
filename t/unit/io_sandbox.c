/* A sandbox, entered in a child: what is named works, what is not fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/sandbox.h"

static char dir[] = "/tmp/sandbox.XXXXXX";
static char readable[64], writable[64], other[64], readable_file[96];

#ifdef __SANITIZE_ADDRESS__
static const bool filters = false, paths = false;
#else
static const bool filters = true;
static bool paths; /* whether this kernel has Landlock */
#endif

/* The same where the kernel restricts it, and otherwise no matter. */
static bool
refused(bool restricted, long r, int error)
{
	return !restricted || (r == -1 && errno == error);
}

static int
can_read(const char *folder)
{
	char path[96];

	snprintf(path, sizeof path, "%s/file", folder);
	return open(path, O_RDONLY);
}

static void *
thread(void *arg)
{
	return arg;
}

/* Numbers of what went wrong, 0 for nothing: the child's exit status. */
static int
child_paths(void)
{
	const char *const r[] = {readable, readable_file, NULL}, *const w[] = {writable, NULL};
	struct sandbox s = {.user = "root", .read = r, .write = w};
	char path[96], to[96];
	struct err e;
	pthread_t t;

	if (sandbox_enter(&s, &e) == -1)
		return 1;
	if (can_read(readable) == -1 || open(readable_file, O_RDONLY) == -1)
		return 2;
	if (!refused(paths, can_read(other), EACCES))
		return 3;
	snprintf(path, sizeof path, "%s/new", writable);
	if (file_replace(path, "x", 1, 0644, 1, &e) == -1)
		return 4;
	snprintf(to, sizeof to, "%s/renamed", writable);
	if (rename(path, to) == -1 || unlink(to) == -1)
		return 5;
	snprintf(path, sizeof path, "%s/new", readable);
	if (!refused(paths, open(path, O_WRONLY | O_CREAT, 0644), EACCES))
		return 6;
	if (!refused(filters, socket(AF_INET, SOCK_STREAM, 0), EPERM))
		return 7;
	if (!refused(filters, syscall(SYS_clone, 0, 0, 0, 0, 0) > 0 ? 1 : -1, EPERM))
		return 8;
	if (pthread_create(&t, NULL, thread, NULL) != 0 || pthread_join(t, NULL) != 0)
		return 9;
	return 0;
}

static int
child_nothing(void)
{
	struct sandbox s = {.user = "root", .network = true};
	struct err e;

	if (sandbox_enter(&s, &e) == -1)
		return 1;
	if (!refused(filters, can_read(readable), EPERM))
		return 2;
	if (socket(AF_INET, SOCK_DGRAM, 0) == -1 || socket(AF_INET6, SOCK_DGRAM, 0) == -1)
		return 3;
	if (!refused(filters, socket(AF_UNIX, SOCK_STREAM, 0), EPERM))
		return 4;
	/* The names of open files, and the time, are no files. */
	struct stat st;
	if (fstat(2, &st) == -1)
		return 5;
	return 0;
}

static int
child_twice(void)
{
	struct sandbox s = {.user = "no-such-user"};
	struct err e;

	if (geteuid() != 0)
		return 0;
	if (sandbox_enter(&s, &e) == 0 || strstr(e.msg, "no-such-user") == NULL)
		return 1;
	s.user = NULL;
	if (sandbox_enter(&s, &e) == -1 || geteuid() == 0 || getegid() == 0)
		return 2;
	return setuid(0) == -1 ? 0 : 3;
}

static int
in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
test_paths(void **state)
{
	(void)state;
	assert_int_equal(in_child(child_paths), 0);
}

static void
test_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(child_nothing), 0);
}

static void
test_user(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(in_child(child_twice), 0);
	assert_int_equal(sandbox_user_check("root", &e), 0);
	assert_int_equal(sandbox_user_check("no-such-user", &e), -1);
	assert_string_equal(e.msg, "there is no user 'no-such-user'");
}

static void
make(char *path, size_t size, const char *name)
{
	char file[96];

	snprintf(path, size, "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(file, sizeof file, "%s/file", path);
	assert_int_equal(file_replace(file, "x", 1, 0644, 0, NULL), 0);
}

static int
set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	make(readable, sizeof readable, "readable");
	make(writable, sizeof writable, "writable");
	make(other, sizeof other, "other");
	snprintf(readable_file, sizeof readable_file, "%s/lone", dir);
	assert_int_equal(file_replace(readable_file, "x", 1, 0644, 0, NULL), 0);
#ifndef __SANITIZE_ADDRESS__
	paths = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
#endif
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const folders[] = {readable, writable, other};
	char file[96];

	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(file, sizeof file, "%s/file", folders[i]);
		unlink(file);
		/* Where nothing restricted it, what should not have been made was. */
		snprintf(file, sizeof file, "%s/new", folders[i]);
		unlink(file);
		rmdir(folders[i]);
	}
	unlink(readable_file);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_user),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
