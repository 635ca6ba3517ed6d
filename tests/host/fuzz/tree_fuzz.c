/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile device tree, exactly as long as it says: it is read, checked for
 * conflicts, and a guest's tree is made of it. Whatever comes out must be a
 * tree that libfdt accepts, and sets of ranges that are sets.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/reloc.c boot/fdt/machine_nodes.c boot/fdt/machine_devices.c
 * sources: boot/fdt/machine_gic.c boot/payload/modules.c boot/payload/foreign.c
 * sources: boot/payload/cpio.c boot/layout/guest_tree.c boot/layout/guest_tree_nodes.c lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/guest_tree.h>
#include <boot/modules.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <fuzz_tree.h>
#include <virt_tree.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void expect(bool so)
{
	if (!so)
		abort();
}

static void expect_set(const struct ranges *set)
{
	for (u32 i = 0; i < set->nr; i++) {
		struct range r = set->at[i];

		expect(r.size && IS_ALIGNED(r.base | r.size, PAGE_SIZE));
		expect(r.base + r.size <= BIT(48) && r.base + r.size > r.base);
		expect(!i || r.base > set->at[i - 1].base + set->at[i - 1].size);
	}
}

static void expect_machine(const struct machine *m)
{
	expect_set(&m->memory);
	expect_set(&m->reserved);
	expect_set(&m->devices);
	for (u32 i = 0; i < m->memory.nr; i++)
		expect(!ranges_touching(&m->devices, m->memory.at[i]));
	expect(!ranges_touching(&m->devices, m->gic.dist));
	expect(!m->uart.driver || !ranges_touching(&m->devices, m->uart.regs));
	for (u32 i = 1; i < m->nr_notes; i++)
		expect(m->notes[i].offset > m->notes[i - 1].offset);
}

static void make_guest_tree(const struct machine *m, const void *tree)
{
	static u32 cpu[16];
	static u64 mpidr[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct partition_config config = {.nr_vcpus = 16,
					  .vcpu_cpu = cpu,
					  .vcpu_mpidr = mpidr,
					  .memory = m->memory.at,
					  .nr_memory = m->memory.nr,
					  .sdei = true};
	struct guest_tree g = {.machine = m, .config = &config, .bootargs = m->bootargs};
	u32 room = guest_tree_room(m, 16, m->memory.nr, m->bootargs), made;
	void *to = malloc(room);

	if (guest_tree_write(&g, tree, to, room, &made) == OK)
		expect(made <= room && fdt_check_full(to, made) == 0);
	free(to);
}

/* A tree in memory of just its size. */
static void try_tree(const void *tree, size_t size)
{
	struct machine m;
	void *copy;
	u32 used;

	arena_release(0);
	if (fdt_totalsize(tree) > size || tree_check(tree) != OK)
		return;
	used = tree_used_size(tree);
	expect(used <= size);
	copy = malloc(used);
	expect(tree_copy(tree, copy, used) == OK);
	if (machine_scan(&m, copy, 48) == OK) {
		pa_t at;

		expect_machine(&m);
		(void)!modules_check(&m, (struct range){0x40000000, 0x100000});
		(void)!reloc_find(&m, (struct range){0}, 0x10000, 0x1000, &at);
		make_guest_tree(&m, copy);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	void *tree;

	if (size < 0x60)
		return 0;
	tree = malloc(size);
	memcpy(tree, data, size);
	try_tree(tree, size);
	repair_header(tree, size);
	try_tree(tree, size);
	free(tree);
	return 0;
}
