/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores of every kind, anywhere. */
#include "chaos.h"
#include <abi/channel.h>

#define EXT                                                                                        \
	".arch_extension fp\n\t.arch_extension simd\n\t.arch_extension lse\n\t.arch_extension "    \
	"crc\n\t"

/* One for each form: what the syndrome says of it differs. */
#define FORM(name, ...)                                                                            \
	static void form_##name(u64 a, u64 v)                                                      \
	{                                                                                          \
		u64 t = v;                                                                         \
		__asm__ volatile(EXT __VA_ARGS__                                                   \
				 : "+r"(a), "+r"(t)                                                \
				 : "r"(v)                                                          \
				 : "memory", "cc", "x9", "x10", "x11", "x12", "x13");              \
	}
FORM(ldrb, "ldrb %w1, [%0]")
FORM(ldrh, "ldrh %w1, [%0]")
FORM(ldr, "ldr %w1, [%0]")
FORM(ldrx, "ldr %1, [%0]")
FORM(ldrsb, "ldrsb %1, [%0]")
FORM(ldrsh, "ldrsh %w1, [%0]")
FORM(ldrsw, "ldrsw %1, [%0]")
FORM(strb, "strb %w2, [%0]")
FORM(strh, "strh %w2, [%0]")
FORM(str, "str %w2, [%0]")
FORM(strx, "str %2, [%0]")
FORM(strz, "str xzr, [%0]")
FORM(ldrz, "ldr wzr, [%0]")
FORM(ldtr, "ldtr %w1, [%0]")
FORM(sttr, "sttr %w2, [%0]")
FORM(ldar, "ldar %w1, [%0]")
FORM(stlr, "stlr %w2, [%0]")
FORM(ldxr, "ldxr %1, [%0]")
FORM(stxr, "ldxr %1, [%0]; stxr w9, %2, [%0]")
FORM(ldp, "ldp x9, x10, [%0]")
FORM(stp, "stp %w2, wzr, [%0]")
FORM(ldpsw, "ldpsw x9, x10, [%0]")
FORM(ldnp, "ldnp w9, w10, [%0]")
FORM(post, "ldr %w1, [%0], #4")
FORM(pre, "str %w2, [%0, #4]!")
FORM(postp, "stp %2, %2, [%0], #16")
FORM(ldq, "ldr q0, [%0]")
FORM(stq, "str q0, [%0]")
FORM(ldd, "ldr d0, [%0], #8")
FORM(sts, "str s0, [%0]")
FORM(ldpq, "ldp q0, q1, [%0]")
FORM(ld1, "ld1 {v0.16b-v3.16b}, [%0]")
FORM(st4, "st4 {v0.4s-v3.4s}, [%0]")
FORM(st1, "st1 {v0.b}[3], [%0]")
FORM(swp, "swp %w2, %w1, [%0]")
FORM(ldadd, "ldaddal %2, %1, [%0]")
FORM(cas, "cas %w1, %w2, [%0]")
FORM(casp, "casp x10, x11, x12, x13, [%0]")
FORM(prfm, "prfm pstl1keep, [%0]; prfm plil1keep, [%0]")
FORM(zva, "dc zva, %0")
FORM(civac, "dc civac, %0; dc cvac, %0; dc cvau, %0")
FORM(ivac, "dc ivac, %0")
FORM(icivau, "ic ivau, %0")
FORM(at, "at s1e1r, %0; at s1e1w, %0; at s1e0r, %0; at s1e0w, %0")

static void (*const forms[])(u64, u64) = {
    form_ldr,   form_str,   form_ldrb,   form_strb,  form_ldrx, form_strx,  form_ldrh, form_strh,
    form_ldrsb, form_ldrsh, form_ldrsw,  form_strz,  form_ldrz, form_ldtr,  form_sttr, form_ldar,
    form_stlr,  form_ldxr,  form_stxr,   form_ldp,   form_stp,  form_ldpsw, form_ldnp, form_post,
    form_pre,   form_postp, form_ldq,    form_stq,   form_ldd,  form_sts,   form_ldpq, form_ld1,
    form_st4,   form_st1,   form_swp,    form_ldadd, form_cas,  form_casp,  form_prfm, form_zva,
    form_civac, form_ivac,  form_icivau, form_at,
};

/* A plain one half of the time; unaligned once in eight. */
static void access(u64 a)
{
	u32 form = once_in(2) ? below(8) : below(ARRAY_SIZE(forms));
	u64 v = some_value();

	if (once_in(8))
		a += 1 + below(7);
	forms[form](a, v);
}

/* The registers that there are lie close together. */
u64 some_device(void)
{
	struct range r = map.device[below(map.nr_devices)];

	switch (below(8)) {
	case 0:
		return r.base + below(r.size);
	case 1:
		return r.base +
		       (r.size > KIB(24) ? KIB(24) + below(1024) * 8 : below(r.size / 4) * 4);
	case 2:
		return r.base + r.size - 64 + below(16) * 4;
	case 3:
		return r.base + below(32) * 4;
	default:
		return r.base + below(r.size <= KIB(4) ? 20 : 1024) * 4;
	}
}

void chaos_mmio(void)
{
	access(some_device());
}

u64 some_memory(void)
{
	return map.free.base + below(map.free.size / 8) * 8;
}

u64 some_address(void)
{
	switch (below(10)) {
	case 0:
		return some_device();
	case 1:
		return any() & 0x00007fffffffff8; /* most of that is nothing */
	case 2:
		return BIT(32 + below(17)) - 8 * below(2);
	case 3:
		return below(1 << 30) & ~7U; /* below RAM */
	case 4:
		return map.free.base + map.free.size + below(MIB(512) / 8) * 8UL + MIB(16);
	case 5:
		return map.stolen ? map.stolen + below(512) * 8 : some_memory();
	case 6:
		return any();
	default:
		return some_memory();
	}
}

/* Most in memory that there is: present, or absent where it is paged. */
void chaos_memory(void)
{
	access(once_in(4) ? some_address() : some_memory());
}

/* All of the first channel's memory but what is kept in it; the second one's is not to be written.
 */
static u64 some_shared(void)
{
	u32 n = below(map.nr_shared);
	u64 skip = n ? 0 : PAGE_SIZE;

	return map.shared[n].base + skip + below((map.shared[n].size - skip) / 8) * 8;
}

void chaos_channel(void)
{
	u64 page;

	if (!map.nr_channels)
		return;
	page = map.channel[below(map.nr_channels)];
	switch (below(4)) {
	case 0:
		io_write32(page + TOCSIN_CHANNEL_RING, (u32)some_value());
		break;
	case 1:
		io_read32(page + TOCSIN_CHANNEL_BELLS);
		break;
	case 2:
		access(page + below(PAGE_SIZE / 4) * 4);
		break;
	default:
		if (map.nr_shared)
			access(some_shared());
	}
}

/* Where no code is: to be fetched from, it must not be. */
void chaos_exec(void)
{
	switch (below(5)) {
	case 0:
		call_at(some_device(), 0);
		break;
	case 1:
		call_at(map.nr_shared ? some_shared() : 1, 0);
		break;
	case 2:
		call_at(map.code + below(64) * 8 + 1 + below(3), any());
		break;
	case 3:
		call_at(BIT(28 + below(20)) + below(3), 0);
		break;
	default:
		call_at(any() | BIT(47), 0);
	}
}
