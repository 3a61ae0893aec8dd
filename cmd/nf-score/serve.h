/* The parts of `nf-score serve`, shared by its files only: the program's life (serve.c) and what it answers (door.c). */
#ifndef NF_SCORE_SERVE_H
#define NF_SCORE_SERVE_H

#include "baseline.h"
#include "io/endpoint.h"
#include "io/httpd.h"
#include "ml/ask.h"
#include "score.h"
#include "trainer.h"

struct serve_settings {
	char *model; /* path */
	char *socket; /* path, or NULL */
	bool has_listen;
	struct endpoint listen;
	uint64_t retrain_ms; /* 0: never */
	float learn_below; /* what scores higher is not learnt */
};

/* A line of a stream of detections, whole or in pieces. */
struct detections {
	struct buf text;
	struct loop_fd *watch;
	int fd; /* -1: none is read */
};

struct serve {
	struct score *score;
	struct serve_settings settings;
	struct loop *loop;
	struct httpd *tcp, *local;
	struct loop_timer *retrain;
	struct loop_fd *woken;
	int wake[2];
	struct trainer *trainer;
	struct detections detections;

	bool has_model;
	struct model model;
	struct vector_shape shape; /* of the model */
	bool on_disk; /* the model's file was there */
	int64_t trained_ms; /* wall time when the model came */
	struct baseline baseline;
	struct ask ask; /* the request at hand */
	struct buf scores; /* floats, of its vectors */
	unsigned trainings; /* begun */

	struct log_limit refusals;
	uint64_t requests, refused, trained, failed, kept; /* for the metrics */
};

/* Answers a request. */
void door_answer(void *arg, const struct httpd_request *r, struct httpd_answer *a);

/* Vectors came while there is no model: grows the first when there are enough. */
void serve_learn_first(struct serve *s);

#endif
