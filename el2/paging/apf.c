/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present: the life of tokens. A slot is used from the notice on. It is waiting
 * until its page has come, and accepted from the guest's answer until its token is in the ring. It
 * is free again when the token was consumed, or when the notice was declined or cancelled.
 *
 * Lock: the vCPU's own, because pages arrive on any CPU. It keeps a slot found waiting from
 * becoming another token's before it is marked, and its event before it is cancelled.
 *
 * The control block is the guest's memory, so Tocsin trusts nothing in it. It reads each value
 * once, and keeps here what counts.
 */
#include "apf_block.h"
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <el2/apf.h>
#include <el2/partition.h>
#include <lib/bits.h>

#define NO_SLOT APF_LIMIT
/* Slots that a notice frees at most, when it finds none free. */
#define RECLAIMED_AT_ONCE 4
#define SLOT_BITS 6

/* ---- slots ---- */

/* Atomic, because apf_waits() reads it without the lock. */
static void set_waiting(struct apf *a, u64 slots)
{
	atomic_store(&a->waiting, slots);
}

static void free_slot(struct apf *a, u32 slot)
{
	a->used &= ~BIT(slot);
	a->accepted &= ~BIT(slot);
	a->came &= ~BIT(slot);
	set_waiting(a, a->waiting & ~BIT(slot));
}

/* Frees slots of tokens that the guest has consumed. Only some of them, because the caller needs
 * one. */
static void reclaim(struct apf *a)
{
	u32 taken = apf_block_consumed(a) - a->consumed;

	if (taken > a->produced - a->consumed)
		return; /* the guest cannot have consumed so many */
	for (u32 n = MIN(taken, RECLAIMED_AT_ONCE); n; n--)
		a->used &= ~BIT(a->order[a->consumed++ % APF_RING]);
}

static u32 take_slot(struct apf *a)
{
	if (!~a->used)
		reclaim(a);
	return ~a->used ? (u32)__builtin_ctzl(~a->used) : NO_SLOT;
}

/* Never 0, never TOCSIN_APF_ALL, and for long not one that was used before. */
static u32 new_token(struct apf *a, u32 slot)
{
	u32 token;

	do {
		token = ++a->generation << SLOT_BITS | slot;
	} while (!token || token == TOCSIN_APF_ALL);
	return token;
}

/* ---- ready ---- */

static void post(struct apf *a, u32 slot)
{
	a->order[a->produced % APF_RING] = (u8)slot;
	apf_block_post(a, a->produced++, a->token[slot]);
	a->accepted &= ~BIT(slot);
	a->came &= ~BIT(slot);
	a->counts.ready++;
}

/* Cancels the notice, if it has not been delivered yet. */
static void withdraw(struct vcpu *v)
{
	struct apf *a = v->apf;

	if (a->noticed == NO_SLOT || !vsdei_cancel(v, SDEI_APF))
		return;
	free_slot(a, a->noticed);
	a->noticed = NO_SLOT;
	a->counts.cancelled++;
}

void apf_withdraw(struct vcpu *v)
{
	lock_acquire(&v->apf->lock);
	withdraw(v);
	lock_release(&v->apf->lock);
}

void apf_serve(struct vcpu *v)
{
	struct apf *a = v->apf;
	u64 ready;

	lock_acquire(&a->lock);
	ready = a->came & a->accepted;
	for (u64 left = ready; left; left &= left - 1)
		post(a, (u32)__builtin_ctzl(left));
	if (ready)
		vgic_pulse_private(v, APF_INTID);
	lock_release(&a->lock);
}

bool apf_arrived(struct vcpu *v, u32 page)
{
	struct apf *a = v->apf;
	u64 came = 0;

	lock_acquire(&a->lock);
	for (u64 left = a->waiting; left; left &= left - 1) {
		u32 slot = (u32)__builtin_ctzl(left);

		if (a->page[slot] == page)
			came |= BIT(slot);
	}
	a->came |= came;
	set_waiting(a, a->waiting & ~came);
	if (a->noticed != NO_SLOT && came >> a->noticed & 1)
		withdraw(v);
	lock_release(&a->lock);
	return came;
}

/* ---- not present ---- */

/* Names the thread that runs at EL0, as far as Tocsin can tell: the stack that its kernel gives
 * it, its address space, and its thread register. */
static u64 guest_context(void)
{
	return read_sysreg(SP_EL1) ^ read_sysreg(TTBR0_EL1) << 16 ^ read_sysreg(TPIDR_EL0) << 32;
}

/* The same thread was told of page and faults again, so it has not gone to sleep. */
static bool was_told(const struct apf *a, u32 page, u64 context)
{
	if (a->refused == page && a->refused_context == context)
		return true;
	for (u64 left = a->waiting; left; left &= left - 1) {
		u32 slot = (u32)__builtin_ctzl(left);

		if (a->page[slot] == page && a->context[slot] == context)
			return true;
	}
	return false;
}

/* v is at EL0, its interrupts are unmasked, so that the one that the handler needs can come, and
 * it does not single-step an instruction. */
static bool can_leave(const struct vcpu *v)
{
	return !(v->regs.pstate & (PSTATE_I | PSTATE_SS | PSTATE_M_MASK));
}

static bool notify(struct vcpu *v, u32 page, u64 context)
{
	struct apf *a = v->apf;
	u32 slot;

	if (a->noticed != NO_SLOT || was_told(a, page, context))
		return false;
	slot = take_slot(a);
	if (slot == NO_SLOT) {
		a->counts.limit++;
		return false;
	}
	if (!vsdei_raise_now(v, SDEI_APF))
		return false;
	a->token[slot] = new_token(a, slot);
	a->context[slot] = context;
	a->used |= BIT(slot);
	a->page[slot] = page;
	a->noticed = slot;
	a->refused = PAGED_NO_PAGE;
	apf_block_notice(a, a->token[slot],
			 v->partition->paging->paged.config.ipa + (u64)page * PAGE_SIZE);
	set_waiting(a, a->waiting | BIT(slot));
	return true;
}

bool apf_notify(struct vcpu *v, u32 page)
{
	bool told;

	if (!v->apf->on || !can_leave(v))
		return false;
	lock_acquire(&v->apf->lock);
	told = notify(v, page, guest_context());
	lock_release(&v->apf->lock);
	return told;
}

/* ---- the handler ---- */

static void delivered(struct vcpu *v, u32 slot)
{
	v->apf->counts.notified++;
}

static void accept(struct vcpu *v, u32 slot)
{
	struct apf *a = v->apf;

	a->accepted |= BIT(slot);
	a->counts.accepted++;
	if (!(a->came & BIT(slot)))
		return;
	a->counts.early++;
	post(a, slot);
	vgic_pulse_private(v, APF_INTID);
}

static void decline(struct apf *a, u32 slot)
{
	a->refused = a->page[slot];
	a->refused_context = a->context[slot];
	a->counts.declined++;
	free_slot(a, slot);
}

static void over(struct vcpu *v, u32 event, enum vsdei_end end)
{
	struct apf *a = v->apf;
	u32 slot;

	lock_acquire(&a->lock);
	slot = a->noticed;
	a->noticed = NO_SLOT;
	if (slot == NO_SLOT)
		; /* disabled in between */
	else if (end != VSDEI_DROPPED && apf_block_accepted(a))
		accept(v, slot);
	else
		decline(a, slot);
	lock_release(&a->lock);
}

const struct vsdei_owner owner_apf = {delivered, over};

/* ---- life ---- */

u32 apf_drop(struct apf *a)
{
	u32 dropped = 0;

	lock_acquire(&a->lock);
	for (u64 left = a->accepted; left; left &= left - 1)
		dropped++;
	a->used = a->accepted = a->came = 0;
	set_waiting(a, 0);
	a->noticed = NO_SLOT;
	a->refused = PAGED_NO_PAGE;
	a->produced = a->consumed = 0;
	lock_release(&a->lock);
	return dropped;
}
