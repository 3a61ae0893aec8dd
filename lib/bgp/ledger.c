#include "bgp/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"

#define FIRST_LINE "nf-bgpd announcements 2\n"
#define FIRST_LINE_1 "nf-bgpd announcements 1\n"

_Static_assert(sizeof FIRST_LINE == sizeof FIRST_LINE_1, "both are skipped alike");

enum { FILE_MAX = 64 << 20 };

void
ledger_init(struct ledger *j)
{
	*j = (struct ledger){.folder = -1, .fd = -1};
}

void
ledger_release(struct ledger *j)
{
	if (j->fd != -1)
		close(j->fd);
	if (j->folder != -1)
		close(j->folder);
	free(j->path);
	ledger_init(j);
}

static int
parse_line(struct str line, ledger_fn *fn, void *arg, struct err *e)
{
	struct request r = {0};
	char kind = line.len > 0 ? line.p[0] : '\0';

	if (kind == LEDGER_ANNOUNCE || kind == LEDGER_WITHDRAW) {
		if (request_parse(&r, (struct str){line.p + 1, line.len - 1}, e) == -1)
			return -1;
		if (kind == LEDGER_ANNOUNCE && (!r.has_next_hop || !r.has_since))
			return err_set(e, "next_hop or since is missing");
	} else if (kind == LEDGER_FLOW || kind == LEDGER_FLOW_WITHDRAW) {
		if (request_parse_flow(&r, (struct str){line.p + 1, line.len - 1}, e) == -1)
			return -1;
		if (kind == LEDGER_FLOW && !r.has_since)
			return err_set(e, "since is missing");
	} else if (line.len != 1 || (kind != LEDGER_DISARM && kind != LEDGER_ARM)) {
		return err_set(e, "no line of a ledger");
	}
	fn(arg, (enum ledger_kind)kind, &r);
	return 0;
}

int
ledger_parse(struct str lines, ledger_fn *fn, void *arg, struct err *e)
{
	const char *p = lines.p, *end = p + lines.len, *newline;

	for (unsigned number = 2; p < end; number++, p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			break;
		if (parse_line((struct str){p, (size_t)(newline - p)}, fn, arg, e) == -1)
			return err_wrap(e, "line %u", number);
	}
	return 0;
}

static int
replay(const struct ledger *j, ledger_fn *fn, void *arg, struct err *e)
{
	const size_t first = sizeof FIRST_LINE - 1;
	struct buf all = {0};
	int r = 0;

	if (access(j->path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (file_read(&all, j->path, FILE_MAX, e) == -1)
		r = -1;
	else if (all.len == 0)
		r = 0;
	else if (all.len < first ||
		 (memcmp(all.p, FIRST_LINE, first) != 0 && memcmp(all.p, FIRST_LINE_1, first) != 0))
		r = err_set(
		    e, "%s: it begins with another line than '%.*s'", j->path, (int)first - 1, FIRST_LINE);
	else if (ledger_parse((struct str){(char *)all.p + first, all.len - first}, fn, arg, e) == -1)
		r = err_wrap(e, "%s", j->path);
	buf_release(&all);
	return r;
}

/* The folder is locked, not the file, which is renamed. */
static int
take_folder(struct ledger *j, const char *dir, struct err *e)
{
	if (mkdir(dir, 0750) == -1 && errno != EEXIST)
		return err_sys(e, "%s", dir);
	j->folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->folder == -1)
		return err_sys(e, "%s", dir);
	if (flock(j->folder, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, "%s: another nf-bgpd has it", dir);
	return 0;
}

int
ledger_open(struct ledger *j, const char *dir, ledger_fn *fn, void *arg, struct err *e)
{
	struct buf path = {0};

	buf_printf(&path, "%s/announcements", dir);
	j->path = mem_strdup(buf_cstr(&path));
	buf_release(&path);
	if (take_folder(j, dir, e) == 0 && replay(j, fn, arg, e) == 0)
		return 0;
	ledger_release(j);
	return -1;
}

int
ledger_rewrite(struct ledger *j, const struct buf *lines, size_t count, struct err *e)
{
	struct buf all = {0};

	if (j->folder == -1)
		return err_set(e, "the ledger of announcements is not open");
	buf_puts(&all, FIRST_LINE);
	buf_add(&all, lines->p, lines->len);
	int r = file_replace(j->path, all.p, all.len, 0640, 1, e);
	buf_release(&all);
	if (r == -1)
		return -1;
	/* What is appended to the old file from now on would be lost. */
	if (j->fd != -1)
		close(j->fd);
	j->fd = open(j->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd == -1)
		return err_sys(e, "%s", j->path);
	j->lines = count;
	j->torn = false;
	return 0;
}

int
ledger_append(struct ledger *j, const struct buf *line, struct err *e)
{
	if (j->fd == -1)
		return err_set(e, "the ledger of announcements is not open");
	if (j->torn)
		return err_set(e, "%s: its last line is torn", j->path);
	off_t end = lseek(j->fd, 0, SEEK_END);
	if (fd_write_all(j->fd, line->p, line->len) == 0 && fdatasync(j->fd) == 0) {
		j->lines++;
		return 0;
	}
	err_sys(e, "%s", j->path);
	/* Half a line must not meet the next one, nor a whole one be believed that was refused. */
	if (end == -1 || ftruncate(j->fd, end) == -1 || fdatasync(j->fd) == -1)
		j->torn = true;
	return -1;
}
