/*
 * Errors as words. A library function that can fail returns -1 (or NULL) and
 * leaves one sentence in the caller's struct err; it never prints or exits.
 * Every function below takes a NULL err for a caller that does not care.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	char msg[512];
};

/* Sets the sentence, cut to size. Always returns -1, so that it can be returned. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same followed by ": " and the words for errno. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "words: " before the sentence that is there. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
