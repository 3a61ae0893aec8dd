#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/unix_socket.h"

enum {
	QUEUE_SIZE = 64 << 20,
	READERS_MAX = 64, /* of one output */
	SOCKET_BUFFER = 1 << 20,
	LISTEN_AGAIN_MS = 1000,
};

/* One word behind the name: block, drop, or a size. */
static int
parse_word(struct output *o, struct str word, struct err *e)
{
	if (str_eq(word, STR("block")) || str_eq(word, STR("drop"))) {
		o->block = word.p[0] == 'b';
		return 0;
	}
	if (num_parse_size(&o->size, word) == 0 && o->size > 0)
		return 0;
	return err_set(e, "output '%s': '%.*s' is neither block, drop nor a size such as 64M", o->text,
	    (int)word.len, word.p);
}

int
output_parse(struct output *o, const char *text, struct err *e)
{
	size_t len = strcspn(text, ",");

	*o = (struct output){
	    .text = text, .block = true, .size = QUEUE_SIZE, .listen_fd = -1, .complaints = {.burst = 1}};
	if (len == 1 && text[0] == '-') {
		o->kind = OUTPUT_STDOUT;
	} else if (len > 5 && (strncmp(text, "unix:", 5) == 0 || strncmp(text, "file:", 5) == 0)) {
		o->kind = text[0] == 'u' ? OUTPUT_UNIX : OUTPUT_FILE;
		o->path = mem_strndup(text + 5, len - 5);
	} else {
		return err_set(e, "output '%s': expected unix:PATH, file:PATH or -", text);
	}
	while (text[len] == ',') {
		const char *word = text + len + 1;
		size_t n = strcspn(word, ",");

		if (parse_word(o, (struct str){word, n}, e) == -1)
			return -1;
		len += 1 + n;
	}
	return 0;
}

bool
output_same(const struct output *a, const struct output *b)
{
	return a->kind == b->kind && (a->path == NULL || strcmp(a->path, b->path) == 0);
}

static void
output_join(struct output *o, int fd)
{
	struct reader *r = reader_new(o, fd);

	r->next = o->readers;
	o->readers = r;
	o->reader_count++;
	o->joined++;
	r->queue = o->kept;
	o->kept = (struct queue){0};
}

static void
listen_again(void *arg)
{
	struct output *o = arg;

	loop_fd_set(o->listener, LOOP_READ);
}

static void
on_connection(void *arg, int listen_fd, int what)
{
	static struct log_limit limit;
	struct output *o = arg;
	int size = SOCKET_BUFFER, fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd == -1) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* Out of descriptors: the connection stays in line and would wake us again at once. */
		log_warn("%s: accept", o->text);
		loop_fd_set(o->listener, 0);
		loop_timer_set(o->listen_again, LISTEN_AGAIN_MS);
		return;
	}
	if (o->reader_count == READERS_MAX) {
		o->refused++;
		log_limited(
		    &limit, clock_mono_ms(), "%s: refused a reader, there are %u", o->text, READERS_MAX);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	log_info("%s: a reader joined", o->text);
	output_join(o, fd);
	if (reader_send(o->readers) == -1)
		output_left(o, o->readers);
	o->all->changed(o->all->arg);
}

/* A connection or file of our own: others may write to stdout too, and must not find it non-blocking. */
static int
stdout_open(struct err *e)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd == -1)
		return err_sys(e, "stdout");
	if (S_ISSOCK(st.st_mode))
		fd_nonblock(fd);
	return fd;
}

static int
file_open(const struct output *o, struct err *e)
{
	int fd = open(o->path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0640);

	return fd == -1 ? err_sys(e, "%s", o->path) : fd;
}

int
output_open(struct output *o, struct outputs *all, struct err *e)
{
	o->all = all;
	if (o->kind == OUTPUT_UNIX) {
		o->listen_fd = unix_listen(o->path, 0660, e);
		if (o->listen_fd == -1)
			return -1;
		o->listener = loop_fd_add(all->loop, o->listen_fd, LOOP_READ, on_connection, o);
		o->listen_again = loop_timer_add(all->loop, listen_again, o);
		return 0;
	}
	int fd = o->kind == OUTPUT_FILE ? file_open(o, e) : stdout_open(e);
	if (fd == -1)
		return -1;
	output_join(o, fd);
	return 0;
}

void
output_reopen(struct output *o)
{
	struct err e;

	if (o->kind != OUTPUT_FILE || o->closed)
		return;
	int fd = file_open(o, &e);
	if (fd == -1)
		log_warnx("%s; the old file stays", e.msg);
	else
		reader_redirect(o->readers, fd);
}

void
output_left(struct output *o, struct reader *r)
{
	uint64_t unsent = queue_rows(&r->queue, r->sent);
	struct reader **link = &o->readers;

	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	o->reader_count--;
	log_info("%s: a reader left", o->text);
	if (o->kind == OUTPUT_UNIX && o->block && o->readers == NULL) {
		o->resent_rows += queue_rows(&r->queue, 0) - unsent;
		o->kept = r->queue;
		r->queue = (struct queue){0};
	} else {
		o->dropped[DROP_LEFT] += unsent;
		if (o->kind == OUTPUT_UNIX && o->block && unsent > 0)
			log_notice("%s: a reader left without %" PRIu64 " rows", o->text, unsent);
	}
	reader_free(r);
	if (o->kind != OUTPUT_UNIX)
		output_close(o);
}

void
output_offer(struct output *o, struct chunk *c)
{
	struct reader *next;

	if (o->closed)
		return;
	if (o->readers == NULL) {
		if (o->block)
			queue_push(&o->kept, c);
		else
			o->dropped[DROP_ABSENT] += c->rows;
	}
	for (struct reader *r = o->readers; r != NULL; r = next) {
		size_t waiting = reader_waiting(r);

		next = r->next;
		/* An empty queue takes any batch, else one larger than the queue would never pass. */
		if (!o->block && waiting > 0 && waiting + c->len > o->size) {
			o->dropped[DROP_FULL] += c->rows;
			log_limited(&o->complaints, clock_mono_ms(),
			    "%s: a reader is too slow, rows are dropped", o->text);
			continue;
		}
		queue_push(&r->queue, c);
		if (!r->stuck && reader_send(r) == -1)
			output_left(o, r);
	}
}

bool
output_full(const struct output *o)
{
	if (!o->block || o->closed)
		return false;
	for (const struct reader *r = o->readers; r != NULL; r = r->next)
		if (reader_waiting(r) >= o->size)
			return true;
	return o->kept.bytes >= o->size;
}

bool
output_drained(const struct output *o, bool patience)
{
	if (o->closed || (!o->block && !patience))
		return true;
	for (const struct reader *r = o->readers; r != NULL; r = r->next)
		if (r->queue.count > 0)
			return false;
	return o->kept.count == 0;
}

size_t
output_queued(const struct output *o)
{
	size_t bytes = o->kept.bytes;

	for (const struct reader *r = o->readers; r != NULL; r = r->next)
		bytes += reader_waiting(r);
	return bytes;
}

size_t
output_unread(const struct output *o)
{
	size_t bytes = 0;

	for (const struct reader *r = o->readers; r != NULL; r = r->next)
		bytes += r->sent_bytes;
	return bytes;
}

void
output_close(struct output *o)
{
	if (o->closed)
		return;
	o->closed = true;
	o->dropped[DROP_END] += queue_rows(&o->kept, 0);
	queue_release(&o->kept);
	while (o->readers != NULL) {
		struct reader *r = o->readers;

		o->readers = r->next;
		o->dropped[DROP_END] += queue_rows(&r->queue, r->sent);
		reader_free(r);
	}
	o->reader_count = 0;
	if (o->dropped[DROP_END] > 0)
		log_warnx(
		    "%s: the end came before %" PRIu64 " rows were read", o->text, o->dropped[DROP_END]);
	if (o->listen_fd != -1) {
		loop_fd_remove(o->listener);
		loop_timer_remove(o->listen_again);
		close(o->listen_fd);
		unlink(o->path);
	}
}

void
output_release(struct output *o)
{
	free(o->path);
}
