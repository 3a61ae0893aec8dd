/*
 * MRT dumps of routes: TABLE_DUMP_V2 of both families, unicast (RFC 6396 §4.3),
 * with path identifiers too (RFC 8050 §4). Records of other kinds are passed
 * over. A dump is a table of peers and a record for each prefix, whose entries
 * name their peers by place in that table.
 */
#ifndef BGP_MRT_H
#define BGP_MRT_H

#include <sys/types.h>

#include "bgp/attr.h"

enum { MRT_RECORD_MAX = 16 << 20, MRT_PEERS_MAX = 65535 };

struct mrt_peer {
	struct addr addr;
	uint32_t id, asn;
};

struct mrt_route {
	struct prefix prefix;
	uint32_t path_id; /* 0: none */
	unsigned peer; /* its place in the table of peers */
	struct attrs attrs; /* as long as the call */
	struct addr next_hop;
};

struct mrt_ops {
	/* A table of peers, which holds from now on; as long as the next one does not come. */
	void (*peers)(void *arg, const struct mrt_peer *peers, unsigned n);
	void (*route)(void *arg, const struct mrt_route *r);
};

struct mrt_reader {
	const struct mrt_ops *ops;
	void *arg;
	uint64_t offset; /* of the next record, in bytes */
	uint64_t routes, refused,
	    passed; /* routes with sound attributes, and others; records of other kinds */
	struct err refusal; /* why, of the first that was refused; "" if none was */
	bool has_peers;
	struct mrt_peer *peers;
	unsigned peer_count;
	struct buf attrs, scratch;
};

void mrt_reader_init(struct mrt_reader *m, const struct mrt_ops *ops, void *arg);
void mrt_reader_release(struct mrt_reader *m);

/*
 * Takes the record that begins at p, of which `have` bytes are there: its
 * length, 0 if more is needed, -1 with words that name the byte of the dump.
 * Attributes are held against RFC 7606: a route with bad ones is left out.
 */
ssize_t mrt_read(struct mrt_reader *m, const uint8_t *p, size_t have, struct err *e);

/* At the end of the file `left` bytes were no whole record: -1 with words, unless it is 0. */
int mrt_read_end(const struct mrt_reader *m, size_t left, struct err *e);

/*
 * To write one: the peers, then for each prefix its beginning, whose place
 * mrt_rib_end wants with the number of entries that were written in between.
 * Times are in seconds since 1970.
 */
void mrt_peers_write(
    struct buf *out, uint32_t time, uint32_t our_id, const struct mrt_peer *peers, unsigned n);
size_t mrt_rib_begin(
    struct buf *out, uint32_t time, uint32_t sequence, const struct prefix *p, bool path_ids);
void mrt_rib_end(struct buf *out, size_t at, unsigned entries);

/* r->prefix is the record's. False: the attributes are more than an entry holds, and nothing was written. */
bool mrt_entry_write(struct buf *out, uint32_t time, const struct mrt_route *r, bool path_ids);

#endif
