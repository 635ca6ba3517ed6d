/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GIC and the timers as trees have them: parts too small, timers in all the
 * ways of writing them.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 */
#include <boot/arena.h>
#include <boot/machine.h>
#include <boot/tree.h>
#include <drivers/timer.h>
#include <fake_log.h>
#include <test.h>
#include <virt_tree.h>

static u64 tree[VIRT_SIZE / 8];
static struct machine m;

static enum err scan(const struct virt *v)
{
	arena_release(0);
	log_forget();
	virt_tree(tree, v);
	EXPECT_EQ(tree_check(tree), OK);
	return machine_scan(&m, tree, 48);
}

/* The reg is refused, and the sentence names node, part, found and expected. */
static void refused(struct virt v, const char *part, const char *found, const char *expected)
{
	EXPECT_EQ(scan(&v), ERR_FORMAT);
	EXPECT(strstr(log_first, "intc@8000000") != NULL);
	EXPECT(strstr(log_first, part) != NULL);
	EXPECT(strstr(log_first, found) != NULL);
	EXPECT(strstr(log_first, expected) != NULL);
	EXPECT(m.uart.driver != NULL);
}

#define V2(...) ((struct virt){VIRT_DEFAULTS, .gic = 2, .gic_reg = {__VA_ARGS__}})
#define V3(...) ((struct virt){VIRT_DEFAULTS, .gic_reg = {__VA_ARGS__}})

TEST(parts_of_a_gicv2_that_are_too_small)
{
	refused(V2(0x8000000, 0x800, 0x8010000, 0x2000, 0x8030000, 0x1000, 0x8040000, 0x2000),
		"GICD", "0x800 bytes", "0x1000");
	refused(V2(0x8000000, 0x1000, 0x8010000, 0x800, 0x8030000, 0x1000, 0x8040000, 0x2000),
		"GICC", "0x800 bytes", "0x2000");
	refused(V2(0x8000000, 0x1000, 0x8010000, 0x2000, 0x8030000, 0x200, 0x8040000, 0x2000),
		"GICH", "0x200 bytes", "0x1000");
	refused(V2(0x8000000, 0x1000, 0x8010000, 0x2000, 0x8030000, 0x1000, 0x8040000, 0x1000),
		"GICV", "0x1000 bytes", "0x2000");
}

TEST(parts_of_a_gicv3_that_are_too_small)
{
	refused(V3(0x8000000, 0x1000, 0x80a0000, 0x20000), "GICD", "0x1000 bytes", "0x10000");
	refused(V3(0x8000000, 0x10000, 0x80a0000, 0x10000), "GICR", "0x10000 bytes", "0x20000");
}

TEST(parts_that_are_not_aligned)
{
	refused(V2(0x8000000, 0x1000, 0x8010800, 0x2000, 0x8030000, 0x1000, 0x8040000, 0x2000),
		"GICC", "0x8010800", "boundary of 0x1000");
	refused(V3(0x8000000, 0x10000, 0x80a1000, 0x20000), "GICR", "0x80a1000",
		"boundary of 0x10000");
	refused(V3(0x8008000, 0x10000, 0x80a0000, 0x20000), "GICD", "0x8008000",
		"boundary of 0x10000");
}

TEST(sizes_that_are_no_pages_are_rounded_up)
{
	struct virt v =
	    V2(0x8000000, 0x1100, 0x8010000, 0x2100, 0x8030000, 0x1800, 0x8040000, 0x2400);

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.gic.dist.size, 0x2000);
	EXPECT_EQ(m.gic.cpu.size, 0x3000);
	EXPECT_EQ(m.gic.hyp.size, 0x2000);
	EXPECT_EQ(m.gic.vcpu.size, 0x3000);
}

static void something_at_8011000(void *t)
{
	t_node(t, "rng@8011000");
	T_CELLS(t, "reg", 0, 0x8011000, 0, 0x1000);
	t_end(t);
}

TEST(a_cpu_interface_of_one_page_gets_its_second)
{
	struct virt v =
	    V2(0x8000000, 0x1000, 0x8010000, 0x1000, 0x8030000, 0x1000, 0x8040000, 0x2000);

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.gic.cpu.size, 0x2000);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	v.root = something_at_8011000;
	EXPECT_EQ(scan(&v), ERR_FORMAT);
	EXPECT(log_says("0x8011000"));
	v.root = NULL;
	v.gic_reg[4] = 0x8011000;
	EXPECT_EQ(scan(&v), ERR_FORMAT);
	v.gic_reg[4] = 0x8030000;
	v.ram_base = 0x8011000;
	EXPECT_EQ(scan(&v), ERR_FORMAT);
}

TEST(parts_that_are_missing)
{
	struct virt v = {VIRT_DEFAULTS, .gic_reg = {0x8000000, 0x10000, 0x80a0000, 0}};

	EXPECT_EQ(scan(&v), ERR_FORMAT);
	EXPECT(log_says("does not name all parts of a GICv3"));
}

TEST(a_gic_in_ram_is_refused)
{
	EXPECT_EQ(scan(&V3(0x8000000, 0x10000, 0x48000000, 0x20000)), ERR_FORMAT);
	EXPECT(log_says("GICR at 0x48000000"));
}

TEST(strides)
{
	struct virt v = {VIRT_DEFAULTS, .gic_stride = 0x40000};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.gic.redist_stride, 0x40000);
	v.gic_stride = 0x10000; /* a frame is larger */
	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.gic.redist_stride, 0);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	v.gic_stride = 0x28000;
	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.gic.redist_stride, 0);
	v.gic_stride = 0x1000000; /* larger than the region */
	EXPECT_EQ(scan(&v), ERR_FORMAT);
}

/* Like the FVP and Versatile Express: numbers on a bus, mapped to the GIC's. */
static void add_mapped_uart(void *t)
{
	t_node(t, "bus");
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 1);
	t_cell(t, "#interrupt-cells", 1);
	T_CELLS(t, "interrupt-map-mask", 0, 0, 63);
	T_CELLS(t, "interrupt-map", 0, 0, 4, 0x8003, 0, 0, 0, 40, 4, 0, 0, 5, 0x8003, 0, 0, 0, 41,
		4);
	T_CELLS(t, "ranges", 0, 0, 0, 0x1c000000, 0x1000000);
	t_node(t, "inner");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "ranges", 0, 0, 0, 0x1000000);
	t_node(t, "serial@90000");
	t_text(t, "compatible", "arm,pl011");
	T_CELLS(t, "reg", 0x90000, 0x1000);
	t_cell(t, "interrupts", 5);
	t_end(t);
	t_node(t, "serial@a0000");
	t_text(t, "compatible", "arm,pl011");
	T_CELLS(t, "reg", 0xa0000, 0x1000);
	t_cell(t, "interrupts", 6);
	t_end(t);
	t_node(t, "serial@b0000");
	t_text(t, "compatible", "arm,pl011");
	T_CELLS(t, "reg", 0xb0000, 0x1000);
	t_cell(t, "interrupt-parent", 0x8003);
	T_CELLS(t, "interrupts", 0, 50, 4);
	t_end(t);
	t_end(t);
	t_end(t);
}

TEST(interrupts_through_a_map)
{
	struct virt v = {VIRT_DEFAULTS, .root = add_mapped_uart,
			 .stdout_path = "/bus/inner/serial@90000"};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0x1c090000);
	EXPECT_EQ(m.uart.intid, 32 + 41);
	v.stdout_path = "/bus/inner/serial@a0000"; /* not in the map */
	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.intid, 0);
	v.stdout_path = "/bus/inner/serial@b0000";
	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.intid, 32 + 50);
}

static void timer(void *t, const char *names, size_t names_size, const char *property,
		  const u32 *cells, u32 nr)
{
	t_node(t, "timer");
	t_text(t, "compatible", "arm,armv8-timer");
	if (*names)
		must(fdt_property(t, "interrupt-names", names, (int)names_size));
	t_cells(t, property, cells, nr);
	t_end(t);
}

#define TIMER(t, names, property, ...)                                                             \
	timer(t, names, sizeof("" names), property, (u32[]){__VA_ARGS__},                          \
	      sizeof((u32[]){__VA_ARGS__}) / 4)
#define IN_ORDER ""

static void timer_without_hyp(void *t)
{
	TIMER(t, IN_ORDER, "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4);
}

static void timer_not_private(void *t)
{
	TIMER(t, IN_ORDER, "interrupts", 1, 13, 4, 1, 14, 4, 0, 11, 4, 1, 10, 4);
}

static void timer_unknown(void *t)
{
	t_node(t, "timer");
	t_text(t, "compatible", "arm,armv7-timer-mem");
	t_end(t);
}

TEST(a_machine_without_our_timers_is_refused)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_without_hyp}), ERR_NOT_FOUND);
	EXPECT(log_says("hypervisor"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_not_private}), ERR_NOT_FOUND);
	EXPECT(log_says("virtual"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_unknown}), ERR_NOT_FOUND);
	EXPECT(log_says("arm,armv8-timer"));
}

static void timer_of_four_cells(void *t)
{
	TIMER(t, IN_ORDER, "interrupts", 1, 13, 8, 0, 1, 14, 8, 0, 1, 11, 8, 0, 1, 10, 8, 0);
}

static void timer_with_names(void *t)
{
	TIMER(t, "phys\0virt\0hyp-phys", "interrupts", 1, 14, 4, 1, 11, 4, 1, 10, 4);
}

static void timer_extended(void *t)
{
	TIMER(t, IN_ORDER, "interrupts-extended", 0x8003, 1, 13, 4, 0x8003, 1, 14, 4, 0x8003, 1, 11,
	      4, 0x8003, 1, 10, 4);
}

static void timer_of_a64(void *t)
{
	t_node(t, "timer");
	t_text(t, "compatible", "arm,armv8-timer");
	must(fdt_property(t, "allwinner,erratum-unknown1", NULL, 0));
	t_cells(t, "interrupts", (u32[]){1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4}, 12);
	t_end(t);
}

/* A counter that is wrong at times says so in the tree. */
TEST(timer_errata)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS}), OK);
	EXPECT_EQ(m.timer_faults, 0);
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_of_a64}), OK);
	EXPECT_EQ(m.timer_faults, TIMER_A64);
	EXPECT_EQ(m.timer[TIMER_VIRTUAL], 27);
}

/* The RK3399's GIC has four cells; names may leave out what is not there. */
TEST(timers_in_all_spellings)
{
	EXPECT_EQ(
	    scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_of_four_cells, .interrupt_cells = 4}),
	    OK);
	EXPECT_EQ(m.timer[TIMER_SECURE], 29);
	EXPECT_EQ(m.timer[TIMER_VIRTUAL], 27);
	EXPECT_EQ(m.timer[TIMER_HYP], 26);
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_with_names}), OK);
	EXPECT_EQ(m.timer[TIMER_SECURE], 0);
	EXPECT_EQ(m.timer[TIMER_PHYSICAL], 30);
	EXPECT_EQ(m.timer[TIMER_HYP], 26);
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .timer = timer_extended}), OK);
	EXPECT_EQ(m.timer[TIMER_PHYSICAL], 30);
	EXPECT_EQ(m.timer[TIMER_VIRTUAL], 27);
}
