/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel files. Linux: Documentation/arch/arm64/booting.rst; ELF: the System V
 * ABI, class 64. Headers are copied out byte by byte, for a file may lie at any
 * address.
 */
#include <boot/arena.h>
#include <boot/image.h>
#include <drivers/log.h>
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

/* Linux takes its place from a multiple of this. */
#define LINUX_ALIGN MIB(2)

static enum err add_segment(struct image *image, struct load_segment segment)
{
	struct load_segment *load = arena_grow(image->load, image->nr_load, sizeof(segment));
	struct range span = image->span;
	u64 end = segment.to + segment.size + segment.fill;

	if (!load)
		return ERR_NO_MEMORY;
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

/* image_size 0 is a kernel older than 3.17: its bss is unknown, so it is refused. */
static enum err parse_linux(struct image *image, const char *name, const struct linux_header *h,
			    u64 size)
{
	u64 occupied = MAX(h->image_size, size);

	if (h->flags & LINUX_BIG_ENDIAN) {
		log_error("%s is a big-endian Linux kernel: only little-endian ones run here",
			  name);
		return ERR_UNSUPPORTED;
	}
	if (h->image_size >= BIT(48) || !h->image_size) {
		log_error("%s: the Linux header's image_size 0x%lx is absurd", name, h->image_size);
		return ERR_FORMAT;
	}
	image->format = IMAGE_LINUX;
	image->floating = true;
	image->text_offset = h->text_offset & (LINUX_ALIGN - 1);
	return add_segment(image, (struct load_segment){.size = size, .fill = occupied - size});
}

static enum err parse_raw(struct image *image, const char *name, u64 size, pa_t raw_at)
{
	image->format = IMAGE_RAW;
	image->floating = raw_at == RAW_ANYWHERE;
	if (image->floating)
		raw_at = 0;
	if (raw_at >= BIT(48)) {
		log_error("%s: a raw kernel cannot run at 0x%lx", name, raw_at);
		return ERR_RANGE;
	}
	image->entry = raw_at;
	return add_segment(image, (struct load_segment){.to = raw_at, .size = size});
}

/* Program header i; false if a range in it is not what it can be. */
static bool read_segment(const u8 *file, u64 size, u64 at, struct elf_segment *s)
{
	memcpy(s, file + at, sizeof(*s));
	if (s->type != ELF_PT_LOAD)
		return true;
	return s->filesz <= s->memsz && s->memsz < BIT(48) && s->paddr < BIT(48) &&
	       range_contains((struct range){0, size}, (struct range){s->offset, s->filesz});
}

/* The entry is a virtual address: found in its segment, it is used as the
 * physical one; outside all of them it is physical already. */
static u64 physical_entry(u64 entry, const struct elf_segment *s, u64 so_far)
{
	return entry - s->vaddr < s->memsz ? entry - s->vaddr + s->paddr : so_far;
}

static enum err parse_elf(struct image *image, const char *name, const u8 *file, u64 size)
{
	struct elf_segment segment;
	struct elf_header h;

	memcpy(&h, file, sizeof(h));
	if (h.class != ELF_CLASS_64 || h.data != ELF_LITTLE_ENDIAN ||
	    h.machine != ELF_MACHINE_AARCH64) {
		log_error("%s is an ELF file for another CPU (class %u, data %u, machine %u)", name,
			  h.class, h.data, h.machine);
		return ERR_UNSUPPORTED;
	}
	image->format = IMAGE_ELF;
	image->entry = h.entry;
	if (h.phentsize != sizeof(segment) ||
	    !range_contains((struct range){0, size},
			    (struct range){h.phoff, (u64)h.phnum * sizeof(segment)})) {
		log_error("%s: the ELF program headers are not within the file", name);
		return ERR_FORMAT;
	}
	for (u32 i = 0; i < h.phnum; i++) {
		if (!read_segment(file, size, h.phoff + i * sizeof(segment), &segment)) {
			log_error("%s: ELF segment %u is not within file or memory", name, i);
			return ERR_FORMAT;
		}
		if (segment.type != ELF_PT_LOAD || !segment.memsz)
			continue;
		image->entry = physical_entry(h.entry, &segment, image->entry);
		if (add_segment(image,
				(struct load_segment){.from = segment.offset,
						      .to = segment.paddr,
						      .size = segment.filesz,
						      .fill = segment.memsz - segment.filesz}))
			return ERR_NO_MEMORY;
	}
	if (image->nr_load && range_contains(image->span, (struct range){image->entry, 4}))
		return OK;
	log_error("%s: the ELF entry 0x%lx is in no segment", name, image->entry);
	return ERR_FORMAT;
}

/* Formats that people give by mistake, by their first bytes. */
static const char *compression(const u8 *file, u64 size)
{
	static const struct {
		const char *name;
		u8 bytes[4];
		u8 len;
	} formats[] = {
	    {"gzip", {0x1f, 0x8b}, 2},
	    {"xz", {0xfd, '7', 'z', 'X'}, 4},
	    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},
	    {"bzip2", {'B', 'Z', 'h'}, 3},
	    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4},
	    {"a U-Boot image", {0x27, 0x05, 0x19, 0x56}, 4},
	};

	for (u32 i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].len && !memcmp(file, formats[i].bytes, formats[i].len))
			return formats[i].name;
	return NULL;
}

enum err image_parse(struct image *image, const char *name, const void *file, u64 size, pa_t raw_at)
{
	struct linux_header h = {0};
	const char *packed = compression(file, size);

	*image = (struct image){0};
	if (!size || size >= BIT(48)) {
		log_error("%s has 0x%lx bytes: that is no kernel", name, size);
		return ERR_FORMAT;
	}
	if (packed) {
		log_error("%s is compressed or wrapped (%s): unpack it first", name, packed);
		return ERR_UNSUPPORTED;
	}
	if (size >= sizeof(h))
		memcpy(&h, file, sizeof(h));
	if (h.magic == LINUX_MAGIC)
		return parse_linux(image, name, &h, size);
	if (h.code[0] == ELF_MAGIC)
		return parse_elf(image, name, file, size);
	return parse_raw(image, name, size, raw_at);
}

static enum err does_not_fit(const struct image *image, const char *name, const struct ranges *room)
{
	u64 largest = 0;

	for (u32 i = 0; i < room->nr; i++)
		largest = MAX(largest, room->at[i].size);
	if (image->floating)
		log_error("%s does not fit: it needs %lu KiB in one piece, the largest has %lu KiB",
			  name, image->span.size >> 10, largest >> 10);
	else
		log_error("%s does not fit: it must be at " RANGE_FORMAT " (%lu KiB), and that is "
			  "not all free RAM of the guest",
			  name, RANGE_ARGS(image->span), image->span.size >> 10);
	return ERR_RANGE;
}

enum err image_place(struct image *image, const char *name, const struct ranges *room, pa_t from)
{
	struct range everywhere = {0, BIT(48)};

	if (image->floating) {
		if (!ranges_lowest(room, everywhere, image->span.size, LINUX_ALIGN,
				   image->text_offset, &image->span.base))
			return does_not_fit(image, name, room);
		image->load[0].to = image->entry = image->span.base;
	} else if (!ranges_contain(room, image->span)) {
		return does_not_fit(image, name, room);
	}
	for (u32 i = 0; i < image->nr_load; i++)
		image->load[i].from += from;
	return OK;
}
