#include "io/proxy_head.h"

#include "base/num.h"

/* The next word, which ends at a space or at the end of the line. */
static struct str
word_cut(struct str *line)
{
	const char *space = memchr(line->p, ' ', line->len);
	struct str word = {line->p, space != NULL ? (size_t)(space - line->p) : line->len};

	line->p += word.len + (space != NULL);
	line->len -= word.len + (space != NULL);
	return word;
}

/* "TCP4 192.0.2.1 192.0.2.2 4739 4739" */
static int
line_parse(struct str line, struct addr *client)
{
	struct str family = word_cut(&line), src = word_cut(&line), dst = word_cut(&line);
	struct str src_port = word_cut(&line), dst_port = line;
	struct addr from, to;
	uint64_t port;

	if (str_eq(family, STR("UNKNOWN")))
		return 1;
	bool v4 = str_eq(family, STR("TCP4"));
	if (!v4 && !str_eq(family, STR("TCP6")))
		return -1;
	if (addr_parse(&from, src) == -1 || addr_parse(&to, dst) == -1 ||
	    num_parse(&port, src_port, 0, 65535) == -1 || num_parse(&port, dst_port, 0, 65535) == -1)
		return -1;
	/* In the text of IPv6 an address of IPv4 may be written as one mapped. */
	if (v4 && (memchr(src.p, ':', src.len) != NULL || memchr(dst.p, ':', dst.len) != NULL))
		return -1;
	*client = from;
	return 1;
}

int
proxy_head_read(struct rd *r, struct addr *client)
{
	const struct str begin = STR("PROXY ");
	size_t left = rd_left(r), n = left < PROXY_HEAD_MAX ? left : PROXY_HEAD_MAX;

	if (memcmp(r->p, begin.p, n < begin.len ? n : begin.len) != 0)
		return -1;
	const uint8_t *end = n > 0 ? memchr(r->p, '\n', n) : NULL;
	if (end == NULL)
		return n < PROXY_HEAD_MAX ? 0 : -1;
	size_t len = (size_t)(end - r->p) + 1;
	if (len < begin.len + 2 || end[-1] != '\r')
		return -1;
	struct str line = {(const char *)r->p + begin.len, len - begin.len - 2};
	int known = line_parse(line, client);
	return known == 1 ? rd_skip(r, len), 1 : -1;
}
