/* Which scorers there are, from options or the configuration. */
#ifndef NF_MLFEAT_SETTINGS_H
#define NF_MLFEAT_SETTINGS_H

#include "io/conf.h"
#include "io/opt.h"
#include "scorer.h"

/* What was given on the command line: none of a kind where empty, NULL, 0 or false. */
struct settings_flags {
	struct opt_list scorers;
	const char *socket;
	uint64_t timeout_ms;
	bool explain;
};

struct settings {
	const char *scorers[SCORERS_MAX];
	unsigned count;
	struct scorer_options options;
	struct arena arena; /* of the texts */
};

/* Flags win; what is silent is a default where there is a configuration, and none without. -1 with words. */
int settings_read(
    struct settings *s, const struct settings_flags *f, const struct conf *c, bool has_conf, struct err *e);
void settings_release(struct settings *s);

#endif
