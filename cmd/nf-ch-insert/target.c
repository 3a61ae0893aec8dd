#include "target.h"

#include <stdlib.h>

#include "ch/account.h"

static char *
copy(const char *text)
{
	return text != NULL ? mem_strdup(text) : NULL;
}

void
target_copy(struct target *to, const struct target *from)
{
	*to = *from;
	to->url = copy(from->url);
	to->user = copy(from->user);
	to->password = copy(from->password);
	to->database = copy(from->database);
	to->table = copy(from->table);
	to->ca_file = copy(from->ca_file);
}

void
target_release(struct target *t)
{
	free(t->url);
	free(t->user);
	ch_password_free(t->password);
	free(t->database);
	free(t->table);
	free(t->ca_file);
	*t = (struct target){0};
}
