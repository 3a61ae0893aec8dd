/* Files of a series: their names, and their way from NAME.part to NAME. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/steward_parts.h"

enum { NUMBERS = 1000000 };

/* Makes the folders above path. */
static void
make_folders(const char *path)
{
	char *p = mem_strdup(path);

	for (char *slash = strchr(p + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(p, 0777);
		*slash = '/';
	}
	free(p);
}

static int
create(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0666);

	if (fd != -1 || errno != ENOENT)
		return fd;
	make_folders(path);
	return open(path, flags, 0666);
}

/*
 * Whether part could be created and name is free: in that order, since what an
 * earlier file is called may change at any time from its part to its name.
 */
static int
create_fresh(const char *part, const char *name)
{
	struct stat st;
	int fd = create(part);

	if (fd == -1 || (lstat(name, &st) == -1 && errno == ENOENT))
		return fd;
	unlink(part);
	close(fd);
	errno = EEXIST;
	return -1;
}

static void
number_name(struct buf *out, const char *base, unsigned number, const char *tail)
{
	out->len = 0;
	buf_puts(out, base);
	if (number > 0)
		buf_printf(out, ".%03u", number);
	buf_puts(out, tail);
}

/* Takes over base. */
static int
open_next(struct steward_file *f, struct steward_names *n, char *base, struct err *e)
{
	struct buf name = {0}, part = {0};
	unsigned number = 0;

	if (n->last != NULL && strcmp(n->last, base) == 0)
		number = n->number + 1;
	do {
		number_name(&name, base, number, "");
		number_name(&part, base, number, ".part");
		f->fd = create_fresh(buf_cstr(&part), buf_cstr(&name));
	} while (f->fd == -1 && errno == EEXIST && ++number < NUMBERS);
	if (f->fd == -1) {
		err_sys(e, "%s", buf_cstr(&part));
		free(base);
	} else {
		f->name = mem_strdup(buf_cstr(&name));
		f->part = mem_strdup(buf_cstr(&part));
		free(n->last);
		*n = (struct steward_names){base, number};
	}
	int saved = errno;
	buf_release(&name);
	buf_release(&part);
	errno = saved;
	return f->fd == -1 ? -1 : 0;
}

int
steward_file_open(struct steward_file *f, struct steward_names *n, const struct steward_series *series,
    int64_t ms, struct err *e)
{
	struct buf base = {0};

	if (clock_format(&base, series->pattern, series->zone, ms) == -1) {
		errno = EINVAL;
		return err_sys(e, "'%s' makes no file name", series->pattern);
	}
	char *copy = mem_strdup(buf_cstr(&base));
	buf_release(&base);
	return open_next(f, n, copy, e);
}

/* Some file systems cannot refuse to replace; there it is only looked at. */
static int
rename_fresh(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

int
steward_file_settle(const struct steward_file *f, struct err *e)
{
	struct stat st;

	if (fstat(f->fd, &st) == 0 && st.st_size == 0)
		return unlink(f->part) == 0 ? 0 : err_sys(e, "%s: not removed", f->part);
	if (fsync(f->fd) == -1)
		return err_sys(e, "%s: not on disk", f->part);
	if (rename_fresh(f->part, f->name) == -1)
		return err_sys(e, "%s: not renamed to %s", f->part, f->name);
	if (file_sync_parent(f->name) == -1)
		return err_sys(e, "%s: its folder is not on disk", f->name);
	return 0;
}

void
steward_file_release(struct steward_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	free(f->name);
	free(f->part);
	*f = (struct steward_file){.fd = -1};
}
