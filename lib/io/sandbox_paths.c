/* Landlock, by its system calls: Debian 12 has neither a library nor the names of newer rights. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "io/sandbox_parts.h"

/* Since ABI 2 and 3. */
#define ACCESS_REFER (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                                  \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_READ_DIR | ACCESS_TRUNCATE)
#define ACCESS_FIRST ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) /* all of ABI 1 */
/* What a rule for a file, not a folder, may grant. */
#define ACCESS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)

static void
allow(int rules, const char *path, uint64_t access, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access & handled};

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1) {
		log_warn("%s: stays out of reach", path);
		return;
	}
	int r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (r == -1 && errno == EINVAL) {
		rule.allowed_access &= ACCESS_FILE;
		r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	if (r == -1)
		log_warn("%s: stays out of reach", path);
	close(rule.parent_fd);
}

static void
allow_list(int rules, const char *const *paths, uint64_t access, uint64_t handled)
{
	for (; paths != NULL && *paths != NULL; paths++)
		allow(rules, *paths, access, handled);
}

void
sandbox_paths(const struct sandbox *s)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = ACCESS_FIRST};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi >= 2)
		attr.handled_access_fs |= ACCESS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= ACCESS_TRUNCATE;
	int rules = abi < 1 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules == -1) {
		log_info("Landlock: %s; paths are not restricted by it", strerror(errno));
		return;
	}
	allow_list(rules, s->read, ACCESS_READ, attr.handled_access_fs);
	allow_list(rules, s->write, ACCESS_WRITE, attr.handled_access_fs);
	if (syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		log_warn("Landlock: paths are not restricted");
	close(rules);
}
