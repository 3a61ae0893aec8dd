#include "speaker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bgp/tcp.h"
#include "io/clock.h"
#include "restore.h"

enum { LISTEN_AGAIN_MS = 5000, SWEEP_AT_ONCE = 5000 };

/* Routes leave a few at a time, so that others have their turn between. */
static void
on_sweep(void *arg)
{
	struct speaker *s = arg;

	if (rib_work(&s->rib, SWEEP_AT_ONCE))
		loop_timer_set(s->sweep, 0);
	tablefile_changed(&s->table);
}

static void
sweep_soon(void *arg)
{
	struct speaker *s = arg;

	loop_timer_set(s->sweep, 0);
}

static const struct link *
find_link(const struct speaker *s, const struct addr *remote)
{
	for (unsigned i = 0; i < s->count; i++)
		if (addr_eq(&s->links[i]->remote, remote))
			return s->links[i];
	return NULL;
}

/* A link for somebody who calls, and whom a prefix of neighbours has room for; NULL: nobody we know. */
static const struct link *
welcome(struct speaker *s, const struct addr *from)
{
	const struct link *l = find_link(s, from);
	char text[ADDR_TEXT_MAX];
	unsigned dynamic = 0;

	for (unsigned i = 0; i < s->count; i++)
		dynamic += s->links[i]->dynamic;
	for (unsigned i = 0; l == NULL && i < s->settings.count; i++) {
		const struct neighbour *n = &s->settings.neighbours[i];

		if (n->from.len == 128 || !prefix_contains(&n->from, from))
			continue;
		struct link *fresh = dynamic < s->settings.max_dynamic ? link_new(s, n, from, true) : NULL;
		if (fresh != NULL)
			peer_start(fresh->peer);
		else
			log_limited(&s->refused_calls, clock_mono_ms(),
			    "%s: no room for it, bgp.bgp_listener.max_peers is %u", addr_text(text, from),
			    s->settings.max_dynamic);
		return fresh;
	}
	return l;
}

static void
on_call(void *arg, int fd, int what)
{
	struct speaker *s = arg;
	struct addr from;
	int got;

	(void)what;
	while ((got = tcp_accept(fd, &from)) != -1) {
		const struct link *l = welcome(s, &from);

		if (l != NULL)
			peer_accept(l->peer, got);
		else
			close(got);
	}
}

/* Signatures of those who call, from now on, or none from now on. */
static void
sign(const struct speaker *s, const struct neighbour *n, bool on)
{
	char text[PREFIX_TEXT_MAX];
	struct err e;

	if (n->md5[0] != '\0' && tcp_listen_md5(s->listen_fd, &n->from, on ? n->md5 : "", &e) == -1 && on)
		log_warnx("%s: %s", prefix_text(text, &n->from), e.msg);
}

/* The port may be taken, or the address not be there yet: a first run is not refused for that. */
static void
on_listen(void *arg)
{
	struct speaker *s = arg;
	struct err e;

	s->listen_fd = tcp_listen(&s->settings.listen, s->settings.port, &e);
	if (s->listen_fd == -1) {
		if (strcmp(e.msg, s->listen_said.msg) != 0)
			log_warnx("%s; it is tried again, meanwhile only we call", e.msg);
		s->listen_said = e;
		loop_timer_set(s->listen_again, LISTEN_AGAIN_MS);
		return;
	}
	for (unsigned i = 0; i < s->settings.count; i++)
		sign(s, &s->settings.neighbours[i], true);
	s->listen_watch = loop_fd_add(s->loop, s->listen_fd, LOOP_READ, on_call, s);
}

struct speaker *
speaker_new(struct loop *l, const struct bgpd_settings *settings, const struct blackholes *bs)
{
	struct speaker *s = mem_zero(1, sizeof *s);
	uint64_t seed = 0;

	s->loop = l;
	s->settings = *settings;
	s->blackholes = bs;
	s->listen_fd = -1;
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		seed = (uintptr_t)s;
	rib_init(&s->rib, s->settings.asn, s->settings.id, seed);
	s->table_path = mem_strdup(settings->table);
	tablefile_init(&s->table, l, &s->rib, s->table_path, s->settings.table_interval_ms);
	s->sweep = loop_timer_add(l, on_sweep, s);
	s->rib.defer = sweep_soon;
	s->rib.defer_arg = s;
	s->listen_again = loop_timer_add(l, on_listen, s);
	mrtfile_init(&s->dump, l, &s->rib);
	return s;
}

/* Links with those who are listed and have none. */
static void
link_listed(struct speaker *s)
{
	for (unsigned i = 0; i < s->settings.count; i++) {
		const struct neighbour *n = &s->settings.neighbours[i];

		if (n->from.len != 128 || find_link(s, &n->from.addr) != NULL)
			continue;
		struct link *l = link_new(s, n, &n->from.addr, false);
		if (l != NULL)
			peer_start(l->peer);
	}
}

void
speaker_start(struct speaker *s)
{
	on_listen(s);
	link_listed(s);
	if (s->settings.mrt != NULL)
		s->restored = restored_read(s, s->settings.mrt);
	mrtfile_set(&s->dump, s->settings.mrt, s->settings.mrt_interval_ms);
	s->dump.written_changes = s->rib.changes;
}

struct rib *
speaker_learn(struct speaker *s)
{
	return &s->rib;
}

void
speaker_changed(struct speaker *s)
{
	tablefile_changed(&s->table);
}

static const struct neighbour *
find_same(const struct bgpd_settings *s, const struct neighbour *n)
{
	for (unsigned i = 0; i < s->count; i++)
		if (neighbour_same(&s->neighbours[i], n))
			return &s->neighbours[i];
	return NULL;
}

void
speaker_set(struct speaker *s, const struct bgpd_settings *fresh)
{
	struct bgpd_settings old = s->settings;

	if (old.port != fresh->port || !addr_eq(&old.listen, &fresh->listen))
		log_warnx(
		    "bgp.bgp_listener: we are called at another listen_ip or port after a restart only");
	/* From the last, since a link that is freed has the last one take its place. */
	for (unsigned i = s->count; i-- > 0;)
		if (find_same(fresh, &s->links[i]->settings) == NULL)
			link_remove(s->links[i]);
	memcpy(s->settings.neighbours, fresh->neighbours, sizeof s->settings.neighbours);
	s->settings.count = fresh->count;
	s->settings.stale_ms = fresh->stale_ms;
	s->settings.asn = s->rib.our_asn = fresh->asn;
	s->settings.id = s->rib.our_id = fresh->id;
	s->settings.max_dynamic = fresh->max_dynamic;
	s->table.interval_ms = fresh->table_interval_ms;
	free(s->table_path);
	s->table.path = s->table_path = mem_strdup(fresh->table);
	mrtfile_set(&s->dump, fresh->mrt, fresh->mrt_interval_ms);
	if (s->listen_fd != -1) {
		for (unsigned i = 0; i < old.count; i++)
			if (find_same(fresh, &old.neighbours[i]) == NULL)
				sign(s, &old.neighbours[i], false);
		for (unsigned i = 0; i < fresh->count; i++)
			sign(s, &fresh->neighbours[i], true);
	}
	explicit_bzero(&old, sizeof old);
	link_listed(s);
}

void
speaker_free(struct speaker *s)
{
	if (s == NULL)
		return;
	while (s->count > 0)
		link_free(s->links[0], BGP_CEASE_SHUTDOWN, "nf-bgpd ends");
	if (s->listen_fd != -1) {
		loop_fd_remove(s->listen_watch);
		close(s->listen_fd);
	}
	loop_timer_remove(s->listen_again);
	loop_timer_remove(s->sweep);
	tablefile_release(&s->table);
	free(s->table_path);
	restored_free(s->restored);
	mrtfile_release(&s->dump);
	rib_release(&s->rib);
	explicit_bzero(&s->settings, sizeof s->settings);
	free(s);
}

static void
send_each(struct speaker *s, const struct prefix *which, const struct announcement *announced)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct link *l = s->links[i];
		const struct bgp_terms *t = peer_terms(l->peer);
		struct buf out = {0};

		if (t == NULL)
			continue;
		if (announced != NULL)
			announcement_write(&out, announced, t, l->settings.peer.open.asn);
		else
			withdrawal_write(&out, which, t);
		link_tell(l, &out, OUTLET_PREFIX, which, sizeof *which);
		buf_release(&out);
	}
}

void
speaker_announce(struct speaker *s, const struct blackhole *b)
{
	struct announcement a = blackhole_announcement(b);

	if (s->blackholes != NULL)
		send_each(s, &b->prefix, &a);
}

void
speaker_withdraw(struct speaker *s, const struct prefix *p)
{
	if (s->blackholes != NULL)
		send_each(s, p, NULL);
}

void
speaker_tell_flow(struct speaker *s, const struct flow *f, bool announced)
{
	struct flow_announcement a = flow_announcement(f);

	for (unsigned i = 0; s->blackholes != NULL && i < s->count; i++) {
		struct link *l = s->links[i];
		const struct bgp_terms *t = peer_terms(l->peer);
		struct buf out = {0};

		if (t == NULL)
			continue;
		if (announced)
			flow_announcement_write(&out, &a, t, l->settings.peer.open.asn);
		else
			flow_withdrawal_write(&out, &f->key, t);
		link_tell(l, &out, OUTLET_FLOW, &f->key, sizeof f->key);
		buf_release(&out);
	}
}

void
speaker_announce_all(struct speaker *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (peer_terms(s->links[i]->peer) != NULL)
			link_tell_all(s->links[i]);
}

unsigned
speaker_sessions(const struct speaker *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->count; i++)
		n += peer_terms(s->links[i]->peer) != NULL;
	return n;
}

const struct rib *
speaker_rib(const struct speaker *s)
{
	return &s->rib;
}

void
speaker_each(const struct speaker *s, void (*fn)(void *arg, const struct neighbour_view *v), void *arg)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct link *l = s->links[i];
		const uint64_t *n = s->rib.peers[l->routes].routes;
		struct neighbour_view v = {.name = l->name,
		    .terms = peer_terms(l->peer),
		    .routes = {n[BGP_IPV4], n[BGP_IPV6]},
		    .updates = l->updates};

		peer_view(l->peer, &v.peer);
		fn(arg, &v);
	}
}
