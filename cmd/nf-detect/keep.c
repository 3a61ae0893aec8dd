#include "keep.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"

enum { EVERY_MS = 600000, FILE_MAX = 64 << 20 };

static void
put_aside(const char *path, const char *why)
{
	struct buf bad = {0};

	buf_printf(&bad, "%s.bad", path);
	if (rename(path, buf_cstr(&bad)) < 0)
		log_warn("%s: %s; learning begins anew; not put aside", path, why);
	else
		log_warnx("%s: %s; learning begins anew, and it is %s now", path, why, buf_cstr(&bad));
	buf_release(&bad);
}

void
keep_load(const struct keep *k, struct engine *e)
{
	struct buf b = {0};
	struct err err;

	if (!engine_has_baselines(e))
		return;
	if (k->path == NULL) {
		log_warnx(
		    "above_baseline in the rules, but no --baselines: what is learnt is lost at the end");
		return;
	}
	if (access(k->path, F_OK) < 0)
		return;
	if (file_read(&b, k->path, FILE_MAX, &err) < 0)
		log_warnx("%s; learning begins anew", err.msg);
	else if (engine_baselines_read(e, (struct str){(const char *)b.p, b.len}, &err) < 0)
		put_aside(k->path, err.msg);
	buf_release(&b);
}

int
keep_save(const struct keep *k, const struct engine *e, struct err *err)
{
	struct buf b = {0};

	if (k->path == NULL || !engine_has_baselines(e))
		return 0;
	engine_baselines_write(e, &b);
	int r = file_replace(k->path, b.p, b.len, 0644, 1, err);
	buf_release(&b);
	return r;
}

void
keep_tick(struct keep *k, const struct engine *e, int64_t wall_ms)
{
	struct err err;

	if (k->saved_ms == 0)
		k->saved_ms = wall_ms;
	/* A clock that jumps back must not stop it. */
	if (wall_ms >= k->saved_ms && wall_ms - k->saved_ms < EVERY_MS)
		return;
	k->saved_ms = wall_ms;
	if (keep_save(k, e, &err) < 0)
		log_warnx("%s", err.msg);
}
