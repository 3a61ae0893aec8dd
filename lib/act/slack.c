#include "act/slack.h"

#include <inttypes.h>

#include "base/civil.h"
#include "base/num.h"
#include "flow/put.h"

enum { LINE_MAX_BYTES = 1000, LINES_MAX = 20 };

/* https://docs.slack.dev/messaging/formatting-message-text: three bytes are escaped. */
static void
put_text(struct buf *out, const char *s, size_t end)
{
	for (; *s != '\0' && out->len < end; s++) {
		if (*s == '&')
			buf_puts(out, "&amp;");
		else if (*s == '<')
			buf_puts(out, "&lt;");
		else if (*s == '>')
			buf_puts(out, "&gt;");
		else
			/* What starts a format or a line in Slack is not for names to say. */
			buf_putc(out, (unsigned char)*s < 0x20 || *s == '*' || *s == '`' ? '?' : *s);
	}
}

void
slack_format(const struct detection_line *d, int offset_minutes, struct buf *out)
{
	size_t end = out->len + LINE_MAX_BYTES;
	char time[36];

	buf_puts(out, "*");
	put_text(out, d->rule, end);
	buf_printf(
	    out, "* at %s: %" PRIu64 " flows", civil_rfc3339(time, d->time_ms, offset_minutes), d->flows);
	for (unsigned i = 0; i < d->pair_count && out->len < end; i++) {
		buf_puts(out, ", ");
		put_text(out, d->pairs[i].name, end);
		buf_putc(out, ' ');
		put_text(out, d->pairs[i].value, end);
	}
	buf_putc(out, '\n');
}

void
slack_message(struct str lines, struct buf *out)
{
	size_t shown = 0, more = 0, n = 0;

	for (size_t i = 0; i < lines.len; i++) {
		if (lines.p[i] != '\n')
			continue;
		if (n++ < LINES_MAX)
			shown = i;
		else
			more++;
	}
	buf_puts(out, "{\"text\":\"");
	char *p = (char *)buf_reserve(out, 6 * shown + 16);
	out->len += (size_t)(put_escaped(p, (struct str){lines.p, shown}) - p);
	if (more > 0) {
		buf_puts(out, "\\n… and ");
		out->len += num_format((char *)buf_reserve(out, 20), more);
		buf_puts(out, " more in detections.log");
	}
	buf_puts(out, "\"}");
}

void
slack_work(void *arg, struct str lines, struct outcome *out)
{
	struct http_answer a = {0};
	struct buf body = {0};

	slack_message(lines, &body);
	if (post_send(arg, (struct str){(const char *)body.p, body.len}, &a, &out->words) == -1) {
		out->kind = OUTCOME_AGAIN;
	} else if (a.status < 200 || a.status >= 300) {
		bool temporary = a.status >= 500 || a.status == 429 || a.status == 408;

		out->kind = temporary ? OUTCOME_AGAIN : OUTCOME_REFUSED;
		out->wait_s = a.retry_after_s;
		err_set(&out->words, "the webhook answers with status %ld", a.status);
	}
	buf_release(&body);
	buf_release(&a.text);
}
