#include "files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fdio.h"

char *
queries_folder(void)
{
	char self[4096];
	struct buf b = {0};
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	self[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(self, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	buf_printf(&b, "%s/share/flowenricher/queries", self);
	char *folder = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return folder;
}

int
query_load(struct query *q, struct buf *text, const char *folder, const char *name, struct err *e)
{
	struct buf path = {0};
	bool file = strchr(name, '/') != NULL;

	buf_printf(&path, "%s%s%s%s", file ? "" : folder, file ? "" : "/", name, file ? "" : ".sql");
	text->len = 0;
	int status = file_read(text, buf_cstr(&path), QUERY_MAX, e);
	if (status == 0 && query_parse(q, (struct str){buf_cstr(text), text->len}, e) == -1)
		status = err_wrap(e, "%s", buf_cstr(&path));
	buf_release(&path);
	return status;
}

static int
is_query(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".sql") == 0;
}

static void
show(const char *name, const struct query *q)
{
	printf("%-20s %.*s\n", name, (int)q->title.len, q->title.p);
	for (unsigned i = 0; i < q->count; i++) {
		const struct query_param *p = &q->params[i];

		printf("%20s -p %.*s=%s  %.*s", "", (int)p->name.len, p->name.p, query_type_names[p->type],
		    (int)p->doc.len, p->doc.p);
		if (p->def.p != NULL && p->def.p[0] == '$')
			printf(" (key %.*s)\n", (int)p->def.len - 1, p->def.p + 1);
		else if (p->def.p != NULL)
			printf(" (%.*s)\n", (int)p->def.len, p->def.p);
		else
			printf("\n");
	}
}

int
queries_list(const char *folder, struct err *e)
{
	struct dirent **found;
	struct buf text = {0};
	int n = scandir(folder, &found, is_query, alphasort);

	if (n == -1)
		return err_sys(e, "%s", folder);
	for (int i = 0; i < n; i++) {
		struct query q;
		struct err bad;

		found[i]->d_name[strlen(found[i]->d_name) - 4] = '\0';
		if (query_load(&q, &text, folder, found[i]->d_name, &bad) == -1)
			log_warnx("%s", bad.msg);
		else
			show(found[i]->d_name, &q);
		free(found[i]);
	}
	free(found);
	buf_release(&text);
	return 0;
}
