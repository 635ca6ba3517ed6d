/* SPDX-License-Identifier: Apache-2.0 */
/* HVC and SMC: every owner, and what each service is for. */
#include "chaos.h"
#include <abi/apf.h>
#include <abi/tocsin.h>
#include <arch/sdei.h>

#define INTID_CLOCK 34
#define PL031_DR 0x00
#define PL031_MR 0x04
#define PL031_IMSC 0x10
#define PL031_ICR 0x1c
#define ENDS_ONE_IN 4096 /* of the calls at random that would end this life */

/* Functions, and how many follow each one. */
static const struct {
	u32 first, number;
} services[] = {
    {PSCI_VERSION, 0x16},
    {PSCI_VERSION | (u32)SMCCC_64, 0x16},
    {SMCCC_VERSION, 3},
    {0x80003ffe, 3},
    {0x80007ffe, 3},
    {TRNG_VERSION, 4},
    {0xc4000053, 1},
    {PV_TIME_FEATURES, 2},
    {VENDOR_HYP_CALL_COUNT, 4},
    {TOCSIN_FEATURES, 1},
    {TOCSIN_ALARM, 8},
    {SDEI_VERSION, 0x13},
    {SDEI_VERSION & ~(u32)SMCCC_64, 0x13},
};

static bool ends_it(u32 fid)
{
	switch (fid & ~(u32)SMCCC_64) {
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_SUSPEND:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
		return true;
	}
	return false;
}

/* Where no code is. */
static u64 nowhere(void)
{
	u64 a = some_address();

	return a - map.free.base < map.free.size ? a - map.free.base : a;
}

/* A vCPU that completes an event without being its handler goes on where that was entered, with
 * other registers than there: then the program were its own enemy. So it goes on afresh, or
 * nowhere. */
static void tame(struct regs *r)
{
	u64 fid = (u32)r->x[0] & ~SMCCC_SVE_HINT;

	if (fid == SDEI_EVENT_COMPLETE && chaos_me()->handlers) {
		r->x[0] = SDEI_EVENT_COMPLETE_AND_RESUME;
		r->x[1] = (u64)chaos_recover;
	}
	if (fid == SDEI_EVENT_COMPLETE_AND_RESUME && r->x[1] != (u64)chaos_recover)
		r->x[1] = nowhere();
}

static u64 by_any(struct regs *r)
{
	tame(r);
	if (once_in(2))
		hvc_regs(r);
	else
		smc_regs(r);
	return r->x[0];
}

u64 some_mpidr(void)
{
	switch (below(4)) {
	case 0:
		return percpu[0].mpidr;
	case 1:
		return percpu[nr_cpus - 1].mpidr;
	case 2:
		return some_value();
	default:
		return percpu[below(nr_cpus)].mpidr | (once_in(4) ? BIT(24 + below(40)) : 0);
	}
}

static u64 some_argument(void)
{
	switch (below(6)) {
	case 0:
		return some_mpidr();
	case 1:
		return some_memory();
	case 2:
		return TOCSIN_EVENT_BOUND_PRIVATE + (below(2) << 16) + below(3);
	case 3:
		return services[below(ARRAY_SIZE(services))].first;
	default:
		return some_value();
	}
}

void chaos_call(void)
{
	u32 i = below(ARRAY_SIZE(services));
	struct regs r;

	if (once_in(16)) {
		if (once_in(2))
			__asm__ volatile("hvc #1");
		else
			__asm__ volatile("smc #0xffff");
		return;
	}
	if (once_in(2))
		r.x[0] = services[i].first + below(services[i].number);
	else
		r.x[0] = (once_in(4) ? any() << 32 : 0) | below(256) << 24 |
			 below(once_in(2) ? 0x80 : 1 << 24);
	if (once_in(16))
		r.x[0] |= SMCCC_SVE_HINT;
	if (ends_it((u32)(r.x[0] & ~SMCCC_SVE_HINT)) && !once_in(ENDS_ONE_IN))
		r.x[0] = PSCI_VERSION;
	for (u32 n = 1; n < 18; n++)
		r.x[n] = some_argument();
	if ((r.x[0] & 0x3f000000) == SMCCC_OWNER_STANDARD << 24)
		r.x[2] = r.x[3] =
		    nowhere(); /* an entry, perhaps, which has no code that might run on */
	by_any(&r);
}

static u64 call4(u64 fid, u64 a, u64 b, u64 c, u64 d)
{
	struct regs r = {{fid, a, b, c, d}};

	r.x[5] = some_argument();
	return by_any(&r);
}

/* CPUs on, off, asleep and asked for. The sibling of one that is off turns it on. */
void chaos_psci(void)
{
	u64 wide = once_in(2) ? SMCCC_64 : 0;
	u64 entry = once_in(64) ? nowhere() : (u64)chaos_secondary;

	switch (below(16)) {
	case 0:
		heal(); /* for the other one, which may wait */
		call4(PSCI_CPU_OFF, some_value(), 0, 0, 0);
		break;
	case 1:
	case 2:
		chaos_wait();
		break;
	case 3:
	case 4:
		heal();
		arm_timer(5 + below(50));
		call4(PSCI_CPU_SUSPEND | wide, once_in(4) ? some_value() : BIT(16) * below(2),
		      entry, some_value(), 0);
		break;
	case 5:
	case 6:
	case 7:
		call4(PSCI_CPU_ON | wide, some_mpidr(), entry, some_value(), 0);
		break;
	case 8:
		call4(PSCI_FEATURES, services[below(ARRAY_SIZE(services))].first + below(16), 0, 0,
		      0);
		break;
	case 9:
		call4(SMCCC_ARCH_FEATURES, services[2 + below(3)].first + below(3), 0, 0, 0);
		break;
	case 10:
		call4(TRNG_RND | wide, once_in(2) ? below(200) : some_value(), 0, 0, 0);
		break;
	default:
		call4(PSCI_AFFINITY_INFO | wide, some_mpidr(), once_in(4) ? some_value() : 0, 0, 0);
	}
}

static u64 some_event(void)
{
	switch (below(8)) {
	case 0:
		return TOCSIN_EVENT_ALARM;
	case 1:
		return TOCSIN_EVENT_WATCHDOG;
	case 2:
		return TOCSIN_EVENT_APF;
	case 3:
		return TOCSIN_EVENT_BOUND_PRIVATE + below(3);
	case 4:
	case 5:
		return TOCSIN_EVENT_BOUND_SHARED + below(4);
	case 6:
		return once_in(4) ? some_value() : SDEI_EVENT_SOFTWARE;
	default:
		return SDEI_EVENT_SOFTWARE;
	}
}

static u64 some_handler(void)
{
	return once_in(64) ? nowhere() & ~3UL : (u64)chaos_event;
}

/* An event comes about, or may. */
static void signal_event(void)
{
	switch (below(6)) {
	case 0:
	case 1:
		call4(SDEI_EVENT_SIGNAL, SDEI_EVENT_SOFTWARE, some_mpidr(), 0, 0);
		break;
	case 2:
		call4(TOCSIN_ALARM, some_mpidr(), once_in(2) ? below(2) : some_value(), 0, 0);
		break;
	case 3:
		call4(TOCSIN_ALARM, percpu[chaos_index()].mpidr, TOCSIN_ALARM_NOW, 0, 0);
		break;
	case 4:
		call4(TOCSIN_ALARM_CANCEL + below(2), some_mpidr(), 0, 0, 0);
		break;
	default:
		gic_set_pending(16 + below(48));
	}
}

static void set_up_event(void)
{
	u64 event = some_event();

	switch (below(8)) {
	case 0:
	case 1:
		call4(SDEI_EVENT_REGISTER, event, some_handler(), any(),
		      once_in(4) ? some_value() : below(4));
		call4(SDEI_EVENT_ENABLE, event, 0, 0, 0);
		break;
	case 2:
		call4(SDEI_EVENT_ENABLE + below(2), event, 0, 0, 0);
		break;
	case 3:
		call4(SDEI_EVENT_UNREGISTER, event, 0, 0, 0);
		break;
	case 4:
		call4(SDEI_EVENT_ROUTING_SET, event, below(3), some_mpidr(), 0);
		break;
	case 5:
		call4(SDEI_INTERRUPT_BIND, once_in(8) ? some_value() : 28 + below(68), 0, 0, 0);
		break;
	case 6:
		call4(SDEI_INTERRUPT_RELEASE, event, 0, 0, 0);
		break;
	default:
		call4(SDEI_EVENT_STATUS + below(2), event, below(6), 0, 0);
	}
}

/* The device's line, by an alarm for now; what handles it need not. */
static void ring_clock(void)
{
	if (!map.clock)
		return;
	io_write32(map.clock + PL031_IMSC, 1);
	io_write32(map.clock + PL031_MR, io_read32(map.clock + PL031_DR));
	if (once_in(2))
		io_write32(map.clock + PL031_ICR, 1);
}

/* An interrupt is bound, and comes; not the one that ends waiting. */
static void bind(void)
{
	u32 intid = once_in(4) ? INTID_PTIMER : once_in(2) ? INTID_CLOCK : 28 + below(68);
	u64 event = call4(SDEI_INTERRUPT_BIND, intid, 0, 0, 0);

	call4(SDEI_EVENT_REGISTER, event, (u64)chaos_event, 0, below(4));
	call4(SDEI_EVENT_ENABLE, event, 0, 0, 0);
	if (once_in(2))
		call4(SDEI_PE_UNMASK, 0, 0, 0, 0);
	if (intid == INTID_PTIMER) {
		write_sysreg(CNTP_CVAL_EL0, 0);
		write_sysreg(CNTP_CTL_EL0, 1);
	} else if (intid == INTID_CLOCK) {
		ring_clock();
	} else {
		gic_set_pending(intid);
	}
	if (once_in(2))
		call4(SDEI_EVENT_UNREGISTER, event, 0, 0, 0);
	if (once_in(2))
		call4(SDEI_INTERRUPT_RELEASE, event, 0, 0, 0);
	write_sysreg(CNTP_CTL_EL0, 0);
}

void chaos_sdei(void)
{
	if (once_in(16)) {
		bind();
		return;
	}
	switch (below(16)) {
	case 0:
		call4(SDEI_PRIVATE_RESET + below(2), 0, 0, 0, 0);
		break;
	case 1:
		call4(SDEI_EVENT_COMPLETE, some_value(), 0, 0, 0);
		break;
	case 2:
		call4(SDEI_EVENT_COMPLETE_AND_RESUME, (u64)chaos_recover, 0, 0, 0);
		break;
	case 3:
		call4(SDEI_EVENT_CONTEXT, below(20), 0, 0, 0);
		break;
	case 4:
		call4(SDEI_FEATURES, below(3), 0, 0, 0);
		break;
	case 5:
		call4(SDEI_PE_MASK, 0, 0, 0, 0);
		break;
	case 6:
	case 7:
	case 8:
		call4(SDEI_PE_UNMASK, 0, 0, 0, 0);
		break;
	case 9:
	case 10:
	case 11:
	case 12:
		set_up_event();
		break;
	default:
		signal_event();
	}
}

/* The block is at the same place, so that it is in use. */
static u64 apf_block(void)
{
	return map.free.base + PAGE_SIZE * (1 + chaos_index());
}

/* Absent pages of EL0 are told. */
void apf_ready(void)
{
	call4(SDEI_EVENT_REGISTER, TOCSIN_EVENT_APF, (u64)chaos_event, 0, 0);
	call4(SDEI_EVENT_ENABLE, TOCSIN_EVENT_APF, 0, 0, 0);
	call4(TOCSIN_APF_ENABLE, once_in(4) ? some_address() : apf_block(),
	      once_in(8) ? some_value() : 0, 0, 0);
	call4(SDEI_PE_UNMASK, 0, 0, 0, 0);
}

void chaos_apf(void)
{
	volatile struct tocsin_apf_consumed *consumed = (void *)(apf_block() + 64);

	switch (below(6)) {
	case 0:
		call4(TOCSIN_APF_INFO, 0, 0, 0, 0);
		break;
	case 1:
		call4(TOCSIN_APF_DISABLE, 0, 0, 0, 0);
		break;
	case 2:
		call4(TOCSIN_APF_COUNT, below(TOCSIN_APF_NR_COUNTS + 1), 0, 0, 0);
		break;
	case 3:
		consumed->index = once_in(4) ? (u32)some_value() : consumed->index + below(8);
		break;
	default:
		apf_ready();
	}
}

/* From entry.S, in a handler: some operation, and by which call it ends. */
void chaos_handle(u64 event, u64 end[2]);
void chaos_handle(u64 event, u64 end[2])
{
	static void (*const inside[])(void) = {chaos_call, chaos_mmio, chaos_memory, chaos_sdei,
					       chaos_read, chaos_sgi,  chaos_fault,  chaos_fp};

	chaos_me()->handlers++;
	if (event == TOCSIN_EVENT_APF && once_in(2))
		*(volatile u32 *)(apf_block() + 4) = TOCSIN_APF_ACCEPT;
	if (once_in(4))
		inside[below(ARRAY_SIZE(inside))]();
	chaos_me()->handlers--;
	end[0] = SDEI_EVENT_COMPLETE;
	end[1] = once_in(4) ? some_value() : 0;
	switch (below(32)) {
	case 0:
		end[1] = nowhere();
		end[0] = SDEI_EVENT_COMPLETE_AND_RESUME;
		break;
	case 1:
	case 2:
		end[1] = (u64)chaos_recover;
		end[0] = SDEI_EVENT_COMPLETE_AND_RESUME;
		break;
	case 3:
		chaos_me()->handlers++;
		end[0] = PSCI_VERSION; /* it stays in the handler */
	}
}
