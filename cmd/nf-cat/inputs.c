#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cat.h"
#include "io/clock.h"
#include "io/unix_socket.h"

enum { LOOK_MS = 50 }; /* between looks for a socket */

static bool
is_input(const char *operand)
{
	return strcmp(operand, "-") == 0 || strncmp(operand, "unix:", 5) == 0 || access(operand, F_OK) == 0;
}

int
operands_sort(struct settings *s, char **operands, struct err *e)
{
	static char stdin_name[] = "-";
	struct buf text = {0};
	size_t n = 0, count = 0;

	while (operands[count] != NULL)
		count++;
	s->inputs = mem_zero(count + 2, sizeof *s->inputs);
	while (operands[n] != NULL && is_input(operands[n])) {
		s->inputs[n] = operands[n];
		n++;
	}
	if (n == 0)
		s->inputs[0] = stdin_name;
	if (n == count)
		return 0;
	for (size_t i = n; i < count; i++) {
		buf_puts(&text, i > n ? " " : "");
		buf_puts(&text, operands[i]);
	}
	struct err why;
	s->filter = filter_compile(buf_cstr(&text), &why);
	buf_release(&text);
	if (s->filter == NULL)
		return err_set(e, "'%s' is no file, and as a filter: %s", operands[n], why.msg);
	return 0;
}

int
input_open(const char *operand, int64_t wait_ms, struct err *e)
{
	int64_t until = clock_mono_ms() + wait_ms;
	int fd;

	if (strcmp(operand, "-") == 0)
		return STDIN_FILENO;
	if (strncmp(operand, "unix:", 5) != 0) {
		fd = open(operand, O_RDONLY | O_CLOEXEC);
		return fd == -1 ? err_sys(e, "%s", operand) : fd;
	}
	while ((fd = unix_connect(operand + 5, e)) == -1 && clock_mono_ms() < until)
		poll(NULL, 0, LOOK_MS);
	return fd;
}
