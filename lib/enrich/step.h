/*
 * A step of the enrichment. To add one: a file with its struct step_ops, and a
 * line in the table of chain.c.
 */
#ifndef ENRICH_STEP_H
#define ENRICH_STEP_H

#include "enrich/asnum.h"
#include "enrich/ifname_poll.h"
#include "enrich/ownnet.h"
#include "enrich/pass.h"
#include "enrich/ptr_policy.h"
#include "enrich/rdns.h"
#include "enrich/routes.h"

#define STEPS_MAX 8

struct step_ops;
struct chain;

/* All that is configured. Texts last for the call that gets them. */
struct enrich_settings {
	const struct step_ops *steps[STEPS_MAX]; /* in order */
	unsigned step_count;
	const char *asn_db, *city_db; /* NULL: none */
	const char *language;
	const char *bgp_table;
	bool bgp_expected; /* somebody asked for BGP, so a missing table is worth a warning */
	struct local_as local;
	const char *labels_file; /* not NULL where label_step is among the steps */
	struct as_rules as;
	struct ownnet own; /* compiled */
	struct rdns_settings dns;
	struct ptr_policy ptr_policy; /* compiled */
	const char *ptr_out, *ptr_warm; /* NULL: none */
	bool snmp_asks; /* routers, as snmp says */
	struct ifpoll_settings snmp;
	const char *ifnames_file; /* NULL: none */
};

/* What a step knows of one address without asking anybody. Texts last until the step runs again. */
struct facts {
	uint32_t asn[AS_SOURCES]; /* 0: not known */
	struct str country; /* empty: not known */
	const struct geodb *names; /* of AS numbers; NULL: none */
};

struct step_ops {
	const char *name;

	/* Never fails: what is missing is warned of, with the remedy, and done without. */
	void *(*open)(const struct enrich_settings *s);
	void (*close)(void *state);

	/*
	 * For a step that asks others. The loop is there after attach, and goes after detach. prepare begins all
	 * that the batch needs; false: it is not here yet, and chain_ready() is called once when it is, or never
	 * will be. It is only called where the batch may wait; apply comes in any case, and takes what is there.
	 */
	void (*attach)(void *state, struct chain *c, struct loop *l); /* NULL, as the next two: asks nobody */
	void (*detach)(void *state);
	bool (*prepare)(void *state, const struct batch *b, struct arena *a);

	/* Fills in what it knows. NULL: nothing. */
	void (*tell)(const void *state, const struct addr *a, struct facts *f);

	/* Adds columns to p->b, or what it found of AS numbers to p. */
	void (*apply)(void *state, struct pass *p);

	/* Once a second, between batches. */
	void (*tick)(void *state);

	/* HUP: takes new settings, and looks anew at all that it reads. */
	void (*reload)(void *state, const struct enrich_settings *s);

	/* Appends its metrics as Prometheus text. */
	void (*metrics)(const void *state, struct buf *out);
};

extern const struct step_ops geoip_step, bgp_step, snmp_step, ptr_step, label_step;

#endif
