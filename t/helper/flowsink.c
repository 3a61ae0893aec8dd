/*
 * Reads a stream to its end and says what came: flowsink [-u SOCKET] [-n BATCHES] [-w MS] [-p]
 *
 *     rows 100 batches 10 marks 0 gaps 0 bad 0 skipped 0 torn 0
 *
 * -u  connects there (waiting for the socket) instead of reading stdin
 * -n  leaves after so many batches
 * -w  waits so long after every batch
 * -p  prints the `bytes` of every row and every mark instead, and the account on stderr
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "flow/stream.h"
#include "io/fdio.h"
#include "io/unix_socket.h"

static uint64_t batches_most = UINT64_MAX, wait_ms;
static bool print_rows;

static int
connect_in_time(const char *path)
{
	struct err e;

	for (int i = 0; i < 500; i++) {
		int fd = unix_connect(path, &e);
		if (fd != -1)
			return fd;
		poll(NULL, 0, 20);
	}
	fatalx("%s", e.msg);
}

static void
show(const struct batch *b)
{
	if (b->kind == BATCH_MARK)
		printf("%.*s\n", (int)b->mark.len, b->mark.p);
	for (uint32_t r = 0; r < b->rows; r++)
		printf("%" PRIu64 "\n", col_u64(batch_col(b, FIELD_bytes), r));
}

/* Takes the batches at hand; false: that is enough. */
static bool
take(struct stream_in *in, bool flush)
{
	struct batch b;
	struct err e;
	int n;

	while ((n = stream_in_next(in, &b, flush, &e)) == 1) {
		if (print_rows)
			show(&b);
		if (wait_ms > 0)
			poll(NULL, 0, (int)wait_ms);
		if (b.kind == BATCH_FLOWS && --batches_most == 0)
			return false;
	}
	if (n == -1)
		fatalx("%s", e.msg);
	return true;
}

static void
account(const struct stream_counts *c)
{
	fprintf(print_rows ? stderr : stdout,
	    "rows %" PRIu64 " batches %" PRIu64 " marks %" PRIu64 " gaps %" PRIu64 " bad %" PRIu64
	    " skipped %" PRIu64 " torn %" PRIu64 "\n",
	    c->rows, c->batches, c->marks, c->gap_rows, c->bad_batches + c->bad_lines, c->skipped_bytes,
	    c->torn_bytes);
}

int
main(int argc, char **argv)
{
	struct stream_in_options o = {0};
	int fd = STDIN_FILENO, c, got;
	struct err e;

	log_init("flowsink");
	while ((c = getopt(argc, argv, "n:pu:w:")) != -1) {
		if (c == 'u')
			fd = connect_in_time(optarg);
		else if (c == 'p')
			print_rows = true;
		else if (c == '?' ||
			 num_parse(c == 'n' ? &batches_most : &wait_ms, str_from(optarg), 1, INT32_MAX) == -1)
			fatal_config("usage: flowsink [-u SOCKET] [-n BATCHES] [-w MS] [-p]");
	}
	struct stream_in *in = stream_in_new(fd, &o);
	bool more = true;
	while (more && (got = stream_in_fill(in, &e)) != 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (got == -1)
			fatalx("%s", e.msg);
		if (got == 2)
			poll(&p, 1, -1);
		more = take(in, got == 2);
	}
	if (more)
		take(in, true);
	account(stream_in_counts(in));
	stream_in_free(in);
	close(fd);
	return 0;
}
