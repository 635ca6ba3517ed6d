/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio-blk over MMIO: see virtio_blk.h. The queue lies as the interface before 1.0 wants
 * it, which suits both. Transfer n always has the descriptors 3n to 3n+2: header, data,
 * status. Sections are those of Virtual I/O Device 1.0.
 */
#include "virtio_blk.h"

/* Registers, 4.2.2 and, from "before 1.0" on, 4.2.4. */
#define MAGIC 0x000
#define MAGIC_VALUE 0x74726976u
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_ID_BLOCK 2
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL 0x030
#define QUEUE_NUM_MAX 0x034
#define QUEUE_NUM 0x038
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACK 0x064
#define STATUS 0x070
#define QUEUE_DESC 0x080
#define QUEUE_DRIVER 0x090
#define QUEUE_DEVICE 0x0a0
#define CONFIG_CAPACITY 0x100
/* before 1.0 */
#define GUEST_PAGE_SIZE 0x028
#define QUEUE_ALIGN 0x03c
#define QUEUE_PFN 0x040

/* 2.1 */
#define ACKNOWLEDGE 1u
#define DRIVER 2u
#define DRIVER_OK 4u
#define FEATURES_OK 8u
#define FEATURE_VERSION_1 32 /* 6 */

/* 2.4 */
#define MAX_ENTRIES 128u
#define NEXT 1u
#define WRITTEN_BY_DEVICE 2u

struct descriptor {
	u64 address;
	u32 length;
	u16 flags;
	u16 next;
};

struct available {
	u16 flags;
	u16 index;
	u16 ring[MAX_ENTRIES];
};

struct used {
	u16 flags;
	u16 index;
	struct {
		u32 id;
		u32 length;
	} ring[MAX_ENTRIES];
};

/* 5.2.6 */
struct header {
	u32 type;
	u32 reserved;
	u64 sector;
};

static struct {
	union {
		struct {
			struct descriptor descriptor[MAX_ENTRIES];
			struct available available;
		};
		u8 page[PAGE_SIZE];
	};
	struct used used;
} queue __attribute__((aligned(PAGE_SIZE)));
static struct header headers[BLK_ROOM];
static volatile u8 statuses[BLK_ROOM];

static u32 get(const struct blk *b, u32 reg)
{
	return io_read32(b->base + reg);
}

static void set(const struct blk *b, u32 reg, u32 value)
{
	io_write32(b->base + reg, value);
}

static void set_address(const struct blk *b, u32 reg, const void *at)
{
	set(b, reg, (u32)(u64)at);
	set(b, reg + 4, (u32)((u64)at >> 32));
}

static void set_status(const struct blk *b, u32 bit)
{
	set(b, STATUS, get(b, STATUS) | bit);
}

/* ---- the beginning: 3.1.1 ---- */

static bool place_queue(struct blk *b, bool old)
{
	set(b, QUEUE_SEL, 0);
	if (get(b, QUEUE_NUM_MAX) < MAX_ENTRIES)
		return false;
	set(b, QUEUE_NUM, MAX_ENTRIES);
	if (old) {
		set(b, QUEUE_ALIGN, PAGE_SIZE);
		set(b, QUEUE_PFN, (u32)((u64)&queue / PAGE_SIZE));
		return true;
	}
	set_address(b, QUEUE_DESC, queue.descriptor);
	set_address(b, QUEUE_DRIVER, &queue.available);
	set_address(b, QUEUE_DEVICE, &queue.used);
	set(b, QUEUE_READY, 1);
	return true;
}

static bool features(struct blk *b, bool old)
{
	if (old) {
		set(b, DRIVER_FEATURES, 0);
		set(b, GUEST_PAGE_SIZE, PAGE_SIZE);
		return true;
	}
	set(b, DRIVER_FEATURES_SEL, 0);
	set(b, DRIVER_FEATURES, 0);
	set(b, DRIVER_FEATURES_SEL, 1);
	set(b, DRIVER_FEATURES, 1u << (FEATURE_VERSION_1 - 32));
	set_status(b, FEATURES_OK);
	return get(b, STATUS) & FEATURES_OK;
}

static bool prepare(struct blk *b)
{
	bool old = get(b, VERSION) == 1;

	set(b, STATUS, 0);
	set_status(b, ACKNOWLEDGE);
	set_status(b, DRIVER);
	memset(&queue, 0, sizeof(queue));
	if (!features(b, old) || !place_queue(b, old))
		return false;
	set_status(b, DRIVER_OK);
	b->free = BIT(BLK_ROOM) - 1;
	b->sectors = get(b, CONFIG_CAPACITY) | (u64)get(b, CONFIG_CAPACITY + 4) << 32;
	return true;
}

static bool is_disk(const struct blk *b)
{
	return get(b, MAGIC) == MAGIC_VALUE && get(b, DEVICE_ID) == DEVICE_ID_BLOCK &&
	       get(b, VERSION) - 1 < 2;
}

bool blk_open(struct blk *b)
{
	*b = (struct blk){0};
	for (int node = fdt_compatible(-1, "virtio,mmio"); node >= 0;
	     node = fdt_compatible(node, "virtio,mmio")) {
		const u8 *interrupt = fdt_prop(node, "interrupts", NULL);
		struct range registers;

		if (!interrupt || !fdt_reg(node, 0, &registers))
			continue;
		b->base = registers.base;
		b->intid = (u32)fdt_cells(interrupt + 4, 1) + 32;
		if (!is_disk(b) || !prepare(b))
			continue;
		gic_set_edge(b->intid, fdt_cells(interrupt + 8, 1) == 1);
		gic_route(b->intid, 0);
		gic_enable(b->intid);
		return true;
	}
	return false;
}

/* ---- transfers ---- */

void blk_interrupt(const struct blk *b)
{
	set(b, INTERRUPT_ACK, get(b, INTERRUPT_STATUS));
}

bool blk_has_room(const struct blk *b)
{
	return b->free;
}

void blk_begin(struct blk *b, enum blk_op op, u64 sector, u64 address, u32 bytes, u64 tag)
{
	u32 n = (u32)__builtin_ctzl(b->free), first = 3 * n;
	struct descriptor *d = &queue.descriptor[first];
	u16 at = queue.available.index;

	b->free &= ~BIT(n);
	b->tag[n] = tag;
	headers[n] = (struct header){.type = op, .sector = sector};
	statuses[n] = BLK_ERROR;
	d[0] = (struct descriptor){(u64)&headers[n], sizeof(headers[n]), NEXT, (u16)(first + 1)};
	d[1] = (struct descriptor){address, bytes, NEXT | (op == BLK_READ ? WRITTEN_BY_DEVICE : 0),
				   (u16)(first + 2)};
	d[2] = (struct descriptor){(u64)&statuses[n], 1, WRITTEN_BY_DEVICE, 0};
	queue.available.ring[at % MAX_ENTRIES] = (u16)first;
	__atomic_store_n(&queue.available.index, (u16)(at + 1), __ATOMIC_RELEASE);
	dsb(sy);
	set(b, QUEUE_NOTIFY, 0);
}

bool blk_ended(struct blk *b, u64 *tag, enum blk_status *status)
{
	u32 n;

	if (__atomic_load_n(&queue.used.index, __ATOMIC_ACQUIRE) == b->consumed)
		return false;
	n = queue.used.ring[b->consumed++ % MAX_ENTRIES].id / 3;
	dmb(osh);
	*tag = b->tag[n];
	*status = statuses[n];
	b->free |= BIT(n);
	return true;
}
