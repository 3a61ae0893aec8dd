#include "act/detection_read.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

const char *const action_names[ACTS] = {"alert", "blackhole", "slack", "clickhouse", "exec"};

static const char *const state_names[] = {"start", "update", "end"};

static int
word_index(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "2ed6657d-e927-568b-95e1-2665a8aea6a2" (RFC 9562 §4), lower case. */
static int
uuid_parse(uint8_t id[16], const char *s)
{
	unsigned n = 0;

	if (strlen(s) != 36)
		return -1;
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		int v = dash ? 0 : hex_digit(s[i]);

		if (v < 0 || dash != (s[i] == '-'))
			return -1;
		if (dash)
			continue;
		id[n / 2] = (uint8_t)(n % 2 == 0 ? v << 4 : id[n / 2] | v);
		n++;
	}
	return 0;
}

/* A member that must be text, not empty. */
static int
text_get(const json_t *o, const char *name, const char **v, struct err *e)
{
	const json_t *t = json_object_get(o, name);

	if (!json_is_string(t) || json_string_length(t) == 0)
		return err_set(e, "no text '%s'", name);
	*v = json_string_value(t);
	return 0;
}

static void
pair_add(struct detection_line *d, const char *name, const char *value)
{
	if (d->pair_count < DETECTION_PAIRS_MAX)
		d->pairs[d->pair_count++] = (struct pair){name, value};
}

/* A number or text as people read it; anything else is left out. */
static const char *
value_text(struct arena *a, const json_t *v)
{
	if (json_is_string(v))
		return arena_printf(a, "%s", json_string_value(v));
	if (json_is_integer(v))
		return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_real(v))
		return arena_printf(a, "%g", json_real_value(v));
	return NULL;
}

static void
pairs_of_key(struct detection_line *d, struct arena *a, json_t *key)
{
	for (void *it = json_object_iter(key); it != NULL; it = json_object_iter_next(key, it)) {
		const char *value = value_text(a, json_object_iter_value(it));

		if (value != NULL)
			pair_add(d, arena_printf(a, "%s", json_object_iter_key(it)), value);
	}
}

static void
pairs_of_counts(struct detection_line *d, struct arena *a, const json_t *o)
{
	static const char *const names[] = {"packets", "bytes", "pps", "bps", "unique_dst_ips",
	    "unique_dst_ports", "unique_src_ips", "ml_score", "window"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const json_t *v = json_object_get(o, names[i]);
		const char *value = json_is_number(v) ? value_text(a, v) : NULL;

		if (value != NULL)
			pair_add(d, names[i], value);
	}
}

/* "min_flows 71>=70, unique_dst_ips 50>=50" */
static void
pair_of_reasons(struct detection_line *d, struct arena *a, const json_t *reasons)
{
	struct buf b = {0};

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *r = json_array_get(reasons, i), *name = json_object_get(r, "threshold");
		const char *limit = value_text(a, json_object_get(r, "limit"));
		const char *value = value_text(a, json_object_get(r, "value"));

		if (json_is_string(name) && limit != NULL && value != NULL)
			buf_printf(
			    &b, "%s%s %s>=%s", b.len > 0 ? ", " : "", json_string_value(name), value, limit);
	}
	if (b.len > 0)
		pair_add(d, "reasons", arena_printf(a, "%s", buf_cstr(&b)));
	buf_release(&b);
}

static int
actions_get(struct detection_line *d, const json_t *actions, struct err *e)
{
	if (!json_is_array(actions))
		return err_set(e, "no list 'actions'");
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const json_t *v = json_array_get(actions, i);
		int action = json_is_string(v) ? word_index(json_string_value(v), action_names, ACTS) : -1;

		if (action < 0)
			return err_set(e, "an action that is not known");
		d->actions |= 1U << action;
	}
	return 0;
}

static int
communities_get(struct proposal *p, struct arena *a, const json_t *list, struct err *e)
{
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > DETECTION_COMMUNITIES_MAX)
		return err_set(e, "'communities' is no list of at most %d", DETECTION_COMMUNITIES_MAX);
	p->has_communities = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v))
			return err_set(e, "a community that is no text");
		p->communities[p->community_count++] = arena_printf(a, "%s", json_string_value(v));
	}
	return 0;
}

static int
ttl_add(struct proposal *p, const json_t *v, struct err *e)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX ||
	    p->ttl_count == DETECTION_TTLS_MAX)
		return err_set(e, "'ttl' is no number of seconds, or list of at most %d", DETECTION_TTLS_MAX);
	p->ttls[p->ttl_count++] = (uint32_t)json_integer_value(v);
	return 0;
}

/* A number, or a list of one or more. */
static int
ttls_get(struct proposal *p, const json_t *ttl, struct err *e)
{
	if (!json_is_array(ttl) || json_array_size(ttl) == 0)
		return ttl_add(p, ttl, e);
	for (size_t i = 0; i < json_array_size(ttl); i++)
		if (ttl_add(p, json_array_get(ttl, i), e) < 0)
			return -1;
	return 0;
}

static int
blackhole_get(struct proposal *p, struct arena *a, const json_t *o, struct err *e)
{
	const json_t *hop = json_object_get(o, "next_hop"), *target = json_object_get(o, "target");
	const char *prefix;

	if (!json_is_object(o))
		return err_set(e, "it is no object");
	if (text_get(o, "prefix", &prefix, e) < 0 || prefix_parse(&p->prefix, str_from(prefix), e) < 0)
		return -1;
	/* What does not say that it is the victim is held to be the source, for which more is ruled out. */
	p->victim = json_is_string(target) && strcmp(json_string_value(target), "dst") == 0;
	p->has_next_hop = hop != NULL;
	if (hop != NULL &&
	    (!json_is_string(hop) || addr_parse(&p->next_hop, str_from(json_string_value(hop))) < 0))
		return err_set(e, "'next_hop' is no address");
	return communities_get(p, a, json_object_get(o, "communities"), e) < 0
		   ? -1
		   : ttls_get(p, json_object_get(o, "ttl"), e);
}

static int
nats_get(struct detection_line *d, const json_t *list, struct err *e)
{
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > DETECTION_NATS_MAX)
		return err_set(e, "'nat_src_hosts' is no list of at most %d", DETECTION_NATS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v) ||
		    addr_parse(&d->nat_src[d->nat_src_count++], str_from(json_string_value(v))) == -1)
			return err_set(e, "'nat_src_hosts' has what is no address");
	}
	return 0;
}

static int
members_read(struct detection_line *d, struct arena *a, json_t *o, struct err *e)
{
	const char *type, *id, *state, *rule;
	const json_t *time = json_object_get(o, "time"), *flows = json_object_get(o, "flows");

	if (text_get(o, "type", &type, e) < 0 || text_get(o, "id", &id, e) < 0 ||
	    text_get(o, "state", &state, e) < 0 || text_get(o, "rule", &rule, e) < 0)
		return -1;
	int known = word_index(state, state_names, 3);
	if (strcmp(type, "detection") != 0)
		return err_set(e, "'type' is not 'detection'");
	if (uuid_parse(d->id, id) < 0)
		return err_set(e, "'id' is no UUID");
	if (known < 0)
		return err_set(e, "'state' is none of start, update, end");
	/* Years 1970 to 9999. */
	if (!json_is_number(time) ||
	    !(json_number_value(time) >= 0 && json_number_value(time) < 253402300800.0))
		return err_set(e, "'time' is no time");
	if (!json_is_integer(flows) || json_integer_value(flows) < 0)
		return err_set(e, "'flows' is no count");
	if (!json_is_object(json_object_get(o, "key")))
		return err_set(e, "no object 'key'");
	d->id_text = arena_printf(a, "%s", id);
	d->state = (enum incident_state)known;
	d->rule = arena_printf(a, "%s", rule);
	d->time_ms = llround(json_number_value(time) * 1000);
	d->flows = (uint64_t)json_integer_value(flows);
	d->trusted = !json_is_false(json_object_get(o, "trusted"));
	d->has_blackhole = json_object_get(o, "blackhole") != NULL;
	if (d->has_blackhole && blackhole_get(&d->blackhole, a, json_object_get(o, "blackhole"), e) < 0)
		return err_wrap(e, "'blackhole'");
	if (nats_get(d, json_object_get(o, "nat_src_hosts"), e) < 0)
		return -1;
	pairs_of_key(d, a, json_object_get(o, "key"));
	d->key_count = d->pair_count;
	pairs_of_counts(d, a, o);
	pair_of_reasons(d, a, json_object_get(o, "reasons"));
	return actions_get(d, json_object_get(o, "actions"), e);
}

enum detection_result
detection_read(struct detection_line *d, struct arena *a, struct str line, struct err *e)
{
	json_error_t je;
	json_t *o = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, &je);
	enum detection_result r = DETECTION_READ;

	*d = (struct detection_line){0};
	if (o == NULL) {
		err_set(e, "not JSON: %s, column %d", je.text, je.column);
		return DETECTION_BAD;
	}
	if (!json_is_object(o)) {
		err_set(e, "not an object");
		r = DETECTION_BAD;
	} else if (json_object_get(o, "_mark") != NULL) {
		r = DETECTION_MARK;
	} else if (members_read(d, a, o, e) < 0) {
		r = DETECTION_BAD;
	}
	json_decref(o);
	return r;
}
