/*
 * Datagrams of flow exporters in, rows of flows out. Pure: no descriptors, no
 * clock; the time of receipt comes with the datagram.
 *
 * NetFlow v1, v5, v7 (Cisco), v9 (RFC 3954), IPFIX (RFC 7011), sFlow v5
 * (sflow.org). What one exporter sends never costs another's flows: a bad
 * record, set or template is counted (decode/counts.def) and the rest of the
 * datagram is still read; of what is cut short, what is whole is taken.
 *
 * Memory is bounded: see the caps below. A template that exceeds its exporter's
 * cap displaces that exporter's least recently used one. An exporter beyond the
 * cap displaces the one silent for longest: an untrusted one, or one of its own
 * kind that was silent for EXPORTER_IDLE_MS; if there is none it is refused, so
 * a flood of forged addresses does not drive out those who are at work. Domains,
 * names and samplers beyond their exporter's caps are refused and counted; what
 * goes beyond a cap in all makes room in the same way as a new exporter does. Of
 * data sets held back the oldest leaves.
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "flow/builder.h"

enum {
	EXPORTERS_MAX = 16384,
	EXPORTER_IDLE_MS = 60 * 1000,
	DOMAINS_MAX = 256, /* of one exporter */
	DOMAINS_ALL_MAX = 65536,
	TEMPLATES_MAX = 1024, /* of one exporter */
	TEMPLATES_ALL_MAX = 16384,
	TEMPLATE_FIELDS_MAX = 256,
	NAMES_MAX = 16384, /* interface, application and VRF names of one exporter */
	NAMES_ALL_MAX = 262144,
	NAME_BYTES_MAX = 128,
	SAMPLERS_MAX = 1024, /* of one exporter */
	SAMPLERS_ALL_MAX = 65536,
	HELD_BYTES_MAX = 4 << 20, /* of data sets whose template has not come yet */
	HELD_SETS_MAX = 64, /* of one observation domain */
	SOURCES_MAX = 4096, /* of samples of one sFlow sub-agent */
	SOURCES_ALL_MAX = 65536,
};

enum decode_count {
#define COUNT(name, metric, label, doc) COUNT_##name,
#include "decode/counts.def"
#undef COUNT
	DECODE_COUNTS
};

struct decode_count_info {
	const char *metric, *label, *doc;
};

extern const struct decode_count_info decode_counts[DECODE_COUNTS];

struct datagram {
	struct addr exporter; /* the source address */
	int64_t received_ms;
	const uint8_t *p;
	size_t len;
};

struct decoder_options {
	struct builder *rows; /* where flows go */
	/* Called when `rows` is full: must take what is there and reset it. */
	void (*full)(void *arg, struct builder *rows);
	void *arg;
	bool live; /* clamp times to [receipt - 1 day, receipt + 5 minutes] */
	/*
	 * RFC 7011 §8.4: data of a template that was not sent again for so long are
	 * held back until it is. 0: it holds until it is replaced or withdrawn.
	 */
	int64_t template_lifetime_ms;
	bool notes; /* take notes for decoder_explain() */
	bool
	    in_sessions; /* over TCP: nothing is lost, and each session counts its own records (RFC 7011 §3.1) */
	bool inner; /* of sampled packets in tunnels, tell of the innermost (decode/packet.h) */
	/* Called for each counter sample of sFlow, with a line of JSON; NULL: they are only counted. */
	void (*counters)(void *counters_arg, struct str line);
	void *counters_arg;
};

struct decoder;

struct decoder *decoder_new(const struct decoder_options *o);
void decoder_free(struct decoder *d);

/* The exporters to be trusted, copied; with none, all are. May be set again at any time. */
void decoder_allow(struct decoder *d, const struct prefix *list, size_t n);

/*
 * The sampling rates of exporters that tell none (`override` false), or whatever
 * they tell. Copied; of several that hold an exporter the longest prefix wins.
 * May be set again at any time.
 */
struct sampling_rule {
	struct prefix exporters;
	uint32_t rate;
	bool override;
};

void decoder_sampling(struct decoder *d, const struct sampling_rule *list, size_t n);

/* Decodes one datagram into the rows. */
void decoder_datagram(struct decoder *d, const struct datagram *dg);

/* Everything counted, those exporters included that have left the table. */
void decoder_totals(const struct decoder *d, uint64_t counts[DECODE_COUNTS]);

struct decoder_gauges {
	uint64_t exporters, domains, templates, names, samplers, held_bytes, sources;
	uint64_t exporters_refused; /* datagrams of exporters for whom there was no room */
	uint64_t exporters_dropped; /* exporters who made room for others */
};

void decoder_gauges(const struct decoder *d, struct decoder_gauges *g);

/* Calls fn for each exporter, the most recently heard first, until fn says false. */
struct exporter_view {
	const struct addr *addr;
	bool trusted;
	const uint64_t *counts;
};

void decoder_exporters(
    const struct decoder *d, bool (*fn)(void *arg, const struct exporter_view *v), void *arg);

#endif
