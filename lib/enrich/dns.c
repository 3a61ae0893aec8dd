#include "enrich/dns.h"

#include <stdbool.h>
#include <stdio.h>

enum { CLASS_IN = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_PTR = 12 };
enum { RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

/* A name as its labels, each after its length, the empty one last. */
struct labels {
	uint8_t b[255];
	size_t len;
};

struct record {
	struct labels owner;
	uint16_t type, class;
	uint32_t ttl;
	struct rd data; /* reads on in the message, where names may point back */
};

/* RFC 1035 §4.1.4. Each pointer must lead before all that was read of the name, so no chain of them has no end. */
static int
name_read(struct rd *r, struct labels *n)
{
	struct rd at = *r;
	const uint8_t *first = r->p, *label;
	bool jumped = false;
	uint8_t len, low;

	n->len = 0;
	do {
		if (rd_u8(&at, &len) == -1)
			return -1;
		if (len >= 0xc0) {
			if (rd_u8(&at, &low) == -1)
				return -1;
			if (!jumped)
				r->p = at.p;
			jumped = true;
			size_t to = (size_t)(len & 0x3f) << 8 | low;
			if (to >= (size_t)(first - at.start))
				return -1;
			at.p = first = at.start + to;
			at.end = r->end;
			continue;
		}
		if (len > 63 || n->len + 1 + len > sizeof n->b || rd_bytes(&at, &label, len) == -1)
			return -1;
		n->b[n->len] = len;
		memcpy(n->b + n->len + 1, label, len);
		n->len += 1 + (size_t)len;
	} while (len != 0);
	if (!jumped)
		r->p = at.p;
	return 0;
}

/* Lengths of labels are below the letters, so they may be folded too. */
static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
name_equal(const struct labels *a, const struct labels *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (fold(a->b[i]) != fold(b->b[i]))
			return false;
	return true;
}

static int
record_read(struct rd *r, struct record *rec)
{
	uint16_t len;

	if (name_read(r, &rec->owner) == -1 || rd_be16(r, &rec->type) == -1 ||
	    rd_be16(r, &rec->class) == -1 || rd_be32(r, &rec->ttl) == -1 || rd_be16(r, &len) == -1 ||
	    rd_sub(r, &rec->data, len) == -1)
		return -1;
	if (rec->ttl > INT32_MAX) /* RFC 2181 §8 */
		rec->ttl = 0;
	return 0;
}

static enum dns_result
name_put(struct dns_answer *a, const struct labels *n)
{
	size_t len = 0;

	for (size_t i = 0; n->b[i] != 0; i += 1 + (size_t)n->b[i]) {
		if (len > 0)
			a->name[len++] = '.';
		for (size_t k = 1; k <= n->b[i]; k++) {
			uint8_t c = n->b[i + k];

			if (c <= 0x20 || c >= 0x7f || c == '.')
				return DNS_UNFIT;
			a->name[len++] = (char)c;
		}
	}
	a->name_len = (uint8_t)len;
	return len > 0 ? DNS_NAME : DNS_NONE;
}

/*
 * The first PTR at the end of the chain of aliases (RFC 2317) that begins with the
 * name asked for; DNS_NONE if there is none. Its TTL is the least on the way.
 */
static enum dns_result
answers_read(struct dns_answer *a, struct rd *r, unsigned count, struct labels *want)
{
	struct record rec;
	struct labels name;
	uint32_t ttl = UINT32_MAX;

	for (; count > 0; count--) {
		if (record_read(r, &rec) == -1)
			return DNS_GARBAGE;
		bool alias = rec.type == TYPE_CNAME;
		if (rec.class != CLASS_IN || !(alias || rec.type == TYPE_PTR) ||
		    !name_equal(&rec.owner, want))
			continue;
		if (name_read(&rec.data, &name) == -1)
			return DNS_GARBAGE;
		ttl = rec.ttl < ttl ? rec.ttl : ttl;
		if (alias) {
			*want = name;
			continue;
		}
		a->ttl = ttl;
		return name_put(a, &name);
	}
	return DNS_NONE;
}

/* How long it may be remembered that there is none (RFC 2308 §5). */
static enum dns_result
authority_read(struct dns_answer *a, struct rd *r, unsigned count)
{
	struct record rec;
	struct labels name;
	uint32_t minimum;

	for (; count > 0; count--) {
		if (record_read(r, &rec) == -1)
			return DNS_GARBAGE;
		if (rec.class != CLASS_IN || rec.type != TYPE_SOA)
			continue;
		if (name_read(&rec.data, &name) == -1 || name_read(&rec.data, &name) == -1 ||
		    rd_skip(&rec.data, 16) == -1 || rd_be32(&rec.data, &minimum) == -1)
			return DNS_GARBAGE;
		a->ttl = rec.ttl < minimum ? rec.ttl : minimum;
		break;
	}
	return DNS_NONE;
}

static enum dns_result
message_read(struct dns_answer *a, struct rd *r)
{
	uint16_t id, flags, questions, answers, authority, additional, type, class;
	struct labels want;

	if (rd_be16(r, &id) == -1 || rd_be16(r, &flags) == -1 || rd_be16(r, &questions) == -1 ||
	    rd_be16(r, &answers) == -1 || rd_be16(r, &authority) == -1 || rd_be16(r, &additional) == -1)
		return DNS_GARBAGE;
	unsigned rcode = flags & 15;
	if ((flags & 0x8000) == 0 || questions != 1)
		return DNS_GARBAGE;
	if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
		return DNS_FAILED;
	if (name_read(r, &want) == -1 || rd_be16(r, &type) == -1 || rd_be16(r, &class) == -1 ||
	    type != TYPE_PTR || class != CLASS_IN)
		return DNS_GARBAGE;
	enum dns_result result = answers_read(a, r, answers, &want);
	return result == DNS_NONE && a->ttl == 0 ? authority_read(a, r, authority) : result;
}

void
dns_answer_read(struct dns_answer *a, const void *p, size_t len)
{
	struct rd r = rd_from(p, len);

	a->ttl = 0;
	a->name_len = 0;
	a->result = message_read(a, &r);
}

const char *
dns_reverse_name(char p[DNS_REVERSE_MAX], const struct addr *a)
{
	static const char digits[] = "0123456789abcdef";
	char *at = p;

	if (addr_is_v4(a)) {
		snprintf(
		    p, DNS_REVERSE_MAX, "%u.%u.%u.%u.in-addr.arpa", a->b[15], a->b[14], a->b[13], a->b[12]);
		return p;
	}
	for (unsigned i = 16; i-- > 0;) {
		*at++ = digits[a->b[i] & 15];
		*at++ = '.';
		*at++ = digits[a->b[i] >> 4];
		*at++ = '.';
	}
	memcpy(at, "ip6.arpa", sizeof "ip6.arpa");
	return p;
}
