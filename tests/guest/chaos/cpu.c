/* SPDX-License-Identifier: Apache-2.0 */
/* System registers and instructions, the MMU, exceptions of its own, EL0, and ends. */
#include "chaos.h"

#define RET 0xd65f03c0u
#define SYSTEM_READ 0xd5300000u /* MRS x0, op0 2 or 3 by bit 19 */
#define SYSTEM_WRITE 0xd5100000u
#define INSTRUCTION 0xd5080000u /* SYS x0; SYSL with bit 21 */
#define IMMEDIATE 0xd500401fu   /* MSR of an immediate value to PSTATE */
#define LOAD_ITSELF 0xf9400000u /* LDR x0, [x0] */
#define SVC 0xd4000001u
#define SPSR_T32 0x30u
#define SPSR_A32 0x10u
#define SPSR_SS BIT(21)
#define MDSCR_SS_KDE_MDE (BIT(0) | BIT(13) | BIT(15))
#define EL0_BLOCK 3 /* where EL0 sees RAM, in AArch32, too */
#define EL0_READ_ONLY (BIT(6) | BIT(7))

/* ---- programs of one instruction ---- */

static u32 code_word(u32 n)
{
	if (n < CODE_MSR)
		return SYSTEM_READ | n << 5;
	if (n < CODE_SYS)
		return SYSTEM_WRITE | (n - CODE_MSR) << 5;
	if (n < CODE_IMMEDIATE) {
		n -= CODE_SYS;
		return INSTRUCTION | (n >> 11) << 21 | (n >> 8 & 7) << 16 | 7u << 12 |
		       (n >> 7 & 1) << 12 | (n >> 3 & 15) << 8 | (n & 7) << 5;
	}
	n -= CODE_IMMEDIATE;
	return IMMEDIATE | (n >> 7 & 7) << 16 | (n >> 3 & 15) << 8 | (n & 7) << 5;
}

/* n: op0, op1, CRn, CRm and op2 as in the instruction, but for the upper bit of op0 */
void make_codes(void)
{
	u32 *code = (u32 *)map.code, *words = (u32 *)map.random_code;
	static const u32 likely[] = {0xd5000000, 0xd4000000, 0xd5300000,
				     0xd5100000, 0xd5080000, 0xf9000000};

	for (u32 n = 0; n < NR_CODES; n++) {
		code[2 * n] = code_word(n);
		code[2 * n + 1] = RET;
	}
	for (u32 n = 0; n < 32; n++) /* loads by each register, which end with an SVC */
		words[n] = n < 31 ? LOAD_ITSELF | n << 5 | n : SVC;
	for (u32 n = 32; n < RANDOM_WORDS; n++) {
		words[n] = (u32)any();
		if (once_in(2))
			words[n] = likely[below(ARRAY_SIZE(likely))] | (words[n] & 0xfffff);
	}
	code_sync(code, NR_CODES * 8UL);
	code_sync(words, RANDOM_WORDS * 4UL);
	mmu_alias(EL0_BLOCK, EL0_READ_ONLY);
}

void run_code(u32 number, u64 value)
{
	call_at(map.code + number * 8UL, value);
}

/* ---- system registers ---- */

/* What would rather end this life than be an answer: EL1's translation and vectors. */
static bool is_own(u32 n)
{
	u32 op0 = n >> 14 & 1, op1 = n >> 11 & 7, crn = n >> 7 & 15, crm = n >> 3 & 15;

	if (!op0 || (op1 != 0 && op1 != 5))
		return false;
	return (crn == 1 && crm == 0) || crn == 2 || crn == 10 || (crn == 12 && crm == 0);
}

/* Half of them where Tocsin or the CPU has registers. */
static u32 some_register(void)
{
	u32 n = below(32768);

	switch (below(8)) {
	case 0:
		return 1u << 14 | 12u << 7 | (n & 127); /* interrupt controller */
	case 1:
		return 1u << 14 | (n & 127); /* identification */
	case 2:
		return n & 127; /* debug */
	case 3:
		return 1u << 14 | 3u << 11 | (13u + (n >> 7 & 1)) << 7 |
		       (n & 127); /* timers, TPIDR */
	default:
		return n;
	}
}

void chaos_read(void)
{
	run_code(CODE_MRS + some_register(), any());
}

/* ICC_BPR0_EL1 or ICC_BPR1_EL1, whose reserved bits end QEMU (7.2 to 9: its write_vbpr() keeps
 * bits 2:0 of what it has found to be large enough, and finds 0 impossible later). */
static bool is_binary_point(u32 n)
{
	return (n | 4 << 3) == (1u << 14 | 12u << 7 | 12u << 3 | 3u);
}

void chaos_write(void)
{
	u32 n = some_register();
	u64 value = some_value();

	if (is_own(n)) {
		if (map.exact || !once_in(4096))
			return;
		heal(); /* with the watchdog */
	}
	run_code(CODE_MSR + n, is_binary_point(n) ? value & 7 : value);
}

/* Caches, TLBs, translation by hand, and the bits of PSTATE. */
void chaos_system(void)
{
	if (once_in(4))
		run_code(CODE_IMMEDIATE + below(1024), any());
	else
		run_code(CODE_SYS + below(4096), some_address());
}

/* ---- the MMU ---- */

void chaos_mmu(void)
{
	switch (below(4)) {
	case 0:
		mmu_off();
		chaos_memory();
		chaos_mmio();
		break; /* the next operation turns it on */
	case 1:
		__asm__ volatile("tlbi vmalle1is; tlbi alle1; dsb ish; isb");
		break;
	case 2:
		__asm__ volatile(
		    "tlbi vaae1is, %0; tlbi aside1, %0; tlbi vale1, %0; dsb ish; isb" ::"r"(any()));
		break;
	default:
		for (u32 way = 0; way < 4; way++)
			__asm__ volatile("dc isw, %0; dc csw, %0; dc cisw, %0" ::"r"(
			    (u64)way << 30 | below(256) << 6 | below(4) << 1));
	}
}

/* ---- exceptions ---- */

void chaos_fault(void)
{
	switch (below(8)) {
	case 0:
		__asm__ volatile("udf #0");
		break;
	case 1:
		__asm__ volatile("brk #7");
		break;
	case 2:
		__asm__ volatile("svc #3");
		break;
	case 3:
		__asm__ volatile("hlt #1");
		break;
	case 4: /* SP out of line, which QEMU does not mind */
		__asm__ volatile(
		    "mov x10, sp; add x9, x10, #1; mov sp, x9; ldr x9, [sp]; mov sp, x10" ::
			: "x9", "x10");
		break;
	case 5: /* an illegal return */
		__asm__ volatile("msr daifset, #15; msr spsr_el1, %0; msr elr_el1, %1; eret" ::"r"(
				     once_in(2) ? 0x3c9UL : any()),
				 "r"(chaos_recover));
		break;
	case 6:
		__asm__ volatile("drps");
		break;
	default: /* another stack, which is none */
		__asm__ volatile("msr spsel, #0; mov sp, %0; str x0, [sp]; msr spsel, #1" ::"r"(
		    some_device() | 16));
	}
}

static void single_step(void)
{
	write_sysreg(MDSCR_EL1, MDSCR_SS_KDE_MDE);
	__asm__ volatile(
	    "msr spsr_el1, %0; adr x9, 1f; msr elr_el1, x9; isb; eret; 1: nop; nop" ::"r"(
		(u64)0x1c5 | SPSR_SS)
	    : "x9");
}

/* A breakpoint, a watchpoint, a step, or bits of them. */
void chaos_debug(void)
{
	__asm__ volatile("msr oslar_el1, xzr");
	switch (below(4)) {
	case 0:
		single_step();
		break;
	case 1:
		run_code(CODE_MSR + 4, map.code); /* DBGBVR0 */
		run_code(CODE_MSR + 5, 0x1e7);    /* DBGBCR0: EL1 and EL0 */
		break;
	case 2:
		run_code(CODE_MSR + 6, map.free.base & ~7UL); /* DBGWVR0 */
		run_code(CODE_MSR + 7, 0x1ff7);
		break;
	default:
		run_code(CODE_MSR + below(128), some_value());
	}
	run_code(CODE_MSR + 18, once_in(4) ? some_value() : MDSCR_SS_KDE_MDE & ~1UL);
	__asm__ volatile("isb; msr daifclr, #8");
	run_code(0, 0); /* where the breakpoint may be */
	*(volatile u64 *)map.free.base = 1;
	__asm__ volatile("msr daifset, #8");
	write_sysreg(MDSCR_EL1, 0);
	run_code(CODE_MSR + 5, 0);
	run_code(CODE_MSR + 7, 0);
}

void chaos_fp(void)
{
	if (once_in(4)) {
		write_sysreg(CPACR_EL1, below(4) << 20);
		isb();
	}
	if (once_in(4)) { /* SVE and SME: RDVL, SMSTART */
		write_sysreg(CPACR_EL1, ~0UL);
		isb();
		if (once_in(2))
			__asm__ volatile(".inst 0x04bf5020" ::: "x0");
		else
			__asm__ volatile(".inst 0xd503477f");
	}
	__asm__ volatile(
	    ".arch_extension fp\n\t.arch_extension simd\n\t"
	    "fmov d0, %0; fmov d31, %0; fadd d1, d0, d31; msr fpcr, %0; mrs x9, fpsr" ::"r"(any())
	    : "x9");
}

/* ---- EL0 ---- */

static u64 seen_by_el0(u64 address)
{
	return mmu_aliased(EL0_BLOCK, (void *)address);
}

/* Any instructions at all, until one does not go; or loads. A timer ends a loop. */
void chaos_el0(void)
{
	u64 x[31], spsr = any() & GENMASK(31, 28);
	u64 at = seen_by_el0(map.random_code) + (once_in(3) ? 0 : below(RANDOM_WORDS) * 4);

	heal();
	if (once_in(4))
		apf_ready();
	arm_timer(20);
	for (u32 i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = once_in(4) ? any() : seen_by_el0(some_memory());
	if (once_in(8)) {
		write_sysreg(MDSCR_EL1, MDSCR_SS_KDE_MDE);
		spsr |= SPSR_SS;
	}
	switch (below(6)) {
	case 0:
		spsr |= SPSR_A32; /* an illegal return without AArch32 */
		at &= ~3UL;
		break;
	case 1:
		spsr |= SPSR_T32;
		at += 2 * below(2);
		break;
	}
	chaos_enter_el0(x, once_in(16) ? any() : at, spsr, any());
}

/* ---- the end of a life ---- */

static void lose_itself(void)
{
	switch (below(4)) {
	case 0:
		write_sysreg(SCTLR_EL1, any());
		break;
	case 1:
		write_sysreg(TTBR0_EL1, some_device() & ~4095UL);
		__asm__ volatile("tlbi vmalle1; dsb nsh");
		break;
	case 2:
		write_sysreg(TCR_EL1, any());
		break;
	default: /* a loop of exceptions that EL2 never sees */
		write_sysreg(VBAR_EL1, 1UL << 48);
		isb();
		__asm__ volatile("udf #0");
	}
	isb();
}

void chaos_die(void)
{
	heal(); /* with the watchdog, if the sibling is not there to see it */
	switch (below(map.exact ? 5 : 8)) {
	case 0:
		hvc_call(once_in(2) ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_RESET2, 0, 0, 0);
		break;
	case 1:
		hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
		break;
	case 2: /* no vector can be fetched */
		mmu_off();
		write_sysreg(VBAR_EL1, some_device() & ~0x7ffUL);
		isb();
		__asm__ volatile("udf #0");
		break;
	case 3:
	case 4: /* silence: its watchdog, or its sibling */
		if (map.watchdog) {
			io_write32(map.watchdog + 8, 1000);
			io_write32(map.watchdog, 1);
		}
		for (;;)
			__asm__ volatile("");
	default:
		lose_itself();
	}
}
