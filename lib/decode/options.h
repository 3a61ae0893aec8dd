/* Options data: what exporters say about themselves (RFC 3954 §6.2, RFC 7011 §3.4.2). */
#ifndef DECODE_OPTIONS_H
#define DECODE_OPTIONS_H

#include "decode/state.h"

/* Takes what we use of one record: samplers, names of interfaces, applications and VRFs, the time of the start. */
void options_record(struct job *j, const struct template *t, const uint8_t *rec, const struct layout *l);

/* What a field of an options template tells us, in words; NULL: nothing that is used. */
const char *options_use(const struct template_field *f);

#endif
