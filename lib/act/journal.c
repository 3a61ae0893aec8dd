#include "act/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "io/fdio.h"

#define FILE_NAME "actions"
#define FIRST_LINE "nf-act actions 1\n"

enum { FILE_MAX = 64 << 20, HEX = 32, LINES_MAX = 2 * JOURNAL_MAX };

void
journal_init(struct journal *j)
{
	*j = (struct journal){.fd = -1};
	map_init(&j->known, sizeof(struct journal_key), sizeof(bool));
	j->order = mem_zero(JOURNAL_MAX, sizeof *j->order);
}

void
journal_release(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	map_release(&j->known);
	free(j->order);
	free(j->path);
	*j = (struct journal){.fd = -1};
}

/* Remembers for good; the oldest makes room. */
static void
remember(struct journal *j, const struct journal_key *k)
{
	*(bool *)map_put(&j->known, k, NULL) = true;
	if (j->count == JOURNAL_MAX) {
		map_delete(&j->known, &j->order[j->head]);
		j->head = (j->head + 1) % JOURNAL_MAX;
		j->count--;
	}
	j->order[(j->head + j->count++) % JOURNAL_MAX] = *k;
}

static void
line_put(struct buf *b, const struct journal_key *k)
{
	for (size_t i = 0; i < sizeof k->id; i++)
		buf_printf(b, "%02x", k->id[i]);
	buf_printf(b, " %s %u\n", action_names[k->action], k->state);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
line_read(struct journal_key *k, struct str line)
{
	struct str rest = {line.p + HEX, line.len > HEX ? line.len - HEX : 0};
	uint64_t state;

	*k = (struct journal_key){0};
	for (size_t i = 0; i < HEX; i++) {
		int v = i < line.len ? hex_value(line.p[i]) : -1;

		if (v < 0)
			return -1;
		k->id[i / 2] = (uint8_t)(k->id[i / 2] << 4 | v);
	}
	for (unsigned i = 0; i < ACTS; i++) {
		size_t len = strlen(action_names[i]);

		if (rest.len != len + 3 || rest.p[0] != ' ' || rest.p[len + 1] != ' ' ||
		    memcmp(rest.p + 1, action_names[i], len) != 0)
			continue;
		if (num_parse(&state, (struct str){rest.p + len + 2, 1}, 0, INCIDENT_END) < 0)
			return -1;
		k->action = (uint8_t)i;
		k->state = (uint8_t)state;
		return 0;
	}
	return -1;
}

/* Takes in the whole file; lines that are damaged are passed over. */
static int
file_take(struct journal *j, const struct buf *b, struct err *e)
{
	struct str all = {(const char *)b->p, b->len};
	size_t at = strlen(FIRST_LINE);

	if (all.len == 0)
		return 0;
	if (all.len < at || memcmp(all.p, FIRST_LINE, at) != 0)
		return err_set(e, "%s: not a journal of nf-act, or of a newer one; move it away", j->path);
	while (at < all.len) {
		const char *end = memchr(all.p + at, '\n', all.len - at);
		struct journal_key k;

		if (end == NULL)
			break;
		struct str line = {all.p + at, (size_t)(end - all.p) - at};
		if (line_read(&k, line) == 0)
			remember(j, &k);
		at += line.len + 1;
	}
	return 0;
}

/* Writes anew what is remembered, and goes on at the end of that. */
static int
file_rewrite(struct journal *j, struct err *e)
{
	struct buf b = {0};

	buf_puts(&b, FIRST_LINE);
	for (uint32_t i = 0; i < j->count; i++)
		line_put(&b, &j->order[(j->head + i) % JOURNAL_MAX]);
	int r = file_replace(j->path, b.p, b.len, 0640, 1, e);
	buf_release(&b);
	if (r < 0)
		return -1;
	int fd = open(j->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err_sys(e, "%s", j->path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (j->fd >= 0)
		close(j->fd);
	j->fd = fd;
	j->lines = j->count;
	return 0;
}

int
journal_open(struct journal *j, const char *dir, struct err *e)
{
	struct buf b = {0};

	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return err_sys(e, "%s", dir);
	buf_printf(&b, "%s/" FILE_NAME, dir);
	j->path = mem_strdup(buf_cstr(&b));
	b.len = 0;
	j->fd = open(j->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (j->fd < 0)
		err_sys(e, "%s", j->path);
	else if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		err_set(e, "%s: another nf-act uses it", j->path);
	else if (file_read(&b, j->path, FILE_MAX, e) == 0 && file_take(j, &b, e) == 0 &&
		 file_rewrite(j, e) == 0) {
		buf_release(&b);
		return 0;
	}
	buf_release(&b);
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	return -1;
}

bool
journal_knows(const struct journal *j, const struct journal_key *k)
{
	return map_get(&j->known, k) != NULL;
}

bool
journal_take(struct journal *j, const struct journal_key *k)
{
	bool fresh;

	(void)map_put(&j->known, k, &fresh);
	return fresh;
}

void
journal_drop(struct journal *j, const struct journal_key *k)
{
	map_delete(&j->known, k);
}

int
journal_done(struct journal *j, const struct journal_key *k, struct err *e)
{
	struct buf b = {0};

	remember(j, k);
	if (j->fd < 0)
		return 0;
	if (j->lines >= LINES_MAX)
		return file_rewrite(j, e);
	line_put(&b, k);
	int r = fd_write_all(j->fd, b.p, b.len);
	buf_release(&b);
	if (r < 0 || fdatasync(j->fd) < 0) {
		j->lines = LINES_MAX; /* the next one writes the file anew, without a line cut in two */
		return err_sys(e, "%s", j->path);
	}
	j->lines++;
	return 0;
}
