/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chaos (chaos/chaos.h): boot arguments "seed=", "ops=" (how many operations in all lives and of
 * all vCPUs), "patience=" (ms without an operation after which a vCPU counts as lost), "exact"
 * (under icount). vCPU 0 prints now and then how many there were of each kind.
 */
#include "chaos/chaos.h"

#include <abi/channel.h>

#define MAGIC 0x534f414843UL
#define TELL_EVERY 65536 /* operations of vCPU 0 */
#define LOOK_EVERY 256
#define DIE_ONE_IN 65536
#define MOVED 4096 /* of the free memory: the first pages are for what has a fixed place */

static const struct {
	const char *name;
	void (*run)(void);
	u32 weight;
} kinds[] = {
    {"heal", chaos_heal, 20},       {"read", chaos_read, 110},  {"write", chaos_write, 110},
    {"system", chaos_system, 60},   {"mmio", chaos_mmio, 220},  {"memory", chaos_memory, 110},
    {"channel", chaos_channel, 40}, {"exec", chaos_exec, 20},   {"call", chaos_call, 80},
    {"psci", chaos_psci, 12},       {"sdei", chaos_sdei, 100},  {"apf", chaos_apf, 12},
    {"mmu", chaos_mmu, 10},         {"fault", chaos_fault, 20}, {"debug", chaos_debug, 10},
    {"fp", chaos_fp, 10},           {"el0", chaos_el0, 12},     {"timer", chaos_timer, 30},
    {"wait", chaos_wait, 8},        {"sgi", chaos_sgi, 30},     {"ack", chaos_ack, 40},
    {"die", chaos_die, 0},
};
#define NR_KINDS ARRAY_SIZE(kinds)
#define DIE (NR_KINDS - 1)

/* Kept over lives. */
static struct record {
	u64 magic, life;
	u64 ended; /* all operations are done; the victim (victim.c) reads this, too */
	u64 count[CHAOS_CPUS][NR_KINDS];
	u64 exceptions[CHAOS_CPUS];
} * record, without_channel;
_Static_assert(sizeof(struct record) <= PAGE_SIZE, "");
_Static_assert(offsetof(struct record, ended) == 16, "victim.c reads it");

struct chaos_cpu chaos_cpu[CHAOS_CPUS];
struct chaos_map map;
static u64 seed, wanted;
static u32 weights;
static struct {
	u64 sctlr, tcr, ttbr0, mair, cpacr;
} sane;

u64 some_value(void)
{
	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return ~0UL;
	case 2:
		return BIT(below(64));
	case 3:
		return below(256);
	case 4:
		return ~BIT(below(64));
	default:
		return any();
	}
}

/* ---- where things are ---- */

static void add_device(struct range r)
{
	if (r.size && map.nr_devices < ARRAY_SIZE(map.device))
		map.device[map.nr_devices++] = r;
}

static void find_channels(void)
{
	for (int node = -1; (node = fdt_compatible(node, "tocsin,channel")) >= 0;) {
		struct range page, memory;

		if (!fdt_reg(node, 0, &page) || map.nr_channels == ARRAY_SIZE(map.channel))
			continue;
		map.channel[map.nr_channels++] = page.base;
		memory = (struct range){io_read32(page.base + TOCSIN_CHANNEL_BASE),
					io_read32(page.base + TOCSIN_CHANNEL_SIZE)};
		if (memory.size)
			map.shared[map.nr_shared++] = memory;
	}
}

static void find_devices(void)
{
	int watchdog = fdt_compatible(-1, "arm,sbsa-gwdt"), clock = fdt_compatible(-1, "arm,pl031");
	struct range r;

	add_device(machine.gicd);
	add_device(machine.gicc);
	if (machine.gic == 3) /* the redistributors that there are, with some of what follows */
		map.device[1].size = MIN(machine.gicc.size, (nr_cpus + 1) * KIB(128));
	else
		map.device[1].size = KIB(8);
	add_device(machine.gicd);
	add_device(machine.uart);
	for (u32 i = 0; watchdog >= 0 && fdt_reg(watchdog, i, &r); i++)
		add_device(r);
	if (watchdog >= 0 && fdt_reg(watchdog, 0, &r))
		map.watchdog = r.base;
	if (clock >= 0 && fdt_reg(clock, 0, &r)) {
		map.clock = r.base;
		add_device(r);
	}
	for (u32 i = 0; i < map.nr_channels; i++)
		add_device((struct range){map.channel[i], PAGE_SIZE});
	for (u32 i = 0; machine.gic == 3 && i < nr_cpus; i++)
		map.redist[i] = gic_redist(i);
}

/* What lies between this image and the device tree or the end of its memory. */
static void find_memory(void)
{
	u64 tree = ALIGN_DOWN((u64)fdt, PAGE_SIZE), begin = ALIGN_UP((u64)memory_end, PAGE_SIZE),
	    end;
	struct range r = {0};

	for (int node = fdt_root(); node >= 0; node = fdt_next(node))
		if (fdt_string_is(node, "device_type", "memory"))
			fdt_reg(node, 0, &r);
	end = r.base + r.size;
	if (tree > begin && tree < end)
		end = tree;
	map.code = begin;
	map.random_code = ALIGN_UP(begin + NR_CODES * 8UL, PAGE_SIZE);
	begin = map.random_code + RANDOM_WORDS * 4;
	map.free = (struct range){begin, end - begin};
}

static void find_record(void)
{
	bool kept = map.nr_shared &&
		    io_read32(map.channel[0] + TOCSIN_CHANNEL_STATUS) & TOCSIN_CHANNEL_MAY_WRITE;

	record = kept ? (struct record *)map.shared[0].base : &without_channel;
	if (record->magic != MAGIC) {
		memset(record, 0, sizeof(*record));
		record->magic = MAGIC;
	}
	record->life++;
}

/* ---- operations ---- */

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* The random numbers of operation n of this vCPU in this life. */
static void seed_operation(struct chaos_cpu *c)
{
	u64 s = mix(seed + 0x9e3779b97f4a7c15);

	s = mix(s + (record->life << 8 | chaos_index()));
	c->rng = mix(s + c->n) | 1;
	c->irqs = 0;
}

static u32 some_kind(void)
{
	u32 at = below(weights), i = 0;

	if (once_in(DIE_ONE_IN))
		return DIE;
	while (at >= kinds[i].weight)
		at -= kinds[i++].weight;
	return i;
}

static u64 total(void)
{
	u64 sum = 0;

	for (u32 v = 0; v < CHAOS_CPUS; v++)
		for (u32 k = 0; k < NR_KINDS; k++)
			sum += record->count[v][k];
	return sum;
}

static void tell(const char *what)
{
	print("%s seed %lu life %lu operations %lu exceptions %lu:", what, seed, record->life,
	      total(), record->exceptions[0] + record->exceptions[1]);
	for (u32 k = 0; k < NR_KINDS; k++)
		print(" %s %lu", kinds[k].name, record->count[0][k] + record->count[1][k]);
	print("\n");
}

/* What operations have left behind, of what the program itself needs. */
static void restore(void)
{
	write_sysreg(TPIDR_EL1, (u64)&percpu[chaos_index()]);
	write_sysreg(VBAR_EL1, (u64)chaos_vectors);
	write_sysreg(CPACR_EL1, sane.cpacr);
	if (read_sysreg(SCTLR_EL1) == sane.sctlr && read_sysreg(TCR_EL1) == sane.tcr &&
	    read_sysreg(TTBR0_EL1) == sane.ttbr0 && read_sysreg(MAIR_EL1) == sane.mair)
		return;
	write_sysreg(SCTLR_EL1, sane.sctlr & ~1UL);
	isb();
	mmu_on();
	write_sysreg(SCTLR_EL1, sane.sctlr);
	isb();
}

/* All are through: the first vCPU that sees it says so when the other one has stopped. */
static void finish(void)
{
	static volatile u32 stopped;
	u32 n = __atomic_fetch_add(&stopped, 1, __ATOMIC_ACQ_REL);

	if (map.watchdog)
		io_write32(map.watchdog, 0);
	if (n == 0) {
		delay_us(50000);
		chaos_heal();
		tell("\nPASS chaos");
		dsb(sy);
		record->ended = 1;
	}
	for (;;)
		wfi();
}

static void one_operation(struct chaos_cpu *c)
{
	c->n++;
	seed_operation(c);
	if (c->n % LOOK_EVERY == 0 && total() >= wanted)
		finish();
	if (c->n % TELL_EVERY == 0 && chaos_index() == 0)
		tell("chaos:");
	c->kind = some_kind();
	record->count[chaos_index()][c->kind]++;
	if (once_in(4))
		__asm__ volatile("msr daifclr, #7");
	kinds[c->kind].run();
	__asm__ volatile("msr daifset, #15");
}

/* From entry.S, on an empty stack. */
_Noreturn void chaos_go_on(void);
_Noreturn void chaos_go_on(void)
{
	for (;;) {
		restore();
		one_operation(chaos_me());
	}
}

#define EC_DEBUG(ec) ((ec) >= EC_BREAK_LOWER && (ec) <= EC_WATCH_LOWER + 1)

void chaos_exception(u64 esr);
void chaos_exception(u64 esr)
{
	record->exceptions[chaos_index()]++;
	if (EC_DEBUG(ESR_EC(esr)))
		write_sysreg(MDSCR_EL1, 0);
}

static void chaos(void)
{
	long stolen = hvc_call(PV_TIME_ST, 0, 0, 0);

	find_channels();
	find_memory();
	find_devices();
	find_record();
	map.stolen = stolen > 0 ? (u64)stolen : 0;
	map.patience = bootarg_number("patience=", 1000) * read_sysreg(CNTFRQ_EL0) / 1000;
	map.exact = strstr(machine.bootargs, "exact");
	seed = bootarg_number("seed=", 1);
	wanted = bootarg_number("ops=", 100000);
	for (u32 k = 0; k < NR_KINDS; k++)
		weights += kinds[k].weight;
	seed_operation(chaos_me());
	make_codes();
	sane.sctlr = read_sysreg(SCTLR_EL1);
	sane.tcr = read_sysreg(TCR_EL1);
	sane.ttbr0 = read_sysreg(TTBR0_EL1);
	sane.mair = read_sysreg(MAIR_EL1);
	sane.cpacr = read_sysreg(CPACR_EL1);
	tell("chaos:");
	chaos_heal();
	if (nr_cpus > 1)
		hvc_call(PSCI64(PSCI_CPU_ON), percpu[1].mpidr, (u64)chaos_secondary, 0);
	chaos_go_on();
}

void guest_setup(void)
{
	nr_cpus = MIN(nr_cpus, CHAOS_CPUS);
}

const struct test guest_tests[] = {{"chaos", chaos, UNDER_TOCSIN}, {0}};
