/* Feeds files to a fuzz target: each one named, and all that lie in the folders named. For `make check` and findings. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/fdio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 64 << 20 };

static unsigned fed;

/* The input gets memory of exactly its size, so that a sanitizer sees a read beyond it. */
static int
feed_file(const char *path)
{
	struct buf b = {0};
	struct err e;

	if (file_read(&b, path, INPUT_MAX, &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		buf_release(&b);
		return -1;
	}
	uint8_t *exact = mem_alloc(b.len);
	if (b.len > 0)
		memcpy(exact, b.p, b.len);
	LLVMFuzzerTestOneInput(exact, b.len);
	fed++;
	free(exact);
	buf_release(&b);
	return 0;
}

static int
feed_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), status = 0;

	if (n == -1) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		struct buf file = {0};

		buf_printf(&file, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && feed_file(buf_cstr(&file)) == -1)
			status = -1;
		buf_release(&file);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int
main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int one = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? feed_folder(argv[i])
									 : feed_file(argv[i]);
		if (one == -1)
			status = 1;
	}
	printf("%u inputs\n", fed);
	return fed == 0 ? 1 : status;
}
