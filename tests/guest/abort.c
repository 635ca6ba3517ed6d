/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses that cannot work: each gets the exception that hardware would give,
 * at the right place, and the guest goes on. With and without its own MMU. */
#include "guest.h"

#define EXTERNAL_ABORT 0x10

u64 call_at(u64 address, u64 x0);

/* Addresses where a machine has nothing. QEMU's virt answers to the bare guest
 * with external aborts there, too. */
static const u64 nothing[] = {0x0b800000, 0x0f800000, 0x7fff000000};

static bool is_external(struct fault f, u32 ec, u64 address)
{
	return f.taken && ESR_EC(f.esr) == ec && ESR_ABT_FSC(f.esr) == EXTERNAL_ABORT &&
	       f.far == address && (f.esr & ESR_IL);
}

static void read_nothing(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(nothing); i++) {
		for (u32 size = 1; size <= 8; size *= 2) {
			u64 a = nothing[i] + 8;
			struct fault f = try_read(a, size, NULL);

			EXPECT(is_external(f, EC_DABT_SAME, a) && !(f.esr & ESR_ABT_WNR),
			       "read of 0x%lx: taken %u esr 0x%lx far 0x%lx", a, f.taken, f.esr,
			       f.far);
		}
	}
}

static void write_nothing(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(nothing); i++) {
		for (u32 size = 1; size <= 8; size *= 2) {
			u64 a = nothing[i] + 0x7f8;
			struct fault f = try_write(a, size, ~0UL);

			EXPECT(is_external(f, EC_DABT_SAME, a) && (f.esr & ESR_ABT_WNR),
			       "write of 0x%lx: taken %u esr 0x%lx far 0x%lx", a, f.taken, f.esr,
			       f.far);
		}
	}
}

static void jump_into_nothing(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(nothing); i++) {
		struct fault f;

		fault_expect();
		call_at(nothing[i], 0);
		f = fault_end();
		EXPECT(is_external(f, EC_IABT_SAME, nothing[i]) && f.elr == nothing[i],
		       "jump to 0x%lx: esr 0x%lx far 0x%lx elr 0x%lx", nothing[i], f.esr, f.far,
		       f.elr);
	}
}

static void without_mmu(void)
{
	mmu_off();
	read_nothing();
	write_nothing();
	jump_into_nothing();
	mmu_on();
}

/* ---- emulated devices ---- */

#define DEVICE_INSN(text)                                                                          \
	({                                                                                         \
		u64 addr_ = machine.gicd.base + GICD_ISENABLER + 4;                                \
		fault_expect();                                                                    \
		__asm__ volatile(text : "+r"(addr_)::"x6", "x7", "memory");                        \
		fault_end();                                                                       \
	})

/* Traps without a valid syndrome: Tocsin does not decode instructions. */
static void without_syndrome(void)
{
	struct fault f[] = {
	    DEVICE_INSN("ldr w6, [%0], #4"), DEVICE_INSN("str wzr, [%0, #4]!"),
	    DEVICE_INSN("ldp w6, w7, [%0]"), DEVICE_INSN("stp wzr, wzr, [%0]"),
	    DEVICE_INSN("ldxr w6, [%0]"),
	};

	for (u32 i = 0; i < ARRAY_SIZE(f); i++)
		EXPECT(f[i].taken && ESR_EC(f[i].esr) == EC_DABT_SAME,
		       "case %u: taken %u esr 0x%lx", i, f[i].taken, f[i].esr);
}

/* QEMU knows no alignment faults on Device memory: bare, this passes in silence. */
static void unaligned_device(void)
{
	for (u32 offset = 1; offset < 4; offset++) {
		u64 a = machine.gicd.base + GICD_ISENABLER + offset;
		struct fault f = try_read(a, 4, NULL);

		EXPECT(f.taken && ESR_EC(f.esr) == EC_DABT_SAME, "offset %u: esr 0x%lx", offset,
		       f.esr);
		EXPECT_EQ(f.far, a);
	}
}

static void wrong_width(void)
{
	struct fault f = try_read(machine.gicd.base + GICD_CTLR, 8, NULL);

	/* Unpredictable: zero or an abort, but the right one. */
	EXPECT(!f.taken || is_external(f, EC_DABT_SAME, machine.gicd.base + GICD_CTLR),
	       "GICD_CTLR: esr 0x%lx far 0x%lx", f.esr, f.far);
	/* The UART's registers take narrow accesses. */
	f = try_read(machine.uart.base + 0x18, 1, NULL);
	EXPECT(!f.taken, "UARTFR by byte: esr 0x%lx", f.esr);
	f = try_read(machine.uart.base + 0x18, 2, NULL);
	EXPECT(!f.taken, "UARTFR by halfword: esr 0x%lx", f.esr);
}

/* Sign extension and register width of emulated loads. */
static void extension(void)
{
	u64 a = machine.gicd.base + GICD_ICFGR + 8, x = 0;
	u64 b = machine.gicd.base + GICD_IPRIORITYR + 40;

	(void)a;
	io_write8(b, 0xf0);
	__asm__ volatile("ldrsb %0, [%1]" : "=r"(x) : "r"(b));
	EXPECT_EQ(x, (u64)(s64)(signed char)io_read8(b));
	EXPECT(x >> 63, "ldrsb x: 0x%lx", x);
	x = ~0UL;
	__asm__ volatile("ldrsb %w0, [%1]" : "+r"(x) : "r"(b));
	EXPECT_EQ(x, (u32)(s32)(signed char)io_read8(b));
	x = ~0UL;
	__asm__ volatile("ldrb %w0, [%1]" : "+r"(x) : "r"(b));
	EXPECT_EQ(x, io_read8(b));
	x = 1;
	__asm__ volatile("ldr wzr, [%1]\n\tmov %0, xzr" : "=r"(x) : "r"(machine.gicd.base));
	EXPECT_EQ(x, 0);
	io_write8(b, 0xa0);
}

/* Tocsin's own memory is not there. It ends at the end of some bank of RAM: look
 * from every bank's end in this tree. */
static void beyond_memory(void)
{
	for (int node = fdt_root(); node >= 0; node = fdt_next(node)) {
		struct range r;

		if (!fdt_string_is(node, "device_type", "memory"))
			continue;
		for (u32 i = 0; fdt_reg(node, i, &r); i++) {
			u64 a = r.base + r.size;
			struct fault f = try_read(a, 8, NULL);

			EXPECT(is_external(f, EC_DABT_SAME, a), "0x%lx: taken %u esr 0x%lx", a,
			       f.taken, f.esr);
			f = try_read(a - 8, 8, NULL);
			EXPECT(!f.taken, "0x%lx is not there", a - 8);
		}
	}
}

/* A page-table walk that leads into nothing. */
static void walk_into_nothing(void)
{
	static u64 table[512] __attribute__((aligned(4096)));
	u64 old = read_sysreg(TTBR0_EL1), a = 5UL << 30;
	struct fault f;

	memcpy(table, (void *)old, sizeof(table));
	table[5] = nothing[0] | 3; /* a next-level table there */
	dsb(sy);
	write_sysreg(TTBR0_EL1, (u64)table);
	__asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" ::: "memory");
	f = try_read(a, 8, NULL);
	write_sysreg(TTBR0_EL1, old);
	__asm__ volatile("isb; tlbi vmalle1; dsb nsh; isb" ::: "memory");
	EXPECT(f.taken && ESR_EC(f.esr) == EC_DABT_SAME, "esr 0x%lx", f.esr);
	EXPECT((ESR_ABT_FSC(f.esr) & 0x3c) == 0x14, "esr 0x%lx is no external abort on a walk",
	       f.esr);
	EXPECT_EQ(f.far, a);
}

void guest_setup(void)
{
	gic_init();
}

const struct test guest_tests[] = {
    {"abort-read", read_nothing, 0},
    {"abort-write", write_nothing, 0},
    {"abort-jump", jump_into_nothing, 0},
    {"abort-without-mmu", without_mmu, 0},
    {"abort-walk", walk_into_nothing, UNDER_TOCSIN},
    {"abort-no-syndrome", without_syndrome, UNDER_TOCSIN},
    {"abort-unaligned", unaligned_device, UNDER_TOCSIN},
    {"abort-width", wrong_width, UNDER_TOCSIN},
    {"abort-extension", extension, 0},
    {"abort-beyond-memory", beyond_memory, UNDER_TOCSIN},
    {0},
};
