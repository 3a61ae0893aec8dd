#include "enrich/ifname_poll.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "enrich/ifname_cache.h"
#include "enrich/ifname_target.h"
#include "io/clock.h"
#include "io/metrics.h"

enum {
	TALKS_MAX = 32, /* at a time */
	TALK_MS_MAX = 120000, /* a router that tells forever is no sound one */
	TOLD_MAX = 256, /* between two looks; who does not fit is told of again */
	LOOK_MS = 50, /* how late a retry may be */
	SAVE_MS = 30000, /* the file is written no more often while there is more to come */
	LABELS_MAX = 100, /* targets with metrics of their own */
};

struct ifpoll {
	struct ifask *ask;
	struct ifask_options options;
	char *cache;
	bool cache_expected, cache_failed;
	bool discover;
	pthread_t thread;
	int wake; /* eventfd: look at what is under the lock */
	int ready; /* eventfd, see ifpoll_ready_fd */
	atomic_bool is_ready;
	_Atomic(struct ifnames *) fresh; /* waits to be taken */

	/* The thread's own, but for `counts` of targets, and which there are, which change under the lock only. */
	struct targets targets;
	unsigned talks, awaited;
	bool changed, unsaved;
	int64_t published_ms, saved_ms;
	struct log_limit limit;

	pthread_mutex_t lock; /* nobody holds it for longer than a copy takes */
	bool stop;
	struct told {
		struct addr exporter;
		bool unknown;
	} told[TOLD_MAX];
	unsigned told_count;
	uint64_t refused; /* values */
};

static void
wake(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof one);
}

static void
publish(struct ifpoll *p, int64_t now)
{
	struct router **all = mem_zero(p->targets.count + 1, sizeof(struct router *));
	size_t n = targets_routers(&p->targets, all);

	ifnames_free(atomic_exchange(&p->fresh, ifnames_new(all, n)));
	free(all);
	p->changed = false;
	p->published_ms = now;
}

static void
save(struct ifpoll *p, int64_t now)
{
	struct router **all = mem_zero(p->targets.count + 1, sizeof(struct router *));
	size_t n = targets_routers(&p->targets, all);
	struct err e;

	bool failed = ifname_cache_write(p->cache, all, n, &e) == -1;
	if (failed && p->cache_expected && !p->cache_failed)
		log_warnx("snmp: %s; interface names do not outlive this run", e.msg);
	else if (failed)
		log_info("snmp: %s; interface names do not outlive this run", e.msg);
	p->cache_failed = failed;
	free(all);
	p->unsaved = false;
	p->saved_ms = now;
}

static void
first_done(struct ifpoll *p, struct target *t, int64_t now)
{
	if (!t->first)
		return;
	t->first = false;
	if (--p->awaited > 0)
		return;
	publish(p, now);
	atomic_store(&p->is_ready, true);
	wake(p->ready);
}

static void
complain(struct ifpoll *p, const struct target *t, const char *words, int64_t now)
{
	char text[ADDR_TEXT_MAX];

	if (t->failures == 1)
		log_limited(&p->limit, now, "snmp: %s: %s; it is asked again from time to time",
		    addr_text(text, &t->addr), words);
	else
		log_debug("snmp: %s: %s", addr_text(text, &t->addr), words);
}

/* The talk is over, in whatever way. */
static void
talk_end(struct ifpoll *p, struct target *t, enum ifask_state state, const struct err *why, int64_t now)
{
	struct router *r = NULL;
	struct err e = *why;

	if (state == IFASK_DONE) {
		r = ifwalk_finish(&t->walk, &t->addr, clock_wall_ms());
		if (targets_accept(&p->targets, t, r, &e) == -1) {
			router_free(r);
			r = NULL;
			state = IFASK_FAILED;
		}
	}
	pthread_mutex_lock(&p->lock);
	p->refused += t->walk.refused;
	t->counts.refused += t->walk.refused;
	t->counts.polls++;
	t->counts.timeouts += state == IFASK_TIMEOUT;
	t->counts.failed += state == IFASK_FAILED;
	if (r != NULL)
		target_told(t, r, now, p->targets.refresh_ms);
	else
		target_failed(t, now, p->targets.refresh_ms);
	pthread_mutex_unlock(&p->lock);
	ifask_end(t->talk);
	ifwalk_release(&t->walk);
	t->talk = NULL;
	p->talks--;
	p->changed |= r != NULL;
	p->unsaved |= r != NULL;
	if (state == IFASK_TIMEOUT)
		complain(p, t,
		    "no answer, or none that is for us; are address, community or user, and its access list "
		    "right?",
		    now);
	else if (state == IFASK_FAILED)
		complain(p, t, e.msg, now);
	first_done(p, t, now);
}

static void
talk_start(struct ifpoll *p, struct target *t, int64_t now)
{
	struct ifask_options o = p->options;
	struct err e;

	if (t->failures > 1)
		o.retries = 0;
	ifwalk_start(&t->walk);
	t->asked_ms = now;
	t->talk = ifask_start(p->ask, &t->addr, &o, &t->walk, &e);
	p->talks++;
	if (t->talk == NULL)
		talk_end(p, t, IFASK_FAILED, &e, now);
}

/* Those that answered last time go first, so that dead ones delay nobody. */
static void
talks_start(struct ifpoll *p, int64_t now)
{
	for (int failed = 0; failed < 2; failed++)
		for (size_t i = 0; i < p->targets.count && p->talks < TALKS_MAX; i++) {
			struct target *t = p->targets.all[i];

			if (t->talk == NULL && t->asked && t->due_ms <= now && (t->failures > 0) == failed)
				talk_start(p, t, now);
		}
}

static void
talk_go(struct ifpoll *p, struct target *t, bool readable, int64_t now)
{
	struct err e;
	enum ifask_state state = ifask_go(t->talk, readable, &e);

	if (state == IFASK_WAITS && now - t->asked_ms > TALK_MS_MAX) {
		err_set(&e, "its answers do not end");
		state = IFASK_FAILED;
	}
	if (state != IFASK_WAITS)
		talk_end(p, t, state, &e, now);
}

/* Takes what was told; whether to go on. */
static bool
told_take(struct ifpoll *p, int64_t now)
{
	struct told told[TOLD_MAX];
	unsigned n;
	bool stop;

	pthread_mutex_lock(&p->lock);
	n = p->told_count;
	memcpy(told, p->told, n * sizeof *told);
	p->told_count = 0;
	stop = p->stop;
	for (unsigned i = 0; i < n; i++)
		target_seen(&p->targets, &told[i].exporter, told[i].unknown, p->discover, now);
	bool fewer = targets_expire(&p->targets, now);
	pthread_mutex_unlock(&p->lock);
	p->changed |= fewer;
	p->unsaved |= fewer;
	return !stop;
}

static void
talks_wait(struct ifpoll *p, int64_t now)
{
	struct pollfd fds[1 + TALKS_MAX] = {{.fd = p->wake, .events = POLLIN}};
	struct target *who[1 + TALKS_MAX];
	nfds_t n = 1;
	uint64_t count;

	for (size_t i = 0; i < p->targets.count; i++) {
		struct target *t = p->targets.all[i];

		if (t->talk == NULL)
			continue;
		who[n] = t;
		fds[n] = (struct pollfd){.fd = ifask_fd(t->talk), .events = POLLIN};
		n++;
	}
	if (poll(fds, n, n > 1 ? LOOK_MS : targets_wait(&p->targets, now)) == -1)
		return;
	now = clock_mono_ms();
	if (fds[0].revents != 0)
		(void)!read(p->wake, &count, sizeof count);
	for (nfds_t i = 1; i < n; i++)
		talk_go(p, who[i], fds[i].revents != 0, now);
}

static void *
run(void *arg)
{
	struct ifpoll *p = arg;
	int64_t now = clock_mono_ms();

	while (told_take(p, now)) {
		if (p->talks == 0)
			ifask_forget(p->ask);
		talks_start(p, now);
		talks_wait(p, now);
		now = clock_mono_ms();
		if (p->changed && (p->talks == 0 || now - p->published_ms > 1000))
			publish(p, now);
		if (p->unsaved && p->cache != NULL && (p->talks == 0 || now - p->saved_ms > SAVE_MS))
			save(p, now);
	}
	for (size_t i = 0; i < p->targets.count; i++) {
		struct target *t = p->targets.all[i];

		if (t->talk == NULL)
			continue;
		ifask_end(t->talk);
		ifwalk_release(&t->walk);
		t->talk = NULL;
		p->talks--;
	}
	if (p->unsaved && p->cache != NULL)
		save(p, now);
	return NULL;
}

static int
thread_start(struct ifpoll *p, struct err *e)
{
	p->stop = false;
	int error = pthread_create(&p->thread, NULL, run, p);
	return error == 0 ? 0 : err_set(e, "snmp: no thread: %s", strerror(error));
}

static void
thread_stop(struct ifpoll *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_mutex_unlock(&p->lock);
	wake(p->wake);
	pthread_join(p->thread, NULL);
}

static void
release(struct ifpoll *p)
{
	ifask_free(p->ask);
	targets_release(&p->targets);
	ifnames_free(atomic_load(&p->fresh));
	pthread_mutex_destroy(&p->lock);
	close(p->wake);
	close(p->ready);
	free(p->cache);
	free(p);
}

static void
on_cached(void *arg, struct router *r)
{
	struct ifpoll *p = arg;

	targets_known(&p->targets, r, p->discover, clock_mono_ms());
}

static void
cache_read(struct ifpoll *p)
{
	struct err e;

	if (access(p->cache, F_OK) == -1)
		return;
	if (ifname_cache_read(p->cache, on_cached, p, &e) == -1)
		log_warnx("%s; names come as routers are asked", e.msg);
}

static struct ifpoll *
make(const struct ifpoll_settings *s, struct ifask *ask)
{
	struct ifpoll *p = mem_zero(1, sizeof *p);

	p->ask = ask;
	p->options = s->ask;
	p->cache = s->cache != NULL ? mem_strdup(s->cache) : NULL;
	p->cache_expected = s->cache_expected;
	p->discover = s->discover;
	p->limit.burst = 20;
	p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&p->lock, NULL);
	targets_init(&p->targets, s->refresh_ms);
	for (size_t i = 0; i < s->target_count; i++)
		p->awaited += target_list(&p->targets, &s->targets[i], clock_mono_ms());
	if (p->awaited == 0) {
		atomic_store(&p->is_ready, true);
		wake(p->ready);
	}
	return p;
}

/* What the old one knew. */
static void
inherit(struct ifpoll *p, struct ifpoll *old)
{
	for (size_t i = 0; i < old->targets.count; i++) {
		struct router *r = old->targets.all[i]->router;

		old->targets.all[i]->router = NULL;
		if (r != NULL)
			targets_known(&p->targets, r, p->discover, clock_mono_ms());
	}
}

static int
thread_try(struct ifpoll **p, struct err *e)
{
	if (thread_start(*p, e) == 0)
		return 0;
	release(*p);
	*p = NULL;
	return -1;
}

int
ifpoll_start(struct ifpoll **p, const struct ifpoll_settings *s, struct err *e)
{
	struct ifpoll *old = *p;
	struct ifask *ask;
	struct err unused;

	if (old != NULL)
		thread_stop(old);
	ask = ifask_new(&s->secrets, e);
	if (ask == NULL) {
		if (old != NULL)
			thread_try(p, &unused);
		return -1;
	}
	*p = make(s, ask);
	if (old != NULL) {
		inherit(*p, old);
		release(old);
	} else if ((*p)->cache != NULL) {
		cache_read(*p);
	}
	publish(*p, 0);
	return thread_try(p, e);
}

void
ifpoll_stop(struct ifpoll *p)
{
	thread_stop(p);
	release(p);
}

struct ifnames *
ifpoll_take(struct ifpoll *p)
{
	return atomic_load_explicit(&p->fresh, memory_order_relaxed) != NULL
		   ? atomic_exchange(&p->fresh, NULL)
		   : NULL;
}

void
ifpoll_tell(struct ifpoll *p, const struct addr *exporter, bool unknown)
{
	pthread_mutex_lock(&p->lock);
	if (p->told_count < TOLD_MAX)
		p->told[p->told_count++] = (struct told){*exporter, unknown};
	pthread_mutex_unlock(&p->lock);
	wake(p->wake);
}

bool
ifpoll_ready(struct ifpoll *p)
{
	return atomic_load(&p->is_ready);
}

int
ifpoll_ready_fd(struct ifpoll *p)
{
	return p->ready;
}

static void
family_put(struct buf *out, const struct targets *all, const char *name, const char *help, size_t at)
{
	uint64_t others = 0;

	metrics_head(out, name, help, METRIC_COUNTER);
	for (size_t i = 0; i < all->count; i++) {
		uint64_t value = *(const uint64_t *)(const void *)((const char *)&all->all[i]->counts + at);
		char address[ADDR_TEXT_MAX];
		struct buf label = {0};

		if (i >= LABELS_MAX) {
			others += value;
			continue;
		}
		metrics_label(&label, "target", addr_text(address, &all->all[i]->addr));
		metrics_sample(out, name, buf_cstr(&label), value);
		buf_release(&label);
	}
	if (all->count > LABELS_MAX)
		metrics_sample(out, name, "target=\"others\"", others);
}

static void
single_put(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t value)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, value);
}

#define COUNT(member) offsetof(struct target_counts, member)

void
ifpoll_metrics(struct ifpoll *p, struct buf *out)
{
	uint64_t silent = 0, ifaces = 0;

	pthread_mutex_lock(&p->lock);
	const struct targets *all = &p->targets;
	for (size_t i = 0; i < all->count; i++) {
		silent += all->all[i]->failures > 0;
		ifaces += all->all[i]->router != NULL ? all->all[i]->router->count : 0;
	}
	family_put(out, all, "nf_enrich_snmp_polls_total", "times that a router was asked", COUNT(polls));
	family_put(out, all, "nf_enrich_snmp_timeouts_total", "of these: without an answer", COUNT(timeouts));
	family_put(
	    out, all, "nf_enrich_snmp_failures_total", "of these: with an answer of no use", COUNT(failed));
	family_put(out, all, "nf_enrich_snmp_refused_total", "values in answers that cannot be right",
	    COUNT(refused));
	single_put(
	    out, "nf_enrich_snmp_targets", "routers that are asked or known", METRIC_GAUGE, all->count);
	single_put(out, "nf_enrich_snmp_targets_refused_total", "exporters beyond the most that are asked",
	    METRIC_COUNTER, all->refused);
	single_put(
	    out, "nf_enrich_snmp_backing_off", "routers that did not answer last time", METRIC_GAUGE, silent);
	single_put(out, "nf_enrich_snmp_interfaces", "interfaces that routers told of", METRIC_GAUGE, ifaces);
	pthread_mutex_unlock(&p->lock);
}
