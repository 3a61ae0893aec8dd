/*
 * The NDJSON codec on flows in memory, in records per CPU second.
 *
 *     ndjson make ROWS        the flows as lines on stdout
 *     ndjson read FILE        lines to batches
 *     ndjson write FILE       batches to lines
 *     ndjson jansson FILE     lines to columns by jansson, for comparison
 *     ndjson netflow ROWS PORT    the flows as NetFlow v5 to 127.0.0.1, as fast as a collector takes them
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "flow/ndjson.h"
#include "flows.h"
#include "io/fdio.h"

static void
die(const char *words)
{
	fprintf(stderr, "ndjson: %s\n", words);
	exit(1);
}

static void
make(uint32_t rows)
{
	struct builder bd;
	struct batch b;
	struct buf out = {0};
	struct arena arena = {0};
	uint64_t rng = 7;

	builder_init(&bd, 1);
	for (uint32_t made = 0; made < rows;) {
		while (made < rows && !builder_full(&bd))
			flows_row(&bd, &rng, made++);
		builder_finish(&bd, &b);
		ndjson_write(&b, &out, &arena);
		fwrite(out.p, 1, out.len, stdout);
		out.len = 0;
		arena_reset(&arena);
		builder_reset(&bd);
	}
}

/* Reads all lines; each full batch goes to fn. */
static uint64_t
read_all(const struct buf *text, void (*fn)(const struct batch *b, void *arg), void *arg)
{
	struct ndjson_options o = {0};
	struct err e;
	struct ndjson_reader *r = ndjson_reader_new(&o, &e);
	struct builder bd;
	struct batch b;
	uint64_t rows = 0;

	builder_init(&bd, 1);
	for (size_t at = 0; at < text->len;) {
		enum ndjson_result last;
		struct str mark, rest = {(const char *)text->p + at, text->len - at};

		at += ndjson_read_many(r, rest, &bd, &last, &mark, &e);
		if (last == NDJSON_BAD)
			die(e.msg);
		builder_finish(&bd, &b);
		if (fn != NULL)
			fn(&b, arg);
		rows += b.rows;
		builder_reset(&bd);
	}
	builder_release(&bd);
	ndjson_reader_free(r);
	return rows;
}

static void
serialize(const struct batch *b, void *arg)
{
	if (batch_serialize(b, arg, NULL) == -1)
		die("a batch too large");
}

static void
bench_read(const struct buf *text)
{
	double begun = cpu_seconds(), took;
	uint64_t rows = 0;

	do {
		rows += read_all(text, NULL, NULL);
		took = cpu_seconds() - begun;
	} while (took < BENCH_SECONDS);
	printf("%.0f\n", (double)rows / took);
}

static void
bench_write(const struct buf *text)
{
	struct buf wire = {0}, out = {0};
	struct arena arena = {0};
	struct batch b;
	uint64_t rows = 0;

	read_all(text, serialize, &wire);
	double begun = cpu_seconds(), took;
	do {
		for (size_t at = 0; at < wire.len;) {
			size_t len = (size_t)batch_measure(wire.p + at, wire.len - at);

			if (batch_parse(&b, wire.p + at, len, NULL) == -1)
				die("an unsound batch");
			out.len = 0;
			ndjson_write(&b, &out, &arena);
			arena_reset(&arena);
			rows += b.rows;
			at += len;
		}
		took = cpu_seconds() - begun;
	} while (took < BENCH_SECONDS);
	printf("%.0f\n", (double)rows / took);
}

/* One line into the builder, as far as jansson goes: numbers, texts and lists as they are. */
static void
jansson_row(struct builder *bd, json_t *object)
{
	const char *key;
	json_t *value;

	builder_row(bd);
	json_object_foreach(object, key, value)
	{
		const struct field_info *f = field_by_name(str_from(key));
		struct addr a;

		if (f == NULL)
			continue;
		if (f->type == TYPE_TIME)
			builder_u64(bd, f->id, (uint64_t)(json_real_value(value) * 1000));
		else if (f->type == TYPE_ADDR && addr_parse(&a, str_from(json_string_value(value))) == 0)
			builder_addr(bd, f->id, &a);
		else if (f->type == TYPE_STR)
			builder_str(bd, f->id, str_from(json_string_value(value)));
		else if (f->type == TYPE_LIST)
			builder_str(bd, f->id, str_from(json_string_value(json_array_get(value, 0))));
		else
			builder_uint(bd, f->id, (uint64_t)json_integer_value(value));
	}
}

static void
bench_jansson(const struct buf *text)
{
	struct builder bd;
	struct batch b;
	double begun = cpu_seconds(), took = 0;
	uint64_t rows = 0;

	builder_init(&bd, 1);
	while (took < BENCH_SECONDS) {
		for (size_t at = 0; at < text->len && took < BENCH_SECONDS;) {
			const char *p = (const char *)text->p + at;
			const char *end = memchr(p, '\n', text->len - at);
			json_t *object = json_loadb(p, (size_t)(end - p), 0, NULL);

			if (object == NULL)
				die("jansson refuses a line");
			jansson_row(&bd, object);
			json_decref(object);
			if (builder_full(&bd)) {
				builder_finish(&bd, &b);
				builder_reset(&bd);
			}
			at += (size_t)(end - p) + 1;
			if (++rows % 1024 == 0)
				took = cpu_seconds() - begun;
		}
		took = cpu_seconds() - begun;
	}
	printf("%.0f\n", (double)rows / took);
}

/* A record of NetFlow v5 from the row built last. */
static void
netflow_record(struct buf *out, const struct builder *bd)
{
	static const enum field addrs[] = {FIELD_src_host, FIELD_dst_host, FIELD_next_hop};

	for (int i = 0; i < 3; i++)
		buf_add(out, bd->cols[addrs[i]]->values + (bd->rows - 1) * 16 + 12, 4);
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_input_interface));
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_output_interface));
	buf_be32(out, (uint32_t)builder_get(bd, FIELD_packets));
	buf_be32(out, (uint32_t)builder_get(bd, FIELD_bytes));
	buf_be32(out, 1000);
	buf_be32(out, 2000);
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_src_port));
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_dst_port));
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_tcpflags));
	buf_putc(out, (char)builder_get(bd, FIELD_proto));
	buf_putc(out, 0);
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_src_as));
	buf_be16(out, (uint16_t)builder_get(bd, FIELD_dst_as));
	buf_be32(out, 24u << 24 | 24u << 16);
}

static void
netflow(uint32_t rows, uint16_t port)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct builder bd;
	struct buf out = {0};
	uint64_t rng = 7;

	builder_init(&bd, 1);
	for (uint32_t made = 0; made < rows;) {
		uint16_t n = rows - made < 30 ? (uint16_t)(rows - made) : 30;

		out.len = 0;
		buf_be16(&out, 5);
		buf_be16(&out, n);
		buf_be32(&out, 3000); /* ms since boot */
		buf_be32(&out, 1700000000);
		buf_be32(&out, 0);
		buf_be32(&out, made);
		buf_be32(&out, 0);
		for (int i = 0; i < n; i++) {
			if (builder_full(&bd))
				builder_reset(&bd);
			flows_row(&bd, &rng, made++);
			netflow_record(&out, &bd);
		}
		if (sendto(s, out.p, out.len, 0, (struct sockaddr *)&to, sizeof to) == -1)
			die("cannot send");
		if (made % 3000 == 0)
			usleep(2000); /* the receiver's buffer is small */
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(const struct buf *text);
	} benches[] = {{"read", bench_read}, {"write", bench_write}, {"jansson", bench_jansson}};
	struct buf text = {0};
	struct err e;

	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		make((uint32_t)strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "netflow") == 0) {
		netflow((uint32_t)strtoul(argv[2], NULL, 10), (uint16_t)strtoul(argv[3], NULL, 10));
		return 0;
	}
	for (size_t i = 0; argc == 3 && i < sizeof benches / sizeof benches[0]; i++) {
		if (strcmp(argv[1], benches[i].name) == 0) {
			if (file_read(&text, argv[2], (size_t)1 << 30, &e) == -1)
				die(e.msg);
			benches[i].fn(&text);
			return 0;
		}
	}
	die("make ROWS, read FILE, write FILE, jansson FILE or netflow ROWS PORT was expected");
}
