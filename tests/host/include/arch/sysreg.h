/* SPDX-License-Identifier: Apache-2.0 */
/* System registers for host tests: one variable each, host_NAME. */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

#define SYS_ENCODE(op0, op1, crn, crm, op2)                                                        \
	((u32)(op0) << 20 | (u32)(op2) << 17 | (u32)(op1) << 14 | (u32)(crn) << 10 |               \
	 (u32)(crm) << 1)

enum sysreg_encoding {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg)                                          \
	SYS_##name = SYS_ENCODE(op0, op1, crn, crm, op2),
#include <arch/sysreg.def>
};

enum sysreg_field_mask {
#define FIELD(reg, name, hi, lo) reg##_##name = GENMASK(hi, lo),
#include <arch/sysreg.def>
};

#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) extern u64 host_##name;
#include <arch/sysreg.def>

#define read_sysreg(name) (host_##name)
#define write_sysreg(name, v) ((void)(host_##name = (v)))
