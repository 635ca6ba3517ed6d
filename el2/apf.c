/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present: the life of tokens. A slot is used from the notice on, waiting
 * until its page has come, accepted from when the guest said so until its token is in the
 * ring, and free again when that was consumed, or when it was declined or cancelled.
 * Others only move a bit from waiting to came.
 *
 * The control block is the guest's memory: nothing in it is believed. What is read there
 * is read once; what counts is kept here.
 */
#include <arch/esr.h>
#include <arch/sysreg.h>
#include <el2/apf.h>
#include <el2/apf_block.h>
#include <el2/partition.h>
#include <lib/bits.h>

#define NO_SLOT APF_LIMIT
#define SLOT_BITS 6

/* ---- slots ---- */

static void free_slot(struct apf *a, u32 slot)
{
	a->used &= ~BIT(slot);
	a->accepted &= ~BIT(slot);
	atomic_andnot(&a->waiting, BIT(slot));
	atomic_andnot(&a->came, BIT(slot));
}

/* What the guest has taken out of the ring is outstanding no more. */
static void reclaim(struct apf *a)
{
	u32 taken = apf_block_consumed(a) - a->consumed;

	if (taken > a->produced - a->consumed)
		return; /* it cannot have */
	for (; taken; taken--)
		free_slot(a, a->order[a->consumed++ % APF_RING]);
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

static void post(struct vcpu *v, u32 slot)
{
	struct apf *a = v->apf;

	a->order[a->produced % APF_RING] = (u8)slot;
	apf_block_post(a, a->produced++, a->token[slot]);
	a->accepted &= ~BIT(slot);
	atomic_andnot(&a->came, BIT(slot));
	a->counts.ready++;
	vgic_pulse_private(v, APF_INTID);
}

/* The notice will not be delivered. */
static void forget_notice(struct apf *a)
{
	atomic_store(&a->cancelled, false);
	if (a->noticed == NO_SLOT)
		return;
	free_slot(a, a->noticed);
	atomic_store(&a->noticed, NO_SLOT);
	a->counts.cancelled++;
}

void apf_withdraw(struct vcpu *v)
{
	vsdei_cancel(v, SDEI_APF);
	forget_notice(v->apf);
}

void apf_serve(struct vcpu *v)
{
	struct apf *a = v->apf;
	u64 ready;

	if (atomic_load_acquire(&a->cancelled))
		forget_notice(a);
	for (ready = atomic_load_acquire(&a->came) & a->accepted; ready; ready &= ready - 1)
		post(v, (u32)__builtin_ctzl(ready));
}

bool apf_arrived(struct vcpu *v, u32 page)
{
	struct apf *a = v->apf;
	u64 came = 0;
	u32 noticed;

	for (u64 left = atomic_load_acquire(&a->waiting); left; left &= left - 1) {
		u32 slot = (u32)__builtin_ctzl(left);

		if (atomic_load(&a->page[slot]) == page)
			came |= BIT(slot);
	}
	if (!came)
		return false;
	atomic_or(&a->came, came);
	atomic_andnot(&a->waiting, came);
	noticed = atomic_load(&a->noticed);
	if (noticed != NO_SLOT && came & BIT(noticed) && vsdei_cancel(v, SDEI_APF))
		atomic_store_release(&a->cancelled, true);
	return true;
}

/* ---- not present ---- */

/* Who runs at EL0, as far as can be told: the stack that its kernel gives it, its address
 * space, and its own register. */
static u64 guest_context(void)
{
	return read_sysreg(SP_EL1) ^ read_sysreg(TTBR0_EL1) << 16 ^ read_sysreg(TPIDR_EL0) << 32;
}

/* The same thread has heard of it and comes again: it has not gone to sleep. */
static bool was_told(const struct apf *a, u32 page, u64 context)
{
	if (a->refused == page && a->refused_context == context)
		return true;
	for (u64 left = atomic_load(&a->waiting); left; left &= left - 1) {
		u32 slot = (u32)__builtin_ctzl(left);

		if (a->page[slot] == page && a->context[slot] == context)
			return true;
	}
	return false;
}

/* Interrupts are open, so that what the handler asks for can come; an instruction that is
 * being stepped is done first. */
static bool can_leave(const struct vcpu *v)
{
	return !(v->regs.pstate & (PSTATE_I | PSTATE_SS | PSTATE_M_MASK));
}

bool apf_notify(struct vcpu *v, u32 page)
{
	struct apf *a = v->apf;
	u64 context;
	u32 slot;

	if (!a->on || a->noticed != NO_SLOT || !can_leave(v))
		return false;
	context = guest_context();
	if (was_told(a, page, context))
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
	atomic_store(&a->page[slot], page);
	atomic_store(&a->noticed, slot);
	a->refused = PAGED_NO_PAGE;
	apf_block_notice(a, a->token[slot],
			 v->partition->paging->paged.config.ipa + (u64)page * PAGE_SIZE);
	atomic_or(&a->waiting, BIT(slot));
	return true;
}

/* ---- the handler ---- */

static void delivered(struct vcpu *v, u32 slot)
{
	(void)slot;
	v->apf->counts.notified++;
}

static void accept(struct vcpu *v, u32 slot)
{
	struct apf *a = v->apf;

	a->accepted |= BIT(slot);
	a->counts.accepted++;
	if (!(atomic_load_acquire(&a->came) & BIT(slot)))
		return;
	a->counts.early++;
	post(v, slot);
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
	u32 slot = a ? a->noticed : NO_SLOT;

	(void)event;
	if (slot == NO_SLOT)
		return; /* disabled in between */
	atomic_store(&a->noticed, NO_SLOT);
	if (end != VSDEI_DROPPED && apf_block_accepted(a))
		accept(v, slot);
	else
		decline(a, slot);
}

const struct vsdei_owner owner_apf = {delivered, over};

/* ---- life ---- */

u32 apf_drop(struct apf *a)
{
	u32 dropped = 0;

	for (u64 left = a->accepted; left; left &= left - 1)
		dropped++;
	a->used = a->accepted = 0;
	atomic_store(&a->waiting, 0);
	atomic_store(&a->came, 0);
	atomic_store(&a->noticed, NO_SLOT);
	atomic_store(&a->cancelled, false);
	a->refused = PAGED_NO_PAGE;
	a->produced = a->consumed = 0;
	return dropped;
}
