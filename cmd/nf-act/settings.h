/* What the configuration says, ready for lib/act. */
#ifndef NF_ACT_SETTINGS_H
#define NF_ACT_SETTINGS_H

#include "act/act.h"
#include "io/conf.h"

struct settings {
	struct act_settings act; /* its texts are of the configuration, of the flags, or of what follows */
	struct guard guard; /* act_new() and act_reload() take it over */
	struct buf token, webhook, socket, url;
};

/* What flags say; NULL: the configuration says it. */
struct flags {
	const char *log_dir, *zone, *rows;
};

/*
 * -1 with words, and there is nothing to release. Without a file, the API is looked for at its TCP port
 * of this machine. A secret in a file that cannot be read leaves its action out, which is told.
 */
int settings_read(
    struct settings *s, const struct conf *c, const struct flags *f, bool has_file, struct err *e);
void settings_release(struct settings *s);

#endif
