/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that el2/sdei/vsdei.c and the model of sdei_model.h do together, and what must then
 * be the same. The program says before what draw(n) is: a number of n bytes, of which
 * everything that happens is made.
 */
#pragma once

#include <sdei_model.h>

/* ---- things to choose from ---- */

static u64 any_junk(u64 low)
{
	return draw(1) & 1 ? low : low | draw(4) << 32;
}

static u64 any_event(void)
{
	u64 choice = draw(1);

	return any_junk(choice % 8 == 7 ? draw(4) : kinds[choice % NR_EVENTS].number);
}

static u64 any_address(void)
{
	u64 choice = draw(1);

	return choice % 8 == 7 ? draw(8) : 0xffff800008000000 + choice * 4;
}

static u64 any_mpidr(void)
{
	u64 choice = draw(1);

	if (choice % 8 == 7)
		return draw(8);
	return world.vcpus[choice % NR_VCPUS].mpidr | (choice & 0x40 ? 0xc1000000 : 0);
}

static u64 any_flags(void)
{
	u64 choice = draw(1);

	return choice % 4 == 3 ? BIT(choice >> 2) : choice & 1;
}

/* A guest that has got somewhere. */
static struct regs any_guest(void)
{
	static const u64 modes[] = {PSTATE_EL0T, PSTATE_EL1T, PSTATE_EL1H, PSTATE_AARCH32};
	u64 seed = draw(8);
	struct regs r;

	for (u32 i = 0; i < ARRAY_SIZE(r.x); i++)
		r.x[i] = seed = seed * 6364136223846793005 + 1442695040888963407;
	r.pc = r.x[7] ^ r.x[8];
	r.pstate = modes[seed >> 62] | (seed & (PSTATE_NZCV | PSTATE_DAIF | PSTATE_PAN));
	return r;
}

static void any_call(struct regs *r)
{
	static const u32 fids[] = {SDEI_VERSION,
				   SDEI_EVENT_REGISTER,
				   SDEI_EVENT_ENABLE,
				   SDEI_EVENT_DISABLE,
				   SDEI_EVENT_CONTEXT,
				   SDEI_EVENT_COMPLETE,
				   SDEI_EVENT_COMPLETE_AND_RESUME,
				   SDEI_EVENT_UNREGISTER,
				   SDEI_EVENT_STATUS,
				   SDEI_EVENT_GET_INFO,
				   SDEI_EVENT_ROUTING_SET,
				   SDEI_PE_MASK,
				   SDEI_PE_UNMASK,
				   SDEI_INTERRUPT_BIND,
				   SDEI_INTERRUPT_RELEASE,
				   SDEI_EVENT_SIGNAL,
				   SDEI_FEATURES,
				   SDEI_PRIVATE_RESET,
				   SDEI_SHARED_RESET,
				   TOCSIN_ALARM,
				   TOCSIN_ALARM_CANCEL,
				   TOCSIN_ALARM_STATUS};
	/* More often than the others: what makes a handler run. */
	static const u32 often[] = {SDEI_EVENT_REGISTER, SDEI_EVENT_ENABLE, SDEI_PE_UNMASK,
				    SDEI_EVENT_SIGNAL,   TOCSIN_ALARM,      SDEI_EVENT_COMPLETE};
	u64 choice = draw(1);
	u32 fid = choice & 1 ? often[choice / 2 % ARRAY_SIZE(often)]
			     : fids[choice / 2 % ARRAY_SIZE(fids)];

	/* Less often: what ends it all. */
	if (fid == SDEI_PRIVATE_RESET || fid == SDEI_EVENT_UNREGISTER || fid == SDEI_PE_MASK ||
	    fid == SDEI_INTERRUPT_RELEASE)
		fid = draw(1) & 7 ? SDEI_INTERRUPT_BIND : fid;
	r->x[0] = fid;
	switch (fid) {
	case SDEI_EVENT_REGISTER:
		r->x[1] = any_event();
		r->x[2] = any_address();
		r->x[4] = any_flags();
		break;
	case SDEI_EVENT_CONTEXT:
		r->x[1] = any_junk(draw(1) % 20);
		break;
	case SDEI_EVENT_COMPLETE_AND_RESUME:
		r->x[1] = any_address();
		break;
	case SDEI_EVENT_GET_INFO:
		r->x[1] = any_event();
		r->x[2] = any_junk(draw(1) % 6);
		break;
	case SDEI_INTERRUPT_BIND:
		r->x[1] = any_junk(draw(1) % 16 ? 14 + draw(1) % 8 : draw(4));
		break;
	case SDEI_EVENT_SIGNAL:
		r->x[1] = draw(1) % 4 ? any_junk(0) : any_event();
		r->x[2] = any_mpidr();
		break;
	case SDEI_FEATURES:
		r->x[1] = any_junk(draw(1) % 3);
		break;
	case TOCSIN_ALARM:
	case TOCSIN_ALARM_CANCEL:
	case TOCSIN_ALARM_STATUS:
		r->x[1] = any_mpidr();
		r->x[2] = any_flags();
		break;
	default:
		r->x[1] = any_event();
	}
}

/* ---- comparison ---- */

static void compare_registers(const struct regs *is, const struct regs *want)
{
	world_expect(!memcmp(is, want, sizeof(*is)));
	world_expect(host_ELR_EL1 == model_elr && host_SPSR_EL1 == model_spsr);
}

static void compare_pe(u32 pe)
{
	const struct model_pe *m = &model[pe];
	struct vcpu *v = &world.vcpus[pe];
	u32 pending = m->masked ? SDEI_MASKED : 0;

	for (u32 e = 0; e < E_SHARED; e++) {
		world_expect(sdei_status(&v->sdei, kinds[e].slot) ==
			     model_status[m->event[e].state]);
		pending |= (u32)m->event[e].pending << kinds[e].slot;
		if (e >= E_BOUND)
			world_expect((world.claimed[pe] >> kinds[e].slot & 1) ==
				     (m->event[e].state != GONE));
	}
	world_expect((v->sdei.pending & ~SDEI_PENDING_SHARED) == pending);
	world_expect(v->alarms.heard == m->heard && v->alarms.over == m->over);
	world_expect(sdei_is_running(&v->sdei) == (m->depth != 0));
	/* Nobody enters the guest with something due and no request to look. */
	world_expect(v->requests & REQ_SDEI || !model_due(pe));
}

/* If a handler has begun on pe, the model's begins too, if it may. */
static bool follow_delivery(u32 pe, struct regs *want)
{
	const struct vcpu *v = &world.vcpus[pe];
	u32 running = (u32)__builtin_popcount(v->sdei.running) + !!v->sdei.shared;
	u32 event = model_find(v->regs.x[0]);

	if (running == model[pe].depth)
		return false;
	world_expect(event != NO_EVENT && model_eligible(pe, event));
	world_expect(kinds[event].critical || !model_eligible(pe, E_ALARM));
	model_enter(pe, event, want);
	return true;
}

/* ---- steps ---- */

static void step_serve(u32 pe)
{
	struct vcpu *v = &world.vcpus[pe];
	struct regs want = v->regs;
	bool waiting = v->waiting, delivered;

	world.cpu.current = draw(1) & 1 ? v : NULL;
	world_serve(v);
	delivered = follow_delivery(pe, &want);
	world_expect(delivered || !model_due(pe));
	world_expect(v->waiting == (waiting && !delivered));
	compare_registers(&v->regs, &want);
}

/* The event that has been promised to be next is. */
static void step_promised(u32 pe, u32 event)
{
	const struct model_pe *m = &model[pe];

	model_count.now++;
	step_serve(pe);
	world_expect(m->depth && m->stack[m->depth - 1].event == event);
}

static void step_call(u32 pe)
{
	struct vcpu *v = &world.vcpus[pe];
	bool must, now;
	struct regs want;

	if (!model[pe].on)
		return;
	v->waiting = false; /* an interrupt came */
	v->regs = any_guest();
	any_call(&v->regs);
	want = v->regs;
	now = (u32)want.x[0] == TOCSIN_ALARM && want.x[2] == TOCSIN_ALARM_NOW;
	world_call(v);
	must = model_call(pe, &want);
	world_expect(follow_delivery(pe, &want) || !must || !model_due(pe));
	compare_registers(&v->regs, &want);
	if (now && v->regs.x[0] == 0)
		step_promised(pe, E_ALARM);
}

/* What the owners of our own events may do. */
static void step_owner(u32 pe)
{
	struct vcpu *v = &world.vcpus[pe];
	u64 choice = draw(1);
	u32 event = choice & 1 ? E_ALARM : E_SOFTWARE;
	bool now;

	switch (choice / 2 % 3) {
	case 0:
		vsdei_raise(v, kinds[event].slot);
		model_raise(pe, event);
		return;
	case 1:
		world_expect(vsdei_cancel(v, kinds[event].slot) == model_cancel(pe, event));
		return;
	}
	if (!model[pe].on || v->waiting)
		return;
	now = vsdei_raise_now(v, kinds[event].slot);
	world_expect(now == model_now(pe, event));
	if (now && choice & 0x80)
		world_expect(vsdei_cancel(v, kinds[event].slot) == model_cancel(pe, event));
	else if (now)
		step_promised(pe, event);
}

static void step_interrupt(u32 pe)
{
	u64 choice = draw(1);
	u32 bound = E_BOUND + choice / 16 % NR_BOUND;

	if (choice % 16) {
		if (world_interrupt(&world.vcpus[pe], kinds[bound].slot))
			model_raise(pe, bound);
	} else if (!world.shared_waits && !world.shared_on) {
		world.shared_waits = model_shared_waits = true;
		world_offer_shared(&world.vcpus[pe]);
	}
}

static void step_power(u32 pe)
{
	struct vcpu *v = &world.vcpus[pe];
	bool on = !model[pe].on;

	vsdei_vcpu_reset(v);
	v->power = on ? POWER_ON : POWER_OFF;
	v->waiting = false;
	memset(&model[pe], 0, sizeof(model[pe]));
	model[pe].masked = true;
	model[pe].on = on;
	model_count.restarts++;
}

static void step_suspend(u32 pe)
{
	struct model_pe *m = &model[pe];

	if (!m->on)
		return;
	vsdei_vcpu_suspend(&world.vcpus[pe]);
	m->masked = true;
	while (m->depth)
		model_leave(pe, m->stack[m->depth - 1].event);
}

/* The PE is taken away and made again from its words; a changed word is refused, or
 * comes out again as it went in. */
static void step_words(u32 pe)
{
	static const struct sdei_limits may = {SDEI_SLOTS, 1, true};
	u64 words[SDEI_NR_WORDS], again[SDEI_NR_WORDS];
	struct sdei_pe *p = &world.vcpus[pe].sdei, other;

	sdei_get_words(p, words);
	memset(p, 0xcc, sizeof(*p));
	world_expect(sdei_set_words(p, words, &may));
	words[draw(1) % SDEI_NR_WORDS] ^= BIT(draw(1) % 64);
	if (sdei_set_words(&other, words, &may)) {
		sdei_get_words(&other, again);
		world_expect(!memcmp(words, again, sizeof(words)));
	}
}

static void model_step(void)
{
	u64 choice = draw(1);
	u32 pe = draw(1) % NR_VCPUS;

	/* If not, the request came when the guest had already left. */
	if (world.vcpus[pe].requests & REQ_SDEI && choice & 0xc0)
		step_serve(pe);
	switch (choice % 64) {
	case 0:
		if (draw(1) < 64 || !model[pe].on)
			step_power(pe);
		break;
	case 1:
		if (draw(1) < 64)
			step_suspend(pe);
		break;
	case 2:
	case 3:
		step_words(pe);
		break;
	case 4:
		world.vcpus[pe].waiting = model[pe].on;
		break;
	case 5 ... 8:
		step_owner(pe);
		break;
	case 9 ... 15:
		step_interrupt(pe);
		break;
	default:
		step_call(pe);
	}
	for (u32 i = 0; i < NR_VCPUS; i++)
		compare_pe(i);
}
