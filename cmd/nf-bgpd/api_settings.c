#include <stdlib.h>

#include "api.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/here.h"
#include "io/lines.h"

enum { TOKENS_FILE_MAX = 64 << 10 };

void
api_settings_release(struct api_settings *s)
{
	for (unsigned i = 0; i < s->token_count; i++) {
		explicit_bzero(s->tokens[i].p, s->tokens[i].len);
		buf_release(&s->tokens[i]);
	}
	for (unsigned i = 0; i < s->host_count; i++)
		free(s->hosts[i]);
	free(s->socket);
	free(s->zone);
	*s = (struct api_settings){0};
}

static int
add_allow(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct api_settings *s = arg;

	if (s->allow_count == API_ALLOW_MAX)
		return cnode_err(at, e, "api.allow_ips: more than %d", API_ALLOW_MAX);
	return prefix_parse(&s->allow[s->allow_count++], item, e);
}

static int
add_host(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct api_settings *s = arg;

	if (s->host_count == API_HOSTS_MAX)
		return cnode_err(at, e, "api.hosts: more than %d", API_HOSTS_MAX);
	s->hosts[s->host_count++] = mem_strndup(item.p, item.len);
	return 0;
}

/* RFC 6750 §2.1: what may stand in the header field. */
static int
add_token(struct api_settings *s, struct str token, struct err *e)
{
	if (s->token_count == API_TOKENS_MAX)
		return err_set(e, "more than %d tokens", API_TOKENS_MAX);
	if (token.len == 0 || token.len > API_TOKEN_MAX)
		return err_set(e, "a token has 1 to %d bytes", API_TOKEN_MAX);
	for (size_t i = 0; i < token.len; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return err_set(e, "a token is printable ASCII without blanks");
	buf_add(&s->tokens[s->token_count++], token.p, token.len);
	return 0;
}

/* A text, a list of texts, a map of names to texts, or a list of maps with a member `token`. */
static int
read_tokens(struct api_settings *s, const struct cnode *n, unsigned depth, struct err *e)
{
	struct str text;

	if (n->kind == CNODE_NULL)
		return 0;
	if (n->kind == CNODE_SCALAR) {
		if (cnode_str(n, &text, e) == -1)
			return -1;
		return add_token(s, text, e) == -1 ? cnode_err(n, e, "api.tokens: %s", e->msg) : 0;
	}
	const struct cnode *token = cnode_get(n, "token");
	if (depth == 2)
		return cnode_err(n, e, "api.tokens: a token was expected");
	if (token != NULL)
		return read_tokens(s, token, 2, e);
	for (const struct cnode *i = n->first; i != NULL; i = i->next)
		if (read_tokens(s, i, depth + 1, e) == -1)
			return -1;
	return 0;
}

static int
read_tokens_file(struct api_settings *s, const char *path, struct err *e)
{
	struct buf first = {0}, all = {0};
	struct str line;
	/* It holds the file's mode against what a secret needs, and wants a first line. */
	int r =
	    secret_read(&first, path, e) == -1 || file_read(&all, path, TOKENS_FILE_MAX, e) == -1 ? -1 : 0;
	struct str rest = {(char *)all.p, all.len};

	for (unsigned number = 1; r == 0 && line_next(&rest, &line); number++)
		if (line.len > 0 && add_token(s, line, e) == -1)
			r = err_wrap(e, "%s:%u", path, number);
	if (all.p != NULL)
		explicit_bzero(all.p, all.len);
	if (first.p != NULL)
		explicit_bzero(first.p, first.len);
	buf_release(&all);
	buf_release(&first);
	return r;
}

static int
read_all(struct api_settings *s, const struct conf *c, struct err *e)
{
	const struct cnode *tokens = conf_find(c, "api.tokens");
	const char *path = conf_str(c, "api.socket"), *file = conf_str(c, "api.tokens_file");
	struct buf in_run_dir = {0};

	if (addr_parse(&s->listen, str_from(conf_str(c, "api.listen_address"))) == -1)
		return err_set(e, "api.listen_address: an address was expected");
	s->port = (uint16_t)conf_num(c, "api.port");
	s->zone = mem_strdup(conf_str(c, "timezone"));
	if (path == NULL || path[0] == '\0') {
		buf_printf(&in_run_dir, "%s/bgpd.sock", conf_str(c, "run_dir"));
		path = buf_cstr(&in_run_dir);
	}
	s->socket = mem_strdup(path);
	buf_release(&in_run_dir);
	if (conf_each(c, "api.allow_ips", add_allow, s, e) == -1 ||
	    conf_each(c, "api.hosts", add_host, s, e) == -1)
		return -1;
	if (tokens != NULL && read_tokens(s, tokens, 0, e) == -1)
		return -1;
	return file != NULL && file[0] != '\0' ? read_tokens_file(s, file, e) : 0;
}

int
api_settings_read(struct api_settings *s, const struct conf *c, struct err *e)
{
	*s = (struct api_settings){0};
	if (read_all(s, c, e) == 0)
		return 0;
	api_settings_release(s);
	return -1;
}
