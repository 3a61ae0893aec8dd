/*
 * A BGP neighbour that says what it is told:
 *
 *     bgp_say hear LOCAL HOST:PORT AS COUNT
 *         prints the first COUNT UPDATEs with routes that it is sent, the body of each in hex a line
 *     bgp_say tell LOCAL HOST:PORT AS <LINES
 *         sends UPDATEs, whose bodies are lines of hex, and waits after each until it was dealt with: prints
 *         "keep", or "reset CODE SUBCODE" where that ended the session, and calls again. A line that begins
 *         with "+" is told anew in each session.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/num.h"
#include "bgp/open.h"
#include "bgp/tcp.h"
#include "io/fdio.h"

enum { PATIENCE = 200, PAUSE_MS = 20 }; /* calls until somebody answers */

struct talk {
	struct addr local, remote;
	uint16_t port;
	uint32_t asn;
	int fd;
	uint8_t in[2 * BGP_MESSAGE_MAX];
	size_t have, used;
	struct buf always; /* messages of each session */
};

static void
die(const char *what)
{
	fprintf(stderr, "bgp_say: %s\n", what);
	exit(1);
}

/* The next message; false: the connection is over. */
static bool
hear(struct talk *t, struct bgp_message *m)
{
	struct bgp_error e;
	ssize_t n;

	memmove(t->in, t->in + t->used, t->have - t->used);
	t->have -= t->used;
	t->used = 0;
	while ((n = bgp_message_read(m, t->in, t->have, BGP_MESSAGE_MAX, &e)) == 0) {
		n = read(t->fd, t->in + t->have, sizeof t->in - t->have);
		if (n <= 0)
			return false;
		t->have += (size_t)n;
	}
	if (n == -1)
		die(e.words.msg);
	t->used = (size_t)n;
	return true;
}

static void
say(struct talk *t, const struct buf *b)
{
	/* Whether it was heard shows in what is answered. */
	(void)fd_write_all(t->fd, b->p, b->len);
}

static void
call(struct talk *t)
{
	const struct tcp_options none = {0};
	struct err e;

	t->have = t->used = 0;
	for (int i = 0; i < PATIENCE; i++) {
		t->fd = tcp_call(&t->local, &t->remote, t->port, &none, &e);
		if (t->fd != -1) {
			struct pollfd p = {.fd = t->fd, .events = POLLOUT};

			poll(&p, 1, -1);
			if (tcp_answered(t->fd, &e) == 0)
				break;
			close(t->fd);
			t->fd = -1;
		}
		usleep(PAUSE_MS * 1000);
	}
	if (t->fd == -1)
		die(e.msg);
	if (fcntl(t->fd, F_SETFL, 0) == -1)
		die("fcntl");
}

/* A session of both families in which refreshes may be asked for. */
static void
begin(struct talk *t)
{
	const struct bgp_open open = {.asn = t->asn,
	    .id = 0x0a000009,
	    .hold = 90,
	    .caps = {.multiprotocol = true, .families = 3, .as4 = true, .refresh = true}};
	struct bgp_message m;
	struct buf out = {0};

	call(t);
	bgp_open_write(&out, &open);
	bgp_keepalive_write(&out);
	say(t, &out);
	buf_release(&out);
	do {
		if (!hear(t, &m) || m.type == BGP_NOTIFICATION)
			die("no session");
	} while (m.type != BGP_KEEPALIVE);
}

static bool
is_end(const struct bgp_message *m, enum bgp_family f)
{
	static const char ends[2][11] = {"\0\0\0\0", "\0\0\0\6\x80\x0f\3\0\2\1"};
	const size_t len = f == BGP_IPV4 ? 4 : 10;

	return m->type == BGP_UPDATE && rd_left(&m->body) == len && memcmp(m->body.p, ends[f], len) == 0;
}

/* Until the end of the RIB of IPv6, which comes last. NULL, or why the session is over. */
static const char *
await_end(struct talk *t)
{
	static char words[32];
	struct bgp_message m;

	while (hear(t, &m)) {
		if (is_end(&m, BGP_IPV6))
			return NULL;
		if (m.type != BGP_NOTIFICATION)
			continue;
		snprintf(words, sizeof words, "reset %u %u", m.body.p[0], m.body.p[1]);
		return words;
	}
	return "closed";
}

static void
print_updates(struct talk *t, uint64_t count)
{
	struct bgp_message m;

	while (count > 0) {
		if (!hear(t, &m) || m.type == BGP_NOTIFICATION)
			die("the session is over");
		if (m.type != BGP_UPDATE || is_end(&m, BGP_IPV4) || is_end(&m, BGP_IPV6))
			continue;
		for (const uint8_t *p = m.body.p; p < m.body.end; p++)
			printf("%02x", *p);
		putchar('\n');
		count--;
	}
}

static void
put_update(struct buf *out, const char *hex)
{
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		buf_putc(out, (char)byte);
	bgp_message_end(out, at);
}

static void
tell(struct talk *t)
{
	static char line[4 * BGP_MESSAGE_MAX];
	const char *over = await_end(t);

	while (over == NULL && fgets(line, sizeof line, stdin) != NULL) {
		struct buf out = {0};

		line[strcspn(line, " \n")] = '\0';
		put_update(&out, line + (line[0] == '+'));
		if (line[0] == '+')
			buf_add(&t->always, out.p, out.len);
		bgp_refresh_write(&out, BGP_IPV6);
		say(t, &out);
		buf_release(&out);
		over = await_end(t);
		puts(over == NULL ? "keep" : over);
		fflush(stdout);
		if (over == NULL)
			continue;
		close(t->fd);
		begin(t);
		say(t, &t->always);
		over = await_end(t);
	}
	if (over != NULL)
		die(over);
}

int
main(int argc, char **argv)
{
	static struct talk t;
	uint64_t asn, count = 0;
	struct err e;
	bool hears = argc == 6 && strcmp(argv[1], "hear") == 0,
	     tells = argc == 5 && strcmp(argv[1], "tell") == 0;

	if ((!hears && !tells) || addr_parse(&t.local, str_from(argv[2])) == -1 ||
	    hostport_parse(&t.remote, &t.port, str_from(argv[3]), &e) == -1 ||
	    num_parse(&asn, str_from(argv[4]), 1, UINT32_MAX) == -1 ||
	    (hears && num_parse(&count, str_from(argv[5]), 1, UINT32_MAX) == -1)) {
		fprintf(stderr, "usage: bgp_say hear LOCAL HOST:PORT AS COUNT | tell LOCAL HOST:PORT AS\n");
		return 2;
	}
	t.asn = (uint32_t)asn;
	begin(&t);
	if (hears)
		print_updates(&t, count);
	else
		tell(&t);
	buf_release(&t.always);
	return 0;
}
