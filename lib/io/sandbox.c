#include "io/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "io/sandbox_parts.h"

enum { NOBODY = 65534 };

static int
user_by_name(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return -1;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

int
sandbox_user_check(const char *user, struct err *e)
{
	uid_t uid;
	gid_t gid;

	return user_by_name(user, &uid, &gid) == 0 ? 0 : err_set(e, "there is no user '%s'", user);
}

/* Of what we have only the binding of low ports may stay. The library for this is some calls around these two. */
static int
set_capabilities(bool low_ports, struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct have[2], want[2] = {0};

	if (syscall(SYS_capget, &head, have) == -1)
		return err_sys(e, "capget");
	if (low_ports)
		want[0].effective = want[0].permitted = have[0].permitted & 1U << CAP_NET_BIND_SERVICE;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, want) == -1)
		return err_sys(e, "cannot give up capabilities");
	return 0;
}

/* Capabilities outlive the change of user, as long as the bit for that is set, and are cut down after it. */
static int
become(uid_t uid, gid_t gid)
{
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return -1;
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
#ifdef __SANITIZE_ADDRESS__
	/* The search for leaks traces the process. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
	return 0;
}

/* Root becomes that user. Whoever is not root stays who it is. */
static int
drop_root(const char *user, struct err *e)
{
	uid_t uid = NOBODY;
	gid_t gid = NOBODY;

	if (geteuid() != 0)
		return 0;
	if (user != NULL && user_by_name(user, &uid, &gid) == -1)
		return err_set(e, "there is no user '%s'", user);
	if (user == NULL && user_by_name("flowenricher", &uid, &gid) == -1)
		(void)user_by_name("nobody", &uid, &gid);
	if (uid == 0 || become(uid, gid) == 0)
		return 0;
	if (user != NULL)
		return err_sys(e, "cannot become the user '%s'", user);
	/* In a container that has no other user, for instance. */
	log_warn("cannot become user %u, stays root", (unsigned)uid);
	return 0;
}

int
sandbox_enter(const struct sandbox *s, struct err *e)
{
	if (drop_root(s->user, e) == -1 || set_capabilities(s->low_ports, e) == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(e, "cannot give up new privileges");
#ifndef __SANITIZE_ADDRESS__
	sandbox_paths(s);
	sandbox_calls(s);
#endif
	return 0;
}
