// SPDX-License-Identifier: Apache-2.0
/* Serving a partition: see serve.h. */
#define _GNU_SOURCE
#include "serve.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000u
#define AT_ONCE 64 /* requests, before signals and statistics have their turn */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	ended = signal;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* ---- requests ---- */

/* The first request of another epoch voids what is older. */
static void note_epoch(struct service *s, unsigned int epoch)
{
	if (epoch == s->backing->record.epoch)
		return;
	printf("pagerd: epoch %u of %s begins\n", epoch, s->link->partition);
	backing_begin(s->backing, epoch);
}

static void take_requests(struct service *s)
{
	struct tocsin_pager_request r;

	while (s->nr < TOCSIN_PAGER_MAX_SLOTS && served_next(&s->served, &r)) {
		unsigned int at = s->nr++;

		note_epoch(s, r.epoch);
		if (r.op == TOCSIN_PAGER_LOAD && s->nr > 1)
			backing_expect(s->backing, r.page);
		s->queue[at].asked = r;
		s->queue[at].due_ns =
		    s->options.delay_us ? now_ns() + s->options.delay_us * 1000ul : 0;
	}
	if (s->nr > s->most)
		s->most = s->nr;
}

static int carry_out(struct service *s, const struct tocsin_pager_request *r)
{
	void *slot = served_slot(&s->served, r->id);

	/* Nobody waits for these, nor would keeping them be right. */
	if (r->epoch != s->backing->record.epoch)
		return r->op == TOCSIN_PAGER_LOAD ? ESTALE : 0;
	switch (r->op) {
	case TOCSIN_PAGER_LOAD:
		s->counts.loads++;
		return backing_load(s->backing, r->page, slot);
	case TOCSIN_PAGER_EVICT:
		s->counts.stores++;
		return backing_store(s->backing, r->page, slot);
	default:
		s->counts.drops++;
		return backing_drop(s->backing, r->page);
	}
}

static void complain(struct service *s, const struct tocsin_pager_request *r, int status)
{
	static const char *const what[] = {"", "load", "keep", "drop"};

	if (status != ESTALE && !s->counts.failed++)
		warnx("cannot %s page %u: %s; further failures are only counted", what[r->op],
		      r->page, strerror(status));
}

/* Only where Tocsin has given up the older one, as it took too long. */
static bool is_behind(const struct service *s, unsigned int i)
{
	for (unsigned int older = 0; older < i; older++)
		if (s->queue[older].asked.page == s->queue[i].asked.page)
			return true;
	return false;
}

/* A request that is due: loads are waited for by somebody. nr: none is. */
static unsigned int choose(const struct service *s)
{
	uint64_t now = s->options.delay_us && s->nr ? now_ns() : 0;
	unsigned int due = 0;

	while (due < s->nr && s->queue[due].due_ns <= now)
		due++;
	for (unsigned int i = 0; i < due; i++)
		if (s->queue[i].asked.op == TOCSIN_PAGER_LOAD && !is_behind(s, i))
			return i;
	return due ? 0 : s->nr;
}

static struct tocsin_pager_request remove_request(struct service *s, unsigned int i)
{
	struct tocsin_pager_request r = s->queue[i].asked;

	s->nr--;
	memmove(&s->queue[i], &s->queue[i + 1], (s->nr - i) * sizeof(s->queue[0]));
	return r;
}

/* Does what is due. The answer to a load is heard at once, others together. */
static void do_requests(struct service *s)
{
	bool unheard = false;
	unsigned int i;

	for (unsigned int n = 0; n < AT_ONCE && (i = choose(s)) < s->nr; n++) {
		const struct tocsin_pager_request r = remove_request(s, i);
		int status = carry_out(s, &r);

		if (status)
			complain(s, &r, status);
		served_complete(&s->served, r.id, (unsigned int)status);
		unheard = r.op != TOCSIN_PAGER_LOAD;
		if (!unheard)
			link_ring(s->link);
		take_requests(s);
	}
	if (unheard)
		link_ring(s->link);
}

/* ---- statistics ---- */

static void report(struct service *s)
{
	const struct service_counts *c = &s->counts, *was = &s->reported;

	printf("pagerd: %s: %lu loads, %lu stored; in all %lu, %lu, %lu dropped, %lu failed; "
	       "%u at a time\n",
	       s->link->partition, c->loads - was->loads, c->stores - was->stores, c->loads,
	       c->stores, c->drops, c->failed, s->most);
	s->reported = *c;
	s->most = 0;
}

static void report_if_due(struct service *s)
{
	uint64_t now;

	if (!s->options.verbose || !memcmp(&s->counts, &s->reported, sizeof(s->counts)))
		return;
	now = now_ns();
	if (now < s->report_ns)
		return;
	report(s);
	s->report_ns = now + SECOND;
}

/* ---- */

/* Until a bell rings, the next request is due, a line is, or a signal has come. */
static void wait_for_more(const struct service *s, const sigset_t *unmasked)
{
	struct pollfd p = {.fd = s->link->fd, .events = POLLIN};
	uint64_t until = s->nr ? s->queue[0].due_ns : UINT64_MAX, now = now_ns(), left;
	struct timespec t;

	if (s->options.verbose && memcmp(&s->counts, &s->reported, sizeof(s->counts)) &&
	    s->report_ns < until)
		until = s->report_ns;
	left = until > now ? until - now : 0;
	t = (struct timespec){.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
	if (ppoll(&p, 1, until == UINT64_MAX ? NULL : &t, unmasked) < 0 && errno != EINTR)
		err(1, "%s", s->link->device);
	if (p.revents & ~POLLIN)
		errx(1, "%s has gone", s->link->device);
}

static void look_for_hello(struct service *s)
{
	bool heard = served_heard(&s->served);

	if (heard && !s->heard)
		printf("pagerd: %s has heard us\n", s->link->partition);
	if (!heard && s->heard)
		errx(1, "another pager has taken %s over", s->link->partition);
	s->heard = heard;
}

/* Bells are read before the ring is looked at: whatever comes later rings again. */
static void serve_until_ended(struct service *s, const sigset_t *unmasked)
{
	while (!ended) {
		link_hear(s->link);
		look_for_hello(s);
		take_requests(s);
		do_requests(s);
		report_if_due(s);
		wait_for_more(s, unmasked);
	}
}

void serve(struct service *s)
{
	struct sigaction action = {.sa_handler = end};
	sigset_t masked, unmasked;

	sigemptyset(&masked);
	sigaddset(&masked, SIGTERM);
	sigaddset(&masked, SIGINT);
	sigprocmask(SIG_BLOCK, &masked, &unmasked);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	served_hello(&s->served, s->options.latency_us, s->backing->record.epoch);
	link_ring(s->link);
	serve_until_ended(s, &unmasked);
	report(s);
}
