/* A stream of BGP messages as a peer may send it. The first byte sets what was agreed on. */
#include <stdlib.h>

#include "bgp/segments.h"
#include "bgp/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
walk(const struct nlri *lists, unsigned n)
{
	struct prefix p;
	uint32_t id;

	for (unsigned i = 0; i < n; i++)
		for (struct rd r = lists[i].routes; rd_left(&r) > 0;)
			if (nlri_next(&r, &lists[i], &p, &id) == -1 || p.len > 128)
				abort();
}

static void
feed_update(struct rd body, const struct bgp_terms *t, struct buf *scratch, struct buf *text)
{
	struct update u;

	update_read(&u, body, t, scratch);
	if (u.verdict == VERDICT_RESET)
		return;
	walk(u.withdrawn, u.withdrawn_count);
	walk(u.announced, u.announced_count);
	text->len = 0;
	segments_list(text, u.attrs.as_path);
	communities_list(text, u.attrs.communities);
	large_communities_list(text, u.attrs.large);
	extended_communities_list(text, u.attrs.extended);
	if (segments_length(u.attrs.as_path) == 0 && segments_first(u.attrs.as_path) != 0)
		abort();
}

/* An OPEN that was taken is written so that it is taken as the same. */
static void
feed_open(struct rd body, struct buf *out)
{
	struct bgp_open o, again;
	struct bgp_error e;
	struct bgp_message m;

	if (bgp_open_read(&o, body, &e) == -1)
		return;
	out->len = 0;
	bgp_open_write(out, &o);
	if (bgp_message_read(&m, out->p, out->len, BGP_MESSAGE_MAX, &e) == -1 ||
	    bgp_open_read(&again, m.body, &e) == -1 || again.asn != (o.caps.as4 ? o.asn : o.asn & 0xffff) ||
	    again.id != o.id || again.hold != o.hold ||
	    (o.caps.families != 0 && again.caps.families != o.caps.families))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct buf scratch, text;
	struct bgp_message m;
	struct bgp_error e;
	enum bgp_family f;
	enum bgp_refresh kind;
	bool flows;
	ssize_t n;

	if (len == 0)
		return 0;
	struct bgp_terms t = {.ebgp = data[0] & 1,
	    .as4 = (data[0] & 2) != 0,
	    .families = data[0] >> 2 & 3,
	    .next_hop6 = data[0] >> 4 & 1,
	    .path_ids = data[0] >> 5 & 3};
	size_t max = (data[0] & 128) != 0 ? BGP_EXTENDED_MAX : BGP_MESSAGE_MAX;
	for (size_t at = 1; at < len; at += (size_t)n) {
		n = bgp_message_read(&m, data + at, len - at, max, &e);
		if (n <= 0)
			break;
		if (m.type == BGP_UPDATE)
			feed_update(m.body, &t, &scratch, &text);
		else if (m.type == BGP_OPEN)
			feed_open(m.body, &text);
		else if (m.type == BGP_NOTIFICATION)
			bgp_notification_read(&e, m.body);
		else if (m.type == BGP_REFRESH)
			bgp_refresh_read(&f, &flows, &kind, m.body, &e);
	}
	return 0;
}
