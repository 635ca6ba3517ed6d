/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts another Linux from a running one, by kexec_load:
 *
 *   kexec load KERNEL INITRD COMMAND-LINE    for "kexec go"
 *   kexec crash KERNEL INITRD COMMAND-LINE   for when this kernel panics (crashkernel=)
 *   kexec go
 *
 * KERNEL is an Image and INITRD anything that Linux takes; either may be a disk. The device tree
 * is the running kernel's with another /chosen. What kexec_load enters has no arguments, so a
 * few instructions of ours go first.
 */
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uint64_t)(a)-1))
#define PAGE 4096ul
#define MIB (1ul << 20)
#define TREE_SIZE (2 * MIB) /* as much as Linux maps of it */
#define NR_SEGMENTS 4

struct file {
	char *bytes;
	uint64_t size;
};

struct area {
	uint64_t base, size;
};

/* The Image header's part that matters. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	char magic[4];
};

/* trampoline.S */
extern const char trampoline[], trampoline_end[];
struct trampoline_data {
	uint64_t kernel, tree;
};

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "kexec: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	exit(1);
}

static struct file read_file(const char *path)
{
	struct file f = {NULL, 0};
	uint64_t room = 0;
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0) {
		if (room - f.size < MIB && !(f.bytes = realloc(f.bytes, room += 16 * MIB)))
			die("%s: no memory for %lu MiB", path, room / MIB);
		got = read(fd, f.bytes + f.size, room - f.size);
		f.size += got > 0 ? got : 0;
	}
	if (got < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	return f;
}

/* The first area of that name in /proc/iomem of at least that size. */
static struct area find_area(const char *name, uint64_t size)
{
	FILE *f = fopen("/proc/iomem", "r");
	uint64_t first, last;
	char line[128], what[64];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx : %63[^\n]", &first, &last, what) == 3 &&
		    !strcmp(what, name) && last - first >= size) {
			fclose(f);
			return (struct area){first, last - first + 1};
		}
	}
	die("/proc/iomem has no \"%s\" of %lu MiB", name, size / MIB);
	return (struct area){0, 0};
}

static void must(int err)
{
	if (err < 0)
		die("device tree: %s", fdt_strerror(err));
}

/* The running kernel's tree for a kernel with that initrd; it may use only that much
 * memory if usable is given. */
static void *make_tree(const char *bootargs, struct area initrd, const struct area *usable)
{
	struct file source = read_file("/sys/firmware/fdt");
	void *tree = calloc(1, TREE_SIZE);
	int chosen;

	must(fdt_check_header(source.bytes));
	must(fdt_open_into(source.bytes, tree, TREE_SIZE));
	chosen = fdt_path_offset(tree, "/chosen");
	must(chosen);
	must(fdt_setprop_string(tree, chosen, "bootargs", bootargs));
	must(fdt_setprop_u64(tree, chosen, "linux,initrd-start", initrd.base));
	must(fdt_setprop_u64(tree, chosen, "linux,initrd-end", initrd.base + initrd.size));
	if (usable) {
		must(fdt_setprop_u64(tree, chosen, "linux,usable-memory-range", usable->base));
		must(fdt_appendprop_u64(tree, chosen, "linux,usable-memory-range", usable->size));
	}
	must(fdt_pack(tree));
	return tree;
}

static struct kexec_segment segment(const void *bytes, uint64_t size, uint64_t at, uint64_t room)
{
	return (struct kexec_segment){
	    .buf = bytes, .bufsz = size, .mem = (void *)at, .memsz = ALIGN_UP(room, PAGE)};
}

static void *make_trampoline(uint64_t kernel, uint64_t tree)
{
	struct trampoline_data data = {kernel, tree};
	size_t code = trampoline_end - trampoline;
	char *page = calloc(1, PAGE);

	memcpy(page, trampoline, code);
	memcpy(page + code, &data, sizeof(data));
	return page;
}

/* Kernel, tree, trampoline and initrd one behind the other; they may lie where the running
 * kernel does, for they are copied when it has ended. */
static void load(bool crash, const char *kernel_path, const char *initrd_path, const char *bootargs)
{
	struct file kernel = read_file(kernel_path), initrd = read_file(initrd_path);
	const struct image_header *header = (const void *)kernel.bytes;
	uint64_t at, tree_at, code_at, initrd_at, size;
	struct kexec_segment segments[NR_SEGMENTS];
	struct area area;
	void *tree;

	if (kernel.size < sizeof(*header) || memcmp(header->magic, "ARM\x64", 4))
		die("%s is no Image", kernel_path);
	size = ALIGN_UP(header->image_size, 2 * MIB) + 2 * TREE_SIZE + initrd.size;
	area = find_area(crash ? "Crash kernel" : "System RAM", size + 2 * MIB);
	at = ALIGN_UP(area.base, 2 * MIB) + header->text_offset;
	tree_at = ALIGN_UP(at + header->image_size, 2 * MIB);
	code_at = tree_at + TREE_SIZE;
	initrd_at = code_at + PAGE;
	tree = make_tree(bootargs, (struct area){initrd_at, initrd.size}, crash ? &area : NULL);

	if (kernel.size > header->image_size)
		kernel.size = header->image_size;
	segments[0] = segment(kernel.bytes, kernel.size, at, header->image_size);
	segments[1] = segment(tree, fdt_totalsize(tree), tree_at, fdt_totalsize(tree));
	segments[2] = segment(make_trampoline(at, tree_at), PAGE, code_at, PAGE);
	segments[3] = segment(initrd.bytes, initrd.size, initrd_at, initrd.size);
	if (syscall(SYS_kexec_load, code_at, NR_SEGMENTS, segments,
		    KEXEC_ARCH_AARCH64 | (crash ? KEXEC_ON_CRASH : 0)))
		die("kexec_load: %s", strerror(errno));
	printf("kexec: kernel at 0x%lx, tree at 0x%lx, initrd at 0x%lx\n", at, tree_at, initrd_at);
}

int main(int argc, char **argv)
{
	if (argc == 5 && (!strcmp(argv[1], "load") || !strcmp(argv[1], "crash"))) {
		load(!strcmp(argv[1], "crash"), argv[2], argv[3], argv[4]);
		return 0;
	}
	if (argc != 2 || strcmp(argv[1], "go"))
		die("load|crash KERNEL INITRD COMMAND-LINE, or go");
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	die("reboot: %s", strerror(errno));
}
