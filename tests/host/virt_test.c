/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions with memory of their own, in a machine whose RAM is a buffer here, and
 * their trees, read back with libfdt's searches.
 * sources: boot/arena.c boot/ranges.c boot/tree.c boot/machine.c boot/image.c
 * sources: boot/machine_nodes.c boot/machine_devices.c boot/machine_gic.c boot/place.c
 * sources: boot/guest_tree_nodes.c boot/plan_load.c boot/virt.c boot/virt_tree.c lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/tree.h>
#include <boot/virt.h>
#include <boot/virt_channel.h>
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

/* There are no channels. */
u32 virt_channels_intids(const struct partition_config *config)
{
	return config->nr_channels;
}

enum err virt_channels_interrupts(struct partition_config *config)
{
	config->spi_emulated = NULL;
	return OK;
}

u32 virt_channels_room(const struct partition_config *config)
{
	return config->nr_channels;
}

void virt_channels_write(struct tree_writer *w)
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
	memset(ram + MIB(8), 0x5a, KERNEL_SIZE);
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
	enum err err = virt_reserve(&plan, &spec, &m, &free_memory);

	return err ? err : virt_plan(&plan, &spec, &m);
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
	spec.direct_map = true;
	EXPECT_EQ(make(), ERR_UNSUPPORTED);
	EXPECT(log_says("direct-map"));
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

TEST(without_console_and_sdei)
{
	const void *fdt;

	start((struct virt){VIRT_DEFAULTS});
	spec.vpl011 = spec.sdei = false;
	EXPECT_EQ(make(), OK);
	fdt = (const void *)plan.tree.base;
	EXPECT(fdt_path_offset(fdt, "/pl011@9000000") < 0);
	EXPECT(fdt_path_offset(fdt, "/firmware") < 0);
	EXPECT(!fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", NULL));
}
