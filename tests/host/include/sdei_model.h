/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SDEI does, told once more and differently: an event is in one of six states,
 * a PE has a stack of what its handlers have interrupted. sdei_steps.h compares.
 */
#pragma once

#include <sdei_world.h>

enum { E_SOFTWARE, E_ALARM, E_BOUND, E_SHARED = E_BOUND + NR_BOUND, NR_EVENTS, NO_EVENT = 99 };

static const struct {
	u32 number, slot;
	bool critical;
} kinds[NR_EVENTS] = {
    [E_SOFTWARE] = {0, SDEI_SOFTWARE, false},
    [E_ALARM] = {0x40000001, SDEI_ALARM, true},
    [E_BOUND] = {0x40010000, SDEI_BOUND, false},
    [E_BOUND + 1] = {0x40010001, SDEI_BOUND + 1, false},
    [E_BOUND + 2] = {0x40010002, SDEI_BOUND + 2, false},
    [E_SHARED] = {0x40020000, SDEI_SHARED, false},
};

/* The rows of DEN0054C table 13, and the STATUS that each shows. */
enum model_state { GONE, DISABLED, READY, BUSY, BUSY_DISABLED, DYING };
static const long model_status[] = {0, 1, 3, 7, 5, 4};

static struct model_pe {
	bool on, masked;
	struct model_event {
		enum model_state state;
		bool pending;
		u64 entry, argument;
	} event[E_SHARED];
	struct frame {
		u32 event;
		struct regs regs;
	} stack[2]; /* a critical one over a normal one */
	u32 depth;
	u64 heard, over;
} model[NR_VCPUS];
static u32 model_bound[NR_BOUND];
static bool model_shared_waits;
static u64 model_elr, model_spsr;
static struct {
	u32 deliveries, nested, shared, completions, resumptions, deaths, restarts, now;
} model_count; /* tells that the interesting things happen at all */

static void model_init(void)
{
	world_init();
	memset(model, 0, sizeof(model));
	memset(model_bound, 0, sizeof(model_bound));
	model_shared_waits = false;
	host_ELR_EL1 = host_SPSR_EL1 = model_elr = model_spsr = 0;
	for (u32 i = 0; i < NR_VCPUS; i++)
		model[i].on = model[i].masked = true;
}

static u32 model_find(u64 number)
{
	for (u32 e = 0; e < NR_EVENTS; e++)
		if (kinds[e].number == (u32)number)
			return e;
	return NO_EVENT;
}

/* ---- delivery and the end of handlers ---- */

static u64 model_entry_pstate(u64 from)
{
	return 0x3c5 | (from & 0xf0000000);
}

static bool model_eligible(u32 pe, u32 event)
{
	const struct model_pe *m = &model[pe];

	if (!m->on || m->masked || m->depth == 2)
		return false;
	if (m->depth == 1 && (!kinds[event].critical || kinds[m->stack[0].event].critical))
		return false;
	if (event == E_SHARED)
		return model_shared_waits;
	return m->event[event].state == READY && m->event[event].pending;
}

/* Something must be delivered: a shared event only if pe has been asked. */
static bool model_due(u32 pe)
{
	bool asked = world.vcpus[pe].sdei.pending & SDEI_PENDING_SHARED;

	for (u32 e = 0; e < E_SHARED; e++)
		if (model_eligible(pe, e))
			return true;
	return asked && model_eligible(pe, E_SHARED);
}

/* r: what is interrupted, then what the handler finds. */
static void model_enter(u32 pe, u32 event, struct regs *r)
{
	struct model_pe *m = &model[pe];
	struct regs *interrupted = &m->stack[m->depth].regs;
	u64 entry = event == E_SHARED ? SHARED_ENTRY : m->event[event].entry;
	u64 argument = event == E_SHARED ? SHARED_ARGUMENT : m->event[event].argument;

	*interrupted = *r;
	m->stack[m->depth++].event = event;
	r->x[0] = kinds[event].number;
	r->x[1] = argument;
	r->x[2] = interrupted->pc;
	r->x[3] = interrupted->pstate;
	r->pc = entry;
	r->pstate = model_entry_pstate(interrupted->pstate);
	model_count.deliveries++;
	model_count.nested += m->depth == 2;
	if (event == E_SHARED) {
		model_count.shared++;
		model_shared_waits = false;
		return;
	}
	m->event[event].state = BUSY;
	m->event[event].pending = false;
	m->heard += event == E_ALARM;
}

static void model_leave(u32 pe, u32 event)
{
	struct model_pe *m = &model[pe];

	m->depth--;
	m->over += event == E_ALARM;
	if (event == E_SHARED)
		return;
	switch (m->event[event].state) {
	case BUSY:
		m->event[event].state = READY;
		break;
	case BUSY_DISABLED:
		m->event[event].state = DISABLED;
		break;
	default:
		world_expect(m->event[event].state == DYING);
		m->event[event].state = GONE;
		model_count.deaths++;
	}
}

/* ---- calls on a private event ---- */

static bool address_bad(u64 a)
{
	return a == 0 || a % 4 != 0 || (a >= 1UL << 52 && a < 0xfffUL << 52);
}

static long model_register(struct model_pe *m, u32 event, const struct regs *r)
{
	if (event == NO_EVENT || address_bad(r->x[2]) || r->x[4] > 1)
		return -2;
	if (event == E_SHARED || m->event[event].state != GONE)
		return -3;
	if (event >= E_BOUND && !model_bound[event - E_BOUND])
		return -3;
	m->event[event] = (struct model_event){DISABLED, false, r->x[2], r->x[3]};
	return 0;
}

static long model_enable(struct model_pe *m, u32 event, bool enable)
{
	enum model_state *s;

	if (event == NO_EVENT)
		return -2;
	if (event == E_SHARED)
		return enable ? SHARED_ENABLED : SHARED_DISABLED;
	s = &m->event[event].state;
	if (*s == GONE || *s == DYING)
		return -3;
	if (*s == DISABLED || *s == READY)
		*s = enable ? READY : DISABLED;
	else
		*s = enable ? BUSY : BUSY_DISABLED;
	return 0;
}

static long model_unregister(struct model_pe *m, u32 event)
{
	enum model_state *s;

	if (event == NO_EVENT)
		return -2;
	if (event == E_SHARED)
		return -5;
	s = &m->event[event].state;
	if (*s == GONE)
		return -3;
	m->event[event].pending = false;
	if (*s == BUSY || *s == BUSY_DISABLED || *s == DYING) {
		*s = DYING;
		return -5;
	}
	*s = GONE;
	return 0;
}

static long model_info(u32 event, u32 info)
{
	if (event == NO_EVENT || info > 4)
		return -2;
	switch (info) {
	case 0:
		return event == E_SHARED;
	case 1:
		return event != E_SOFTWARE;
	case 2:
		return kinds[event].critical;
	}
	return event == E_SHARED ? (long)(SHARED_INFO + info) : -2;
}

static long model_private_reset(struct model_pe *m)
{
	long result = 0;

	for (u32 e = 0; e < E_SHARED; e++)
		if (model_unregister(m, e) == -5)
			result = -3;
	return result;
}

/* ---- calls on others, and on interrupts ---- */

static u32 model_target(u64 mpidr)
{
	for (u32 i = 0; i < NR_VCPUS; i++)
		if ((mpidr & 0xff00ffffff) == world.vcpus[i].mpidr)
			return i;
	return NO_EVENT;
}

static void model_raise(u32 target, u32 event)
{
	model[target].event[event].pending |= model[target].on;
}

static long model_signal(u64 number, u64 mpidr)
{
	u32 target = model_target(mpidr);

	if ((u32)number != 0 || target == NO_EVENT)
		return -2;
	model_raise(target, E_SOFTWARE);
	return 0;
}

static long model_bind(u32 intid)
{
	if (intid < 16 || intid > 31)
		return -2;
	for (u32 b = 0; b < NR_BOUND; b++)
		if (model_bound[b] == intid)
			return kinds[E_BOUND + b].number;
	for (u32 b = 0; b < NR_BOUND; b++)
		if (!model_bound[b]) {
			model_bound[b] = intid;
			return kinds[E_BOUND + b].number;
		}
	return -10;
}

static long model_release(u32 event)
{
	if (event == NO_EVENT || event < E_BOUND)
		return -2;
	if (event == E_SHARED)
		return -3;
	if (!model_bound[event - E_BOUND])
		return -2;
	for (u32 i = 0; i < NR_VCPUS; i++)
		if (model[i].event[event].state != GONE)
			return -3;
	model_bound[event - E_BOUND] = 0;
	return 0;
}

/* Would it be the next one delivered, if it were pending? */
static bool model_now(u32 pe, u32 event)
{
	struct model_event *e = &model[pe].event[event];

	if (e->pending)
		return false;
	e->pending = true;
	if (model_eligible(pe, event) && (kinds[event].critical || !model_eligible(pe, E_ALARM)))
		return true;
	e->pending = false;
	return false;
}

static long model_ring(u32 pe, u64 mpidr, u64 flags)
{
	u32 target = model_target(mpidr);

	if (target == NO_EVENT || flags > 1 || (flags && target != pe))
		return -2;
	if (flags)
		return model_now(pe, E_ALARM) ? 0 : -3;
	model_raise(target, E_ALARM);
	return 0;
}

static long model_cancel(u32 pe, u32 event)
{
	bool was = model[pe].event[event].pending;

	model[pe].event[event].pending = false;
	return was;
}

static long model_cancel_alarm(u64 mpidr)
{
	u32 target = model_target(mpidr);

	return target == NO_EVENT ? -2 : model_cancel(target, E_ALARM);
}

static long model_alarm_status(struct regs *r)
{
	u32 target = model_target(r->x[1]);

	if (target == NO_EVENT)
		return -2;
	r->x[1] = model[target].heard;
	r->x[2] = model[target].over;
	return 0;
}

/* ---- calls in handlers ---- */

static long model_context(const struct model_pe *m, u32 n)
{
	if (n > 17)
		return -2;
	return m->depth ? (long)m->stack[m->depth - 1].regs.x[n] : -3;
}

/* COMPLETE and COMPLETE_AND_RESUME; x18 to x30 are the handler's. */
static bool model_complete(u32 pe, struct regs *r, bool resume)
{
	struct model_pe *m = &model[pe];
	u64 address = r->x[1];
	struct frame *top;

	if (!m->depth || (resume && address_bad(address))) {
		r->x[0] = m->depth ? -2UL : -3UL;
		return false;
	}
	top = &m->stack[m->depth - 1];
	memcpy(r->x, top->regs.x, 18 * sizeof(r->x[0]));
	r->pc = top->regs.pc;
	r->pstate = top->regs.pstate;
	if (resume) {
		model_elr = r->pc;
		model_spsr = r->pstate;
		r->pstate = model_entry_pstate(r->pstate);
		r->pc = address;
		model_count.resumptions++;
	}
	model_leave(pe, top->event);
	model_count.completions++;
	return true;
}

/* ---- all calls ---- */

static long model_result(u32 pe, struct regs *r)
{
	struct model_pe *m = &model[pe];
	u32 event = model_find(r->x[1]);
	bool masked;

	switch ((u32)r->x[0]) {
	case SDEI_VERSION:
		return 1UL << 48 | 1UL << 32 | TOCSIN_SDEI_VENDOR;
	case SDEI_EVENT_REGISTER:
		return model_register(m, event, r);
	case SDEI_EVENT_ENABLE:
		return model_enable(m, event, true);
	case SDEI_EVENT_DISABLE:
		return model_enable(m, event, false);
	case SDEI_EVENT_CONTEXT:
		return model_context(m, (u32)r->x[1]);
	case SDEI_EVENT_UNREGISTER:
		return model_unregister(m, event);
	case SDEI_EVENT_STATUS:
		if (event == E_SHARED)
			return SHARED_STATUS;
		return event == NO_EVENT ? -2 : model_status[m->event[event].state];
	case SDEI_EVENT_GET_INFO:
		return model_info(event, (u32)r->x[2]);
	case SDEI_EVENT_ROUTING_SET:
		return event == E_SHARED ? -3 : -2;
	case SDEI_PE_MASK:
		masked = m->masked;
		m->masked = true;
		return !masked;
	case SDEI_PE_UNMASK:
		m->masked = false;
		return 0;
	case SDEI_INTERRUPT_BIND:
		return model_bind((u32)r->x[1]);
	case SDEI_INTERRUPT_RELEASE:
		return model_release(event);
	case SDEI_EVENT_SIGNAL:
		return model_signal(r->x[1], r->x[2]);
	case SDEI_FEATURES:
		return (u32)r->x[1] == 0 ? 0x10003 : (u32)r->x[1] == 1 ? 0 : -2;
	case SDEI_PRIVATE_RESET:
		return model_private_reset(m);
	case SDEI_SHARED_RESET:
		return SHARED_RESET;
	case TOCSIN_ALARM:
		return model_ring(pe, r->x[1], r->x[2]);
	case TOCSIN_ALARM_CANCEL:
		return model_cancel_alarm(r->x[1]);
	case TOCSIN_ALARM_STATUS:
		return model_alarm_status(r);
	default:
		world_expect(false);
		return 0;
	}
}

/* What the call in r does. True: what can be delivered must be, at once. */
static bool model_call(u32 pe, struct regs *r)
{
	u32 fid = (u32)r->x[0];
	bool to_self = (u32)r->x[1] == 0 && model_target(r->x[2]) == pe;

	if (fid == SDEI_EVENT_COMPLETE || fid == SDEI_EVENT_COMPLETE_AND_RESUME)
		return model_complete(pe, r, fid == SDEI_EVENT_COMPLETE_AND_RESUME);
	r->x[0] = (u64)model_result(pe, r);
	if (fid == SDEI_EVENT_SIGNAL)
		return to_self;
	return fid == SDEI_PE_UNMASK || (fid == SDEI_EVENT_ENABLE && r->x[0] == 0);
}
