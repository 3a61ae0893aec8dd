#include "act/post.h"

#include <stdlib.h>

enum { CONNECT_MS = 3000, TIMEOUT_MS = 10000 };

void
post_init(struct post *p, const atomic_bool *abort)
{
	*p = (struct post){.abort = abort};
	pthread_mutex_init(&p->lock, NULL);
}

static void
forget(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

static void
texts_release(struct post *p)
{
	forget(&p->url);
	forget(&p->token);
	free(p->socket);
	p->socket = NULL;
}

void
post_release(struct post *p)
{
	texts_release(p);
	pthread_mutex_destroy(&p->lock);
}

void
post_set(struct post *p, const char *url, const char *socket, const char *token)
{
	pthread_mutex_lock(&p->lock);
	texts_release(p);
	p->url = mem_strdup(url);
	p->socket = socket != NULL ? mem_strdup(socket) : NULL;
	p->token = token != NULL ? mem_strdup(token) : NULL;
	pthread_mutex_unlock(&p->lock);
}

static struct http *
client(struct post *p, struct err *e)
{
	struct buf bearer = {0};

	pthread_mutex_lock(&p->lock);
	struct http_options o = {.url = p->url,
	    .socket = p->socket,
	    .agent = "nf-act/" VERSION,
	    .content_type = "application/json",
	    .connect_ms = CONNECT_MS,
	    .timeout_ms = TIMEOUT_MS,
	    .abort = p->abort};
	struct http *h = http_new(&o, e);
	if (h != NULL && p->token != NULL) {
		buf_printf(&bearer, "Bearer %s", p->token);
		if (http_header(h, "Authorization", buf_cstr(&bearer), e) == -1) {
			http_free(h);
			h = NULL;
		}
		explicit_bzero(bearer.p, bearer.len);
	}
	pthread_mutex_unlock(&p->lock);
	buf_release(&bearer);
	return h;
}

int
post_send(struct post *p, struct str json, struct http_answer *a, struct err *e)
{
	struct http *h = client(p, e);

	if (h == NULL)
		return -1;
	int r = http_post(h, NULL, json, a, e);
	http_free(h);
	return r;
}
