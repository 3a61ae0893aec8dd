/* A request of any bytes is refused or has sound values; an answer of any bytes is refused or has sound scores. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ml/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

static void
request_try(struct str text)
{
	struct vector_shape shape = {.version = 1, .count = 2, .names = {"a", "b"}};
	struct ask q = {.count = 0};
	struct err e;

	if (ask_read(&q, text, &e) == 0) {
		for (size_t i = 0; i < (size_t)q.count * q.shape.count; i++)
			if (!isfinite(ask_values(&q)[i]))
				abort();
		for (uint32_t i = 0; i < q.count; i++)
			if (ask_id(&q, i).len > ASK_ID_MAX)
				abort();
		(void)ask_fit(&q, &shape, &e);
	}
	ask_release(&q);
}

static void
answer_try(struct str text)
{
	const struct addr keys[2] = {addr_from_v4(0xc0000201), addr_from_v4(0xc0000202)};
	struct answer answers[2];
	struct err e;

	if (answer_read(answers, keys, 2, text, &e) < 0)
		return;
	for (int i = 0; i < 2; i++)
		if (!(answers[i].score >= 0 && answers[i].score <= 1))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text = malloc(len + 1);

	memcpy(text, p, len);
	request_try((struct str){text, len});
	answer_try((struct str){text, len});
	free(text);
	return 0;
}
