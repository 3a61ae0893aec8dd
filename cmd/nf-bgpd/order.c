#include "order.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "api.h"
#include "base/log.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/prog.h"
#include "io/unix_socket.h"

enum { PATIENCE_S = 15 };

/* All that is answered, up to the end. */
static int
ask(int fd, enum order o, struct buf *answer, struct err *e)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct buf request = {0};
	ssize_t n;

	buf_printf(&request,
	    "POST /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	    o == ORDER_FLUSH ? "flush" : "arm");
	int r = fcntl(fd, F_SETFL, 0) == 0 &&
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
			fd_write_all(fd, request.p, request.len) == 0
		    ? 0
		    : -1;
	buf_release(&request);
	while (r == 0 && (n = fd_read(fd, buf_reserve(answer, 4096), 4096)) != 0) {
		if (n == -1)
			r = -1;
		else
			answer->len += (size_t)n;
	}
	return r == 0 ? 0 : err_sys(e, "no answer from nf-bgpd");
}

static int
show(struct buf *answer, struct err *e)
{
	const char *text = buf_cstr(answer), *body = strstr(text, "\r\n\r\n");

	if (body == NULL)
		return err_set(e, "this was no answer of nf-bgpd");
	if (strncmp(text, "HTTP/1.1 200 ", 13) != 0)
		return err_set(e, "%.*s", (int)strcspn(body + 4, "\n"), body + 4);
	fputs(body + 4, stdout);
	return 0;
}

static void
tell_nobody(void *arg, const struct blackhole *b, enum blackhole_event ev, int64_t now)
{
	(void)arg;
	(void)b;
	(void)ev;
	(void)now;
}

static void
tell_nobody_flow(void *arg, const struct flow *f, enum blackhole_event ev, int64_t now)
{
	(void)arg;
	(void)f;
	(void)ev;
	(void)now;
}

/* Nobody announces now: the next one that does is to find it done. */
static int
write_down(enum order o, const struct conf *c, struct err *e)
{
	struct blackholes bs;
	int64_t now = clock_wall_ms();

	blackholes_init(&bs);
	bs.tell = tell_nobody;
	bs.tell_flow = tell_nobody_flow;
	int r = blackholes_open(&bs, conf_str(c, "bgp.state_dir"), now, e);
	size_t n = blackholes_count(&bs);
	if (r != -1)
		r = (o == ORDER_FLUSH ? blackholes_flush(&bs, now, e) : blackholes_arm(&bs, e)) == 200 ? 0
												       : -1;
	blackholes_release(&bs);
	if (r == 0 && o == ORDER_FLUSH)
		printf("{\"withdrawn\":%zu,\"armed\":false}\n", n);
	else if (r == 0)
		puts("{\"armed\":true}");
	return r;
}

static int
give(enum order o, const struct conf *c, const char *socket, struct err *e)
{
	struct buf answer = {0};
	int fd = unix_connect(socket, e);

	/* Whether somebody runs all the same the lock of the folder tells. */
	if (fd == -1)
		return write_down(o, c, e);
	int r = ask(fd, o, &answer, e) == 0 ? show(&answer, e) : -1;
	close(fd);
	buf_release(&answer);
	return r;
}

int
order_give(enum order o, const struct conf *c, const char *socket)
{
	struct api_settings s;
	struct err e;

	if (api_settings_read(&s, c, &e) == -1)
		fatal_config("%s", e.msg);
	int r = give(o, c, socket != NULL ? socket : s.socket, &e);
	api_settings_release(&s);
	if (r == -1)
		log_warnx("%s", e.msg);
	return r == 0 ? EXIT_OK : EXIT_FAILED;
}
