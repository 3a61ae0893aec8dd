/* What the two sides of a steward share, and the parts of the process's side. For steward*.c only. */
#ifndef IO_STEWARD_PARTS_H
#define IO_STEWARD_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "io/steward.h"

enum steward_op {
	STEWARD_READ, /* answered with a descriptor */
	STEWARD_REPLACE, /* comes with a descriptor of the content; answered without one */
	STEWARD_OPEN_NEXT, /* answered with a descriptor */
	STEWARD_FINISH, /* no answer */
};

struct steward_ask {
	uint32_t op, which; /* of reads, replaces or slots */
	int64_t ms;
};

struct steward_answer {
	int32_t failed; /* then there are words, and no descriptor */
	uint32_t slot;
	char words[480];
};

/* In memory that both sides see. */
struct steward_board {
	_Atomic uint64_t files, file_errors, commands_ok, commands_failed, commands_dropped;
};

struct steward {
	const char *reads[STEWARD_FILES], *replaces[STEWARD_FILES];
	int (*openers[STEWARD_FILES])(const char *path); /* of reads; NULL: to be read */
	mode_t modes[STEWARD_FILES]; /* of replaces */
	int durable[STEWARD_FILES];
	struct steward_series series;
	struct steward_board *board;
	int sock; /* -1: not started, or ended */
	pid_t pid;
	atomic_bool gone;
	pthread_mutex_t lock; /* an answer belongs to the question before it */
};

/* The process's life. */
_Noreturn void steward_serve(const struct steward *s, int sock);

/* A file of the series in progress. */
struct steward_file {
	int fd; /* -1: none */
	char *name; /* what it will be called */
	char *part; /* what it is called now */
};

/* Remembers the name given out last, since the file itself may have been moved on. */
struct steward_names {
	char *last;
	unsigned number;
};

/* 0, or -1 with words and errno. */
int steward_file_open(struct steward_file *f, struct steward_names *n, const struct steward_series *series,
    int64_t ms, struct err *e);

/* Puts it in place, in the process that calls: 0, or -1 with words. */
int steward_file_settle(const struct steward_file *f, struct err *e);
void steward_file_release(struct steward_file *f);

#endif
