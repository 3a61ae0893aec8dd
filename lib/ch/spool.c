#include "ch/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "ch/pack.h"
#include "io/fdio.h"

enum { NAME_MAX_LEN = 64, SEGMENT_MAX = 1 << 28 };

struct spool {
	char *dir;
	const char *suffix; /* of whole segments */
	enum spool_kind kind;
	int dir_fd, failed_fd, lock_fd;
	uint64_t max_bytes, keep_free;
	struct spool_stats stats;
	struct spool_segment *list; /* by number */
	size_t count, room;
	uint64_t writing; /* number of the segment being written, 0 = none */
	int fd; /* of that */
};

static void
open_name(char name[NAME_MAX_LEN], uint64_t number)
{
	snprintf(name, NAME_MAX_LEN, "%020" PRIu64 ".open", number);
}

static void
whole_name(const struct spool *s, char name[NAME_MAX_LEN], const struct spool_segment *seg)
{
	snprintf(name, NAME_MAX_LEN, "%020" PRIu64 "-%" PRIu64 ".%s", seg->number, seg->rows, s->suffix);
}

static struct spool_segment *
list_find(const struct spool *s, uint64_t number)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].number == number)
			return &s->list[i];
	return NULL;
}

static struct spool_segment *
list_add(struct spool *s, const struct spool_segment *seg)
{
	size_t at = s->count;

	if (s->count == s->room) {
		s->room = s->room != 0 ? s->room * 2 : 64;
		s->list = mem_resize(s->list, s->room, sizeof *s->list);
	}
	for (; at > 0 && s->list[at - 1].number > seg->number; at--)
		s->list[at] = s->list[at - 1];
	s->list[at] = *seg;
	s->count++;
	s->stats.segments++;
	s->stats.rows += seg->rows;
	s->stats.bytes += seg->bytes;
	return &s->list[at];
}

static void
list_drop(struct spool *s, struct spool_segment *seg)
{
	s->stats.segments--;
	s->stats.rows -= seg->rows;
	s->stats.bytes -= seg->bytes;
	s->count--;
	memmove(seg, seg + 1, (size_t)(s->list + s->count - seg) * sizeof *seg);
}

/* mkdir -p, private to the user where it is made here. */
static int
make_dirs(const char *dir, struct err *e)
{
	char *path = mem_strdup(dir);
	int status = 0;

	for (char *p = path + 1; status == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0750) == -1 && errno != EEXIST)
			status = err_sys(e, "%s", path);
		*p = c;
		if (c == '\0')
			break;
	}
	free(path);
	return status;
}

/* The rows of what a crash left, and the bytes of it that are sound. */
static void
measure(const struct spool *s, const struct buf *content, struct spool_segment *seg)
{
	struct pack k = pack_from(content->p, content->len);
	struct batch *b = mem_alloc(sizeof *b);

	if (s->kind == SPOOL_ROWS) {
		for (size_t i = 0; i < content->len; i++)
			if (content->p[i] == '\n') {
				seg->rows++;
				seg->bytes = i + 1;
			}
	} else {
		while (pack_next(&k, b))
			seg->rows += b->rows;
		seg->bytes = k.sound;
	}
	free(b);
}

/* What a crash left open: cut behind the last sound batch or line, and named as a whole segment. */
static int
recover(struct spool *s, uint64_t number, const char *name, struct err *e)
{
	struct spool_segment seg = {.number = number};
	struct buf path = {0}, content = {0};
	char whole[NAME_MAX_LEN];

	buf_printf(&path, "%s/%s", s->dir, name);
	int status = file_read(&content, buf_cstr(&path), SEGMENT_MAX, e);
	if (status == 0) {
		measure(s, &content, &seg);
		s->stats.torn_bytes += content.len - seg.bytes;
		whole_name(s, whole, &seg);
		if (seg.rows == 0)
			status = unlinkat(s->dir_fd, name, 0);
		else if (truncate(buf_cstr(&path), (off_t)seg.bytes) == -1 ||
			 renameat(s->dir_fd, name, s->dir_fd, whole) == -1)
			status = -1;
		if (status == -1)
			err_sys(e, "%s", buf_cstr(&path));
		else if (seg.rows > 0)
			list_add(s, &seg);
	}
	buf_release(&path);
	buf_release(&content);
	return status;
}

/* Takes one entry of the folder into the list; names that are not ours are left alone. */
static int
take_entry(struct spool *s, const char *name, struct err *e)
{
	struct spool_segment seg = {0};
	char expected[NAME_MAX_LEN];
	struct stat st;

	if (sscanf(name, "%20" SCNu64 "-%20" SCNu64, &seg.number, &seg.rows) == 2) {
		whole_name(s, expected, &seg);
		if (strcmp(name, expected) != 0 || fstatat(s->dir_fd, name, &st, 0) == -1)
			return 0;
		seg.bytes = (uint64_t)st.st_size;
		list_add(s, &seg);
		return 0;
	}
	if (sscanf(name, "%20" SCNu64, &seg.number) != 1)
		return 0;
	open_name(expected, seg.number);
	return strcmp(name, expected) == 0 ? recover(s, seg.number, name, e) : 0;
}

static int
take_folder(struct spool *s, struct err *e)
{
	DIR *d = opendir(s->dir);
	int status = 0;

	if (d == NULL)
		return err_sys(e, "%s", s->dir);
	for (struct dirent *entry; status == 0 && (entry = readdir(d)) != NULL;)
		status = take_entry(s, entry->d_name, e);
	closedir(d);
	return status;
}

static void
count_failed(struct spool *s)
{
	int fd = openat(s->failed_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	struct stat st;

	if (d == NULL)
		return;
	s->stats.failed_bytes = 0;
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		if (fstatat(s->failed_fd, entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			s->stats.failed_bytes += (uint64_t)st.st_size;
	closedir(d);
}

static int
open_folders(struct spool *s, struct err *e)
{
	if (make_dirs(s->dir, e) == -1)
		return -1;
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd == -1)
		return err_sys(e, "%s", s->dir);
	if (mkdirat(s->dir_fd, "failed", 0750) == -1 && errno != EEXIST)
		return err_sys(e, "%s/failed", s->dir);
	s->failed_fd = openat(s->dir_fd, "failed", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (s->failed_fd == -1 || s->lock_fd == -1)
		return err_sys(e, "%s", s->dir);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, "%s: another program uses this spool", s->dir);
	return 0;
}

struct spool *
spool_open(const struct spool_options *o, struct err *e)
{
	struct spool *s = mem_zero(1, sizeof *s);

	s->dir = mem_strdup(o->dir);
	s->kind = o->kind;
	s->suffix = o->kind == SPOOL_ROWS ? "ndjson" : "nfb";
	s->dir_fd = s->failed_fd = s->lock_fd = s->fd = -1;
	s->max_bytes = o->max_bytes;
	s->keep_free = o->keep_free;
	if (open_folders(s, e) == -1 || take_folder(s, e) == -1) {
		spool_close(s);
		return NULL;
	}
	count_failed(s);
	return s;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	spool_end(s, NULL);
	if (s->dir_fd != -1)
		close(s->dir_fd);
	if (s->failed_fd != -1)
		close(s->failed_fd);
	if (s->lock_fd != -1)
		close(s->lock_fd);
	free(s->dir);
	free(s->list);
	free(s);
}

const struct spool_stats *
spool_stats(const struct spool *s)
{
	return &s->stats;
}

uint64_t
spool_last(const struct spool *s)
{
	return s->count > 0 ? s->list[s->count - 1].number : 0;
}

bool
spool_fits(const struct spool *s, uint64_t bytes)
{
	struct statvfs v;
	uint64_t after = s->stats.bytes + s->stats.failed_bytes + bytes;

	if (after > s->max_bytes || fstatvfs(s->dir_fd, &v) == -1)
		return false;
	uint64_t disk = (uint64_t)v.f_blocks * v.f_frsize, left = (uint64_t)v.f_bavail * v.f_frsize;
	return after <= disk / 10 && left >= s->keep_free && left - s->keep_free >= bytes;
}

static int
begin(struct spool *s, uint64_t number, struct err *e)
{
	char name[NAME_MAX_LEN];

	open_name(name, number);
	s->fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	if (s->fd == -1)
		return err_sys(e, "%s/%s", s->dir, name);
	s->writing = number;
	list_add(s, &(struct spool_segment){.number = number});
	return 0;
}

int
spool_append(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows, struct err *e)
{
	if (s->writing != 0 && s->writing != number && spool_end(s, e) == -1)
		return -1;
	if (s->writing == 0 && begin(s, number, e) == -1)
		return -1;
	struct spool_segment *seg = list_find(s, number);
	if (fd_write_all(s->fd, p, len) == -1) {
		err_sys(e, "%s", s->dir);
		(void)!ftruncate(s->fd, (off_t)seg->bytes);
		return -1;
	}
	seg->rows += rows;
	seg->bytes += len;
	s->stats.rows += rows;
	s->stats.bytes += len;
	return 0;
}

int
spool_sync(struct spool *s, struct err *e)
{
	if (s->stats.failed_bytes > 0)
		count_failed(s);
	return s->writing != 0 && fdatasync(s->fd) == -1 ? err_sys(e, "%s", s->dir) : 0;
}

int
spool_end(struct spool *s, struct err *e)
{
	char from[NAME_MAX_LEN], to[NAME_MAX_LEN];
	int status = 0;

	if (s->writing == 0)
		return 0;
	struct spool_segment *seg = list_find(s, s->writing);
	open_name(from, seg->number);
	whole_name(s, to, seg);
	if (seg->rows == 0) {
		status = unlinkat(s->dir_fd, from, 0);
		list_drop(s, seg);
	} else if (fdatasync(s->fd) == -1 || renameat(s->dir_fd, from, s->dir_fd, to) == -1 ||
		   fsync(s->dir_fd) == -1)
		status = -1;
	if (status == -1)
		err_sys(e, "%s/%s", s->dir, from);
	close(s->fd);
	s->fd = -1;
	s->writing = 0;
	return status;
}

int
spool_put(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows, struct err *e)
{
	struct spool_segment seg = {number, rows, len};
	char from[NAME_MAX_LEN], to[NAME_MAX_LEN];

	open_name(from, number);
	whole_name(s, to, &seg);
	int fd = openat(s->dir_fd, from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "%s/%s", s->dir, from);
	bool sound = fd_write_all(fd, p, len) == 0 && fdatasync(fd) == 0 &&
		     renameat(s->dir_fd, from, s->dir_fd, to) == 0 && fsync(s->dir_fd) == 0;
	if (!sound) {
		err_sys(e, "%s/%s", s->dir, from);
		unlinkat(s->dir_fd, from, 0);
	}
	close(fd);
	if (!sound)
		return -1;
	list_add(s, &seg);
	return 0;
}

bool
spool_after(const struct spool *s, uint64_t number, struct spool_segment *seg)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].number > number) {
			*seg = s->list[i];
			return true;
		}
	return false;
}

int
spool_read(const struct spool *s, const struct spool_segment *seg, struct buf *b, struct err *e)
{
	struct buf path = {0};
	char name[NAME_MAX_LEN];

	whole_name(s, name, seg);
	buf_printf(&path, "%s/%s", s->dir, name);
	b->len = 0;
	int status = file_read(b, buf_cstr(&path), SEGMENT_MAX, e);
	buf_release(&path);
	return status;
}

int
spool_remove(struct spool *s, uint64_t number, struct err *e)
{
	struct spool_segment *seg = list_find(s, number);
	char name[NAME_MAX_LEN];

	whole_name(s, name, seg);
	list_drop(s, seg);
	return unlinkat(s->dir_fd, name, 0) == -1 ? err_sys(e, "%s/%s", s->dir, name) : 0;
}

static int
put_note(const struct spool *s, const char *name, const char *words, struct err *e)
{
	char note[NAME_MAX_LEN + 8];

	snprintf(note, sizeof note, "%.*s.txt", (int)strcspn(name, "."), name);
	int fd = openat(s->failed_fd, note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "%s/failed/%s", s->dir, note);
	bool sound = fd_write_all(fd, words, strlen(words)) == 0 && fd_write_all(fd, "\n", 1) == 0;
	close(fd);
	return sound ? 0 : err_sys(e, "%s/failed/%s", s->dir, note);
}

int
spool_fail(struct spool *s, uint64_t number, const char *words, struct err *e)
{
	struct spool_segment *seg = list_find(s, number);
	char name[NAME_MAX_LEN];
	uint64_t bytes = seg->bytes;

	whole_name(s, name, seg);
	list_drop(s, seg);
	if (renameat(s->dir_fd, name, s->failed_fd, name) == -1)
		return err_sys(e, "%s/%s", s->dir, name);
	s->stats.failed_bytes += bytes;
	return put_note(s, name, words, e);
}

int
spool_fail_part(struct spool *s, uint64_t number, const void *p, size_t len, uint64_t rows, const char *words,
    struct err *e)
{
	struct spool_segment part = {number, rows, len};
	char name[NAME_MAX_LEN];

	whole_name(s, name, &part);
	int fd = openat(s->failed_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_sys(e, "%s/failed/%s", s->dir, name);
	bool sound = fd_write_all(fd, p, len) == 0 && fdatasync(fd) == 0 && fsync(s->failed_fd) == 0;
	if (!sound) {
		err_sys(e, "%s/failed/%s", s->dir, name);
		unlinkat(s->failed_fd, name, 0);
	}
	close(fd);
	if (!sound)
		return -1;
	s->stats.failed_bytes += len;
	return put_note(s, name, words, e);
}
