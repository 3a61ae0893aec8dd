#include "ml/cell.h"

#include <math.h>

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };

static void
gap_note(struct cell *c, uint64_t began)
{
	if (began == 0)
		return;
	if (c->last != 0) {
		double gap = began > c->last ? (double)(began - c->last) : (double)(c->last - began);

		c->gaps++;
		c->gap += gap;
		c->gap_square += gap * gap;
	}
	c->last = began;
}

static void
tcp_note(struct cell *c, uint16_t flags)
{
	bool refused = (flags & RST) != 0 && (flags & PSH) == 0;

	c->tcp++;
	c->syn += (flags & SYN) != 0;
	c->rst += (flags & RST) != 0;
	c->failed += (flags & SYN) != 0 && ((flags & ACK) == 0 || refused);
}

void
cell_add(struct cell *c, struct arena *a, const struct cell_flow *f)
{
	c->flows++;
	c->packets += f->packets;
	c->bytes += f->bytes;
	c->outside += f->outside;
	if (f->packets > 0) {
		double size = (double)f->bytes / (double)f->packets;

		c->sized++;
		c->size += size;
		c->size_square += size * size;
	}
	gap_note(c, f->began);
	tally_add(&c->peers, a, f->peer, 1);
	if (f->proto == TCP)
		tcp_note(c, f->tcp_flags);
	c->udp += f->proto == UDP;
	c->icmp += f->proto == ICMP || f->proto == ICMP6;
	if (f->proto != ICMP && f->proto != ICMP6) {
		tally_add(&c->dst_ports, a, f->dst_port, 1);
		tally_add(&c->src_ports, a, f->src_port, 1);
	}
}

void
cell_prefetch(const struct cell *c, const struct cell_flow *f)
{
	tally_prefetch(&c->peers, f->peer);
	tally_prefetch(&c->dst_ports, f->dst_port);
	tally_prefetch(&c->src_ports, f->src_port);
}

void
cell_merge(struct cell *c, struct arena *a, const struct cell *b)
{
	c->flows += b->flows;
	c->packets += b->packets;
	c->bytes += b->bytes;
	c->tcp += b->tcp;
	c->udp += b->udp;
	c->icmp += b->icmp;
	c->outside += b->outside;
	c->syn += b->syn;
	c->rst += b->rst;
	c->failed += b->failed;
	c->sized += b->sized;
	c->size += b->size;
	c->size_square += b->size_square;
	c->gaps += b->gaps;
	c->gap += b->gap;
	c->gap_square += b->gap_square;
	tally_merge(&c->peers, a, &b->peers);
	tally_merge(&c->dst_ports, a, &b->dst_ports);
	tally_merge(&c->src_ports, a, &b->src_ports);
}

size_t
cell_bytes(const struct cell *c)
{
	return tally_bytes(&c->peers) + tally_bytes(&c->dst_ports) + tally_bytes(&c->src_ports);
}

static double
share(uint64_t part, uint64_t all)
{
	return all > 0 ? (double)part / (double)all : 0;
}

static double
mean(double sum, uint64_t n)
{
	return n > 0 ? sum / (double)n : 0;
}

static double
deviation(double sum, double squares, uint64_t n)
{
	double m = mean(sum, n);

	return sqrt(fmax(mean(squares, n) - m * m, 0)); /* rounding may take it below 0 */
}

/* 1 for a clock, 1/2 for chance, near 0 for bursts; 0 where two gaps are not there to tell. */
static double
regularity(const struct cell *c)
{
	double m = mean(c->gap, c->gaps);

	if (c->gaps < 2)
		return 0;
	return m > 0 ? m / (m + deviation(c->gap, c->gap_square, c->gaps)) : 1;
}

void
cell_vector(const struct cell *c, uint64_t window_ms, float values[FEATURES])
{
	const double seconds = (double)window_ms / 1000, peers = tally_distinct(&c->peers);
	const double v[FEATURES] = {
	    [FEATURE_flows] = (double)c->flows,
	    [FEATURE_packets_rate] = (double)c->packets / seconds,
	    [FEATURE_bytes_rate] = (double)c->bytes / seconds,
	    [FEATURE_packet_size_mean] = mean(c->size, c->sized),
	    [FEATURE_packet_size_stddev] = deviation(c->size, c->size_square, c->sized),
	    [FEATURE_unique_peers] = peers,
	    [FEATURE_unique_dst_ports] = tally_distinct(&c->dst_ports),
	    [FEATURE_syn_ratio] = share(c->syn, c->tcp),
	    [FEATURE_rst_ratio] = share(c->rst, c->tcp),
	    [FEATURE_failed_ratio] = share(c->failed, c->tcp),
	    [FEATURE_peer_entropy] = tally_entropy(&c->peers),
	    [FEATURE_dst_port_entropy] = tally_entropy(&c->dst_ports),
	    [FEATURE_src_port_entropy] = tally_entropy(&c->src_ports),
	    [FEATURE_tcp_share] = share(c->tcp, c->flows),
	    [FEATURE_udp_share] = share(c->udp, c->flows),
	    [FEATURE_icmp_share] = share(c->icmp, c->flows),
	    [FEATURE_fan_out] = c->flows > 0 ? fmin(peers / (double)c->flows, 1) : 0,
	    [FEATURE_regularity] = regularity(c),
	    [FEATURE_outside_share] = share(c->outside, c->flows),
	};

	for (unsigned i = 0; i < FEATURES; i++)
		values[i] = (float)v[i];
}
