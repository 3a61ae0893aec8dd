/*
 * A private copy of a file, for what can only be read through a mapping: a file
 * that others truncate while it is mapped (cp over it does) would kill us.
 */
#ifndef ENRICH_FILECOPY_H
#define ENRICH_FILECOPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FILECOPY_PATH_MAX 64

struct filecopy {
	int fd;
	uint8_t *p;
	size_t len; /* of the file */
	size_t mapped; /* and of the zeros behind it */
};

/*
 * Copies a regular file of at most max bytes, or bytes, and puts `pad` zeros
 * behind. 0 or -1 with words; the copy is to be released either way.
 */
int filecopy_file(struct filecopy *c, const char *path, size_t pad, size_t max, struct err *e);
int filecopy_bytes(struct filecopy *c, const void *p, size_t len, size_t pad, struct err *e);
void filecopy_release(struct filecopy *c);

/* A path by which this process can open the copy, for libraries that want one. Returns path. */
const char *filecopy_path(const struct filecopy *c, char path[FILECOPY_PATH_MAX]);

#endif
