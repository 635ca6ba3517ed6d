/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiny runtime of our bare-metal guests. It owes nothing to Tocsin but the
 * architecture headers, and runs the same under Tocsin and bare at EL1 of a
 * machine whose PSCI conduit is HVC, so that what a guest expects can be checked
 * against the machine itself.
 *
 * A guest is a table of tests (guest_tests, closed by an empty row). The runtime
 * runs them in order, prints "PASS name", "SKIP name" or "FAIL name: why" for
 * each, then "DONE", and powers off.
 */
#pragma once

#include <arch/barrier.h>
#include <arch/esr.h>
#include <arch/io.h>
#include <arch/smccc.h>
#include <arch/sysreg.h>
#include <stdarg.h>

/* Everything is in one image: no symbol needs the global offset table. */
#pragma GCC visibility push(hidden)

#define MAX_CPUS 8

/* ---- tests ---- */

enum test_flags {
	UNDER_TOCSIN = 1 << 0, /* says something about Tocsin, not about every machine */
	NEEDS_SMP = 1 << 1,    /* at least two CPUs */
	NEEDS_GICV2 = 1 << 2,
	NEEDS_GICV3 = 1 << 3
};

struct test {
	const char *name;
	void (*run)(void);
	u32 flags;
};

/* Each guest defines these two. Setup runs before the first test. */
extern const struct test guest_tests[];
void guest_setup(void);

/* Fails the running test, unless it has failed already; any CPU. */
void test_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool test_failed(void);

/* Evaluates once; a false condition fails the running test with a printf-style reason. */
#define EXPECT(cond, ...)                                                                          \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(__VA_ARGS__);                                                    \
	} while (0)
#define EXPECT_EQ(value, wanted)                                                                   \
	do {                                                                                       \
		u64 value_ = (u64)(value), wanted_ = (u64)(wanted);                                \
		if (value_ != wanted_)                                                             \
			test_fail("%s is 0x%lx, not 0x%lx (line %u)", #value, value_, wanted_,     \
				  __LINE__);                                                       \
	} while (0)

/* Ends the run at once: "DONE" and SYSTEM_OFF. */
_Noreturn void guest_done(void);

/* ---- text ---- */

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
int format_text(char *buf, size_t size, const char *format, va_list args);
void uart_putc(char c); /* polled; works from the first instruction of guest_main */

/* Deterministic pseudo-random numbers (xorshift); one stream per state. */
u64 random_next(u64 *state);

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
const char *strstr(const char *text, const char *part);

/* ---- exceptions ---- */

struct frame {
	u64 x[31];
	u64 elr;
	u64 spsr;
	u64 pad;
};

struct fault {
	bool taken;
	u64 esr, elr, far;
};

struct percpu {
	u32 index;
	u64 mpidr;
	volatile bool expecting;
	struct fault fault;
	void (*entry)(u64); /* what a started CPU runs */
	u64 arg;
	volatile u32 started; /* has run since cpu_start() */
	volatile u32 online;
	volatile u32 irq_count;
	volatile u32 irq_last;
};

extern struct percpu percpu[MAX_CPUS];
extern u32 nr_cpus;

static inline struct percpu *me(void)
{
	return (struct percpu *)read_sysreg(TPIDR_EL1);
}

/* From here to fault_end() one synchronous exception is recorded and stepped
 * over (an instruction abort returns to x30) instead of failing the guest. */
void fault_expect(void);
struct fault fault_end(void);

/* Runs one instruction word with x0 = value, x1 = x0 afterwards. */
struct fault run_insn(u32 insn, u64 *x0);
/* Makes freshly written instructions executable. */
void code_sync(const void *start, size_t size);
/* A plain load or store that may fault, 1, 2, 4 or 8 bytes. */
struct fault try_read(u64 addr, u32 size, u64 *value);
struct fault try_write(u64 addr, u32 size, u64 value);

/* Called for every interrupt with the acknowledged INTID, before EOI. */
extern void (*volatile irq_hook)(u32 intid);
/* Replaces acknowledge, hook and EOI altogether, when set. */
extern void (*volatile irq_raw)(void);

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}
static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

/* Sleeps unless cond holds already. Looks with interrupts masked, which wake a WFI all
 * the same: what makes cond true must not come between the look and the sleep.
 * Interrupts are enabled before and after. */
#define wfi_unless(cond)                                                                           \
	do {                                                                                       \
		irq_disable();                                                                     \
		if (!(cond))                                                                       \
			wfi();                                                                     \
		irq_enable();                                                                      \
	} while (0)

/* ---- device tree ---- */

extern const void *fdt; /* as x0 had it */

/* Offsets into the structure block; -1: none. */
int fdt_root(void);
int fdt_child(int node, const char *name);     /* name without unit address matches too */
int fdt_next(int node);                        /* every node, in order */
int fdt_node(const char *path);                /* "/chosen" */
int fdt_compatible(int from, const char *str); /* first node after from; -1 starts */
const char *fdt_name(int node);
const void *fdt_prop(int node, const char *name, u32 *len);
u64 fdt_cells(const void *prop, u32 cells);
/* Entry index of a reg property with two address and two size cells. */
bool fdt_reg(int node, u32 index, struct range *reg);
bool fdt_string_is(int node, const char *prop, const char *value);
bool fdt_check(void); /* header and structure walk are sound */

/* ---- machine ---- */

struct machine {
	bool tocsin; /* a /hypervisor node of ours */
	u8 gic;      /* 2 or 3 */
	struct range gicd, gicc;
	struct range uart;
	u32 uart_intid;
	u32 nr_intids; /* what GICD_TYPER says */
	const char *bootargs;
	u64 entry_count; /* CNTVCT at the first instruction */
	u64 load_base;
};
extern struct machine machine;

/* The decimal number behind name in the boot arguments; otherwise, if name is not there. */
u64 bootarg_number(const char *name, u64 otherwise);

/* ---- memory ---- */

extern char image_start[], image_end[], memory_end[]; /* end: after bss and stacks */
void mmu_on(void); /* identity, 1 GiB blocks: RAM normal write-back, the rest device */
void mmu_off(void);
/* Maps the image's 1 GiB block, with these descriptor bits besides, at a block of
 * addresses where nothing is used; an address of the image seen through it. Before
 * other CPUs are started. */
void mmu_alias(u32 block, u64 attributes);
/* The same for the block of address space that begins at that multiple of 1 GiB, as normal
 * memory, not executable. */
void mmu_window(u32 block, u64 at);
static inline u64 mmu_aliased(u32 block, const volatile void *address)
{
	return (u64)block << 30 | ((u64)address & (GIB(1) - 1));
}
#define MMU_EL0 BIT(6)      /* EL0 may do what it likes; EL1 may not execute */
#define MMU_GUARDED BIT(50) /* BTI */

/* ---- PSCI and CPUs ---- */

struct regs {
	u64 x[18];
};

/* One call with x0-x17 as given, results back in place. */
void hvc_regs(struct regs *r);
void smc_regs(struct regs *r);
long hvc_call(u64 fid, u64 a1, u64 a2, u64 a3);
long smc_call(u64 fid, u64 a1, u64 a2, u64 a3);

#define PSCI64(fid) ((fid) | (u32)SMCCC_64)

/* Starts CPU index in entry(arg) with MMU on, vectors and a stack; returns
 * PSCI's result. A returning entry turns the CPU off. */
long cpu_start(u32 index, void (*entry)(u64), u64 arg);
/* Waits until it has run and AFFINITY_INFO says that it is off. */
void cpu_wait_off(u32 index);
extern char secondary_entry[];

/* Spins for about that long. */
void delay_us(u64 us);
u64 counter(void); /* CNTVCT, not speculated */
/* Waits some seconds for *word to reach value, but not again in a test that has
 * failed already; false if it did not. */
bool wait_for(volatile u32 *word, u32 value);

/* ---- interrupt controller ---- */

#define SPURIOUS 1023

void gic_init(void);     /* distributor: all off, priority 0xa0, groups as Linux has them */
void gic_cpu_init(void); /* this CPU's interface: PMR 0xf0, no preemption below it */
u64 gic_sgi_base(void);  /* where this CPU's SGI and PPI registers are: GICR or GICD */
u64 gic_base(u32 intid); /* GICD, or gic_sgi_base() for INTID < 32 */
u64 gic_redist(u32 cpu); /* GICv3: RD_base of that CPU, 0 if not found */

void gic_enable(u32 intid);
void gic_disable(u32 intid);
void gic_set_pending(u32 intid);
void gic_clear_pending(u32 intid);
bool gic_is_pending(u32 intid);
bool gic_is_active(u32 intid);
bool gic_is_enabled(u32 intid);
void gic_set_priority(u32 intid, u8 priority);
void gic_set_edge(u32 intid, bool edge);
void gic_route(u32 intid, u32 cpu);
void gic_send_sgi(u32 intid, u32 cpu);
void gic_send_sgi_others(u32 intid);
u32 gic_ack(void); /* raw: GICv2 keeps the source CPU in bits 12-10 */
void gic_eoi(u32 iar);
void gic_deactivate(u32 iar);
void gic_set_pmr(u8 mask);
void gic_set_eoi_split(bool split);

/* Distributor and redistributor offsets that both versions share. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IIDR 0x008
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00
#define GICD_CPENDSGIR 0xf10
#define GICD_SPENDSGIR 0xf20
#define GICD_IROUTER 0x6000
#define GICR_WAKER 0x14
#define GICR_TYPER 0x08
#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_BPR 0x08
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICC_DIR 0x1000

#define INTID_VTIMER 27
#define INTID_PTIMER 30
