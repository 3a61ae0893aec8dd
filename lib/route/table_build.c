#include <stddef.h>

#include "base/hash.h"
#include "io/fdio.h"
#include "route/table.h"

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct route_key {
	uint64_t hash[2];
};

void
table_builder_init(struct table_builder *b)
{
	*b = (struct table_builder){0};
	map_init(&b->numbers, sizeof(struct route_key), sizeof(uint32_t));
}

void
table_builder_release(struct table_builder *b)
{
	lpm_builder_release(&b->prefixes);
	map_release(&b->numbers);
	buf_release(&b->pool);
	buf_release(&b->ends);
	buf_release(&b->scratch);
}

static int
list_put(struct buf *b, struct str list)
{
	if (list.len > ROUTE_LIST_MAX || (list.len != 0 && list.p[list.len - 1] != '\0'))
		return -1;
	buf_le32(b, (uint32_t)list.len);
	buf_add(b, list.p, list.len);
	return 0;
}

static int
route_put(struct buf *b, const struct route *r)
{
	buf_le32(b, r->present);
	if ((r->present & ROUTE_NEXT_HOP) != 0)
		buf_add(b, r->next_hop.b, sizeof r->next_hop.b);
	if ((r->present & ROUTE_PEER) != 0)
		buf_add(b, r->peer.b, sizeof r->peer.b);
	if ((r->present & ROUTE_LOCAL_PREF) != 0)
		buf_le32(b, r->local_pref);
	if ((r->present & ROUTE_MED) != 0)
		buf_le32(b, r->med);
	if ((r->present & ROUTE_AS_PATH) != 0 && list_put(b, r->as_path) == -1)
		return -1;
	if ((r->present & ROUTE_COMMUNITIES) != 0 && list_put(b, r->communities) == -1)
		return -1;
	if ((r->present & ROUTE_LARGE_COMMUNITIES) != 0 && list_put(b, r->large_communities) == -1)
		return -1;
	return 0;
}

int
table_builder_add(struct table_builder *b, const struct prefix *p, const struct route *r, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	bool fresh;

	b->scratch.len = 0;
	if (route_put(&b->scratch, r) == -1)
		return err_set(e, "%s: a list of over %d bytes or without its end", prefix_text(text, p),
		    ROUTE_LIST_MAX);
	struct route_key key = {
	    {hash64(b->scratch.p, b->scratch.len), hash64_seed(b->scratch.p, b->scratch.len, 1)}};
	uint32_t *number = map_put(&b->numbers, &key, &fresh);
	if (fresh) {
		if (b->pool.len + b->scratch.len > UINT32_MAX)
			return err_set(e, "the attributes of all routes take over 4 GiB");
		buf_add(&b->pool, b->scratch.p, b->scratch.len);
		buf_le32(&b->ends, (uint32_t)b->pool.len);
		*number = (uint32_t)b->numbers.count;
	}
	lpm_builder_add(&b->prefixes, p, *number);
	return 0;
}

static void
pad(struct buf *b)
{
	static const uint8_t zeros[8];

	buf_add(b, zeros, -b->len & 7);
}

int
table_builder_write(struct table_builder *b, const char *path, uint64_t created, struct err *e)
{
	struct buf out = {0};
	struct table_head head = {
	    .magic = TABLE_MAGIC,
	    .version = TABLE_VERSION,
	    .routes = (uint32_t)b->numbers.count,
	    .created = created,
	    .pool_len = b->pool.len,
	};

	buf_add(&out, &head, sizeof head);
	lpm_builder_build(&b->prefixes, &out);
	head.prefixes = b->prefixes.list[LPM_V4].count + b->prefixes.list[LPM_V6].count;
	head.lpm_len = out.len - sizeof head;
	pad(&out);
	buf_add(&out, b->ends.p, b->ends.len);
	pad(&out);
	buf_add(&out, b->pool.p, b->pool.len);
	pad(&out);
	head.payload_hash = hash64(out.p + sizeof head, out.len - sizeof head);
	head.head_hash = hash64(&head, offsetof(struct table_head, head_hash));
	memcpy(out.p, &head, sizeof head);
	int rc = file_replace(path, out.p, out.len, 0444, 1, e);
	buf_release(&out);
	return rc;
}
