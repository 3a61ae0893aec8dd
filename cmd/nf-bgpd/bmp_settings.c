#include "bmp_station.h"

static int
add_allow(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct bmp_settings *s = arg;

	if (s->allow_count == BMP_ALLOW_MAX)
		return cnode_err(at, e, "bgp.bmp_allow: more than %d", BMP_ALLOW_MAX);
	return prefix_parse(&s->allow[s->allow_count++], item, e);
}

int
bmp_settings_read(struct bmp_settings *s, const struct bgpd_settings *b, const struct conf *c, struct err *e)
{
	const char *listen = conf_str(c, "bgp.bmp_listen");

	*s = (struct bmp_settings){.enabled = listen != NULL && listen[0] != '\0',
	    .max_routes = conf_num(c, "bgp.bmp_max_routes"),
	    .stale_ms = b->stale_ms};
	if (s->enabled && hostport_parse(&s->listen, &s->port, str_from(listen), e) == -1)
		return err_wrap(e, "bgp.bmp_listen");
	if (conf_each(c, "bgp.bmp_allow", add_allow, s, e) == -1)
		return -1;
	for (unsigned i = 0; i < b->count; i++)
		s->allow[s->allow_count++] = b->neighbours[i].from;
	return 0;
}
