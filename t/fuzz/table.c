/* A prefix table of any bytes, with checksums that hold, is refused or answers without a step outside it. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/fdio.h"
#include "route/aspath.h"
#include "route/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
list_walk(struct str s)
{
	if (s.len > 0 && s.p[s.len - 1] != '\0')
		abort();
	(void)aspath_origin(s);
	(void)aspath_neighbour(s, NULL, 0);
}

static void
table_walk(const struct table *t, const uint8_t *asked, size_t len)
{
	struct prefix p;
	uint32_t route;

	for (uint32_t n = 0; n < t->route_count; n++) {
		struct route r;

		table_route(t, n, &r);
		list_walk(r.as_path);
		list_walk(r.communities);
		list_walk(r.large_communities);
	}
	for (uint32_t n = 0; n < t->prefix_count; n++)
		if (table_prefix(t, n, &p) >= t->route_count || p.len > 128)
			abort();
	for (size_t i = 0; i + 16 <= len && i < 512; i += 16) {
		struct addr a = addr_from_bytes(asked + i, i % 32 != 0);

		if (lpm_lookup(&t->lpm, &a) > t->route_count)
			abort();
		if (table_find(t, &a, &p, &route) && !prefix_contains(&p, &a))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct table_head head;
	char path[32];
	struct table t;
	struct err e;

	if (len < sizeof head || len > 1 << 16)
		return 0;
	memcpy(&head, p, sizeof head);
	head.payload_hash = hash64(p + sizeof head, len - sizeof head);
	head.head_hash = hash64(&head, offsetof(struct table_head, head_hash));
	int fd = memfd_create("table", MFD_CLOEXEC);
	if (fd == -1 || fd_write_all(fd, &head, sizeof head) == -1 ||
	    fd_write_all(fd, p + sizeof head, len - sizeof head) == -1)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (table_open(&t, path, &e) == 0) {
		table_walk(&t, p, len);
		table_close(&t);
	}
	close(fd);
	return 0;
}
