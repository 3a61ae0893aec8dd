/* What the parts of the NDJSON reader share; nobody else includes this. */
#ifndef FLOW_NDJSON_IN_H
#define FLOW_NDJSON_IN_H

#include "flow/dialect.h"
#include "flow/json.h"
#include "flow/ndjson.h"

enum {
	KEY_WORDS = 4,
	/* Bytes that may be read beyond the newline of a line: values and keys are looked at in whole words. */
	LINE_SLACK = 64,
};

/* The ways to read the usual form of a value without looking twice. */
enum fast { FAST_NONE, FAST_UINT, FAST_TIME, FAST_ADDR, FAST_STR, FAST_LIST, FAST_BOOL };

struct key {
	uint64_t words[KEY_WORDS], mask[KEY_WORDS]; /* "name" with its quotes, to match in place */
	struct str name;
	uint64_t max; /* of a number */
	struct key *next; /* the key that followed it last time */
	uint16_t field;
	uint8_t how, type, width, fast;
	uint8_t len; /* with quotes */
	int8_t tells; /* the dialect that this key is telling of, or -1 */
};

/* The keys of a dialect: its own, ours, and those that tell of another dialect. */
struct keys {
	struct key *list;
	unsigned count;
	uint16_t slots[1024]; /* hash -> place in the list + 1 */
	struct key head; /* its `next` is the first key of a line */
	struct key unknown;
};

struct ndjson_reader {
	struct keys keys[DIALECTS];
	bool forced; /* the dialect is given */
	const char *zone; /* NULL: UTC */
	int64_t zone_slot; /* quarter of an hour for which zone_ms holds, in local time */
	int64_t zone_ms; /* offset from UTC */

	/* the file */
	struct ndjson_counts counts;
	bool in_array;
	bool skipping; /* the rest of a line that was too long */
	struct buf object; /* an object over several lines, so far */
	uint64_t object_line; /* where it began */
	ptrdiff_t object_column;
	unsigned object_depth;
	struct buf copy; /* a line with the slack that its place lacks */

	/* the line */
	const char *line, *end; /* end: its newline, NULL: not looked for yet */
	enum dialect dialect; /* from line to line: the guess for the next one */
	bool told; /* by a telling key */
	bool restart; /* with another dialect */
	bool marked;
	bool spare_start, spare_end;
	uint64_t spare_start_ms, spare_end_ms;
	struct buf text, element, list; /* what is being decoded */
	struct buf extra;
	struct buf token;
};

void keys_init(struct keys *k, enum dialect d);
void keys_release(struct keys *k);

/* The key of that name, or &k->unknown. */
struct key *keys_find(struct keys *k, struct str name);

/* A reader of the line from p on, that knows its end. */
struct json line_json(struct ndjson_reader *r, const char *p);

/*
 * Reads a value in whatever form it comes and sets the field. `p` stands after
 * the colon, `key_at` at the key. The place after it, or NULL with words.
 */
const char *value_read(struct ndjson_reader *r, struct builder *bd, const struct key *k, const char *key_at,
    const char *p, struct err *e);

/* What a dialect leaves unsaid, once the line is read. */
void row_complete(struct ndjson_reader *r, struct builder *bd);

#endif
