#include "ch/http.h"

#include <stdlib.h>

#include "base/num.h"
#include "ch/compress.h"
#include "io/http.h"

struct ch_http {
	struct http *http;
	bool gzip;
	struct buf packed;
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

struct ch_http *
ch_http_new(const struct ch_http_options *o, struct err *e)
{
	struct http_options http = {.url = o->url,
	    .agent = o->agent != NULL ? o->agent : "nf-ch-insert/" VERSION,
	    .answer_max = o->answer_max,
	    .content_type = "application/octet-stream",
	    .connect_ms = o->connect_ms,
	    .timeout_ms = o->timeout_ms,
	    .ca_file = o->ca_file,
	    .abort = o->abort};
	struct http *h = http_new(&http, e);

	if (h == NULL) {
		err_wrap(e, "URL of the server, such as http://HOST:8123");
		return NULL;
	}
	if (http_header(h, "X-ClickHouse-User", o->user, e) == -1 ||
	    http_header(h, "X-ClickHouse-Key", o->password, e) == -1 ||
	    http_header(h, "Content-Encoding", o->gzip ? "gzip" : NULL, e) == -1) {
		err_wrap(e, "user or password");
		http_free(h);
		return NULL;
	}
	struct ch_http *c = mem_zero(1, sizeof *c);
	c->http = h;
	c->gzip = o->gzip;
	return c;
}

void
ch_http_free(struct ch_http *h)
{
	if (h == NULL)
		return;
	http_free(h->http);
	buf_release(&h->packed);
	free(h);
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

/* The number in "(at row 21)", which the errors of its parsers end with; 0 if there is none. */
static uint64_t
error_row(struct str text)
{
	static const char mark[] = "(at row ";
	const char *from = memmem(text.p, text.len, mark, sizeof mark - 1), *end = text.p + text.len;
	uint64_t row;

	if (from == NULL)
		return 0;
	from += sizeof mark - 1;
	const char *to = memchr(from, ')', (size_t)(end - from));
	return to != NULL && num_parse(&row, (struct str){from, (size_t)(to - from)}, 1, UINT32_MAX) == 0
		   ? row
		   : 0;
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
	struct http_answer got = {.text = a->text};
	struct buf q = {0};

	if (r->body != NULL) {
		buf_puts(&q, "query=");
		http_escape(&q, str_from(r->query));
	}
	if (r->settings != NULL && r->settings[0] != '\0')
		buf_printf(&q, "%s%s", q.len > 0 ? "&" : "", r->settings);
	struct str body = r->body != NULL ? (struct str){r->body, r->body_len} : str_from(r->query);
	if (h->gzip) {
		h->packed.len = 0;
		ch_gzip(&h->packed, body.p, body.len);
		body = (struct str){(const char *)h->packed.p, h->packed.len};
	}
	int result = http_post(h->http, buf_cstr(&q), body, &got, e);
	buf_release(&q);
	a->text = got.text;
	a->cut = got.cut;
	a->code = 0;
	a->row = 0;
	a->ambiguous = false;
	if (result == -1) {
		a->ambiguous = r->body != NULL && got.sent;
		return CH_UNREACHABLE;
	}
	struct str text = {(const char *)a->text.p, a->text.len};
	/* The server may fail after it has said 200. */
	a->code = text.len > 0 ? error_code(text) : 0;
	if (got.status == 200 && a->code == 0)
		return CH_OK;
	a->row = error_row(text);
	error_words(text, got.status, e);
	enum ch_verdict v = ch_verdict_of(a->code, got.status);
	a->ambiguous = v == CH_BUSY && r->body != NULL && (a->code == 319 || a->code == 0);
	return v;
}
