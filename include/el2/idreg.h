/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID registers: what the machine's CPUs have in common, and what a partition
 * is shown of it (the IDFIELD and IDRAW rows of arch/sysreg.def, nothing else).
 *
 * A set of them is an array of NR_IDREG values, indexed as below.
 */
#pragma once

#include <arch/sysreg.h>
#include <lib/types.h>

struct cpu;

/* Op0 3, Op1 0, CRn 0, CRm 0-7, Op2 0-7; CRm 0 is never trapped and stays 0. */
#define NR_IDREG 64

/* Where in a set a register is, from its encoding (SYS_..., or an ISS). */
#define IDREG_INDEX(encoding) (((encoding) >> 1 & 7) << 3 | ((encoding) >> 17 & 7))

/* A field of a register in a set, as an unsigned number. */
#define IDREG_FIELD(set, reg, field) FIELD_GET(reg##_##field, (set)[IDREG_INDEX(SYS_##reg)])

/* What the CPUs have in common: guest-visible fields are the least of all CPUs',
 * other fields are not 0 if any CPU's is not, so that traps made from them
 * cover all. Complete when all have called idreg_init_cpu(). */
extern u64 idreg_machine[NR_IDREG];

/* Adds the calling CPU, c, whose errata are known, to idreg_machine. Once on each CPU; takes its
 * own lock. */
void idreg_init_cpu(const struct cpu *c);

/* Reads the calling CPU's registers into a set. */
void idreg_read(u64 set[NR_IDREG]);

/* Makes set what it and other have in common, as idreg_machine. Pure. */
void idreg_merge(u64 set[NR_IDREG], const u64 other[NR_IDREG]);

/* What a partition with that GIC (2 or 3) and IPA size sees on a machine with
 * the ID registers of host. Pure. */
void idreg_sanitise(u64 guest[NR_IDREG], const u64 host[NR_IDREG], u8 gic_version, u8 ipa_bits);
