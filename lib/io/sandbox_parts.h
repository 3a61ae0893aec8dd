/* The parts of a sandbox. For sandbox*.c only. */
#ifndef IO_SANDBOX_PARTS_H
#define IO_SANDBOX_PARTS_H

#include "io/sandbox.h"

/* After no_new_privs. Each says what it cannot do, and goes on. */
void sandbox_paths(const struct sandbox *s); /* Landlock */
void sandbox_calls(const struct sandbox *s); /* seccomp */

#endif
