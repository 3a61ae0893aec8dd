/* bgp.peers: a list of maps, a neighbour or a prefix of neighbours each. */
#include <string.h>

#include "io/fdio.h"
#include "settings.h"

static int
take_md5(struct neighbour *n, const struct cnode *v, bool file, struct err *e)
{
	struct buf b = {0};
	struct str text;

	if (cnode_str(v, &text, e) == -1)
		return -1;
	if (!file)
		buf_add(&b, text.p, text.len);
	else if (secret_read(&b, text.p, e) == -1)
		return cnode_err(v, e, "%s", e->msg);
	int r = b.len < sizeof n->md5 ? 0 : cnode_err(v, e, "a key has at most %zu bytes", sizeof n->md5 - 1);
	if (r == 0)
		memcpy(n->md5, b.p, b.len);
	if (b.p != NULL)
		explicit_bzero(b.p, b.len);
	buf_release(&b);
	return r;
}

static int
take_address(struct neighbour *n, const struct cnode *v, struct err *e)
{
	struct str text;

	if (cnode_str(v, &text, e) == -1)
		return -1;
	if (prefix_parse(&n->from, text, e) == -1)
		return cnode_err(v, e, "%s", e->msg);
	n->peer.remote = n->from.addr;
	if (n->peer.has_local && addr_is_v4(&n->peer.local) != addr_is_v4(&n->peer.remote))
		n->peer.has_local = false;
	return 0;
}

/* Sets what the key stands for. */
static int
take(struct neighbour *n, const struct cnode *v, struct err *e)
{
	static const char *const names[] = {"address", "asn", "local_asn", "port", "md5", "md5_file",
	    "ttl_security", "passive", "max_prefixes"};
	uint64_t x = 0;
	int r;

	if (str_eq(v->key, STR("address")))
		return take_address(n, v, e);
	if (str_eq(v->key, STR("md5")) || str_eq(v->key, STR("md5_file")))
		return take_md5(n, v, v->key.len > 3, e);
	if (str_eq(v->key, STR("passive")))
		return cnode_bool(v, &n->peer.passive, e);
	if (str_eq(v->key, STR("asn"))) {
		r = cnode_num(v, &x, 1, UINT32_MAX, e);
		n->peer.remote_asn = (uint32_t)x;
	} else if (str_eq(v->key, STR("local_asn"))) {
		r = cnode_num(v, &x, 1, UINT32_MAX, e);
		n->peer.open.asn = (uint32_t)x;
	} else if (str_eq(v->key, STR("port"))) {
		r = cnode_num(v, &x, 1, UINT16_MAX, e);
		n->peer.port = (uint16_t)x;
	} else if (str_eq(v->key, STR("ttl_security"))) {
		r = cnode_num(v, &x, 1, 254, e);
		n->peer.hops = (unsigned)x;
	} else if (str_eq(v->key, STR("max_prefixes"))) {
		r = cnode_num(v, &n->max_prefixes, 0, UINT32_MAX, e);
	} else {
		const char *near = nearest_name(v->key, names, sizeof names / sizeof names[0]);

		return cnode_err(v, e, "bgp.peers: unknown key '%.*s'%s%s%s", (int)v->key.len, v->key.p,
		    near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		    near != NULL ? "'" : "");
	}
	return r;
}

static int
read_peer(struct bgpd_settings *s, const struct neighbour *base, const struct cnode *at, struct err *e)
{
	struct neighbour *n = &s->neighbours[s->count];

	if (at->kind != CNODE_MAP)
		return cnode_err(at, e, "bgp.peers: address, asn and so on were expected");
	if (s->count == NEIGHBOURS_MAX)
		return cnode_err(at, e, "bgp.peers: more than %d neighbours", NEIGHBOURS_MAX);
	*n = *base;
	for (const struct cnode *v = at->first; v != NULL; v = v->next)
		if (take(n, v, e) == -1)
			return -1;
	if (cnode_get(at, "address") == NULL || n->peer.remote_asn == 0)
		return cnode_err(at, e, "bgp.peers: a neighbour has an address and an asn");
	for (unsigned i = 0; i < s->count; i++)
		if (s->neighbours[i].from.len == n->from.len &&
		    addr_eq(&s->neighbours[i].from.addr, &n->from.addr))
			return cnode_err(at, e, "bgp.peers: this neighbour is there already");
	s->count++;
	return 0;
}

int
settings_read_peers(
    struct bgpd_settings *s, const struct neighbour *base, const struct conf *c, struct err *e)
{
	const struct cnode *peers = conf_find(c, "bgp.peers");

	if (peers == NULL || peers->kind == CNODE_NULL)
		return 0;
	if (peers->kind != CNODE_LIST)
		return cnode_err(peers, e, "bgp.peers: a list was expected");
	for (const struct cnode *i = peers->first; i != NULL; i = i->next)
		if (read_peer(s, base, i, e) == -1)
			return -1;
	return 0;
}
