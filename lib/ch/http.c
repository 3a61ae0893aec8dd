#include "ch/http.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/num.h"

#define ANSWER_MAX ((size_t)1 << 20)

struct ch_http {
	CURL *curl;
	CURLU *url;
	struct curl_slist *headers;
	const atomic_bool *abort;
	char words[CURL_ERROR_SIZE];
};

/* https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
static const struct {
	int code;
	enum ch_verdict verdict;
} verdicts[] = {
    {60, CH_NO_TABLE}, /* UNKNOWN_TABLE */
    {81, CH_NO_TABLE}, /* UNKNOWN_DATABASE */
    {218, CH_NO_TABLE}, /* TABLE_IS_DROPPED */
    {192, CH_REFUSED_LOGIN}, /* UNKNOWN_USER */
    {193, CH_REFUSED_LOGIN}, /* WRONG_PASSWORD */
    {194, CH_REFUSED_LOGIN}, /* REQUIRED_PASSWORD */
    {195, CH_REFUSED_LOGIN}, /* IP_ADDRESS_NOT_ALLOWED */
    {291, CH_REFUSED_LOGIN}, /* DATABASE_ACCESS_DENIED */
    {497, CH_REFUSED_LOGIN}, /* ACCESS_DENIED */
    {516, CH_REFUSED_LOGIN}, /* AUTHENTICATION_FAILED */
    {74, CH_BUSY}, /* CANNOT_READ_FROM_FILE_DESCRIPTOR */
    {75, CH_BUSY}, /* CANNOT_WRITE_TO_FILE_DESCRIPTOR */
    {76, CH_BUSY}, /* CANNOT_OPEN_FILE */
    {77, CH_BUSY}, /* CANNOT_CLOSE_FILE */
    {159, CH_BUSY}, /* TIMEOUT_EXCEEDED */
    {160, CH_BUSY}, /* TOO_SLOW */
    {164, CH_BUSY}, /* READONLY */
    {173, CH_BUSY}, /* CANNOT_ALLOCATE_MEMORY */
    {198, CH_BUSY}, /* DNS_ERROR */
    {201, CH_BUSY}, /* QUOTA_EXPIRED */
    {202, CH_BUSY}, /* TOO_MANY_SIMULTANEOUS_QUERIES */
    {209, CH_BUSY}, /* SOCKET_TIMEOUT */
    {210, CH_BUSY}, /* NETWORK_ERROR */
    {225, CH_BUSY}, /* NO_ZOOKEEPER */
    {236, CH_BUSY}, /* ABORTED */
    {241, CH_BUSY}, /* MEMORY_LIMIT_EXCEEDED */
    {242, CH_BUSY}, /* TABLE_IS_READ_ONLY */
    {243, CH_BUSY}, /* NOT_ENOUGH_SPACE */
    {252, CH_BUSY}, /* TOO_MANY_PARTS */
    {254, CH_BUSY}, /* NO_ACTIVE_REPLICAS */
    {279, CH_BUSY}, /* ALL_CONNECTION_TRIES_FAILED */
    {285, CH_BUSY}, /* TOO_FEW_LIVE_REPLICAS */
    {286, CH_BUSY}, /* UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE */
    {319, CH_BUSY}, /* UNKNOWN_STATUS_OF_INSERT */
    {341, CH_BUSY}, /* UNFINISHED */
    {394, CH_BUSY}, /* QUERY_WAS_CANCELLED */
    {415, CH_BUSY}, /* ALL_REPLICAS_LOST */
    {439, CH_BUSY}, /* CANNOT_SCHEDULE_TASK */
    {473, CH_BUSY}, /* DEADLOCK_AVOIDED */
    {999, CH_BUSY}, /* KEEPER_EXCEPTION */
    {1000, CH_BUSY}, /* POCO_EXCEPTION: the system's errors, disk full among them */
    {1001, CH_BUSY}, /* STD_EXCEPTION */
    {1002, CH_BUSY}, /* UNKNOWN_EXCEPTION */
};

enum ch_verdict
ch_verdict_of(int code, long status)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
		if (verdicts[i].code == code)
			return verdicts[i].verdict;
	if (code != 0)
		return CH_POISON;
	if (status == 401 || status == 403)
		return CH_REFUSED_LOGIN;
	/* No word of ClickHouse itself: a proxy in between, or something else on the port. */
	return CH_BUSY;
}

static size_t
take_answer(char *p, size_t size, size_t n, void *arg)
{
	struct ch_answer *a = arg;
	size_t len = size * n, room = ANSWER_MAX - a->text.len;

	buf_add(&a->text, p, len < room ? len : room);
	return len;
}

static int
still_wanted(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	const struct ch_http *h = arg;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	return h->abort != NULL && atomic_load(h->abort);
}

/* A header with a value from a file: nothing in it may start another header. */
static int
add_header(struct ch_http *h, const char *name, const char *value, struct err *e)
{
	struct buf b = {0};

	if (value == NULL || value[0] == '\0')
		return 0;
	if (value[strcspn(value, "\r\n")] != '\0')
		return err_set(e, "user and password must be one line");
	buf_printf(&b, "%s: %s", name, value);
	h->headers = curl_slist_append(h->headers, buf_cstr(&b));
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
set_url(struct ch_http *h, const char *text, struct err *e)
{
	char *scheme = NULL;

	h->url = curl_url();
	if (curl_url_set(h->url, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(h->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
		curl_free(scheme);
		return err_set(e, "'%s' is no URL such as http://HOST:8123", text);
	}
	curl_free(scheme);
	if (has_part(h->url, CURLUPART_USER) || has_part(h->url, CURLUPART_PASSWORD))
		return err_set(e, "the URL carries a user or password, which others see: use --user and "
				  "--password-file");
	if (has_part(h->url, CURLUPART_QUERY))
		return err_set(e, "the URL '%s' has a query string", text);
	return 0;
}

struct ch_http *
ch_http_new(const struct ch_http_options *o, struct err *e)
{
	struct ch_http *h = mem_zero(1, sizeof *h);

	h->abort = o->abort;
	h->curl = curl_easy_init();
	if (h->curl == NULL)
		err_set(e, "libcurl does not start");
	else if (set_url(h, o->url, e) == 0 && add_header(h, "X-ClickHouse-User", o->user, e) == 0 &&
		 add_header(h, "X-ClickHouse-Key", o->password, e) == 0) {
		/* Without these, curl asks for leave to send a body, and calls it a form. */
		h->headers = curl_slist_append(h->headers, "Expect:");
		h->headers = curl_slist_append(h->headers, "Content-Type: application/octet-stream");
		curl_easy_setopt(h->curl, CURLOPT_CURLU, h->url);
		curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
		curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->words);
		curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
		/* A database is no web page: what the environment says of proxies is not meant for it. */
		curl_easy_setopt(h->curl, CURLOPT_NOPROXY, "*");
		curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "nf-ch-insert/" VERSION);
		curl_easy_setopt(
		    h->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(o->connect_ms ? o->connect_ms : 5000));
		curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)(o->timeout_ms ? o->timeout_ms : 60000));
		curl_easy_setopt(h->curl, CURLOPT_UPLOAD_BUFFERSIZE, 2L << 20);
		curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_answer);
		curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, still_wanted);
		curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, h);
		curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
		return h;
	}
	ch_http_free(h);
	return NULL;
}

void
ch_http_free(struct ch_http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	curl_url_cleanup(h->url);
	curl_slist_free_all(h->headers);
	free(h);
}

static void
request_set(struct ch_http *h, const struct ch_request *r)
{
	struct buf q = {0};

	if (r->body != NULL) {
		char *escaped = curl_easy_escape(h->curl, r->query, 0);
		buf_printf(&q, "query=%s", escaped);
		curl_free(escaped);
	}
	if (r->settings != NULL && r->settings[0] != '\0')
		buf_printf(&q, "%s%s", q.len > 0 ? "&" : "", r->settings);
	curl_url_set(h->url, CURLUPART_QUERY, q.len > 0 ? buf_cstr(&q) : NULL, 0);
	buf_release(&q);
	curl_easy_setopt(h->curl, CURLOPT_CURLU, h->url);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, r->body != NULL ? r->body : r->query);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)(r->body != NULL ? r->body_len : strlen(r->query)));
}

/* The number in "Code: 60, e.displayText() = …" or "Code: 60. DB::Exception: …"; 0 if there is none. */
static int
error_code(struct str text)
{
	size_t digits = 0;
	uint64_t code;

	if (text.len < 6 || memcmp(text.p, "Code: ", 6) != 0)
		return 0;
	text = (struct str){text.p + 6, text.len - 6};
	while (digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	return num_parse(&code, (struct str){text.p, digits}, 1, 99999) == 0 ? (int)code : 0;
}

/* The server's first line without its wrapping. */
static void
error_words(struct str text, long status, struct err *e)
{
	static const char mark[] = "DB::Exception: ", tail[] = ", e.what() = ";
	const char *from = memmem(text.p, text.len, mark, sizeof mark - 1);

	if (from != NULL) {
		from += sizeof mark - 1;
		text = (struct str){from, text.len - (size_t)(from - text.p)};
	}
	const char *to = memmem(text.p, text.len, tail, sizeof tail - 1);
	size_t len = to != NULL ? (size_t)(to - text.p) : text.len;
	const char *line = memchr(text.p, '\n', len);
	len = line != NULL ? (size_t)(line - text.p) : len;
	err_set(e, "%.*s (HTTP status %ld)", (int)(len < 400 ? len : 400), text.p, status);
}

enum ch_verdict
ch_http_query(struct ch_http *h, const struct ch_request *r, struct ch_answer *a, struct err *e)
{
	curl_off_t sent = 0;
	long status = 0;

	a->text.len = 0;
	a->code = 0;
	a->ambiguous = false;
	h->words[0] = '\0';
	request_set(h, r);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, a);
	CURLcode result = curl_easy_perform(h->curl);
	if (result != CURLE_OK) {
		curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
		a->ambiguous = r->body != NULL && (size_t)sent >= r->body_len;
		err_set(e, "%s", h->words[0] != '\0' ? h->words : curl_easy_strerror(result));
		return CH_UNREACHABLE;
	}
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	struct str text = {(const char *)a->text.p, a->text.len};
	/* The server may fail after it has said 200. */
	a->code = text.len > 0 ? error_code(text) : 0;
	if (status == 200 && a->code == 0)
		return CH_OK;
	error_words(text, status, e);
	enum ch_verdict v = ch_verdict_of(a->code, status);
	a->ambiguous = v == CH_BUSY && r->body != NULL && (a->code == 319 || a->code == 0);
	return v;
}
