/* How the keys of one rule are read: shared by the files of the rule parser only. */
#ifndef DETECT_RULE_KEYS_H
#define DETECT_RULE_KEYS_H

#include "detect/rules.h"

struct rule_reader {
	struct rule *rule;
	struct arena *arena;
	const struct host_groups *host_groups;
	bool same[5]; /* same_src_ip, same_dst_ip, same_src_port, same_dst_port, given as true */
	const struct rules_options *options;
};

/* Reads all keys of the map; each is known and well-formed by itself. */
int rule_keys_read(struct rule_reader *rr, const struct cnode *map, struct err *e);

/* The value of a threshold by its name: 0 and the threshold in *l, 1 if there is none of this name, -1 with words. */
int rule_limit_read(const struct cnode *n, enum rule_limit *l, uint64_t *v, struct err *e);

/* rule_limits.c: the keys host_groups and above_baseline. */
int rule_overrides_read(struct rule_reader *rr, const struct cnode *map, struct err *e);
int rule_baseline_read(uint32_t *hundredths, const struct cnode *n, struct err *e);

/* What keys mean together: completes the rule or finds what contradicts. */
int rule_complete(struct rule_reader *rr, const struct cnode *map, struct err *e);

/* "S", "S/SA", "!ack", "SYN-ACK": adds to the flags that are asked to be set and clear. */
int tcp_flags_parse(struct str s, uint16_t *set, uint16_t *clear, struct err *e);
void tcp_flags_print(uint16_t mask, uint16_t value, struct buf *out); /* "syn, !ack" */

#endif
