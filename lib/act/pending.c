#include "act/pending.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/fdio.h"

enum { PENDING_MAX = 256 << 20 };

void
pending_open(struct pending *p, const char *dir)
{
	struct buf b = {0};

	buf_printf(&b, "%s/pending", dir);
	p->path = mem_strdup(buf_cstr(&b));
	buf_release(&b);
}

void
pending_release(struct pending *p)
{
	free(p->path);
	*p = (struct pending){0};
}

int
pending_read(struct pending *p, struct buf *out, struct err *e)
{
	if (access(p->path, F_OK) < 0)
		return 0;
	p->there = true;
	return file_read(out, p->path, PENDING_MAX, e);
}

int
pending_write(struct pending *p, const struct buf *lines, struct err *e)
{
	return file_replace(p->path, lines->p, lines->len, 0640, 1, e);
}

void
pending_forget(struct pending *p)
{
	if (p->there)
		(void)unlink(p->path);
	p->there = false;
}
