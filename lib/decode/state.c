#include "decode/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/held.h"
#include "decode/text.h"

static bool
is_trusted(const struct decoder *d, const struct addr *a)
{
	for (size_t i = 0; i < d->allow_count; i++)
		if (prefix_contains(&d->allow[i], a))
			return true;
	return d->allow_count == 0;
}

static void
domain_free(struct decoder *d, struct domain *dom)
{
	size_t it = 0;
	const void *key;
	void *val;

	held_forget(d, dom);
	while (map_next(&dom->templates, &it, &key, &val))
		template_free(*(struct template **)val);
	map_release(&dom->templates);
	d->gauges.sources -= dom->sources.count;
	map_release(&dom->sources);
	free(dom);
}

void
exporter_drop(struct decoder *d, struct exporter *x)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&x->domains, &it, &key, &val))
		domain_free(d, *(struct domain **)val);
	it = 0;
	while (map_next(&x->names, &it, &key, &val))
		free(*(char **)val);
	d->gauges.domains -= x->domains.count;
	d->gauges.names -= x->names.count;
	d->gauges.samplers -= x->samplers.count;
	d->gauges.templates -= x->template_count;
	d->gauges.exporters--;
	for (unsigned i = 0; i < DECODE_COUNTS; i++)
		d->gone[i] += x->counts[i];
	TAILQ_REMOVE(&d->order[x->trusted], x, order);
	map_delete(&d->exporters, &x->addr);
	map_release(&x->domains);
	map_release(&x->names);
	map_release(&x->samplers);
	free(x->notes);
	free(x);
}

/* Drops the exporter that must make room for a new one of that kind. -1: there is none. */
static int
make_room(struct decoder *d, bool trusted, int64_t now_ms)
{
	struct exporter *x = TAILQ_FIRST(&d->order[false]);

	if (x == NULL || !trusted) {
		x = TAILQ_FIRST(&d->order[trusted]);
		if (x == NULL || now_ms - x->heard_ms < EXPORTER_IDLE_MS)
			return -1;
	}
	exporter_drop(d, x);
	d->gauges.exporters_dropped++;
	return 0;
}

struct exporter *
exporter_find(const struct decoder *d, const struct addr *a)
{
	struct exporter **known = map_get(&d->exporters, a);

	return known != NULL ? *known : NULL;
}

struct exporter *
exporter_get(struct decoder *d, const struct addr *a, int64_t now_ms)
{
	struct exporter *x = exporter_find(d, a);

	if (x != NULL) {
		x->heard_ms = now_ms;
		if (order_is_old(&x->ordered_ms, now_ms)) {
			TAILQ_REMOVE(&d->order[x->trusted], x, order);
			TAILQ_INSERT_TAIL(&d->order[x->trusted], x, order);
		}
		return x;
	}
	bool trusted = is_trusted(d, a);
	if (d->exporters.count >= EXPORTERS_MAX && make_room(d, trusted, now_ms) < 0)
		return NULL;
	x = mem_zero(1, sizeof *x);
	x->addr = *a;
	x->trusted = trusted;
	x->heard_ms = x->ordered_ms = now_ms;
	sampling_rules_apply(d, x);
	x->notes = d->opt.notes ? mem_zero(1, sizeof *x->notes) : NULL;
	map_init(&x->domains, sizeof(struct domain_key), sizeof(struct domain *));
	map_init(&x->names, sizeof(struct name_key), sizeof(char *));
	map_init(&x->samplers, sizeof(struct sampler_key), sizeof(uint32_t));
	TAILQ_INIT(&x->templates);
	TAILQ_INSERT_TAIL(&d->order[trusted], x, order);
	*(struct exporter **)map_put(&d->exporters, a, NULL) = x;
	d->gauges.exporters++;
	return x;
}

void
decoder_allow(struct decoder *d, const struct prefix *list, size_t n)
{
	size_t it = 0;
	const void *key;
	void *val;

	free(d->allow);
	d->allow = mem_zero(n, sizeof *list);
	d->allow_count = n;
	if (n > 0)
		memcpy(d->allow, list, n * sizeof *list);
	while (map_next(&d->exporters, &it, &key, &val)) {
		struct exporter *x = *(struct exporter **)val;

		TAILQ_REMOVE(&d->order[x->trusted], x, order);
		x->trusted = is_trusted(d, &x->addr);
		TAILQ_INSERT_TAIL(&d->order[x->trusted], x, order);
	}
}

/* Whether one more fits under a cap in all, if need be because other exporters make room. */
static bool
room_for(struct job *j, const uint64_t *used, uint64_t max)
{
	while (*used >= max)
		if (make_room(j->d, j->exporter->trusted, j->received_ms) < 0)
			return false;
	return true;
}

int
domain_get(struct job *j, uint32_t version, uint32_t id)
{
	struct exporter *x = j->exporter;
	struct domain_key key = {id, version};
	struct domain *dom = x->last_domain;

	if (dom == NULL || memcmp(&dom->key, &key, sizeof key) != 0) {
		struct domain **known = map_get(&x->domains, &key);

		dom = known != NULL ? *known : NULL;
	}
	if (dom == NULL) {
		if (x->domains.count >= DOMAINS_MAX || !room_for(j, &j->d->gauges.domains, DOMAINS_ALL_MAX)) {
			job_count(j, COUNT_CAP_DOMAINS, 1);
			return -1;
		}
		dom = mem_zero(1, sizeof *dom);
		dom->exporter = x;
		dom->key = key;
		map_init(&dom->templates, sizeof(uint16_t), sizeof(struct template *));
		TAILQ_INIT(&dom->held);
		*(struct domain **)map_put(&x->domains, &key, NULL) = dom;
		j->d->gauges.domains++;
	}
	x->last_domain = dom;
	j->domain = dom;
	return 0;
}

void
domain_sequence(struct job *j, uint32_t sequence, uint32_t units)
{
	/* Beyond these the exporter has started anew, or is another behind the same address. */
	enum { LOST_MAX = 1 << 20, LATE_MAX = 1 << 12, LATE_RUN_MAX = 16 };
	struct domain *dom = j->domain;
	int32_t ahead = (int32_t)(sequence - dom->next_sequence);

	if (j->d->opt.in_sessions)
		return;
	if (dom->in_sequence && ahead < 0 && ahead >= -LATE_MAX && dom->late_run++ < LATE_RUN_MAX) {
		uint64_t *lost = &j->exporter->counts[COUNT_LOST];

		/* What was counted as lost has come late. */
		*lost -= *lost < units ? *lost : units;
		job_count(j, COUNT_LATE, 1);
		return;
	}
	if (dom->in_sequence && ahead > 0 && ahead <= LOST_MAX)
		job_count(j, COUNT_LOST, (uint64_t)ahead);
	else if (dom->in_sequence && ahead != 0)
		job_count(j, COUNT_RESETS, 1);
	dom->next_sequence = sequence + units;
	dom->in_sequence = true;
	dom->late_run = 0;
}

struct template *
domain_template(const struct domain *dom, uint16_t id)
{
	struct template **t = map_get(&dom->templates, &id);

	return t != NULL ? *t : NULL;
}

struct template *
domain_template_live(struct job *j, uint16_t id)
{
	struct template *t = domain_template(j->domain, id);
	int64_t lifetime = j->d->opt.template_lifetime_ms;

	if (t == NULL || lifetime == 0 || j->received_ms - t->defined_ms <= lifetime)
		return t;
	job_count(j, COUNT_EXPIRED, !t->expired);
	t->expired = true;
	return NULL;
}

static void
template_drop(struct decoder *d, struct template *t)
{
	struct exporter *x = t->domain->exporter;

	TAILQ_REMOVE(&x->templates, t, used);
	map_delete(&t->domain->templates, &t->id);
	x->template_count--;
	t->domain->kinds[t->kind]--;
	d->changes++;
	d->gauges.templates--;
	template_free(t);
}

int
domain_define(struct job *j, enum template_kind kind, uint16_t id, const struct template_field *defs,
    unsigned count, unsigned scope_count)
{
	struct exporter *x = j->exporter;
	struct template *old = domain_template(j->domain, id);

	if (old != NULL && template_same(old, kind, defs, count, scope_count)) {
		old->defined_ms = j->received_ms;
		if (old->expired) {
			old->expired = false;
			held_release(j, old);
		}
		return 0;
	}
	struct template *t = template_new(kind, id, defs, count, scope_count);
	if (t == NULL) {
		job_count(j, COUNT_BAD_TEMPLATE, 1);
		return -1;
	}
	uint32_t redefined = old != NULL ? old->redefined + 1 : 0;
	if (old != NULL)
		template_drop(j->d, old);
	if (x->template_count >= TEMPLATES_MAX) {
		job_count(j, COUNT_CAP_TEMPLATES, 1);
		template_drop(j->d, TAILQ_FIRST(&x->templates));
	}
	if (!room_for(j, &j->d->gauges.templates, TEMPLATES_ALL_MAX)) {
		job_count(j, COUNT_CAP_TEMPLATES, 1);
		template_free(t);
		return -1;
	}
	t->domain = j->domain;
	t->defined_ms = j->received_ms;
	t->redefined = redefined;
	j->d->changes++;
	TAILQ_INSERT_TAIL(&x->templates, t, used);
	*(struct template **)map_put(&j->domain->templates, &id, NULL) = t;
	x->template_count++;
	x->definitions++;
	t->domain->kinds[kind]++;
	j->d->gauges.templates++;
	job_count(j, COUNT_TEMPLATES, 1);
	held_release(j, t);
	return 1;
}

static void
withdraw_all(struct job *j, enum template_kind kind)
{
	uint16_t ids[TEMPLATES_MAX];
	unsigned n = 0;
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&j->domain->templates, &it, &key, &val) && n < TEMPLATES_MAX) {
		const struct template *t = *(struct template **)val;

		if (t->kind == kind)
			ids[n++] = t->id;
	}
	for (unsigned i = 0; i < n; i++)
		template_drop(j->d, domain_template(j->domain, ids[i]));
	job_count(j, COUNT_WITHDRAWN, n);
}

void
domain_withdraw(struct job *j, enum template_kind kind, uint16_t id)
{
	struct template *t = domain_template(j->domain, id);

	if (t != NULL && t->kind == kind) {
		template_drop(j->d, t);
		job_count(j, COUNT_WITHDRAWN, 1);
	}
	if (id == 0 && j->domain->kinds[kind] > 0)
		withdraw_all(j, kind);
}

void
exporter_name(struct job *j, enum name_kind kind, uint64_t id, struct str text)
{
	struct exporter *x = j->exporter;
	struct name_key key = {id, kind};
	char clean[NAME_BYTES_MAX];
	size_t len = text_clean(clean, sizeof clean, text);
	char **known = map_get(&x->names, &key);

	if (len == 0)
		return;
	if (known == NULL) {
		if (x->names.count >= NAMES_MAX || !room_for(j, &j->d->gauges.names, NAMES_ALL_MAX)) {
			job_count(j, COUNT_CAP_NAMES, 1);
			return;
		}
		known = map_put(&x->names, &key, NULL);
		j->d->gauges.names++;
		x->interfaces_named += kind == NAME_INTERFACE || kind == NAME_ALIAS;
	} else if (strlen(*known) == len && memcmp(*known, clean, len) == 0) {
		return;
	}
	free(*known);
	*known = mem_strndup(clean, len);
	j->d->changes++;
}

struct str
exporter_named(const struct exporter *x, enum name_kind kind, uint64_t id)
{
	struct name_key key = {id, kind};
	char **name = map_get(&x->names, &key);

	return name != NULL ? str_from(*name) : STR("");
}

void
init_time_set(struct job *j, int64_t ms)
{
	j->d->changes += j->domain->init_ms != ms;
	j->exporter->init_ms = j->domain->init_ms = ms;
}

static void
rate_set(struct job *j, uint32_t *rate, uint32_t to)
{
	j->d->changes += *rate != to;
	*rate = to;
}

void
sampler_put(struct job *j, const struct sampler_key *key, uint32_t rate)
{
	struct map *samplers = &j->exporter->samplers;
	uint32_t *known = map_get(samplers, key);

	if (known == NULL) {
		if (samplers->count >= SAMPLERS_MAX ||
		    !room_for(j, &j->d->gauges.samplers, SAMPLERS_ALL_MAX)) {
			job_count(j, COUNT_CAP_NAMES, 1);
			return;
		}
		known = map_put(samplers, key, NULL);
		j->d->gauges.samplers++;
	}
	rate_set(j, known, rate);
}

void
sampler_set(struct job *j, bool has_id, uint64_t id, uint32_t rate)
{
	struct exporter *x = j->exporter;
	struct sampler_key keys[2] = {{id, j->domain->key.id, 0}, {id, 0, 1}};

	/* PTX announces a second sampler with interval 0, which is none. */
	if (rate == 0)
		return;
	rate_set(j, &x->rate, rate);
	rate_set(j, &j->domain->last_rate, rate);
	if (!has_id) {
		rate_set(j, &j->domain->rate, rate);
		return;
	}
	for (int i = 0; i < 2; i++)
		sampler_put(j, &keys[i], rate);
}

uint32_t
sampler_default(const struct job *j)
{
	if (j->header_rate != 0)
		return j->header_rate;
	if (j->domain->rate != 0)
		return j->domain->rate;
	if (j->domain->last_rate != 0)
		return j->domain->last_rate;
	return j->exporter->rate != 0 ? j->exporter->rate : j->exporter->rule_rate[false];
}

/* C9300 announces samplers in another domain than that of its flows; C7600 means the last one by 0. */
uint32_t
sampler_rate(const struct job *j, uint64_t id)
{
	struct sampler_key own = {id, j->domain->key.id, 0}, any = {id, 0, 1};
	uint32_t *rate = map_get(&j->exporter->samplers, &own);

	if (rate == NULL)
		rate = map_get(&j->exporter->samplers, &any);
	job_count(j, COUNT_NO_SAMPLER, rate == NULL && id != 0);
	return rate != NULL ? *rate : sampler_default(j);
}
