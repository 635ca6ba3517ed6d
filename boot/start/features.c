/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs that are newer than Tocsin. A feature that a guest's ID registers do not show is really
 * hidden only if Tocsin traps it or turns it off. The HIDDEN rows of arch/sysreg.def say up to
 * which version it does.
 */
#include "features.h"
#include <drivers/log.h>
#include <lib/bits.h>
#include <lib/fmt.h>

#define ANY 0xff
#define FIELD_BITS 4

struct known {
	u8 index, hi, lo, value;
	const char *name; /* NULL: shown to guests, up to a maximum */
};

static const struct known known[] = {
#define HIDDEN(reg, name, hi, lo, value) {IDREG_INDEX(SYS_##reg), hi, lo, value, #name},
#define IDFIELD(reg, name, hi, lo, sign, ceiling) {IDREG_INDEX(SYS_##reg), hi, lo, ANY, NULL},
#include <arch/sysreg.def>
};

static const struct {
	u8 index;
	const char *name;
} registers[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, class, arg) NAMED_##class(name)
#define NAMED_ID(name) {IDREG_INDEX(SYS_##name), #name},
#define NAMED_IDRAW(name)
#define NAMED_EL2(name)
#define NAMED_CTX(name)
#define NAMED_OPT(name)
#define NAMED_PASS(name)
#define NAMED_RAZ(name)
#define NAMED_EMU(name)
#define NAMED_HW(name)
#include <arch/sysreg.def>
};

/* The row that has that bit, or NULL. */
static const struct known *find(u8 index, u8 bit)
{
	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].index == index && bit >= known[i].lo && bit <= known[i].hi)
			return &known[i];
	return NULL;
}

/* Text that is cut when it is full. */
struct list {
	char text[400];
	u32 len;
};

static void add(struct list *l, const char *reg, const char *field, u8 lo, u64 value)
{
	char *to = l->text + l->len;
	size_t room = sizeof(l->text) - l->len;
	const char *comma = l->len ? ", " : "";

	if (l->len >= sizeof(l->text))
		return;
	if (field)
		l->len += (u32)fmt_snprintf(to, room, "%s%s.%s %lu", comma, reg, field, value);
	else
		l->len += (u32)fmt_snprintf(to, room, "%s%s[%u:%u] %lu", comma, reg,
					    lo + FIELD_BITS - 1, lo, value);
}

void features_report(const u64 id[NR_IDREG])
{
	struct list list = {.len = 0};

	for (u32 i = 0; i < ARRAY_SIZE(registers); i++) {
		u8 index = registers[i].index;

		for (u8 lo = 0; lo < 64; lo += FIELD_BITS) {
			const struct known *k = find(index, lo);
			u64 value = id[index] >> lo & 0xf;

			if (value > (k ? k->value : 0))
				add(&list, registers[i].name, k ? k->name : NULL, lo, value);
		}
	}
	if (list.len)
		log_warn("newer CPUs than Tocsin knows: guests may reach what comes with %s",
			 list.text);
}
