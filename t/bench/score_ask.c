/*
 * How long one vector takes through a scorer: "score_ask URL FEATURES N" posts N vectors, one at a time, over a kept connection, and
 * prints the 50th and 99th of a hundred times, in microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "io/http.h"
#include "ml/ask.h"

enum { WARM = 100 };

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		fatal_config("score_ask URL FEATURES N");
	const struct http_options o = {
	    .url = argv[1], .agent = "score_ask", .content_type = "application/json"};
	const struct addr key = addr_from_v4(0xc0000201);
	uint32_t features = (uint32_t)strtoul(argv[2], NULL, 10);
	size_t n = strtoul(argv[3], NULL, 10);
	const char **names = mem_zero(features, sizeof *names);
	float *values = mem_zero(features, sizeof *values);
	double *times = mem_zero(n + WARM, sizeof *times);
	struct http_answer a = {0};
	struct answer answer;
	struct arena arena = {0};
	struct buf body = {0};
	struct err e;
	struct http *h = http_new(&o, &e);

	if (h == NULL || features == 0 || n < 100)
		fatal_config("score_ask URL FEATURES N");
	for (uint32_t i = 0; i < features; i++)
		names[i] = arena_printf(&arena, "f%u", i);
	for (size_t i = 0; i < n + WARM; i++) {
		for (uint32_t k = 0; k < features; k++)
			values[k] = (float)((i * 31 + k * 7) % 1000) / 1000;
		body.len = 0;
		double from = now_us();
		ask_write(&body, 1, false, names, features, &key, values, 1);
		if (http_post(h, NULL, (struct str){(const char *)body.p, body.len}, &a, &e) < 0)
			fatalx("%s", e.msg);
		if (a.status != 200 ||
		    answer_read(&answer, &key, 1, (struct str){(const char *)a.text.p, a.text.len}, &e) < 0)
			fatalx("status %ld: %s", a.status, buf_cstr(&a.text));
		times[i] = now_us() - from;
	}
	qsort(times + WARM, n, sizeof *times, order);
	printf("%.0f %.0f\n", times[WARM + n / 2], times[WARM + n * 99 / 100]);
	http_free(h);
	buf_release(&a.text);
	buf_release(&body);
	arena_release(&arena);
	free(names);
	free(values);
	free(times);
	return 0;
}
