/*
 * blackholes.txt: a line for each blackhole and its end,
 *
 *     [2026-01-31T23:59:59.123+02:00] BLACKHOLE: prefix=198.51.100.7/32 | next_hop=192.0.2.1 |
 *         communities=65535:666,65535:65281 | expires=2026-02-01T00:59:59.123+02:00 | rule=NAME | id=UUID
 *     [2026-02-01T00:59:59.123+02:00] WITHDRAW: (the same) | reason=expired
 *
 * as one line each, appended whole. What is not known is "-". In a dry run they
 * are WOULD-BLACKHOLE and WOULD-WITHDRAW.
 */
#ifndef NF_BGPD_BLACKLOG_H
#define NF_BGPD_BLACKLOG_H

#include "base/log.h"
#include "bgp/blackholes.h"

struct blacklog {
	char *path, *zone;
	int fd; /* -1: not open */
	struct log_limit failures;
};

void blacklog_init(struct blacklog *l);
void blacklog_release(struct blacklog *l);

/* The next line goes to a fresh file in the folder, in times of the zone. */
void blacklog_set(struct blacklog *l, const char *dir, const char *zone);

/*
 * Of rules of flowspec the first word is FLOWSPEC, and instead of prefix and
 * next_hop stand flow=dst=198.51.100.7/32 proto=17 | action=rate_limit=1000.
 */
void blacklog_write_flow(
    struct blacklog *l, const struct flow *f, enum blackhole_event ev, bool dry_run, int64_t now_ms);

/* One that cannot be written is said on stderr. */
void blacklog_write(
    struct blacklog *l, const struct blackhole *b, enum blackhole_event ev, bool dry_run, int64_t now_ms);

#endif
