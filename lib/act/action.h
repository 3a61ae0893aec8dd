/* The kinds of actions, as rules name them. */
#ifndef ACT_ACTION_H
#define ACT_ACTION_H

enum action { ACT_ALERT, ACT_BLACKHOLE, ACT_SLACK, ACT_CLICKHOUSE, ACT_EXEC, ACTS };

extern const char *const action_names[ACTS];

#endif
