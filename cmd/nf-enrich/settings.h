/* From options and configuration to the settings of the chain. */
#ifndef NF_ENRICH_SETTINGS_H
#define NF_ENRICH_SETTINGS_H

#include "enrich/chain.h"
#include "io/opt.h"

/* The places in the table of options. */
enum {
	O_STEPS,
	O_ASN_DB,
	O_CITY_DB,
	O_LANGUAGE,
	O_MY_ASN,
	O_MY_PREFIX,
	O_PEER_AS,
	O_ASN_SOURCES,
	O_BGP_TABLE,
	O_LABELS,
	O_NAMESERVER,
	O_DNS_CONCURRENCY,
	O_DNS_RATE,
	O_DNS_TIMEOUT,
	O_PTR_OWN,
	O_PTR_ALLOW,
	O_PTR_DENY,
	O_SKIP_PRIVATE,
	O_PTR_OUT,
	O_PTR_WARM,
	O_WAIT,
	O_WAIT_DEADLINE,
	O_IFNAMES,
	O_SNMP_TARGET,
	O_SNMP_PORT,
	O_SNMP_COMMUNITY_FILE,
	O_SNMP_DISCOVER,
	O_SNMP_REFRESH,
	O_SNMP_CACHE,
	O_COUNT
};

/*
 * Reads all settings, at the start as at a reload: an option that was given
 * wins over the file. 0 or -1 with words. The texts are the options' or the
 * configuration's own. After success the caller releases the settings.
 */
int settings_read(struct enrich_settings *s, const struct opt *opts, const struct conf *c, struct err *e);
void settings_release(struct enrich_settings *s);

/* The part of the step snmp. */
int settings_read_snmp(
    struct enrich_settings *s, const struct opt *opts, const struct conf *c, struct err *e);
void settings_release_snmp(struct enrich_settings *s);

#endif
