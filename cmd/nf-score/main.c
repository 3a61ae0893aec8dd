/* nf-score: grows an Isolation Forest from vectors, and scores vectors by it. */
#include <string.h>

#include "score.h"

static void
range_check(const char *name, uint64_t v, uint64_t min, uint64_t max)
{
	if (v < min || v > max)
		fatal_config("--%s: expected a number from %llu to %llu", name, (unsigned long long)min,
		    (unsigned long long)max);
}

int
main(int argc, char **argv)
{
	static struct score s = {.trees = 100, .sample = 256, .seed = 1, .first = 1000};
	struct opt opts[] = {
	    {'m', "model", OPT_STR, &s.model_path, "FILE", NULL, "the model (train: to write, or stdout)",
		false},
	    {0, "trees", OPT_NUM, &s.trees, "N", NULL, "train, serve: trees (100)", false},
	    {0, "sample", OPT_NUM, &s.sample, "N", NULL, "train, serve: vectors a tree (256)", false},
	    {0, "seed", OPT_NUM, &s.seed, "N", NULL, "train, serve: of the random choices (1)", false},
	    {0, "rows", OPT_NUM, &s.rows_max, "N", NULL,
		"train, serve: keep so many of more vectors (1000000, 65536)", false},
	    {0, "explain", OPT_FLAG, &s.explain, NULL, NULL, "score: name the features that were odd", false},
	    {0, "listen", OPT_STR, &s.listen, "HOST:PORT", NULL, "serve: here (127.0.0.1:9601)", false},
	    {0, "socket", OPT_STR, &s.socket, "PATH", NULL, "serve: at this Unix socket", false},
	    {0, "retrain", OPT_SECONDS, &s.retrain_ms, "TIME", NULL, "serve: train this often (1h); 0: never",
		false},
	    {0, "first", OPT_NUM, &s.first, "N", NULL, "serve: no model of fewer vectors (1000)", false},
	    {0, "learn-below", OPT_STR, &s.learn_below, "SCORE", NULL,
		"serve: do not learn from what scores higher (0.7)", false},
	    {0, "detections", OPT_STR, &s.detections, "PATH", NULL,
		"serve: nor from those whom detections there name", false},
	    OPT_END,
	};

	s.prog = (struct prog){
	    .name = "nf-score",
	    .usage = "train >MODEL <vectors | -m MODEL score <vectors | serve",
	    .brief = "Grows an Isolation Forest from vectors, and scores vectors by it.",
	    .opts = opts,
	};
	int status = prog_start(&s.prog, argc, argv);
	if (status >= 0)
		return status;
	range_check("trees", s.trees, 1, FOREST_TREES_MAX);
	range_check("sample", s.sample, 2, FOREST_SAMPLE_MAX);
	s.retrain_given = opts[8].given;
	if (opts[4].given)
		range_check("rows", s.rows_max, 8, 100000000);
	if (s.prog.binary)
		fatal_config("option -b: vectors are NDJSON");
	metrics_counter(&s.prog.metrics, "nf_score_vectors_total", "vectors read", &s.vectors);
	metrics_counter(
	    &s.prog.metrics, "nf_score_bad_lines_total", "lines that were no such vector", &s.bad);
	const char *name = s.prog.operand_count > 0 ? s.prog.operands[0] : "";
	if (s.prog.operand_count > 1)
		fatal_config("unexpected argument '%s'", s.prog.operands[1]);
	if (strcmp(name, "score") == 0)
		status = score_score(&s);
	else if (strcmp(name, "train") == 0)
		status = s.prog.check_only ? EXIT_OK : score_train(&s);
	else if (strcmp(name, "serve") == 0) {
		range_check("first", s.first, 2, s.rows_max > 0 ? s.rows_max / 4 : SERVE_ROWS / 4);
		return score_serve(&s);
	} else
		fatal_config("expected train, score or serve, not '%s'; nf-score -h shows the usage", name);
	prog_finish(&s.prog);
	return status;
}
