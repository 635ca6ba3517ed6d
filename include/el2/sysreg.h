/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trapped accesses to system registers. What happens to each is its class in
 * arch/sysreg.def; a register that is not there is UNDEFINED.
 *
 * A register of class EMU with argument NAME has a function
 *   struct verdict sysreg_NAME(struct vcpu *v, u64 *value, bool read)
 * in the module that it concerns. It reads or fills *value and returns SKIP, or
 * UNDEF if there is no access in that direction.
 */
#pragma once

#include <arch/sysreg.h>
#include <el2/trap.h>
#include <lib/types.h>

/* EC 0x18. */
struct verdict trap_sysreg(struct vcpu *v, u64 esr);

/* The functions of the EMU rows. */
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) SYSREG_DECLARE_##class(arg)
#define SYSREG_DECLARE_EMU(arg) struct verdict sysreg_##arg(struct vcpu *v, u64 *value, bool read);
#define SYSREG_DECLARE_EL2(arg)
#define SYSREG_DECLARE_CTX(arg)
#define SYSREG_DECLARE_OPT(arg)
#define SYSREG_DECLARE_PASS(arg)
#define SYSREG_DECLARE_ID(arg)
#define SYSREG_DECLARE_IDRAW(arg)
#define SYSREG_DECLARE_RAZ(arg)
#define SYSREG_DECLARE_HW(arg)
#include <arch/sysreg.def>
