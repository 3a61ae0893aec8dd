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
 * Begins a row and reads the object into it, whose brace stands before p. The
 * place after it, or NULL with words; the row stays if it is one, and not for a
 * mark (r->marked) or an error.
 */
const char *row_read(struct ndjson_reader *r, const char *p, struct builder *bd, struct err *e);

/*
 * Reads a value in whatever form it comes and sets the field. `p` stands after
 * the colon, `key_at` at the key. The place after it, or NULL with words.
 */
const char *value_read(struct ndjson_reader *r, struct builder *bd, const struct key *k, const char *key_at,
    const char *p, struct err *e);

/* What is being read, for those who convert it. */
struct reading {
	struct ndjson_reader *r;
	struct builder *bd;
	const struct key *k;
	const struct json_value *v;
	struct json j;
	const char *at; /* where the value stands, for complaints */
	struct str text; /* of a string, decoded; of anything else, as it stands */
	struct err *e;
};

/* "byte N: name is VALUE, EXPECTED was expected". Always -1. */
int value_refuse(const struct reading *rd, const char *expected);
int value_refuse_number(const struct reading *rd, uint64_t max);

/* An integer in decimal, or with a fraction of zeros or an exponent, as some languages print it. 0 or -1. */
int value_integer(const struct reading *rd, uint64_t *n, uint64_t max);

/* Calls fn for each element of the array, with the reading changed to it, until one is not 0. */
int value_each(const struct reading *rd, int (*fn)(const struct reading *element, void *arg), void *arg);

/* A text, or a list, as our own lines have it. */
int value_text(const struct reading *rd);
int value_list(const struct reading *rd);

/* A value that a dialect writes in its own way; how is none of PLAIN, TIME, MARK and EXTRA. 0, or -1 with words. */
int value_foreign(const struct reading *rd);

/* What a dialect leaves unsaid, once the line is read. */
void row_complete(struct ndjson_reader *r, struct builder *bd);

#endif
