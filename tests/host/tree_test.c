/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flattened trees as such: what is none, walks over broken ones.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 */
#include <boot/arena.h>
#include <boot/machine.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <test.h>
#include <virt_tree.h>

static u64 tree[VIRT_SIZE / 8], copy[VIRT_SIZE / 8];
static struct machine m;

TEST(a_copy_announces_what_it_holds)
{
	virt_tree(tree, &(struct virt){VIRT_DEFAULTS, .totalsize = VIRT_SIZE});
	EXPECT_EQ(tree_copy(tree, copy, tree_used_size(tree) - 1), ERR_NO_MEMORY);
	EXPECT_EQ(tree_copy(tree, copy, tree_used_size(tree)), OK);
	EXPECT(fdt_totalsize(copy) < VIRT_SIZE);
	EXPECT_EQ(fdt_check_full(copy, fdt_totalsize(copy)), 0);
}

TEST(not_a_tree)
{
	static u64 atags[8] = {0x5441000100000005};
	u32 used;

	EXPECT_EQ(tree_check(atags), ERR_FORMAT);
	virt_tree(tree, &(struct virt){VIRT_DEFAULTS});
	EXPECT_EQ(tree_check((char *)tree + 4), ERR_FORMAT);
	used = fdt_off_dt_struct(tree);
	fdt_set_off_dt_struct(tree, 0x7fffff00);
	EXPECT_EQ(tree_check(tree), ERR_FORMAT);
	fdt_set_off_dt_struct(tree, used + 2);
	EXPECT_EQ(tree_check(tree), ERR_FORMAT);
	fdt_set_off_dt_struct(tree, used);
	EXPECT_EQ(tree_check(tree), OK);
	fdt_set_totalsize(tree, TREE_MAX_SIZE + 1);
	EXPECT_EQ(tree_check(tree), ERR_FORMAT);
	fdt_set_totalsize(tree, TREE_MAX_SIZE);
	EXPECT_EQ(tree_check(tree), OK);
	fdt_set_version(tree, 2);
	EXPECT_EQ(tree_check(tree), ERR_FORMAT);
}

/* Cut anywhere: an error or, in the strings, perhaps not; never a bad access. */
TEST(truncated_trees)
{
	struct virt v = {VIRT_DEFAULTS};
	u32 size;

	virt_tree(tree, &v);
	size = fdt_size_dt_struct(tree);
	for (u32 cut = 4; cut < size; cut += 4) {
		char *exact;

		arena_release(0);
		virt_tree(tree, &v);
		fdt_set_size_dt_struct(tree, size - cut);
		EXPECT_EQ(tree_check(tree), OK);
		exact = malloc(tree_used_size(tree));
		EXPECT_EQ(tree_copy(tree, exact, tree_used_size(tree)), OK);
		EXPECT_EQ(machine_scan(&m, exact, 48), ERR_FORMAT);
		free(exact);
	}
}

/* Walks as far as the tree is whole. */
static enum err walk(void)
{
	struct tree_reader r;
	struct tree_item item;

	tree_start(&r, tree);
	do {
		if (tree_next(&r, &item))
			return ERR_FORMAT;
	} while (item.tag != FDT_END);
	return OK;
}

TEST(tokens_where_they_cannot_be)
{
	static const u32 wrong[] = {FDT_END_NODE, FDT_PROP, FDT_END, 7};

	virt_tree(tree, &(struct virt){VIRT_DEFAULTS});
	EXPECT_EQ(walk(), OK);
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		fdt32_st((char *)tree + fdt_off_dt_struct(tree), wrong[i]);
		EXPECT_EQ(walk(), ERR_FORMAT);
	}
}

TEST(names_end_within_the_strings)
{
	struct fdt_property *prop;

	virt_tree(tree, &(struct virt){VIRT_DEFAULTS});
	prop = fdt_offset_ptr_w(tree, fdt_first_property_offset(tree, 0), sizeof(*prop));
	prop->nameoff = cpu_to_fdt32(fdt_size_dt_strings(tree) - 1);
	EXPECT_EQ(walk(), OK);
	prop->nameoff = cpu_to_fdt32(fdt_size_dt_strings(tree));
	EXPECT_EQ(walk(), ERR_FORMAT);
	virt_tree(tree, &(struct virt){VIRT_DEFAULTS});
	fdt_set_size_dt_strings(tree, fdt_size_dt_strings(tree) - 1);
	EXPECT_EQ(walk(), ERR_FORMAT);
}

/* With these libfdt takes a step of nothing, or back. */
TEST(lengths_that_wrap)
{
	struct fdt_property *prop;

	for (u32 len = 0xffffff00; len; len++) {
		virt_tree(tree, &(struct virt){VIRT_DEFAULTS});
		prop = fdt_offset_ptr_w(tree, fdt_first_property_offset(tree, 0), sizeof(*prop));
		prop->len = cpu_to_fdt32(len);
		EXPECT_EQ(walk(), ERR_FORMAT);
	}
}
