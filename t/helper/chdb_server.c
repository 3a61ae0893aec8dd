/*
 * Today's ClickHouse engine behind as much of its HTTP interface as nf-ch-insert uses:
 *
 *     chdb_server LIBCHDB FOLDER PORT [LOST]
 *
 * The engine is a library without the server (npm's @chdb/lib-linux-x64-gnu). A query is the body, or the parameter
 * `query` with the body as its data; other parameters are settings. The answers to the first LOST inserts say nothing
 * of what became of them, as those of a proxy that lost its server do, though the rows are stored.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"
#include "io/httpd.h"

struct engine {
	void **connection;
	void (*close)(void **connection);
	void *(*query)(
	    void *connection, const char *query, size_t len, const char *format, size_t format_len);
	char *(*buffer)(void *result);
	size_t (*length)(void *result);
	const char *(*error)(void *result);
	void (*destroy)(void *result);
	uint64_t lost;
};

static void *
symbol(void *library, const char *name)
{
	void *p = dlsym(library, name);

	if (p == NULL)
		fatalx("%s: no %s", dlerror(), name);
	return p;
}

static void
engine_open(struct engine *g, const char *path, const char *folder)
{
	void *library = dlopen(path, RTLD_NOW);
	char where[512], name[] = "clickhouse", *argv[] = {name, where};

	if (library == NULL)
		fatalx("%s", dlerror());
	snprintf(where, sizeof where, "--path=%s", folder);
	void **(*connect)(int, char **) = (void **(*)(int, char **))symbol(library, "chdb_connect");
	g->query =
	    (void *(*)(void *, const char *, size_t, const char *, size_t))symbol(library, "chdb_query_n");
	g->buffer = (char *(*)(void *))symbol(library, "chdb_result_buffer");
	g->length = (size_t(*)(void *))symbol(library, "chdb_result_length");
	g->error = (const char *(*)(void *))symbol(library, "chdb_result_error");
	g->destroy = (void (*)(void *))symbol(library, "chdb_destroy_query_result");
	g->close = (void (*)(void **))symbol(library, "chdb_close_conn");
	g->connection = connect(2, argv);
	if (g->connection == NULL || *g->connection == NULL)
		fatalx("the engine does not start in %s", folder);
}

static unsigned
hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20) - 'a' + 10;
}

static void
put_decoded(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '%' && i + 2 < s.len) {
			buf_putc(out, (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])));
			i += 2;
		} else
			buf_putc(out, s.p[i]);
}

/* The parameter `query`, and the others as "SETTINGS name = 'value', …". */
static void
read_parameters(struct str text, struct buf *query, struct buf *settings)
{
	while (text.len > 0) {
		const char *end = memchr(text.p, '&', text.len);
		size_t len = end != NULL ? (size_t)(end - text.p) : text.len;
		const char *equals = memchr(text.p, '=', len);
		size_t name = equals != NULL ? (size_t)(equals - text.p) : len;
		struct str value = {text.p + name + 1, equals != NULL ? len - name - 1 : 0};

		if (name == 5 && memcmp(text.p, "query", 5) == 0)
			put_decoded(query, value);
		else if (equals != NULL) {
			buf_printf(settings, "%s %.*s = '", settings->len > 0 ? "," : " SETTINGS", (int)name,
			    text.p);
			put_decoded(settings, value);
			buf_putc(settings, '\'');
		}
		len += end != NULL;
		text = (struct str){text.p + len, text.len - len};
	}
}

static void
run(const struct engine *g, const struct buf *statement, struct httpd_answer *a)
{
	void *result =
	    g->query(*g->connection, (const char *)statement->p, statement->len, "TabSeparated", 12);
	const char *words = g->error(result);

	a->status = words != NULL ? 500 : 200;
	if (words != NULL)
		buf_puts(&a->body, words);
	else
		buf_add(&a->body, g->buffer(result), g->length(result));
	g->destroy(result);
}

static int
data_file(struct str body)
{
	int fd = memfd_create("data", MFD_CLOEXEC);

	if (fd == -1 || fd_write_all(fd, body.p, body.len) == -1)
		fatal("memfd");
	return fd;
}

/*
 * Of "INSERT INTO t (columns) FORMAT f". The library takes data behind a statement only as far as it looks like
 * text, so it reads a file; without the order of a SELECT it would not trust its blocks to be the same again.
 */
static void
insert_statement(struct buf *out, const struct buf *query, const struct buf *settings, int fd)
{
	static const char mark[] = ") FORMAT ";
	const char *p = (const char *)query->p, *format = memmem(p, query->len, mark, sizeof mark - 1);

	if (format == NULL)
		fatalx("no insert: %.*s", (int)query->len, p);
	size_t head = (size_t)(format + 1 - p), tail = head + strlen(" FORMAT ");
	buf_add(out, p, head);
	buf_add(out, settings->p, settings->len);
	buf_printf(out, "%s deduplicate_insert_select = 'force_enable', max_threads = 1",
	    settings->len > 0 ? "," : " SETTINGS");
	buf_printf(
	    out, " SELECT * FROM file('/proc/self/fd/%d', '%.*s')", fd, (int)(query->len - tail), p + tail);
}

static void
serve(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
	struct engine *g = arg;
	struct buf query = {0}, settings = {0}, statement = {0};

	read_parameters(r->head->query, &query, &settings);
	a->type = "text/plain";
	if (query.len == 0) {
		buf_add(&statement, r->body.p, r->body.len);
		run(g, &statement, a);
	} else {
		int fd = data_file(r->body);

		insert_statement(&statement, &query, &settings, fd);
		run(g, &statement, a);
		close(fd);
		if (a->status == 200 && g->lost > 0) {
			g->lost--;
			a->status = 502;
			buf_puts(&a->body, "the answer is lost");
		}
	}
	buf_release(&query);
	buf_release(&settings);
	buf_release(&statement);
}

static int
listen_at(uint16_t port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) == -1 || listen(fd, 16) == -1)
		fatal("port %u", port);
	return fd;
}

int
main(int argc, char **argv)
{
	const struct httpd_limits limits = {
	    .head = 65536, .body = 256 << 20, .timeout_ms = 60000, .connections = 16};
	struct engine g = {.lost = argc == 5 ? strtoull(argv[4], NULL, 10) : 0};
	struct err e;

	log_init("chdb_server");
	if (argc < 4) {
		fprintf(stderr, "usage: chdb_server LIBCHDB FOLDER PORT [LOST]\n");
		return 2;
	}
	engine_open(&g, argv[1], argv[2]);
	struct loop *l = loop_new(&e);
	if (l == NULL || loop_signals(l, &(struct loop_signals){0}, &e) == -1)
		fatalx("%s", e.msg);
	struct httpd *h = httpd_new(l, listen_at((uint16_t)strtoul(argv[3], NULL, 10)), &limits, serve, &g);
	loop_run(l);
	httpd_free(h);
	loop_free(l);
	g.close(g.connection);
	return 0;
}
