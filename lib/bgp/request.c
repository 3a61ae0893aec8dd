#include "bgp/request.h"

#include <string.h>

#include "base/num.h"
#include "bgp/attr.h"
#include "flow/json.h"

enum { TTL_MAX_S = 366 * 86400, TEXT_MAX = 256 };

#define TIME_MAX_MS UINT64_C(9000000000000)

/* A string value decoded into `room`; -1 with words. */
static int
take_text(struct str *out, const struct json_value *v, char room[TEXT_MAX], const char *key, struct err *e)
{
	if (v->kind != JSON_STRING || v->text.len > TEXT_MAX)
		return err_set(e, "%s: a text was expected", key);
	*out = json_text(v, room);
	return 0;
}

static int
take_number(uint64_t *out, const struct json_value *v, uint64_t max, const char *key, struct err *e)
{
	if (v->kind != JSON_NUMBER || num_parse(out, v->text, 0, max) == -1)
		return err_set(
		    e, "%s: a whole number from 0 to %llu was expected", key, (unsigned long long)max);
	return 0;
}

/*
 * A name for log files of a line each, and for whoever cuts these at blanks. Its
 * text is of no consequence, so that none is a reason to refuse a request.
 */
static int
take_name(char out[REQUEST_NAME_MAX + 1], const struct json_value *v, const char *key, struct err *e)
{
	char room[TEXT_MAX];
	struct str s = STR("");
	size_t len;

	if (take_text(&s, v, room, key, e) == -1)
		return -1;
	len = s.len < REQUEST_NAME_MAX ? s.len : REQUEST_NAME_MAX;
	for (size_t i = 0; i < len; i++) {
		bool plain =
		    s.p[i] > ' ' && s.p[i] <= '~' && s.p[i] != '"' && s.p[i] != '\\' && s.p[i] != '|';

		out[i] = plain ? s.p[i] : '_';
	}
	out[len] = '\0';
	return 0;
}

int
request_community(struct request *r, struct str text)
{
	uint8_t wire[12];
	size_t len = community_write(wire, text);

	if (len == 4 && r->community_count < REQUEST_COMMUNITIES_MAX)
		memcpy(r->communities + 4 * r->community_count++, wire, 4);
	else if (len == 12 && r->large_count < REQUEST_COMMUNITIES_MAX)
		memcpy(r->large + 12 * r->large_count++, wire, 12);
	else
		return -1;
	return 0;
}

static int
take_communities(struct request *r, const struct json_value *v, struct err *e)
{
	struct json j = {v->text.p, v->text.p + v->text.len, v->text.p};
	char room[TEXT_MAX];

	if (v->kind != JSON_ARRAY)
		return err_set(e, "communities: a list of texts was expected");
	r->has_communities = true;
	json_take(&j, '[');
	if (json_take(&j, ']'))
		return 0;
	do {
		struct json_value item;
		struct str text = STR("");

		if (json_value(&j, &item, e) == -1 || take_text(&text, &item, room, "communities", e) == -1)
			return -1;
		if (request_community(r, text) == -1)
			return err_set(e,
			    "communities: '%.*s' is none (64500:1, 64500:1:2, no-export, blackhole), or one "
			    "too many",
			    (int)text.len, text.p);
	} while (json_take(&j, ','));
	return 0;
}

static int
take_prefix(struct request *r, const struct json_value *v, struct err *e)
{
	char room[TEXT_MAX];
	struct str s = STR("");

	if (take_text(&s, v, room, "prefix", e) == -1)
		return -1;
	r->has_prefix = true;
	return prefix_parse(&r->prefix, s, e) == -1 ? err_wrap(e, "prefix") : 0;
}

static int
take_next_hop(struct request *r, const struct json_value *v, struct err *e)
{
	char room[TEXT_MAX];
	struct str s = STR("");

	if (take_text(&s, v, room, "next_hop", e) == -1)
		return -1;
	if (addr_parse(&r->next_hop, s) == -1)
		return err_set(e, "next_hop: '%.*s' is no address", (int)s.len, s.p);
	r->has_next_hop = true;
	return 0;
}

static int
take_time(bool *has, int64_t *out, const struct json_value *v, const char *key, struct err *e)
{
	uint64_t ms;

	if (take_number(&ms, v, TIME_MAX_MS, key, e) == -1)
		return -1;
	*has = true;
	*out = (int64_t)ms;
	return 0;
}

/* What tells of which packets, and what becomes of them. 1: it is none of that. */
static int
take_subject(struct request *r, bool flow, struct str key, const struct json_value *v, struct err *e)
{
	if (flow)
		return flow_rule_take(&r->flow, key, v, e);
	if (str_eq(key, STR("prefix")))
		return take_prefix(r, v, e);
	if (str_eq(key, STR("next_hop")))
		return take_next_hop(r, v, e);
	return 1;
}

static int
take_member(struct request *r, bool flow, struct str key, const struct json_value *v, struct err *e)
{
	int taken = take_subject(r, flow, key, v, e);

	if (taken != 1)
		return taken;
	if (str_eq(key, STR("communities")))
		return take_communities(r, v, e);
	if (str_eq(key, STR("ttl"))) {
		r->has_ttl = true;
		return take_number(&r->ttl, v, TTL_MAX_S, "ttl", e);
	}
	if (str_eq(key, STR("since")))
		return take_time(&r->has_since, &r->since, v, "since", e);
	if (str_eq(key, STR("expires")))
		return take_time(&r->has_expires, &r->expires, v, "expires", e);
	if (str_eq(key, STR("rule")))
		return take_name(r->rule, v, "rule", e);
	if (str_eq(key, STR("id")))
		return take_name(r->id, v, "id", e);
	return err_set(e, "unknown key '%.*s'", (int)(key.len < 64 ? key.len : 64), key.p);
}

static int
read_members(struct request *r, bool flow, struct json *j, struct err *e)
{
	struct str seen[32];
	unsigned n = 0;

	do {
		struct json_value key, value;

		if (json_value(j, &key, e) == -1)
			return -1;
		if (key.kind != JSON_STRING || !json_take(j, ':'))
			return err_set(e, "an object of JSON was expected");
		if (json_value(j, &value, e) == -1)
			return -1;
		for (unsigned i = 0; i < n; i++)
			if (str_eq(seen[i], key.text))
				return err_set(
				    e, "the key '%.*s' comes twice", (int)key.text.len, key.text.p);
		if (take_member(r, flow, key.text, &value, e) == -1)
			return -1;
		seen[n++] = key.text; /* known and once: no more than there are */
	} while (json_take(j, ','));
	return 0;
}

static int
parse(struct request *r, bool flow, struct str json, struct err *e)
{
	struct json j = {json.p, json.p + json.len, json.p};

	*r = (struct request){0};
	if (!json_take(&j, '{'))
		return err_set(e, "an object of JSON was expected");
	if (!json_take(&j, '}')) {
		if (read_members(r, flow, &j, e) == -1)
			return -1;
		if (!json_take(&j, '}'))
			return json_unexpected(&j, "',' or '}'", e);
	}
	json_space(&j);
	if (j.p != j.end)
		return json_unexpected(&j, "the end", e);
	return 0;
}

int
request_parse(struct request *r, struct str json, struct err *e)
{
	if (parse(r, false, json, e) == -1)
		return -1;
	return r->has_prefix ? 0 : err_set(e, "prefix: missing");
}

int
request_parse_flow(struct request *r, struct str json, struct err *e)
{
	return parse(r, true, json, e) == -1 ? -1 : flow_rule_check(&r->flow, e);
}
