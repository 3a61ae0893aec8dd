#include "enrich/ptr_warm.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/num.h"
#include "flow/json.h"
#include "io/fdio.h"

enum { READ_BYTES = 64 << 10, NAME_MAX_BYTES = 253 };

static bool
is_name(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f)
			return false;
	return len > 0 && len <= NAME_MAX_BYTES;
}

static int
time_read(int64_t *seconds, const struct json_value *v)
{
	uint64_t n;
	int64_t ms;

	if (v->kind == JSON_NUMBER || (v->kind == JSON_STRING && v->text.len < 19)) {
		if (num_parse(&n, v->text, 0, INT32_MAX * UINT64_C(8)) == -1)
			return -1;
		*seconds = (int64_t)n;
		return 0;
	}
	if (v->kind != JSON_STRING || civil_parse(&ms, NULL, v->text) == -1 || ms < 0)
		return -1;
	*seconds = ms / 1000;
	return 0;
}

enum { HAS_IP = 1, HAS_PTR = 2, HAS_TIME = 4, HAS_ALL = 7 };

/* Which of the members it is, if one; -1 if it is one and does not hold. */
static int
member_read(struct ptr_warm_row *row, struct str key, const struct json_value *v)
{
	if (str_eq(key, STR("ip")))
		return v->kind == JSON_STRING && addr_parse(&row->addr, v->text) == 0 ? HAS_IP : -1;
	if (str_eq(key, STR("updated_at")))
		return time_read(&row->updated_at, v) == 0 ? HAS_TIME : -1;
	if (!str_eq(key, STR("ptr")))
		return 0;
	if (v->kind != JSON_STRING)
		return -1;
	struct str name = json_text(v, row->text);
	row->name = name.p;
	row->name_len = name.len;
	return is_name(name.p, name.len) ? HAS_PTR : -1;
}

int
ptr_warm_line(struct ptr_warm_row *row, struct str line)
{
	struct json j = {line.p, line.p + line.len, line.p};
	struct json_value key, value;
	int has = 0, n;

	if (line.len > PTR_WARM_LINE_MAX)
		return -1;
	json_space(&j);
	if (!json_take(&j, '{') || json_take(&j, '}'))
		return -1;
	do {
		if (json_value(&j, &key, NULL) == -1 || key.kind != JSON_STRING || !json_take(&j, ':') ||
		    json_value(&j, &value, NULL) == -1)
			return -1;
		n = key.escaped ? 0 : member_read(row, key.text, &value);
		if (n == -1)
			return -1;
		has |= n;
	} while (json_take(&j, ','));
	if (!json_take(&j, '}'))
		return -1;
	json_space(&j);
	return j.p == j.end && has == HAS_ALL ? 0 : -1;
}

struct lines {
	struct buf text;
	bool skipping; /* the rest of a line that is too long */
};

/* The whole lines at hand; of the last one the beginning stays. */
static void
lines_take(struct lines *l, void (*fn)(void *arg, const struct ptr_warm_row *row), void *arg, uint64_t *bad)
{
	const char *p = (const char *)l->text.p, *end = p + l->text.len, *eol;
	struct ptr_warm_row row;

	for (; (eol = memchr(p, '\n', (size_t)(end - p))) != NULL; p = eol + 1) {
		struct str line = {p, (size_t)(eol - p)};

		if (l->skipping)
			l->skipping = false;
		else if (ptr_warm_line(&row, line) == 0)
			fn(arg, &row);
		else if (line.len > 0)
			++*bad;
	}
	if ((size_t)(end - p) > PTR_WARM_LINE_MAX) {
		*bad += !l->skipping;
		l->skipping = true;
		p = end;
	}
	buf_consume(&l->text, (size_t)(p - (const char *)l->text.p));
}

int
ptr_warm_read(const char *path, void (*fn)(void *arg, const struct ptr_warm_row *row), void *arg,
    uint64_t *bad, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct lines l = {0};
	ssize_t n;

	*bad = 0;
	if (fd == -1)
		return err_sys(e, "%s", path);
	while ((n = fd_read(fd, buf_reserve(&l.text, READ_BYTES), READ_BYTES)) > 0) {
		l.text.len += (size_t)n;
		lines_take(&l, fn, arg, bad);
	}
	if (n == -1)
		err_sys(e, "%s", path);
	else
		*bad += l.text.len > 0; /* cut off */
	buf_release(&l.text);
	close(fd);
	return n == -1 ? -1 : 0;
}
