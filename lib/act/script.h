/* A script that is run for a detection, which it finds as a line of JSON on its stdin. No shell is in between. */
#ifndef ACT_SCRIPT_H
#define ACT_SCRIPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "act/worker.h"

struct script {
	pthread_mutex_t lock;
	char *path;
	uint32_t timeout_ms;
	const atomic_bool *abort;
};

void script_init(struct script *s, const atomic_bool *abort);
void script_release(struct script *s);

/* May be called while scripts run. Copies the path. */
void script_set(struct script *s, const char *path, uint32_t timeout_ms);

/*
 * A work_fn; arg is the struct script. Its stdout goes nowhere, its stderr to
 * ours; how much of its stdin it reads is its own affair. It is tried again if
 * it cannot be started, or ends with status 75 (EX_TEMPFAIL); any other status,
 * a signal, or more time than it has is final. What has no more time is killed
 * with all of its process group.
 */
void script_work(void *arg, struct str json, struct outcome *out);

#endif
