/* Answers to PTR questions, byte by byte, and the names that are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "enrich/dns.h"

enum { CNAME = 5, SOA = 6, PTR = 12 };

#define QUESTION \
	"\1\061\1\062\1\060\3\061\071\062\7in-addr\4arpa" /* 1.2.0.192.in-addr.arpa, its end is the 0 of C */
#define AT_QUESTION ((struct str){"\xc0\x0c", 2})

static void
start(struct buf *b, unsigned rcode, unsigned answers, unsigned authority)
{
	b->len = 0;
	buf_be16(b, 4711);
	buf_be16(b, (uint16_t)(0x8180 | rcode));
	buf_be16(b, 1);
	buf_be16(b, (uint16_t)answers);
	buf_be16(b, (uint16_t)authority);
	buf_be16(b, 0);
	buf_add(b, QUESTION, sizeof QUESTION);
	buf_be16(b, PTR);
	buf_be16(b, 1);
}

static void
record(struct buf *b, struct str owner, uint16_t type, uint32_t ttl, struct str data)
{
	buf_add(b, owner.p, owner.len);
	buf_be16(b, type);
	buf_be16(b, 1);
	buf_be32(b, ttl);
	buf_be16(b, (uint16_t)data.len);
	buf_add(b, data.p, data.len);
}

/* Reads a copy of exactly its size, so that a sanitizer sees a step beyond it. */
static struct dns_answer
answer_of(const struct buf *b)
{
	struct dns_answer a;
	void *copy = mem_alloc(b->len);

	memcpy(copy, b->p, b->len);
	dns_answer_read(&a, copy, b->len);
	free(copy);
	return a;
}

static void
name_and_ttl(void **unused)
{
	struct buf b = {0};

	(void)unused;
	start(&b, 0, 2, 0);
	record(&b, AT_QUESTION, PTR, 77, STR("\4host\7example\0"));
	record(&b, AT_QUESTION, PTR, 5, STR("\5other\7example\0"));
	struct dns_answer a = answer_of(&b);
	assert_int_equal(a.result, DNS_NAME);
	assert_int_equal(a.ttl, 77);
	assert_int_equal(a.name_len, 12);
	assert_memory_equal(a.name, "host.example", 12);
	buf_release(&b);
}

static void
aliases(void **unused)
{
	struct buf b = {0};

	(void)unused;
	start(&b, 0, 3, 0);
	record(&b, STR("\7unasked\0"), PTR, 1, STR("\7unasked\0"));
	record(&b, AT_QUESTION, CNAME, 50, STR("\5alias\0"));
	record(&b, STR("\5ALIAS\0"), PTR, 60, STR("\1h\7example\0"));
	struct dns_answer a = answer_of(&b);
	assert_int_equal(a.result, DNS_NAME);
	assert_int_equal(a.ttl, 50); /* the least on the way */
	assert_memory_equal(a.name, "h.example", 9);

	start(&b, 0, 1, 0);
	record(&b, AT_QUESTION, CNAME, 50, AT_QUESTION);
	assert_int_equal(answer_of(&b).result, DNS_NONE);
	buf_release(&b);
}

static void
soa_put(struct buf *b, uint32_t ttl, uint32_t minimum)
{
	struct buf data = {0};

	buf_add(&data, "\xc0\x0c\1r\xc0\x0c", 6);
	for (unsigned i = 0; i < 4; i++)
		buf_be32(&data, 1);
	buf_be32(&data, minimum);
	record(b, AT_QUESTION, SOA, ttl, (struct str){(char *)data.p, data.len});
	buf_release(&data);
}

static void
no_name(void **unused)
{
	static const struct {
		unsigned rcode;
		uint32_t ttl, minimum, want;
	} cases[] = {{3, 900, 120, 120}, {3, 60, 120, 60}, {0, 900, 120, 120}, {3, 0x80000000, 120, 0}};
	struct buf b = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start(&b, cases[i].rcode, 0, 1);
		soa_put(&b, cases[i].ttl, cases[i].minimum);
		struct dns_answer a = answer_of(&b);
		assert_int_equal(a.result, DNS_NONE);
		assert_int_equal(a.ttl, cases[i].want);
	}
	start(&b, 3, 0, 0);
	struct dns_answer a = answer_of(&b);
	assert_int_equal(a.result, DNS_NONE);
	assert_int_equal(a.ttl, 0);
	for (unsigned rcode = 1; rcode < 16; rcode++) {
		start(&b, rcode, 0, 0);
		assert_int_equal(answer_of(&b).result, rcode == 3 ? DNS_NONE : DNS_FAILED);
	}
	buf_release(&b);
}

static void
unfit_names(void **unused)
{
	static const struct {
		struct str name;
		enum dns_result want;
	} cases[] = {
	    {{"\3a b\0", 5}, DNS_UNFIT},
	    {{"\1\n\0", 3}, DNS_UNFIT},
	    {{"\2\xc3\xa4\0", 4}, DNS_UNFIT},
	    {{"\1\x7f\0", 3}, DNS_UNFIT},
	    {{"\3a.b\0", 5}, DNS_UNFIT},
	    {{"\1\0\0", 3}, DNS_UNFIT},
	    {{"\0", 1}, DNS_NONE},
	    {{"\4_x/y\0", 6}, DNS_NAME},
	    {{"\x41x\0", 3}, DNS_GARBAGE}, /* a label type of another time (RFC 6891 §5) */
	    {{"\xc0", 1}, DNS_GARBAGE},
	    {{"\5ab", 3}, DNS_GARBAGE},
	    {{"", 0}, DNS_GARBAGE},
	};
	struct buf b = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start(&b, 0, 1, 0);
		record(&b, AT_QUESTION, PTR, 60, cases[i].name);
		assert_int_equal(answer_of(&b).result, cases[i].want);
	}
	buf_release(&b);
}

/* 255 bytes with lengths and end are a name (253 as text), one more is none. */
static void
longest_name(void **unused)
{
	struct buf b = {0}, name = {0};

	(void)unused;
	for (unsigned last = 61; last <= 62; last++) {
		name.len = 0;
		for (unsigned i = 0; i < 4; i++) {
			unsigned len = i < 3 ? 63 : last;

			buf_putc(&name, (char)len);
			memset(buf_reserve(&name, len), 'x', len);
			name.len += len;
		}
		buf_putc(&name, 0);
		start(&b, 0, 1, 0);
		record(&b, AT_QUESTION, PTR, 60, (struct str){(char *)name.p, name.len});
		struct dns_answer a = answer_of(&b);
		assert_int_equal(a.result, last == 61 ? DNS_NAME : DNS_GARBAGE);
		assert_int_equal(a.name_len, last == 61 ? 253 : 0);
	}
	buf_release(&b);
	buf_release(&name);
}

/* Pointers may lead back, never to themselves, forward, or around. */
static void
pointers(void **unused)
{
	struct buf b = {0};

	(void)unused;
	start(&b, 0, 1, 0);
	size_t data = b.len + 12;
	const char self[] = {(char)0xc0, (char)data}, forward[] = {(char)0xc0, (char)(data + 2), 0};
	const char around[] = {1, 'a', (char)0xc0, (char)data};

	record(&b, AT_QUESTION, PTR, 60, (struct str){self, 2});
	assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	start(&b, 0, 1, 0);
	record(&b, AT_QUESTION, PTR, 60, (struct str){forward, 3});
	assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	start(&b, 0, 1, 0);
	record(&b, AT_QUESTION, PTR, 60, (struct str){around, 4});
	assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	start(&b, 0, 1, 0);
	record(&b, AT_QUESTION, PTR, 60, STR("\1a\xc0\x0c"));
	assert_int_equal(answer_of(&b).result, DNS_NAME);
	buf_release(&b);
}

/* Cut anywhere it is no answer; and one that is a question, or holds several, is none either. */
static void
cut_off(void **unused)
{
	struct buf b = {0};

	(void)unused;
	start(&b, 0, 1, 0);
	record(&b, AT_QUESTION, PTR, 60, STR("\1h\7example\0"));
	size_t whole = b.len;
	assert_int_equal(answer_of(&b).result, DNS_NAME);
	for (b.len = 1; b.len < whole; b.len++)
		assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	b.p[2] &= 0x7f;
	assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	b.p[2] |= 0x80;
	b.p[5] = 2;
	assert_int_equal(answer_of(&b).result, DNS_GARBAGE);
	buf_release(&b);
}

static void
reverse_names(void **unused)
{
	char p[DNS_REVERSE_MAX];
	struct addr a = addr_from_v4(0xc0000201);

	(void)unused;
	assert_string_equal(dns_reverse_name(p, &a), "1.2.0.192.in-addr.arpa");
	a = addr_from_v4(0xffffffff);
	assert_string_equal(dns_reverse_name(p, &a), "255.255.255.255.in-addr.arpa");
	assert_int_equal(addr_parse(&a, STR("2001:db8::567:89ab")), 0);
	assert_string_equal(dns_reverse_name(p, &a),
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(name_and_ttl),
	    cmocka_unit_test(aliases),
	    cmocka_unit_test(no_name),
	    cmocka_unit_test(unfit_names),
	    cmocka_unit_test(longest_name),
	    cmocka_unit_test(pointers),
	    cmocka_unit_test(cut_off),
	    cmocka_unit_test(reverse_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
