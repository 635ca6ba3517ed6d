/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First run, at the load address: reads the device tree, finds a place at the top of RAM, and moves
 * Tocsin there. Boot CPU only. MMU and caches are on, with head.S's map of image and tree.
 */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <boot/arena.h>
#include <boot/boot.h>
#include <boot/stop.h>
#include <boot/tree.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/uart.h>
#include <el2/panic.h>
#include <lib/check.h>
#include <lib/string.h>
#include <mm/cache.h>
#include <mm/pages.h>
#include <mm/stage1.h>
#include <mm/stage2.h>

#define TOCSIN_VERSION "0.1"
#define RELOC_ALIGN KIB(64)

struct boot boot;

_Noreturn void boot_restart(const void *tree, u64 base); /* head.S */
void image_relocate(u64 image, u64 address);             /* head.S */

static struct range image_range(void)
{
	return (struct range){(u64)image_start, (u64)(image_end - image_start)};
}

/* The early map has whole blocks around image and tree; pages elsewhere are added. Never splits a
 * block, because this code might run in it. */
void boot_map_early(struct range r)
{
	for (u64 at = r.base, next; at < r.base + r.size; at = next) {
		struct range part = {at, 0};

		next = MIN(ALIGN_DOWN(at, MIB(2)) + MIB(2), r.base + r.size);
		part.size = next - at;
		if (!stage1_mapped(part) && stage1_map(part, STAGE1_DATA) != OK)
			boot_stop("no page for mapping 0x%lx", at);
	}
}

/* Unmaps the pages that boot_map_early() has added. Keeps whole blocks, because they were mapped
 * before; pages that were mapped before are a device's, and not within RAM. */
static void unmap_early(struct range r)
{
	r = range_pages_around(r);
	for (u64 at = r.base, span; at < r.base + r.size; at += PAGE_SIZE)
		if (stage1_lookup(at, &span) && span == PAGE_SIZE &&
		    stage1_unmap((struct range){at, PAGE_SIZE}) != OK)
			boot_stop("no page for unmapping 0x%lx", at);
}

void boot_early_pages(u64 *root, u8 *pages, const u8 *end)
{
	pages_init((pa_t)pages, (u64)(end - pages), 0);
	stage1_adopt(root);
}

static void open_console(const struct uart *u)
{
	if (u->driver && stage1_map(u->regs, STAGE1_DEVICE) == OK)
		console_init(u);
}

/* The tree names no known UART: probes the address where such boards have theirs. */
static void find_uart(void)
{
	struct uart u;

	earlycon_map();
	if (earlycon_find(&u))
		console_init(&u);
}

/* There is no tree: stops, with a message on a UART if one is found. */
_Noreturn static void no_tree(const void *tree)
{
	find_uart();
	if (tree)
		boot_stop("x0 was 0x%lx at entry: no flattened device tree of at most 2 MiB there; "
			  "give one (QEMU: -dtb FILE)",
			  (u64)tree);
	boot_stop("x0 held no device tree's address at entry; start tocsin.img as a Linux Image "
		  "(QEMU: -kernel tocsin.img, U-Boot: booti with a tree)");
}

static u8 pa_bits(void)
{
	return stage2_parange_bits(
	    (u8)FIELD_GET(ID_AA64MMFR0_EL1_PARANGE, read_sysreg(ID_AA64MMFR0_EL1)));
}

static void read_machine(const void *tree)
{
	struct machine *m = &boot.machine;
	u32 first_word;
	enum err err;

	if (!tree || !probe_read32((u64)tree, &first_word) || tree_check(tree) != OK)
		no_tree(tree);
	err = machine_scan(m, tree, pa_bits());
	if (!m->uart.driver)
		find_uart();
	cmdline_parse(&boot.options, m->bootargs ? m->bootargs : "");
	log_set_level(boot.options.log);
	open_console(&m->uart);
	if (err)
		boot_stop("this device tree cannot be used");
}

/* The size of the image and of the data behind it at the new place. */
static u64 reloc_size(const void *tree)
{
	return ALIGN_UP(image_range().size + ALIGN_UP(tree_used_size(tree), PAGE_SIZE) +
			    boot_pool_size(&boot),
			RELOC_ALIGN);
}

/* True if there is memory at `at`: it keeps two patterns. Restores the old contents. */
static bool is_memory(pa_t at)
{
	volatile u32 *word = (volatile u32 *)at;
	u32 before, now;

	if (!probe_read32(at, &before))
		return false;
	for (u32 pattern = 0x5aa5c33c;; pattern = ~pattern) {
		*word = pattern;
		cache_clean_for_uncached((const void *)at, sizeof(*word));
		if (!probe_read32(at, &now) || now != pattern)
			return false;
		if (pattern != 0x5aa5c33c)
			break;
	}
	*word = before;
	return true;
}

/* The place is at the end of RAM, so a tree that claims too much RAM is noticed here. */
static void check_place(struct range place)
{
	pa_t last = place.base + place.size - PAGE_SIZE;

	if (!is_memory(place.base) || !is_memory(last))
		boot_stop("the device tree has RAM at 0x%lx..0x%lx, but there is none: it is not "
			  "this machine's, or says too much (QEMU: -m)",
			  place.base, place.base + place.size - 1);
}

/* Copies image and tree to their final place and continues there, in boot_moved(). */
_Noreturn static void move(const void *tree, pa_t at)
{
	struct range image = image_range();
	u32 tree_size = tree_used_size(tree);
	u64 end = at + image.size;

	boot_map_early((struct range){at, boot.kept.size});
	check_place((struct range){at, boot.kept.size});
	boot.tree = (struct range){end, tree_size};
	if (tree_copy(tree, (void *)end, tree_size) != OK)
		boot_stop("the device tree could not be copied");
	boot.moved_by = (s64)(at - image.base);
	/* The second run makes all that follows the arena again. */
	memcpy((void *)at, (const void *)image.base, arena_end() - image.base);
	image_relocate(at, at);
	cache_clean_for_uncached((const void *)at, image.size + tree_size);
	boot_restart((const void *)end, at);
}

/* Errors of the configuration are logged only in the second run. */
static void say_later(void *context, const struct complaint *c)
{
}

/* Reads each partition's own device tree, which is mapped for that time. Skips a tree that is not
 * within RAM. */
static void read_devices(const void *tree, complain_fn say)
{
	for (u32 i = 0; i < boot.config.nr_partitions; i++) {
		struct partition_spec *p = &boot.config.partitions[i];
		struct range file = p->tree.range;

		if (!file.size || !ranges_contain(&boot.machine.memory, file))
			continue;
		file.size = MIN(file.size, (u64)TREE_MAX_SIZE);
		boot_map_early(file);
		config_read_devices(&boot.config, p, (const void *)file.base, tree, &boot.machine,
				    say, NULL);
		unmap_early(file);
	}
}

void boot_read_config(const void *tree, complain_fn say)
{
	enum err err = config_read(&boot.config, tree, &boot.machine, say, NULL);

	if (!err)
		read_devices(tree, say);
	if (err || config_read_channels(&boot.channels, &boot.config, tree, &boot.machine, say,
					NULL) != OK)
		boot_stop("the configuration is too large to be read");
}

_Noreturn void boot_main(const void *tree, u64 *root, u8 *pages, const u8 *pages_end)
{
	pa_t at;

	boot_early_pages(root, pages, pages_end);
	read_machine(tree);
	log_info("version " TOCSIN_VERSION ", loaded at 0x%lx, tree at 0x%lx", image_range().base,
		 (u64)tree);
	if (modules_check(&boot.machine, image_range()) != OK)
		boot_stop("the boot modules cannot be used");
	/* The sizes of configured partitions, and the memory that Tocsin must not use. */
	boot_read_config(tree, say_later);
	if (config_assigned(&boot.config, &boot.machine.claimed) != OK)
		boot_stop("the configuration is too large");
	boot.vcpus_asked = boot.options.vcpus;
	boot.options.vcpus = plan_nr_vcpus(&boot.machine, &boot.options);
	boot.kept.size = reloc_size(tree);
	if (reloc_find(&boot.machine, image_range(), boot.kept.size, RELOC_ALIGN, &at) != OK)
		boot_stop("no room in RAM for 0x%lx bytes", boot.kept.size);
	boot.kept.base = at;
	move(tree, at);
}
