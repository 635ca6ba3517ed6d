/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the machine's tree, and finding room in it.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 * sources: boot/fdt/reloc.c
 */
#include <boot/arena.h>
#include <boot/machine.h>
#include <boot/tree.h>
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

static bool device(u64 base, u64 size)
{
	return ranges_contain(&m.devices, (struct range){base, size});
}

TEST(virt_with_gicv3)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .totalsize = VIRT_SIZE}), OK);
	EXPECT(m.tree.size < 0x1000);
	EXPECT_EQ(m.memory.nr, 1);
	EXPECT_EQ(m.memory.at[0].base, 0x40000000);
	EXPECT_EQ(m.nr_cpus, 2);
	EXPECT_EQ(m.cpus[1].mpidr, 1);
	EXPECT(m.cpus[1].psci);
	EXPECT(m.psci_smc);
	EXPECT_EQ(m.gic.version, 3);
	EXPECT_EQ(m.gic.dist.base, 0x8000000);
	EXPECT_EQ(m.gic.nr_redist, 1);
	EXPECT_EQ(m.gic.redist[0].base, 0x80a0000);
	EXPECT_EQ(m.gic.redist[0].size, 0xf60000);
	EXPECT_EQ(m.gic.maintenance, 25);
	EXPECT_EQ(m.gic_reg_bytes, 32);
	EXPECT_EQ(m.uart.regs.base, 0x9000000);
	EXPECT_EQ(m.uart.intid, 33);
	EXPECT(!strcmp(m.uart_path, "/serial@9000000"));
	EXPECT_EQ(m.timer[TIMER_SECURE], 29);
	EXPECT_EQ(m.timer[TIMER_PHYSICAL], 30);
	EXPECT_EQ(m.timer[TIMER_VIRTUAL], 27);
	EXPECT_EQ(m.timer[TIMER_HYP], 26);
	EXPECT_EQ(log_count[LOG_WARN] + log_count[LOG_ERROR], 0);
}

TEST(devices_are_all_but_those_that_are_kept)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS}), OK);
	EXPECT(device(0x9010000, 0x1000));
	EXPECT(device(0x4010000000, 0x10000000));
	EXPECT(device(0x10000000, 0x2eff0000 + 0x10000));
	EXPECT(device(0x8000000000, 0x8000000000));
	EXPECT(!device(0x9000000, 0x1000));
	EXPECT(!ranges_touching(&m.devices, (struct range){0x8000000, 0x1000000}));
	EXPECT(!ranges_touching(&m.devices, (struct range){0x40000000, 0x40000000}));
}

TEST(virt_with_gicv2_and_one_cell)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .gic = 2, .short_cells = true}), OK);
	EXPECT_EQ(m.gic.version, 2);
	EXPECT_EQ(m.gic.cpu.base, 0x8010000);
	EXPECT_EQ(m.gic.hyp.base, 0x8030000);
	EXPECT_EQ(m.gic.vcpu.base, 0x8040000);
	EXPECT_EQ(m.gic_reg_bytes, 16);
	EXPECT_EQ(m.memory.at[0].size, 0x40000000);
}

static void add_modules(void *t)
{
	t_text(t, "bootargs", "tocsin.vcpus=3");
	T_CELLS(t, "linux,initrd-start", 0x48000000);
	T_CELLS(t, "linux,initrd-end", 0, 0x48100000);
	t_node(t, "module@60000000");
	must(fdt_property(t, "compatible", "multiboot,kernel\0multiboot,module", 34));
	T_CELLS(t, "reg", 0, 0x60000000, 0, 0x1000);
	t_text(t, "bootargs", "quiet");
	t_end(t);
	t_node(t, "module@61000000");
	must(fdt_property(t, "compatible", "multiboot,module\0multiboot,ramdisk", 35));
	T_CELLS(t, "reg", 0x61000000, 0x2000);
	t_end(t);
}

TEST(modules_and_initrd_in_all_cell_sizes)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .chosen = add_modules}), OK);
	EXPECT(!strcmp(m.bootargs, "tocsin.vcpus=3"));
	EXPECT_EQ(m.initrd.base, 0x48000000);
	EXPECT_EQ(m.initrd.size, 0x100000);
	EXPECT_EQ(m.nr_modules, 2);
	EXPECT_EQ(m.modules[0].kind, MODULE_KERNEL);
	EXPECT_EQ(m.modules[0].range.base, 0x60000000);
	EXPECT(!strcmp(m.modules[0].bootargs, "quiet"));
	EXPECT_EQ(m.modules[1].kind, MODULE_RAMDISK);
	EXPECT_EQ(m.modules[1].range.base, 0x61000000);
	EXPECT_EQ(m.modules[1].range.size, 0x2000);
}

static void add_bad_module(void *t)
{
	t_node(t, "module@1");
	t_text(t, "compatible", "multiboot,module");
	T_CELLS(t, "reg", 1, 2, 3, 4, 5);
	t_end(t);
}

TEST(a_module_with_a_wrong_reg_is_named)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .chosen = add_bad_module}), ERR_FORMAT);
	EXPECT(log_says("module@1"));
	EXPECT(log_says("20 bytes"));
	EXPECT(m.uart.driver != NULL);
}

static void add_memories(void *t)
{
	t_node(t, "memory@80000000");
	t_text(t, "device_type", "memory");
	T_CELLS(t, "reg", 0, 0x80000800, 0, 0x10000000, 0x2, 0, 0, 0x1000000, 0x20000, 0, 1, 0);
	t_end(t);
	t_node(t, "memory@c0000000");
	t_text(t, "device_type", "memory");
	t_text(t, "status", "disabled");
	T_CELLS(t, "reg", 0, 0xc0000000, 0, 0x10000000);
	t_end(t);
	t_node(t, "memory@bad");
	t_text(t, "device_type", "memory");
	T_CELLS(t, "reg", 0xffffffff, 0xfffff000, 0, 0x2000);
	t_end(t);
	t_node(t, "memory@odd");
	t_text(t, "device_type", "memory");
	T_CELLS(t, "reg", 0, 0xd0000000, 0x1000);
	t_end(t);
	t_node(t, "memory@1000000000000");
	t_text(t, "device_type", "memory");
	T_CELLS(t, "reg", 0x10000, 0, 0, 0x10000000);
	t_end(t);
}

TEST(many_banks_some_of_them_strange)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .root = add_memories}), OK);
	EXPECT_EQ(m.memory.nr, 3);
	EXPECT_EQ(m.memory.at[1].base, 0x80001000);
	EXPECT_EQ(m.memory.at[1].size, 0x10000000 - 0x1000);
	EXPECT_EQ(m.memory.at[2].base, 0x200000000);
	EXPECT_EQ(log_count[LOG_WARN], 4);
	EXPECT(log_says("memory@1000000000000"));
}

TEST(ram_out_of_reach_is_left_out)
{
	struct virt v = {VIRT_DEFAULTS, .ram_base = 0xff0000000, .ram_size = 0x100000000};

	arena_release(0);
	log_forget();
	virt_tree(tree, &v);
	EXPECT_EQ(machine_scan(&m, tree, 36), OK);
	EXPECT_EQ(m.memory.at[0].size, 0x10000000);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	EXPECT(!device(0x8000000000, 1));
}

static void add_bus(void *t)
{
	t_node(t, "soc");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "ranges", 0x7e000000, 0, 0xfe000000, 0x1800000);
	t_node(t, "rng@7e104000");
	T_CELLS(t, "reg", 0x7e104000, 0x28);
	t_end(t);
	t_node(t, "off@7e200000");
	t_text(t, "status", "disabled");
	T_CELLS(t, "reg", 0x7e200000, 0x1000);
	t_end(t);
	t_node(t, "closed");
	t_node(t, "inside@7e300000");
	T_CELLS(t, "reg", 0, 0x7e300000, 0x1000);
	t_end(t);
	t_end(t);
	t_node(t, "outside@10");
	T_CELLS(t, "reg", 0x10, 0x1000);
	t_end(t);
	t_node(t, "i2c@7e804000");
	T_CELLS(t, "reg", 0x7e804000, 0x1000);
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 0);
	t_node(t, "eeprom@50");
	t_cell(t, "reg", 0x50);
	t_end(t);
	t_end(t);
	t_end(t);
	t_node(t, "disabled-bus");
	t_text(t, "status", "disabled");
	t_cell(t, "#address-cells", 2);
	must(fdt_property(t, "ranges", NULL, 0));
	t_node(t, "below@a000000");
	T_CELLS(t, "reg", 0, 0xa000000, 0x1000);
	t_end(t);
	t_end(t);
	t_node(t, "ram-is-no-device@50000000");
	T_CELLS(t, "reg", 0, 0x50000000, 0, 0x1000);
	t_end(t);
}

TEST(buses_translate_addresses)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .root = add_bus}), OK);
	EXPECT(device(0xfe104000, 0x1000));
	EXPECT(device(0xfe804000, 0x1000));
	EXPECT(!device(0xfe200000, 1));
	EXPECT(!device(0, 1));
	EXPECT(!device(0x7e104000, 1));
	EXPECT(!device(0x7e300000, 1));
	EXPECT(!device(0xfe300000, 1));
	EXPECT(!device(0xa000000, 1));
	EXPECT(!device(0x50000000, 1));
}

static void add_uart_and_alias(void *t)
{
	t_node(t, "aliases");
	t_text(t, "serial0", "/soc/serial@100");
	t_end(t);
	t_node(t, "soc");
	t_cell(t, "#address-cells", 1);
	t_cell(t, "#size-cells", 1);
	T_CELLS(t, "ranges", 0, 0, 0xa000000, 0x10000);
	t_node(t, "serial@100");
	t_text(t, "compatible", "ns16550a");
	T_CELLS(t, "interrupts", 0, 40, 4);
	T_CELLS(t, "reg", 0x100, 0x100);
	t_end(t);
	t_node(t, "serial@200");
	t_text(t, "compatible", "ns16550a");
	t_cell(t, "interrupt-parent", 0x1234);
	T_CELLS(t, "interrupts", 0, 41, 4);
	T_CELLS(t, "reg", 0x200, 0x100);
	t_end(t);
	t_end(t);
}

static enum node_role role_of(const char *path)
{
	int offset = fdt_path_offset(tree, path);

	for (u32 i = 0; i < m.nr_notes; i++)
		if (m.notes[i].offset == offset)
			return m.notes[i].role;
	return NODE_PLAIN;
}

TEST(console_by_alias_among_several)
{
	struct virt v = {VIRT_DEFAULTS, .stdout_path = "serial0:115200n8",
			 .root = add_uart_and_alias};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0xa000100);
	EXPECT_EQ(m.uart.intid, 72);
	EXPECT(!strcmp(m.uart_path, "/soc/serial@100"));
	EXPECT_EQ(role_of("/soc/serial@100"), NODE_CONSOLE);
	EXPECT_EQ(role_of("/soc/serial@200"), NODE_DROPPED);
	EXPECT_EQ(role_of("/serial@9000000"), NODE_UART);
	EXPECT(device(0x9000000, 0x1000));
	EXPECT(!device(0xa000000, 1));
}

TEST(an_interrupt_of_another_controller_is_none)
{
	struct virt v = {VIRT_DEFAULTS, .stdout_path = "/soc/serial@200",
			 .root = add_uart_and_alias};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0xa000200);
	EXPECT_EQ(m.uart.intid, 0);
}

TEST(console_without_unit_address_or_name)
{
	struct virt v = {VIRT_DEFAULTS, .stdout_path = "/serial", .root = add_uart_and_alias};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0x9000000);
	EXPECT_EQ(log_count[LOG_WARN], 0);
	v.stdout_path = NULL;
	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0xa000100);
	v.stdout_path = "/nowhere";
	EXPECT_EQ(scan(&v), OK);
	EXPECT(log_says("/nowhere"));
	v.root = NULL;
	v.uart = "exotic,uart";
	EXPECT_EQ(scan(&v), OK);
	EXPECT(m.uart.driver == NULL);
}

static void add_uart_in_ram(void *t)
{
	t_node(t, "serial@50000000");
	t_text(t, "compatible", "ns16550a");
	T_CELLS(t, "reg", 0, 0x50000100, 0, 0x100);
	t_end(t);
}

TEST(a_uart_in_ram_is_none)
{
	struct virt v = {VIRT_DEFAULTS, .stdout_path = "/serial@50000000", .root = add_uart_in_ram};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.uart.regs.base, 0x9000000);
	EXPECT_EQ(log_count[LOG_WARN], 2);
}

static void add_cpus(void *t)
{
	static const char *const status[] = {"disabled", "fail", "okay", "ok"};

	for (u32 i = 0; i < 4; i++) {
		t_node(t, i ? "cpu@10x" : "cpu@100");
		t_text(t, "device_type", "cpu");
		t_text(t, "status", status[i]);
		t_text(t, "enable-method", "spin-table");
		T_CELLS(t, "cpu-release-addr", 0, 0xd8);
		t_cell(t, "reg", 0x100 + i);
		t_end(t);
	}
	t_node(t, "cpu@1");
	t_text(t, "device_type", "cpu");
	t_cell(t, "reg", 1);
	t_end(t);
	t_node(t, "cpu@bad");
	t_text(t, "device_type", "cpu");
	t_cell(t, "reg", 0x80000000);
	t_end(t);
}

TEST(cpus_disabled_double_or_absurd)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .cpu = add_cpus}), OK);
	EXPECT_EQ(m.nr_cpus, 4);
	EXPECT_EQ(m.cpus[2].mpidr, 0x102);
	EXPECT_EQ(m.cpus[3].spin_table, 0xd8);
	EXPECT(!m.cpus[3].psci);
	EXPECT_EQ(log_count[LOG_WARN], 2);
	EXPECT(log_says("0x80000000"));
}

TEST(what_is_missing_is_named)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .ram_size = 0}), ERR_NOT_FOUND);
	EXPECT(log_says("memory"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .cpus = 0}), ERR_NOT_FOUND);
	EXPECT(log_says("CPU"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .gic = 1}), ERR_FORMAT);
	EXPECT(log_says("GICv2 with virtualization"));
	EXPECT(m.uart.driver != NULL);
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .gic = 5}), ERR_UNSUPPORTED);
	EXPECT(log_says("arm,gic-v5"));
	EXPECT(m.uart.driver != NULL);
}

static void add_deep(void *t)
{
	for (int i = 0; i < 40; i++) {
		t_node(t, "deeper");
		t_cell(t, "#address-cells", i);
		T_CELLS(t, "ranges", 0, 0, 0, 0);
	}
	T_CELLS(t, "reg", 0, 0x60000000, 0, 0x1000);
	for (int i = 0; i < 40; i++)
		t_end(t);
}

TEST(deep_nests_are_left_alone)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .root = add_deep}), OK);
	EXPECT_EQ(m.uart.regs.base, 0x9000000);
}

static void reserve(void *t)
{
	must(fdt_add_reservemap_entry(t, 0x7f000000, 0x1800));
	must(fdt_add_reservemap_entry(t, 0x48000000, 0x100000)); /* the initrd, by U-Boot */
	must(fdt_add_reservemap_entry(t, 0, 0));
}

static void add_reserved(void *t)
{
	t_node(t, "reserved-memory");
	t_cell(t, "#address-cells", 2);
	t_cell(t, "#size-cells", 2);
	must(fdt_property(t, "ranges", NULL, 0));
	t_node(t, "tee@7e000000");
	T_CELLS(t, "reg", 0, 0x7e000000, 0, 0x1000000);
	t_end(t);
	t_end(t);
}

TEST(reservations_of_both_kinds)
{
	struct virt v = {VIRT_DEFAULTS, .reservations = reserve, .root = add_reserved,
			 .chosen = add_modules};

	EXPECT_EQ(scan(&v), OK);
	EXPECT_EQ(m.reserved.nr, 1);
	EXPECT_EQ(m.reserved.at[0].base, 0x7e000000);
	EXPECT_EQ(m.reserved.at[0].size, 0x1002000);
}

TEST(the_place_is_the_highest_that_is_free)
{
	struct virt v = {VIRT_DEFAULTS, .reservations = reserve, .root = add_reserved,
			 .chosen = add_modules};
	u64 at = 0;

	EXPECT_EQ(scan(&v), OK);
	m.tree.base = 0x7f7fe000;
	EXPECT_EQ(reloc_find(&m, (struct range){0x7f800000, 0x500000}, 0x200000, 0x200000, &at),
		  OK);
	EXPECT_EQ(at, 0x7fe00000);
	EXPECT_EQ(reloc_find(&m, (struct range){0x7f800000, 0x800000}, 0x200000, 0x200000, &at),
		  OK);
	EXPECT_EQ(at, 0x7f400000);
	EXPECT_EQ(reloc_find(&m, (struct range){0x7f800000, 0x800000}, 0x10000000, 0x1000, &at),
		  OK);
	EXPECT_EQ(at, 0x7e000000 - 0x10000000);
	EXPECT_EQ(reloc_find(&m, (struct range){0}, 0x40000000, 0x1000, &at), ERR_NO_MEMORY);
	EXPECT(log_says("too little RAM"));
}

TEST(everything_moves_with_the_image)
{
	struct machine moved;

	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .chosen = add_modules}), OK);
	moved = m;
	machine_rebase(&m, 0x1000);
	EXPECT_EQ((char *)m.memory.at - (char *)moved.memory.at, 0x1000);
	EXPECT_EQ((char *)m.uart.driver - (char *)moved.uart.driver, 0x1000);
	EXPECT(m.gic.redist != moved.gic.redist);
	EXPECT(m.reserved.at == NULL);
}
