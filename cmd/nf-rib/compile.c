#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"
#include "io/prog.h"
#include "rib.h"
#include "route/rib_in.h"

#define SAID_MAX 20 /* bad lines that are named; the others are counted */

struct compile {
	const struct compile_options *o;
	struct rib_in in;
	struct table_builder table;
	const char *name; /* of the file being read */
};

static void
on_complaint(void *arg, uint64_t line, const char *words)
{
	struct compile *c = arg;

	if (c->in.bad <= SAID_MAX)
		log_warnx("%s:%llu: %s", c->name, (unsigned long long)line, words);
	else if (c->in.bad == SAID_MAX + 1)
		log_warnx("more bad lines are counted, not named");
}

static int
fd_compile(struct compile *c, int fd, struct err *e)
{
	static uint8_t piece[256 * 1024];
	ssize_t n;

	while ((n = fd_read(fd, piece, sizeof piece)) > 0) {
		if (rib_in_add(&c->in, piece, (size_t)n, e) == -1)
			return -1;
		if (c->o->strict && c->in.bad > 0)
			return err_set(e, "ended at a bad line, as --strict says");
	}
	if (n == -1)
		return err_sys(e, "cannot read");
	return rib_in_end(&c->in, e);
}

static int
file_compile(struct compile *c, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(e, "cannot read");
	c->name = path;
	int rc = fd_compile(c, fd, e);
	close(fd);
	return rc;
}

static int
files_compile(struct compile *c, struct err *e)
{
	char **f = c->o->files;

	if (*f == NULL || (strcmp(*f, "-") == 0 && f[1] == NULL)) {
		c->name = "stdin";
		return fd_compile(c, STDIN_FILENO, e) == 0 ? 0 : err_wrap(e, "stdin");
	}
	for (; *f != NULL; f++)
		if (file_compile(c, *f, e) == -1)
			return err_wrap(e, "%s", *f);
	return 0;
}

static int
result_write(struct compile *c, struct err *e)
{
	const struct lpm_list *l = c->table.prefixes.list;

	if (c->in.bad > 0) {
		log_warnx("%llu bad lines were left out", (unsigned long long)c->in.bad);
		if (c->o->strict)
			return err_set(e, "there are bad lines, and --strict was given");
	}
	/* An empty input is more likely a mistake than a network without routes. */
	if (l[LPM_V4].count + l[LPM_V6].count == 0)
		return err_set(e, "no route was read; %s stays as it is", c->o->table);
	if (c->o->check_only)
		return 0;
	if (table_builder_write(&c->table, c->o->table, (uint64_t)time(NULL), e) == -1)
		return -1;
	log_info("%s: %llu routes read, %zu IPv4 and %zu IPv6 prefixes, %zu different routes", c->o->table,
	    (unsigned long long)c->in.routes, l[LPM_V4].count, l[LPM_V6].count,
	    c->table.routes.len / sizeof(struct table_route));
	return 0;
}

int
rib_compile(const struct compile_options *o)
{
	struct compile c = {.o = o};
	struct err e;

	mallopt(M_MMAP_THRESHOLD, 1 << 20); /* so that what is released goes back at once */
	table_builder_init(&c.table);
	rib_in_init(&c.in, &c.table, on_complaint, &c);
	c.in.peer = o->peer;
	int rc = files_compile(&c, &e);
	rib_in_release(&c.in); /* its counts stay */
	if (rc == 0)
		rc = result_write(&c, &e);
	if (rc == -1)
		log_warnx("%s", e.msg);
	table_builder_release(&c.table);
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}
