/*
 * Labels of networks: a file of prefixes with attributes, a prefix a line,
 *
 *     198.51.100.0/24   site=athens role=access       # comment
 *     198.51.100.64/26  customer="Example Ltd" role=hosting
 *     198.51.100.96/27  customer=
 *
 * A prefix inherits each attribute that it does not set from the longest shorter
 * one that does; an empty value ends that. In quotes a backslash stands before
 * '"' and '\'. A prefix may have several lines, of which the last counts for
 * each attribute.
 */
#ifndef ENRICH_LABELS_H
#define ENRICH_LABELS_H

#include "base/map.h"
#include "base/mem.h"
#include "io/lines.h"
#include "route/lpm.h"

enum {
	LABELS_BYTES_MAX = 64 << 20, /* of a file */
	LABELS_ATTRIBUTES_MAX = 32, /* of a prefix, with those inherited */
	LABELS_TEXT_MAX = 255, /* bytes of "key=value" */
};

struct labels {
	struct lpm lpm; /* its values are numbers in `texts` */
	struct str *texts; /* "key=value" lists as in a batch, by key; [0] is empty */
	uint32_t text_count;
	size_t prefix_count;
	struct complaints bad; /* lines that were left out */

	/* private */
	struct arena memory;
	struct buf image;
};

/*
 * Reads the file, or what is in it. Bad lines are left out, counted and
 * complained of in the result, which the caller frees. NULL with words for a
 * file that cannot be read, or of which nothing can be understood.
 */
struct labels *labels_load(const char *path, struct err *e);
struct labels *labels_parse(const char *name, struct str text, struct err *e);
void labels_free(struct labels *l);

#endif
