/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The neighbour of a hostile partition (attack*.c). It fills its memory with a
 * pattern and reads it back all the time, counts interrupts of its own timer and
 * SGIs to itself, has every other interrupt enabled to see that none comes, and keeps
 * values in registers. After as many ticks as bootargs' "ticks=" says it judges; with "follow",
 * when the chaos guest (chaos.c) says in the first channel's memory that it has ended.
 * With channels, it answers their doorbells, and the memory that only it may write to must
 * keep what it has written. "LATE" says how late the timer's interrupts were; under icount that is
 * exact, and "late=" says how many ns they may be.
 */
#include "fpset.h"

#include <abi/channel.h>

#define DEFAULT_TICKS 300
#define TICK_US 997 /* prime, so that it meets every part of whatever else is periodic */
#define SGI 3
#define SLICE KIB(64)
#define NR_CONTEXT 5
#define MAX_CHANNELS 2
#define FOR_EVER ~0U

static struct {
	struct range memory; /* the part that has the pattern, without the device tree */
	u64 deadline, period;
	volatile u32 ticks, sgis, strangers;
	volatile u32 wanted;
	u32 stranger, early, sent;
	volatile u64 *ended; /* what it follows */
	u64 worst, sum;      /* lateness, counter ticks */
	u64 rounds;          /* of the whole memory */
	u64 bad, bad_value;
	struct {
		u64 page;
		u32 intid;
		struct range own; /* memory that the other side may only read */
	} channel[MAX_CHANNELS];
	u32 nr_channels, rung;
} v;

static u64 pattern(u64 address)
{
	u64 x = address * 0x9e3779b97f4a7c15;

	return x ^ x >> 29;
}

/* The number after name in the boot arguments. */
static u64 argument(const char *name, u64 otherwise)
{
	const char *p = strstr(machine.bootargs, name);
	u64 n = 0;

	if (!p)
		return otherwise;
	for (p += strlen(name); *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (u64)(*p - '0');
	return n;
}

/* What lies between this image and the device tree or the end of its memory. */
static void find_memory(void)
{
	struct range r = {0};
	u64 tree = ALIGN_DOWN((u64)fdt, PAGE_SIZE);
	u64 begin = ALIGN_UP((u64)memory_end, PAGE_SIZE), end;

	for (int node = fdt_root(); node >= 0; node = fdt_next(node))
		if (fdt_string_is(node, "device_type", "memory"))
			fdt_reg(node, 0, &r);
	end = r.base + r.size;
	if (tree > begin && tree < end)
		end = tree;
	v.memory = (struct range){begin, end - begin};
}

/* Those that there are; the second is read-only for the other side. */
static void find_channels(void)
{
	for (int node = -1; (node = fdt_compatible(node, "tocsin,channel")) >= 0;) {
		u32 n = v.nr_channels++;
		struct range page;

		fdt_reg(node, 0, &page);
		v.channel[n].page = page.base;
		v.channel[n].intid = io_read32(page.base + TOCSIN_CHANNEL_INTID);
		if (n)
			v.channel[n].own =
			    (struct range){io_read32(page.base + TOCSIN_CHANNEL_BASE),
					   io_read32(page.base + TOCSIN_CHANNEL_SIZE)};
	}
}

/* It is a doorbell's; then its bells may ring again. */
static bool is_doorbell(u32 intid)
{
	for (u32 n = 0; n < v.nr_channels; n++) {
		if (v.channel[n].intid != intid)
			continue;
		io_read32(v.channel[n].page + TOCSIN_CHANNEL_BELLS);
		v.rung++;
		return true;
	}
	return false;
}

static void fill_range(struct range r)
{
	for (u64 a = r.base; a < r.base + r.size; a += 8)
		*(volatile u64 *)a = pattern(a);
}

static void fill(void)
{
	fill_range(v.memory);
	for (u32 n = 0; n < v.nr_channels; n++)
		fill_range(v.channel[n].own);
}

static void check(u64 from, u64 to)
{
	for (u64 a = from; a < to; a += 8) {
		u64 value = *(volatile u64 *)a;

		if (value != pattern(a) && !v.bad) {
			v.bad = a;
			v.bad_value = value;
		}
	}
}

static void on_irq(u32 intid)
{
	u64 now = counter(), late = now - v.deadline;

	if (intid == SGI) {
		v.sgis++;
		return;
	}
	if (is_doorbell(intid))
		return;
	if (intid != INTID_VTIMER) {
		v.stranger = intid;
		v.strangers++;
		gic_disable(intid);
		return;
	}
	if (now < v.deadline) {
		v.early++;
		return;
	}
	v.worst = MAX(v.worst, late);
	v.sum += late;
	v.deadline += v.period;
	write_sysreg(CNTV_CTL_EL0, ++v.ticks == v.wanted ? 0 : CNTV_CTL_EL0_ENABLE);
	write_sysreg(CNTV_CVAL_EL0, v.deadline);
	if (v.sgis == v.sent) { /* two of them would become one */
		v.sent++;
		gic_send_sgi(SGI, 0);
	}
}

static void start(void)
{
	gic_init();
	gic_cpu_init();
	irq_hook = on_irq;
	for (u32 i = 0; i < machine.nr_intids; i++)
		gic_enable(i);
	v.period = TICK_US * read_sysreg(CNTFRQ_EL0) / 1000000;
	v.deadline = counter() + v.period;
	write_sysreg(CNTV_CVAL_EL0, v.deadline);
	write_sysreg(CNTV_CTL_EL0, CNTV_CTL_EL0_ENABLE);
	for (u32 n = 0; n < v.nr_channels; n++) /* what rang before does not interrupt again */
		io_read32(v.channel[n].page + TOCSIN_CHANNEL_BELLS);
	irq_enable();
}

static const struct {
	const char *name;
	u64 (*get)(void);
	void (*set)(u64);
} context[NR_CONTEXT] = {
#define CONTEXT(reg)                                                                               \
	{                                                                                          \
#reg, sysreg_read_##reg, sysreg_write_##reg                                        \
	}
    CONTEXT(TPIDR_EL0), CONTEXT(TPIDRRO_EL0), CONTEXT(SP_EL0), CONTEXT(PAR_EL1), CONTEXT(TTBR1_EL1),
};

/* The guest that it follows has ended: a few more ticks. */
static void follow(void)
{
	if (!v.ended || !*v.ended || v.wanted != FOR_EVER)
		return;
	irq_disable();
	v.wanted = v.ticks + 5;
	irq_enable();
}

/* Until the last tick, with values in registers all the while. */
static void endure(void)
{
	u64 seed = 0x71c71c, at = v.memory.base, end = at + v.memory.size, kept[NR_CONTEXT];
	struct fp_set fp, now;

	fp_random(&fp, &seed);
	fp_load(&fp);
	for (u32 i = 0; i < NR_CONTEXT; i++) {
		context[i].set(random_next(&seed) & 0x0000ffffffff0000);
		kept[i] = context[i].get();
	}
	start();
	while (v.ticks < v.wanted) {
		u64 to = MIN(at + SLICE, end);

		check(at, to);
		follow();
		at = to;
		if (at == end) {
			at = v.memory.base;
			v.rounds++;
		}
	}
	delay_us(TICK_US);
	fp_store(&now);
	fp_compare(&fp, &now, 0);
	for (u32 i = 0; i < NR_CONTEXT; i++)
		EXPECT(context[i].get() == kept[i], "%s 0x%lx became 0x%lx", context[i].name,
		       kept[i], context[i].get());
}

static void memory(void)
{
	check(v.memory.base, v.memory.base + v.memory.size);
	for (u32 n = 0; n < v.nr_channels; n++)
		check(v.channel[n].own.base, v.channel[n].own.base + v.channel[n].own.size);
	EXPECT(!v.bad, "0x%lx is 0x%lx, not 0x%lx", v.bad, v.bad_value, pattern(v.bad));
}

static void timer(void)
{
	u64 mhz = read_sysreg(CNTFRQ_EL0) / 1000000, worst = v.worst * 1000 / mhz;

	EXPECT_EQ(v.ticks, v.wanted);
	EXPECT(!v.early, "%u timer interrupts came before their time", v.early);
	EXPECT(worst <= argument("late=", ~0UL), "%lu ns late", worst);
	print("LATE worst %lu ns, mean %lu ns, of %u; memory read %lu times\n", worst,
	      v.sum / v.wanted * 1000 / mhz, v.ticks, v.rounds);
}

static void interrupts(void)
{
	EXPECT(!v.strangers, "INTID %u came; %u that nobody asked for", v.stranger, v.strangers);
	EXPECT_EQ(v.sgis, v.sent);
	EXPECT(v.rung || !v.nr_channels, "no doorbell was heard");
}

void guest_setup(void)
{
	v.wanted = (u32)argument("ticks=", DEFAULT_TICKS);
	find_memory();
	find_channels();
	if (strstr(machine.bootargs, "follow")) {
		v.wanted = FOR_EVER;
		v.ended = (u64 *)(io_read32(v.channel[0].page + TOCSIN_CHANNEL_BASE) + 16UL);
	}
	fill();
}

const struct test guest_tests[] = {{"victim-registers", endure, 0},
				   {"victim-memory", memory, 0},
				   {"victim-timer", timer, 0},
				   {"victim-interrupts", interrupts, 0},
				   {0}};
