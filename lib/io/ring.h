/*
 * A bounded queue of messages between two threads, one that puts and one that
 * gets. Neither takes a lock or calls the allocator; the memory is all there
 * from the start, and touched only as it is needed: while the getter keeps up,
 * little more than what comes between two of its bouts. The getter may sleep on
 * a descriptor, and so may a putter that would rather wait than lose.
 */
#ifndef IO_RING_H
#define IO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* Room for `bytes` (rounded up to a power of two), 16 bytes of it a message for its head. Aborts without memory. */
struct ring *ring_new(size_t bytes);
void ring_free(struct ring *r);

/*
 * The putter: room for a message of at most len bytes, or NULL if there is none
 * now. ring_put makes it a message of that many bytes; until then it is none.
 */
void *ring_reserve(struct ring *r, size_t len);
void ring_put(struct ring *r, size_t len);
void ring_wake(struct ring *r); /* after some puts, or from elsewhere: wakes the getter if it sleeps */
void ring_wait(struct ring *r); /* after ring_reserve gave NULL: until there is room, or ring_wake_putter */

/* The getter: the oldest message, aligned to 16, or NULL; it stays until ring_drop. */
const void *ring_get(struct ring *r, size_t *len);
void ring_drop(struct ring *r);
void ring_wake_putter(struct ring *r); /* after some drops: wakes the putter if half of the room is free */

/*
 * The getter, before it sleeps: false if a message has come meanwhile. After
 * true the descriptor becomes readable with the next ring_wake.
 */
bool ring_sleep(struct ring *r);
int ring_fd(const struct ring *r);

size_t ring_size(const struct ring *r);
size_t ring_used(const struct ring *r);

#endif
