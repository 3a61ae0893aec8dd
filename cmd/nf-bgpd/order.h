/* --flush and --arm: told to the nf-bgpd that runs, or where none does, written to its ledger. */
#ifndef NF_BGPD_ORDER_H
#define NF_BGPD_ORDER_H

#include <stdbool.h>

#include "io/conf.h"

enum order { ORDER_NONE, ORDER_FLUSH, ORDER_ARM };

/* `socket` NULL: where the configuration says. What became of it goes to stdout; the exit status. */
int order_give(enum order o, const struct conf *c, const char *socket);

#endif
