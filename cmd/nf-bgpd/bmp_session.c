/* A router that tells us of its neighbours: bytes into messages, and what becomes of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgp/update.h"
#include "bmp_parts.h"
#include "io/clock.h"
#include "io/fdio.h"

enum {
	READ_ROOM = 64 << 10,
	AT_ONCE = 128 << 10, /* bytes read before others have their turn */
	BEGIN_MS = 30 * 1000, /* for its first message */
};

static void
complain(struct bmp_session *s, const char *what, const char *words)
{
	log_limited(&s->station->complaints, clock_mono_ms(), "BMP from %s: %s%s", s->text, what, words);
}

static bool
take_up(struct bmp_session *s, const struct bmp_message *m, struct err *e)
{
	struct bmp_up up;
	char text[ADDR_TEXT_MAX];

	if (bmp_up_read(&up, m->body, e) == -1)
		return false;
	if (bmp_neighbour_up(s, &m->peer, &up) == NULL)
		complain(s, "there is no room for its neighbour ", addr_text(text, &m->peer.addr));
	else
		log_info("BMP from %s: %s of AS %u is up", s->text, addr_text(text, &m->peer.addr),
		    (unsigned)m->peer.asn);
	return true;
}

/* RFC 7854 §4.9: the routes of the neighbour have gone with its session. */
static bool
take_down(struct bmp_session *s, const struct bmp_message *m, struct err *e)
{
	struct bmp_neighbour *n = bmp_neighbour_find(s, &m->peer);
	struct err why;
	char text[ADDR_TEXT_MAX];

	if (bmp_down_read(&why, m->body, e) == -1)
		return false;
	if (n == NULL)
		return true;
	log_info("BMP from %s: %s is down: %s", s->text, addr_text(text, &m->peer.addr), why.msg);
	bmp_neighbour_remove(n);
	return true;
}

/*
 * The session that brought an UPDATE is not ours to close: one that cannot be
 * read at all is passed over, and said.
 */
static bool
take_routes(struct bmp_session *s, const struct bmp_message *m, struct err *e)
{
	struct bmp_neighbour *n = bmp_neighbour_find(s, &m->peer);
	struct update u;

	if (n == NULL) {
		s->station->passed++;
		return true;
	}
	uint8_t path_ids = n->up.terms.path_ids;
	if (bmp_update_read(&u, &n->up, m, s->station->scratch, e) == -1)
		return false;
	if (n->up.terms.path_ids != path_ids) {
		complain(s, "", "it leaves out the path identifiers that were agreed on");
		bmp_neighbour_stale(n);
	}
	if (u.verdict != VERDICT_GOOD)
		complain(s, "", u.error.words.msg);
	if (u.verdict == VERDICT_RESET)
		n->withdrawn_by_error++;
	else
		bmp_neighbour_update(n, &u);
	return true;
}

static bool
take_beginning(struct bmp_session *s, const struct bmp_message *m, struct err *e)
{
	if (bmp_name_read(s->name, sizeof s->name, m->body, e) == -1)
		return false;
	if (!s->begun)
		log_notice(
		    "BMP from %s: session with %s", s->text, s->name[0] != '\0' ? s->name : "a router");
	s->begun = true;
	loop_timer_cancel(s->timer);
	return true;
}

static bool
take_end(const struct bmp_message *m, struct err *e)
{
	struct err why;

	if (bmp_end_read(&why, m->body, e) == 0)
		err_set(e, "the router ends it: %s", why.msg);
	return false;
}

/* False with words: the session is over. */
static bool
take(struct bmp_session *s, const struct bmp_message *m, struct err *e)
{
	s->station->messages++;
	if (m->type == BMP_INITIATION)
		return take_beginning(s, m, e);
	if (m->type == BMP_TERMINATION)
		return take_end(m, e);
	if (!s->begun) {
		err_set(e, "no Initiation at the beginning");
		return false;
	}
	if (m->type == BMP_PEER_UP && bmp_is_wanted(&m->peer))
		return take_up(s, m, e);
	if (m->type == BMP_PEER_DOWN && bmp_is_wanted(&m->peer))
		return take_down(s, m, e);
	if (m->type == BMP_ROUTES && bmp_is_wanted(&m->peer))
		return take_routes(s, m, e);
	s->station->passed++;
	return true;
}

static bool
take_all(struct bmp_session *s, struct err *e)
{
	struct bmp_message m;
	size_t done = 0;
	ssize_t n;

	while ((n = bmp_message_read(&m, s->in.p + done, s->in.len - done, e)) > 0) {
		if (!take(s, &m, e))
			return false;
		done += (size_t)n;
	}
	buf_consume(&s->in, done);
	return n == 0;
}

static bool
has_too_many(const struct bmp_session *s, struct err *e)
{
	const struct bmp_station *b = s->station;
	uint64_t n = 0;

	for (unsigned i = 0; i < b->neighbour_count; i++)
		if (addr_eq(&b->neighbours[i]->router, &s->router))
			for (unsigned f = 0; f < BGP_FAMILIES; f++)
				n += b->rib->peers[b->neighbours[i]->routes].routes[f];
	if (b->settings.max_routes == 0 || n <= b->settings.max_routes)
		return false;
	err_set(e, "more than %llu routes (bgp.bmp_max_routes)", (unsigned long long)b->settings.max_routes);
	return true;
}

/* What there is to be read now; false with words: the session is over. */
static bool
read_some(struct bmp_session *s, struct err *e)
{
	for (size_t total = 0; total < AT_ONCE;) {
		ssize_t n = fd_read(s->fd, buf_reserve(&s->in, READ_ROOM), READ_ROOM);

		if (n == -1 && errno == EAGAIN)
			return true;
		if (n <= 0) {
			err_set(e, "%s", n == 0 ? "the router closed it" : strerror(errno));
			return false;
		}
		s->in.len += (size_t)n;
		total += (size_t)n;
		if (!take_all(s, e)) {
			s->station->errors++;
			return false;
		}
	}
	return true;
}

static void
on_fd(void *arg, int fd, int what)
{
	struct bmp_session *s = arg;
	struct err e;

	(void)fd;
	(void)what;
	if (!read_some(s, &e) || has_too_many(s, &e))
		bmp_session_free(s, e.msg);
}

static void
on_timer(void *arg)
{
	bmp_session_free(arg, "it does not begin");
}

struct bmp_session *
bmp_session_new(struct bmp_station *b, int fd, const struct addr *router)
{
	unsigned same = 0;

	for (unsigned i = 0; i < b->session_count; i++)
		same += addr_eq(&b->sessions[i]->router, router);
	if (b->session_count == BMP_SESSIONS_MAX || same == BMP_SESSIONS_EACH)
		return NULL;
	struct bmp_session *s = mem_zero(1, sizeof *s);
	s->station = b;
	s->router = *router;
	addr_text(s->text, router);
	s->fd = fd;
	s->watch = loop_fd_add(b->loop, fd, LOOP_READ, on_fd, s);
	s->timer = loop_timer_add(b->loop, on_timer, s);
	loop_timer_set(s->timer, BEGIN_MS);
	b->sessions[b->session_count++] = s;
	return s;
}

void
bmp_session_free(struct bmp_session *s, const char *why)
{
	struct bmp_station *b = s->station;
	unsigned i = 0;

	complain(s, "session over: ", why);
	while (b->sessions[i] != s)
		i++;
	b->sessions[i] = b->sessions[--b->session_count];
	for (i = 0; i < b->neighbour_count; i++)
		if (b->neighbours[i]->session == s)
			bmp_neighbour_orphan(b->neighbours[i]);
	loop_timer_remove(s->timer);
	loop_fd_remove(s->watch);
	close(s->fd);
	buf_release(&s->in);
	free(s);
}
