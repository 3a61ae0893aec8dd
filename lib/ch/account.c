#include "ch/account.h"

#include <stdlib.h>

#include "io/fdio.h"

static void
put_host(struct buf *out, const char *host, bool *native)
{
	struct buf b = {0};
	const char *colon = strrchr(host, ':');
	bool bare_v6 = strchr(host, ':') != colon && host[0] != '[';
	bool port = colon != NULL && !bare_v6 && strchr(colon, ']') == NULL;

	buf_printf(&b, bare_v6 ? "http://[%s]:8123" : port ? "http://%s" : "http://%s:8123", host);
	if (port && strcmp(colon, ":9000") == 0) {
		*native = true;
		b.len -= strlen("9000");
		buf_puts(&b, "8123");
	}
	buf_printf(out, "%s%s", out->len > 0 ? "," : "", buf_cstr(&b));
	buf_release(&b);
}

bool
ch_next_url(const char **text, struct str *url)
{
	const char *p = *text + strspn(*text, ", ");
	size_t len = strcspn(p, ", ");

	*url = (struct str){p, len};
	*text = p + len;
	return len > 0;
}

char *
ch_urls_of_hosts(const char *hosts, bool *native)
{
	struct buf b = {0};
	struct str name;

	*native = false;
	while (ch_next_url(&hosts, &name)) {
		char *host = mem_strndup(name.p, name.len);

		put_host(&b, host, native);
		free(host);
	}
	char *urls = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return urls;
}

int
ch_password(char **password, const char *file, const char *given, struct err *e)
{
	struct buf b = {0};

	*password = NULL;
	if (file == NULL) {
		*password = given != NULL ? mem_strdup(given) : NULL;
		return 0;
	}
	if (secret_read(&b, file, e) == -1)
		return -1;
	*password = mem_strdup(buf_cstr(&b));
	explicit_bzero(b.p, b.cap);
	buf_release(&b);
	return 0;
}

void
ch_password_free(char *password)
{
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	free(password);
}
