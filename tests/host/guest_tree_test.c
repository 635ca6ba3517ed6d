/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's tree, read back with libfdt's searches.
 * sources: boot/fdt/arena.c boot/fdt/ranges.c boot/fdt/tree.c boot/fdt/machine.c
 * sources: boot/fdt/machine_nodes.c boot/fdt/machine_devices.c boot/fdt/machine_gic.c
 * sources: boot/layout/guest_tree.c boot/layout/guest_tree_nodes.c lib/fmt.c
 */
#include <boot/arena.h>
#include <boot/guest_tree.h>
#include <boot/tree.h>
#include <fake_log.h>
#include <test.h>
#include <virt_tree.h>

static u64 source[VIRT_SIZE / 8], to[VIRT_SIZE / 4];
static struct machine m;
static struct range memory[] = {{0x40000000, 0x30000000}, {0x180000000, 0x1000000}};
static u32 vcpu_cpu[8];
static u64 vcpu_mpidr[8];
static const u64 normal_mpidr[8] = {0, 1, 0x100, 0x101, 0x8000000102};
static struct partition_config config = {
    .vcpu_cpu = vcpu_cpu, .vcpu_mpidr = vcpu_mpidr, .memory = memory, .nr_memory = 2};

static enum err write_tree(const struct virt *v, u32 nr_vcpus, u32 *size)
{
	struct guest_tree g = {.machine = &m,
			       .config = &config,
			       .bootargs = "console=ttyAMA0",
			       .initrd = {0x48000000, 0x1234}};
	u32 room;

	arena_release(0);
	log_forget();
	config.nr_vcpus = nr_vcpus;
	if (v->cpus == 2)
		memcpy(vcpu_mpidr, normal_mpidr, sizeof(vcpu_mpidr));
	virt_tree(source, v);
	EXPECT_EQ(machine_scan(&m, source, 48), OK);
	room = guest_tree_room(&m, nr_vcpus, 2, g.bootargs);
	EXPECT(room <= sizeof(to));
	return guest_tree_write(&g, source, to, room, size);
}

static bool twice(int first)
{
	const char *name, *other;

	fdt_getprop_by_offset(to, first, &name, NULL);
	for (int p = fdt_next_property_offset(to, first); p >= 0;
	     p = fdt_next_property_offset(to, p)) {
		fdt_getprop_by_offset(to, p, &other, NULL);
		if (!strcmp(name, other))
			return true;
	}
	return false;
}

/* No node has a property twice: readers would differ on which one counts. */
static void expect_unique_names(void)
{
	int property;

	for (int node = 0; node >= 0; node = fdt_next_node(to, node, NULL))
		fdt_for_each_property_offset (property, to, node)
			EXPECT(!twice(property));
}

static void make(const struct virt *v, u32 nr_vcpus)
{
	u32 size = 0;

	EXPECT_EQ(write_tree(v, nr_vcpus, &size), OK);
	EXPECT_EQ(fdt_check_full(to, size), 0);
	EXPECT_EQ(fdt_totalsize(to), size);
	expect_unique_names();
}

static bool exists(const char *path)
{
	return fdt_path_offset(to, path) >= 0;
}

static struct prop get(const char *path, const char *name)
{
	int len = 0;
	const void *value = fdt_getprop(to, fdt_path_offset(to, path), name, &len);

	return (struct prop){value, value ? (u32)len : 0};
}

static bool text_is(const char *path, const char *name, const char *text)
{
	struct prop p = get(path, name);

	return p.len == strlen(text) + 1 && !memcmp(p.bytes, text, p.len);
}

TEST(memory_psci_and_hypervisor)
{
	struct prop reg;

	make(&(struct virt){VIRT_DEFAULTS}, 2);
	reg = get("/memory@40000000", "reg");
	EXPECT_EQ(reg.len, 32);
	EXPECT_EQ(prop_number(reg, 2, 2), 0x30000000);
	EXPECT_EQ(prop_number(reg, 4, 2), 0x180000000);
	EXPECT(text_is("/memory@40000000", "device_type", "memory"));
	EXPECT(text_is("/psci", "method", "hvc"));
	EXPECT(prop_has_string(get("/psci", "compatible"), "arm,psci-1.0"));
	EXPECT(!get("/psci", "cpu_on").bytes);
	EXPECT(text_is("/hypervisor", "compatible", "tocsin,tocsin"));
}

TEST(what_a_guest_cannot_use_is_gone)
{
	make(&(struct virt){VIRT_DEFAULTS}, 2);
	EXPECT(!exists("/pmu"));
	EXPECT(!exists("/intc@8000000/its@8080000"));
	EXPECT(!exists("/cpus/cpu-map"));
	EXPECT(!get("/intc@8000000", "interrupts").bytes);
	EXPECT(!get("/pcie@10000000", "msi-map").bytes);
	EXPECT(!get("/cpus/cpu@0", "cpu-idle-states").bytes);
	EXPECT_EQ(get("/intc@8000000", "reg").len, 32);
	EXPECT(get("/pcie@10000000", "ranges").len > 0);
	EXPECT_EQ(get("/timer", "interrupts").len, 48);
	EXPECT(exists("/pl031@9010000"));
}

TEST(gicv2_shows_distributor_and_cpu_interface)
{
	make(&(struct virt){VIRT_DEFAULTS, .gic = 2}, 2);
	EXPECT_EQ(get("/intc@8000000", "reg").len, 32);
	make(&(struct virt){VIRT_DEFAULTS, .gic = 2, .short_cells = true}, 2);
	EXPECT_EQ(get("/intc@8000000", "reg").len, 16);
	EXPECT_EQ(get("/memory@40000000", "reg").len, 16);
}

/* vCPUs are the machine's CPUs from the boot CPU on, wherever that is in the tree. */
TEST(fewer_vcpus)
{
	memcpy(vcpu_mpidr, (u64[]){2, 1, 0}, 24);
	make(&(struct virt){VIRT_DEFAULTS, .cpus = 4}, 3);
	EXPECT(exists("/cpus/cpu@2"));
	EXPECT(!exists("/cpus/cpu@3"));
	EXPECT(text_is("/cpus/cpu@0", "enable-method", "psci"));
	make(&(struct virt){VIRT_DEFAULTS, .cpus = 4}, 1);
	EXPECT(exists("/cpus/cpu@2"));
	EXPECT(!exists("/cpus/cpu@0"));
	EXPECT(!exists("/cpus/cpu@1"));
}

/* A CPU that did not start leaves a hole; its affinity may be given out again. */
TEST(vcpus_beyond_a_cpu_that_is_missing)
{
	memcpy(vcpu_mpidr, (u64[]){0, 2, 1, 3}, 32);
	make(&(struct virt){VIRT_DEFAULTS, .cpus = 3}, 4);
	EXPECT(exists("/cpus/cpu@1"));
	EXPECT(exists("/cpus/cpu@2"));
	EXPECT(exists("/cpus/cpu@3"));
	EXPECT(!get("/cpus/cpu@3", "cpu-idle-states").bytes);
}

TEST(more_vcpus)
{
	make(&(struct virt){VIRT_DEFAULTS}, 4);
	EXPECT(exists("/cpus/cpu@1"));
	EXPECT_EQ(prop_number(get("/cpus/cpu@100", "reg"), 0, 1), 0x100);
	EXPECT(text_is("/cpus/cpu@101", "enable-method", "psci"));
	EXPECT(text_is("/cpus/cpu@101", "device_type", "cpu"));
}

TEST(chosen_is_the_guests)
{
	struct prop start, end;

	make(&(struct virt){VIRT_DEFAULTS}, 2);
	start = get("/chosen", "linux,initrd-start");
	end = get("/chosen", "linux,initrd-end");
	EXPECT_EQ(prop_number(start, 0, 2), 0x48000000);
	EXPECT_EQ(prop_number(end, 0, 2), 0x48001234);
	EXPECT(text_is("/chosen", "bootargs", "console=ttyAMA0"));
	EXPECT(text_is("/chosen", "stdout-path", "/serial@9000000"));
	make(&(struct virt){VIRT_DEFAULTS, .stdout_path = NULL}, 2);
	EXPECT(text_is("/chosen", "stdout-path", "/serial@9000000"));
}

static void add_chosen(void *t)
{
	static const u8 seed[16] = {1, 2, 3};

	t_text(t, "bootargs", "tocsin.log=debug");
	T_CELLS(t, "linux,initrd-start", 0x44000000);
	T_CELLS(t, "linux,initrd-end", 0x45000000);
	must(fdt_property(t, "rng-seed", seed, 16));
	t_node(t, "module@60000000");
	must(fdt_property(t, "compatible", "multiboot,kernel\0multiboot,module", 34));
	T_CELLS(t, "reg", 0, 0x60000000, 0, 0x1000);
	t_end(t);
}

static void add_root(void *t)
{
	t_node(t, "hypervisor");
	t_text(t, "compatible", "other,other");
	t_end(t);
	t_node(t, "smmuv3@9050000");
	t_text(t, "compatible", "arm,smmu-v3");
	T_CELLS(t, "reg", 0, 0x9050000, 0, 0x20000);
	t_end(t);
}

static void add_reservations(void *t)
{
	must(fdt_add_reservemap_entry(t, 0x44000000, 0x1000000)); /* the initrd, by U-Boot */
	must(fdt_add_reservemap_entry(t, (u64)source, 0x1000));   /* and the tree */
	must(fdt_add_reservemap_entry(t, 0x50000000, 0x1000));
}

TEST(what_was_ours_is_gone)
{
	u64 base, size;

	make(&(struct virt){VIRT_DEFAULTS, .chosen = add_chosen, .root = add_root,
			    .reservations = add_reservations},
	     2);
	EXPECT(!exists("/chosen/module@60000000"));
	EXPECT(!exists("/smmuv3@9050000"));
	EXPECT(text_is("/hypervisor", "compatible", "tocsin,tocsin"));
	EXPECT(text_is("/chosen", "bootargs", "console=ttyAMA0"));
	EXPECT_EQ(get("/chosen", "rng-seed").len, 16);
	EXPECT_EQ(prop_number(get("/chosen", "linux,initrd-start"), 0, 2), 0x48000000);
	EXPECT_EQ(fdt_num_mem_rsv(to), 1);
	EXPECT_EQ(fdt_get_mem_rsv(to, 0, &base, &size), 0);
	EXPECT_EQ(base, 0x50000000);
}

TEST(a_pl011_keeps_its_clocks)
{
	make(&(struct virt){VIRT_DEFAULTS}, 2);
	EXPECT_EQ(prop_cell(get("/serial@9000000", "clocks"), 0), 0x8000);
	EXPECT(!exists("/tocsin-uart-clock"));
}

TEST(any_other_console_becomes_a_pl011)
{
	struct prop clocks;

	make(&(struct virt){VIRT_DEFAULTS, .uart = "ns16550a"}, 2);
	EXPECT(prop_has_string(get("/serial@9000000", "compatible"), "arm,pl011"));
	EXPECT(!prop_has_string(get("/serial@9000000", "compatible"), "ns16550a"));
	EXPECT_EQ(get("/serial@9000000", "interrupts").len, 12);
	EXPECT_EQ(get("/serial@9000000", "arm,primecell-periphid").len, 4);
	clocks = get("/serial@9000000", "clocks");
	EXPECT_EQ(clocks.len, 8);
	EXPECT_EQ(prop_cell(clocks, 0),
		  fdt_get_phandle(to, fdt_path_offset(to, "/tocsin-uart-clock")));
	EXPECT_EQ(prop_cell(clocks, 1), 0x8005); /* one above the highest */
	EXPECT_EQ(prop_cell(get("/tocsin-uart-clock", "clock-frequency"), 0), 24000000);
}

static void expect_our_sdei(void)
{
	EXPECT(text_is("/firmware/sdei", "compatible", "arm,sdei-1.0"));
	EXPECT(text_is("/firmware/sdei", "method", "hvc"));
	EXPECT(!get("/firmware/sdei", "interrupts").bytes);
}

static const char *firmware_status, *sdei_compatible;

/* A machine whose firmware has SDEI and more. */
static void add_firmware(void *t)
{
	t_node(t, "firmware");
	if (firmware_status)
		t_text(t, "status", firmware_status);
	t_node(t, "sdei");
	t_text(t, "compatible", sdei_compatible);
	t_text(t, "method", "smc");
	T_CELLS(t, "interrupts", 1, 2, 3);
	t_end(t);
	t_node(t, "board");
	t_text(t, "compatible", "maker,board-firmware");
	t_end(t);
	t_end(t);
}

static void add_firmware_twice(void *t)
{
	add_firmware(t);
	add_firmware(t);
}

TEST(sdei_is_ours)
{
	config.sdei = true;
	make(&(struct virt){VIRT_DEFAULTS}, 2);
	expect_our_sdei();
	config.sdei = false;
	make(&(struct virt){VIRT_DEFAULTS}, 2);
	EXPECT(!exists("/firmware"));
}

TEST(firmware_keeps_all_but_its_sdei)
{
	static const char *const names[] = {"arm,sdei-1.0", "maker,events"};

	firmware_status = NULL;
	for (int i = 0; i < 4; i++) {
		sdei_compatible = names[i / 2];
		config.sdei = i % 2;
		make(&(struct virt){VIRT_DEFAULTS, .root = add_firmware}, 2);
		EXPECT(text_is("/firmware/board", "compatible", "maker,board-firmware"));
		if (config.sdei)
			expect_our_sdei();
		else
			EXPECT(!exists("/firmware/sdei"));
	}
	config.sdei = false;
}

TEST(disabled_firmware_makes_room_for_ours)
{
	firmware_status = "disabled";
	sdei_compatible = "arm,sdei-1.0";
	config.sdei = true;
	make(&(struct virt){VIRT_DEFAULTS, .root = add_firmware}, 2);
	expect_our_sdei();
	EXPECT(!exists("/firmware/board"));
	EXPECT(!get("/firmware", "status").bytes);
	config.sdei = false;
}

TEST(two_firmware_nodes_get_one_sdei)
{
	int nr = 0;

	firmware_status = NULL;
	sdei_compatible = "arm,sdei-1.0";
	config.sdei = true;
	make(&(struct virt){VIRT_DEFAULTS, .root = add_firmware_twice}, 2);
	for (int n = fdt_node_offset_by_compatible(to, -1, "arm,sdei-1.0"); n >= 0;
	     n = fdt_node_offset_by_compatible(to, n, "arm,sdei-1.0"))
		nr++;
	EXPECT_EQ(nr, 1);
	config.sdei = false;
}

TEST(too_little_room_is_a_sentence)
{
	struct guest_tree g = {.machine = &m, .config = &config, .bootargs = ""};
	u32 size = 0, needed;

	config.sdei = true;
	make(&(struct virt){VIRT_DEFAULTS}, 2);
	EXPECT_EQ(guest_tree_write(&g, source, to, sizeof(to), &needed), OK);
	for (u32 room = 0; room < needed; room += 36) {
		char *exact = malloc(room + 8);

		EXPECT_EQ(guest_tree_write(&g, source, exact, room, &size), ERR_NO_MEMORY);
		free(exact);
	}
	EXPECT(log_says("cannot be written"));
	config.sdei = false;
}
