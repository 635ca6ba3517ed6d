/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest is given: where it is, what x0 points at, and whether the device
 * tree tells the truth. bootargs tell what the runner has arranged, in 0x numbers:
 * base= (where this image must be), offset= (its remainder by 2 MiB), size= (RAM
 * at least), cpus=, gicd= (where the distributor is), initrd= (a file of that size whose
 * 32-bit words count up from 0x10c50000). */
#include "guest.h"

#define PATTERN 0x10c50000u

static bool bootarg(const char *name, u64 *value)
{
	const char *p = strstr(machine.bootargs, name);
	u64 v = 0;

	if (!p)
		return false;
	for (p += strlen(name) + 3; *p && *p != ' '; p++)
		v = v * 16 + (u64)(*p <= '9' ? *p - '0' : (*p | 32) - 'a' + 10);
	*value = v;
	return true;
}

static u32 tree_size(void)
{
	return (u32)fdt_cells((const u8 *)fdt + 4, 1);
}

static bool initrd(struct range *r)
{
	int chosen = fdt_node("/chosen");
	u32 a, b;
	const void *start = fdt_prop(chosen, "linux,initrd-start", &a);
	const void *end = fdt_prop(chosen, "linux,initrd-end", &b);

	if (!start || !end)
		return false;
	r->base = fdt_cells(start, a / 4);
	r->size = fdt_cells(end, b / 4) - r->base;
	return true;
}

static bool in_memory(struct range inner)
{
	for (int node = fdt_root(); node >= 0; node = fdt_next(node)) {
		struct range r;

		if (!fdt_string_is(node, "device_type", "memory"))
			continue;
		for (u32 i = 0; fdt_reg(node, i, &r); i++) {
			if (range_contains(r, inner))
				return true;
		}
	}
	return false;
}

static void placement(void)
{
	u64 base;

	if (bootarg("base", &base))
		EXPECT_EQ(machine.load_base, base);
	if (bootarg("offset", &base)) /* Linux's text_offset */
		EXPECT_EQ(machine.load_base % MIB(2), base);
	if (bootarg("gicd", &base))
		EXPECT_EQ(machine.gicd.base, base);
	EXPECT(IS_ALIGNED(machine.load_base, 4096), "at 0x%lx", machine.load_base);
	EXPECT(in_memory((struct range){machine.load_base, (u64)(memory_end - image_start)}),
	       "the image is not in /memory");
}

static void tree_sound(void)
{
	EXPECT(IS_ALIGNED((u64)fdt, 8), "tree at 0x%lx", (u64)fdt);
	EXPECT(fdt_check(), "tree at 0x%lx is malformed", (u64)fdt);
	EXPECT(tree_size() <= MIB(2), "tree of %u bytes", tree_size());
	EXPECT(in_memory((struct range){(u64)fdt, tree_size()}), "tree is outside /memory");
}

static void overlaps(void)
{
	struct range image = {machine.load_base, (u64)(memory_end - image_start)};
	struct range tree = {(u64)fdt, tree_size()}, rd = {0};

	initrd(&rd);
	EXPECT(!ranges_overlap(image, tree), "tree at 0x%lx overlaps the image", tree.base);
	EXPECT(!ranges_overlap(image, rd), "initrd at 0x%lx overlaps the image", rd.base);
	EXPECT(!ranges_overlap(tree, rd), "initrd at 0x%lx overlaps the tree", rd.base);
	if (machine.tocsin)
		EXPECT(tree.base >= image.base + image.size, "tree at 0x%lx below the image",
		       tree.base);
}

static void initrd_content(void)
{
	struct range r = {0};
	u64 size;

	if (!bootarg("initrd", &size)) {
		EXPECT(!initrd(&r), "an initrd that nobody gave");
		return;
	}
	EXPECT(initrd(&r), "no initrd");
	EXPECT_EQ(r.size, size);
	EXPECT(in_memory(r), "initrd is outside /memory");
	for (u64 i = 0; i + 4 <= r.size; i += 4)
		EXPECT(*(u32 *)(r.base + i) == PATTERN + i / 4, "initrd +0x%lx is 0x%x", i,
		       *(u32 *)(r.base + i));
}

/* All of /memory can be written; nothing below us changes it. */
static void memory_usable(void)
{
	u64 total = 0, wanted = 0;

	for (int node = fdt_root(); node >= 0; node = fdt_next(node)) {
		struct range r;

		if (!fdt_string_is(node, "device_type", "memory"))
			continue;
		for (u32 i = 0; fdt_reg(node, i, &r); i++) {
			EXPECT(IS_ALIGNED(r.base, 4096) && IS_ALIGNED(r.size, 4096),
			       "bank 0x%lx + 0x%lx", r.base, r.size);
			total += r.size;
			for (u64 a = r.base; a < r.base + r.size; a += MIB(1)) {
				volatile u64 *p = (volatile u64 *)(a + 0xff8);
				u64 old = *p;

				*p = ~old;
				dsb(sy);
				EXPECT(*p == ~old, "0x%lx does not keep a value", a);
				*p = old;
			}
		}
	}
	if (bootarg("size", &wanted))
		EXPECT(total >= wanted, "only 0x%lx bytes of RAM", total);
}

static void psci_node(void)
{
	int node = fdt_node("/psci");
	u32 len;
	const char *list = node < 0 ? NULL : fdt_prop(node, "compatible", &len);

	EXPECT(list && strcmp(list, "arm,psci-1.0") == 0, "no arm,psci-1.0");
	EXPECT(fdt_string_is(node, "method", "hvc"), "method is not hvc");
	for (node = fdt_node("/cpus"); node >= 0; node = fdt_next(node)) {
		if (fdt_string_is(node, "device_type", "cpu"))
			EXPECT(nr_cpus == 1 || fdt_string_is(node, "enable-method", "psci"),
			       "%s: not by psci", fdt_name(node));
	}
}

static void hypervisor_node(void)
{
	int node = fdt_node("/hypervisor");
	u32 len = 0;
	const char *s = fdt_prop(node, "compatible", &len);

	EXPECT(s && len && strstr(s, "tocsin"), "compatible is \"%s\"", s ? s : "");
}

/* Nothing that the guest cannot use. */
static void nothing_useless(void)
{
	EXPECT(fdt_compatible(-1, "arm,gic-v3-its") < 0, "an ITS");
	EXPECT(fdt_compatible(-1, "arm,gic-v2m-frame") < 0 || machine.gic == 2, "a v2m frame");
	EXPECT(fdt_compatible(-1, "arm,armv8-pmuv3") < 0, "a PMU");
	EXPECT(fdt_compatible(-1, "multiboot,module") < 0, "boot modules");
	for (int node = fdt_root(); node >= 0; node = fdt_next(node)) {
		EXPECT(!fdt_prop(node, "msi-map", NULL), "%s has msi-map", fdt_name(node));
		EXPECT(!fdt_prop(node, "msi-parent", NULL), "%s has msi-parent", fdt_name(node));
	}
}

static void chosen(void)
{
	u64 cpus_wanted;

	EXPECT(!strstr(machine.bootargs, "tocsin."), "Tocsin's own options: %s", machine.bootargs);
	EXPECT(bootarg("cpus", &cpus_wanted), "bootargs \"%s\"", machine.bootargs);
	EXPECT(fdt_prop(fdt_node("/chosen"), "stdout-path", NULL), "no stdout-path");
}

static void cpus(void)
{
	u64 want;

	if (bootarg("cpus", &want))
		EXPECT_EQ(nr_cpus, want);
	EXPECT_EQ(percpu[0].mpidr, read_sysreg(MPIDR_EL1) & 0xff00ffffff);
}

static void entry_state(void)
{
	u64 current;

	__asm__("mrs %0, CurrentEL" : "=r"(current));
	EXPECT_EQ(current, 4);
	EXPECT(read_sysreg(CNTVCT_EL0) >= machine.entry_count, "time runs backwards");
}

void guest_setup(void)
{
}

const struct test guest_tests[] = {
    {"loader-entry-state", entry_state, 0},
    {"loader-placement", placement, 0},
    {"loader-tree-sound", tree_sound, 0},
    {"loader-overlaps", overlaps, 0},
    {"loader-initrd", initrd_content, UNDER_TOCSIN},
    {"loader-memory", memory_usable, 0},
    {"loader-psci", psci_node, UNDER_TOCSIN},
    {"loader-hypervisor", hypervisor_node, UNDER_TOCSIN},
    {"loader-nothing-useless", nothing_useless, UNDER_TOCSIN},
    {"loader-chosen", chosen, UNDER_TOCSIN},
    {"loader-cpus", cpus, 0},
    {0},
};
