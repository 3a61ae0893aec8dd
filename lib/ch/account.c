#include "ch/account.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "io/fdio.h"

char *
ch_url_of_host(const char *host, bool *native)
{
	struct buf b = {0};
	const char *colon = strrchr(host, ':');
	bool bare_v6 = strchr(host, ':') != colon && host[0] != '[';
	bool port = colon != NULL && !bare_v6 && strchr(colon, ']') == NULL;

	buf_printf(&b, bare_v6 ? "http://[%s]:8123" : port ? "http://%s" : "http://%s:8123", host);
	*native = port && strcmp(colon, ":9000") == 0;
	if (*native) {
		b.len -= strlen("9000");
		buf_puts(&b, "8123");
	}
	char *url = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return url;
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
