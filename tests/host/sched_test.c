/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of who runs on a CPU, in a simulator: vCPUs that wait, wake by timers and by
 * interrupts, and a scheduler that is always a little late. What is right is worked out
 * anew at each step from the configuration alone.
 * sources: el2/vcpu/schedule.c
 */
#include <el2/schedule.h>
#include <lib/bits.h>
#include <string.h>
#include <test.h>

#define MAX_VCPUS 8
#define MAX_WINDOWS 6
#define SLICE 1000
#define LATE 7 /* the longest stretch between an event and the choice */
#define NEVER UINT64_MAX

static struct sim {
	struct schedule s;
	struct schedule_entry entries[MAX_VCPUS];
	struct schedule_window windows[MAX_WINDOWS];
	u32 nr;
	u64 now, until;
	u64 wake[MAX_VCPUS]; /* 0: ready; NEVER: waits for an interrupt */
	u64 ran[MAX_VCPUS], waited[MAX_VCPUS];
	u64 kept[MAX_VCPUS]; /* for how long an equal has been running while it was ready */
	int running;         /* or -1 */
	bool callers;        /* other CPUs make vCPUs ready, too */
	bool called;         /* one has interrupted this CPU for that */
} sim;

static void begin(u64 frame, u64 now)
{
	memset(&sim, 0, sizeof(sim));
	schedule_init(&sim.s, sim.entries, sim.windows, SLICE, frame);
	sim.now = now;
	sim.running = -1;
}

static u32 add(u16 owner, u8 priority)
{
	sim.wake[sim.nr] = 0;
	EXPECT_EQ(schedule_add(&sim.s, NULL, owner, priority), sim.nr);
	return sim.nr++;
}

static enum err window(u64 start, u64 end, u16 owner, bool donates)
{
	struct schedule_window w = {start, end, owner, donates};

	return schedule_add_window(&sim.s, &w);
}

/* ---- what is right ---- */

static const struct schedule_window *window_at(u64 now)
{
	for (u32 i = 0; i < sim.s.nr_windows; i++)
		if (now % sim.s.frame >= sim.windows[i].start &&
		    now % sim.s.frame < sim.windows[i].end)
			return &sim.windows[i];
	return NULL;
}

static bool has_windows(u16 owner)
{
	for (u32 i = 0; i < sim.s.nr_windows; i++)
		if (sim.windows[i].owner == owner)
			return true;
	return false;
}

/* The higher the better; -1: not allowed to run. */
static int merit(u32 i, u64 now)
{
	const struct schedule_window *w = sim.s.nr_windows ? window_at(now) : NULL;
	const struct schedule_entry *e = &sim.entries[i];

	if (w && w->owner == e->owner)
		return 1000 + e->priority;
	if (w)
		return w->donates ? e->priority : -1;
	return sim.s.nr_windows && has_windows(e->owner) ? -1 : e->priority;
}

static int best_merit(u64 now)
{
	int best = -1;

	for (u32 i = 0; i < sim.nr; i++)
		if (sim.wake[i] <= now && merit(i, now) > best)
			best = merit(i, now);
	return best;
}

/* The first moment after now at which window_at() changes. */
static u64 boundary(u64 now)
{
	u64 at = now % sim.s.frame, next = sim.s.frame;

	for (u32 i = 0; i < sim.s.nr_windows; i++) {
		if (sim.windows[i].start > at)
			next = MIN(next, sim.windows[i].start);
		if (sim.windows[i].end > at)
			next = MIN(next, sim.windows[i].end);
	}
	return now - at + next;
}

/* ---- the simulator ---- */

static void check_until(void)
{
	int running = sim.running < 0 ? -1 : merit((u32)sim.running, sim.now);

	EXPECT(sim.until > sim.now);
	if (sim.s.nr_windows)
		EXPECT(sim.until <= boundary(sim.now));
	for (u32 i = 0; i < sim.nr; i++) {
		if ((int)i == sim.running || merit(i, sim.now) < 0)
			continue;
		if (merit(i, sim.now) > running)
			EXPECT(sim.until <= sim.wake[i]);
		if (merit(i, sim.now) == running)
			EXPECT(sim.until <= MAX(sim.wake[i], sim.now + SLICE));
	}
}

/* Another CPU makes i ready, and interrupts this one if it is let in. */
static void call(u32 i)
{
	sim.wake[i] = 0;
	sim.called |= schedule_admits(&sim.s, i);
}

static void perhaps_call(void)
{
	if (sim.callers && test_random() % 8 == 0)
		call((u32)(test_random() % sim.nr));
}

/* A look at everybody, the choice, and what the others are told; they do not sleep. */
static bool look(void)
{
	struct schedule_entry *e;

	schedule_enter(&sim.s, sim.now);
	perhaps_call();
	for (u32 i = 0; i < sim.nr; i++)
		if (schedule_allows(&sim.entries[i]))
			sim.entries[i].ready = sim.wake[i];
	perhaps_call();
	e = schedule_choose(&sim.s, sim.now);
	perhaps_call();
	EXPECT(!e || (e >= sim.entries && e < sim.entries + sim.nr));
	sim.running = e ? (int)(e - sim.entries) : -1;
	if (e)
		EXPECT(sim.wake[sim.running] <= sim.now);
	return schedule_publish(&sim.s, e ? (u32)sim.running : SCHEDULE_NONE);
}

static void choose(void)
{
	struct schedule_entry *e;

	do {
		if (sim.called)
			schedule_equal_waits(&sim.s);
		sim.called = false;
		while (look())
			;
		perhaps_call();
	} while (sim.called);
	e = sim.s.running;
	EXPECT_EQ(sim.running < 0 ? -1 : merit((u32)sim.running, sim.now), best_merit(sim.now));
	if (e) {
		sim.waited[sim.running] += schedule_waited(&sim.s, sim.now);
		sim.kept[sim.running] = 0;
	} else {
		schedule_waited(&sim.s, sim.now);
	}
	sim.until = schedule_until(&sim.s);
	check_until();
}

/* Time goes by until then; nobody chooses. */
static void pass(u64 until)
{
	EXPECT(best_merit(sim.now) <= (sim.running < 0 ? -1 : merit((u32)sim.running, sim.now)));
	for (u32 i = 0; i < sim.nr; i++) {
		u64 since = MAX(sim.now, sim.wake[i]);

		if ((int)i == sim.running)
			sim.ran[i] += until - sim.now;
		else if (since < until && sim.running >= 0 &&
			 merit(i, sim.now) == merit((u32)sim.running, sim.now))
			sim.kept[i] += until - since;
		if (sim.s.nr_windows && merit(i, sim.now) < 0)
			continue;
		/* Each equal has a slice, and one that was driven out the rest of another:
		 * with callers also who was driven out before it could begin. */
		EXPECT(sim.kept[i] <= (sim.nr + (sim.callers ? sim.nr : 1)) * (SLICE + LATE));
	}
	sim.now = until;
}

/* An interrupt makes i ready: either the scheduler wants to know, or it would not have
 * changed anything. */
static bool wake(u32 i)
{
	struct schedule copy = sim.s;
	struct schedule_entry entries[MAX_VCPUS], *next;
	bool cares;

	sim.wake[i] = 0;
	cares = schedule_cares(&sim.s, &sim.entries[i], sim.until);
	memcpy(entries, sim.entries, sizeof(entries));
	for (u32 k = 0; k < sim.nr; k++)
		entries[k].ready = sim.wake[k];
	copy.entries = entries;
	copy.end = entries + sim.nr;
	copy.running = sim.running < 0 ? NULL : &entries[sim.running];
	next = schedule_choose(&copy, sim.now);
	if (!cares)
		EXPECT_EQ(next ? next - entries : -1, sim.running);
	return cares;
}

/* One thing happens: the running one waits, somebody is woken, or the timer comes. */
static void step(void)
{
	u64 event = sim.now + 1 + test_random() % 500;
	u32 i = (u32)(test_random() % sim.nr);

	if (event >= sim.until) {
		pass(sim.until + test_random() % (LATE + 1));
		choose();
		return;
	}
	pass(event);
	if ((int)i == sim.running || (sim.running >= 0 && test_random() % 4 == 0)) {
		sim.wake[sim.running] = test_random() % 2 ? NEVER : sim.now + test_random() % 3000;
		choose();
	} else if (sim.callers) {
		call(i);
		if (sim.called)
			choose();
	} else if (sim.wake[i] > sim.now && (int)i != sim.running) {
		if (wake(i))
			choose();
	}
}

static void random_windows(u64 frame)
{
	u64 at = test_random() % 300;

	for (u32 i = 0; i < MAX_WINDOWS && at < frame; i++) {
		u64 length = 1 + test_random() % 1500, end = MIN(frame, at + length);

		EXPECT_EQ(window(at, end, (u16)(test_random() % 3), test_random() % 2), OK);
		at = end + (test_random() % 2 ? test_random() % 700 : 0);
	}
}

static void run_random(u32 steps, bool callers)
{
	bool windows = test_random() % 2;
	u64 frame = 1000 + test_random() % 5000;
	u32 nr = 1 + (u32)(test_random() % MAX_VCPUS), levels = 1 + (u32)(test_random() % 3);

	begin(windows ? frame : 0, 1 + test_random() % 1000000);
	if (windows)
		random_windows(frame);
	for (u32 i = 0; i < nr; i++)
		add((u16)(test_random() % 4), (u8)(test_random() % levels * 127));
	sim.callers = callers;
	choose();
	for (u32 i = 0; i < steps; i++)
		step();
}

TEST(random_configurations)
{
	test_seed(4);
	for (u32 i = 0; i < 2000; i++)
		run_random(1000, false);
}

/* Whatever they do, and whenever: who could run does, and nobody was left to sleep. */
TEST(other_cpus_call)
{
	test_seed(5);
	for (u32 i = 0; i < 2000; i++)
		run_random(1000, true);
}

/* Everybody is always ready, and the scheduler in time. */
static void run_busy(u64 ticks)
{
	u64 end = sim.now + ticks;

	choose();
	while (sim.now < end) {
		pass(MIN(sim.until, end));
		choose();
	}
}

/* ---- what follows, in numbers ---- */

TEST(equals_share)
{
	begin(0, 12345);
	for (u32 i = 0; i < 5; i++)
		add(0, 3);
	run_busy(5000 * SLICE);
	for (u32 i = 0; i < 5; i++) {
		EXPECT_EQ(sim.ran[i], 1000 * SLICE);
		EXPECT(sim.ran[i] + sim.waited[i] + 5 * SLICE >= 5000 * SLICE);
	}
}

/* Somebody important comes often and for a short time: those below still take turns. */
TEST(turns_survive_interruption)
{
	u64 end = 12345 + 3000 * SLICE;
	u32 high;

	begin(0, 12345);
	for (u32 i = 0; i < 3; i++)
		add(0, 1);
	high = add(1, 2);
	sim.wake[high] = sim.now + 300;
	choose();
	while (sim.now < end) {
		pass(sim.running == (int)high ? sim.now + 20 : sim.until);
		if (sim.running == (int)high)
			sim.wake[high] = sim.now + 300;
		choose();
	}
	EXPECT(sim.ran[high] > 3000 * SLICE / 17);
	for (u32 i = 0; i < 3; i++) {
		EXPECT(sim.ran[i] + SLICE >= sim.ran[0]);
		EXPECT(sim.ran[i] <= sim.ran[0] + SLICE);
	}
}

TEST(low_priority_starves)
{
	begin(0, 1);
	add(0, 2);
	add(0, 2);
	add(0, 1);
	run_busy(100 * SLICE);
	EXPECT_EQ(sim.ran[2], 0);
	EXPECT_EQ(sim.ran[0], 50 * SLICE);
}

TEST(windows_are_met)
{
	begin(10000, 70000);
	EXPECT_EQ(window(6000, 9000, 1, false), OK);
	EXPECT_EQ(window(0, 2000, 0, false), OK);
	EXPECT_EQ(window(2000, 2500, 1, false), OK);
	EXPECT_EQ(window(9999, 10000, 0, false), OK);
	add(0, 0);
	add(1, 200);
	add(1, 100);
	add(2, 255); /* has no window: the gaps */
	run_busy(100 * 10000);
	EXPECT_EQ(sim.ran[0], 100 * 2001);
	EXPECT_EQ(sim.ran[1], 100 * 3500);
	EXPECT_EQ(sim.ran[2], 0);
	EXPECT_EQ(sim.ran[3], 100 * (10000 - 5501));
}

TEST(slack_idles_unless_donated)
{
	for (u32 donates = 0; donates < 2; donates++) {
		begin(10000, 10000);
		EXPECT_EQ(window(0, 4000, 0, donates), OK);
		EXPECT_EQ(window(4000, 10000, 1, false), OK);
		add(0, 0);
		add(1, 9);
		sim.wake[0] = 11000; /* 1000 after its window has opened */
		choose();
		EXPECT_EQ(sim.running, donates ? 1 : -1);
		EXPECT_EQ(sim.until, 11000);
		pass(sim.until);
		choose();
		EXPECT_EQ(sim.running, 0);
		EXPECT_EQ(sim.until, 14000);
		pass(sim.until);
		choose();
		EXPECT_EQ(sim.running, 1);
		EXPECT_EQ(sim.until, 20000);
	}
}

/* A neighbour's interrupt is nobody's business until the neighbour's window. */
TEST(neighbours_do_not_disturb)
{
	begin(10000, 10000);
	EXPECT_EQ(window(0, 5000, 0, false), OK);
	EXPECT_EQ(window(5000, 10000, 1, false), OK);
	add(0, 0);
	add(1, 9);
	sim.wake[1] = NEVER;
	choose();
	EXPECT(!wake(1));
	pass(sim.until);
	sim.wake[0] = 15100;
	choose();
	EXPECT_EQ(sim.running, 1);
	EXPECT_EQ(sim.until, 20000); /* though the timer of the other comes before */
}

/* How often another CPU that calls for i every 10 ticks interrupts somebody else. */
static u32 flood(u32 i, u64 ticks)
{
	u64 end = sim.now + ticks;
	u32 calls = 0;

	while (sim.now < end) {
		bool alarm = sim.now + 10 >= sim.until;

		pass(alarm ? sim.until : sim.now + 10);
		if (!alarm) {
			sim.called = schedule_admits(&sim.s, i);
			calls += sim.called && sim.running != (int)i;
		}
		if (alarm || sim.called)
			choose();
	}
	return calls;
}

/* Not one where it could not run, and two in a slice of an equal, whether or not it
 * becomes ready by that. */
TEST(floods_are_bounded)
{
	begin(10000, 10000);
	EXPECT_EQ(window(0, 10000, 0, false), OK);
	add(0, 0);
	add(1, 9);
	sim.wake[1] = NEVER;
	choose();
	EXPECT_EQ(flood(1, 100 * SLICE), 0);
	sim.wake[0] = NEVER; /* not even if this CPU idles */
	choose();
	EXPECT_EQ(flood(1, 100 * SLICE), 0);
	begin(0, 10000);
	add(0, 9);
	add(1, 1);
	sim.wake[1] = NEVER;
	choose();
	EXPECT_EQ(flood(1, 100 * SLICE), 0);
	begin(0, 10000);
	add(0, 9);
	add(1, 9);
	sim.wake[1] = NEVER;
	choose();
	EXPECT(flood(1, 100 * SLICE) <= 200);
	sim.wake[1] = 0;
	choose();
	EXPECT(flood(1, 100 * SLICE) <= 200);
}

TEST(windows_that_cannot_be)
{
	begin(10000, 1);
	EXPECT_EQ(window(1000, 2000, 0, false), OK);
	EXPECT_EQ(window(1999, 2001, 1, false), ERR_OVERLAP);
	EXPECT_EQ(window(0, 10000, 1, false), ERR_OVERLAP);
	EXPECT_EQ(window(1500, 1600, 0, false), ERR_OVERLAP);
	EXPECT_EQ(window(9000, 10001, 0, false), ERR_RANGE);
	EXPECT_EQ(window(3000, 2999, 0, false), ERR_RANGE);
	EXPECT_EQ(window(1500, 1500, 0, false), OK); /* empty */
	EXPECT_EQ(window(2000, 3000, 0, false), OK);
	EXPECT_EQ(window(0, 1000, 0, false), OK);
	EXPECT_EQ(sim.s.nr_windows, 3);
	begin(0, 1);
	EXPECT_EQ(window(0, 1, 0, false), ERR_RANGE);
}
