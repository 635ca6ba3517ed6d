/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU's set times: no user misses its own, none is called before, whatever the others
 * and the scheduler want of the timer.
 * sources: el2/vcpu/cpu_timer.c
 */
#include <drivers/timer.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <el2/vcpu.h>
#include <string.h>
#include <test.h>

static struct cpu cpu;
static struct vcpu vcpu;
static u64 now, timer;
static u64 wanted[NR_CPU_TIMER_USERS], again[NR_CPU_TIMER_USERS];
static u32 calls[NR_CPU_TIMER_USERS];

u64 timer_now(void)
{
	return now;
}

void timer_set(u64 deadline)
{
	timer = deadline;
}

static void ask(enum cpu_timer_user user, u64 then)
{
	cpu_timer_at(user, then, now);
	wanted[user] = wanted[user] ? MIN(wanted[user], then) : then;
}

static void called(enum cpu_timer_user user)
{
	EXPECT(wanted[user] && wanted[user] <= now);
	wanted[user] = 0;
	calls[user]++;
	if (again[user])
		ask(user, now + again[user]);
	again[user] = 0;
}

void terminal_timer(void)
{
	called(CPU_TIMER_TERMINAL);
}

void terminal_poll(void)
{
	called(CPU_TIMER_CONSOLE);
}

#define NR_PARTITIONS 40 /* more than one round's piece */

static struct partition all[NR_PARTITIONS];
struct partition *partitions = all;
u32 nr_partitions = 1;

/* The first of a round stands for it. */
static u32 looked_at;

void vwatchdog_timer(struct partition *p, u64 at)
{
	EXPECT_EQ(at, now);
	looked_at++;
	if (p == partitions)
		called(CPU_TIMER_WATCHDOG);
}

void partition_timer(struct partition *p, u64 at)
{
	(void)at;
	if (p == partitions)
		called(CPU_TIMER_PARTITION);
}

void report_timer(struct partition *p, u64 at)
{
	(void)at;
	if (p == partitions)
		called(CPU_TIMER_REPORT);
}

static void start(void)
{
	memset(&cpu, 0, sizeof(cpu));
	memset(&vcpu, 0, sizeof(vcpu));
	memset(wanted, 0, sizeof(wanted));
	memset(calls, 0, sizeof(calls));
	host_TPIDR_EL2 = (u64)&cpu;
	cpu.current = &vcpu;
	cpu.alarm = timer = UINT64_MAX;
	now = 1000;
	nr_partitions = 1;
	looked_at = 0;
}

/* EL2's timer, at its time; then the scheduler sets it again, as set_alarm() does. */
static void expire(u64 scheduler)
{
	now = MAX(now, timer);
	timer_set(UINT64_MAX);
	cpu_timer_serve(&cpu);
	if (cpu.timer_first && cpu.timer_first < scheduler)
		scheduler = cpu.timer_first;
	if (scheduler < cpu.alarm || cpu.alarm <= now) {
		cpu.alarm = scheduler;
		timer_set(scheduler);
	}
}

TEST(each_at_its_time)
{
	start();
	ask(CPU_TIMER_WATCHDOG, 5000);
	EXPECT(timer == 5000 && vcpu.requests == REQ_RESCHED);
	ask(CPU_TIMER_TERMINAL, 3000);
	EXPECT_EQ(timer, 3000);
	ask(CPU_TIMER_TERMINAL, 4000); /* later: the first time stays */
	ask(CPU_TIMER_WATCHDOG, 6000);
	expire(UINT64_MAX);
	EXPECT(calls[CPU_TIMER_TERMINAL] == 1 && !calls[CPU_TIMER_WATCHDOG] && timer == 5000);
	expire(UINT64_MAX);
	EXPECT(calls[CPU_TIMER_TERMINAL] == 1 && calls[CPU_TIMER_WATCHDOG] == 1);
	EXPECT(timer == UINT64_MAX && !cpu.timer_first);
}

TEST(an_earlier_alarm_of_the_schedulers_stays)
{
	start();
	cpu.alarm = timer = 2000;
	ask(CPU_TIMER_WATCHDOG, 5000);
	EXPECT(timer == 2000 && !vcpu.requests);
	expire(2500);
	EXPECT(!calls[CPU_TIMER_WATCHDOG] && timer == 2500);
	expire(UINT64_MAX);
	EXPECT(!calls[CPU_TIMER_WATCHDOG] && timer == 5000);
	expire(UINT64_MAX);
	EXPECT_EQ(calls[CPU_TIMER_WATCHDOG], 1);
}

TEST(at_random)
{
	u32 asked = 0;

	start();
	test_seed(7);
	for (u32 i = 0; i < 200000; i++) {
		u64 r = test_random();

		now += r % 16;
		if (timer <= now)
			expire(r & 1 << 20 ? now + (r >> 32) % 64 : UINT64_MAX);
		for (u32 user = 0; user < NR_CPU_TIMER_USERS; user++)
			EXPECT(!wanted[user] || wanted[user] > now);
		asked += r >> 16 & 1;
		if (r >> 16 & 1)
			ask((u32)(r >> 48) % NR_CPU_TIMER_USERS, now + 1 + (r >> 40) % 128);
		again[(r >> 56) % NR_CPU_TIMER_USERS] = r & 1 << 19 ? 200 : 0;
	}
	for (u32 user = 0; user < NR_CPU_TIMER_USERS; user++)
		EXPECT(calls[user] > asked / 16);
}

/* A round over many partitions is cut, and goes on at once; one that is asked for meanwhile
 * comes after it, and none is left out. */
TEST(rounds_in_pieces)
{
	start();
	nr_partitions = NR_PARTITIONS;
	ask(CPU_TIMER_WATCHDOG, 5000);
	expire(UINT64_MAX);
	EXPECT(calls[CPU_TIMER_WATCHDOG] == 1 && looked_at == 16 && timer == now);
	ask(CPU_TIMER_WATCHDOG, now);
	expire(UINT64_MAX);
	EXPECT(calls[CPU_TIMER_WATCHDOG] == 1 && looked_at == 32 && timer == now);
	expire(UINT64_MAX);
	EXPECT(looked_at == NR_PARTITIONS && timer == now);
	for (u32 i = 0; i < 3; i++)
		expire(UINT64_MAX);
	EXPECT(calls[CPU_TIMER_WATCHDOG] == 2 && looked_at == 2 * NR_PARTITIONS &&
	       timer == UINT64_MAX);
}
