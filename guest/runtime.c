/* SPDX-License-Identifier: Apache-2.0 */
/* From start.S to the last test: finds the machine in the device tree, runs the
 * table, records exceptions. */
#include "guest.h"

#define RET 0xd65f03c0u
#define FP_ENABLE (3UL << 20) /* CPACR_EL1.FPEN */

enum { VECTOR_SYNC = 4, VECTOR_IRQ = 5, VECTOR_FIQ = 6, VECTOR_SERROR = 7 };

struct machine machine;
struct percpu percpu[MAX_CPUS];
u32 nr_cpus;
void (*volatile irq_hook)(u32 intid);
void (*volatile irq_raw)(void);

static char failure[160];
static u32 failed; /* atomic: the first failure wins */

void test_fail(const char *format, ...)
{
	va_list args;

	if (__atomic_exchange_n(&failed, 1, __ATOMIC_ACQ_REL))
		return;
	va_start(args, format);
	format_text(failure, sizeof(failure), format, args);
	va_end(args);
}

bool test_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

_Noreturn void guest_done(void)
{
	print("DONE\n");
	hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}

/* ---- exceptions ---- */

void fault_expect(void)
{
	me()->fault.taken = false;
	dsb(sy);
	me()->expecting = true;
}

struct fault fault_end(void)
{
	dsb(sy);
	isb();
	me()->expecting = false;
	return me()->fault;
}

static void unexpected(struct frame *f, u32 kind, u64 esr)
{
	print("FAIL exception: vector %u cpu %u esr 0x%lx (ec 0x%x) elr 0x%lx (image+0x%lx) "
	      "far 0x%lx x30 0x%lx\n",
	      kind, me()->index, esr, ESR_EC(esr), f->elr, f->elr - machine.load_base,
	      read_sysreg(FAR_EL1), f->x[30]);
	guest_done();
}

static void take_irq(void)
{
	u32 iar;

	if (irq_raw) {
		irq_raw();
		return;
	}
	iar = gic_ack();
	if ((iar & 0x3ff) >= 1020)
		return;
	me()->irq_last = iar & 0x3ff;
	if (irq_hook)
		irq_hook(iar & 0x3ff);
	gic_eoi(iar);
	me()->irq_count++;
}

void guest_exception(struct frame *f, u32 kind);
void guest_exception(struct frame *f, u32 kind)
{
	u64 esr = read_sysreg(ESR_EL1);
	u32 ec = ESR_EC(esr);

	if (kind == VECTOR_IRQ) {
		take_irq();
		return;
	}
	if ((kind != VECTOR_SYNC && kind != VECTOR_SERROR) || !me()->expecting)
		unexpected(f, kind, esr);
	me()->expecting = false;
	me()->fault = (struct fault){true, esr, f->elr, read_sysreg(FAR_EL1)};
	f->elr = ec == EC_IABT_SAME || ec == EC_PC_ALIGN ? f->x[30] : f->elr + 4;
	f->spsr &= ~PSTATE_IL;
}

void code_sync(const void *start, size_t size)
{
	for (u64 p = ALIGN_DOWN((u64)start, 16); p < (u64)start + size; p += 16)
		__asm__ volatile("dc cvau, %0" ::"r"(p) : "memory");
	dsb(ish);
	for (u64 p = ALIGN_DOWN((u64)start, 16); p < (u64)start + size; p += 16)
		__asm__ volatile("ic ivau, %0" ::"r"(p) : "memory");
	dsb(ish);
	isb();
}

u64 call_at(u64 address, u64 x0);

struct fault run_insn(u32 insn, u64 *x0)
{
	static u32 code[MAX_CPUS][16] __attribute__((aligned(64)));
	u32 *c = code[me()->index];
	struct fault f;
	u64 result;

	c[0] = insn;
	c[1] = c[2] = RET; /* twice: in case ELR is one too far */
	code_sync(c, 12);
	fault_expect();
	result = call_at((u64)c, x0 ? *x0 : 0);
	f = fault_end();
	if (f.taken && f.elr != (u64)c)
		test_fail("insn 0x%x: ELR is %ld bytes off", insn, (s64)(f.elr - (u64)c));
	if (x0)
		*x0 = result;
	return f;
}

struct fault try_read(u64 addr, u32 size, u64 *value)
{
	u64 v = 0;
	struct fault f;

	fault_expect();
	switch (size) {
	case 1:
		v = io_read8(addr);
		break;
	case 2:
		v = io_read16(addr);
		break;
	case 4:
		v = io_read32(addr);
		break;
	default:
		v = io_read64(addr);
	}
	f = fault_end();
	if (value)
		*value = v;
	return f;
}

struct fault try_write(u64 addr, u32 size, u64 value)
{
	fault_expect();
	switch (size) {
	case 1:
		io_write8(addr, (u8)value);
		break;
	case 2:
		io_write16(addr, (u16)value);
		break;
	case 4:
		io_write32(addr, (u32)value);
		break;
	default:
		io_write64(addr, value);
	}
	return fault_end();
}

/* ---- the machine ---- */

static void find_uart(void)
{
	int node = fdt_compatible(-1, "arm,pl011");
	u32 len;
	const u8 *irq;

	if (node < 0)
		return;
	fdt_reg(node, 0, &machine.uart);
	irq = fdt_prop(node, "interrupts", &len);
	if (irq && len >= 12)
		machine.uart_intid = (u32)fdt_cells(irq + 4, 1) + 32;
}

static void find_gic(void)
{
	int node = fdt_compatible(-1, "arm,gic-v3");

	machine.gic = 3;
	if (node < 0) {
		node = fdt_compatible(-1, "arm,cortex-a15-gic");
		if (node < 0)
			node = fdt_compatible(-1, "arm,gic-400");
		machine.gic = 2;
	}
	if (node < 0)
		return;
	fdt_reg(node, 0, &machine.gicd);
	fdt_reg(node, 1, &machine.gicc); /* GICv3: the redistributors */
}

static void find_cpus(void)
{
	int list = fdt_node("/cpus");
	u32 cells;
	const void *p = list < 0 ? NULL : fdt_prop(list, "#address-cells", NULL);

	cells = p ? (u32)fdt_cells(p, 1) : 1;
	for (int node = list; node >= 0 && nr_cpus < MAX_CPUS; node = fdt_next(node)) {
		if (!fdt_string_is(node, "device_type", "cpu"))
			continue;
		percpu[nr_cpus].index = nr_cpus;
		percpu[nr_cpus++].mpidr = fdt_cells(fdt_prop(node, "reg", NULL), cells);
	}
}

u64 bootarg_number(const char *name, u64 otherwise)
{
	const char *p = strstr(machine.bootargs, name);
	u64 n = 0;

	if (!p)
		return otherwise;
	for (p += strlen(name); *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (u64)(*p - '0');
	return n;
}

static void find_machine(void)
{
	int chosen = fdt_node("/chosen");
	const char *args = chosen < 0 ? NULL : fdt_prop(chosen, "bootargs", NULL);

	machine.bootargs = args ? args : "";
	machine.tocsin = fdt_node("/hypervisor") >= 0;
	find_uart();
	find_gic();
	find_cpus();
	if (machine.gicd.base)
		machine.nr_intids = ((io_read32(machine.gicd.base + GICD_TYPER) & 31) + 1) * 32;
}

static bool wanted(const struct test *t)
{
	if ((t->flags & UNDER_TOCSIN) && !machine.tocsin)
		return false;
	if ((t->flags & NEEDS_SMP) && nr_cpus < 2)
		return false;
	if ((t->flags & NEEDS_GICV2) && machine.gic != 2)
		return false;
	return !(t->flags & NEEDS_GICV3) || machine.gic == 3;
}

static void run_test(const struct test *t)
{
	if (!wanted(t)) {
		print("SKIP %s\n", t->name);
		return;
	}
	failed = 0;
	t->run();
	if (failed)
		print("FAIL %s: %s\n", t->name, failure);
	else
		print("PASS %s\n", t->name);
}

static void cpu_setup(u32 index)
{
	write_sysreg(TPIDR_EL1, (u64)&percpu[index]);
	write_sysreg(CPACR_EL1, FP_ENABLE);
	isb();
	mmu_on();
}

_Noreturn void guest_main(const void *tree, u64 entry_count);
_Noreturn void guest_main(const void *tree, u64 entry_count)
{
	fdt = tree;
	machine.entry_count = entry_count;
	machine.load_base = (u64)image_start;
	write_sysreg(TPIDR_EL1, (u64)&percpu[0]);
	find_machine();
	cpu_setup(0);
	percpu[0].online = 1;
	print("guest: %s, GICv%u, %u CPUs, image at 0x%lx\n",
	      machine.tocsin ? "under Tocsin" : "bare", machine.gic, nr_cpus, machine.load_base);
	guest_setup();
	for (const struct test *t = guest_tests; t->name; t++)
		run_test(t);
	guest_done();
}

void guest_secondary(u32 index);
void guest_secondary(u32 index)
{
	struct percpu *p = &percpu[index];

	cpu_setup(index);
	p->online = 1;
	p->started = 1;
	p->entry(p->arg);
	p->online = 0;
	hvc_call(PSCI_CPU_OFF, 0, 0, 0);
	print("FAIL cpu-off: CPU %u is still running\n", index);
	for (;;)
		wfi();
}
