/*
 * Where JSON is posted to. The place may be changed by one thread while others
 * post; each post makes its own connection.
 */
#ifndef ACT_POST_H
#define ACT_POST_H

#include <pthread.h>

#include "io/http.h"

struct post {
	pthread_mutex_t lock;
	char *url, *socket, *token;
	const atomic_bool *abort;
};

void post_init(struct post *p, const atomic_bool *abort);
void post_release(struct post *p);

/* Copies the texts. The socket may be NULL, and so may the bearer token (RFC 6750 §2.1). */
void post_set(struct post *p, const char *url, const char *socket, const char *token);

/* As http_post(); no words hold the URL or the token. */
int post_send(struct post *p, struct str json, struct http_answer *a, struct err *e);

#endif
