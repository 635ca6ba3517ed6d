/* SPDX-License-Identifier: Apache-2.0 */
/* Fault reports, and syndromes in words (DDI0487 D24.2.40). */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <drivers/log.h>
#include <el2/abort.h>
#include <el2/panic.h>
#include <el2/partition.h>
#include <el2/report.h>

static const char *const class_names[64] = {
    [EC_UNKNOWN] = "unknown reason",
    [EC_WFX] = "WFI or WFE",
    [EC_FP] = "FP or SIMD access",
    [EC_PAUTH] = "pointer authentication",
    [EC_BTI] = "branch target",
    [EC_ILLEGAL] = "illegal execution state",
    [EC_HVC64] = "HVC",
    [EC_SMC64] = "SMC",
    [EC_SYSREG] = "system register access",
    [EC_SVE] = "SVE access",
    [EC_IABT_LOWER] = "instruction abort",
    [EC_IABT_SAME] = "instruction abort in EL2",
    [EC_PC_ALIGN] = "misaligned PC",
    [EC_DABT_LOWER] = "data abort",
    [EC_DABT_SAME] = "data abort in EL2",
    [EC_SP_ALIGN] = "misaligned SP",
    [EC_SERROR] = "SError",
    [EC_BRK64] = "BRK",
};

static const char *const status_names[16] = {
    "address size fault",
    "translation fault",
    "access flag fault",
    "permission fault",
    "synchronous external abort",
    "external abort on a table walk",
    NULL,
    NULL,
    "alignment fault",
};

const char *esr_class_name(u32 ec)
{
	return ec < 64 && class_names[ec] ? class_names[ec] : "unlisted class";
}

const char *fault_status_name(u32 fsc)
{
	const char *name = fsc < 64 ? status_names[fsc >> 2] : NULL;

	return name ? name : "unlisted status";
}

static const char *kind_name(const struct partition *p, const struct stage2_entry *e)
{
	switch (e->kind) {
	case STAGE2_MEMORY:
		return "memory";
	case STAGE2_DEVICE:
		return "device";
	case STAGE2_MMIO:
		return e->value < p->nr_mmio ? p->mmio[e->value].name : "emulated";
	default:
		return "nothing";
	}
}

/* HPFAR_EL2 holds an address for translation faults only. */
static void report_abort(const struct vcpu *v, u64 esr)
{
	struct partition *p = v->partition;
	const char *access = ESR_EC(esr) == EC_IABT_LOWER ? "fetch"
			     : esr & ESR_ABT_WNR          ? "write"
							  : "read";
	struct stage2_entry e;
	u64 ipa;

	log_error("  %s, level %lu, %s%s: far 0x%lx", fault_status_name(ESR_ABT_FSC(esr)), esr & 3,
		  esr & ESR_ABT_S1PTW ? "walking stage 1, " : "", access, v->far);
	if (FSC_TYPE(ESR_ABT_FSC(esr)) != FSC_TRANSLATION)
		return;
	ipa = abort_ipa(v);
	e = stage2_lookup(&p->stage2, ipa);
	log_error("  ipa 0x%lx; stage 2, vmid %u: level %d entry 0x%lx: %s", ipa, p->stage2.vmid,
		  e.level, e.raw, kind_name(p, &e));
}

void report_fault(const struct vcpu *v, u64 esr)
{
	u32 ec = ESR_EC(esr);

	log_error("partition %s, vCPU %u stopped: %s at pc 0x%lx, pstate 0x%lx, esr 0x%lx",
		  v->partition->config->name, v->index, esr_class_name(ec), v->regs.pc,
		  v->regs.pstate, esr);
	if (ec == EC_IABT_LOWER || ec == EC_DABT_LOWER)
		report_abort(v, esr);
	for (u32 i = 0; i < 31; i += 4)
		log_error("  x%-2u 0x%016lx 0x%016lx 0x%016lx 0x%016lx", i, v->regs.x[i],
			  v->regs.x[i + 1], v->regs.x[i + 2], i + 3 < 31 ? v->regs.x[i + 3] : 0);
	log_error("  vbar_el1 0x%lx, elr_el1 0x%lx, esr_el1 0x%lx, far_el1 0x%lx",
		  read_sysreg(VBAR_EL1), read_sysreg(ELR_EL1), read_sysreg(ESR_EL1),
		  read_sysreg(FAR_EL1));
}
