/* The thread that owns the connection: takes groups from the queue, asks for the table's columns, inserts. */
#ifndef NF_CH_INSERT_SENDER_H
#define NF_CH_INSERT_SENDER_H

#include "ch/native.h"
#include "ch/schema.h"
#include "queue.h"

struct target {
	char *url, *user, *password, *database, *table; /* password may be NULL */
	bool create, migrate, rollup, lz4;
	uint64_t keep_days; /* of a table that we create; 0: not said */
	bool rows; /* groups are lines of NDJSON, not flows */
	enum ch_schema schema;
	enum peer_as peer_as;
};

void target_release(struct target *t);

struct sender;

/* Takes the target over (and leaves an empty one), and starts the thread. `waiting` says where rows wait meanwhile, for words: "DIR". */
struct sender *sender_start(struct queue *q, struct target *t, const char *waiting);

/* The next insert goes to this target; takes it over. Columns are asked for again. */
void sender_retarget(struct sender *s, struct target *t);

/* Ends the thread, breaking off what is under way. */
void sender_stop(struct sender *s);

/* Values so far that a column could not hold as they were. */
uint64_t sender_unfit(struct sender *s);

#endif
