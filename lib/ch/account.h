/* Where the server is and as whom to ask it, from what flags and configuration say. */
#ifndef CH_ACCOUNT_H
#define CH_ACCOUNT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/*
 * The URLs of "HOST, HOST:PORT…", with commas between, with HTTP's port 8123 where
 * none is given; the caller frees them. The native port 9000, which speaks no
 * HTTP, is replaced and *native is true: users' files may name it.
 */
char *ch_urls_of_hosts(const char *hosts, bool *native);

/* The next item of a text with commas or spaces between, which begins behind it then; false at the end. */
bool ch_next_url(const char **text, struct str *url);

/*
 * The first line of the file, or where that is NULL what was given, which may be
 * NULL too. The caller wipes and frees it. -1 with words, also for a file that
 * others may read.
 */
int ch_password(char **password, const char *file, const char *given, struct err *e);

/* Wipes and frees; takes NULL. */
void ch_password_free(char *password);

#endif
