/*
 * For LD_PRELOAD: on SIGUSR2 the thread that gets it tries what a program that
 * was taken over would, and says on stderr which of it the kernel let it do.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
say(const char *what, long r)
{
	char line[128];
	int n =
	    snprintf(line, sizeof line, "probe %s: %s\n", what, r == -1 ? strerrorname_np(errno) : "done");

	(void)!write(2, line, (size_t)n);
}

static void
probe(int sig)
{
	static char *const argv[] = {"/bin/true", NULL};
	void *page;
	long r;

	(void)sig;
	say("read", open("/etc/passwd", O_RDONLY));
	say("write", open("/tmp/.", O_TMPFILE | O_WRONLY, 0600));
	say("unlink", unlink("/tmp/there-is-no-such-file") == -1 && errno == ENOENT ? 0 : -1);
	say("unix", socket(AF_UNIX, SOCK_STREAM, 0));
	say("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	say("inet", socket(AF_INET, SOCK_DGRAM, 0));
	say("kill", kill(getppid(), 0));
	/* Of nobody: who is traced stops. */
	say("trace", syscall(SYS_ptrace, PTRACE_ATTACH, 0x7fffffff, 0, 0) == -1 && errno == ESRCH ? 0 : -1);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("code", page == MAP_FAILED ? -1 : 0);
	r = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (r == 0) {
		execve(argv[0], argv, NULL);
		_exit(1);
	}
	say("fork", r);
	if (r == -1)
		say("exec", execve(argv[0], argv, NULL));
	else
		waitpid((pid_t)r, NULL, 0);
	say("end", 0);
}

__attribute__((constructor)) static void
arm(void)
{
	signal(SIGUSR2, probe);
}
