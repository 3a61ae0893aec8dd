#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"
#include "flow/scale.h"

static void
counts_are_multiplied(void **state)
{
	struct desk *d = desk_new(NULL, NULL);

	(void)state;
	static const char *const lines[] = {
	    "{\"sampling_rate\":10,\"packets\":3,\"bytes\":7}",
	    "{\"sampling_rate\":1,\"packets\":3,\"bytes\":7}",
	    "{\"sampling_rate\":0,\"packets\":3}",
	    "{\"packets\":3,\"bytes\":7}",
	    "{\"sampling_rate\":2,\"bytes\":9223372036854775808}",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(ndjson_read(d->r, str_from(lines[i]), &d->bd, &d->mark, &d->e), NDJSON_ROW);
	builder_finish(&d->bd, &d->b);
	batch_scale(&d->b, &d->arena);
	ndjson_write(&d->b, &d->out, &d->arena);
	assert_string_equal(buf_cstr(&d->out), "{\"sampling_rate\":1,\"packets\":30,\"bytes\":70}\n"
					       "{\"sampling_rate\":1,\"packets\":3,\"bytes\":7}\n"
					       "{\"sampling_rate\":0,\"packets\":3}\n"
					       "{\"packets\":3,\"bytes\":7}\n"
					       "{\"sampling_rate\":1,\"bytes\":18446744073709551615}\n");
	desk_free(d);
}

static void
nothing_to_scale(void **state)
{
	struct desk *d = desk_new(NULL, NULL);

	(void)state;
	assert_int_equal(ndjson_read(d->r, STR("{\"packets\":3}"), &d->bd, &d->mark, &d->e), NDJSON_ROW);
	builder_finish(&d->bd, &d->b);
	batch_scale(&d->b, &d->arena);
	ndjson_write(&d->b, &d->out, &d->arena);
	assert_string_equal(buf_cstr(&d->out), "{\"packets\":3}\n");
	desk_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_are_multiplied),
	    cmocka_unit_test(nothing_to_scale),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
