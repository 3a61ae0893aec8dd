/* What is never blackholed, by all that nf-bgpd knows. */
#ifndef NF_BGPD_PROTECTED_H
#define NF_BGPD_PROTECTED_H

#include "bgp/flow_rule.h"
#include "bgp/rib.h"
#include "io/protect.h"
#include "settings.h"

/* As protect_read(), and the neighbours. */
int protected_read(struct protect *p, const struct conf *c, const struct bgpd_settings *s, conf_warn_fn *warn,
    void *arg, struct err *e);

/* Whether it is protected, by what was read or as a next hop in the RIB; then words say why. */
bool protected_has(const struct protect *p, const struct rib *r, const struct prefix *which, struct err *why);

/* Whether a rule names what is protected, as where packets go to or come from. */
bool protected_has_flow(
    const struct protect *p, const struct rib *r, const struct flow_rule *f, struct err *why);

#endif
