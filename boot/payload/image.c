/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel files. Linux: Documentation/arch/arm64/booting.rst; ELF: the System V ABI, class 64.
 * Headers are copied byte by byte, because a file may be at any address.
 */
#include "foreign.h"
#include <boot/a64.h>
#include <boot/arena.h>
#include <boot/image.h>
#include <lib/fmt.h>
#include <lib/layout.h>
#include <lib/string.h>

#define LINUX_MAGIC 0x644d5241 /* "ARM\x64" */
#define LINUX_BIG_ENDIAN BIT(0)

struct linux_header {
	u32 code[2];
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 reserved[3];
	u32 magic;
	u32 pe_offset;
};

#define ELF_MAGIC 0x464c457f /* "\x7f" "ELF" */
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_MACHINE_AARCH64 183
#define ELF_PT_LOAD 1
#define ELF_PT_INTERP 3
#define ELF_TYPE_OBJECT 1
#define ELF_TYPE_CORE 4

struct elf_header {
	u32 magic;
	u8 class;
	u8 data;
	u8 ident[10];
	u16 type;
	u16 machine;
	u32 version;
	u64 entry;
	u64 phoff;
	u64 shoff;
	u32 flags;
	u16 ehsize;
	u16 phentsize;
	u16 phnum;
	u16 shentsize;
	u16 shnum;
	u16 shstrndx;
};

struct elf_segment {
	u32 type;
	u32 flags;
	u64 offset;
	u64 vaddr;
	u64 paddr;
	u64 filesz;
	u64 memsz;
	u64 align;
};

/* Linux: Documentation/arm64/booting.rst */
LAYOUT(struct linux_header, text_offset, 8);
LAYOUT(struct linux_header, image_size, 16);
LAYOUT(struct linux_header, flags, 24);
LAYOUT(struct linux_header, magic, 56);
LAYOUT(struct linux_header, pe_offset, 60);
LAYOUT_SIZE(struct linux_header, 64);
/* ELF-64 object file format, 1 and 5 */
LAYOUT(struct elf_header, class, 4);
LAYOUT(struct elf_header, data, 5);
LAYOUT(struct elf_header, type, 16);
LAYOUT(struct elf_header, machine, 18);
LAYOUT(struct elf_header, version, 20);
LAYOUT(struct elf_header, entry, 24);
LAYOUT(struct elf_header, phoff, 32);
LAYOUT(struct elf_header, flags, 48);
LAYOUT(struct elf_header, phentsize, 54);
LAYOUT(struct elf_header, phnum, 56);
LAYOUT(struct elf_segment, type, 0);
LAYOUT(struct elf_segment, flags, 4);
LAYOUT(struct elf_segment, offset, 8);
LAYOUT(struct elf_segment, vaddr, 16);
LAYOUT(struct elf_segment, paddr, 24);
LAYOUT(struct elf_segment, filesz, 32);
LAYOUT(struct elf_segment, memsz, 40);
LAYOUT_SIZE(struct elf_segment, 56);

/* Linux is placed at text_offset from a multiple of this. */
#define LINUX_ALIGN MIB(2)

static char why[192];

const char *image_why(void)
{
	return why;
}

/* Sets the message why a file is refused; returns err. */
__attribute__((format(printf, 2, 3))) static enum err refuse(enum err err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fmt_vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return err;
}

static enum err add_segment(struct image *image, struct load_segment segment)
{
	struct load_segment *load = arena_grow(image->load, image->nr_load, sizeof(segment));
	struct range span = image->span;
	u64 end = segment.to + segment.size + segment.fill;

	if (!load)
		return refuse(ERR_NO_MEMORY, "has more segments than boot memory holds");
	image->load = load;
	load[image->nr_load++] = segment;
	if (!span.size)
		span = (struct range){segment.to, 0};
	end = MAX(end, span.base + span.size);
	span.base = MIN(span.base, segment.to);
	span.size = end - span.base;
	image->span = span;
	return OK;
}

/* image_size 0 is a kernel older than 3.17. It is refused, because the size of its bss is unknown.
 */
static enum err parse_linux(struct image *image, const struct linux_header *h, u64 size)
{
	u64 occupied = MAX(h->image_size, size);

	if (h->flags & LINUX_BIG_ENDIAN)
		return refuse(ERR_UNSUPPORTED,
			      "is a big-endian Linux kernel: only little-endian ones run here");
	if (h->image_size >= BIT(48) || !h->image_size)
		return refuse(ERR_FORMAT, "has a Linux header whose image_size 0x%lx is absurd",
			      h->image_size);
	if (h->text_offset >= BIT(48))
		return refuse(ERR_FORMAT, "has a Linux header whose text_offset 0x%lx is absurd",
			      h->text_offset);
	image->format = IMAGE_LINUX;
	image->floating = true;
	image->text_offset = h->text_offset;
	return add_segment(image, (struct load_segment){.size = size, .fill = occupied - size});
}

static enum err parse_raw(struct image *image, const u8 *file, u64 size, struct raw_place raw)
{
	static const char *const faults[] = {"no A64 instruction", "a branch out of it"};
	struct a64_fault fault;

	image->format = IMAGE_RAW;
	image->floating = raw.at == RAW_ANYWHERE;
	if (image->floating)
		raw.at = 0;
	if (raw.at >= BIT(48))
		return refuse(ERR_RANGE, "is raw code that cannot run at 0x%lx", raw.at);
	if (!raw.asked && !a64_may_run(file, size, &fault))
		return refuse(
		    ERR_FORMAT,
		    "is no kernel: neither Linux Image nor ELF, and no raw code, 0x%08x at "
		    "0x%lx is %s; run all the same by tocsin.load= or tocsin,raw",
		    fault.word, fault.at, faults[fault.leads]);
	image->entry = raw.at;
	return add_segment(image, (struct load_segment){.to = raw.at, .size = size});
}

/* Reads the program header at offset at; false if a range in it is invalid. */
static bool read_segment(const u8 *file, u64 size, u64 at, struct elf_segment *s)
{
	memcpy(s, file + at, sizeof(*s));
	if (s->type != ELF_PT_LOAD)
		return true;
	return s->filesz <= s->memsz && s->memsz < BIT(48) && s->paddr < BIT(48) &&
	       range_contains((struct range){0, size}, (struct range){s->offset, s->filesz});
}

/* The entry is a virtual address. If it is in a segment, the physical address is used instead;
 * outside all segments it is physical already. */
static u64 physical_entry(u64 entry, const struct elf_segment *s, u64 so_far)
{
	return entry - s->vaddr < s->memsz ? entry - s->vaddr + s->paddr : so_far;
}

/* Refuses an ELF file that cannot be run here. */
static enum err check_elf(const struct elf_header *h)
{
	const char *cpu = foreign_elf_cpu(h->machine);

	if (h->class != ELF_CLASS_64 || h->data != ELF_LITTLE_ENDIAN ||
	    h->machine != ELF_MACHINE_AARCH64)
		return refuse(ERR_UNSUPPORTED,
			      "is an ELF file for another CPU (%s, machine %u, %s-bit, %s-endian): "
			      "should be for AArch64, 64-bit, little-endian",
			      cpu ? cpu : "not known", h->machine,
			      h->class == ELF_CLASS_64 ? "64" : "32",
			      h->data == ELF_LITTLE_ENDIAN ? "little" : "big");
	if (h->type == ELF_TYPE_OBJECT || h->type == ELF_TYPE_CORE)
		return refuse(ERR_UNSUPPORTED, "is %s, no kernel",
			      h->type == ELF_TYPE_CORE ? "an ELF core dump"
						       : "an ELF object file or module");
	return OK;
}

/* Refuses a program header that is not within file or memory. Linux's vmlinux has only virtual
 * addresses of EL1. */
static enum err bad_segment(u32 i, const struct elf_segment *s)
{
	if (s->type == ELF_PT_LOAD && s->paddr == s->vaddr && s->paddr >= BIT(48))
		return refuse(ERR_FORMAT,
			      "has virtual addresses (0x%lx) in place of physical ones, as Linux's "
			      "vmlinux: should be arch/arm64/boot/Image",
			      s->paddr);
	return refuse(ERR_FORMAT, "has an ELF segment %u that is not within file or memory", i);
}

static enum err take_segment(struct image *image, const struct elf_segment *s, u64 entry)
{
	if (s->type == ELF_PT_INTERP)
		return refuse(ERR_UNSUPPORTED,
			      "is an ELF program that an operating system starts, no kernel");
	if (s->type != ELF_PT_LOAD || !s->memsz)
		return OK;
	image->entry = physical_entry(entry, s, image->entry);
	return add_segment(image, (struct load_segment){.from = s->offset,
							.to = s->paddr,
							.size = s->filesz,
							.fill = s->memsz - s->filesz});
}

static enum err parse_elf(struct image *image, const u8 *file, u64 size)
{
	struct elf_segment segment;
	struct elf_header h;
	enum err err;

	if (size < sizeof(h))
		return refuse(ERR_FORMAT, "is an ELF file that ends within its header");
	memcpy(&h, file, sizeof(h));
	err = check_elf(&h);
	if (err)
		return err;
	image->format = IMAGE_ELF;
	image->entry = h.entry;
	if (h.phentsize != sizeof(segment) ||
	    !range_contains((struct range){0, size},
			    (struct range){h.phoff, (u64)h.phnum * sizeof(segment)}))
		return refuse(ERR_FORMAT,
			      "is an ELF file whose program headers are not within the file");
	for (u32 i = 0; i < h.phnum; i++) {
		if (!read_segment(file, size, h.phoff + i * sizeof(segment), &segment))
			return bad_segment(i, &segment);
		err = take_segment(image, &segment, h.entry);
		if (err)
			return err;
	}
	if (image->nr_load && range_contains(image->span, (struct range){image->entry, 4}))
		return OK;
	return refuse(ERR_FORMAT, "is an ELF file whose entry 0x%lx is in no segment",
		      image->entry);
}

/* Refuses a file that is no kernel, with one message; OK: it may be one. */
static enum err check_foreign(const u8 *file, u64 size)
{
	struct foreign foreign = foreign_find(file, size);

	switch (foreign.kind) {
	case FOREIGN_PACKED:
		return refuse(ERR_UNSUPPORTED, "is compressed or wrapped (%s): should be unpacked",
			      foreign.name);
	case FOREIGN_OTHER_CPU:
		return refuse(ERR_UNSUPPORTED,
			      "is a kernel or a program for another CPU (%s): should be for "
			      "AArch64, as arch/arm64/boot/Image",
			      foreign.name);
	case FOREIGN_NO_KERNEL:
		return refuse(ERR_UNSUPPORTED,
			      "is %s, no kernel: should be a Linux Image, an ELF file or raw code",
			      foreign.name);
	case FOREIGN_NOT_KNOWN:
		break;
	}
	return OK;
}

enum err image_parse(struct image *image, const void *file, u64 size, struct raw_place raw)
{
	struct linux_header h = {0};
	enum err err;

	*image = (struct image){0};
	why[0] = 0;
	if (!size || size >= BIT(48))
		return refuse(ERR_FORMAT, "has 0x%lx bytes: that is no kernel", size);
	memcpy(&h, file, MIN(size, sizeof(h)));
	if (h.magic == LINUX_MAGIC)
		return parse_linux(image, &h, size);
	if (h.code[0] == ELF_MAGIC)
		return parse_elf(image, file, size);
	err = check_foreign(file, size);
	return err ?: parse_raw(image, file, size, raw);
}

static enum err does_not_fit(const struct image *image, const struct ranges *room)
{
	u64 largest = 0;

	for (u32 i = 0; i < room->nr; i++)
		largest = MAX(largest, room->at[i].size);
	if (image->floating && image->text_offset)
		return refuse(ERR_RANGE,
			      "does not fit: it needs %lu KiB in one piece, 0x%lx above a 2 MiB "
			      "boundary in RAM; the largest piece has %lu KiB",
			      image->span.size >> 10, image->text_offset, largest >> 10);
	if (image->floating)
		return refuse(
		    ERR_RANGE,
		    "does not fit: it needs %lu KiB in one piece, the largest has %lu KiB",
		    image->span.size >> 10, largest >> 10);
	return refuse(ERR_RANGE,
		      "does not fit: it must be at " RANGE_FORMAT " (%lu KiB), and not all of that "
		      "is free RAM of the guest, which begins at 0x%lx",
		      RANGE_ARGS(image->span), image->span.size >> 10,
		      room->nr ? room->at[0].base : 0);
}

/*
 * Places the image at text_offset above the lowest possible boundary in RAM. The memory in between
 * must be RAM, too, because Linux and others use it. Where RAM does not begin at a boundary, the
 * boundary below counts.
 */
static bool find_place(const struct image *image, const struct ranges *room, pa_t *at)
{
	bool found = false;

	for (u32 i = 0; i < room->nr; i++) {
		u64 first = ALIGN_DOWN(room->at[i].base, LINUX_ALIGN);
		u64 last = room->at[i].base + room->at[i].size - 1;
		struct range window = {first + image->text_offset, last - first + image->span.size};
		pa_t here;

		if (!ranges_lowest(room, window, image->span.size, LINUX_ALIGN,
				   image->text_offset & (LINUX_ALIGN - 1), &here))
			continue;
		*at = found ? MIN(*at, here) : here;
		found = true;
	}
	return found;
}

enum err image_place(struct image *image, const struct ranges *room, pa_t from)
{
	if (image->floating) {
		if (!find_place(image, room, &image->span.base))
			return does_not_fit(image, room);
		image->load[0].to = image->entry = image->span.base;
	} else if (!ranges_contain(room, image->span)) {
		return does_not_fit(image, room);
	}
	for (u32 i = 0; i < image->nr_load; i++)
		image->load[i].from += from;
	return OK;
}
