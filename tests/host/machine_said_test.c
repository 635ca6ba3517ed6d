/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading the machine says of consoles, firmware and memory of its own, once each.
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

TEST(a_console_without_a_driver_is_named)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .uart = "fsl,imx8mm-uart"}), OK);
	EXPECT(!m.uart.driver);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	EXPECT(log_says("stdout-path \"/serial@9000000\" is fsl,imx8mm-uart: the console stays"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .uart = "x,y", .stdout_path = "/n:115200"}),
		  OK);
	EXPECT(log_says("stdout-path \"/n:115200\" is no node"));
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .uart = "x,y", .stdout_path = NULL}), OK);
	EXPECT(log_says("no UART here has a driver: the console stays silent"));
}

TEST(a_machine_without_psci_is_named)
{
	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .psci = "hvc"}), OK);
	EXPECT_EQ(log_count[LOG_WARN], 1);
	EXPECT(log_says("PSCI by hvc, which EL2 cannot call"));
}

static void scattered(void *t)
{
	for (u32 i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d@%x", i);
		t_node(t, name);
		T_CELLS(t, "reg", 0, 0x4000000 + i * 0x2000, 0, 0x1000);
		t_end(t);
	}
}

/* That the arena is full is said once, however many nodes follow. */
TEST(the_end_of_boot_memory_is_said_once)
{
	u32 nr;

	EXPECT_EQ(scan(&(struct virt){VIRT_DEFAULTS, .root = scattered}), OK);
	EXPECT(m.devices.nr >= 300);
	arena_release(0);
	log_forget();
	EXPECT(arena_alloc(ARENA_SIZE - 0x3000) != NULL);
	EXPECT_EQ(machine_scan(&m, tree, 48), ERR_NO_MEMORY);
	EXPECT_EQ(log_count[LOG_ERROR], 1);
	EXPECT(log_says("needs more than the 64 KiB of boot memory"));
	/* What was taken last grows where it is. */
	arena_release(0);
	for (nr = 0; nr < ARENA_SIZE / 32; nr++) {
		static u64 *array;
		u64 *larger = arena_grow(nr ? array : NULL, nr, sizeof(u64));

		EXPECT(larger && (!nr || larger == array));
		array = larger;
		array[nr] = nr;
	}
	EXPECT(arena_mark() <= ARENA_SIZE / 2);
}
