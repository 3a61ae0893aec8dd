/*
 * How near groups came to the thresholds of their rules: what `nf-detect
 * --explain` and `--suggest` tell of a recording. Of each group it keeps the
 * largest value of each threshold, and the moment when all of them together
 * were nearest: the nearness is the smallest of value / limit, 1 and more where
 * the rule holds.
 */
#ifndef DETECT_SURVEY_H
#define DETECT_SURVEY_H

#include "detect/detection.h"

struct survey;

/* Looks at one rule, or with NULL at all; keeps at most that many groups. The rules must outlive it. */
struct survey *survey_new(const char *rule, uint32_t groups_max);
void survey_free(struct survey *s);

/* Whether it looks at that rule. */
bool survey_wants(const struct survey *s, const struct rule *r);

/* A group as it stands after a flow. */
struct survey_note {
	const struct rule *rule;
	bool trusted;
	const struct flowkey *key;
	enum flowkey_width width;
	const uint8_t *key_bytes;
	const uint64_t *limits; /* LIMITS of them, of this group */
	int64_t time_ms; /* of the flow */
	struct totals totals;
};

void survey_take(struct survey *s, const struct survey_note *n);

/*
 * Appends what was found of the rule, as lines of text: for each threshold its
 * limit and the largest value, then the `top` nearest groups.
 */
void survey_explain(const struct survey *s, const struct rule *r, uint32_t top, struct buf *out);

/*
 * Appends thresholds for the rule as a piece of YAML, with the percentiles they
 * come from in comments: a fifth above the 99.9th percentile of the groups'
 * largest values, and further up until no group seen could have reached all.
 */
void survey_suggest(const struct survey *s, const struct rule *r, struct buf *out);

/* Groups that came when there was no room for more. */
uint64_t survey_refused(const struct survey *s);

#endif
