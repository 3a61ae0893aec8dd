#include "enrich/ifname_ask.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/lcd_time.h>

#include "base/log.h"

#define REPETITIONS 25 /* rows an answer; a router may give fewer */
#define ENGINE_MAX 32 /* bytes of an snmpEngineID, RFC 3411 §5 */

struct key {
	const oid *protocol; /* NULL: none */
	size_t protocol_len;
	u_char key[USM_AUTH_KU_LEN];
	size_t len;
};

struct ifask {
	struct ifask_secrets secrets;
	int level;
	struct key auth, priv;
};

struct ifask_talk {
	struct ifask *ask;
	struct addr router;
	struct ifask_options options;
	struct ifwalk *walk;
	void *session;
	u_char engine[ENGINE_MAX];
	size_t engine_len; /* 0: not known yet */
	enum ifask_state state;
	bool answered; /* the next question is due */
	bool clock_set;
	struct err why;
};

static char *
copy(const char *s)
{
	return s != NULL ? mem_strdup(s) : NULL;
}

void
ifask_secrets_copy(struct ifask_secrets *to, const struct ifask_secrets *from)
{
	*to = *from;
	to->community = copy(from->community);
	to->user = copy(from->user);
	to->auth_protocol = copy(from->auth_protocol);
	to->priv_protocol = copy(from->priv_protocol);
	to->auth_password = copy(from->auth_password);
	to->priv_password = copy(from->priv_password);
}

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void
ifask_secrets_release(struct ifask_secrets *s)
{
	wipe(s->community);
	free(s->user);
	free(s->auth_protocol);
	free(s->priv_protocol);
	wipe(s->auth_password);
	wipe(s->priv_password);
	*s = (struct ifask_secrets){0};
}

/* What net-snmp has to say: of odd answers, mostly, which a peer can cause at will. */
static int
on_log(int major, int minor, void *message, void *arg)
{
	const struct snmp_log_message *m = message;

	(void)major;
	(void)minor;
	(void)arg;
	log_debug("net-snmp: %s", m->msg);
	return 0;
}

/* Not init_snmp(), which reads configuration and MIB files, and sets the locale. */
static void
library_start(void)
{
	netsnmp_session s;

	if (netsnmp_ds_get_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS))
		return;
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES, 1);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_APPTYPE, "nf-enrich");
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	snmp_sess_init(&s);
	init_snmpv3("nf-enrich");
	/* What waits for this makes the salts of privacy, and the nameless user of engine discovery. */
	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_PREMIB_READ_CONFIG, NULL);
	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, NULL);
}

/* RFC 3414 §2.6: the key of a password costs a hash of a megabyte, so it is made once for all routers. */
static int
key_make(struct key *k, const struct key *auth, const char *password, struct err *e)
{
	k->len = sizeof k->key;
	if (generate_Ku(auth->protocol, (u_int)auth->protocol_len, (const u_char *)password, strlen(password),
		k->key, &k->len) != SNMPERR_SUCCESS)
		return err_set(e, "snmp: no key can be made of the password");
	return 0;
}

static int
keys_make(struct ifask *a, struct err *e)
{
	const struct ifask_secrets *s = &a->secrets;
	int type;

	a->level = SNMP_SEC_LEVEL_NOAUTH;
	if (s->auth_password == NULL)
		return 0;
	type = usm_lookup_auth_type(s->auth_protocol);
	if (type > 0)
		a->auth.protocol = sc_get_auth_oid(type, &a->auth.protocol_len);
	if (a->auth.protocol == NULL)
		return err_set(e, "snmp: this net-snmp has no %s", s->auth_protocol);
	a->level = SNMP_SEC_LEVEL_AUTHNOPRIV;
	if (key_make(&a->auth, &a->auth, s->auth_password, e) == -1 || s->priv_password == NULL)
		return s->priv_password == NULL ? 0 : -1;
	type = usm_lookup_priv_type(s->priv_protocol);
	if (type > 0)
		a->priv.protocol = sc_get_priv_oid(type, &a->priv.protocol_len);
	if (a->priv.protocol == NULL)
		return err_set(e, "snmp: this net-snmp has no %s", s->priv_protocol);
	a->level = SNMP_SEC_LEVEL_AUTHPRIV;
	return key_make(&a->priv, &a->auth, s->priv_password, e);
}

struct ifask *
ifask_new(const struct ifask_secrets *s, struct err *e)
{
	struct ifask *a = mem_zero(1, sizeof *a);

	library_start();
	ifask_secrets_copy(&a->secrets, s);
	if (!s->v3 || keys_make(a, e) == 0)
		return a;
	ifask_free(a);
	return NULL;
}

void
ifask_forget(struct ifask *a)
{
	struct usmUser *u;

	(void)a;
	while ((u = usm_get_userList()) != NULL) {
		usm_remove_user(u);
		usm_free_user(u);
	}
	free_etimelist();
}

void
ifask_free(struct ifask *a)
{
	if (a == NULL)
		return;
	ifask_forget(a);
	ifask_secrets_release(&a->secrets);
	explicit_bzero(a, sizeof *a);
	free(a);
}

static void
value_set(struct ifvalue *v, const netsnmp_variable_list *var)
{
	switch (var->type) {
	case ASN_OCTET_STR:
		v->kind = IFVALUE_TEXT;
		v->text = (struct str){(const char *)var->val.string, var->val_len};
		break;
	case ASN_GAUGE: /* and ASN_UNSIGNED */
	case ASN_COUNTER:
	case ASN_INTEGER:
		v->kind = var->val.integer != NULL && *var->val.integer >= 0 ? IFVALUE_NUMBER : IFVALUE_OTHER;
		v->number = v->kind == IFVALUE_NUMBER ? (uint64_t)*var->val.integer : 0;
		break;
	case SNMP_NOSUCHOBJECT:
	case SNMP_NOSUCHINSTANCE:
	case SNMP_ENDOFMIBVIEW:
		v->kind = IFVALUE_END;
		break;
	default:
		v->kind = IFVALUE_OTHER;
	}
}

static int
answer_take(struct ifask_talk *t, netsnmp_pdu *pdu, struct err *e)
{
	if (pdu->command == SNMP_MSG_REPORT)
		return err_set(e, "it refuses us: %s", snmp_api_errstring(snmpv3_get_report_type(pdu)));
	if (pdu->command != SNMP_MSG_RESPONSE)
		return err_set(e, "its answer is none");
	if (pdu->errstat != SNMP_ERR_NOERROR)
		return err_set(e, "it answers: %s", snmp_errstring((int)pdu->errstat));
	if (pdu->variables == NULL)
		return err_set(e, "its answer is empty");
	for (const netsnmp_variable_list *var = pdu->variables; var != NULL; var = var->next_variable) {
		uint32_t name[MAX_OID_LEN];
		struct ifvalue v = {.oid = name, .oid_len = var->name_length};

		if (var->name_length > MAX_OID_LEN)
			return err_set(e, "its answer has an OID without end");
		for (size_t i = 0; i < var->name_length; i++)
			name[i] = (uint32_t)var->name[i];
		value_set(&v, var);
		int status = ifwalk_take(t->walk, &v, e);
		if (status != 0)
			return status == 1 ? 0 : -1;
	}
	return 0;
}

/* Engine discovery, RFC 3414 §4: a report tells of the engine that sent it. */
static int
engine_take(struct ifask_talk *t, const netsnmp_pdu *pdu, struct err *e)
{
	if (pdu->command != SNMP_MSG_REPORT || pdu->securityEngineIDLen == 0 ||
	    pdu->securityEngineIDLen > sizeof t->engine)
		return err_set(e, "it does not tell its engine ID; does it speak SNMP v3?");
	memcpy(t->engine, pdu->securityEngineID, pdu->securityEngineIDLen);
	t->engine_len = pdu->securityEngineIDLen;
	return 0;
}

/* RFC 3414 §3.2, 7: our idea of the engine's clock is wrong. net-snmp has corrected it, and asks once more. */
static bool
is_clock_report(struct ifask_talk *t, netsnmp_pdu *pdu)
{
	if (t->clock_set || pdu->command != SNMP_MSG_REPORT ||
	    snmpv3_get_report_type(pdu) != SNMPERR_NOT_IN_TIME_WINDOW)
		return false;
	return t->clock_set = true;
}

static int
on_answer(int op, netsnmp_session *session, int id, netsnmp_pdu *pdu, void *arg)
{
	struct ifask_talk *t = arg;
	int status;

	(void)session;
	(void)id;
	if (t->state != IFASK_WAITS)
		return 1;
	switch (op) {
	case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE:
		if (is_clock_report(t, pdu))
			break;
		status = t->ask->secrets.v3 && t->engine_len == 0 ? engine_take(t, pdu, &t->why)
								  : answer_take(t, pdu, &t->why);
		t->answered = status == 0;
		t->state = status == 0 ? IFASK_WAITS : IFASK_FAILED;
		break;
	case NETSNMP_CALLBACK_OP_TIMED_OUT:
		t->state = IFASK_TIMEOUT;
		break;
	case NETSNMP_CALLBACK_OP_SEND_FAILED:
	case NETSNMP_CALLBACK_OP_DISCONNECT:
		err_set(&t->why, "the question cannot be sent");
		t->state = IFASK_FAILED;
		break;
	default: /* a question sent again; a message that is not authentic, which anybody may have sent */
		break;
	}
	return 1;
}

static void
session_secure(netsnmp_session *s, struct ifask_talk *t)
{
	struct ifask *a = t->ask;

	s->version = SNMP_VERSION_3;
	s->securityModel = SNMP_SEC_MODEL_USM;
	s->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
	s->securityName = (char *)""; /* while the engine is not known */
	if (t->engine_len == 0)
		return;
	s->securityName = a->secrets.user;
	s->securityNameLen = strlen(a->secrets.user);
	s->securityLevel = a->level;
	s->securityEngineID = s->contextEngineID = t->engine;
	s->securityEngineIDLen = s->contextEngineIDLen = t->engine_len;
	s->securityAuthProto = (oid *)a->auth.protocol;
	s->securityAuthProtoLen = a->auth.protocol_len;
	memcpy(s->securityAuthKey, a->auth.key, a->auth.len);
	s->securityAuthKeyLen = a->auth.len;
	s->securityPrivProto = (oid *)a->priv.protocol;
	s->securityPrivProtoLen = a->priv.protocol_len;
	memcpy(s->securityPrivKey, a->priv.key, a->priv.len);
	s->securityPrivKeyLen = a->priv.len;
}

static int
session_open(struct ifask_talk *t, struct err *e)
{
	char text[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX + 16];
	bool v4 = addr_is_v4(&t->router);
	netsnmp_session s;

	addr_text(text, &t->router);
	snprintf(peer, sizeof peer, v4 ? "udp:%s:%u" : "udp6:[%s]:%u", text, t->options.port);
	snmp_sess_init(&s);
	s.peername = peer;
	s.timeout = (long)t->options.timeout_ms * 1000;
	s.retries = (int)t->options.retries;
	s.version = SNMP_VERSION_2c;
	s.callback = on_answer;
	s.callback_magic = t;
	if (t->ask->secrets.v3) {
		session_secure(&s, t);
	} else {
		s.community = (u_char *)t->ask->secrets.community;
		s.community_len = strlen(t->ask->secrets.community);
	}
	t->session = snmp_sess_open(&s);
	explicit_bzero(&s.securityAuthKey, sizeof s.securityAuthKey);
	explicit_bzero(&s.securityPrivKey, sizeof s.securityPrivKey);
	if (t->session == NULL)
		return err_set(e, "no session: %s", snmp_api_errstring(s.s_snmp_errno));
	snmp_sess_session(t->session)->flags |=
	    SNMP_FLAGS_DONT_PROBE; /* its own discovery waits for the answer */
	return 0;
}

static void
session_close(struct ifask_talk *t)
{
	t->state = IFASK_DONE; /* the callback has no more to say */
	if (t->session != NULL)
		snmp_sess_close(t->session);
	t->session = NULL;
}

/* The next rows of the column; nothing at all where it is only to find out the engine. */
static netsnmp_pdu *
question(struct ifask_talk *t)
{
	uint32_t after[IFWALK_OID_MAX];
	oid name[IFWALK_OID_MAX];
	netsnmp_pdu *pdu;

	if (t->ask->secrets.v3 && t->engine_len == 0) {
		pdu = snmp_pdu_create(SNMP_MSG_GET);
		pdu->version = SNMP_VERSION_3;
		pdu->securityName = strdup("");
		pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
		pdu->securityModel = SNMP_SEC_MODEL_USM;
		return pdu;
	}
	pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
	pdu->non_repeaters = 0;
	pdu->max_repetitions = REPETITIONS;
	size_t len = ifwalk_next(t->walk, after);
	for (size_t i = 0; i < len; i++)
		name[i] = after[i];
	snmp_add_null_var(pdu, name, len);
	return pdu;
}

static int
ask(struct ifask_talk *t, struct err *e)
{
	netsnmp_pdu *pdu = question(t);

	t->answered = false;
	if (snmp_sess_send(t->session, pdu) != 0)
		return 0;
	netsnmp_session *s = snmp_sess_session(t->session);
	snmp_free_pdu(pdu);
	return err_set(e, "the question cannot be sent: %s", snmp_api_errstring(s->s_snmp_errno));
}

struct ifask_talk *
ifask_start(struct ifask *a, const struct addr *router, const struct ifask_options *o, struct ifwalk *w,
    struct err *e)
{
	struct ifask_talk *t = mem_zero(1, sizeof *t);

	*t = (struct ifask_talk){.ask = a, .router = *router, .options = *o, .walk = w};
	if (session_open(t, e) == 0 && ask(t, e) == 0)
		return t;
	ifask_end(t);
	return NULL;
}

int
ifask_fd(const struct ifask_talk *t)
{
	return snmp_sess_transport(t->session)->sock;
}

static void
session_read(struct ifask_talk *t)
{
	netsnmp_large_fd_set ready; /* any descriptor fits */
	int fd = ifask_fd(t);

	netsnmp_large_fd_set_init(&ready, fd + 1);
	NETSNMP_LARGE_FD_SET(fd, &ready);
	snmp_sess_read2(t->session, &ready);
	netsnmp_large_fd_set_cleanup(&ready);
}

enum ifask_state
ifask_go(struct ifask_talk *t, bool readable, struct err *e)
{
	uint32_t oid_next[IFWALK_OID_MAX];
	bool discovering = t->ask->secrets.v3 && t->engine_len == 0;

	if (readable)
		session_read(t);
	if (!t->answered && t->state == IFASK_WAITS)
		snmp_sess_timeout(t->session);
	if (t->answered && discovering && t->engine_len > 0) {
		session_close(t);
		t->state = session_open(t, &t->why) == 0 ? IFASK_WAITS : IFASK_FAILED;
	}
	if (t->answered && t->state == IFASK_WAITS) {
		if (ifwalk_next(t->walk, oid_next) == 0)
			t->state = IFASK_DONE;
		else if (ask(t, &t->why) == -1)
			t->state = IFASK_FAILED;
	}
	*e = t->why;
	return t->state;
}

void
ifask_end(struct ifask_talk *t)
{
	session_close(t);
	free(t);
}
