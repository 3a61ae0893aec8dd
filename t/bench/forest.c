/*
 * The forest alone, as rates a second that one core comes to: "forest score" gives rows of 16 features through 100
 * trees of 256, "forest train" rows of 12 features, of 100,000, that such trees are grown from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "clock.h"
#include "ml/forest.h"

static const struct forest_options options = {.trees = 100, .sample = 256, .seed = 1};

/* A sum of uniform values: most rows are alike. */
static float *
rows_make(size_t n, size_t features)
{
	float *rows = mem_zero(n * features, sizeof *rows);
	uint64_t random = 1;

	for (size_t i = 0; i < n * features; i++)
		for (int k = 0; k < 4; k++) {
			random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			rows[i] += (float)(random >> 40) * 0x1p-24f;
		}
	return rows;
}

static double
train_rate(const float *rows, size_t n, uint32_t features)
{
	double from = cpu_seconds(), now;
	size_t runs = 0;
	struct forest f;
	struct err e;

	do {
		if (forest_train(&f, rows, n, features, &options, &e) < 0)
			fatalx("%s", e.msg);
		forest_release(&f);
		runs++;
		now = cpu_seconds();
	} while (now - from < BENCH_SECONDS);
	return (double)(runs * n) / (now - from);
}

static double
score_rate(const float *rows, size_t n, uint32_t features)
{
	float *scores = mem_zero(n, sizeof *scores);
	struct forest f;
	struct err e;
	size_t runs = 0;

	if (forest_train(&f, rows, n, features, &options, &e) < 0)
		fatalx("%s", e.msg);
	double from = cpu_seconds(), now;
	do {
		if (forest_score(&f, rows, n, scores, &e) < 0)
			fatalx("%s", e.msg);
		runs++;
		now = cpu_seconds();
	} while (now - from < BENCH_SECONDS);
	forest_release(&f);
	free(scores);
	return (double)(runs * n) / (now - from);
}

int
main(int argc, char **argv)
{
	const size_t n = 100000;
	int train = argc > 1 && strcmp(argv[1], "train") == 0;
	uint32_t features = train ? 12 : 16;
	float *rows = rows_make(n, features);

	printf("%.0f\n", train ? train_rate(rows, n, features) : score_rate(rows, n, features));
	free(rows);
	return 0;
}
