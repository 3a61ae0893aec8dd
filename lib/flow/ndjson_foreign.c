/* Values as other programs write them. */
#include "base/num.h"
#include "flow/ndjson_in.h"
#include "flow/proto.h"
#include "flow/tcpflags.h"

static int
read_words(const struct reading *rd)
{
	struct buf *list = &rd->r->list;

	if (rd->v->kind == JSON_ARRAY)
		return value_list(rd);
	if (rd->v->kind != JSON_STRING)
		return value_refuse(rd, "words or a list");
	list->len = 0;
	for (size_t i = 0, n; i < rd->text.len; i += n + 1) {
		for (n = 0; i + n < rd->text.len && memchr(" _,", rd->text.p[i + n], 4) == NULL;)
			n++;
		buf_add(list, rd->text.p + i, n);
		if (n > 0)
			buf_putc(list, '\0');
	}
	if (list->len > 0)
		builder_str(rd->bd, rd->k->field, (struct str){(const char *)list->p, list->len});
	return 0;
}

static int
read_proto(const struct reading *rd)
{
	uint8_t proto;

	if ((rd->v->kind != JSON_STRING && rd->v->kind != JSON_NUMBER) || proto_parse(&proto, rd->text) == -1)
		return value_refuse(rd, "a protocol name or a number from 0 to 255");
	builder_u8(rd->bd, rd->k->field, proto);
	return 0;
}

static int
flags_add(const struct reading *element, void *arg)
{
	uint16_t flags, *all = arg;

	if (element->v->kind != JSON_STRING || tcpflags_parse(&flags, element->text) == -1)
		return value_refuse(element, "TCP flags");
	*all |= flags;
	return 0;
}

static int
read_tcpflags(const struct reading *rd)
{
	uint16_t flags = 0;

	if (rd->v->kind == JSON_ARRAY) {
		if (value_each(rd, flags_add, &flags) == -1)
			return -1;
	} else if ((rd->v->kind != JSON_STRING && rd->v->kind != JSON_NUMBER) ||
		   tcpflags_parse(&flags, rd->text) == -1) {
		return value_refuse(rd, "TCP flags");
	}
	builder_u16(rd->bd, rd->k->field, flags);
	return 0;
}

/* Ethernet types: 0x0800 and 0x86dd, IPv4 and IPv6. Another one says nothing of the IP version. */
static int
read_etype(const struct reading *rd)
{
	struct str t = rd->text;

	if (rd->v->kind != JSON_STRING && rd->v->kind != JSON_NUMBER)
		return value_refuse(rd, "an Ethernet type");
	if (str_eq(t, STR("IPv4")) || str_eq(t, STR("2048")) || str_eq(t, STR("800")) ||
	    str_eq(t, STR("0800")) || str_eq(t, STR("0x0800")))
		builder_u8(rd->bd, rd->k->field, 4);
	else if (str_eq(t, STR("IPv6")) || str_eq(t, STR("34525")) || str_eq(t, STR("86dd")) ||
		 str_eq(t, STR("86DD")) || str_eq(t, STR("0x86dd")))
		builder_u8(rd->bd, rd->k->field, 6);
	return 0;
}

static int
read_flow_type(const struct reading *rd)
{
	static const struct {
		struct str theirs, ours;
	} names[] = {
	    {{"SFLOW_5", 7}, {"sflow5", 6}},
	    {{"NETFLOW_V5", 10}, {"netflow5", 8}},
	    {{"NETFLOW_V9", 10}, {"netflow9", 8}},
	    {{"IPFIX", 5}, {"ipfix", 5}},
	};

	if (rd->v->kind == JSON_NUMBER) {
		uint64_t n;

		if (value_integer(rd, &n, 4) == 0 && n > 0) /* as the protobuf enumerates them */
			builder_str(rd->bd, rd->k->field, names[n - 1].ours);
		return 0;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_eq(rd->text, names[i].theirs)) {
			builder_str(rd->bd, rd->k->field, names[i].ours);
			return 0;
		}
	}
	return value_text(rd);
}

static int
read_export_version(const struct reading *rd)
{
	uint64_t n;

	if (value_integer(rd, &n, UINT16_MAX) == -1)
		return value_refuse_number(rd, UINT16_MAX);
	builder_str(rd->bd, rd->k->field, n == 5 ? STR("netflow5") : n == 9 ? STR("netflow9") : STR("ipfix"));
	return 0;
}

static int
read_icmp(const struct reading *rd)
{
	uint64_t n, now = builder_get(rd->bd, rd->k->field);

	if (value_integer(rd, &n, 255) == -1)
		return value_refuse_number(rd, 255);
	now = rd->k->how == HOW_ICMP_TYPE ? (now & 0xff) | n << 8 : (now & 0xff00) | n;
	builder_u16(rd->bd, rd->k->field, (uint16_t)now);
	return 0;
}

static int
read_mask(const struct reading *rd)
{
	const char *slash = memchr(rd->text.p, '/', rd->text.len);
	struct str len = rd->text;
	uint64_t n;

	if (slash != NULL)
		len = (struct str){slash + 1, (size_t)(rd->text.p + rd->text.len - slash - 1)};
	if ((rd->v->kind != JSON_STRING && rd->v->kind != JSON_NUMBER) || num_parse(&n, len, 0, 128) == -1)
		return value_refuse(rd, "a prefix or its length");
	builder_u8(rd->bd, rd->k->field, (uint8_t)n);
	return 0;
}

int
value_foreign(const struct reading *rd)
{
	switch (rd->k->how) {
	case HOW_PROTO:
		return read_proto(rd);
	case HOW_TCPFLAGS:
		return read_tcpflags(rd);
	case HOW_ETYPE:
		return read_etype(rd);
	case HOW_FLOW_TYPE:
		return read_flow_type(rd);
	case HOW_EXPORT_VERSION:
		return read_export_version(rd);
	case HOW_MASK:
		return read_mask(rd);
	case HOW_WORDS:
		return read_words(rd);
	default:
		return read_icmp(rd);
	}
}
