/* The lines of a ledger, and so the requests in them; and, where the first byte is even, the head of an HTTP request. */
#include <stdlib.h>

#include "bgp/ledger.h"
#include "io/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* It fits the wire, and its JSON says the same again. */
static void
check_flow(const struct flow_rule *f)
{
	const struct flow_key key = flow_key_of(f);
	struct flow_key again;
	struct request r;
	struct buf json = {0};
	struct err e;

	buf_putc(&json, '{');
	flow_rule_json(&json, f);
	buf_putc(&json, '}');
	if (key.len == 0 || request_parse_flow(&r, (struct str){(const char *)json.p, json.len}, &e) == -1)
		abort();
	again = flow_key_of(&r.flow);
	if (memcmp(&key, &again, sizeof key) != 0)
		abort();
	buf_release(&json);
}

static void
on_change(void *arg, enum ledger_kind kind, const struct request *r)
{
	unsigned *n = arg;

	++*n;
	if (kind == LEDGER_FLOW || kind == LEDGER_FLOW_WITHDRAW)
		check_flow(&r->flow);
	if (kind != LEDGER_ANNOUNCE && kind != LEDGER_WITHDRAW)
		return;
	if (!r->has_prefix || r->prefix.len > 128 || r->community_count > REQUEST_COMMUNITIES_MAX ||
	    r->large_count > REQUEST_COMMUNITIES_MAX || strlen(r->rule) > REQUEST_NAME_MAX ||
	    strlen(r->id) > REQUEST_NAME_MAX)
		abort();
	for (const char *p = r->rule; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			abort();
}

/* Whatever stands behind a whole head, it is read as the same. */
static void
feed_head(const char *p, size_t len)
{
	struct http_head h, again;
	struct err e;
	int status = 0;
	ssize_t n = http_head_read(&h, p, len, &status, &e);

	if (n == -1 && (status < 400 || status > 599 || e.msg[0] == '\0'))
		abort();
	if (n <= 0)
		return;
	if ((size_t)n > len || h.path.len == 0 || h.path.p[0] != '/' || h.count > HTTP_FIELDS_MAX)
		abort();
	if (http_head_read(&again, p, (size_t)n, &status, &e) != n || again.count != h.count ||
	    again.length != h.length || http_head_read(&again, p, (size_t)n - 1, &status, &e) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned n = 0, again = 0;
	struct err e;

	if (len == 0)
		return 0;
	struct str text = {(const char *)data + 1, len - 1};
	if (data[0] % 2 == 0) {
		feed_head(text.p, text.len);
		return 0;
	}
	if (ledger_parse(text, on_change, &n, &e) == -1 && e.msg[0] == '\0')
		abort();
	ledger_parse(text, on_change, &again, NULL);
	if (n != again)
		abort();
	return 0;
}
