/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of partitions: guests that reset, power off and crash, a user at the monitor, and CPUs
 * that take their steps in any order. tests/models/lifecycle.pml has what happens between two
 * accesses.
 * sources: el2/vm/lifecycle.c el2/vm/partition_log.c lib/fmt.c
 */
#include <arch/io.h>
#include <drivers/console.h>
#include <drivers/psci.h>
#include <drivers/timer.h>
#include <el2/channel.h>
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <el2/pvtime.h>
#include <el2/terminal.h>
#include <el2/vsdei.h>
#include <string.h>
#include <test.h>

#define HZ 1000000UL /* a tick is a microsecond */
#define NR 3
#define NR_VCPUS 40 /* more than are asked in one go */
#define LOADS 5

static struct partition all[NR];
struct partition *partitions = all;
u32 nr_partitions = NR;
static struct partition_config configs[NR];
static struct vcpu vcpus[NR][NR_VCPUS];
static struct cpu cpu;
static u64 now;
static bool asked_tick;
static u32 lines, loads[NR], starts[NR], quiesced[NR], forgotten[NR], off, reset;
static bool order_stands[NR]; /* to stop, and not started since */

static u32 number(const struct partition *p)
{
	return (u32)(p - all);
}

/* ---- around it ---- */

u64 timer_now(void)
{
	return now;
}

u64 timer_frequency(void)
{
	return HZ;
}

void cpu_timer_at(enum cpu_timer_user user, u64 then, u64 at)
{
	EXPECT(user == CPU_TIMER_PARTITION && then == at && at == now);
	asked_tick = true;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
	lines++;
}

void vcpu_request(struct vcpu *v, u32 requests)
{
	v->requests |= requests;
}

void vcpu_forget(struct vcpu *v)
{
	EXPECT_EQ(v->partition->nr_stopping, 0);
	for (u32 i = 0; i < NR_VCPUS; i++)
		EXPECT_EQ(v->partition->vcpus[i].power, POWER_OFF);
	v->requests &= ~(u32)(REQ_START | REQ_STOP);
	forgotten[number(v->partition)]++;
}

enum err loading_step(struct partition *p, bool *complete)
{
	*complete = ++loads[number(p)] % LOADS == 0;
	return OK;
}

void loading_close(struct partition *p)
{
	(void)p;
}

void pvtime_reset(const struct vcpu *v)
{
	(void)v;
}

void vgic_forget_spis(struct partition *p)
{
	EXPECT_EQ(p->state, PARTITION_LOADING);
}

bool vgic_reset(struct partition *p, u32 *next)
{
	EXPECT(quiesced[number(p)] && forgotten[number(p)] % NR_VCPUS == 0);
	return ++*next == 3;
}

bool vsdei_reset(struct partition *p, u32 *next)
{
	(void)p;
	return ++*next == 2;
}

bool channel_started(struct partition *p, u32 *next)
{
	(void)p;
	return ++*next == 2;
}

bool channel_stopped(struct partition *p, u32 *next)
{
	return channel_started(p, next);
}

void vwatchdog_reset(struct partition *p)
{
	(void)p;
}

void stage2_flush_tlb(struct stage2 *s)
{
	(void)s;
}

void vpl011_init(struct vpl011 *u, struct partition *p, u32 intid)
{
	(void)u, (void)p, (void)intid;
}

void terminal_close(struct partition *p)
{
	(void)p;
}

void terminal_flush(void)
{
}

void console_flush(void)
{
}

void psci_system_off(void)
{
	off++;
}

void psci_system_reset(void)
{
	reset++;
}

u64 host_io_read(u64 addr, int bytes)
{
	(void)addr, (void)bytes;
	return 0;
}

void host_io_write(u64 addr, u64 value, int bytes)
{
	(void)value, (void)bytes;
	quiesced[addr]++;
}

/* ---- the machine ---- */

/* vCPU v has its turn; all that it is asked for is done as vcpu_serve_life() does it. */
static void turn(struct vcpu *v)
{
	struct partition *p = v->partition;
	u32 i = number(p), requests = v->requests;

	if (requests & REQ_STEP && (v->power != POWER_OFF || p->not_before > now))
		requests &= ~(u32)REQ_STEP;
	v->requests &= ~requests;
	if (requests & REQ_STOP) {
		EXPECT_EQ(p->state, PARTITION_STOPPING);
		v->power = POWER_OFF;
		partition_counted_off(p);
	}
	if (requests & REQ_STEP) {
		u32 was = p->state;

		if (was == PARTITION_STOPPING && !p->stage)
			quiesced[i] = 0;
		if (!partition_step(p))
			v->requests |= REQ_STEP;
		if (was != PARTITION_RUNNING && p->state == PARTITION_RUNNING) {
			EXPECT(!order_stands[i]);
			starts[i]++;
		}
	}
	if (v->requests & REQ_START && p->state == PARTITION_RUNNING) {
		v->requests &= ~(u32)REQ_START;
		for (u32 k = 0; k < NR_VCPUS; k++)
			vcpus[i][k].power = POWER_ON;
	}
}

static void tick(void)
{
	if (!asked_tick)
		return;
	asked_tick = false;
	for (u32 i = 0; i < NR; i++)
		partition_timer(&all[i], now);
}

static void settle(void)
{
	for (u32 round = 0; round < 200; round++) {
		tick();
		for (u32 i = 0; i < NR; i++)
			for (u32 k = 0; k < NR_VCPUS; k++)
				turn(&vcpus[i][k]);
	}
}

static struct quiesce_write writes[NR];

/* Those of the last test are stopped first, which nr_alive of el2/vm/lifecycle.c counts. */
static void set_up(void)
{
	for (u32 i = 0; i < NR && all[0].config; i++)
		(void)partition_stop(&all[i], STOP_MONITOR);
	settle();
	memset(all, 0, sizeof(all));
	memset(vcpus, 0, sizeof(vcpus));
	memset(loads, 0, sizeof(loads));
	memset(starts, 0, sizeof(starts));
	memset(forgotten, 0, sizeof(forgotten));
	memset(order_stands, 0, sizeof(order_stands));
	host_TPIDR_EL2 = (u64)&cpu;
	cpu.current = NULL;
	now = HZ;
	lines = off = reset = 0;
	asked_tick = false;
	for (u32 i = 0; i < NR; i++) {
		writes[i] = (struct quiesce_write){.pa = i, .width = 4};
		configs[i] = (struct partition_config){.name = "p",
						       .nr_vcpus = NR_VCPUS,
						       .quiesce = &writes[i],
						       .nr_quiesce = 1,
						       .restart_backoff_ms = 100};
		all[i].config = &configs[i];
		all[i].vcpus = vcpus[i];
		all[i].nr_vcpus = NR_VCPUS;
		for (u32 k = 0; k < NR_VCPUS; k++)
			vcpus[i][k] = (struct vcpu){.index = k, .partition = &all[i], .cpu = &cpu};
	}
}

static void begin(void)
{
	for (u32 i = 0; i < NR; i++)
		EXPECT(partition_start(&all[i]));
	settle();
	for (u32 i = 0; i < NR; i++)
		EXPECT(all[i].state == PARTITION_RUNNING && starts[i] == 1);
}

/* vCPU v's guest ends its partition: it does not go on. */
static void end(struct vcpu *v, enum stop_reason reason)
{
	cpu.current = v;
	EXPECT(partition_stop(v->partition, reason));
	EXPECT(v->requests & REQ_STOP);
	cpu.current = NULL;
}

/* ---- tests ---- */

TEST(only_stopped_ones_start)
{
	set_up();
	begin();
	EXPECT(!partition_start(&all[0]));
	end(&vcpus[0][7], STOP_OFF);
	EXPECT(!partition_start(&all[0]));
	settle();
	EXPECT_EQ(all[0].state, PARTITION_STOPPED);
	EXPECT(partition_start(&all[0]));
	EXPECT(!partition_start(&all[0]));
	settle();
	EXPECT(all[0].state == PARTITION_RUNNING && starts[0] == 2);
}

/* The first reset is at once, one that follows within the back-off waits, twice as long each
 * time; after a quiet time it is at once again. */
TEST(resets_have_a_rate)
{
	u64 wait = 100;

	set_up();
	begin();
	end(&vcpus[0][0], STOP_RESET);
	settle();
	EXPECT_EQ(starts[0], 2);
	for (u32 i = 0; i < 5; i++, wait *= 2) {
		u32 before = starts[0];

		end(&vcpus[0][0], STOP_RESET);
		settle();
		EXPECT(starts[0] == before && all[0].state == PARTITION_LOADING);
		now += wait * 1000 - 1;
		settle();
		EXPECT_EQ(starts[0], before);
		now++;
		settle();
		EXPECT_EQ(starts[0], before + 1);
	}
	now += HZ;
	end(&vcpus[0][0], STOP_RESET);
	settle();
	EXPECT(all[0].state == PARTITION_RUNNING);
}

/* No configuration lets a partition come and go faster than each 5 ms. */
TEST(a_back_off_of_nothing)
{
	set_up();
	configs[0].restart_backoff_ms = 0;
	configs[0].on_fault = ACTION_RESTART;
	begin();
	for (u32 i = 0; i < 10; i++) {
		u64 began = now;

		end(&vcpus[0][0], i % 2 ? STOP_FAULT : STOP_RESET);
		settle();
		while (all[0].state != PARTITION_RUNNING) {
			now += 100;
			settle();
		}
		EXPECT(!i || now - began >= 5000);
	}
}

TEST(an_order_is_heard_at_any_time)
{
	for (u32 when = 0; when < 400; when++) {
		set_up();
		begin();
		end(&vcpus[0][3], STOP_RESET);
		for (u32 i = 0; i < when; i++) {
			if (i % 50 == 0)
				tick();
			turn(&vcpus[0][i % NR_VCPUS]);
		}
		(void)partition_stop(&all[0], STOP_MONITOR);
		order_stands[0] = true;
		settle();
		now += HZ;
		settle();
		EXPECT_EQ(all[0].state, PARTITION_STOPPED);
		EXPECT(!off);
	}
}

/* One that will start again counts: the machine does not end under it. */
TEST(the_machine_ends_with_the_last)
{
	set_up();
	configs[2].on_fault = ACTION_RESTART;
	configs[2].restart_limit = 1;
	begin();
	end(&vcpus[0][0], STOP_OFF);
	end(&vcpus[1][0], STOP_OFF);
	end(&vcpus[2][0], STOP_FAULT);
	settle();
	EXPECT(!off && all[2].state == PARTITION_LOADING);
	now += HZ;
	settle();
	EXPECT(!off && all[2].state == PARTITION_RUNNING);
	end(&vcpus[2][0], STOP_OFF);
	settle();
	EXPECT_EQ(off, 1);
}

TEST(stop_all)
{
	set_up();
	configs[0].on_fault = ACTION_STOP_ALL;
	begin();
	end(&vcpus[1][0], STOP_RESET); /* would start again */
	end(&vcpus[0][0], STOP_FAULT);
	settle();
	now += HZ;
	settle();
	for (u32 i = 0; i < NR; i++)
		EXPECT_EQ(all[i].state, PARTITION_STOPPED);
	EXPECT_EQ(off + reset, 1);
}

TEST(a_user_may_want_it_again)
{
	set_up();
	begin();
	for (u32 i = 0; i < NR; i++)
		(void)partition_stop(&all[i], STOP_MONITOR);
	settle();
	EXPECT(!off && all[0].state == PARTITION_STOPPED);
	EXPECT(partition_start(&all[1]));
	settle();
	(void)partition_stop(&all[1], STOP_RESTART);
	settle();
	EXPECT(all[1].state == PARTITION_RUNNING && starts[1] == 3);
}

/* Log lines are so many at once, then some a second. */
TEST(lines_have_a_rate)
{
	set_up();
	for (u32 i = 0; i < 100000; i++) {
		partition_log(&all[0], LOG_INFO, "again");
		now += 100;
	}
	EXPECT(lines >= 64 && lines <= 2 * (64 + 4 * 10));
	EXPECT(all[0].log.lost > 1000); /* since the last that was written */
	lines = 0;
	partition_log(&all[1], LOG_INFO, "another's");
	EXPECT_EQ(lines, 1);
}

static void anything(u32 i, u64 r)
{
	struct partition *p = &all[i];
	struct vcpu *v = &vcpus[i][r % NR_VCPUS];
	bool on = p->state == PARTITION_RUNNING && v->power == POWER_ON;

	switch (r >> 16 & 15) {
	case 0:
		if (on)
			end(v, STOP_RESET);
		break;
	case 1:
		if (on)
			end(v, STOP_FAULT);
		break;
	case 2:
		if (on)
			end(v, STOP_OFF);
		break;
	case 3:
		(void)partition_stop(p, STOP_MONITOR);
		order_stands[i] = true;
		break;
	case 4:
		(void)partition_stop(p, STOP_RESTART);
		order_stands[i] = p->state == PARTITION_STOPPED;
		break;
	default:
		if (partition_start(p))
			order_stands[i] = false;
	}
}

TEST(at_random)
{
	u32 ends;

	set_up();
	for (u32 i = 0; i < NR; i++)
		configs[i].on_fault = configs[i].on_off = ACTION_RESTART;
	test_seed(11);
	begin();
	for (u32 step = 0; step < 300000; step++) {
		u64 r = test_random();

		if (r % 64 == 0)
			anything((u32)(r >> 8) % NR, test_random());
		else if (r % 4 == 0)
			tick();
		else
			for (u32 k = 0; k < 8; k++)
				turn(&vcpus[(r >> 8) % NR][test_random() % NR_VCPUS]);
		now += r >> 40 & 0xfff;
		turn(&vcpus[(r >> 8) % NR][0]);
	}
	ends = starts[0] + starts[1] + starts[2];
	printf("  %u lives\n", ends);
	EXPECT(ends > 300 && !off && !reset);
}
