/* The file of rules as a whole. */
#include "detect/rules.h"

#include <stdlib.h>
#include <string.h>

#include "detect/rule_keys.h"

const char *const rule_limit_names[LIMITS] = {
    [LIMIT_FLOWS] = "min_flows",
    [LIMIT_DST_IPS] = "unique_dst_ips",
    [LIMIT_DST_PORTS] = "unique_dst_ports",
    [LIMIT_SRC_IPS] = "min_unique_src_ips",
    [LIMIT_BYTES] = "min_total_bytes",
    [LIMIT_PACKETS] = "min_total_packets",
    [LIMIT_PPS] = "min_avg_pps",
    [LIMIT_BPS] = "min_avg_bps",
};

const char *const rule_action_names[RULE_ACTIONS] = {"alert", "blackhole", "slack", "clickhouse", "exec"};

enum { DEFAULT_WINDOW = 60, DEFAULT_TIME = 3600, DEFAULT_RESET = 86400 };

static void
rule_release(struct rule *r)
{
	struct rule_filter *f = &r->filter;

	ranges_release(&f->proto);
	ranges_release(&f->src_port);
	ranges_release(&f->dst_port);
	ranges_release(&f->src_as);
	ranges_release(&f->dst_as);
	ranges_release(&f->interfaces);
	nets_release(&f->exclude_src);
	nets_release(&f->exclude_dst);
	nets_release(&f->only);
}

void
rules_release(struct rules *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		rule_release(&rs->v[i]);
	free(rs->v);
	host_groups_release(&rs->host_groups);
	arena_release(&rs->arena);
	*rs = (struct rules){0};
}

static int
rule_read(struct rules *rs, const struct cnode *n, const struct rules_options *o, struct err *e)
{
	if (n->kind != CNODE_MAP)
		return cnode_err(n, e, "a rule is a map of keys, this is not; see nf-rules(5)");
	if (rs->n == RULES_MAX)
		return cnode_err(n, e, "more than %d rules", RULES_MAX);
	rs->v = mem_resize(rs->v, rs->n + 1, sizeof *rs->v);
	struct rule *r = &rs->v[rs->n++];
	*r = (struct rule){
	    .line = n->line,
	    .column = n->column,
	    .filter = {.ttl_max = 255},
	    .key = {.src_len = {32, 128}, .dst_len = {32, 128}},
	    .window = o->window != 0 ? o->window : DEFAULT_WINDOW,
	    .min_ml_score = -1,
	    .blackhole_count_reset = DEFAULT_RESET,
	};
	struct rule_reader rr = {
	    .rule = r, .arena = &rs->arena, .host_groups = &rs->host_groups, .options = o};
	if (rule_keys_read(&rr, n, e) < 0 || rule_complete(&rr, n, e) < 0)
		return -1;
	if (r->blackhole_time_count == 0)
		r->blackhole_times[r->blackhole_time_count++] = DEFAULT_TIME;
	for (const struct rule *other = rs->v; other < r; other++)
		if (strcmp(other->name, r->name) == 0)
			return cnode_err(cnode_get(n, "name"), e,
			    "the rule at line %u has the name '%s' already", other->line, r->name);
	return 0;
}

enum rule_target
rule_host_side(const struct rule_key *k)
{
	return k->dst_ip ? TARGET_DST : k->src_ip ? TARGET_SRC : TARGET_NONE;
}

/* The list, bare or under `rules:`, with `host_groups:` beside it. */
static int
list_find(const struct cnode *root, const struct cnode **list, struct err *e)
{
	static const char *const known[] = {"rules", "host_groups"};

	*list = root;
	if (root->kind == CNODE_MAP) {
		*list = cnode_get(root, "rules");
		for (const struct cnode *n = root->first; n != NULL; n = n->next) {
			struct cnode at = *n;

			if (n == *list || str_eq(n->key, STR("host_groups")))
				continue;
			at.line = n->key_line;
			at.column = n->key_column;
			const char *near = nearest_name(n->key, known, 2);
			if (near != NULL)
				return cnode_err(
				    &at, e, "unknown key '%.64s', did you mean '%s'?", n->key.p, near);
			return cnode_err(&at, e,
			    "unknown key '%.64s', expected a list of rules, bare or under 'rules:'",
			    n->key.p);
		}
	}
	if (*list == NULL || ((*list)->kind != CNODE_LIST && (*list)->kind != CNODE_NULL))
		return cnode_err(*list != NULL ? *list : root, e,
		    "expected a list of rules, each beginning with '- name: …'");
	return 0;
}

static int
rules_read(struct rules *rs, const struct cnode *root, const struct rules_options *o, struct err *e)
{
	static const struct rules_options none;
	const struct cnode *list, *groups = cnode_get(root, "host_groups");

	if (list_find(root, &list, e) < 0)
		return -1;
	if (groups != NULL && host_groups_read(&rs->host_groups, &rs->arena, groups, e) < 0) {
		rules_release(rs);
		return -1;
	}
	for (const struct cnode *n = list->first; n != NULL; n = n->next) {
		if (rule_read(rs, n, o != NULL ? o : &none, e) < 0) {
			rules_release(rs);
			return -1;
		}
	}
	return 0;
}

int
rules_load(struct rules *rs, const char *path, const struct rules_options *o, struct err *e)
{
	struct conf c;

	*rs = (struct rules){0};
	if (conf_load(&c, path, e) < 0)
		return -1;
	int r = rules_read(rs, c.root, o, e);
	conf_release(&c);
	return r;
}

int
rules_parse(struct rules *rs, const char *name, struct str text, const struct rules_options *o, struct err *e)
{
	struct conf c;

	*rs = (struct rules){0};
	if (conf_parse(&c, name, text, e) < 0)
		return -1;
	int r = rules_read(rs, c.root, o, e);
	conf_release(&c);
	return r;
}
