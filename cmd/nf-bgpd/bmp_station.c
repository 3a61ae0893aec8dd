#include "bmp_station.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgp/tcp.h"
#include "bmp_parts.h"
#include "io/clock.h"

enum { LISTEN_AGAIN_MS = 5000, COMPLAINTS = 20 };

static bool
is_allowed(const struct bmp_settings *s, const struct addr *from)
{
	for (unsigned i = 0; i < s->allow_count; i++)
		if (prefix_contains(&s->allow[i], from))
			return true;
	return false;
}

static void
on_call(void *arg, int fd, int what)
{
	struct bmp_station *b = arg;
	char text[ADDR_TEXT_MAX];
	struct addr from;
	int got;

	(void)what;
	while ((got = tcp_accept(fd, &from)) != -1) {
		bool known = is_allowed(&b->settings, &from);

		b->calls++;
		if (known && bmp_session_new(b, got, &from) != NULL) {
			tcp_keepalive(got);
			continue;
		}
		b->calls_refused++;
		log_limited(&b->complaints, clock_mono_ms(), "BMP from %s: %s", addr_text(text, &from),
		    known ? "there are too many sessions" : "it is not listed in bgp.bmp_allow");
		close(got);
	}
}

/* As with BGP's own port: what cannot be had now is tried again. */
static void
on_listen(void *arg)
{
	struct bmp_station *b = arg;
	struct err e;

	b->listen_fd = tcp_listen(&b->settings.listen, b->settings.port, &e);
	if (b->listen_fd == -1) {
		if (strcmp(e.msg, b->listen_said.msg) != 0)
			log_warnx("BMP: %s; it is tried again", e.msg);
		b->listen_said = e;
		loop_timer_set(b->listen_again, LISTEN_AGAIN_MS);
		return;
	}
	b->listen_watch = loop_fd_add(b->loop, b->listen_fd, LOOP_READ, on_call, b);
}

static void
stop_listening(struct bmp_station *b)
{
	loop_timer_cancel(b->listen_again);
	if (b->listen_fd == -1)
		return;
	loop_fd_remove(b->listen_watch);
	close(b->listen_fd);
	b->listen_fd = -1;
}

struct bmp_station *
bmp_station_new(struct loop *l, struct speaker *s)
{
	struct bmp_station *b = mem_zero(1, sizeof *b);

	b->loop = l;
	b->speaker = s;
	b->rib = speaker_learn(s);
	b->listen_fd = -1;
	b->complaints.burst = COMPLAINTS;
	b->listen_again = loop_timer_add(l, on_listen, b);
	return b;
}

void
bmp_station_set(struct bmp_station *b, const struct bmp_settings *fresh)
{
	const struct bmp_settings old = b->settings;
	bool moved =
	    old.enabled != fresh->enabled || old.port != fresh->port || !addr_eq(&old.listen, &fresh->listen);

	b->settings = *fresh;
	if (moved)
		stop_listening(b);
	/* From the last, since the last one takes the place of one that is freed. */
	for (unsigned i = b->session_count; i-- > 0;)
		if (!fresh->enabled || !is_allowed(fresh, &b->sessions[i]->router))
			bmp_session_free(b->sessions[i], "the configuration has changed");
	if (!moved || !fresh->enabled)
		return;
	if (fresh->allow_count == 0)
		log_warnx("bgp.bmp_listen: nobody may call, since bgp.bmp_allow lists nobody");
	on_listen(b);
}

void
bmp_station_free(struct bmp_station *b)
{
	stop_listening(b);
	loop_timer_remove(b->listen_again);
	while (b->session_count > 0)
		bmp_session_free(b->sessions[0], "nf-bgpd ends");
	for (unsigned i = 0; i < b->neighbour_count; i++) {
		loop_timer_remove(b->neighbours[i]->stale);
		free(b->neighbours[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		buf_release(&b->scratch[i]);
	free(b);
}
