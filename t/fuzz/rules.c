/* The rule parser; what it takes must print, and print the same again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "detect/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules rs;
	struct err e;

	if (rules_parse(&rs, "fuzz", (struct str){(const char *)data, size}, NULL, &e) < 0)
		return 0;
	for (size_t i = 0; i < rs.n; i++) {
		const struct rule *r = &rs.v[i];
		struct buf out = {0};

		rule_print(r, "  ", &out);
		if (out.len == 0 || r->window == 0 || r->actions == 0)
			__builtin_trap();
		if (!r->key.src_ip && !r->key.dst_ip && !r->key.src_port && !r->key.dst_port && !r->key.proto)
			__builtin_trap();
		buf_release(&out);
	}
	rules_release(&rs);
	return 0;
}
