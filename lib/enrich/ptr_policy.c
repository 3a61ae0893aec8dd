#include "enrich/ptr_policy.h"

enum { UNSAID, ASK, SKIP };

static const char *const nobody[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4",
    "240.0.0.0/4", "::/128", "::1/128", "fe80::/10", "ff00::/8", NULL};
static const char *const private[] = {
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", NULL};

static int
add(struct ptr_policy *p, struct str prefix, uint32_t verdict, struct err *e)
{
	struct prefix parsed;

	if (prefix_parse(&parsed, prefix, e) == -1)
		return -1;
	lpm_builder_add(&p->prefixes, &parsed, verdict);
	return 0;
}

static void
skip_all(struct ptr_policy *p, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		(void)add(p, str_from(*prefixes), SKIP, NULL);
}

void
ptr_policy_init(struct ptr_policy *p, bool skip_private)
{
	*p = (struct ptr_policy){0};
	skip_all(p, nobody);
	if (skip_private)
		skip_all(p, private);
}

int
ptr_policy_allow(struct ptr_policy *p, struct str prefix, struct err *e)
{
	p->only = true;
	return add(p, prefix, ASK, e);
}

int
ptr_policy_deny(struct ptr_policy *p, struct str prefix, struct err *e)
{
	return add(p, prefix, SKIP, e);
}

static void
image_open(struct ptr_policy *p)
{
	(void)lpm_open(&p->lpm, p->image.p, p->image.len, NULL); /* cannot fail: it was made by us */
}

void
ptr_policy_compile(struct ptr_policy *p)
{
	p->image.len = 0;
	lpm_builder_build(&p->prefixes, &p->image);
	image_open(p);
}

void
ptr_policy_copy(struct ptr_policy *to, const struct ptr_policy *from)
{
	*to = (struct ptr_policy){.only = from->only};
	buf_add(&to->image, from->image.p, from->image.len);
	image_open(to);
}

void
ptr_policy_release(struct ptr_policy *p)
{
	lpm_builder_release(&p->prefixes);
	buf_release(&p->image);
	*p = (struct ptr_policy){0};
}

void
ptr_policy_many(const struct ptr_policy *p, const struct addr *a, size_t n, uint32_t *ask)
{
	lpm_lookup_many(&p->lpm, a, n, ask);
	for (size_t i = 0; i < n; i++)
		ask[i] = ask[i] == ASK || (ask[i] == UNSAID && !p->only);
}
