#include "io/http_head.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"

bool
http_same(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

struct str
http_head_field(const struct http_head *h, const char *name)
{
	for (unsigned i = 0; i < h->count; i++)
		if (http_same(h->fields[i].name, name))
			return h->fields[i].value;
	return (struct str){0};
}

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *words;
	} known[] = {{200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	    {404, "Not Found"}, {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"},
	    {411, "Length Required"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"},
	    {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
	    {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].status == status)
			return known[i].words;
	return "Unknown";
}

static int
refuse(int *status, int code, struct err *e, const char *words)
{
	*status = code;
	return err_set(e, "%s", words);
}

/* RFC 9110 §5.6.2. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]) != NULL)
			return false;
	return s.len > 0;
}

static struct str
trim(struct str s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.len--;
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Cuts off what stands before the byte; false if it is not there. */
static bool
cut(struct str *rest, char at, struct str *before)
{
	const char *p = rest->len > 0 ? memchr(rest->p, at, rest->len) : NULL;

	if (p == NULL)
		return false;
	*before = (struct str){rest->p, (size_t)(p - rest->p)};
	rest->len -= before->len + 1;
	rest->p = p + 1;
	return true;
}

/* METHOD SP TARGET SP VERSION (RFC 9112 §3). */
static int
read_first(struct http_head *h, struct str line, int *status, struct err *e)
{
	struct str target, version = line;

	if (!cut(&version, ' ', &h->method) || !cut(&version, ' ', &target) || !is_token(h->method) ||
	    version.len != 8 || memcmp(version.p, "HTTP/", 5) != 0)
		return refuse(status, 400, e, "this is no request of HTTP/1.1");
	if (memcmp(version.p, "HTTP/1.1", 8) != 0 && memcmp(version.p, "HTTP/1.0", 8) != 0)
		return refuse(status, 505, e, "HTTP/1.1 is spoken here");
	h->stays = version.p[7] == '1';
	if (target.len == 0 || target.p[0] != '/')
		return refuse(status, 400, e, "the target of a request begins with a slash");
	for (size_t i = 0; i < target.len; i++)
		if (target.p[i] <= ' ' || target.p[i] > '~')
			return refuse(status, 400, e, "a byte in the target that may not be there");
	h->query = target;
	if (!cut(&h->query, '?', &h->path)) {
		h->path = target;
		h->query = (struct str){0};
	}
	return 0;
}

static int
read_field(struct http_head *h, struct str line, int *status, struct err *e)
{
	struct str name, value = line;

	if (h->count == HTTP_FIELDS_MAX)
		return refuse(status, 431, e, "too many header fields");
	if (!cut(&value, ':', &name) || !is_token(name))
		return refuse(status, 400, e, "a line of the header that is no field");
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t')
			return refuse(status, 400, e, "a control byte in a header field");
	h->fields[h->count].name = name;
	h->fields[h->count].value = trim(value);
	h->count++;
	return 0;
}

static unsigned
times(const struct http_head *h, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->count; i++)
		n += http_same(h->fields[i].name, name);
	return n;
}

/* Two readings of where a request ends are how requests are smuggled (RFC 9112 §11.2). */
static int
read_framing(struct http_head *h, int *status, struct err *e)
{
	struct str length = http_head_field(h, "Content-Length"),
		   connection = http_head_field(h, "Connection");

	if (times(h, "Transfer-Encoding") > 0)
		return refuse(status, 501, e, "a body has a Content-Length here, no Transfer-Encoding");
	if (times(h, "Content-Length") > 1 || times(h, "Host") > 1)
		return refuse(status, 400, e, "a header field that may come once comes twice");
	if (h->stays && times(h, "Host") == 0)
		return refuse(status, 400, e, "the Host field is missing");
	h->has_length = length.p != NULL;
	if (h->has_length && num_parse(&h->length, length, 0, INT64_MAX) == -1)
		return refuse(status, 400, e, "Content-Length: a number was expected");
	h->stays = h->stays ? !http_same(connection, "close") : http_same(connection, "keep-alive");
	h->waits = http_same(http_head_field(h, "Expect"), "100-continue");
	return 0;
}

ssize_t
http_head_read(struct http_head *h, const char *p, size_t have, int *status, struct err *e)
{
	const char *at = p, *end = p + have, *newline;

	*h = (struct http_head){0};
	for (unsigned number = 0; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL;
	     number++) {
		struct str line = {at, (size_t)(newline - at)};

		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		at = newline + 1;
		if (line.len == 0 && number > 0)
			return read_framing(h, status, e) == -1 ? -1 : at - p;
		if ((number == 0 ? read_first : read_field)(h, line, status, e) == -1)
			return -1;
	}
	return 0;
}
