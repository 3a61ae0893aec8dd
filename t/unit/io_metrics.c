/* Metrics: the exposition format to the byte, and the file that is never half written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/metrics.h"

static char dir[] = "/tmp/metrics.XXXXXX";

static void
outputs(void *arg, struct buf *out)
{
	const uint64_t *rows = arg;
	struct buf label = {0};

	metrics_head(out, "x_output_rows_total", "rows written", METRIC_COUNTER);
	for (unsigned i = 0; i < 2; i++) {
		metrics_label(&label, "output", i == 0 ? "a" : "b");
		metrics_sample(out, "x_output_rows_total", buf_cstr(&label), rows[i]);
		label.len = 0;
	}
	buf_release(&label);
}

static void
test_format(void **state)
{
	struct metrics m = {0};
	struct buf out = {0};
	uint64_t v5 = 1, v9 = UINT64_MAX, queue = 0, rows[2] = {3, 4};

	(void)state;
	metrics_add(&m, "x_flows_total", "version=\"5\"", "flows decoded", METRIC_COUNTER, &v5);
	metrics_add(&m, "x_flows_total", "version=\"9\"", "flows decoded", METRIC_COUNTER, &v9);
	metrics_gauge(&m, "x_queue_bytes", "bytes waiting", &queue);
	metrics_add_fn(&m, outputs, rows);
	queue = 12;
	metrics_format(&m, &out);
	assert_string_equal(buf_cstr(&out), "# HELP x_flows_total flows decoded\n"
					    "# TYPE x_flows_total counter\n"
					    "x_flows_total{version=\"5\"} 1\n"
					    "x_flows_total{version=\"9\"} 18446744073709551615\n"
					    "# HELP x_queue_bytes bytes waiting\n"
					    "# TYPE x_queue_bytes gauge\n"
					    "x_queue_bytes 12\n"
					    "# HELP x_output_rows_total rows written\n"
					    "# TYPE x_output_rows_total counter\n"
					    "x_output_rows_total{output=\"a\"} 3\n"
					    "x_output_rows_total{output=\"b\"} 4\n");
	buf_release(&out);
	metrics_release(&m);
}

static void
test_labels(void **state)
{
	struct buf out = {0};

	(void)state;
	metrics_label(&out, "path", "a\"b\\c\nd");
	assert_string_equal(buf_cstr(&out), "path=\"a\\\"b\\\\c\\nd\"");
	metrics_label(&out, "empty", "");
	assert_string_equal(buf_cstr(&out), "path=\"a\\\"b\\\\c\\nd\",empty=\"\"");
	buf_release(&out);
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

/* Who opened the file before a write goes on reading the old one whole: it is another file. */
static void
test_write(void **state)
{
	struct metrics m = {0};
	struct buf text = {0};
	struct err e;
	uint64_t v = 1;
	char path[64], line[128];

	(void)state;
	snprintf(path, sizeof path, "%s/metrics.prom", dir);
	metrics_counter(&m, "x_total", "things", &v);
	assert_int_equal(metrics_write(&m, path, &e), 0);
	FILE *old = fopen(path, "r");
	assert_non_null(old);
	v = 2;
	assert_int_equal(metrics_write(&m, path, &e), 0);
	assert_int_equal(files_in_dir(), 1);

	assert_non_null(fgets(line, sizeof line, old));
	assert_non_null(fgets(line, sizeof line, old));
	assert_non_null(fgets(line, sizeof line, old));
	assert_string_equal(line, "x_total 1\n");
	fclose(old);
	assert_int_equal(file_read(&text, path, 1000, &e), 0);
	assert_string_equal(buf_cstr(&text), "# HELP x_total things\n# TYPE x_total counter\nx_total 2\n");

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);

	snprintf(path, sizeof path, "%s/none/metrics.prom", dir);
	assert_int_equal(metrics_write(&m, path, &e), -1);
	assert_non_null(strstr(e.msg, path));
	buf_release(&text);
	metrics_release(&m);
}

/* USR1: the same samples, on stderr. */
static void
test_print(void **state)
{
	struct metrics m = {0};
	uint64_t v = 42;
	char got[128] = {0};
	int pipe_fd[2], saved = dup(STDERR_FILENO);

	(void)state;
	metrics_add(&m, "x_total", "kind=\"a\"", "things", METRIC_COUNTER, &v);
	assert_int_equal(pipe(pipe_fd), 0);
	dup2(pipe_fd[1], STDERR_FILENO);
	metrics_print(&m);
	dup2(saved, STDERR_FILENO);
	close(pipe_fd[1]);
	assert_true(read(pipe_fd[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, "x_total{kind=\"a\"} 42\n");
	close(pipe_fd[0]);
	close(saved);
	metrics_release(&m);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/metrics.prom", dir);
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_format),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_print),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
