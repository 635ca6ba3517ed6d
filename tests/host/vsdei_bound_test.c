/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bound interrupts from their line to the handler: random guests on four vCPUs, with a
 * vGIC that only knows which interrupts are claimed. Devices raise level-sensitive
 * interrupts; after each step, when everybody has served what was asked of it, nothing
 * may be left that somebody could take, and nobody may run what was not for it.
 * sources: el2/sdei/vsdei.c el2/sdei/vsdei_bound.c el2/sdei/alarm.c sdei/shared.c sdei/event.c
 * sources: sdei/pe.c
 */
#include <abi/tocsin.h>
#include <el2/partition.h>
#include <el2/sdei/vsdei_bound.h>
#include <no_paging.h>
#include <string.h>
#include <test.h>

#define NR_VCPUS 4
#define NR_SLOTS 3
#define EMULATED 40
#define FIRST_SPI 40
#define LAST_SPI 44 /* one more than there are slots */
#define TIMER 30
#define ENTRY 0x40001000UL

static struct cpu cpu;
static struct vcpu vcpus[NR_VCPUS];
static struct partition part;
static struct partition_config config;

/* Interrupts as the vGIC and the hardware have them. */
static struct wire {
	bool claimed, enabled, line, active;
	u32 route;
} spi[LAST_SPI + 1], timer[NR_VCPUS];

/* ---- what vsdei_bound.c calls ---- */

void vcpu_request(struct vcpu *v, u32 requests)
{
	v->requests |= requests;
}

void *boot_alloc(size_t size, size_t align)
{
	static u8 room[NR_SLOTS * sizeof(struct sdei_shared)] __attribute__((aligned(16)));

	(void)align;
	return size <= sizeof(room) ? memset(room, 0, sizeof(room)) : NULL;
}

static struct wire *wire_of(const struct vcpu *v, u32 intid)
{
	return intid < 32 ? &timer[v->index] : &spi[intid];
}

enum vgic_bindable vgic_bindable(struct vcpu *v, u32 intid)
{
	EXPECT(!lock_held(&part.sdei.lock));
	if (intid != TIMER && (intid < FIRST_SPI || intid > LAST_SPI))
		return VGIC_NOT_YOURS;
	return wire_of(v, intid)->active ? VGIC_NOT_IDLE : VGIC_IDLE;
}

/* The vCPU that makes the call. */
static u32 calling;

void vgic_sdei_take(struct vcpu *v, u32 intid)
{
	struct wire *w = wire_of(v, intid);

	EXPECT(!w->claimed);
	*w = (struct wire){.claimed = true, .line = w->line, .enabled = intid == TIMER};
	w->route = v->index;
}

void vgic_sdei_release(struct vcpu *v, u32 intid)
{
	struct wire *w = wire_of(v, intid);

	EXPECT(w->claimed);
	*w = (struct wire){.line = w->line};
}

void vgic_sdei_again(struct vcpu *v, u32 intid)
{
	EXPECT(wire_of(v, intid)->claimed);
	wire_of(v, intid)->active = false;
}

bool vgic_sdei_raised(struct partition *p, u32 intid)
{
	EXPECT(p == &part);
	return intid == EMULATED && spi[intid].claimed && spi[intid].line;
}

void vgic_sdei_enable(struct partition *p, u32 intid, bool enable)
{
	EXPECT(p == &part && spi[intid].claimed);
	spi[intid].enabled = enable;
}

void vgic_sdei_here(struct partition *p, u32 intid)
{
	EXPECT(p == &part && spi[intid].claimed);
	spi[intid].route = calling;
}

struct partition *vgic_spi_owner(u32 intid)
{
	return intid > EMULATED && intid <= LAST_SPI ? &part : NULL;
}

/* ---- the machine ---- */

static bool is_on(const struct vcpu *v)
{
	return v->power == POWER_ON;
}

static bool fire(struct wire *w, struct vcpu *v, u32 intid)
{
	if (!w->line || !w->claimed || !w->enabled || w->active)
		return false;
	w->active = true;
	EXPECT(vsdei_interrupt(v, intid));
	return true;
}

/* Interrupts come, requests are served, until there are none. */
static void settle(void)
{
	bool any = true;

	for (u32 round = 0; any && round < 100; round++) {
		any = false;
		for (u32 intid = EMULATED + 1; intid <= LAST_SPI; intid++)
			any |= fire(&spi[intid], &vcpus[spi[intid].route], intid);
		for (u32 i = 0; i < NR_VCPUS; i++) {
			struct vcpu *v = &vcpus[(i + round) % NR_VCPUS];

			if (is_on(v))
				any |= fire(&timer[v->index], v, TIMER);
			if (!v->requests)
				continue;
			v->requests = 0;
			vsdei_serve(v);
			any = true;
		}
	}
	EXPECT(!any);
}

static long call(u32 vcpu, u64 fid, u64 x1, u64 x2, u64 x3, u64 x4, u64 x5)
{
	struct vcpu *v = &vcpus[vcpu];
	u64 x[] = {fid, x1, x2, x3, x4, x5};

	memcpy(v->regs.x, x, sizeof(x));
	calling = vcpu;
	vsdei_call(v, (u32)fid);
	EXPECT(!lock_held(&part.sdei.lock));
	return (long)v->regs.x[0];
}

static void set_line(u32 intid, u32 vcpu, bool level)
{
	struct wire *w = wire_of(&vcpus[vcpu], intid);
	bool rises = level && !w->line;

	w->line = level;
	if (intid == EMULATED && w->claimed && rises)
		part.vgic.sdei_line_rises(&part, intid);
}

static void start(void)
{
	memset(vcpus, 0, sizeof(vcpus));
	memset(spi, 0, sizeof(spi));
	memset(timer, 0, sizeof(timer));
	memset(&part, 0, sizeof(part));
	config = (struct partition_config){
	    .sdei = true, .sdei_private_slots = 2, .sdei_shared_slots = NR_SLOTS};
	part.config = &config;
	part.vcpus = vcpus;
	part.nr_vcpus = NR_VCPUS;
	part.vgic.nr_intids = 1020;
	for (u32 i = 0; i < NR_VCPUS; i++) {
		vcpus[i].index = i;
		vcpus[i].mpidr = i << 8;
		vcpus[i].partition = &part;
		vcpus[i].power = POWER_ON;
		vcpus[i].cpu = &cpu;
	}
	EXPECT_EQ(vsdei_create(&part), OK);
}

/* ---- what must hold once all is settled ---- */

static bool can_take(const struct vcpu *v)
{
	return is_on(v) && !(v->sdei.pending & SDEI_MASKED) && !sdei_is_running(&v->sdei);
}

static void check_shared(u32 slot)
{
	const struct sdei_shared *s = sdei_shared(&part.sdei, slot);
	u32 runs = 0;

	for (u32 i = 0; i < NR_VCPUS; i++) {
		runs += vcpus[i].sdei.shared == slot;
		if (sdei_shared_waits(s) && sdei_shared_is_for(s, i))
			EXPECT(!can_take(&vcpus[i]));
	}
	EXPECT_EQ(runs, s->running);
	EXPECT(s->registered || !(s->enabled || s->pending));
	EXPECT(s->intid || !(s->registered || s->running));
	if (!s->intid)
		return;
	EXPECT_EQ(spi[s->intid].claimed, s->registered || s->running);
	if (s->intid != EMULATED)
		EXPECT_EQ(spi[s->intid].active, s->pending || s->running);
	else if (s->enabled && !s->running)
		EXPECT(s->pending || !spi[EMULATED].line);
}

static void check_private(const struct vcpu *v, u32 *holders)
{
	const struct sdei_pe *pe = &v->sdei;
	u32 slot = sdei_private_of(&part.sdei, TIMER);
	bool held = slot != SDEI_NO_SLOT && (pe->registered | pe->running) >> slot & 1;

	*holders += held;
	EXPECT_EQ(timer[v->index].claimed, held);
	if (!held)
		return;
	EXPECT_EQ(timer[v->index].active, (pe->pending | pe->running) >> slot & 1);
	EXPECT(!(can_take(v) && (pe->pending & pe->enabled) >> slot & 1));
}

static void check_all(void)
{
	u32 holders = 0, slot = sdei_private_of(&part.sdei, TIMER);

	for (u32 i = 0; i < NR_SLOTS; i++)
		check_shared(SDEI_SHARED + i);
	for (u32 i = 0; i < NR_VCPUS; i++)
		check_private(&vcpus[i], &holders);
	if (slot != SDEI_NO_SLOT)
		EXPECT_EQ((u32)part.sdei.binding[slot - SDEI_BOUND], holders);
}

/* ---- what guests and devices do ---- */

static void complete(u32 vcpu)
{
	struct vcpu *v = &vcpus[vcpu];

	if (!sdei_is_running(&v->sdei))
		return;
	/* Mostly the handler has silenced its device. */
	if (v->sdei.shared && test_random() % 4)
		set_line(sdei_shared(&part.sdei, v->sdei.shared)->intid, vcpu, false);
	else if (test_random() % 4)
		set_line(TIMER, vcpu, false);
	call(vcpu, test_random() % 2 ? SDEI_EVENT_COMPLETE : SDEI_EVENT_COMPLETE_AND_RESUME, ENTRY,
	     0, 0, 0, 0);
}

static void power(u32 vcpu)
{
	struct vcpu *v = &vcpus[vcpu];

	switch (test_random() % 8) {
	case 0:
		vsdei_vcpu_suspend(v);
		break;
	case 1:
		vsdei_vcpu_reset(v);
		v->power = POWER_OFF;
		break;
	default:
		if (!is_on(v))
			vsdei_vcpu_reset(v);
		v->power = POWER_ON;
	}
}

static const u32 fids[] = {SDEI_EVENT_REGISTER,    SDEI_EVENT_REGISTER, SDEI_EVENT_ENABLE,
			   SDEI_EVENT_ENABLE,      SDEI_EVENT_DISABLE,  SDEI_EVENT_UNREGISTER,
			   SDEI_PE_MASK,           SDEI_PE_UNMASK,      SDEI_PE_UNMASK,
			   SDEI_PE_UNMASK,         SDEI_EVENT_SIGNAL,   SDEI_EVENT_ROUTING_SET,
			   SDEI_INTERRUPT_RELEASE, SDEI_EVENT_STATUS,   SDEI_EVENT_GET_INFO};

static u64 any_event(void)
{
	u64 r = test_random() % (NR_SLOTS + 2);

	if (r < NR_SLOTS)
		return TOCSIN_EVENT_BOUND_SHARED + r;
	return r == NR_SLOTS ? TOCSIN_EVENT_BOUND_PRIVATE : SDEI_EVENT_SOFTWARE;
}

static void any_call(u32 vcpu)
{
	u64 fid = fids[test_random() % ARRAY_SIZE(fids)], event = any_event();
	u64 mode = test_random() % 2, to = (test_random() % NR_VCPUS) << 8;

	if (fid == SDEI_EVENT_REGISTER)
		call(vcpu, fid, event, ENTRY, 0, mode, to);
	else if (fid == SDEI_EVENT_ROUTING_SET)
		call(vcpu, fid, event, mode, to, 0, 0);
	else if (fid == SDEI_EVENT_SIGNAL)
		call(vcpu, fid, SDEI_EVENT_SOFTWARE, to, 0, 0, 0);
	else
		call(vcpu, fid, event, SDEI_INFO_ROUTING_AFFINITY, 0, 0, 0);
}

static void bind_any(u32 vcpu)
{
	u32 spis = LAST_SPI - FIRST_SPI + 1;
	u64 n = test_random() % (spis + 1);

	call(vcpu, SDEI_INTERRUPT_BIND, n == spis ? TIMER : FIRST_SPI + n, 0, 0, 0, 0);
}

static void step(void)
{
	u32 vcpu = (u32)(test_random() % NR_VCPUS);
	u64 r = test_random();

	switch (r % 32) {
	case 0 ... 1:
		bind_any(vcpu);
		break;
	case 2:
		power(vcpu);
		break;
	case 3:
		if (is_on(&vcpus[vcpu]) && !(r >> 32 & 7))
			call(vcpu, r >> 40 & 1 ? SDEI_SHARED_RESET : SDEI_PRIVATE_RESET, 0, 0, 0, 0,
			     0);
		break;
	case 4 ... 9:
		complete(vcpu);
		break;
	case 10 ... 14:
		set_line(r >> 32 & 3 ? FIRST_SPI + (r >> 40) % (LAST_SPI - FIRST_SPI + 1) : TIMER,
			 vcpu, true);
		break;
	default:
		if (is_on(&vcpus[vcpu]))
			any_call(vcpu);
	}
}

TEST(random_guests)
{
	u64 deliveries = 0;

	start();
	test_seed(20261121);
	for (u32 i = 0; i < 500000; i++) {
		u32 before[NR_VCPUS];

		for (u32 v = 0; v < NR_VCPUS; v++)
			before[v] = vcpus[v].sdei.shared;
		step();
		if (test_random() % 8)
			settle();
		else
			continue;
		check_all();
		for (u32 v = 0; v < NR_VCPUS; v++)
			deliveries += vcpus[v].sdei.shared && vcpus[v].sdei.shared != before[v];
	}
	printf("  %lu shared events delivered\n", deliveries);
	EXPECT(deliveries > 5000);
	for (u32 v = 0; v < NR_VCPUS; v++)
		vsdei_vcpu_reset(&vcpus[v]);
	for (u32 next = 0; !vsdei_reset(&part, &next);)
		;
	for (u32 intid = FIRST_SPI; intid <= LAST_SPI; intid++)
		EXPECT(!spi[intid].claimed);
}

/* A partition without slots gets no bindings, and needs no memory for them. */
TEST(no_slots)
{
	start();
	config.sdei_private_slots = 0;
	config.sdei_shared_slots = 0;
	part.sdei.shared = NULL;
	EXPECT_EQ(vsdei_create(&part), OK);
	EXPECT_EQ(call(0, SDEI_FEATURES, SDEI_FEATURE_BIND_SLOTS, 0, 0, 0, 0), 0);
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, TIMER, 0, 0, 0, 0), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, 41, 0, 0, 0, 0), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, 5, 0, 0, 0, 0), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(call(0, SDEI_EVENT_STATUS, TOCSIN_EVENT_BOUND_SHARED, 0, 0, 0, 0),
		  SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(call(0, SDEI_SHARED_RESET, 0, 0, 0, 0, 0), SDEI_SUCCESS);
	EXPECT(!vsdei_interrupt(&vcpus[0], TIMER));
	EXPECT(!vsdei_interrupt(&vcpus[0], 41));
	EXPECT(!vsdei_interrupt(NULL, TIMER));
}

TEST(an_active_interrupt_is_not_bound)
{
	start();
	spi[41].active = true;
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, 41, 0, 0, 0, 0), SDEI_DENIED);
	spi[41].active = false;
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, 41, 0, 0, 0, 0), TOCSIN_EVENT_BOUND_SHARED);
	spi[41].active = true;
	EXPECT_EQ(call(0, SDEI_INTERRUPT_BIND, 41, 0, 0, 0, 0), TOCSIN_EVENT_BOUND_SHARED);
}

/* RM_ANY: each that could gets its turn, and only one of them is asked. */
TEST(turns)
{
	u32 runs[NR_VCPUS] = {0};

	start();
	call(0, SDEI_INTERRUPT_BIND, 41, 0, 0, 0, 0);
	call(0, SDEI_EVENT_REGISTER, TOCSIN_EVENT_BOUND_SHARED, ENTRY, 0, 0, 0);
	call(0, SDEI_EVENT_ENABLE, TOCSIN_EVENT_BOUND_SHARED, 0, 0, 0, 0);
	for (u32 v = 0; v < 3; v++) /* the last stays masked */
		call(v, SDEI_PE_UNMASK, 0, 0, 0, 0, 0);
	for (u32 i = 0; i < 30; i++) {
		u32 asked = 0;

		set_line(41, 0, true);
		fire(&spi[41], &vcpus[0], 41);
		for (u32 v = 0; v < NR_VCPUS; v++)
			asked += vcpus[v].requests != 0;
		EXPECT_EQ(asked, 1);
		settle();
		set_line(41, 0, false);
		for (u32 v = 0; v < NR_VCPUS; v++)
			if (vcpus[v].sdei.shared) {
				runs[v]++;
				call(v, SDEI_EVENT_COMPLETE, 0, 0, 0, 0, 0);
			}
	}
	for (u32 v = 0; v < 3; v++)
		EXPECT_EQ(runs[v], 10);
	EXPECT_EQ(runs[3], 0);
}
