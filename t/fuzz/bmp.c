/* A stream of BMP as a router may send it, and the UPDATEs in it. */
#include <stdlib.h>

#include "bgp/bmp.h"
#include "bgp/rib_update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
feed_routes(struct rib *rib, struct bmp_up *up, const struct bmp_message *m)
{
	static struct buf scratch[2];
	struct update u;
	struct err e = {""};

	if (bmp_update_read(&u, up, m, scratch, &e) == -1) {
		if (e.msg[0] == '\0')
			abort();
		return;
	}
	if (u.verdict != VERDICT_RESET)
		rib_update(rib, 0, &u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bmp_up up = {.terms = {.families = 1 << BGP_IPV4 | 1 << BGP_IPV6}};
	struct bmp_message m;
	struct err e, why;
	struct rib rib;
	char name[16];
	ssize_t n;

	rib_init(&rib, 64500, 1, 1);
	rib_peer_add(&rib, &(struct rib_peer){.asn = 64496});
	for (size_t at = 0; (n = bmp_message_read(&m, data + at, len - at, &e)) > 0; at += (size_t)n) {
		if ((size_t)n > len - at || (m.type == BMP_ROUTES && rd_left(&m.body) > (size_t)n))
			abort();
		if (m.type == BMP_ROUTES)
			feed_routes(&rib, &up, &m);
		else if (m.type == BMP_PEER_UP)
			bmp_up_read(&up, m.body, &e);
		else if (m.type == BMP_PEER_DOWN)
			bmp_down_read(&why, m.body, &e);
		else if (m.type == BMP_INITIATION && bmp_name_read(name, sizeof name, m.body, &e) == 0 &&
			 strlen(name) >= sizeof name)
			abort();
		else if (m.type == BMP_TERMINATION)
			bmp_end_read(&why, m.body, &e);
	}
	rib_release(&rib);
	return 0;
}
