/* Where the server is and as whom to ask it, from what flags and configuration say. */
#ifndef CH_ACCOUNT_H
#define CH_ACCOUNT_H

#include <stdbool.h>

#include "base/err.h"

/*
 * "HOST" or "HOST:PORT" as a URL with HTTP's port 8123; the caller frees it.
 * The native port 9000, which speaks no HTTP, is replaced and *native is true:
 * users' files may name it.
 */
char *ch_url_of_host(const char *host, bool *native);

/*
 * The first line of the file, or where that is NULL what was given, which may be
 * NULL too. The caller wipes and frees it. -1 with words, also for a file that
 * others may read.
 */
int ch_password(char **password, const char *file, const char *given, struct err *e);

/* Wipes and frees; takes NULL. */
void ch_password_free(char *password);

#endif
