/*
 * How soon a server of HTTP at a Unix socket answers: ask SOCKET PATH EVERY_MS PID
 *
 * Asks on a connection of its own each time, until it is told to end, then says
 * how many answers came, and in how many ms: the median, the 99th of a hundred,
 * the last; then how many ms the process PID was on the CPU between question and
 * answer, in the same way, which a busy machine does not change.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

enum { ANSWERS_MAX = 1000000 };

static volatile sig_atomic_t over;

static void
on_term(int sig)
{
	(void)sig;
	over = 1;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Of one thread, so far. */
static double
on_cpu_ms(int schedstat)
{
	char text[64] = "";

	return pread(schedstat, text, sizeof text - 1, 0) > 0 ? (double)strtoull(text, NULL, 10) * 1e-6 : 0;
}

/* Whether an answer came whole. */
static bool
ask(const struct sockaddr_un *to, const char *path)
{
	char text[4096];
	bool good = false;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int len = snprintf(
	    text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);

	if (connect(fd, (const void *)to, sizeof *to) == 0 && write(fd, text, (size_t)len) == len) {
		ssize_t n = read(fd, text, sizeof text);

		good = n >= 12 && memcmp(text + 9, "200", 3) == 0;
		while (n > 0)
			n = read(fd, text, sizeof text);
		good &= n == 0;
	}
	close(fd);
	return good;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
show(double *ms, size_t n, const char *end)
{
	qsort(ms, n, sizeof *ms, compare);
	printf("%.1f %.1f %.1f%s", ms[n / 2], ms[n * 99 / 100], ms[n - 1], end);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct sigaction act = {.sa_handler = on_term, .sa_flags = SA_RESTART};
	double *took = mem_alloc(ANSWERS_MAX * sizeof *took), *cpu = mem_alloc(ANSWERS_MAX * sizeof *cpu);
	uint64_t every, pid;
	size_t n = 0;
	char path[64];

	if (argc != 5 || strlen(argv[1]) >= sizeof to.sun_path ||
	    num_parse(&every, str_from(argv[3]), 1, 999) == -1 ||
	    num_parse(&pid, str_from(argv[4]), 1, INT32_MAX) == -1) {
		fprintf(stderr, "usage: ask SOCKET PATH EVERY_MS PID\n");
		return 2;
	}
	strncpy(to.sun_path, argv[1], sizeof to.sun_path - 1);
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	int schedstat = open(path, O_RDONLY);
	sigaction(SIGTERM, &act, NULL);
	while (!over && n < ANSWERS_MAX) {
		double began = now_ms(), cpu_began = on_cpu_ms(schedstat);

		if (!ask(&to, argv[2])) {
			fprintf(stderr, "ask: no answer\n");
			return 1;
		}
		cpu[n] = on_cpu_ms(schedstat) - cpu_began;
		took[n++] = now_ms() - began;
		nanosleep(&(struct timespec){.tv_nsec = (long)every * 1000000}, NULL);
	}
	if (n == 0 || schedstat == -1)
		return 1;
	printf("%zu ", n);
	show(took, n, " ");
	show(cpu, n, "\n");
	free(took);
	free(cpu);
	return 0;
}
