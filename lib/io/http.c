#include "io/http.h"

#include <curl/curl.h>
#include <stdlib.h>

#define ANSWER_MAX ((size_t)1 << 20) /* where nothing is said */

struct http {
	CURL *curl;
	CURLU *url;
	struct curl_slist *headers;
	const atomic_bool *abort;
	size_t answer_max;
	struct str body; /* what is left to send */
	char words[CURL_ERROR_SIZE];
};

struct taker {
	struct http_answer *answer;
	size_t max;
};

static size_t
take_answer(char *p, size_t size, size_t n, void *arg)
{
	struct taker *t = arg;
	size_t len = size * n, room = t->max - t->answer->text.len;

	buf_add(&t->answer->text, p, len < room ? len : room);
	t->answer->cut = t->answer->cut || len > room;
	return len;
}

static size_t
give_body(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t room = size * n, len = h->body.len < room ? h->body.len : room;

	memcpy(p, h->body.p, len);
	h->body = (struct str){h->body.p + len, h->body.len - len};
	return len;
}

/*
 * Where a kept connection breaks before an answer, curl would send the body again by itself and tell nobody. Whether a
 * request may be made twice is the caller's to say.
 */
static int
refuse_rewind(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static int
still_wanted(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	const struct http *h = arg;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	return h->abort != NULL && atomic_load(h->abort);
}

/* The value may come from a file: nothing in it may start another header. */
int
http_header(struct http *h, const char *name, const char *value, struct err *e)
{
	struct buf b = {0};

	if (value == NULL || value[0] == '\0')
		return 0;
	if (value[strcspn(value, "\r\n")] != '\0')
		return err_set(e, "more than one line");
	buf_printf(&b, "%s: %s", name, value);
	h->headers = curl_slist_append(h->headers, buf_cstr(&b));
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
	explicit_bzero(b.p, b.len);
	buf_release(&b);
	return 0;
}

/* Whether the URL has a part that belongs elsewhere. */
static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static int
set_url(struct http *h, const char *text, struct err *e)
{
	char *scheme = NULL;

	h->url = curl_url();
	if (curl_url_set(h->url, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(h->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
		curl_free(scheme);
		return err_set(e, "this is no URL of http or https");
	}
	curl_free(scheme);
	if (has_part(h->url, CURLUPART_USER) || has_part(h->url, CURLUPART_PASSWORD))
		return err_set(e, "the URL carries a user or password, which others see");
	if (has_part(h->url, CURLUPART_QUERY))
		return err_set(e, "the URL has a query string");
	return 0;
}

static void
set_options(struct http *h, const struct http_options *o)
{
	curl_easy_setopt(h->curl, CURLOPT_CURLU, h->url);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->words);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	/* What the environment says of proxies is not meant for machines that talk to machines. */
	curl_easy_setopt(h->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(h->curl, CURLOPT_USERAGENT, o->agent);
	if (o->socket != NULL)
		curl_easy_setopt(h->curl, CURLOPT_UNIX_SOCKET_PATH, o->socket);
	if (o->ca_file != NULL)
		curl_easy_setopt(h->curl, CURLOPT_CAINFO, o->ca_file);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(o->connect_ms ? o->connect_ms : 5000));
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)(o->timeout_ms ? o->timeout_ms : 60000));
	curl_easy_setopt(h->curl, CURLOPT_UPLOAD_BUFFERSIZE, 2L << 20);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(h->curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(h->curl, CURLOPT_READDATA, h);
	curl_easy_setopt(h->curl, CURLOPT_SEEKFUNCTION, refuse_rewind);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, still_wanted);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, h);
	curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
}

struct http *
http_new(const struct http_options *o, struct err *e)
{
	struct http *h = mem_zero(1, sizeof *h);

	h->abort = o->abort;
	h->answer_max = o->answer_max > 0 ? o->answer_max : ANSWER_MAX;
	h->curl = curl_easy_init();
	if (h->curl == NULL)
		err_set(e, "libcurl does not start");
	else if (set_url(h, o->url, e) == 0) {
		/* Without these, curl asks for leave to send a body, and calls it a form. */
		h->headers = curl_slist_append(h->headers, "Expect:");
		if (http_header(h, "Content-Type", o->content_type, e) == 0) {
			set_options(h, o);
			return h;
		}
	}
	http_free(h);
	return NULL;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	curl_url_cleanup(h->url);
	curl_slist_free_all(h->headers);
	free(h);
}

int
http_post(struct http *h, const char *query, struct str body, struct http_answer *a, struct err *e)
{
	struct taker taker = {a, h->answer_max};
	curl_off_t wait = 0;

	a->text.len = 0;
	a->cut = false;
	a->status = 0;
	a->retry_after_s = 0;
	h->words[0] = '\0';
	curl_url_set(h->url, CURLUPART_QUERY, query != NULL && query[0] != '\0' ? query : NULL, 0);
	curl_easy_setopt(h->curl, CURLOPT_CURLU, h->url);
	h->body = body;
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &taker);
	CURLcode result = curl_easy_perform(h->curl);
	a->sent = body.len > 0 && h->body.len == 0;
	if (result != CURLE_OK)
		return err_set(e, "%s", h->words[0] != '\0' ? h->words : curl_easy_strerror(result));
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait);
	a->retry_after_s = wait > 0 ? (uint32_t)(wait < 86400 ? wait : 86400) : 0;
	return 0;
}

void
http_escape(struct buf *out, struct str text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < text.len; i++) {
		if (memchr(plain, text.p[i], sizeof plain - 1) != NULL)
			buf_putc(out, text.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)text.p[i]);
	}
}
