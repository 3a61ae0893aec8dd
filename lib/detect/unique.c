#include "detect/unique.h"

#include <string.h>

/*
 * An entry: the top bit, 43 bits of the hash, 20 bits of the second last seen.
 * Twelve days pass before a second looks like another; sets are cleaned long
 * before. A word with its top bit is the only entry itself, else the reference
 * of a block: struct set.
 */
#define ENTRY (UINT64_C(1) << 63)
enum { SECOND_BITS = 20, SECOND_MASK = (1 << SECOND_BITS) - 1, CLEAN_EVERY = 1 << 18 };

struct set {
	uint32_t count; /* entries, some perhaps outside the window */
	uint32_t cleaned; /* the second after whose cleaning all entries were inside */
	uint32_t sure; /* to the end of this second there are as many as asked for, whatever leaves */
	uint32_t zero;
	uint64_t v[]; /* open addressing, 0 = free */
};

static uint32_t
entry_age(uint64_t entry, uint32_t now)
{
	return (now - (uint32_t)entry) & SECOND_MASK;
}

static bool
entry_live(const struct window *w, uint64_t entry, uint32_t now)
{
	return entry_age(entry, now) < w->seconds;
}

/* Slots of a block that serve as entries. */
static uint32_t
set_slots(uint32_t ref)
{
	return (uint32_t)((blocks_size(ref) - sizeof(struct set)) / sizeof(uint64_t));
}

/* Where the search for an entry begins. */
static uint32_t
set_home(uint32_t slots, uint64_t entry)
{
	return (uint32_t)((uint64_t)(uint32_t)(entry >> SECOND_BITS) * slots >> 32);
}

/* The slot of the entry with that hash, or the free one where it would go. */
static uint32_t
set_find(const struct set *s, uint32_t slots, uint64_t entry)
{
	uint32_t i = set_home(slots, entry);

	while (s->v[i] != 0 && s->v[i] >> SECOND_BITS != entry >> SECOND_BITS)
		i = i + 1 < slots ? i + 1 : 0;
	return i;
}

static void
set_fill(struct set *s, uint32_t slots, const uint64_t *entries, uint32_t n)
{
	memset(s->v, 0, slots * sizeof *s->v);
	for (uint32_t i = 0; i < n; i++)
		s->v[set_find(s, slots, entries[i])] = entries[i];
	s->count = n;
}

/* Puts the `keep` youngest of n entries first (Hoare's quickselect). */
static void
select_youngest(uint64_t *v, uint32_t n, uint32_t keep, uint32_t now)
{
	uint32_t from = 0, to = n - 1;

	while (from < to) {
		uint32_t pivot = entry_age(v[from + (to - from) / 2], now), i = from, j = to;

		for (;;) {
			while (entry_age(v[i], now) < pivot)
				i++;
			while (entry_age(v[j], now) > pivot)
				j--;
			if (i >= j)
				break;
			uint64_t t = v[i];
			v[i++] = v[j];
			v[j--] = t;
		}
		/* [from, j] are no older than the pivot, [j + 1, to] no younger. */
		if (keep <= j)
			to = j;
		else
			from = j + 1;
	}
}

/* Leaves the youngest within the window, at most `max`; and no block for less than two. */
static void
set_clean(struct window *w, uint64_t *word, uint32_t max, uint32_t now)
{
	uint32_t ref = (uint32_t)*word, slots = set_slots(ref), n = 0, oldest = 0;
	struct set *s = blocks_at(w->blocks, ref);

	for (uint32_t i = 0; i < slots; i++)
		if (s->v[i] != 0 && entry_live(w, s->v[i], now))
			w->scratch[n++] = s->v[i];
	if (n > max) {
		select_youngest(w->scratch, n, max, now);
		n = max;
	}
	if (n < 2) {
		blocks_free(w->blocks, ref);
		*word = n == 1 ? w->scratch[0] : 0;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		if (entry_age(w->scratch[i], now) > oldest)
			oldest = entry_age(w->scratch[i], now);
	if (n < s->count)
		set_fill(s, slots, w->scratch, n);
	s->cleaned = now;
	s->sure = n == max ? now - oldest + w->seconds - 1 : 0;
}

/* Three quarters are all that linear probing takes well. */
static bool
set_is_full(const struct set *s, uint32_t slots)
{
	return (uint64_t)(s->count + 1) * 4 > (uint64_t)slots * 3;
}

/* A block for `want` entries in place of the one at hand, or that one where no memory is left. */
static uint32_t
set_resize(struct window *w, uint64_t *word, uint32_t want)
{
	uint32_t old = (uint32_t)*word, n = 0;
	uint32_t ref = blocks_alloc(w->blocks, sizeof(struct set) + (want + want / 2) * sizeof(uint64_t));

	if (ref == 0)
		return old;
	const struct set *from = blocks_at(w->blocks, old);
	for (uint32_t i = 0; i < set_slots(old); i++)
		if (from->v[i] != 0)
			w->scratch[n++] = from->v[i];
	struct set *s = blocks_at(w->blocks, ref);
	s->cleaned = from->cleaned;
	s->sure = from->sure;
	set_fill(s, set_slots(ref), w->scratch, n);
	blocks_free(w->blocks, old);
	*word = ref;
	return ref;
}

/* No memory: the oldest quarter makes room. One at a time would cost a walk over the set at each value. */
static void
set_squeeze(struct window *w, struct set *s, uint32_t slots, uint32_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < slots; i++)
		if (s->v[i] != 0)
			w->scratch[n++] = s->v[i];
	uint32_t keep = n - 1 - n / 4;
	select_youngest(w->scratch, n, keep, now);
	set_fill(s, slots, w->scratch, keep);
	w->squeezed += n - keep;
}

static void word_add(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint64_t entry);

static void
set_add(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint64_t entry)
{
	struct set *s = blocks_at(w->blocks, (uint32_t)*word);
	uint32_t slots = set_slots((uint32_t)*word), i = set_find(s, slots, entry);

	if (s->v[i] != 0) {
		if (entry_age(entry, now) < entry_age(s->v[i], now))
			s->v[i] = entry;
		return;
	}
	/* The oldest go at twice the threshold, not at each value beyond it: so cleaning costs little. */
	bool full = set_is_full(s, slots);
	if (s->count >= 2 * max || (full && s->cleaned != now) || now - s->cleaned > CLEAN_EVERY) {
		set_clean(w, word, max, now);
		word_add(w, word, max, now, entry);
		return;
	}
	if (full) {
		uint32_t ref = set_resize(w, word, s->count < max ? 2 * (s->count + 1) : 2 * max);

		s = blocks_at(w->blocks, ref);
		slots = set_slots(ref);
		if (set_is_full(s, slots))
			set_squeeze(w, s, slots, now);
		i = set_find(s, slots, entry);
	}
	s->v[i] = entry;
	s->count++;
}

static void
word_add(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint64_t entry)
{
	if (*word != 0 && (*word & ENTRY) == 0) {
		set_add(w, word, max, now, entry);
		return;
	}
	bool same = *word >> SECOND_BITS == entry >> SECOND_BITS;
	if (*word == 0 || same || max == 1 || !entry_live(w, *word, now)) {
		if (*word == 0 || entry_age(entry, now) <= entry_age(*word, now))
			*word = entry;
		return;
	}
	uint32_t ref = blocks_alloc(w->blocks, BLOCK_MIN);
	if (ref == 0) {
		w->squeezed++;
		*word = entry;
		return;
	}
	struct set *s = blocks_at(w->blocks, ref);
	s->cleaned = now;
	s->sure = 0;
	set_fill(s, set_slots(ref), (const uint64_t[]){*word, entry}, 2);
	*word = ref;
}

static uint64_t
entry_of(uint64_t hash, uint32_t sec)
{
	return ENTRY | (hash >> 21) << SECOND_BITS | (sec & SECOND_MASK);
}

void
unique_prefetch(const struct window *w, uint64_t word, uint64_t hash)
{
	if (word == 0 || (word & ENTRY) != 0)
		return;
	const struct set *s = blocks_at(w->blocks, (uint32_t)word);
	__builtin_prefetch(s);
	__builtin_prefetch(&s->v[set_home(set_slots((uint32_t)word), entry_of(hash, 0))]);
}

void
unique_add(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint32_t sec, uint64_t hash)
{
	word_add(w, word, max, now, entry_of(hash, sec));
}

uint32_t
unique_count(struct window *w, uint64_t *word, uint32_t max, uint32_t now)
{
	if (*word == 0)
		return 0;
	if ((*word & ENTRY) != 0)
		return entry_live(w, *word, now) ? 1 : 0;
	const struct set *s = blocks_at(w->blocks, (uint32_t)*word);
	if (s->cleaned != now) {
		if (now <= s->sure)
			return max;
		set_clean(w, word, max, now);
		if (*word == 0 || (*word & ENTRY) != 0)
			return *word != 0;
	}
	return s->count < max ? s->count : max;
}

bool
unique_has(struct window *w, uint64_t *word, uint32_t max, uint32_t now, uint32_t n)
{
	if (n > 1 && (*word == 0 || (*word & ENTRY) != 0))
		return false;
	if ((*word & ENTRY) == 0 && *word != 0) {
		const struct set *s = blocks_at(w->blocks, (uint32_t)*word);

		if (s->count < n)
			return false;
	}
	return unique_count(w, word, max, now) >= n;
}

void
unique_clear(const struct window *w, uint64_t *word)
{
	if (*word != 0 && (*word & ENTRY) == 0)
		blocks_free(w->blocks, (uint32_t)*word);
	*word = 0;
}

void
unique_trim(struct window *w, uint64_t *word, uint32_t max, uint32_t now)
{
	if (*word != 0 && (*word & ENTRY) == 0)
		set_clean(w, word, max, now);
}
