/* The parts of nf-score: lines in, and what each subcommand does with them. */
#ifndef NF_SCORE_SCORE_H
#define NF_SCORE_SCORE_H

#include "base/log.h"
#include "io/prog.h"
#include "ml/vector.h"

enum { LINE_MAX_BYTES = 1 << 20, TRAIN_ROWS = 1000000, SERVE_ROWS = 65536 };

struct score {
	struct prog prog;
	const char *model_path; /* -m */
	uint64_t trees, sample, seed; /* train, serve */
	uint64_t rows_max; /* train, serve: vectors kept of more; 0: as many as is usual */
	bool explain; /* score */
	const char *listen, *socket, *learn_below, *detections; /* serve: NULL where not given */
	uint64_t retrain_ms, first; /* serve: first = vectors that a model needs */
	bool retrain_given;
	uint64_t vectors, bad; /* counted for the metrics */
	struct log_limit complaints;
};

/* Lines of standard input, one after the other. */
struct lines {
	struct buf buf;
	size_t at; /* of the next line in buf */
	uint64_t number; /* of the line taken last, from 1 */
	bool end;
};

/* Whether a whole line, or the end, is at hand, so that lines_next() does not wait. */
bool lines_ready(const struct lines *l);

/* 1 and a line without its newline, valid until the next call; 0 at the end; -1 with words. */
int lines_next(struct lines *l, struct str *line, struct err *e);

void lines_release(struct lines *l);

/* A line that was left out, said on stderr and counted. */
void score_complain(struct score *s, const struct lines *l, const struct err *e);

/* The subcommands: exit statuses. */
int score_train(struct score *s);
int score_score(struct score *s);
int score_serve(struct score *s);

#endif
