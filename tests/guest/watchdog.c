/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generic watchdog of a partition: registers, its first signal as an interrupt and as
 * an SDEI event, whatever vCPUs are doing. With "hang=" among the boot arguments it hangs
 * in one of several ways, for the second signal to end it.
 */
#include "sdei.h"

#define EVENT TOCSIN_EVENT_WATCHDOG
#define WRR 0x0
#define WCS 0x0
#define WOR 0x8
#define WCV 0x10
#define W_IIDR 0xfcc
#define ENABLED 1
#define WS0 2
#define SHORT_US 2000
#define LONG_US 30000000
#define HANG_US 20000 /* it also says something in that time */

static struct range control, refresh;
static u32 intid;
static volatile u32 irqs, stage;

static void put(u32 offset, u32 value)
{
	io_write32(control.base + offset, value);
}

static u32 get(u32 offset)
{
	return io_read32(control.base + offset);
}

static void ping(void)
{
	io_write32(refresh.base + WRR, 0);
}

static u64 ticks(u64 us)
{
	return us * read_sysreg(CNTFRQ_EL0) / 1000000;
}

/* Runs with periods of so long. */
static void start(u64 us)
{
	put(WOR, (u32)ticks(us));
	put(WOR + 4, (u32)(ticks(us) >> 32));
	put(WCS, ENABLED);
}

/* The first is over soon; what follows has time, wherever this runs. */
static void start_short(void)
{
	u64 then;

	start(LONG_US);
	then = counter() + ticks(SHORT_US);
	put(WCV + 4, (u32)(then >> 32));
	put(WCV, (u32)then);
}

/* As if it were over. */
static void expire(void)
{
	put(WCV + 4, 0);
	put(WCV, 0);
}

static void off(void)
{
	put(WCS, 0);
	irq_hook = NULL;
	gic_disable(intid);
}

/* ---- registers ---- */

static void registers(void)
{
	struct fault f;
	u64 value;

	EXPECT(fdt_compatible(-1, "arm,sbsa-gwdt") >= 0, "no node");
	EXPECT_EQ(get(W_IIDR) >> 16 & 0xf, 1);
	EXPECT_EQ(io_read32(refresh.base + W_IIDR), get(W_IIDR));
	EXPECT_EQ(get(WCS), 0);
	put(WOR, 0x12345678);
	put(WOR + 4, 0xfffff);
	EXPECT_EQ(get(WOR), 0x12345678);
	EXPECT_EQ(get(WOR + 4), 0xffff);
	EXPECT_EQ(io_read32(refresh.base + WRR), 0);
	EXPECT_EQ(get(0x20), 0);
	fault_expect();
	value = *(volatile u8 *)(control.base + WOR);
	f = fault_end();
	EXPECT(f.taken, "a byte was read as 0x%lx", value);
	fault_expect();
	*(volatile u16 *)(refresh.base + WRR) = 1;
	EXPECT(fault_end().taken, "16 bits were written");
}

/* What it compares with is the counter that the guest reads. */
static void compares_the_counter(void)
{
	u64 before, after, compare;

	put(WOR, 0);
	put(WOR + 4, 1);
	before = counter() + BIT(32);
	put(WCS, ENABLED);
	after = counter() + BIT(32);
	compare = (u64)get(WCV + 4) << 32 | get(WCV);
	EXPECT(before <= compare && compare <= after, "0x%lx is not in 0x%lx to 0x%lx", compare,
	       before, after);
	EXPECT_EQ(get(WCS), ENABLED);
	off();
}

/* ---- the interrupt ---- */

static void on_irq(u32 id)
{
	if (id != intid)
		return;
	EXPECT_EQ(get(WCS), ENABLED | WS0);
	EXPECT(gic_is_active(intid), "it is not active");
	put(WOR, (u32)ticks(LONG_US));
	EXPECT_EQ(get(WCS), ENABLED);
	EXPECT(!gic_is_pending(intid), "its level stays");
	irqs++;
}

static void expect_irqs(void)
{
	irqs = 0;
	irq_hook = on_irq;
	gic_route(intid, 0);
	gic_set_edge(intid, false);
	gic_enable(intid);
	irq_enable();
}

static void interrupt_spinning(void)
{
	expect_irqs();
	start_short();
	EXPECT(wait_for(&irqs, 1), "no interrupt; WCS is 0x%x", get(WCS));
	off();
}

static void interrupt_waiting(void)
{
	expect_irqs();
	for (u32 n = 1; n <= 3; n++) {
		start_short();
		while (irqs < n)
			wfi_unless(irqs >= n);
		EXPECT_EQ(irqs, n);
	}
	off();
}

/* In time, and more often than there are periods. */
static void refreshed(void)
{
	u64 until;

	expect_irqs();
	start(LONG_US);
	until = counter() + ticks(20000);
	while (counter() < until)
		ping();
	EXPECT_EQ(irqs, 0);
	EXPECT_EQ(get(WCS), ENABLED);
	expire();
	EXPECT(wait_for(&irqs, 1), "no interrupt");
	off();
}

/* The interrupt falls without having been taken. */
static void withdrawn(void)
{
	expect_irqs();
	irq_disable();
	start(LONG_US);
	expire();
	EXPECT_EQ(get(WCS), ENABLED | WS0);
	EXPECT(gic_is_pending(intid), "it is not pending");
	ping();
	EXPECT(!gic_is_pending(intid), "it is still pending");
	irq_enable();
	delay_us(100);
	EXPECT_EQ(irqs, 0);
	off();
}

static void set_short(u64 arg)
{
	(void)arg;
	start_short();
	stage = 1;
}

/* Another CPU has it come earlier. */
static void earlier(void)
{
	expect_irqs();
	start(60000000);
	stage = 0;
	EXPECT_EQ(cpu_start(1, set_short, 0), PSCI_SUCCESS);
	while (!irqs)
		wfi_unless(irqs);
	cpu_wait_off(1);
	off();
}

/* ---- the event ---- */

static volatile u32 told;

static void on_event(struct sdei_entry *e)
{
	EXPECT_EQ(e->x[0], EVENT);
	__atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
	ping();
}

/* A vCPU that has all masked. */
static void event_spinning(void)
{
	sdei_ready(EVENT);
	sdei_hook = on_event;
	told = 0;
	irq_disable();
	start_short();
	EXPECT(wait_for(&told, 1), "no event");
	EXPECT_EQ(get(WCS), ENABLED);
	off();
	irq_enable();
	sdei_fresh();
}

static void event_waiting(void)
{
	sdei_ready(EVENT);
	sdei_hook = on_event;
	told = 0;
	irq_disable();
	start_short();
	while (!told)
		wfi();
	off();
	irq_enable();
	sdei_fresh();
}

/* Refreshed before it could be delivered. */
static void event_withdrawn(void)
{
	sdei_ready(EVENT);
	sdei_hook = on_event;
	told = 0;
	sdei_mask();
	start(LONG_US);
	expire();
	EXPECT_EQ(get(WCS), ENABLED | WS0);
	ping();
	sdei_unmask();
	EXPECT_EQ(told, 0);
	expire();
	(void)get(WCS);
	EXPECT_EQ(told, 1);
	off();
	sdei_fresh();
}

static void on_event_everywhere(struct sdei_entry *e)
{
	EXPECT_EQ(e->x[0], EVENT);
	__atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
}

static void hear(u64 arg)
{
	(void)arg;
	sdei_ready(EVENT);
	irq_disable();
	stage = 1;
	while (stage != 2)
		;
	sdei_fresh();
}

/* All that registered it are told. */
static void event_everywhere(void)
{
	sdei_ready(EVENT);
	sdei_hook = on_event_everywhere;
	told = stage = 0;
	EXPECT_EQ(cpu_start(1, hear, 0), PSCI_SUCCESS);
	EXPECT(wait_for(&stage, 1), "the other CPU does not come");
	irq_disable();
	start(LONG_US);
	expire();
	EXPECT(wait_for(&told, 2), "%u of 2 were told", told);
	off();
	irq_enable();
	stage = 2;
	cpu_wait_off(1);
	sdei_fresh();
}

/* ---- the second signal ---- */

static bool argued(const char *text)
{
	return machine.bootargs && strstr(machine.bootargs, text);
}

static void spin(u64 arg)
{
	(void)arg;
	irq_disable();
	stage = 1;
	for (;;)
		;
}

static void sleep_for_ever(void)
{
	irq_disable();
	for (;;)
		wfi();
}

static void never_completes(struct sdei_entry *e)
{
	(void)e;
	print("told\n");
	for (;;)
		;
}

_Noreturn static void hang_in_event(void)
{
	sdei_ready(EVENT);
	sdei_hook = never_completes;
	spin(0);
	__builtin_unreachable();
}

static void hang(void)
{
	if (nr_cpus > 1 && cpu_start(1, spin, 0) == PSCI_SUCCESS)
		wait_for(&stage, 1);
	print("hanging\n");
	start(HANG_US);
	ping();
	if (argued("hang=event"))
		hang_in_event();
	if (argued("hang=wait"))
		sleep_for_ever();
	spin(0);
}

void guest_setup(void)
{
	int node = fdt_compatible(-1, "arm,sbsa-gwdt");
	const u8 *cells = fdt_prop(node, "interrupts", NULL);

	sdei_setup();
	fdt_reg(node, 0, &control);
	fdt_reg(node, 1, &refresh);
	intid = (u32)fdt_cells(cells + 4, 1) + 32;
	if (argued("hang="))
		hang();
}

const struct test guest_tests[] = {
    {"watchdog-registers", registers, 0},
    {"watchdog-counter", compares_the_counter, 0},
    {"watchdog-interrupt", interrupt_spinning, 0},
    {"watchdog-interrupt-in-wfi", interrupt_waiting, 0},
    {"watchdog-refreshed", refreshed, 0},
    {"watchdog-withdrawn", withdrawn, 0},
    {"watchdog-earlier", earlier, NEEDS_SMP},
    {"watchdog-event", event_spinning, 0},
    {"watchdog-event-in-wfi", event_waiting, 0},
    {"watchdog-event-withdrawn", event_withdrawn, 0},
    {"watchdog-event-everywhere", event_everywhere, NEEDS_SMP},
    {0},
};
