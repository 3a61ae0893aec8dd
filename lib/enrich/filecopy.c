#include "enrich/filecopy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"

static const struct filecopy none = {.fd = -1};

static int
copy_new(struct filecopy *c, size_t len, size_t pad, struct err *e)
{
	*c = none;
	c->fd = memfd_create("copy", MFD_CLOEXEC);
	if (c->fd == -1 || ftruncate(c->fd, (off_t)(len + pad)) == -1)
		return err_sys(e, "no room for a copy");
	void *p = mmap(NULL, len + pad, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "no room for a copy");
	c->p = p;
	c->len = len;
	c->mapped = len + pad;
	return 0;
}

void
filecopy_release(struct filecopy *c)
{
	if (c->p != NULL)
		munmap(c->p, c->mapped);
	if (c->fd != -1)
		close(c->fd);
	*c = none;
}

int
filecopy_bytes(struct filecopy *c, const void *p, size_t len, size_t pad, struct err *e)
{
	if (copy_new(c, len, pad, e) == -1)
		return -1;
	if (len != 0)
		memcpy(c->p, p, len);
	return 0;
}

/* A file that shrinks meanwhile leaves zeros behind; its reader finds that out as of any corrupt file. */
static int
copy_fill(struct filecopy *c, int fd, struct err *e)
{
	for (size_t done = 0; done < c->len;) {
		ssize_t n = fd_read(fd, c->p + done, c->len - done);

		if (n == -1)
			return err_sys(e, "cannot read");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return 0;
}

static int
fd_copy(struct filecopy *c, int fd, size_t pad, size_t max, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, "cannot read");
	if (!S_ISREG(st.st_mode))
		return err_set(e, "not a regular file");
	if ((uintmax_t)st.st_size > max)
		return err_set(e, "larger than %zu bytes", max);
	if (copy_new(c, (size_t)st.st_size, pad, e) == -1)
		return -1;
	return copy_fill(c, fd, e);
}

int
filecopy_file(struct filecopy *c, const char *path, size_t pad, size_t max, struct err *e)
{
	/* Without waiting: a FIFO of that name is an error, not a stall. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*c = none;
	if (fd == -1)
		return err_sys(e, "%s", path);
	int rc = fd_copy(c, fd, pad, max, e);
	close(fd);
	return rc == 0 ? 0 : err_wrap(e, "%s", path);
}

const char *
filecopy_path(const struct filecopy *c, char path[FILECOPY_PATH_MAX])
{
	snprintf(path, FILECOPY_PATH_MAX, "/proc/self/fd/%d", c->fd);
	return path;
}
