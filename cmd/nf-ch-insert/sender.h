/* The threads that take groups from the queue and deliver them, each by connections of its own. */
#ifndef NF_CH_INSERT_SENDER_H
#define NF_CH_INSERT_SENDER_H

#include "queue.h"
#include "target.h"

struct sender;

/*
 * Takes the target over (and leaves an empty one), and starts so many threads, at most TAKERS_MAX. `waiting` says
 * where rows wait meanwhile, for words: "DIR", or NULL.
 */
struct sender *sender_start(struct queue *q, struct target *t, unsigned threads, const char *waiting);

/* The next insert goes to this target; takes it over. Columns are asked for again. */
void sender_retarget(struct sender *s, struct target *t);

/* Ends the threads, breaking off what is under way. */
void sender_stop(struct sender *s);

#endif
