#include "capture.h"

#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "decode/packet.h"
#include "io/metrics.h"

enum { FILES_MAX = 1024, BUFFER = 256 << 10 };

struct capture_file {
	pcap_t *pcap;
	const char *path;
	enum packet_link link;
	bool piped; /* may pause, so that each packet is worth a word to the decoder */
};

struct capture {
	struct source *source;
	struct forward *forward; /* NULL: nowhere */
	bool started;
	atomic_bool ended, failed;
	pthread_t thread;
	unsigned count;
	struct capture_file files[FILES_MAX];
	_Atomic uint64_t packets, exports, fragments, others;
};

struct capture *
capture_new(void)
{
	return mem_zero(1, sizeof(struct capture));
}

void
capture_feed(struct capture *c, struct source *s)
{
	c->source = s;
}

void
capture_forward(struct capture *c, struct forward *f)
{
	c->forward = f;
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->started)
		pthread_join(c->thread, NULL);
	for (unsigned i = 0; i < c->count; i++)
		pcap_close(c->files[i].pcap);
	free(c);
}

bool
capture_running(const struct capture *c)
{
	return c->started && !atomic_load(&c->ended);
}

bool
capture_failed(const struct capture *c)
{
	return atomic_load(&c->failed);
}

static int
link_of(enum packet_link *link, int type)
{
	static const struct {
		int type;
		enum packet_link link;
	} links[] = {
	    {DLT_EN10MB, PACKET_ETHERNET},
	    {DLT_RAW, PACKET_IP},
	    {DLT_IPV4, PACKET_IP},
	    {DLT_IPV6, PACKET_IP},
	    {DLT_NULL, PACKET_LOOP},
	    {DLT_LOOP, PACKET_LOOP},
	    {DLT_LINUX_SLL, PACKET_SLL},
	    {DLT_LINUX_SLL2, PACKET_SLL2},
	};

	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (links[i].type == type) {
			*link = links[i].link;
			return 0;
		}
	return -1;
}

int
capture_add(struct capture *c, const char *path, struct err *e)
{
	struct capture_file *f = &c->files[c->count];
	char words[PCAP_ERRBUF_SIZE] = "";

	if (c->count == FILES_MAX)
		return err_set(e, "more than %d capture files", FILES_MAX);
	f->piped = strcmp(path, "-") == 0;
	f->path = f->piped ? "stdin" : path;
	FILE *in = f->piped ? stdin : fopen(path, "rb");
	if (in == NULL)
		return err_sys(e, "%s", path);
	/* The library's own choice of 4 KiB costs a system call for every few packets. */
	setvbuf(in, NULL, _IOFBF, BUFFER);
	f->pcap = pcap_fopen_offline(in, words);
	if (f->pcap == NULL) {
		fclose(in);
		return err_set(e, "%s: no capture file: %s", f->path, words);
	}
	c->count++;
	int type = pcap_datalink(f->pcap);
	if (link_of(&f->link, type) == -1) {
		const char *name = pcap_datalink_val_to_name(type);

		return err_set(e,
		    "%s: link type %d (%s); Ethernet, raw IP, loopback and Linux cooked captures are read",
		    f->path, type, name != NULL ? name : "unknown");
	}
	return 0;
}

/* NetFlow has its version in the first two bytes, sFlow in the first four. */
static bool
is_export(struct str payload)
{
	const uint8_t *p = (const uint8_t *)payload.p;

	if (payload.len < 4)
		return false;
	switch (load_be16(p)) {
	case 1:
	case 5:
	case 7:
	case 9:
	case 10:
		return true;
	default:
		return load_be32(p) == 5;
	}
}

/* Waits for room rather than lose what a file holds. False: the end was asked for. */
static bool
pass_on(struct source *s, const struct packet *p, int64_t when)
{
	struct message *m;

	while ((m = ring_reserve(s->ring, sizeof *m + p->payload.len)) == NULL) {
		if (atomic_load(&s->stop))
			return false;
		ring_wake(s->ring);
		ring_wait(s->ring);
	}
	m->exporter = p->src;
	m->received_ms = when;
	memcpy(m->bytes, p->payload.p, p->payload.len);
	ring_put(s->ring, sizeof *m + p->payload.len);
	return true;
}

static void
count(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* False: the end was asked for. */
static bool
take_packet(struct capture *c, const struct capture_file *f, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct packet p;

	count(&c->packets);
	packet_parse(&p, f->link, bytes, h->caplen);
	if (p.fragment) {
		count(&c->fragments);
		return true;
	}
	if (!is_export(p.payload)) {
		count(&c->others);
		return true;
	}
	count(&c->exports);
	if (c->forward != NULL) {
		forward_put(c->forward, &p.src, p.src_port, p.payload.p, p.payload.len);
		forward_wake(c->forward);
	}
	return pass_on(c->source, &p, (int64_t)h->ts.tv_sec * 1000 + h->ts.tv_usec / 1000);
}

static void
read_file(struct capture *c, const struct capture_file *f)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	uint64_t n = 0;
	int got = 1;

	while (!atomic_load_explicit(&c->source->stop, memory_order_relaxed) &&
	       (got = pcap_next_ex(f->pcap, &h, &bytes)) == 1) {
		if (!take_packet(c, f, h, bytes))
			return;
		n++;
		if (f->piped)
			ring_wake(c->source->ring);
	}
	if (got == PCAP_ERROR) {
		log_warnx("%s: after %llu packets: %s", f->path, (unsigned long long)n, pcap_geterr(f->pcap));
		atomic_store(&c->failed, true);
	}
}

static void *
run(void *arg)
{
	struct capture *c = arg;

	for (unsigned i = 0; i < c->count && !atomic_load(&c->source->stop); i++)
		read_file(c, &c->files[i]);
	atomic_store(&c->ended, true);
	atomic_store(&c->source->done, true);
	ring_wake(c->source->ring);
	return NULL;
}

int
capture_start(struct capture *c, struct err *e)
{
	int error = pthread_create(&c->thread, NULL, run, c);

	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	c->started = true;
	return 0;
}

void
capture_stop(struct capture *c)
{
	if (c->source == NULL)
		return;
	atomic_store(&c->source->stop, true);
	atomic_store(&c->source->done, true);
	ring_wake(c->source->ring);
}

void
capture_metrics(const struct capture *c, struct buf *out)
{
	const struct {
		const char *what;
		const _Atomic uint64_t *n;
	} kinds[] = {
	    {"kind=\"export\"", &c->exports},
	    {"kind=\"fragment\"", &c->fragments},
	    {"kind=\"other\"", &c->others},
	};

	metrics_head(out, "nf_collect_packets_total",
	    "packets of capture files: flow exports, fragments, and what is neither", METRIC_COUNTER);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		metrics_sample(out, "nf_collect_packets_total", kinds[i].what, atomic_load(kinds[i].n));
}
