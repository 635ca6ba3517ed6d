/* SPDX-License-Identifier: Apache-2.0 */
/* The C half of SDEI for guests. */
#include "sdei.h"

_Static_assert(offsetof(struct sdei_entry, sp) == ENTRY_SP, "");
_Static_assert(offsetof(struct sdei_entry, pstate) == ENTRY_PSTATE, "");
_Static_assert(offsetof(struct sdei_entry, elr) == ENTRY_ELR, "");
_Static_assert(offsetof(struct sdei_entry, esr) == ENTRY_ESR, "");
_Static_assert(offsetof(struct sdei_entry, vbar) == ENTRY_VBAR, "");
_Static_assert(offsetof(struct sdei_entry, sp_el0) == ENTRY_SP_EL0, "");
_Static_assert(offsetof(struct sdei_entry, call) == ENTRY_CALL, "");
_Static_assert(sizeof(struct sdei_entry) == ENTRY_SIZE, "");

void (*volatile sdei_hook)(struct sdei_entry *e);
struct sdei_cpu sdei_cpu[MAX_CPUS];
volatile bool sdei_by_smc;

void sdei_regs(struct regs *r)
{
	if (sdei_by_smc)
		smc_regs(r);
	else
		hvc_regs(r);
}

long sdei_call(u64 fid, u64 x1, u64 x2, u64 x3, u64 x4, u64 x5)
{
	struct regs r = {{fid, x1, x2, x3, x4, x5}};

	sdei_regs(&r);
	return (long)r.x[0];
}

/* From sdei.S. */
void sdei_entered(struct sdei_entry *e);
void sdei_entered(struct sdei_entry *e)
{
	struct sdei_cpu *cpu = &sdei_cpu[me()->index];

	e->pstate |= pstate_flags();
	e->call = SDEI_EVENT_COMPLETE;
	e->call_x1 = 0;
	cpu->last = *e;
	if (sdei_hook)
		sdei_hook(e);
	cpu->runs++;
}

/* From sdei.S: the call that should have ended the handler came back. */
_Noreturn void sdei_not_ended(long result);
_Noreturn void sdei_not_ended(long result)
{
	print("FAIL sdei: a handler on CPU %u is not over: %ld\n", me()->index, result);
	guest_done();
}

u64 sdei_argument(u64 event)
{
	return 0xa59000000000UL + (event << 8) + me()->index;
}

void sdei_fresh(void)
{
	struct sdei_cpu *cpu = &sdei_cpu[me()->index];

	sdei_mask();
	EXPECT_EQ(sdei1(SDEI_PRIVATE_RESET, 0), SDEI_SUCCESS);
	if (me()->index == 0)
		sdei_hook = NULL;
	memset(cpu, 0, sizeof(*cpu));
}

void sdei_add(u64 event)
{
	EXPECT_EQ(sdei_register(event, sdei_entry, sdei_argument(event)), SDEI_SUCCESS);
	EXPECT_EQ(sdei_enable(event), SDEI_SUCCESS);
}

void sdei_ready(u64 event)
{
	sdei_fresh();
	sdei_add(event);
	EXPECT_EQ(sdei_unmask(), SDEI_SUCCESS);
}

extern char sdei_program_hvc[], sdei_program_smc[];

struct program sdei_program(u64 pstate)
{
	struct program p = program_at(sdei_by_smc ? sdei_program_smc : sdei_program_hvc, pstate);

	p.x[0] = SDEI_EVENT_SIGNAL;
	p.x[1] = E0;
	p.x[2] = me()->mpidr;
	return p;
}

void sdei_program_ended(const struct program *before, const struct program *after)
{
	EXPECT(ESR_EC(after->esr) == EC_SVC64 && after->pc == before->pc + 8,
	       "vector %lu, esr 0x%lx, %ld bytes from its begin", after->kind, after->esr,
	       (s64)(after->pc - before->pc));
	EXPECT_EQ(after->pstate, before->pstate);
	EXPECT_EQ(after->x[0], 0);
	for (u32 i = 1; i < 18; i++)
		EXPECT(after->x[i] == before->x[i], "x%u is 0x%lx, not 0x%lx", i, after->x[i],
		       before->x[i]);
	EXPECT_EQ(after->sp_el0, before->sp_el0);
}

void sdei_setup(void)
{
	gic_init();
	gic_cpu_init();
	sdei_by_smc = strstr(machine.bootargs, "smc") != NULL;
}
