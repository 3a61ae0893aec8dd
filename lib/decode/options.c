#include "decode/options.h"

#include <string.h>

#include "decode/run.h"

enum { SCOPE_INTERFACE = 2 };

struct options {
	bool has_sampler, has_interface, has_application, has_vrf;
	uint64_t sampler, interface, application, vrf;
	uint64_t interval; /* 34 or 50 */
	uint64_t packet_interval, packet_space; /* 305, 306 */
	uint64_t size, population; /* 309, 310 */
	double probability; /* 311 */
	uint64_t init_ms; /* 160 */
	struct str interface_name, interface_alias, application_name, vrf_name;
};

const char *
options_use(const struct template_field *f)
{
	if (f->pen == PEN_SCOPE)
		return f->id == SCOPE_INTERFACE ? "an interface" : NULL;
	if (f->pen != 0)
		return NULL;
	switch (f->id) {
	case 34:
	case 50:
	case 305:
	case 306:
	case 309:
	case 310:
	case 311:
		return "the sampling rate";
	case 48:
	case 302:
		return "a sampler";
	case 160:
		return "the exporter's start";
	case 10:
	case 14:
	case 252:
	case 253:
		return "an interface";
	case 82:
		return "an interface's name";
	case 83:
		return "an interface's description";
	case 95:
		return "an application";
	case 96:
		return "an application's name";
	case 234:
	case 235:
		return "a VRF";
	case 236:
		return "a VRF's name";
	default:
		return NULL;
	}
}

static void
take_number(struct options *o, uint16_t id, uint64_t v)
{
	switch (id) {
	case 34:
	case 50:
		o->interval = v != 0 ? v : o->interval;
		break;
	case 48:
	case 302:
		o->has_sampler = true;
		o->sampler = v;
		break;
	case 305:
		o->packet_interval = v;
		break;
	case 306:
		o->packet_space = v;
		break;
	case 309:
		o->size = v;
		break;
	case 310:
		o->population = v;
		break;
	case 311:
		memcpy(&o->probability, &v, sizeof v);
		break;
	case 160:
		o->init_ms = v;
		break;
	case 10:
	case 14:
	case 252:
	case 253:
		o->has_interface = true;
		o->interface = v;
		break;
	case 95:
		o->has_application = true;
		o->application = v;
		break;
	case 234:
	case 235:
		o->has_vrf = true;
		o->vrf = v;
		break;
	default:
		break;
	}
}

static void
take_text(struct options *o, uint16_t id, struct str v)
{
	if (id == 82)
		o->interface_name = v;
	else if (id == 83)
		o->interface_alias = v;
	else if (id == 96)
		o->application_name = v;
	else if (id == 236)
		o->vrf_name = v;
}

static struct options
options_read(const struct template *t, const uint8_t *rec, const struct layout *l)
{
	struct options o = {0};

	for (unsigned i = 0; i < t->field_count; i++) {
		const struct template_field *f = &t->fields[i];
		const uint8_t *p = rec + l->off[i];
		unsigned len = l->len[i];

		if (f->pen == PEN_SCOPE && f->id == SCOPE_INTERFACE && len > 0 && len <= 8) {
			o.has_interface = true;
			o.interface = load_uint(p, len);
		} else if (f->pen == 0) {
			take_text(&o, f->id, (struct str){(const char *)p, len});
			if (len > 0 && len <= 8)
				take_number(&o, f->id, load_uint(p, len));
		}
	}
	return o;
}

/* RFC 5477 §8.2: systematic or random n-out-of-N, or with a probability. */
static uint32_t
options_rate(const struct options *o)
{
	uint64_t rate = o->interval;

	/* Nokia: 305 is 1 and 306 is N - 1. */
	if (rate == 0 && o->packet_interval != 0 && o->packet_interval <= UINT32_MAX &&
	    o->packet_space != 0 && o->packet_space <= UINT32_MAX)
		rate = (o->packet_interval + o->packet_space) / o->packet_interval;
	/* IOS XR: 305 is 1 though 309 and 310 tell another rate. */
	if (rate == 0 && o->size != 0)
		rate = o->population / o->size;
	if (rate == 0 && o->probability > 1e-9 && o->probability <= 1.0)
		rate = (uint64_t)(1.0 / o->probability + 0.5);
	if (rate == 0 && o->packet_interval != 0 && o->packet_space == 0)
		rate = 1;
	return rate <= UINT32_MAX ? (uint32_t)rate : 0;
}

void
options_record(struct job *j, const struct template *t, const uint8_t *rec, const struct layout *l)
{
	struct options o = options_read(t, rec, l);

	job_count(j, COUNT_OPTIONS, 1);
	sampler_set(j, o.has_sampler, o.sampler, options_rate(&o));
	if (o.init_ms != 0 && o.init_ms <= INT64_MAX)
		init_time_set(j, (int64_t)o.init_ms);
	if (o.has_interface) {
		exporter_name(j, NAME_INTERFACE, o.interface, o.interface_name);
		exporter_name(j, NAME_ALIAS, o.interface, o.interface_alias);
	}
	if (o.has_application)
		exporter_name(j, NAME_APPLICATION, o.application, o.application_name);
	if (o.has_vrf)
		exporter_name(j, NAME_VRF, o.vrf, o.vrf_name);
}
