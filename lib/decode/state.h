/*
 * What the decoder remembers: exporters, their observation domains, and in these
 * templates, samplers and sequence numbers. For files of this room.
 */
#ifndef DECODE_STATE_H
#define DECODE_STATE_H

#include <sys/queue.h>

#include "base/map.h"
#include "decode/decode.h"
#include "decode/notes.h"
#include "decode/template.h"

/* The key of an observation domain within an exporter: v9's source id, v5's engine. */
struct domain_key {
	uint32_t id, version;
};

TAILQ_HEAD(held_list, held);

struct domain {
	struct exporter *exporter;
	struct domain_key key;
	struct map templates; /* uint16_t -> struct template * */
	unsigned kinds[2]; /* how many of them, by enum template_kind */
	int64_t init_ms; /* systemInitTimeMilliseconds, 0: unknown */
	uint32_t rate, last_rate; /* of sampling: without a sampler's id; of whatever sampler came last */
	bool in_sequence; /* next_sequence is known */
	uint32_t next_sequence;
	unsigned late_run; /* datagrams late one after the other: the exporter has started anew */
	unsigned held_count;
	struct held_list held; /* oldest first */

	/* of sFlow: a relay sends for many agents, so that the key's id is made of the agent too */
	struct addr agent;
	uint32_t sub_agent;
	struct map sources; /* of samples: struct sflow_source -> struct source_state */
};

enum name_kind { NAME_INTERFACE, NAME_ALIAS, NAME_APPLICATION, NAME_VRF, NAME_KINDS };

struct name_key {
	uint64_t id;
	uint64_t kind;
};

/* `every`: an entry for flows of domains that announce no samplers themselves; its domain is 0. */
struct sampler_key {
	uint64_t id;
	uint32_t domain, every;
};

struct exporter {
	struct addr addr;
	bool trusted;
	int64_t heard_ms, ordered_ms; /* when last; when its place in the order was last found */
	uint64_t counts[DECODE_COUNTS];
	struct map domains; /* struct domain_key -> struct domain * */
	struct domain *last_domain; /* the one of the datagram before */
	struct map names; /* struct name_key -> char * */
	struct map samplers; /* struct sampler_key -> uint32_t */
	uint32_t rate; /* of whatever sampler came last in any domain */
	uint32_t
	    rule_rate[2]; /* of sampling by the rules given: where it tells none, and whatever it tells */
	int64_t init_ms; /* likewise */
	unsigned interfaces_named;
	struct notes *notes; /* NULL unless they are asked for */
	unsigned template_count;
	uint64_t definitions; /* of templates, taken so far */
	TAILQ_HEAD(template_list, template) templates; /* least recently used first */
	TAILQ_ENTRY(exporter) order;
};

TAILQ_HEAD(exporter_list, exporter);

struct decoder {
	struct decoder_options opt;
	struct prefix *allow;
	size_t allow_count;
	struct sampling_rule *rules;
	size_t rule_count;
	struct map exporters; /* struct addr -> struct exporter * */
	struct exporter_list order[2]; /* untrusted, trusted; the most recently heard last */
	struct decoder_gauges gauges;
	uint64_t gone[DECODE_COUNTS]; /* of exporters that left */
	uint64_t changes; /* of what is worth keeping over a restart */
	struct held_list held; /* oldest first */
	struct template *fixed[8]; /* by version: 1, 5 and 7 */
	struct template_field fields[TEMPLATE_FIELDS_MAX]; /* of the definition being read */
	struct buf line; /* of counters, being written */
};

/* One datagram being decoded, or one set of it that was held back. */
struct job {
	struct decoder *d;
	struct exporter *exporter;
	struct domain *domain;
	int64_t received_ms;
	int64_t export_ms; /* by the exporter's clock */
	uint32_t uptime_ms; /* of the exporter at export */
	bool has_uptime;
	struct str flow_type;
	uint32_t header_rate; /* sampling by the header (v5, sFlow), 0: none */
	bool has_domain_id; /* the domain's id is one that the exporter shows */
};

static inline void
job_count(const struct job *j, enum decode_count c, uint64_t n)
{
	j->exporter->counts[c] += n;
}

/*
 * Whether to find its place anew in a list by last use. Once a second does: to
 * move an entry for each datagram would take two others into the cache with it.
 */
static inline bool
order_is_old(int64_t *ordered_ms, int64_t now_ms)
{
	enum { ORDER_MS = 1000 };

	if (now_ms - *ordered_ms < ORDER_MS && now_ms >= *ordered_ms)
		return false;
	*ordered_ms = now_ms;
	return true;
}

/* The exporter, made if it is new; NULL if there is no room for it. */
struct exporter *exporter_get(struct decoder *d, const struct addr *a, int64_t now_ms);
void exporter_drop(struct decoder *d, struct exporter *x);

/* The exporter, if it is known. */
struct exporter *exporter_find(const struct decoder *d, const struct addr *a);

/* Sets j->domain, made if it is new. -1 (counted) if there is no room for it. */
int domain_get(struct job *j, uint32_t version, uint32_t id);

/*
 * A datagram said that `sequence` units (flows, records, datagrams) came before
 * it, and carries `units` itself: counts what was lost.
 */
void domain_sequence(struct job *j, uint32_t sequence, uint32_t units);

struct template *domain_template(const struct domain *dom, uint16_t id);

/* The template for data that came now: NULL also if it has expired, which is counted. */
struct template *domain_template_live(struct job *j, uint16_t id);

/* Takes a definition, if new or changed, and decodes what waited for it. 1 if it was, 0 if not, -1 (counted) refused. */
int domain_define(struct job *j, enum template_kind kind, uint16_t id, const struct template_field *defs,
    unsigned count, unsigned scope_count);

/* Forgets a template; all of that kind where id is 0 (RFC 7011 §8.1). */
void domain_withdraw(struct job *j, enum template_kind kind, uint16_t id);

/* Keeps the text (cleaned) for the id, or counts that there is no room. */
void exporter_name(struct job *j, enum name_kind kind, uint64_t id, struct str text);

/* The name, or an empty one. */
struct str exporter_named(const struct exporter *x, enum name_kind kind, uint64_t id);

/* When the exporter started (systemInitTimeMilliseconds), said by options. */
void init_time_set(struct job *j, int64_t ms);

/* A sampler's rate, said by options; has_id false: of all that the domain exports. */
void sampler_set(struct job *j, bool has_id, uint64_t id, uint32_t rate);

/* One entry of the table of samplers, or counts that there is no room. */
void sampler_put(struct job *j, const struct sampler_key *key, uint32_t rate);

/* What holds where an exporter told this rate (0: none) itself. */
static inline uint32_t
sampling_by_rule(const struct exporter *x, uint32_t told)
{
	if (x->rule_rate[true] != 0)
		return x->rule_rate[true];
	return told != 0 ? told : x->rule_rate[false];
}

/* Sets what the rules say for the exporter. */
void sampling_rules_apply(const struct decoder *d, struct exporter *x);

/* The rate for flows of that sampler; for flows that name none. 0: unknown. */
uint32_t sampler_rate(const struct job *j, uint64_t id);
uint32_t sampler_default(const struct job *j);

#endif
