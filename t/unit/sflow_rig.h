/* Datagrams of sFlow, written by hand. */
#ifndef SFLOW_RIG_H
#define SFLOW_RIG_H

#include "decode_rig.h"

/* Ethernet, 802.1Q 30, IPv4 10.0.0.1 > 10.0.0.2, TCP 1025 > 80, SYN. */
static const uint8_t tcp_frame[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0xe0, 30, 8, 0, /* */
    0x45, 0x10, 0, 60, 0, 0, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, /* */
    4, 1, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0};

static inline void
put_record(struct buf *dg, uint32_t format, const void *p, size_t len)
{
	buf_be32(dg, format);
	buf_be32(dg, (uint32_t)len);
	buf_add(dg, p, len);
}

static inline void
put_header_record(struct buf *dg, uint32_t protocol, const uint8_t *frame, size_t len)
{
	struct buf r = {0};

	buf_be32(&r, protocol);
	buf_be32(&r, 82); /* of the frame, with 4 bytes stripped */
	buf_be32(&r, 4);
	buf_be32(&r, (uint32_t)len);
	buf_add(&r, frame, len);
	while (r.len % 4 != 0)
		buf_putc(&r, 0);
	put_record(dg, 1, r.p, r.len);
	buf_release(&r);
}

static inline size_t
put_sample(struct buf *dg, uint32_t format)
{
	buf_be32(dg, format);
	buf_be32(dg, 0);
	return dg->len;
}

static inline void
end_sample(struct buf *dg, size_t from)
{
	set_be16(dg, from - 2, dg->len - from);
}

#define put32(dg, ...)                                                   \
	do {                                                             \
		const uint32_t v_[] = {__VA_ARGS__};                     \
		for (size_t i_ = 0; i_ < sizeof v_ / sizeof v_[0]; i_++) \
			buf_be32(dg, v_[i_]);                            \
	} while (0)

/* A record of words. */
#define put_words(dg, format, ...)                    \
	do {                                          \
		struct buf r_ = {0};                  \
		put32(&r_, __VA_ARGS__);              \
		put_record(dg, format, r_.p, r_.len); \
		buf_release(&r_);                     \
	} while (0)

#define AGENT 0xc0000201 /* 192.0.2.1, from where rig_feed() sends */

static inline void
put_sflow_of(struct buf *dg, uint32_t agent, uint32_t sequence, uint32_t samples)
{
	put32(dg, 5, 1, agent, 3, sequence, 1000, samples);
}

static inline void
put_sflow(struct buf *dg, uint32_t samples)
{
	put_sflow_of(dg, AGENT, 77, samples);
}

/* Begins a flow sample that has so many records. */
static inline size_t
put_flow(struct buf *dg, uint32_t records)
{
	size_t s = put_sample(dg, 1);

	put32(dg, 1, 5, 512, 10000, 0, 17, 18, records);
	return s;
}

/* A decoder with more options; the lines of counters are gathered. */
static inline void
sflow_line(void *arg, struct str line)
{
	buf_add(arg, line.p, line.len);
}

static inline void
rig_open_sflow(struct rig *rig, bool inner, struct buf *lines)
{
	rig_open(rig, true);
	decoder_free(rig->d);
	rig->d = decoder_new(&(struct decoder_options){.rows = &rig->rows,
	    .full = rig_full,
	    .arg = rig,
	    .live = true,
	    .inner = inner,
	    .counters = lines != NULL ? sflow_line : NULL,
	    .counters_arg = lines});
}

#endif
