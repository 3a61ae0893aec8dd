/*
 * seccomp: the system calls that a program of this house makes once it runs.
 * What is not in the list fails with EPERM rather than end the process, since a
 * newer C library may try a call that it can do without.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "base/log.h"
#include "io/sandbox_parts.h"

#define CALL(name) SCMP_SYS(name)

/* clang-format off */

static const int always[] = {
	/* descriptors that are open; the C library has fstat by newfstatat */
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64), CALL(close), CALL(lseek),
	CALL(fstat), CALL(newfstatat), CALL(ftruncate), CALL(fsync), CALL(fdatasync), CALL(fcntl), CALL(dup),
	CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
	CALL(epoll_pwait), CALL(eventfd2), CALL(pipe2), CALL(memfd_create),
	CALL(recvmsg), CALL(recvmmsg), CALL(recvfrom), CALL(sendmsg), CALL(sendmmsg), CALL(sendto), CALL(shutdown),
	CALL(getsockopt), CALL(getsockname), CALL(getpeername),
	/* memory and threads */
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(futex), CALL(set_robust_list), CALL(rseq),
	CALL(sched_yield), CALL(sched_getaffinity), CALL(gettid), CALL(getpid),
	/* time, signals, the end */
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep), CALL(nanosleep), CALL(gettimeofday), CALL(time),
	CALL(getrandom), CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigaltstack), CALL(tgkill),
	CALL(restart_syscall), CALL(wait4), CALL(exit), CALL(exit_group),
	/* who and where we are */
	CALL(setpriority), CALL(getpriority), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getrusage), CALL(sysinfo), CALL(uname),
};

/* Landlock says which. */
static const int files[] = {
	CALL(open), CALL(openat), CALL(stat), CALL(lstat), CALL(statx), CALL(access), CALL(faccessat), CALL(faccessat2),
	CALL(readlink), CALL(readlinkat), CALL(getdents64),
};
static const int changes[] = {
	CALL(unlink), CALL(unlinkat), CALL(rename), CALL(renameat), CALL(renameat2), CALL(fchmod), CALL(fallocate),
	CALL(flock),
};
static const int sockets[] = {
	CALL(bind), CALL(listen), CALL(accept), CALL(accept4), CALL(connect), CALL(setsockopt),
};

/* clang-format on */

#define ALLOW(filter, list) allow(filter, list, sizeof(list) / sizeof((list)[0]))

static int
allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

/* A call where an argument, under a mask, has a value. */
static int
allow_if(scmp_filter_ctx filter, int call, unsigned arg, uint64_t mask, uint64_t value)
{
	return seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, call, 1, SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value));
}

/* Threads but no processes, and no memory that is both written and executed. */
static int
allow_some(scmp_filter_ctx filter)
{
	int r = allow_if(filter, CALL(clone), 0, CLONE_THREAD, CLONE_THREAD);

	/* Its flags are in memory, where a filter cannot look; then the C library takes clone. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	if (r == 0)
		r = allow_if(filter, CALL(mmap), 2, PROT_EXEC, 0);
	if (r == 0)
		r = allow_if(filter, CALL(mprotect), 2, PROT_EXEC, 0);
	if (r == 0)
		r = allow_if(filter, CALL(ioctl), 1, UINT32_MAX, TCGETS);
	if (r == 0)
		r = allow_if(filter, CALL(ioctl), 1, UINT32_MAX, FIONREAD);
	return r;
}

static int
allow_network(scmp_filter_ctx filter)
{
	int r = ALLOW(filter, sockets);

	if (r == 0)
		r = allow_if(filter, CALL(socket), 0, UINT32_MAX, AF_INET);
	if (r == 0)
		r = allow_if(filter, CALL(socket), 0, UINT32_MAX, AF_INET6);
	return r;
}

void
sandbox_calls(const struct sandbox *s)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (filter == NULL) {
		log_warnx("seccomp: no filter; system calls are not restricted");
		return;
	}
	/* A tree rather than a list, so that the last of them cost no more than the first. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	int r = ALLOW(filter, always);
	if (r == 0)
		r = allow_some(filter);
	if (r == 0 && (s->read != NULL || s->write != NULL))
		r = ALLOW(filter, files);
	if (r == 0 && s->write != NULL)
		r = ALLOW(filter, changes);
	if (r == 0 && s->network)
		r = allow_network(filter);
	if (r == 0)
		r = seccomp_load(filter);
	if (r != 0)
		log_warnx("seccomp: %s; system calls are not restricted", strerror(-r));
	seccomp_release(filter);
}
