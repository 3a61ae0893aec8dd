#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/fdio.h"
#include "read.h"
#include "settings.h"

static int
add_target(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct ifpoll_settings *s = arg;
	struct addr a;

	if (addr_parse(&a, item) == -1 || addr_is_any(&a) || addr_is_multicast(&a)) {
		err_set(e, "'%.*s' is no router's address", (int)item.len, item.p);
		return at_place(at, e);
	}
	if (s->target_count == IFPOLL_TARGETS_MAX) {
		err_set(e, "more than %d routers", IFPOLL_TARGETS_MAX);
		return at_place(at, e);
	}
	s->targets = mem_resize(s->targets, s->target_count + 1, sizeof *s->targets);
	s->targets[s->target_count++] = a;
	return 0;
}

/* A secret from its file, or else from the configuration; NULL if neither has it. */
static int
secret(char **to, const char *path, const char *text, struct err *e)
{
	struct buf b = {0};
	int status = 0;

	if (path != NULL && *path != '\0') {
		status = secret_read(&b, path, e);
		if (status == 0)
			*to = mem_strndup((const char *)b.p, b.len);
		if (b.p != NULL)
			explicit_bzero(b.p, b.len);
		buf_release(&b);
	} else if (text != NULL && *text != '\0') {
		*to = mem_strdup(text);
	}
	return status;
}

static int
password_check(const char *password, const char *key, struct err *e)
{
	if (password == NULL || strlen(password) >= IFASK_PASSWORD_MIN)
		return 0;
	return err_set(e, "snmp.%s: at least %d characters were expected", key, IFASK_PASSWORD_MIN);
}

static int
secrets_read(struct ifask_secrets *s, const struct opt *opts, const struct conf *c, struct err *e)
{
	const char *user = conf_str(c, "snmp.user");

	s->v3 = strcmp(conf_str(c, "snmp.version"), "3") == 0;
	if (!s->v3) {
		if (secret(&s->community, opt_path(&opts[O_SNMP_COMMUNITY_FILE], c),
			conf_str(c, "snmp.community"), e) == -1)
			return -1;
		if (s->community == NULL)
			s->community = mem_strdup("");
		return 0;
	}
	if (user == NULL || *user == '\0')
		return err_set(e, "snmp.version 3 wants a snmp.user");
	s->user = mem_strdup(user);
	s->auth_protocol = mem_strdup(conf_str(c, "snmp.auth_protocol"));
	s->priv_protocol = mem_strdup(conf_str(c, "snmp.priv_protocol"));
	if (secret(&s->auth_password, conf_str(c, "snmp.auth_password_file"),
		conf_str(c, "snmp.auth_password"), e) == -1 ||
	    secret(&s->priv_password, conf_str(c, "snmp.priv_password_file"),
		conf_str(c, "snmp.priv_password"), e) == -1 ||
	    password_check(s->auth_password, "auth_password", e) == -1 ||
	    password_check(s->priv_password, "priv_password", e) == -1)
		return -1;
	if (s->priv_password != NULL && s->auth_password == NULL)
		return err_set(
		    e, "snmp.priv_password wants a snmp.auth_password: nothing is encrypted without");
	return 0;
}

static bool
step_chosen(const struct enrich_settings *s)
{
	for (unsigned i = 0; i < s->step_count; i++)
		if (s->steps[i] == &snmp_step)
			return true;
	return false;
}

/* Where nobody says whom to trust, nf-collect trusts all, and whoever sends flows would be sent the community. */
static void
discover_check(const struct ifpoll_settings *s, const struct conf *c)
{
	if (s->discover && !s->secrets.v3 && s->target_count == 0 &&
	    !conf_has(c, "collectors.netflow.config.allow") && !conf_has(c, "bgp.bgp_listener.peer_ip"))
		log_warnx(
		    "snmp.discover: every exporter may be trusted, forged ones too, and would be sent the "
		    "community; list yours in collectors.netflow.config.allow, or use SNMP v3");
}

int
settings_read_snmp(struct enrich_settings *s, const struct opt *opts, const struct conf *c, struct err *e)
{
	struct ifpoll_settings *n = &s->snmp;
	uint32_t port, refresh;

	if (!step_chosen(s))
		return 0;
	s->snmp_asks =
	    conf_bool(c, "snmp.enabled") || opts[O_SNMP_TARGET].given || opts[O_SNMP_DISCOVER].given;
	if (!s->snmp_asks)
		return 0;
	n->discover = opt_flag(&opts[O_SNMP_DISCOVER], c);
	n->cache = opt_path(&opts[O_SNMP_CACHE], c);
	n->cache_expected = opts[O_SNMP_CACHE].given || conf_has(c, opts[O_SNMP_CACHE].key);
	n->ask.timeout_ms = (unsigned)conf_duration(c, "snmp.timeout");
	n->ask.retries = (unsigned)conf_num(c, "snmp.retries");
	if (n->ask.timeout_ms < 10 || n->ask.timeout_ms > 60000)
		return err_set(e, "snmp.timeout: from 10ms to 60s was expected");
	if (opt_num(&port, &opts[O_SNMP_PORT], c, 1, 65535, e) == -1 ||
	    opt_num(&refresh, &opts[O_SNMP_REFRESH], c, 1000, 86400000, e) == -1 ||
	    opt_each(&opts[O_SNMP_TARGET], c, add_target, n, e) == -1 ||
	    secrets_read(&n->secrets, opts, c, e) == -1)
		return -1;
	n->ask.port = (uint16_t)port;
	n->refresh_ms = refresh;
	discover_check(n, c);
	if (n->target_count == 0 && !n->discover)
		log_warnx(
		    "snmp is enabled, but there is nobody to ask; snmp.target or snmp.discover says whom");
	return 0;
}

void
settings_release_snmp(struct enrich_settings *s)
{
	free(s->snmp.targets);
	ifask_secrets_release(&s->snmp.secrets);
}
