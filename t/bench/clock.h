/* CPU time of this process, and the rate that a measured loop comes to. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

static inline double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What a benchmark keeps doing until it has run long enough to be measured. */
#define BENCH_SECONDS 0.5

#endif
