#include "settings.h"

#include <string.h>

#include "base/bytes.h"
#include "io/fdio.h"

enum { HOLD_S = 90, RETRY_MS = 30 * 1000 };

static bool
filled(const struct conf *c, const char *path)
{
	const char *text = conf_str(c, path);

	return text != NULL && text[0] != '\0';
}

/* The address at a path of the configuration, which the table of keys has checked. */
static bool
addr_at(struct addr *a, const struct conf *c, const char *path)
{
	return filled(c, path) && addr_parse(a, str_from(conf_str(c, path))) == 0;
}

/* The key of the sessions: from a file, which wins, or as it stands. */
static int
read_md5(struct neighbour *n, const struct conf *c, struct err *e)
{
	struct buf b = {0};
	int r = 0;

	if (filled(c, "bgp.bgp_listener.md5_file"))
		r = secret_read(&b, conf_str(c, "bgp.bgp_listener.md5_file"), e);
	else if (filled(c, "bgp.bgp_listener.md5"))
		buf_puts(&b, conf_str(c, "bgp.bgp_listener.md5"));
	if (r == 0 && b.len >= sizeof n->md5)
		r = err_set(e, "bgp.bgp_listener.md5: a key has at most %zu bytes", sizeof n->md5 - 1);
	if (r == 0 && b.len > 0)
		memcpy(n->md5, b.p, b.len);
	if (b.p != NULL)
		explicit_bzero(b.p, b.len);
	buf_release(&b);
	return r;
}

static struct bgp_open
our_open(const struct bgpd_settings *s)
{
	const uint8_t both = 1 << BGP_IPV4 | 1 << BGP_IPV6;

	return (struct bgp_open){.asn = s->asn,
	    .id = s->id,
	    .hold = HOLD_S,
	    .caps = {.multiprotocol = true,
		.families = both,
		.flows = both,
		.next_hop6 = 1 << BGP_IPV4,
		.add_path_receive = both,
		.refresh = true,
		.enhanced_refresh = true,
		.extended = true,
		.graceful = true,
		.as4 = true}};
}

/* The neighbour of bgp_listener, if there is one. */
static int
read_listener(struct bgpd_settings *s, const struct neighbour *base, const struct conf *c, struct err *e)
{
	struct neighbour *n = &s->neighbours[0];

	*n = *base;
	if (!addr_at(&n->peer.remote, c, "bgp.bgp_listener.peer_ip"))
		return 0;
	if (n->peer.has_local && addr_is_v4(&n->peer.local) != addr_is_v4(&n->peer.remote))
		n->peer.has_local = false;
	n->from = (struct prefix){n->peer.remote, 128};
	n->peer.remote_asn = (uint32_t)conf_num(c, "bgp.bgp_listener.remote_asn");
	n->peer.hops = (unsigned)conf_num(c, "bgp.bgp_listener.ttl_security");
	if (read_md5(n, c, e) == -1)
		return -1;
	n->max_prefixes = conf_num(c, "bgp.bgp_listener.max_prefixes");
	s->count = 1;
	return 0;
}

bool
neighbour_same(const struct neighbour *a, const struct neighbour *b)
{
	const struct peer_settings *x = &a->peer, *y = &b->peer;

	return a->from.len == b->from.len && addr_eq(&a->from.addr, &b->from.addr) && x->port == y->port &&
	       x->has_local == y->has_local && addr_eq(&x->local, &y->local) && x->passive == y->passive &&
	       x->remote_asn == y->remote_asn && x->open.asn == y->open.asn && x->open.id == y->open.id &&
	       x->hops == y->hops && strcmp(a->md5, b->md5) == 0 && a->max_prefixes == b->max_prefixes;
}

int
settings_read(struct bgpd_settings *s, const struct conf *c, struct err *e)
{
	struct addr id;

	*s = (struct bgpd_settings){.enabled = conf_bool(c, "bgp.bgp_listener.enabled")};
	s->asn = (uint32_t)conf_num(c, "bgp.bgp_listener.local_asn");
	if (s->asn == 0)
		s->asn = (uint32_t)conf_num(c, "bgp.bgp_listener.asn");
	if (s->asn == 0)
		return err_set(e, "bgp.bgp_listener.local_asn: our AS number is missing");
	if (!addr_at(&s->listen, c, "bgp.bgp_listener.listen_ip"))
		s->listen = (struct addr){.b = {0}};
	s->port = (uint16_t)conf_num(c, "bgp.bgp_listener.port");
	if (!addr_at(&id, c, "bgp.bgp_listener.router_id") && !addr_at(&id, c, "bgp.bgp_listener.listen_ip"))
		id = addr_from_v4(0);
	if (!addr_is_v4(&id) || addr_v4(&id) == 0)
		return err_set(
		    e, "bgp.bgp_listener.router_id: an IPv4 address is needed where listen_ip is none");
	s->id = addr_v4(&id);
	s->table = conf_str(c, "bgp.table_file");
	s->table_interval_ms = conf_duration(c, "bgp.table_interval");
	s->mrt = filled(c, "bgp.mrt_file") ? conf_str(c, "bgp.mrt_file") : NULL;
	s->mrt_interval_ms = conf_duration(c, "bgp.mrt_interval");
	s->stale_ms = conf_duration(c, "bgp.stale_time");
	s->max_dynamic = (unsigned)conf_num(c, "bgp.bgp_listener.max_peers");
	struct neighbour base = {.peer = {.port = (uint16_t)conf_num(c, "bgp.bgp_listener.peer_port"),
				     .retry_ms = RETRY_MS,
				     .open = our_open(s)}};
	base.peer.has_local =
	    addr_at(&base.peer.local, c, "bgp.bgp_listener.listen_ip") && !addr_is_any(&base.peer.local);
	return read_listener(s, &base, c, e) == -1 ? -1 : settings_read_peers(s, &base, c, e);
}

static int
add_community(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	if (request_community(arg, item) == 0)
		return 0;
	return at != NULL ? cnode_err(at, e, "'%.*s' is no community, 64500:1 or 64500:1:2 was expected",
				(int)item.len, item.p)
			  : err_set(e, "bgp.blackhole.communities");
}

int
settings_read_blackholes(struct blackholes_settings *s, const struct conf *c, struct err *e)
{
	static const char *const keys[2] = {"bgp.blackhole.next_hop", "bgp.blackhole.next_hop6"};

	*s = (struct blackholes_settings){.max_active = conf_num(c, "detection.blackhole_max_active"),
	    .max_rate = conf_num(c, "detection.blackhole_max_rate"),
	    .min_length = {(uint8_t)conf_num(c, "detection.blackhole_min_length"),
		(uint8_t)conf_num(c, "detection.blackhole_min_length_v6")},
	    .dry_run = conf_bool(c, "bgp.blackhole.dry_run")};
	for (int v6 = 0; v6 < 2; v6++) {
		s->has_next_hop[v6] = addr_at(&s->next_hop[v6], c, keys[v6]);
		if (s->has_next_hop[v6] && addr_is_v4(&s->next_hop[v6]) == (v6 == 1))
			return err_set(e, "%s: an address of IPv%d was expected", keys[v6], v6 == 1 ? 6 : 4);
	}
	return conf_each(c, "bgp.blackhole.communities", add_community, &s->defaults, e);
}
