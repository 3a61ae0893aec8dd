#include "settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "read.h"

struct steps {
	struct enrich_settings *s;
	bool none;
};

static int
add_step(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct steps *l = arg;

	if (str_eq(item, STR("none"))) {
		l->none = true;
		return 0;
	}
	if (str_eq(item, STR("smtp"))) {
		log_warnx("enrich: 'smtp' is read as 'snmp'");
		item = STR("snmp");
	}
	return chain_step_add(l->s, item, e) == 0 ? 0 : at_place(at, e);
}

static int
steps_read(struct enrich_settings *s, const struct opt *o, const struct conf *c, struct err *e)
{
	bool chosen = o->given || conf_has(c, o->key);
	struct steps l = {.s = s};

	if (opt_each(o, c, add_step, &l, e) == -1)
		return -1;
	if (l.none && s->step_count != 0)
		return err_set(e, "enrich: 'none' stands alone or not at all");
	for (unsigned i = 0; i < s->step_count; i++)
		s->bgp_expected |= chosen && s->steps[i] == &bgp_step;
	return 0;
}

static int
add_prefix(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	return ownnet_add(arg, item, e) == 0 ? 0 : at_place(at, e);
}

static int
add_source(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	static const struct str names[AS_SOURCES] = {
	    [AS_BGP] = {"bgp", 3}, [AS_EXPORTER] = {"exporter", 8}, [AS_DATABASE] = {"database", 8}};
	struct as_rules *r = arg;
	unsigned which = 0;

	while (which < AS_SOURCES && !str_eq(item, names[which]))
		which++;
	if (which == AS_SOURCES)
		err_set(e, "unknown source '%.*s'; bgp, exporter or database was expected", (int)item.len,
		    item.p);
	for (unsigned i = 0; i < r->order_count && which < AS_SOURCES; i++)
		if (r->order[i] == which) {
			err_set(e, "source '%.*s' is given twice", (int)item.len, item.p);
			which = AS_SOURCES;
		}
	if (which == AS_SOURCES)
		return at_place(at, e);
	r->order[r->order_count++] = (enum as_source)which;
	return 0;
}

static int
as_read(struct as_rules *r, const struct opt *opts, const struct conf *c, struct err *e)
{
	const struct opt *asn = &opts[O_MY_ASN];
	uint64_t n = asn->given ? *(const uint64_t *)asn->value : conf_num(c, asn->key);
	const char *peer = opt_text(&opts[O_PEER_AS], c);

	if (n > UINT32_MAX)
		return err_set(e, "--my-asn: an AS number is at most %u", UINT32_MAX);
	r->my_asn = (uint32_t)n;
	r->peer_is_origin = strcmp(peer, "origin") == 0;
	if (!r->peer_is_origin && strcmp(peer, "neighbour") != 0)
		return err_set(e, "--peer-as: '%s' is neither neighbour nor origin", peer);
	return opt_each(&opts[O_ASN_SOURCES], c, add_source, r, e);
}

static int
add_server(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rdns_settings *d = arg;
	struct resolver_server server = {.port = 53};

	if (addr_parse(&server.addr, item) == -1 && hostport_parse(&server.addr, &server.port, item, e) == -1)
		return at_place(at, e);
	if (server.port == 0 || addr_is_any(&server.addr)) {
		err_set(e, "'%.*s' is no name server; ADDRESS or ADDRESS:PORT was expected", (int)item.len,
		    item.p);
		return at_place(at, e);
	}
	if (d->server_count == RESOLVER_SERVERS_MAX) {
		err_set(e, "more than %d name servers", RESOLVER_SERVERS_MAX);
		return at_place(at, e);
	}
	d->servers[d->server_count++] = server;
	return 0;
}

static uint32_t
seconds_of(const struct conf *c, const char *key)
{
	uint64_t s = conf_duration(c, key) / 1000, year = 365 * 86400;

	return (uint32_t)(s < year ? s : year);
}

static int
dns_read(struct rdns_settings *d, const struct opt *opts, const struct conf *c, struct err *e)
{
	d->retries = (uint32_t)conf_num(c, "dns.retries");
	d->cache_entries = (uint32_t)conf_num(c, "dns.cache");
	d->ttl_min = seconds_of(c, "dns.ttl_min");
	d->ttl_max = seconds_of(c, "dns.ttl_max");
	if (d->ttl_max < d->ttl_min)
		return err_set(e, "dns.ttl_max is less than dns.ttl_min");
	if (opt_each(&opts[O_NAMESERVER], c, add_server, d, e) == -1 ||
	    opt_num(&d->concurrency, &opts[O_DNS_CONCURRENCY], c, 1, RDNS_CONCURRENCY_MAX, e) == -1 ||
	    opt_num(&d->rate, &opts[O_DNS_RATE], c, 1, 100000, e) == -1)
		return -1;
	return opt_num(&d->timeout_ms, &opts[O_DNS_TIMEOUT], c, 10, 60000, e);
}

static int
add_allowed(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	return ptr_policy_allow(arg, item, e) == 0 ? 0 : at_place(at, e);
}

static int
add_denied(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	return ptr_policy_deny(arg, item, e) == 0 ? 0 : at_place(at, e);
}

static int
policy_read(struct ptr_policy *p, const struct opt *opts, const struct conf *c, struct err *e)
{
	ptr_policy_init(p, opt_flag(&opts[O_SKIP_PRIVATE], c));
	if (opt_flag(&opts[O_PTR_OWN], c)) {
		p->only = true; /* be there own networks or not */
		if (opt_each(&opts[O_MY_PREFIX], c, add_allowed, p, e) == -1)
			return -1;
	}
	if (opt_each(&opts[O_PTR_ALLOW], c, add_allowed, p, e) == -1 ||
	    opt_each(&opts[O_PTR_DENY], c, add_denied, p, e) == -1)
		return -1;
	ptr_policy_compile(p);
	return 0;
}

static void
local_add(struct local_as *l, uint64_t asn)
{
	if (asn != 0)
		l->all[l->count++] = (uint32_t)asn;
}

/* Routers prepend the number that they are configured with, which need not be my_asn. */
static void
bgp_read(struct enrich_settings *s, const struct opt *opts, const struct conf *c)
{
	s->bgp_table = opt_path(&opts[O_BGP_TABLE], c);
	s->bgp_expected |= opts[O_BGP_TABLE].given || conf_has(c, "bgp.table_file") ||
			   conf_bool(c, "bgp.bgp_listener.enabled");
	s->local.my_asn = s->as.my_asn;
	local_add(&s->local, s->as.my_asn);
	local_add(&s->local, conf_num(c, "bgp.bgp_listener.asn"));
	local_add(&s->local, conf_num(c, "bgp.bgp_listener.local_asn"));
}

int
settings_read(struct enrich_settings *s, const struct opt *opts, const struct conf *c, struct err *e)
{
	*s = (struct enrich_settings){
	    .asn_db = opt_path(&opts[O_ASN_DB], c),
	    .city_db = opt_path(&opts[O_CITY_DB], c),
	    .language = opt_text(&opts[O_LANGUAGE], c),
	    .labels_file = opt_path(&opts[O_LABELS], c),
	    .ifnames_file = opt_path(&opts[O_IFNAMES], c),
	    .ptr_out = opt_text(&opts[O_PTR_OUT], c),
	    .ptr_warm = opt_text(&opts[O_PTR_WARM], c),
	};
	if (steps_read(s, &opts[O_STEPS], c, e) == -1 || as_read(&s->as, opts, c, e) == -1 ||
	    opt_each(&opts[O_MY_PREFIX], c, add_prefix, &s->own, e) == -1 ||
	    dns_read(&s->dns, opts, c, e) == -1 || policy_read(&s->ptr_policy, opts, c, e) == -1 ||
	    settings_read_snmp(s, opts, c, e) == -1) {
		settings_release(s);
		return -1;
	}
	ownnet_compile(&s->own);
	bgp_read(s, opts, c);
	if (s->labels_file != NULL)
		s->steps[s->step_count++] = &label_step;
	return 0;
}

void
settings_release(struct enrich_settings *s)
{
	ownnet_release(&s->own);
	ptr_policy_release(&s->ptr_policy);
	settings_release_snmp(s);
}
