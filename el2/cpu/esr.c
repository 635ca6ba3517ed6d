/* SPDX-License-Identifier: Apache-2.0 */
/* Syndromes in words (DDI0487 D24.2.40). */
#include <arch/esr.h>
#include <el2/esr.h>

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
