#include "bgp/peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "bgp/tcp.h"
#include "io/clock.h"

enum { OUT, IN, CONNS };

struct peer {
	struct peer_settings settings;
	const struct peer_ops *ops;
	void *arg;
	struct conn conns[CONNS]; /* the one that we call, and the one that called */
	bool started;
	uint64_t sessions;
	struct err last_error;
	struct buf scratch;
};

static void on_event(void *arg, struct conn *c, enum fsm_event ev);
static bool on_message(void *arg, struct conn *c, const struct bgp_message *m);
static void on_drained(void *arg, struct conn *c);

struct peer *
peer_new(struct loop *l, const struct peer_settings *s, const struct peer_ops *ops, void *arg)
{
	struct peer *p = mem_zero(1, sizeof *p);

	p->settings = *s;
	p->ops = ops;
	p->arg = arg;
	for (int i = 0; i < CONNS; i++) {
		struct conn *c = &p->conns[i];

		conn_init(c, l, i == OUT);
		c->fsm.retry_ms = s->retry_ms;
		c->arg = p;
		c->event = on_event;
		c->message = on_message;
		c->drained = on_drained;
	}
	return p;
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < CONNS; i++)
		conn_release(&p->conns[i]);
	buf_release(&p->scratch);
	free(p);
}

static struct conn *
other_than(struct peer *p, const struct conn *c)
{
	return &p->conns[c == &p->conns[OUT] ? IN : OUT];
}

static struct conn *
established(const struct peer *p)
{
	for (int i = 0; i < CONNS; i++)
		if (p->conns[i].fsm.state == FSM_ESTABLISHED)
			return (struct conn *)(uintptr_t)&p->conns[i];
	return NULL;
}

static uint8_t
random_byte(void)
{
	uint8_t b;

	return getrandom(&b, sizeof b, 0) == sizeof b ? b : 128;
}

static void
call(struct peer *p, struct conn *c)
{
	const struct peer_settings *s = &p->settings;
	struct tcp_options o = {.hops = s->hops, .md5 = s->md5};
	int fd = tcp_call(s->has_local ? &s->local : NULL, &s->remote, s->port, &o, &c->error.words);

	if (fd != -1)
		conn_open(c, fd, true);
	else
		on_event(p, c, FSM_TCP_FAILED);
}

/* What the machine wants done when a connection is over. */
static void
close_down(struct peer *p, struct conn *c, unsigned actions)
{
	bool had = c->fd != -1;

	if ((actions & FSM_SEND_NOTIFICATION) != 0 && had) {
		bgp_notification_write(&c->out, &c->error);
		c->sent++;
	}
	conn_close(c);
	if (had && c->error.words.msg[0] != '\0')
		p->last_error = c->error.words;
	if ((actions & FSM_DOWN) != 0)
		p->ops->down(p->arg, p, c->error.words.msg);
	else if (had && c->error.words.msg[0] != '\0')
		p->ops->complain(p->arg, p, c->error.words.msg);
}

static void
come_up(struct peer *p, struct conn *c)
{
	struct conn *other = other_than(p, c);

	p->sessions++;
	p->last_error.msg[0] = '\0';
	/* The other is a call that nobody answered yet, or idles. */
	if (other->fsm.state != FSM_IDLE) {
		bgp_error_set(&other->error, BGP_ERR_CEASE, BGP_CEASE_COLLISION, "%s", "");
		on_event(p, other, FSM_STOP);
	}
	p->ops->up(p->arg, p);
}

static void
act(struct peer *p, struct conn *c, unsigned actions)
{
	if ((actions & (FSM_SEND_NOTIFICATION | FSM_CLOSE | FSM_DOWN)) != 0)
		close_down(p, c, actions);
	if ((actions & FSM_CALL) != 0)
		call(p, c);
	if ((actions & FSM_SEND_OPEN) != 0) {
		bgp_open_write(&c->out, &p->settings.open);
		c->sent++;
	}
	if ((actions & FSM_SEND_KEEPALIVE) != 0) {
		bgp_keepalive_write(&c->out);
		c->sent++;
	}
	conn_flush(c);
	if ((actions & FSM_UP) != 0)
		come_up(p, c);
}

/* While a session or its beginning is there, we do not call; without, we do, after the wait that the error brought. */
static void
call_again(struct peer *p)
{
	struct conn *out = &p->conns[OUT], *in = &p->conns[IN];

	if (!p->started || p->settings.passive || in->fsm.state >= FSM_OPENCONFIRM ||
	    out->fsm.state != FSM_IDLE)
		return;
	int64_t now = clock_mono_ms();
	if (out->fsm.idle_until <= now)
		act(p, out, fsm_event(&out->fsm, FSM_START, now, random_byte()));
	conn_wait(out, now);
}

static void
on_event(void *arg, struct conn *c, enum fsm_event ev)
{
	struct peer *p = arg;
	int64_t now = clock_mono_ms();
	unsigned actions = fsm_event(&c->fsm, ev, now, random_byte());

	if (c->fsm.code != 0)
		bgp_error_set(&c->error, c->fsm.code, c->fsm.subcode, "%s",
		    c->fsm.code == BGP_ERR_HOLD ? "the hold time is over"
						: "a message that does not belong here");
	/* An incoming session that ended badly makes us wait as one that we called. */
	if (c == &p->conns[IN] && (actions & FSM_DOWN) != 0)
		fsm_penalty(&p->conns[OUT].fsm, now, random_byte());
	act(p, c, actions);
	conn_wait(c, now);
	call_again(p);
}

void
peer_start(struct peer *p)
{
	p->started = true;
	call_again(p);
}

void
peer_stop(struct peer *p, uint8_t subcode, const char *reason)
{
	p->started = false;
	for (int i = 0; i < CONNS; i++) {
		struct conn *c = &p->conns[i];
		size_t len = strlen(reason);

		bgp_error_set(&c->error, BGP_ERR_CEASE, subcode, "stopped: %s", reason);
		if (len > 0 && len <= 128 && (subcode == BGP_CEASE_SHUTDOWN || subcode == BGP_CEASE_RESET)) {
			c->error.len = (uint16_t)(len + 1);
			c->error.data[0] = (uint8_t)len;
			memcpy(c->error.data + 1, reason, len);
		}
		on_event(p, c, FSM_STOP);
	}
}

void
peer_accept(struct peer *p, int fd)
{
	struct conn *c = &p->conns[IN];
	struct tcp_options o = {.hops = p->settings.hops, .md5 = p->settings.md5};

	/* RFC 4271 §6.8: a call while there is a session is refused; one while another is being looked at too. */
	if (!p->started || c->fd != -1 || established(p) != NULL ||
	    tcp_accepted(fd, &o, &c->error.words) == -1) {
		close(fd);
		return;
	}
	c->error = (struct bgp_error){0};
	conn_open(c, fd, false);
	on_event(p, c, FSM_TCP_UP);
}

/* Most messages by far: the machine need not be asked, and its timer finds out when it is due. */
static bool
heard(struct peer *p, struct conn *c)
{
	if (c->fsm.state == FSM_ESTABLISHED)
		fsm_heard(&c->fsm, clock_mono_ms());
	else
		on_event(p, c, FSM_GOT_UPDATE);
	return c->fsm.state == FSM_ESTABLISHED;
}

/* Whether the connection on which an OPEN came may go on. */
static bool
survives_collision(struct peer *p, struct conn *c, const struct bgp_open *theirs)
{
	struct conn *other = other_than(p, c);
	const struct bgp_open *ours = &p->settings.open;

	if (other->fsm.state < FSM_OPENCONFIRM)
		return true;
	bool keeps_call = fsm_collision_keeps_call(ours->id, theirs->id, ours->asn, theirs->asn);
	struct conn *loser = other->fsm.state == FSM_ESTABLISHED ? c : &p->conns[keeps_call ? IN : OUT];
	bgp_error_set(&loser->error, BGP_ERR_CEASE, BGP_CEASE_COLLISION, "%s", "");
	on_event(p, loser, FSM_STOP);
	return loser != c;
}

static bool
got_open(struct peer *p, struct conn *c, struct rd body)
{
	struct bgp_open theirs;

	if (bgp_open_read(&theirs, body, &c->error) == -1 ||
	    bgp_terms_agree(&c->terms, &p->settings.open, &theirs, p->settings.remote_asn, &c->error) == -1) {
		on_event(p, c, FSM_GOT_BAD);
		return false;
	}
	if (c->fsm.state == FSM_OPENSENT && !survives_collision(p, c, &theirs))
		return false;
	c->fsm.hold_ms = c->terms.hold * 1000U;
	on_event(p, c, FSM_GOT_OPEN);
	return c->fd != -1;
}

static bool
got_update(struct peer *p, struct conn *c, struct rd body)
{
	struct update u;

	if (!heard(p, c))
		return false;
	update_read(&u, body, &c->terms, &p->scratch);
	if (u.verdict != VERDICT_GOOD)
		c->error = u.error;
	if (u.verdict == VERDICT_RESET || !p->ops->update(p->arg, p, &u)) {
		on_event(p, c, FSM_GOT_BAD);
		return false;
	}
	if (u.verdict != VERDICT_GOOD)
		p->ops->complain(p->arg, p, u.error.words.msg);
	return true;
}

static bool
got_refresh(struct peer *p, struct conn *c, struct rd body)
{
	enum bgp_family f;
	enum bgp_refresh kind;
	bool flows;

	if (!heard(p, c))
		return false;
	int known = bgp_refresh_read(&f, &flows, &kind, body, &c->error);
	if (known == -1) {
		on_event(p, c, FSM_GOT_BAD);
		return false;
	}
	if (known == 0 && !flows)
		p->ops->refresh(p->arg, p, f, kind);
	else if (known == 0 && kind == BGP_REFRESH_ASK)
		p->ops->refresh_flows(p->arg, p, f);
	return true;
}

static bool
on_message(void *arg, struct conn *c, const struct bgp_message *m)
{
	struct peer *p = arg;

	switch (m->type) {
	case BGP_OPEN:
		if (c->fsm.state == FSM_OPENSENT)
			return got_open(p, c, m->body);
		on_event(p, c, FSM_GOT_OPEN);
		return false;
	case BGP_UPDATE:
		return got_update(p, c, m->body);
	case BGP_REFRESH:
		return got_refresh(p, c, m->body);
	case BGP_KEEPALIVE:
		on_event(p, c, FSM_GOT_KEEPALIVE);
		return c->fd != -1;
	case BGP_NOTIFICATION:
		bgp_notification_read(&c->error, m->body);
		err_wrap(&c->error.words, "the peer says");
		on_event(p, c, FSM_GOT_NOTIFICATION);
		return false;
	}
	return false;
}

static void
on_drained(void *arg, struct conn *c)
{
	struct peer *p = arg;

	if (c->fsm.state == FSM_ESTABLISHED)
		p->ops->drained(p->arg, p);
}

bool
peer_has_room(const struct peer *p)
{
	const struct conn *c = established(p);

	return c != NULL && c->out.len < CONN_OUT_LOW;
}

void
peer_send(struct peer *p, const struct buf *messages)
{
	struct conn *c = established(p);

	if (c == NULL)
		return;
	buf_add(&c->out, messages->p, messages->len);
	conn_flush(c);
	if (c->out.len > CONN_OUT_MAX)
		peer_give_up(p);
}

void
peer_give_up(struct peer *p)
{
	struct conn *c = established(p);

	if (c == NULL)
		return;
	bgp_error_set(&c->error, BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "the peer takes nothing any more");
	on_event(p, c, FSM_GOT_BAD);
}

struct bgp_error *
peer_error(struct peer *p)
{
	return &established(p)->error;
}

const struct bgp_terms *
peer_terms(const struct peer *p)
{
	const struct conn *c = established(p);

	return c != NULL ? &c->terms : NULL;
}

struct addr
peer_local(const struct peer *p)
{
	const struct conn *c = established(p);

	return c != NULL ? tcp_local(c->fd) : p->settings.local;
}

void
peer_view(const struct peer *p, struct peer_view *v)
{
	const struct conn *out = &p->conns[OUT], *in = &p->conns[IN];
	const struct conn *c = in->fsm.state > out->fsm.state ? in : out;

	*v = (struct peer_view){.settings = &p->settings,
	    .state = c->fsm.state,
	    .since_ms = c->fsm.since_ms,
	    .sessions = p->sessions,
	    .received = out->received + in->received,
	    .sent = out->sent + in->sent,
	    .last_error = p->last_error.msg};
}
