/*
 * Words for the operator, on stderr: "program: level: words", one write a line,
 * control bytes replaced by '?'. Only programs and long-lived parts of them
 * log; parsers return a struct err instead.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

void log_init(const char *program);
void log_verbose(int level); /* 0: warnings and notices, 1: also info, 2: also debug */

void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* adds errno */
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Exit 1: failed, worth a restart. */
_Noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* adds errno */
_Noreturn void fatalx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Exit 2: usage or configuration, a restart will not help. */
_Noreturn void fatal_config(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * For lines that a peer can cause at will: at most `burst` lines in ten
 * seconds, then one line that counts what was held back. One per kind of line.
 */
struct log_limit {
	unsigned burst; /* 0 means 5 */
	int64_t since_ms;
	unsigned said, held;
};

void log_limited(struct log_limit *l, int64_t now_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
