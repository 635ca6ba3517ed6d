/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions with memory of their own, in a machine whose RAM is a buffer here, and
 * their trees, read back with libfdt's searches.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/payload/image.c boot/payload/foreign.c boot/payload/a64.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 * sources: boot/fdt/reloc.c boot/layout/guest_tree_nodes.c boot/layout/plan_load.c
 * sources: boot/layout/layout.c boot/layout/layout_paged.c boot/layout/layout_tree.c
 * sources: boot/layout/layout_platform.c boot/config/partial_dt.c boot/layout/layout_partial.c
 * sources: lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/layout.h>
#include <boot/layout_channel.h>
#include <boot/tree.h>
#include <boot/virt_map.h>
#include <fake_log.h>
#include <libfdt.h>
#include <test.h>
#include <virt_tree.h>

#define RAM_SIZE MIB(64)
#define KERNEL_SIZE 0x2f10
#define MEMORY MIB(16)

static u8 ram[RAM_SIZE] __attribute__((aligned(0x200000)));
static u64 tree[VIRT_SIZE / 8];
static struct machine m;
static struct ranges free_memory;
static struct partition_spec spec;
static struct plan plan;

const struct uart_driver uart_pl011 = {.compatible = "arm,pl011"};

u8 stage2_bits_for(u64 top)
{
	return top > BIT(36) ? 44 : top > BIT(32) ? 36 : 32;
}

struct gic gic = {.nr_intids = 288};

/* There are no channels. */
u32 layout_channels_intids(const struct partition_config *config)
{
	return config->nr_channels;
}

enum err layout_channels_interrupts(struct partition_config *config)
{
	config->spi_emulated = NULL;
	return OK;
}

u32 layout_channels_room(const struct partition_config *config)
{
	return config->nr_channels;
}

void layout_channels_write(struct tree_writer *w)
{
	EXPECT_EQ(w->err, 0);
}

/* A raw kernel 8 MiB into RAM, a ramdisk at 12 MiB; nothing else occupies it. */
static void start(struct virt v)
{
	arena_release(0);
	log_forget();
	v.ram_base = (u64)ram;
	v.ram_size = RAM_SIZE;
	virt_tree(tree, &v);
	EXPECT_EQ(machine_scan(&m, tree, 48), OK);
	memset(ram + MIB(8), 0x9a, KERNEL_SIZE);
	spec = (struct partition_spec){
	    .path = "/chosen/alpha",
	    .name = "alpha",
	    .nr_vcpus = 2,
	    .memory = MEMORY,
	    .vpl011 = true,
	    .nr_spis = 32,
	    .kernel = {.range = {(u64)ram + MIB(8), KERNEL_SIZE}, .bootargs = "quiet"},
	    .ramdisk = {.range = {(u64)ram + MIB(12), 0x1234}},
	    .sdei = true,
	};
	plan = (struct plan){0};
	free_memory = (struct ranges){0};
	EXPECT_EQ(ranges_add(&free_memory, (struct range){(u64)ram + MIB(16), MIB(48)}), OK);
}

static enum err make(void)
{
	enum err err = layout_reserve(&plan, &spec, &m, &free_memory);

	return err ? err : layout_plan(&plan, &spec, &m);
}

static struct range ram_of_guest(void)
{
	return (struct range){plan.config.memory_pa[0], plan.config.memory[0].size};
}

TEST(memory_is_its_own)
{
	const struct partition_config *c = &plan.config;

	start((struct virt){VIRT_DEFAULTS});
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->nr_memory, 1);
	EXPECT_EQ(c->memory[0].base, VIRT_MAP_RAM);
	EXPECT_EQ(c->memory[0].size, MEMORY);
	EXPECT(IS_ALIGNED(c->memory_pa[0], MIB(2)));
	EXPECT(range_contains((struct range){(u64)ram + MIB(16), MIB(48)}, ram_of_guest()));
	EXPECT(!ranges_touching(&free_memory, ram_of_guest()));
	EXPECT(!ranges_touching(&free_memory, plan.tree));
	EXPECT(!ranges_overlap(ram_of_guest(), plan.tree));
	EXPECT_EQ(c->ipa_bits, 32);
}

/* Cleared first, then kernel, ramdisk and tree, all inside and apart. */
TEST(loading_starts_with_clearing)
{
	const struct partition_config *c = &plan.config;

	start((struct virt){VIRT_DEFAULTS});
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->nr_load, 4);
	EXPECT_EQ(c->load[0].size, 0);
	EXPECT_EQ(c->load[0].fill, MEMORY);
	EXPECT_EQ(c->load[0].to, c->memory_pa[0]);
	EXPECT_EQ(c->load[1].from, (u64)ram + MIB(8));
	EXPECT_EQ(c->load[1].to, c->memory_pa[0] + KIB(512));
	EXPECT_EQ(c->entry, VIRT_MAP_RAM + KIB(512));
	for (u32 i = 1; i < c->nr_load; i++) {
		struct range to = {c->load[i].to, c->load[i].size + c->load[i].fill};

		EXPECT(range_contains(ram_of_guest(), to));
		for (u32 k = 1; k < i; k++)
			EXPECT(!ranges_overlap(to, (struct range){c->load[k].to, c->load[k].size}));
	}
	EXPECT(range_contains(c->memory[0], (struct range){c->entry_x0, 8}));
	EXPECT_EQ(c->load[3].from, plan.tree.base);
	EXPECT_EQ(c->load[3].to - c->memory_pa[0], c->entry_x0 - VIRT_MAP_RAM);
}

TEST(two_do_not_meet)
{
	struct range first;

	start((struct virt){VIRT_DEFAULTS});
	EXPECT_EQ(make(), OK);
	first = ram_of_guest();
	plan = (struct plan){0};
	EXPECT_EQ(make(), OK);
	EXPECT(!ranges_overlap(first, ram_of_guest()));
	plan = (struct plan){0};
	EXPECT_EQ(make(), ERR_NO_MEMORY);
	EXPECT(log_says("/chosen/alpha") && log_says("not left"));
}

TEST(what_does_not_fit)
{
	start((struct virt){VIRT_DEFAULTS});
	spec.memory = KIB(512);
	EXPECT_EQ(make(), ERR_RANGE);
	EXPECT(log_says("does not fit") || log_says("outside"));
	start((struct virt){VIRT_DEFAULTS});
	spec.nr_spis = 988;
	spec.spis = (u32[]){300};
	spec.nr_spi = 1;
	spec.tree.path = "/chosen/alpha/tree";
	EXPECT_EQ(make(), ERR_RANGE);
	EXPECT(log_says("/chosen/alpha/tree: interrupts: found SPI 268: this machine has 256"));
}

static u32 cell(const void *fdt, const char *path, const char *name, int i)
{
	int len, node = fdt_path_offset(fdt, path);
	const fdt32_t *p = node < 0 ? NULL : fdt_getprop(fdt, node, name, &len);

	EXPECT(p && len > i * 4);
	return p && len > i * 4 ? fdt32_to_cpu(p[i]) : ~0U;
}

static const char *string(const void *fdt, const char *path, const char *name)
{
	int node = fdt_path_offset(fdt, path);
	const char *p = node < 0 ? NULL : fdt_getprop(fdt, node, name, NULL);

	EXPECT(p != NULL);
	return p ? p : "";
}

static void expect_tree(bool v3)
{
	const void *fdt = (const void *)plan.tree.base;
	const char *intc = "/intc@8000000";

	EXPECT_EQ(fdt_check_header(fdt), 0);
	EXPECT(!strcmp(string(fdt, "/chosen", "bootargs"), "quiet"));
	EXPECT(!strcmp(string(fdt, "/chosen", "stdout-path"), "/pl011@9000000"));
	EXPECT_EQ(cell(fdt, "/memory@40000000", "reg", 1), VIRT_MAP_RAM);
	EXPECT_EQ(cell(fdt, "/memory@40000000", "reg", 3), MEMORY);
	EXPECT(!strcmp(string(fdt, "/cpus/cpu@1", "enable-method"), "psci"));
	EXPECT(fdt_path_offset(fdt, "/cpus/cpu@2") < 0);
	EXPECT(!strcmp(string(fdt, intc, "compatible"), v3 ? "arm,gic-v3" : "arm,cortex-a15-gic"));
	EXPECT_EQ(cell(fdt, intc, "reg", 1), VIRT_MAP_GICD);
	EXPECT_EQ(cell(fdt, intc, "reg", 5), v3 ? VIRT_MAP_GICR : VIRT_MAP_GICC);
	EXPECT_EQ(cell(fdt, "/", "interrupt-parent", 0), cell(fdt, intc, "phandle", 0));
	EXPECT_EQ(cell(fdt, "/pl011@9000000", "interrupts", 1), 1);
	EXPECT_EQ(cell(fdt, "/pl011@9000000", "clocks", 0),
		  cell(fdt, "/tocsin-uart-clock", "phandle", 0));
	EXPECT_EQ(cell(fdt, "/timer", "interrupts", 7), 11); /* virtual: third of the list */
	EXPECT(!strcmp(string(fdt, "/firmware/sdei", "method"), "hvc"));
	EXPECT(!strcmp(string(fdt, "/hypervisor", "compatible"), "tocsin,tocsin"));
}

TEST(trees_of_both_interrupt_controllers)
{
	struct virt v = {VIRT_DEFAULTS};

	start(v);
	EXPECT_EQ(make(), OK);
	expect_tree(true);
	EXPECT_EQ(plan.config.gicr[0].size, 2 * KIB(128));
	v.gic = 2;
	start(v);
	EXPECT_EQ(make(), OK);
	expect_tree(false);
}

TEST(with_a_watchdog)
{
	const char *path = "/watchdog@90d0000";

	start((struct virt){VIRT_DEFAULTS});
	spec.watchdog = true;
	spec.nr_spis = 0;
	EXPECT_EQ(make(), OK);
	EXPECT(!strcmp(string((const void *)plan.tree.base, path, "compatible"), "arm,sbsa-gwdt"));
	/* the binding has the control frame first */
	EXPECT_EQ(cell((const void *)plan.tree.base, path, "reg", 1), VIRT_MAP_WATCHDOG);
	EXPECT_EQ(cell((const void *)plan.tree.base, path, "reg", 5), VIRT_MAP_WATCHDOG_REFRESH);
	EXPECT_EQ(cell((const void *)plan.tree.base, path, "interrupts", 1), 15);
	EXPECT_EQ(plan.config.watchdog.intid, 47);
	EXPECT(plan.config.nr_intids > 47);
}

TEST(without_console_and_sdei)
{
	const void *fdt;

	start((struct virt){VIRT_DEFAULTS});
	spec.vpl011 = spec.sdei = false;
	EXPECT_EQ(make(), OK);
	fdt = (const void *)plan.tree.base;
	EXPECT(fdt_path_offset(fdt, "/pl011@9000000") < 0);
	EXPECT(fdt_path_offset(fdt, "/firmware") < 0);
	EXPECT(fdt_path_offset(fdt, "/watchdog@90d0000") < 0);
	EXPECT_EQ(plan.config.watchdog.intid, 0);
	EXPECT(!fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", NULL));
}

/* RAM, platform and what is Tocsin's own, all at the machine's addresses. */
static void expect_direct(u8 version)
{
	struct spec_memory given = {(u64)ram + MIB(32), {(u64)ram + MIB(32), MIB(16)}};
	struct virt v = {VIRT_DEFAULTS, .gic_reg = {0x6000000, 0x10000, 0x6100000, 0x20000}};
	const struct partition_config *c = &plan.config;
	char path[48];

	v.gic = version;
	if (version == 2)
		memcpy(&v.gic_reg[4], (u64[]){0x6200000, 0x10000, 0x6300000, 0x20000}, 32);
	else
		v.gic_reg[3] = 0x80000;
	start(v);
	spec.direct_map = true;
	spec.memory = 0;
	spec.given = &given;
	spec.nr_given = 1;
	EXPECT_EQ(ranges_remove(&free_memory, given.pa), OK);
	EXPECT_EQ(make(), OK);
	EXPECT(c->memory[0].base == given.ipa && c->memory_pa[0] == given.pa.base);
	EXPECT_EQ(c->entry, given.ipa + KIB(512));
	EXPECT_EQ(c->gicd.base, 0x6000000);
	EXPECT_EQ(c->uart.base, m.uart.regs.base);
	EXPECT_EQ(c->uart_intid, m.uart.intid);
	EXPECT_EQ(c->pvtime.ipa, c->pvtime.pa);
	EXPECT(!range_contains(given.pa, (struct range){c->pvtime.pa, 1}));
	EXPECT(c->ipa_bits > 32);
	EXPECT_EQ(cell((void *)plan.tree.base, "/intc@6000000", "reg", 5), 0x6100000);
	EXPECT_EQ(cell((void *)plan.tree.base, "/intc@6000000", "reg", 7),
		  version == 3 ? 2 * KIB(128) : 0x20000);
	snprintf(path, sizeof(path), "/memory@%lx", given.ipa);
	EXPECT_EQ(cell((void *)plan.tree.base, path, "reg", 1), (u32)given.ipa);
	EXPECT_EQ(cell((void *)plan.tree.base, path, "reg", 0), (u32)(given.ipa >> 32));
}

TEST(direct_mapped)
{
	expect_direct(3);
	expect_direct(2);
}

/* What lies across the border of two regions is loaded in two pieces. */
TEST(memory_in_pieces)
{
	struct spec_memory given[] = {
	    {VIRT_MAP_RAM, {(u64)ram + MIB(40), MIB(1)}},
	    {VIRT_MAP_RAM + MIB(1), {(u64)ram + MIB(32), MIB(8)}},
	};
	const struct partition_config *c = &plan.config;
	u64 loaded = 0;

	start((struct virt){VIRT_DEFAULTS});
	spec.memory = 0;
	spec.given = given;
	spec.nr_given = 2;
	spec.kernel.range.size = MIB(1);
	EXPECT_EQ(ranges_remove(&free_memory, (struct range){(u64)ram + MIB(32), MIB(9)}), OK);
	EXPECT_EQ(make(), OK);
	EXPECT(c->load[2].to == given[0].pa.base + KIB(512) && c->load[2].size == KIB(512));
	for (u32 i = 2; i < c->nr_load; i++) {
		struct range to = {c->load[i].to, c->load[i].size + c->load[i].fill};

		loaded +=
		    c->load[i].from >= (u64)ram + MIB(8) && c->load[i].from < (u64)ram + MIB(9)
			? c->load[i].size
			: 0;
		EXPECT(range_contains(given[0].pa, to) || range_contains(given[1].pa, to));
	}
	EXPECT_EQ(loaded, MIB(1));
}

static u64 part[0x1000 / 8];

/* With a clock, a device on the guest's interrupt controller, which has this phandle or, if
 * 0, no node, and one behind a controller of its own. */
static void write_part(u32 intc)
{
	must(fdt_create(part, sizeof(part)));
	must(fdt_finish_reservemap(part));
	t_node(part, "");
	t_cell(part, "interrupt-parent", 77);
	if (intc) {
		t_node(part, "gic");
		t_cell(part, "phandle", intc);
		t_end(part);
	}
	t_node(part, "passthrough");
	t_cell(part, "interrupt-parent", intc ? intc : 0x1234);
	t_node(part, "clock");
	t_cell(part, "phandle", 0xfde9);
	t_end(part);
	t_node(part, "serial@1000");
	t_text(part, "xen,path", "/serial@b000000");
	t_text(part, "tocsin,path", "/serial@b000000");
	T_CELLS(part, "interrupts", 0, 40, 4);
	t_cell(part, "clocks", 0xfde9);
	T_CELLS(part, "interrupts-extended", intc ? intc : 7, 0, 41, 4);
	t_end(part);
	t_node(part, "gpio@2000");
	t_cell(part, "phandle", intc ? 5 : 0xfde8);
	t_end(part);
	t_node(part, "key");
	t_cell(part, "interrupt-parent", intc ? 5 : 0xfde8);
	t_end(part);
	t_end(part);
	t_node(part, "chosen");
	t_text(part, "bootargs", "not mine");
	t_end(part);
	t_node(part, "__symbols__");
	t_end(part);
	t_end(part);
	must(fdt_finish(part));
}

static void expect_part(u32 intc)
{
	const struct partition_config *c = &plan.config;
	struct spec_device devices[] = {
	    {.pa = {0xb000000, 0x1000}, .ipa = 0x1000},
	    {.pa = {0xb000000, 0x1000}, .ipa = 0x1000},
	    {.pa = {0, 0}},
	};
	struct quiesce_write quiet = {0xb000038, 0, 4};
	const void *fdt;
	u32 phandle;

	start((struct virt){VIRT_DEFAULTS});
	write_part(intc);
	spec.tree.range = (struct range){(u64)part, fdt_totalsize(part)};
	spec.devices = devices;
	spec.nr_devices = ARRAY_SIZE(devices);
	spec.nr_spis = 64;
	spec.spis = (u32[]){72, 73};
	spec.nr_spi = 2;
	spec.quiesce = &quiet;
	spec.nr_quiesce = 1;
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->nr_devices, 1);
	EXPECT(c->devices[0].base == 0x1000 && c->devices_pa[0] == 0xb000000);
	EXPECT_EQ(c->spi_owned[2], 3 << 8);
	EXPECT(c->quiesce == &quiet && c->nr_quiesce == 1);

	fdt = (const void *)plan.tree.base;
	phandle = cell(fdt, "/intc@8000000", "phandle", 0);
	EXPECT(intc ? phandle == intc : phandle > 0xfde9);
	EXPECT_EQ(cell(fdt, "/", "interrupt-parent", 0), phandle);
	EXPECT_EQ(cell(fdt, "/passthrough", "interrupt-parent", 0), phandle);
	EXPECT_EQ(cell(fdt, "/passthrough/serial@1000", "interrupts-extended", 0), phandle);
	EXPECT_EQ(cell(fdt, "/passthrough/serial@1000", "interrupts-extended", 2), 41);
	EXPECT_EQ(cell(fdt, "/passthrough/serial@1000", "clocks", 0), 0xfde9);
	EXPECT_EQ(cell(fdt, "/passthrough/clock", "phandle", 0), 0xfde9);
	EXPECT_EQ(cell(fdt, "/passthrough/key", "interrupt-parent", 0), intc ? 5 : 0xfde8);
	EXPECT(cell(fdt, "/tocsin-uart-clock", "phandle", 0) > MAX(phandle, 0xfde9));
	EXPECT(!fdt_getprop(fdt, fdt_path_offset(fdt, "/passthrough/serial@1000"), "xen,path", 0));
	EXPECT(
	    !fdt_getprop(fdt, fdt_path_offset(fdt, "/passthrough/serial@1000"), "tocsin,path", 0));
	EXPECT(fdt_path_offset(fdt, "/gic") < 0 && fdt_path_offset(fdt, "/__symbols__") < 0);
	EXPECT(!strcmp(string(fdt, "/chosen", "bootargs"), "quiet"));
}

TEST(nodes_of_devices_are_copied)
{
	expect_part(0);
	expect_part(0x8001);
}

TEST(a_whole_tree_is_not_touched)
{
	const struct partition_config *c = &plan.config;

	start((struct virt){VIRT_DEFAULTS});
	write_part(0);
	spec.tree.range = (struct range){(u64)part, fdt_totalsize(part)};
	spec.tree_whole = true;
	spec.ramdisk.range.size = 0;
	EXPECT_EQ(make(), OK);
	EXPECT_EQ(c->nr_load, 3);
	EXPECT(c->load[2].from == (u64)part && c->load[2].size == fdt_totalsize(part));
	EXPECT_EQ(c->load[2].to - c->memory_pa[0], c->entry_x0 - VIRT_MAP_RAM);
}
