#include "settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"

typedef int item_fn(void *arg, struct str item, const struct cnode *at, struct err *e);

static const char *
opt_text(const struct opt *o, const struct conf *c)
{
	return o->given ? *(const char *const *)o->value : conf_str(c, o->key);
}

/* A file's path; an empty one is none. */
static const char *
opt_path(const struct opt *o, const struct conf *c)
{
	const char *path = opt_text(o, c);

	return path != NULL && *path != '\0' ? path : NULL;
}

/* Calls fn for each item between the commas. */
static int
items_each(const char *list, item_fn *fn, void *arg, struct err *e)
{
	for (const char *p = list, *end; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, ",");
		struct str item = {p, (size_t)(end - p)};

		while (item.len > 0 && item.p[0] == ' ')
			item = (struct str){item.p + 1, item.len - 1};
		while (item.len > 0 && item.p[item.len - 1] == ' ')
			item.len--;
		if (item.len > 0 && fn(arg, item, NULL, e) == -1)
			return -1;
	}
	return 0;
}

static int
opt_each(const struct opt *o, const struct conf *c, item_fn *fn, void *arg, struct err *e)
{
	const struct opt_list *l = o->value;

	if (!o->given)
		return conf_each(c, o->key, fn, arg, e);
	for (size_t i = 0; i < l->n; i++) {
		if (items_each(l->v[i], fn, arg, e) == 0)
			continue;
		if (o->letter != 0)
			return err_wrap(e, "option -%c", o->letter);
		return err_wrap(e, "option --%s", o->name);
	}
	return 0;
}

/* The words so far, with the place in the file if they come from there. */
static int
at_place(const struct cnode *at, struct err *e)
{
	struct err words = *e;

	return at != NULL ? cnode_err(at, e, "%s", words.msg) : -1;
}

struct steps {
	struct enrich_settings *s;
	bool chosen; /* by somebody, not by default */
	bool none;
};

static int
add_step(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct steps *l = arg;
	const struct step_ops *ops;

	if (str_eq(item, STR("none"))) {
		l->none = true;
		return 0;
	}
	if (str_eq(item, STR("smtp"))) {
		log_warnx("enrich: 'smtp' is read as 'snmp'");
		item = STR("snmp");
	}
	if (chain_step_add(l->s, item, &ops, e) == -1)
		return at_place(at, e);
	if (ops == NULL && l->chosen)
		log_warnx("enrich: step '%.*s' is not part of this version; flows go without its fields",
		    (int)item.len, item.p);
	return 0;
}

static int
steps_read(struct enrich_settings *s, const struct opt *o, const struct conf *c, struct err *e)
{
	struct steps l = {.s = s, .chosen = o->given || conf_has(c, o->key)};

	if (opt_each(o, c, add_step, &l, e) == -1)
		return -1;
	if (l.none && s->step_count != 0)
		return err_set(e, "enrich: 'none' stands alone or not at all");
	for (unsigned i = 0; i < s->step_count; i++)
		s->bgp_expected |= l.chosen && s->steps[i] == &bgp_step;
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

static int
num_read(uint32_t *v, const struct opt *o, const struct conf *c, uint64_t min, uint64_t max, struct err *e)
{
	uint64_t n = o->given             ? *(const uint64_t *)o->value
		     : o->type == OPT_NUM ? conf_num(c, o->key)
					  : conf_duration(c, o->key);

	if (n < min || n > max)
		return err_set(e, "--%s: from %" PRIu64 " to %" PRIu64 " was expected", o->name, min, max);
	*v = (uint32_t)n;
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
	    num_read(&d->concurrency, &opts[O_DNS_CONCURRENCY], c, 1, RDNS_CONCURRENCY_MAX, e) == -1 ||
	    num_read(&d->rate, &opts[O_DNS_RATE], c, 1, 100000, e) == -1)
		return -1;
	return num_read(&d->timeout_ms, &opts[O_DNS_TIMEOUT], c, 10, 60000, e);
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

static bool
flag(const struct opt *o, const struct conf *c)
{
	return o->given || conf_bool(c, o->key);
}

static int
policy_read(struct ptr_policy *p, const struct opt *opts, const struct conf *c, struct err *e)
{
	ptr_policy_init(p, flag(&opts[O_SKIP_PRIVATE], c));
	if (flag(&opts[O_PTR_OWN], c)) {
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
	    .ptr_out = opt_text(&opts[O_PTR_OUT], c),
	    .ptr_warm = opt_text(&opts[O_PTR_WARM], c),
	};
	if (steps_read(s, &opts[O_STEPS], c, e) == -1 || as_read(&s->as, opts, c, e) == -1 ||
	    opt_each(&opts[O_MY_PREFIX], c, add_prefix, &s->own, e) == -1 ||
	    dns_read(&s->dns, opts, c, e) == -1 || policy_read(&s->ptr_policy, opts, c, e) == -1) {
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
}
