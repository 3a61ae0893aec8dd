#include "act/announce.h"

#include <inttypes.h>

#include "flow/put.h"

enum { RULE_MAX = 64, WORDS_MAX = 300 };

static void
put_text(struct buf *out, struct str s)
{
	char *p = (char *)buf_reserve(out, 6 * s.len + 18), *end;

	*p = '"';
	end = put_escaped(p + 1, s);
	*end++ = '"';
	out->len += (size_t)(end - p);
}

/* The API takes names of printable ASCII without blanks, quotes and backslashes. */
static void
put_rule(struct buf *out, const char *rule)
{
	for (size_t i = 0; rule[i] != '\0' && i < RULE_MAX; i++) {
		bool plain = rule[i] > ' ' && rule[i] <= '~' && rule[i] != '"' && rule[i] != '\\';

		buf_putc(out, plain ? rule[i] : '_');
	}
}

void
announce_format(const struct detection_line *d, uint32_t ttl, struct buf *out)
{
	const struct proposal *p = &d->blackhole;
	char text[PREFIX_TEXT_MAX];

	buf_printf(out, "{\"prefix\":\"%s\"", prefix_text(text, &p->prefix));
	if (p->has_next_hop)
		buf_printf(out, ",\"next_hop\":\"%s\"", addr_text(text, &p->next_hop));
	if (p->has_communities) {
		buf_puts(out, ",\"communities\":[");
		for (unsigned i = 0; i < p->community_count; i++) {
			buf_puts(out, i > 0 ? "," : "");
			put_text(out, str_from(p->communities[i]));
		}
		buf_putc(out, ']');
	}
	buf_printf(out, ",\"ttl\":%" PRIu32 ",\"rule\":\"", ttl);
	put_rule(out, d->rule);
	buf_printf(out, "\",\"id\":\"%s\"}", d->id_text);
}

void
announce_work(void *arg, struct str json, struct outcome *out)
{
	struct http_answer a = {0};

	if (post_send(arg, json, &a, &out->words) == -1) {
		out->kind = OUTCOME_AGAIN;
	} else if (a.status != 200) {
		bool temporary = a.status >= 500 || a.status < 400 || a.status == 401 || a.status == 403 ||
				 a.status == 408;

		out->kind = temporary ? OUTCOME_AGAIN : OUTCOME_REFUSED;
		err_set(&out->words, "nf-bgpd answers %ld: %.*s", a.status,
		    (int)(a.text.len < WORDS_MAX ? a.text.len : WORDS_MAX),
		    a.text.p != NULL ? (const char *)a.text.p : "");
	}
	buf_release(&a.text);
}
