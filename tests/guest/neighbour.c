/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside a storm (storm.c): sleeps, and is woken by its timer at set times; how late its
 * handler then runs, to the nanosecond under icount. Times are multiples of "period=", in us,
 * and, taking turns, what of "at=" (up to four, as 0:100:200) comes after each; with windows the
 * period is the major frame, so that they are in its own. After "after=" ms it begins, takes
 * "samples=" of each, and says how they are distributed. "late=" are the most ns for each.
 */
#include "bench.h"

#define PLACES 4
#define MOST 4096

static struct place {
	u64 at; /* ticks after a multiple of the period */
	u32 n;
	u32 late[MOST]; /* ns */
} places[PLACES];

static volatile u64 due; /* 0: it has come */
static struct place *volatile current;

/* The numbers after name in the boot arguments, with colons between; how many. */
static u32 arguments(const char *name, u64 *numbers, u32 room)
{
	const char *p = strstr(machine.bootargs, name);
	u32 n = 0;

	if (!p)
		return 0;
	p += strlen(name);
	do {
		numbers[n] = 0;
		for (; *p >= '0' && *p <= '9'; p++)
			numbers[n] = numbers[n] * 10 + (u64)(*p - '0');
	} while (++n < room && *p++ == ':');
	return n;
}

static u64 ticks(u64 us)
{
	return us * read_sysreg(CNTFRQ_EL0) / 1000000;
}

static void on_timer(void)
{
	u64 now = bench_now();
	u32 iar = gic_ack();

	write_sysreg(CNTV_CTL_EL0, 0);
	isb();
	if ((iar & 0x3ff) >= 1020)
		return;
	if (due)
		current->late[current->n++] = (u32)(now - due * NS_PER_TICK);
	due = 0;
	gic_eoi(iar);
}

/* In the period after the one that comes next, so that it has always gone to sleep before. */
static void sample(struct place *p, u64 period)
{
	u64 at = (counter() / period + 2) * period + p->at;

	current = p;
	due = at;
	write_sysreg(CNTV_CVAL_EL0, at);
	write_sysreg(CNTV_CTL_EL0, 1);
	isb();
	while (due)
		wfi_unless(!due);
}

static void sort(u32 *a, u32 n)
{
	for (u32 gap = n / 2; gap; gap /= 2)
		for (u32 i = gap; i < n; i++)
			for (u32 k = i; k >= gap && a[k - gap] > a[k]; k -= gap) {
				u32 t = a[k];

				a[k] = a[k - gap];
				a[k - gap] = t;
			}
}

static void judge(struct place *p, u64 allowed)
{
	u32 *late = p->late, n = p->n, worst;

	sort(late, n);
	worst = late[n - 1];
	print("LATE at %lu us: least %u, half %u, 99%% %u, worst %u ns, of %u\n",
	      p->at * 1000000 / read_sysreg(CNTFRQ_EL0), late[0], late[n / 2], late[n * 99 / 100],
	      worst, n);
	EXPECT(worst <= allowed, "%u ns late, more than %lu", worst, allowed);
}

/* Others get going. */
static void nap(u64 ms)
{
	u64 end = counter() + ticks(ms * 1000);

	while (counter() < end) {
		write_sysreg(CNTV_CVAL_EL0, end);
		write_sysreg(CNTV_CTL_EL0, 1);
		isb();
		wfi_unless(counter() >= end);
	}
	print("neighbour: begins\n");
}

static void neighbour(void)
{
	u64 period = ticks(bootarg_number("period=", 997));
	u32 samples = (u32)MIN(bootarg_number("samples=", 500), MOST);
	u64 at[PLACES] = {0}, allowed[PLACES];
	u32 n = arguments("at=", at, PLACES) ?: 1;

	nap(bootarg_number("after=", 0));
	for (u32 i = 0; i < n; i++) {
		places[i].at = ticks(at[i]);
		allowed[i] = ~0UL;
	}
	for (u32 i = 0; i < samples * n; i++)
		sample(&places[i % n], period);
	arguments("late=", allowed, PLACES);
	for (u32 i = 0; i < n; i++)
		judge(&places[i], allowed[i]);
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
	gic_enable(INTID_VTIMER);
	irq_raw = on_timer;
	irq_enable();
}

const struct test guest_tests[] = {{"neighbour", neighbour, 0}, {0}};
