/* The spool through crashes: torn ends, damage, a second user, a full disk by decree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ch/pack.h"
#include "ch/spool.h"
#include "flow/builder.h"
#include "io/fdio.h"

#define BATCH_ROWS 100

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/ch_spool.XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
drop_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static struct spool *
reopen(struct spool *s)
{
	struct spool_options o = {.dir = dir, .max_bytes = 1 << 30};
	struct err e = {""};

	spool_close(s);
	s = spool_open(&o, &e);
	assert_string_equal(e.msg, "");
	return s;
}

/* n batches of 100 rows, whose ports count on from `first`. */
static void
make_pack(struct buf *out, unsigned n, unsigned first)
{
	struct builder bd;
	struct batch b;

	builder_init(&bd, 0);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned row = 0; row < BATCH_ROWS; row++) {
			builder_row(&bd);
			builder_u16(&bd, FIELD_src_port, (uint16_t)(first + i * BATCH_ROWS + row));
		}
		builder_finish(&bd, &b);
		assert_int_equal(batch_serialize(&b, out, NULL), 0);
		builder_reset(&bd);
	}
	builder_release(&bd);
}

/* The rows of a segment that can be read; every row must be sound. */
static uint64_t
read_rows(const struct spool *s, const struct spool_segment *seg)
{
	struct buf content = {0};
	struct arena a = {0};
	struct batch b;
	uint64_t rows = 0;

	assert_int_equal(spool_read(s, seg, &content, NULL), 0);
	struct pack k = pack_from(content.p, content.len);
	while (pack_next(&k, &b)) {
		const uint64_t *ports = batch_flat_u64(&b, FIELD_src_port, &a);

		for (uint32_t i = 1; i < b.rows; i++)
			assert_int_equal(ports[i], ports[0] + i);
		rows += b.rows;
		arena_reset(&a);
	}
	arena_release(&a);
	buf_release(&content);
	return rows;
}

static void
damage(const char *name, off_t at, const void *bytes, size_t len)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY);
	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	close(fd);
}

static void
test_order(void **state)
{
	struct spool *s = reopen(NULL);
	struct spool_segment seg;
	struct buf p = {0};

	(void)state;
	assert_false(spool_after(s, 0, &seg));
	make_pack(&p, 2, 0);
	assert_int_equal(spool_append(s, 7, p.p, p.len, 200, NULL), 0);
	assert_int_equal(spool_append(s, 7, p.p, p.len, 200, NULL), 0);
	assert_int_equal(spool_put(s, 3, p.p, p.len, 200, NULL), 0); /* older, put later */
	assert_int_equal(spool_append(s, 9, p.p, p.len, 200, NULL), 0); /* ends 7 */
	assert_int_equal(spool_stats(s)->rows, 800);
	assert_int_equal(spool_stats(s)->bytes, 4 * p.len);
	s = reopen(s);
	assert_int_equal(spool_last(s), 9);
	assert_int_equal(spool_stats(s)->rows, 800);
	assert_int_equal(spool_stats(s)->torn_bytes, 0);
	for (uint64_t number = 3, rows; spool_after(s, 0, &seg); number = seg.number == 3 ? 7 : 9) {
		assert_int_equal(seg.number, number);
		rows = read_rows(s, &seg);
		assert_int_equal(rows, seg.rows);
		assert_int_equal(rows, number == 7 ? 400 : 200);
		assert_int_equal(spool_remove(s, seg.number, NULL), 0);
	}
	assert_int_equal(spool_stats(s)->rows, 0);
	assert_int_equal(spool_stats(s)->bytes, 0);
	spool_close(s);
	buf_release(&p);
}

/* A crash while writing leaves any beginning of the file: whole batches are kept, the rest is cut. */
static void
test_torn(void **state)
{
	struct buf p = {0};
	struct spool_segment seg;
	char path[128];

	(void)state;
	make_pack(&p, 3, 0);
	snprintf(path, sizeof path, "%s/%020u.open", dir, 5);
	for (size_t len = 0; len <= p.len; len += 7) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_int_equal(fd_write_all(fd, p.p, len), 0);
		close(fd);
		struct spool *s = reopen(NULL);
		uint64_t batches = len / (p.len / 3);
		assert_int_equal(spool_stats(s)->rows, batches * BATCH_ROWS);
		assert_int_equal(spool_stats(s)->torn_bytes, len - batches * (p.len / 3));
		if (batches > 0) {
			assert_true(spool_after(s, 0, &seg));
			assert_int_equal(read_rows(s, &seg), batches * BATCH_ROWS);
			assert_int_equal(spool_remove(s, 5, NULL), 0);
		}
		assert_false(spool_after(s, 0, &seg));
		spool_close(s);
	}
	buf_release(&p);
}

/* Damage costs the batches that it hits and no others, and never a crash. */
static void
test_damage(void **state)
{
	struct buf p = {0};
	unsigned seed = 1;

	(void)state;
	make_pack(&p, 10, 0);
	for (int round = 0; round < 300; round++) {
		struct spool *s = reopen(NULL);
		struct spool_segment seg;
		uint8_t noise[16];
		size_t len = 1 + (size_t)(rand_r(&seed) % 16), at = (size_t)rand_r(&seed) % (p.len - len);

		for (size_t i = 0; i < len; i++)
			noise[i] = p.p[at + i] ^ (uint8_t)(1 + rand_r(&seed) % 255);
		assert_int_equal(spool_put(s, 5, p.p, p.len, 10 * BATCH_ROWS, NULL), 0);
		damage("00000000000000000005-1000.nfb", (off_t)at, noise, len);
		assert_true(spool_after(s, 0, &seg));
		size_t first = at / (p.len / 10), last = (at + len - 1) / (p.len / 10);
		assert_int_equal(read_rows(s, &seg), (10 - (last - first + 1)) * BATCH_ROWS);
		assert_int_equal(spool_remove(s, 5, NULL), 0);
		spool_close(s);
	}
	buf_release(&p);
}

/* Lines are cut behind the last newline. */
static void
test_torn_rows(void **state)
{
	static const char text[] = "{\"a\":1}\n{\"a\":2}\n{\"a\"";
	struct spool_options o = {.kind = SPOOL_ROWS, .dir = dir, .max_bytes = 1 << 30};
	struct spool_segment seg;
	struct buf content = {0};
	char from[128], to[128];

	(void)state;
	struct spool *s = spool_open(&o, NULL);
	assert_int_equal(spool_put(s, 3, text, 16, 2, NULL), 0);
	spool_close(s);
	snprintf(from, sizeof from, "%s/%020u-2.ndjson", dir, 3);
	snprintf(to, sizeof to, "%s/%020u.open", dir, 4);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(file_replace(to, text, sizeof text - 1, 0640, 0, NULL), 0);
	s = spool_open(&o, NULL);
	assert_int_equal(spool_stats(s)->rows, 2);
	assert_int_equal(spool_stats(s)->torn_bytes, 4);
	assert_true(spool_after(s, 0, &seg));
	assert_int_equal(spool_read(s, &seg, &content, NULL), 0);
	assert_int_equal(content.len, 16);
	assert_memory_equal(content.p, text, 16);
	spool_close(s);
	buf_release(&content);
}

static void
test_limits(void **state)
{
	struct spool_options o = {.dir = dir, .max_bytes = 1000};
	struct err e;
	struct spool *s = spool_open(&o, &e);
	struct buf p = {0};

	(void)state;
	make_pack(&p, 1, 0);
	assert_true(p.len > 250 && p.len < 500);
	assert_true(spool_fits(s, p.len));
	assert_int_equal(spool_put(s, 1, p.p, p.len, 100, NULL), 0);
	assert_int_equal(spool_put(s, 2, p.p, p.len, 100, NULL), 0);
	assert_false(spool_fits(s, 1000 - 2 * p.len + 1));
	/* what is set aside still takes its room */
	assert_int_equal(spool_fail(s, 1, "never", NULL), 0);
	assert_int_equal(spool_stats(s)->rows, 100);
	assert_false(spool_fits(s, 1000 - 2 * p.len + 1));
	assert_null(spool_open(&o, &e));
	assert_non_null(strstr(e.msg, "another program uses this spool"));
	assert_int_equal(spool_fail_part(s, 2, p.p, 16, 3, "nor this", NULL), 0);
	spool_close(s);

	struct stat st;
	char path[128];
	snprintf(path, sizeof path, "%s/failed/%020u-100.txt", dir, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	snprintf(path, sizeof path, "%s/failed/%020u-100.nfb", dir, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, p.len);
	snprintf(path, sizeof path, "%s/failed/%020u-3.nfb", dir, 2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 16);

	o.max_bytes = UINT64_MAX;
	o.keep_free = UINT64_MAX / 2;
	s = spool_open(&o, &e);
	assert_non_null(s);
	assert_true(spool_stats(s)->failed_bytes >= p.len);
	assert_false(spool_fits(s, 1));
	spool_close(s);
	assert_null(spool_open(&(struct spool_options){.dir = "/dev/null/spool"}, &e));
	buf_release(&p);
}

/* Files of others in the folder are neither read nor touched. */
static void
test_strangers(void **state)
{
	static const char *const names[] = {
	    "1-2.nfb", "00000000000000000001-2.nfb.bak", "notes", "5.open", "-1.open"};
	struct spool_segment seg;
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		close(open(path, O_WRONLY | O_CREAT, 0600));
	}
	struct spool *s = reopen(NULL);
	assert_false(spool_after(s, 0, &seg));
	spool_close(s);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		assert_int_equal(access(path, F_OK), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_order, make_dir, drop_dir),
	    cmocka_unit_test_setup_teardown(test_torn, make_dir, drop_dir),
	    cmocka_unit_test_setup_teardown(test_damage, make_dir, drop_dir),
	    cmocka_unit_test_setup_teardown(test_torn_rows, make_dir, drop_dir),
	    cmocka_unit_test_setup_teardown(test_limits, make_dir, drop_dir),
	    cmocka_unit_test_setup_teardown(test_strangers, make_dir, drop_dir),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
