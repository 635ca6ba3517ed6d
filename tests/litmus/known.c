/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of the checker itself: tests whose verdicts are known (DDI0487 B2.3 and K13; Alglave et al.,
 * "Armed Cats", 2021; the last ones Simner et al., 2022).
 */
#include "litmus.h"
#include <mm/pgtable.h>

static u64 x, y, z;

#define R(a) atomic_load(&a)
#define W(a, v) atomic_store(&a, v)

/* 0, but it depends on v. */
static inline u64 after(u64 v)
{
	__asm__ volatile("eor %0, %0, %0" : "+r"(v));
	return v;
}

static inline void branch_on(u64 v)
{
	__asm__ volatile("cbnz %0, 1f\n1:" ::"r"(v) : "memory");
}

static inline u64 load_acquire_pc(u64 *p)
{
	u64 v;

	__asm__ volatile(".arch_extension rcpc\n ldapr %0, %1" : "=r"(v) : "Q"(*p) : "memory");
	return v;
}

/* A test of two CPUs whose verdict is about what they return. */
#define TEST(name, verdict, p0, p1, when)                                                          \
	u64 name##_0(void)                                                                         \
	{                                                                                          \
		p0;                                                                                \
	}                                                                                          \
	u64 name##_1(void)                                                                         \
	{                                                                                          \
		p1;                                                                                \
	}                                                                                          \
	bool name##_##verdict(const u64 *r)                                                        \
	{                                                                                          \
		return when;                                                                       \
	}
/* Returns both. */
#define BOTH(a, b) return (a) << 4 | (b)
#define LOADED(name, p) u64 name = p

/* ---- message passing ---- */

TEST(mp, allowed, W(x, 1); W(y, 1); return 0, LOADED(a, R(y)); BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_dmb_addr, forbidden, W(x, 1); dmb(ish); W(y, 1); return 0, LOADED(a, R(y));
     BOTH(a, R((&x)[after(a)])), r[1] == 0x10)
TEST(mp_dmb, allowed, W(x, 1); dmb(ish); W(y, 1); return 0, LOADED(a, R(y));
     BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_addr, allowed, W(x, 1); W(y, 1); return 0, LOADED(a, R(y));
     BOTH(a, R((&x)[after(a)])), r[1] == 0x10)
TEST(mp_dmb_ctrl, allowed, W(x, 1); dmb(ish); W(y, 1); return 0, LOADED(a, R(y)); branch_on(a);
     BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_dmb_ctrl_isb, forbidden, W(x, 1); dmb(ish); W(y, 1); return 0, LOADED(a, R(y));
     branch_on(a); isb(); BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_st_ld, forbidden, W(x, 1); dmb(ishst); W(y, 1); return 0, LOADED(a, R(y)); dmb(ishld);
     BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_rel_acq, forbidden, W(x, 1); atomic_store_release(&y, 1);
     return 0, LOADED(a, atomic_load_acquire(&y)); BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_rel_acqpc, forbidden, W(x, 1); atomic_store_release(&y, 1);
     return 0, LOADED(a, load_acquire_pc(&y)); BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_rel, allowed, W(x, 1); atomic_store_release(&y, 1); return 0, LOADED(a, R(y));
     BOTH(a, R(x)), r[1] == 0x10)
TEST(mp_acq, allowed, W(x, 1); W(y, 1); return 0, LOADED(a, atomic_load_acquire(&y));
     BOTH(a, R(x)), r[1] == 0x10)

/* A CPU reads its own store early, before that is visible, but not what is behind a fence. */
u64 ppoca_0(void)
{
	W(z, 1);
	dmb(ish);
	W(y, 1);
	return 0;
}

u64 ppoca_1(void)
{
	u64 a = R(y), b;

	branch_on(a);
	W(x, 1);
	b = R(x);
	return a << 4 | R((&z)[after(b)]);
}

bool ppoca_allowed(const u64 *r)
{
	return r[1] == 0x10;
}

TEST(ppoaa, forbidden, W(z, 1); dmb(ish); W(y, 1); return 0, LOADED(a, R(y)); W((&x)[after(a)], 1);
     LOADED(b, R(x)); BOTH(a, R((&z)[after(b) + after(a)])), r[1] == 0x10)

/* ---- store buffering, load buffering ---- */

TEST(sb, allowed, W(x, 1); return R(y), W(y, 1); return R(x), !r[0] && !r[1])
TEST(sb_dmb, forbidden, W(x, 1); dmb(ish); return R(y), W(y, 1); dmb(ish);
     return R(x), !r[0] && !r[1])
TEST(sb_dmb_one, allowed, W(x, 1); dmb(ish); return R(y), W(y, 1); return R(x), !r[0] && !r[1])
TEST(sb_dmb_st, allowed, W(x, 1); dmb(ishst); return R(y), W(y, 1); dmb(ish);
     return R(x), !r[0] && !r[1])
TEST(sb_rel_acq, forbidden, atomic_store_release(&x, 1);
     return atomic_load_acquire(&y), atomic_store_release(&y, 1);
     return atomic_load_acquire(&x), !r[0] && !r[1])
TEST(sb_rel_acqpc, allowed, atomic_store_release(&x, 1);
     return load_acquire_pc(&y), atomic_store_release(&y, 1);
     return load_acquire_pc(&x), !r[0] && !r[1])
/* LDAXR and STLXR are no full barrier for what comes later: the store may be seen late. */
TEST(sb_rmw, allowed, atomic_swap(&x, 1); return R(y), atomic_swap(&y, 1);
     return R(x), !r[0] && !r[1])
TEST(sb_rmw_acq, forbidden, atomic_swap(&x, 1); return atomic_load_acquire(&y), atomic_swap(&y, 1);
     return atomic_load_acquire(&x), !r[0] && !r[1])

TEST(lb, allowed, LOADED(a, R(x)); W(y, 1); return a, LOADED(a, R(y)); W(x, 1);
     return a, r[0] && r[1])
TEST(lb_data, forbidden, LOADED(a, R(x)); W(y, 1 + after(a)); return a, LOADED(a, R(y));
     W(x, 1 + after(a)); return a, r[0] && r[1])
TEST(lb_ctrl, forbidden, LOADED(a, R(x)); branch_on(a); W(y, 1); return a, LOADED(a, R(y));
     branch_on(a); W(x, 1); return a, r[0] && r[1])
TEST(lb_data_one, allowed, LOADED(a, R(x)); W(y, 1 + after(a)); return a, LOADED(a, R(y)); W(x, 1);
     return a, r[0] && r[1])
TEST(lb_acq, forbidden, LOADED(a, atomic_load_acquire(&x)); W(y, 1); return a, LOADED(a, R(y));
     atomic_store_release(&x, 1); return a, r[0] && r[1])

/* ---- orders of stores ---- */

TEST(s, allowed, W(x, 2); W(y, 1); return 0, LOADED(a, R(y)); W(x, 1 + after(a));
     return a, r[1] && x == 2)
TEST(s_rel_data, forbidden, W(x, 2); atomic_store_release(&y, 1); return 0, LOADED(a, R(y));
     W(x, 1 + after(a)); return a, r[1] && x == 2)
TEST(r, allowed, W(x, 1); W(y, 1); return 0, W(y, 2); dmb(ish); return R(x), y == 2 && !r[1])
TEST(r_dmb, forbidden, W(x, 1); dmb(ish); W(y, 1); return 0, W(y, 2); dmb(ish);
     return R(x), y == 2 && !r[1])
TEST(two_writes, allowed, W(x, 1); W(y, 2); return 0, W(y, 1); W(x, 2); return 0, x == 1 && y == 1)
TEST(two_writes_st, forbidden, W(x, 1); dmb(ishst); W(y, 2); return 0, W(y, 1); dmb(ishst); W(x, 2);
     return 0, x == 1 && y == 1)

/* ---- one location, atomicity ---- */

TEST(corr, forbidden, W(x, 1); return 0, LOADED(a, R(x)); BOTH(a, R(x)), r[1] == 0x10)
TEST(coww, forbidden, W(x, 1); W(x, 2); return 0, return R(x), x != 2)
TEST(corw, forbidden, LOADED(a, R(x)); W(x, 1); return a, return 0, r[0] == 1)
TEST(add, forbidden, return __atomic_fetch_add(&x, 1, __ATOMIC_RELAXED),
     return __atomic_fetch_add(&x, 1, __ATOMIC_RELAXED), x != 2)
TEST(add_store, allowed, return __atomic_fetch_add(&x, 1, __ATOMIC_RELAXED), W(x, 4);
     return 0, x == 4 && r[0] == 0)
/* Two words of one store of eight bytes: no reader sees half of it; two loads may. */
TEST(whole, forbidden, W(x, 1 | 1UL << 32); return 0, return R(x), r[1] && r[1] != (1 | 1UL << 32))
TEST(halves, allowed, W(x, 1 | 1UL << 32); return 0, LOADED(a, atomic_load((u32 *)&x));
     BOTH(a, (u64)atomic_load((u32 *)&x + 1)), r[1] == 0x10)

/* ---- more CPUs ---- */

u64 iriw_0(void)
{
	W(x, 1);
	return 0;
}

u64 iriw_1(void)
{
	W(y, 1);
	return 0;
}

u64 iriw_2(void)
{
	u64 a = R(x);

	return a << 4 | R((&y)[after(a)]);
}

u64 iriw_3(void)
{
	u64 a = R(y);

	return a << 4 | R((&x)[after(a)]);
}

/* All CPUs see stores in one order. */
bool iriw_forbidden(const u64 *r)
{
	return r[2] == 0x10 && r[3] == 0x10;
}

u64 wrc_0(void)
{
	W(x, 1);
	return 0;
}

u64 wrc_1(void)
{
	u64 a = R(x);

	W(y, 1 + after(a));
	return a;
}

u64 wrc_2(void)
{
	u64 a = R(y);

	return a << 4 | R((&x)[after(a)]);
}

bool wrc_forbidden(const u64 *r)
{
	return r[1] == 1 && r[2] == 0x10;
}

/* ---- signals, and walks: x is an entry, page what it translates to ---- */

static u64 page[512] __attribute__((aligned(4096)));

static inline void tlbi(void)
{
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
}

#define ENTRY ((u64)page | PTE_AF | PTE_VALID)
#define MAPPED(name)                                                                               \
	void name##_init(void)                                                                     \
	{                                                                                          \
		x = ENTRY;                                                                         \
	}

TEST(sgi, allowed, W(x, 1); dmb(ish); write_sysreg(ICC_SGI1R_EL1, 1); return 0, interrupt();
     return R(x), !r[1])
TEST(sgi_dsb, forbidden, W(x, 1); dsb(ishst); write_sysreg(ICC_SGI1R_EL1, 1); return 0, interrupt();
     return R(x), !r[1])
TEST(map, allowed, W(page[0], 7); W(x, ENTRY); return 0, return guest_load(&x), r[1] == 0)
TEST(map_st, forbidden, W(page[0], 7); dmb(ishst); W(x, ENTRY);
     return 0, return guest_load(&x), r[1] != 7 && r[1] != FAULT)
TEST(own, allowed, W(x, ENTRY); isb(); return guest_load(&x), return 0, r[0] == FAULT)
TEST(own_dsb, forbidden, W(x, ENTRY); dsb(ishst); isb();
     return guest_load(&x), return 0, r[0] == FAULT)
MAPPED(unmap)
TEST(unmap, forbidden, W(x, 0); dsb(ishst); tlbi(); dsb(ish);
     return R(page[0]), return guest_store(&x, 9), !r[0] && page[0] == 9)
MAPPED(unmap_early)
TEST(unmap_early, allowed, W(x, 0); tlbi(); dsb(ish);
     return R(page[0]), return guest_store(&x, 9), !r[0] && page[0] == 9)
MAPPED(unmap_open)
TEST(unmap_open, allowed, W(x, 0); dsb(ishst); tlbi();
     return R(page[0]), return guest_store(&x, 9), !r[0] && page[0] == 9)
MAPPED(unmap_never)
TEST(unmap_never, allowed, W(x, 0); dsb(ish);
     return R(page[0]), return guest_store(&x, 9), !r[0] && page[0] == 9)
/* A TLB may keep what is valid, not what faults. */
MAPPED(unmap_own)
TEST(unmap_own, allowed, W(x, 0); dsb(ish); isb(); return guest_load(&x), return 0, r[0] != FAULT)
MAPPED(unmap_own_tlbi)
TEST(unmap_own_tlbi, forbidden, W(x, 0); dsb(ish); tlbi(); dsb(ish); isb();
     return guest_load(&x), return 0, r[0] != FAULT)
