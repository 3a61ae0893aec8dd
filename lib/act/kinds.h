/*
 * The kinds of action: what each is set up with, how it words a detection, and
 * how its lane does it. Alerts have no lane: they are a line in a file.
 */
#ifndef ACT_KINDS_H
#define ACT_KINDS_H

#include "act/act.h"
#include "act/lane.h"
#include "act/post.h"
#include "act/script.h"
#include "act/side.h"

struct kinds {
	char *zone; /* of times for people; NULL = UTC */
	struct alert alert;
	struct post bgpd, webhook;
	struct script script;
	struct side side;
	bool set_up[ACTS];
};

/* Once *abort is set, what is being done is given up. */
void kinds_init(struct kinds *k, const atomic_bool *abort);
void kinds_release(struct kinds *k);

/* Other settings, also while lanes work. The log of alerts is closed and opened with the next one. */
void kinds_set(struct kinds *k, const struct act_settings *s);

/* The key of the configuration without which there is no such action. */
const char *kinds_remedy(enum action kind);

/* What to write, send or run with; `line` is the detection as it came, ttl that of a blackhole. Owned by the caller. */
struct str kinds_text(
    const struct kinds *k, enum action kind, const struct detection_line *d, struct str line, uint32_t ttl);

/* A lane for this kind, any but alerts, of at most queue_max items. */
struct lane *kinds_lane(struct kinds *k, enum action kind, uint32_t queue_max, int wake_fd);

#endif
