/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest does without EL2 and what it does not: HCR_EL2, MDCR_EL2,
 * CPTR_EL2, CNTHCTL_EL2 and the finer traps (DDI0487 D24.2). Whatever traps
 * and is not in arch/sysreg.def is UNDEFINED for the guest, so to set a bit
 * here is to hide a feature. No lock.
 */
#include <arch/debug.h>
#include <drivers/log.h>
#include <el2/cpu.h>
#include <el2/trapreg.h>
#include <lib/atomic.h>
#include <lib/boot.h>

/* A bit that belongs to a feature: 0 on CPUs that do not have it. */
#define IF_FIELD(id, reg, field, bits) (IDREG_FIELD(id, reg, field) ? (bits) : 0)

/* Version fields in which 0xf is a form of our own makers' that we do not know. */
#define IMPDEF 0xf
/* Of finer traps, there are those in second registers. */
#define FGT2 2

static bool mpam_said; /* atomic */

static BOOT_CODE bool pointer_auth(const u64 id[NR_IDREG])
{
	return IDREG_FIELD(id, ID_AA64ISAR1_EL1, APA) || IDREG_FIELD(id, ID_AA64ISAR1_EL1, API) ||
	       IDREG_FIELD(id, ID_AA64ISAR2_EL1, APA3);
}

BOOT_CODE u64 trapreg_hcr(const u64 id[NR_IDREG], bool shares_cpu)
{
	u64 hcr = HCR_EL2_RW |    /* EL1 is AArch64 */
		  HCR_EL2_VM |    /* stage 2 on */
		  HCR_EL2_IMO |   /* physical IRQs, FIQs, SErrors come here; virtual ones exist */
		  HCR_EL2_FMO |   /* ... which for the GIC also traps writes of ICC_SGI*R */
		  HCR_EL2_AMO |   /* ... */
		  HCR_EL2_PTW |   /* no walk of stage 1 reads a device: that could be an SError */
		  HCR_EL2_TSW |   /* cache maintenance by set and way */
		  HCR_EL2_TSC |   /* SMC */
		  HCR_EL2_TACR |  /* ACTLR_EL1 */
		  HCR_EL2_TIDCP | /* implementation-defined system registers */
		  HCR_EL2_TID3;   /* reads of the ID registers */

	/* FB and BSU stay 0: what a guest does to its own CPU's TLB and instruction cache stays
	 * there. No vCPU has been elsewhere before, and context.c keeps siblings on one CPU apart;
	 * made a broadcast, each local flush of a guest would cost the CPUs of all others. */

	/* LORegions */
	hcr |= IF_FIELD(id, ID_AA64MMFR1_EL1, LO, HCR_EL2_TLOR);
	/* error records: ERRIDR_EL1, ERX*_EL1 */
	hcr |= IF_FIELD(id, ID_AA64PFR0_EL1, RAS, HCR_EL2_TERR);
	/* GMID_EL1; with ATA 0 the other registers of memory tagging */
	hcr |= IF_FIELD(id, ID_AA64PFR1_EL1, MTE, HCR_EL2_TID5);
	/* these two do not trap: key registers and instructions work */
	hcr |= pointer_auth(id) ? HCR_EL2_APK | HCR_EL2_API : 0;
	/* WFI, so that another vCPU gets the CPU. WFE is a short wait: left alone. */
	hcr |= shares_cpu ? HCR_EL2_TWI : 0;
	return hcr;
}

BOOT_CODE u64 trapreg_mdcr(const u64 id[NR_IDREG], u32 nr_counters)
{
	u64 pmu = IDREG_FIELD(id, ID_AA64DFR0_EL1, PMUVER);
	u64 mdcr = MDCR_EL2_TDRA |  /* MDRAR_EL1 */
		   MDCR_EL2_TDOSA | /* the OS lock's registers */
		   MDCR_EL2_TDA;    /* every other debug register */

	/* Performance monitors, all of PM*_EL0 and PM*_EL1. HPMN counters would be
	 * the guest's; fewer than all of them is a choice, but 0 is not allowed. */
	if (pmu && pmu != IMPDEF)
		mdcr |= MDCR_EL2_TPM | MDCR_EL2_TPMCR | FIELD_PREP(MDCR_EL2_HPMN, nr_counters);
	/* Statistical profiling: controls here, its buffer by E2PB 0 */
	mdcr |= IF_FIELD(id, ID_AA64DFR0_EL1, PMSVER, MDCR_EL2_TPMS);
	/* TRFCR_EL1; the trace buffer by E2TB 0 */
	mdcr |= IF_FIELD(id, ID_AA64DFR0_EL1, TRACEFILT, MDCR_EL2_TTRF);
	/* debug communications channel, as TDA but also from EL0 */
	mdcr |= IF_FIELD(id, ID_AA64MMFR0_EL1, FGT, MDCR_EL2_TDCC);
	return mdcr;
}

BOOT_CODE u64 trapreg_cptr(const u64 id[NR_IDREG])
{
	/* RES1 without SVE and SME; with them TZ (bit 8) traps SVE and TSM (bit
	 * 12) SME. TFP 0: FP/SIMD is the guest's. TCPAC 0: so is CPACR_EL1. */
	u64 cptr = GENMASK(13, 12) | GENMASK(9, 0);

	/* trace unit's registers */
	cptr |= IF_FIELD(id, ID_AA64DFR0_EL1, TRACEVER, CPTR_EL2_TTA);
	/* activity monitors */
	cptr |= IF_FIELD(id, ID_AA64PFR0_EL1, AMU, CPTR_EL2_TAM);
	return cptr;
}

BOOT_CODE u64 trapreg_cnthctl(void)
{
	/* These two do not trap: physical counter and physical timer are read
	 * and written directly. */
	return CNTHCTL_EL2_EL1PCTEN | CNTHCTL_EL2_EL1PCEN;
}

BOOT_CODE u32 trapreg_options(const u64 id[NR_IDREG])
{
	u32 options = pointer_auth(id) ? OPTION_PAC : 0;

	options |= IF_FIELD(id, ID_AA64PFR0_EL1, RAS, OPTION_RAS);
	/* Where there are finer traps, HFGRTR_EL2 and HFGWTR_EL2 hide TPIDR2_EL0. */
	if (!IDREG_FIELD(id, ID_AA64MMFR0_EL1, FGT))
		options |= IF_FIELD(id, ID_AA64PFR1_EL1, SME, OPTION_TPIDR2);
	return options;
}

/* Finer traps: 0 traps nothing of the old and all of what was added with the
 * opposite sense, which is what we want; but it is not their reset value. */
static BOOT_CODE void init_fine_grained(const u64 id[NR_IDREG])
{
	if (IDREG_FIELD(id, ID_AA64MMFR1_EL1, HCX))
		write_sysreg(HCRX_EL2, 0);
	if (!IDREG_FIELD(id, ID_AA64MMFR0_EL1, FGT))
		return;
	if (IDREG_FIELD(id, ID_AA64MMFR0_EL1, FGT) >= FGT2) {
		write_sysreg(HFGRTR2_EL2, 0);
		write_sysreg(HFGWTR2_EL2, 0);
		write_sysreg(HFGITR2_EL2, 0);
		write_sysreg(HDFGRTR2_EL2, 0);
		write_sysreg(HDFGWTR2_EL2, 0);
	}
	write_sysreg(HFGRTR_EL2, 0);
	write_sysreg(HFGWTR_EL2, 0);
	write_sysreg(HFGITR_EL2, 0);
	write_sysreg(HDFGRTR_EL2, 0);
	write_sysreg(HDFGWTR_EL2, 0);
	if (IDREG_FIELD(id, ID_AA64PFR0_EL1, AMU))
		write_sysreg(HAFGRTR_EL2, 0);
}

/* Partitions of caches and memory bandwidth: all guests are in number 0, and what would tell
 * them of others traps. Firmware that keeps the registers to itself traps these, too, and does
 * not come back: hence the option, and a line before the first. */
static BOOT_CODE void init_mpam(const u64 id[NR_IDREG])
{
	u64 mpam2 = MPAM2_EL2_TRAPMPAM0EL1 | MPAM2_EL2_TRAPMPAM1EL1, mpamidr;

	if (!IDREG_FIELD(id, ID_AA64PFR0_EL1, MPAM) && !IDREG_FIELD(id, ID_AA64PFR1_EL1, MPAM_FRAC))
		return;
	if (!atomic_swap(&mpam_said, true))
		log_info("MPAM: guests' accesses are trapped (if this is the last line, firmware "
			 "does not allow it: tocsin.mpam=off)");
	mpamidr = read_sysreg(MPAMIDR_EL1);
	mpam2 |= mpamidr & MPAMIDR_EL1_HAS_TIDR ? MPAM2_EL2_TIDR : 0;
	write_sysreg(MPAM2_EL2, mpam2);
	if (mpamidr & MPAMIDR_EL1_HAS_HCR)
		write_sysreg(MPAMHCR_EL2, MPAMHCR_EL2_TRAP_MPAMIDR);
	write_sysreg(MPAM1_EL1, 0);
	write_sysreg(MPAM0_EL1, 0);
}

BOOT_CODE void trapreg_init_cpu(struct cpu *c, bool mpam)
{
	u64 id[NR_IDREG];
	u64 pmu;
	u32 nr_counters = 0;

	idreg_read(id);
	c->options = trapreg_options(id);
	pmu = IDREG_FIELD(id, ID_AA64DFR0_EL1, PMUVER);
	if (pmu && pmu != IMPDEF)
		nr_counters = (u32)FIELD_GET(PMCR_EL0_N, read_sysreg(PMCR_EL0));
	write_sysreg(MDCR_EL2, trapreg_mdcr(id, nr_counters));
	write_sysreg(CPTR_EL2, trapreg_cptr(id));
	write_sysreg(CNTHCTL_EL2, trapreg_cnthctl());
	write_sysreg(HSTR_EL2, 0); /* CP15 registers by number, from AArch32 at EL0: none */
	init_fine_grained(id);
	if (mpam)
		init_mpam(id);
	/* What reset or firmware left armed must not go off in a guest that uses
	 * the first of each (class PASS in arch/sysreg.def). */
	write_sysreg(MDSCR_EL1, 0);
	debug_disarm((s32)IDREG_FIELD(id, ID_AA64DFR0_EL1, BRPS),
		     (s32)IDREG_FIELD(id, ID_AA64DFR0_EL1, WRPS));
	write_sysreg(OSLAR_EL1, 0);
	write_sysreg(OSDLR_EL1, 0);
}
