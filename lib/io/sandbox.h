/*
 * Giving up what a program does not need once its sockets are bound and its
 * files are open, so that who takes it over by what it reads has little from it:
 *
 *     the rights of root     and every capability but the ones kept
 *     new rights             by programs that carry them (no_new_privs)
 *     system calls           all but those that the work takes (seccomp)
 *     the file system        all but the paths named (Landlock, Linux 5.13)
 *
 * What a kernel does not offer is left out, with a word under -v. Under the
 * sanitizers, whose own code opens files and traces the process, seccomp and
 * Landlock are always left out. There is no way back; what must be done with
 * other rights is for a process forked before (io/steward.h).
 */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

struct sandbox {
	/*
	 * Whom root becomes. NULL: flowenricher, or nobody where there is no such
	 * user; that may fail, with a word. "root" stays root, without its capabilities.
	 */
	const char *user;
	const char *const
	    *read; /* files and folders that are read, ends with NULL; NULL: none are opened any more */
	const char *const
	    *write; /* folders in which files are made, written, replaced and removed; as above */
	bool network; /* IP sockets are still opened and bound */
	bool low_ports; /* ports below 1024 among them */
};

/* Before the first thread. 0, or -1 with words. */
int sandbox_enter(const struct sandbox *s, struct err *e);

/* Whether there is such a user: 0, or -1 with words. */
int sandbox_user_check(const char *user, struct err *e);

#endif
