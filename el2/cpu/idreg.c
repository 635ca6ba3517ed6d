/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID registers for guests: an allow list of fields with ceilings, generated
 * from arch/sysreg.def. A field is shown at the least of what the ceiling and
 * every CPU of the machine have; what is in no row reads 0. idreg_machine has a
 * lock, a leaf, held while a CPU comes up.
 */
#include <el2/cpu.h>
#include <el2/errata.h>
#include <el2/idreg.h>
#include <lib/boot.h>
#include <lib/lock.h>
#include <lib/string.h>
#include <mm/stage2.h>

/* Every ID field is four bits. Signed ones count 0xf as -1, less than 0. */
#define FIELD_BITS 4
#define FIELD_MAX 0xfUL

struct id_field {
	u8 index;
	u8 shift;
	bool is_signed;
	u8 ceiling;
};

#define SIGN_U false
#define SIGN_S true

static const struct id_field fields[] = {
#define IDFIELD(reg, name, hi, lo, sign, ceiling)                                                  \
	{IDREG_INDEX(SYS_##reg), (lo), SIGN_##sign, (ceiling)},
#include <arch/sysreg.def>
};

/* Registers that are passed on whole: all are AArch32's. */
static const u8 raw_registers[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) RAW_##class(name)
#define RAW_IDRAW(name) IDREG_INDEX(SYS_##name),
#define RAW_ID(name)
#define RAW_EL2(name)
#define RAW_CTX(name)
#define RAW_OPT(name)
#define RAW_PASS(name)
#define RAW_RAZ(name)
#define RAW_EMU(name)
#define RAW_HW(name)
#include <arch/sysreg.def>
};

/* Two fields at one place would be two members of one name. */
struct no_field_overlaps {
#define IDFIELD(reg, name, hi, lo, sign, ceiling) char reg##_##lo;
#include <arch/sysreg.def>
};
#define IDFIELD(reg, name, hi, lo, sign, ceiling)                                                  \
	_Static_assert((hi) - (lo) + 1 == FIELD_BITS && (lo) % FIELD_BITS == 0,                    \
		       #reg " " #name " is not one of sixteen fields of four bits");
#include <arch/sysreg.def>

u64 idreg_machine[NR_IDREG];

static bool machine_known;
static struct lock machine_lock;

static BOOT_CODE int field_value(u64 reg, u8 shift, bool is_signed)
{
	int value = reg >> shift & FIELD_MAX;

	return is_signed && value > 7 ? value - 16 : value;
}

static BOOT_CODE void field_set(u64 *reg, u8 shift, int value)
{
	*reg = (*reg & ~(FIELD_MAX << shift)) | ((u64)value & FIELD_MAX) << shift;
}

static BOOT_CODE void field_lower(u64 *reg, u8 shift, bool is_signed, int limit)
{
	if (field_value(*reg, shift, is_signed) > limit)
		field_set(reg, shift, limit);
}

BOOT_CODE void idreg_read(u64 set[NR_IDREG])
{
	memset(set, 0, NR_IDREG * sizeof(*set));
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) READ_##class(name)
#define READ_ID(name) set[IDREG_INDEX(SYS_##name)] = read_sysreg(name);
#define READ_IDRAW(name) set[IDREG_INDEX(SYS_##name)] = read_sysreg(name);
#define READ_EL2(name)
#define READ_CTX(name)
#define READ_OPT(name)
#define READ_PASS(name)
#define READ_RAZ(name)
#define READ_EMU(name)
#define READ_HW(name)
#include <arch/sysreg.def>
}

BOOT_CODE void idreg_merge(u64 set[NR_IDREG], const u64 other[NR_IDREG])
{
	u64 visible[NR_IDREG] = {0};

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct id_field *f = &fields[i];

		visible[f->index] |= FIELD_MAX << f->shift;
		field_lower(&set[f->index], f->shift, f->is_signed,
			    field_value(other[f->index], f->shift, f->is_signed));
	}
	for (u32 i = 0; i < ARRAY_SIZE(raw_registers); i++) {
		visible[raw_registers[i]] = ~0UL;
		for (u8 shift = 0; shift < 64; shift += FIELD_BITS)
			field_lower(&set[raw_registers[i]], shift, false,
				    field_value(other[raw_registers[i]], shift, false));
	}
	/* What no guest sees must be trapped if any CPU has it. */
	for (u32 i = 0; i < NR_IDREG; i++)
		set[i] |= other[i] & ~visible[i];
}

BOOT_CODE void idreg_init_cpu(const struct cpu *c)
{
	u64 set[NR_IDREG];

	idreg_read(set);
	if (c->errata & ERRATA_AES32)
		set[IDREG_INDEX(SYS_ID_ISAR5_EL1)] &= ~(u64)ID_ISAR5_EL1_AES;
	lock_acquire(&machine_lock);
	if (machine_known)
		idreg_merge(idreg_machine, set);
	else
		memcpy(idreg_machine, set, sizeof(idreg_machine));
	machine_known = true;
	lock_release(&machine_lock);
}

BOOT_CODE void idreg_sanitise(u64 guest[NR_IDREG], const u64 host[NR_IDREG], u8 gic_version,
			      u8 ipa_bits)
{
	u64 *pfr0 = &guest[IDREG_INDEX(SYS_ID_AA64PFR0_EL1)];
	u64 *mmfr0 = &guest[IDREG_INDEX(SYS_ID_AA64MMFR0_EL1)];

	memset(guest, 0, NR_IDREG * sizeof(*guest));
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct id_field *f = &fields[i];

		field_set(&guest[f->index], f->shift,
			  field_value(host[f->index], f->shift, f->is_signed));
		field_lower(&guest[f->index], f->shift, f->is_signed, f->ceiling);
	}
	for (u32 i = 0; i < ARRAY_SIZE(raw_registers); i++)
		guest[raw_registers[i]] = host[raw_registers[i]];

	/* Without AArch32 at EL0 its registers (CRm 1-3) are UNKNOWN. */
	if (FIELD_GET(ID_AA64PFR0_EL1_EL0, *pfr0) < 2)
		memset(&guest[IDREG_INDEX(SYS_ENCODE(3, 0, 0, 1, 0))], 0, 3 * 8 * sizeof(*guest));
	if (gic_version < 3)
		*pfr0 &= ~(u64)ID_AA64PFR0_EL1_GIC;
	field_lower(mmfr0, 0, false, stage2_parange(ipa_bits));
}
