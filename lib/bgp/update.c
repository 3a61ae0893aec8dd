#include "bgp/update.h"

#include <string.h>

/* RFC 4271 §6.3: the lengths, and RFC 7606 §5.3: the routes, of which there is no guessing. */
static int
read_parts(struct update *u, struct rd r, struct rd *withdrawn, struct rd *attrs, struct rd *routes)
{
	uint16_t len;

	if (rd_be16(&r, &len) == -1 || rd_sub(&r, withdrawn, len) == -1 || rd_be16(&r, &len) == -1 ||
	    rd_sub(&r, attrs, len) == -1)
		return bgp_error_set(&u->error, BGP_ERR_UPDATE, BGP_UPDATE_ATTRIBUTES,
		    "an UPDATE whose lengths contradict each other");
	*routes = r;
	return 0;
}

static int
check_routes(struct update *u, const struct nlri *n, const char *what)
{
	struct err e;

	if (nlri_check(n, &e) == 0)
		return 0;
	return bgp_error_set(&u->error, BGP_ERR_UPDATE, BGP_UPDATE_NETWORK, "%s: %s", what, e.msg);
}

/* RFC 4724 §2: nothing at all, or an MP_UNREACH_NLRI without routes. */
static void
look_for_end(struct update *u, const struct attrs_read *a, bool nothing)
{
	if (nothing) {
		u->end_of_rib = true;
		u->family = BGP_IPV4;
	} else if (a->has_unreach && rd_left(&a->unreach.routes) == 0 && u->withdrawn_count == 0 &&
		   u->announced_count == 0) {
		u->end_of_rib = true;
		u->family = a->unreach.family;
	}
}

void
update_read(struct update *u, struct rd body, const struct bgp_terms *t, struct buf *scratch)
{
	struct nlri old = {.family = BGP_IPV4, .path_ids = (t->path_ids >> BGP_IPV4 & 1) != 0};
	struct nlri gone = old, came = old;
	struct rd attrs;
	struct attrs_read a;
	bool ours = (t->families >> BGP_IPV4 & 1) != 0;

	*u = (struct update){.verdict = VERDICT_RESET};
	if (read_parts(u, body, &gone.routes, &attrs, &came.routes) == -1 ||
	    check_routes(u, &gone, "withdrawn routes") == -1 || check_routes(u, &came, "routes") == -1)
		return;
	attrs_read(&a, attrs, t, rd_left(&came.routes) > 0, scratch);
	u->verdict = a.verdict;
	u->error = a.error;
	if (a.verdict == VERDICT_RESET)
		return;
	came.next_hop = a.next_hop;
	if (ours && rd_left(&gone.routes) > 0)
		u->withdrawn[u->withdrawn_count++] = gone;
	if (a.has_unreach && rd_left(&a.unreach.routes) > 0)
		u->withdrawn[u->withdrawn_count++] = a.unreach;
	if (ours && rd_left(&came.routes) > 0)
		u->announced[u->announced_count++] = came;
	if (a.has_reach && rd_left(&a.reach.routes) > 0)
		u->announced[u->announced_count++] = a.reach;
	if (a.verdict < VERDICT_WITHDRAW)
		u->attrs = a.attrs;
	look_for_end(u, &a, rd_left(&body) == 4);
}
