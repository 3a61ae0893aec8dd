/*
 * sFlow version 5 (sflow.org, "sFlow Version 5", July 2004, with its later
 * structures), as its files share it. Numbers are big-endian words; what is not
 * a whole number of words is padded to one.
 */
#ifndef DECODE_SFLOW_H
#define DECODE_SFLOW_H

#include "decode/state.h"

/* One datagram. */
struct sflow {
	struct job *job;
	struct addr exporter; /* the agent; the sender where the agent is not known or not to be believed */
	uint32_t sub_agent;
};

/* Where a sample was taken: interface, VLAN, entity or logical port. */
struct sflow_source {
	uint32_t kind, index;
};

/* One word of both, or a word each. */
int sflow_source_read(struct sflow_source *source, struct rd *r, bool expanded);

/* IPv4, IPv6, or type 0 without an address, which is all zero then. */
int sflow_address(struct rd *r, struct addr *a);

/*
 * One record about a sampled packet into the row that was begun last: 0, also
 * where it is of a kind that we do not use, or -1 where it is cut short.
 */
int sflow_record(struct job *j, uint32_t format, struct rd r);
int sflow_extended(struct job *j, uint32_t format, struct rd r);

/*
 * A flow sample of this source, with the running number of it and what the
 * agent could not sample so far: counts what is missing since the one before.
 * Where there is no room to remember the source, nothing is counted.
 */
void sflow_source_note(struct job *j, const struct sflow_source *source, uint32_t sequence, uint32_t drops);

/* Counters (§5.2.3) to those who want them, as a line of JSON. -1: cut short. */
int sflow_counters(struct sflow *s, struct rd r, bool expanded);

#endif
