/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog against a model that is the specification's description, evaluated at each
 * count: registers, both signals, and when they come, with accesses from two CPUs.
 * sources: el2/vdev/vwatchdog.c
 */
#include <el2/cpu_timer.h>
#include <el2/partition.h>
#include <string.h>
#include <test.h>

#define NR_CPUS 2
#define NR_VCPUS 40
#define INTID 47
#define WRR 0
#define WCS 0
#define WOR 8
#define WCV 0x10
#define W_IIDR 0xfcc
#define STEPS 300000

static u64 now;
static struct cpu two_cpus[NR_CPUS];
struct cpu *cpus = two_cpus;
static struct partition two[2];
struct partition *partitions = two;
u32 nr_partitions = 2;
static struct vcpu vcpus[NR_VCPUS];
static struct partition_config config;
static struct vwatchdog *const w = &two[1].watchdog;
static struct mmio_region regions[2];

/* ---- around it ---- */

static u64 asked[NR_CPUS]; /* when a CPU is to look; 0: not */
static u32 looks;          /* how often one did */
static bool line, stopped;
static u64 pending; /* events: of each vCPU */
static u32 raised;  /* how many */

static u32 here(void)
{
	return (u32)(this_cpu() - two_cpus);
}

u64 timer_now(void)
{
	return now;
}

/* The least period is so many 1024ths of it. */
static u64 frequency;

u64 timer_frequency(void)
{
	return frequency;
}

void cpu_timer_at(enum cpu_timer_user user, u64 then, u64 at)
{
	EXPECT(user == CPU_TIMER_WATCHDOG && at == now);
	if (!asked[here()] || then < asked[here()])
		asked[here()] = then;
}

void vgic_set_level(struct partition *p, u32 intid, bool level)
{
	EXPECT(p == &two[1] && intid == INTID && level != line);
	line = level;
}

void vsdei_raise(struct vcpu *v, u32 slot)
{
	EXPECT_EQ(slot, SDEI_WATCHDOG);
	pending |= BIT(v->index);
	raised++;
}

bool vsdei_cancel(struct vcpu *v, u32 slot)
{
	EXPECT_EQ(slot, SDEI_WATCHDOG);
	pending &= ~BIT(v->index);
	return true;
}

bool partition_stop(struct partition *p, enum stop_reason reason)
{
	EXPECT(p == &two[1] && reason == STOP_WATCHDOG && lock_held(&p->watchdog.lock));
	stopped = true;
	return true;
}

/* ---- the model ---- */

static struct {
	u64 offset, compare;
	bool enabled, ws0, ws1;
} m;

static void model_explicit_refresh(void)
{
	m.compare = now + m.offset;
	m.ws0 = m.ws1 = false;
}

static void model_count(void)
{
	bool timeout = now > m.compare;

	if (timeout && !m.ws0)
		m.compare = now + m.offset;
	if (!m.enabled)
		m.ws0 = m.ws1 = false;
	else if (timeout && m.ws0)
		m.ws1 = true;
	else if (timeout)
		m.ws0 = true;
}

static void model_write(u64 reg, u32 value)
{
	u64 low = UINT32_MAX;

	switch (reg) {
	case WCS:
		m.enabled = value & 1;
		break;
	case WOR:
		m.offset = (m.offset & ~low) | value;
		break;
	case WOR + 4:
		m.offset = (m.offset & low) | (u64)(value & 0xffff) << 32;
		break;
	case WCV:
		m.compare = (m.compare & ~low) | value;
		return;
	case WCV + 4:
		m.compare = (m.compare & low) | (u64)value << 32;
		return;
	default:
		return;
	}
	model_explicit_refresh();
}

/* ---- the guest ---- */

static u32 access_reg(u32 frame, u64 offset, bool write, u32 value)
{
	struct mmio_access a = {
	    .offset = offset, .size = 4, .write = write, .value = write ? value : 0};

	EXPECT_EQ(regions[frame].access(&vcpus[0], regions[frame].device, &a), MMIO_DONE);
	EXPECT(!lock_held(&w->lock));
	return (u32)a.value;
}

static u32 get(u64 offset)
{
	return access_reg(0, offset, false, 0);
}

static void put(u64 offset, u32 value)
{
	access_reg(0, offset, true, value);
	model_write(offset, value);
}

static void ping(void)
{
	access_reg(1, WRR, true, 0);
	model_explicit_refresh();
}

static void on_cpu(u32 cpu)
{
	host_TPIDR_EL2 = (u64)&two_cpus[cpu];
}

static void count_one(void)
{
	u32 was = here();

	now++;
	model_count();
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!asked[cpu] || asked[cpu] > now)
			continue;
		asked[cpu] = 0;
		on_cpu(cpu);
		vwatchdog_timer(&two[1], now);
		looks++;
	}
	on_cpu(was);
}

static void count(u64 ticks)
{
	while (ticks--)
		count_one();
}

static u32 nr_vcpus;

static void compare(void)
{
	u32 status = (m.enabled ? VWATCHDOG_ENABLED : 0) | (m.ws0 ? VWATCHDOG_WS0 : 0) |
		     (m.ws1 ? VWATCHDOG_WS1 : 0);

	EXPECT_EQ(w->status, status);
	EXPECT_EQ(w->offset, m.offset);
	if (m.enabled)
		EXPECT_EQ(w->compare, m.compare);
	EXPECT_EQ(line, m.ws0);
	EXPECT(stopped || !m.ws1);
}

static void start(void)
{
	frequency = 0;
	nr_vcpus = 3;
	memset(two, 0, sizeof(two));
	memset(&m, 0, sizeof(m));
	memset(asked, 0, sizeof(asked));
	line = stopped = false;
	pending = raised = looks = 0;
	now = 1000;
	config = (struct partition_config){.watchdog = {{0x1000, 0x1000}, {0x3000, 0x1000}, INTID}};
	two[0].config = two[1].config = &config;
	two[1].vcpus = vcpus;
	two[1].nr_vcpus = nr_vcpus;
	for (u32 i = 0; i < NR_VCPUS; i++) {
		vcpus[i].index = i;
		vcpus[i].sdei.registered = i == 1 ? 0 : 1U << SDEI_WATCHDOG;
	}
	on_cpu(0);
	EXPECT_EQ(vwatchdog_regions(&two[1], regions), 2);
}

/* ---- tests ---- */

TEST(registers)
{
	struct mmio_access a = {.size = 8};

	start();
	for (u64 offset = 0; offset < PAGE_SIZE; offset += 4) {
		u32 value = offset == W_IIDR ? 0x54010000 : 0;

		access_reg(1, offset, offset != WRR, ~0U);
		EXPECT_EQ(access_reg(1, offset, false, 0), value);
		if (offset < WCV || offset > WCV + 4)
			EXPECT_EQ(get(offset), value);
		if (offset > WCV + 4) {
			access_reg(0, offset, true, ~0U);
			EXPECT_EQ(get(offset), value);
		}
	}
	put(WOR, 0x89abcdef);
	put(WOR + 4, ~0U);
	EXPECT_EQ(get(WOR), 0x89abcdef);
	EXPECT_EQ(get(WOR + 4), 0xffff);
	put(WCS, ~0U);
	EXPECT_EQ(get(WCS), VWATCHDOG_ENABLED);
	put(WCV + 4, 0x1234);
	put(WCV, 0x5678);
	EXPECT_EQ(get(WCV), 0x5678);
	EXPECT_EQ(get(WCV + 4), 0x1234);
	for (a.size = 1; a.size <= 8; a.size = (u8)(a.size * 2))
		for (u32 frame = 0; frame < 2 && a.size != 4; frame++)
			EXPECT_EQ(regions[frame].access(NULL, w, &a), MMIO_FAULT);
}

/* The watchdog times out when the counter is greater, twice. */
TEST(two_signals)
{
	start();
	put(WOR, 100);
	put(WCS, 1);
	count(100);
	EXPECT(!line && w->status == VWATCHDOG_ENABLED);
	count(1);
	EXPECT(line && !stopped && pending == 5 && raised == 2);
	EXPECT_EQ(get(WCV), now + 100);
	count(100);
	EXPECT(!stopped);
	count(1);
	EXPECT(stopped && line);
	EXPECT_EQ(get(WCS), VWATCHDOG_ENABLED | VWATCHDOG_WS0 | VWATCHDOG_WS1);
	EXPECT_EQ(looks, 2);
	compare();
	count(1000);
	EXPECT(looks == 2 && raised == 2);
}

TEST(each_refresh_clears)
{
	start();
	put(WOR, 10);
	put(WCS, 1);
	for (u32 how = 0; how < 4; how++) {
		count(11);
		EXPECT(line && pending == 5);
		how == 0   ? ping()
		: how == 1 ? put(WCS, 1)
		: how == 2 ? put(WOR, 10)
			   : put(WOR + 4, 0);
		EXPECT(!line && !pending && !stopped);
		EXPECT_EQ(get(WCS), VWATCHDOG_ENABLED);
		compare();
	}
	count(11);
	put(WCS, 0);
	EXPECT(!line && get(WCS) == 0);
	count(100);
	EXPECT(!line && !stopped);
}

/* A watchdog that is refreshed costs a look per period, and nothing once it is off. */
TEST(refreshing_is_cheap)
{
	start();
	put(WOR, 1000);
	put(WCS, 1);
	for (u32 i = 0; i < 1000; i++) {
		count(10);
		on_cpu(i % 2);
		ping();
	}
	EXPECT(looks <= 11 && !raised);
	put(WCS, 0);
	count(2000);
	looks = 0;
	count(10000);
	EXPECT_EQ(looks, 0);
}

/* The guest sets the shortest period on one CPU and refreshes on the other: the first, which may
 * be another partition's, looks once in the least period. */
TEST(a_keeper_is_not_bothered)
{
	start();
	frequency = 1024 * 1000;
	for (u32 period = 0; period < 3000; period += period < 10 ? 1 : 1000) {
		put(WOR, period);
		put(WCS, 1);
		looks = 0;
		on_cpu(1);
		for (u32 i = 0; i < 100000; i++) {
			ping();
			now++;
			if (asked[0] && asked[0] <= now) {
				asked[0] = 0;
				on_cpu(0);
				vwatchdog_timer(&two[1], now);
				looks++;
				on_cpu(1);
			}
		}
		EXPECT(looks && looks <= 101);
		on_cpu(0);
		stopped = false;
		put(WCS, 0);
		count(2000);
		EXPECT(!asked[0]);
	}
}

/* Many vCPUs are told in pieces, of the last signal alone. */
TEST(all_vcpus_are_told)
{
	start();
	two[1].nr_vcpus = NR_VCPUS;
	for (u32 i = 0; i < NR_VCPUS; i++)
		vcpus[i].sdei.registered = 1U << SDEI_WATCHDOG;
	frequency = 1024 * 5;
	put(WOR, 1000);
	put(WCS, 1);
	count(1001);
	EXPECT_EQ(raised, 16);
	count(5);
	EXPECT_EQ(raised, 32);
	count(5);
	EXPECT(raised == NR_VCPUS && pending == BIT(NR_VCPUS) - 1);
	ping();
	EXPECT_EQ(pending, (BIT(NR_VCPUS) - 1) & ~0xffffUL);
	count(10);
	EXPECT(!pending && raised == NR_VCPUS && !line);
}

/* The CPU that had to look is told by nobody; the other one does. */
TEST(an_earlier_time_from_another_cpu)
{
	start();
	put(WOR, 1000);
	put(WCS, 1);
	on_cpu(1);
	put(WOR, 10);
	EXPECT(w->timer_owner == &cpus[1] && asked[1] == now + 11);
	count(11);
	EXPECT(line);
	ping();
	put(WOR, 5000);
	count(1000); /* cpu0 looks for nothing */
	on_cpu(0);
	put(WOR, 10);
	count(11);
	EXPECT(line && !stopped);
	compare();
}

TEST(reset)
{
	start();
	put(WOR, 10);
	put(WCS, 1);
	count(15);
	EXPECT(line && pending);
	vwatchdog_reset(&two[1]); /* the vGIC and the vCPUs forget by themselves */
	EXPECT(!get(WCS) && !get(WOR));
	looks = 0;
	count(1000);
	EXPECT(looks <= 1 && !stopped);
	vwatchdog_reset(&two[0]); /* it has none */
	EXPECT_EQ(vwatchdog_regions(&two[0], regions), 2);
	config.watchdog.intid = 0;
	EXPECT_EQ(vwatchdog_regions(&two[0], regions), 0);
}

/* What the guest does when it is not served in time is its gain. */
TEST(noticed_late)
{
	start();
	put(WOR, 10);
	put(WCS, 1);
	now += 100;
	on_cpu(0);
	vwatchdog_timer(&two[1], now);
	EXPECT(line && !stopped);
	EXPECT_EQ(get(WCV), now + 10);
	now += 100;
	ping(); /* too late: the second signal was due */
	EXPECT(stopped && !line);
}

static void random_access(void)
{
	static const u64 regs[] = {WCS, WOR, WOR + 4, WCV, WCV + 4, 4, W_IIDR};
	u64 r = test_random();
	u64 reg = regs[r % ARRAY_SIZE(regs)];
	u32 value = (u32)(r >> 8 & 0x3f);

	on_cpu(r >> 40 & 1);
	if (r >> 16 & 1)
		ping();
	else if (reg == WCV)
		put(reg, (u32)now + value - 8);
	else if (reg == WOR + 4 || reg == WCV + 4)
		put(reg, r >> 17 & 7 ? 0 : value);
	else if (reg == WCS)
		put(reg, value & 7 ? ~0U : 0);
	else
		put(reg, value);
	compare();
}

TEST(against_the_model)
{
	u32 signals[2] = {0};

	start();
	test_seed(20261121);
	for (u32 i = 0; i < STEPS; i++) {
		bool ws0 = m.ws0, ws1 = m.ws1;

		count(test_random() % 4 ? 1 : test_random() % 50);
		compare();
		signals[0] += m.ws0 && !ws0;
		signals[1] += m.ws1 && !ws1;
		if (test_random() % 3 == 0)
			random_access();
		stopped = m.ws1;
	}
	EXPECT(signals[0] > STEPS / 100 && signals[1] > STEPS / 100);
}
