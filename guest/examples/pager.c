/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager (docs/pager.md): keeps the pages of other partitions on a disk. Each partition has an
 * area of the disk, one after the other as their channels are in the device tree: a page of the
 * disk for each of its pages, and one more with a note of the epoch whose pages these are.
 * Devices read and write the channel's memory, so the partition must be direct-mapped.
 *
 * The note of an epoch is on the disk before anything of that epoch is said to be kept, and what
 * is said to be kept is on the disk. So a pager that begins again keeps what the note says.
 *
 * In bootargs: "latency=N", that a load takes so many us; else it is measured.
 */
#include "pager/pager.h"
#include "pager/link.h"
#include "pager/virtio_blk.h"

#define MAX_AREAS 16
#define BELL 1u
#define NOTE_MAGIC 0x4e475054u /* "TPGN" */
#define SECTORS (PAGE_SIZE / BLK_SECTOR)
#define PROBES 8 /* reads that the latency is measured with */

/* Statuses of ours besides enum blk_status. */
#define PAST_THE_END 3

struct note {
	u32 magic;
	u32 epoch;
	u8 rest[BLK_SECTOR - 8];
};

struct area {
	struct link link;
	struct served served;
	u64 first;    /* page of the disk */
	u32 epoch;    /* that the note names */
	bool noting;  /* the note is on its way to the disk; nothing is taken meanwhile */
	bool to_ring; /* something was completed */
	bool behind;  /* the request held waits for an older one for its page */
	struct tocsin_pager_request held;   /* that waits, or wants another epoch noted */
	u32 moving[TOCSIN_PAGER_MAX_SLOTS]; /* by slot: 1 more than the page of its transfer */
};

/* What a transfer is for, in its tag. */
#define TAG(area, id) ((u64)(area) << 32 | (id))
#define TAG_AREA(tag) ((u32)((tag) >> 32) & 0xff)
#define TAG_NOTE BIT(63)

static struct area areas[MAX_AREAS];
static struct note notes[MAX_AREAS] __attribute__((aligned(PAGE_SIZE)));
static u8 probe_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static u32 nr_areas;
static struct blk disk;
static volatile bool awake;

/* ---- waiting ---- */

static void on_interrupt(u32 intid)
{
	if (intid == disk.intid)
		blk_interrupt(&disk);
	for (u32 i = 0; i < nr_areas; i++)
		if (intid == areas[i].link.intid)
			link_bells(&areas[i].link);
	awake = true;
}

/* One transfer at the start, when there are no others. */
static enum blk_status transfer(enum blk_op op, u64 sector, void *at, u32 bytes)
{
	enum blk_status status;
	u64 tag;

	blk_begin(&disk, op, sector, (u64)at, bytes, 0);
	for (;;) {
		awake = false;
		if (blk_ended(&disk, &tag, &status))
			return status;
		wfi_unless(awake);
	}
}

/* ---- the note ---- */

static u64 note_sector(const struct area *a)
{
	return (a->first + a->served.pages) * SECTORS;
}

static bool on_disk(u64 sector, u32 sectors)
{
	return sector <= disk.sectors && sectors <= disk.sectors - sector;
}

static u32 read_note(const struct area *a)
{
	struct note *n = &notes[a - areas];

	if (!on_disk(note_sector(a), 1) ||
	    transfer(BLK_READ, note_sector(a), n, sizeof(*n)) != BLK_DONE)
		return 0;
	return n->magic == NOTE_MAGIC ? n->epoch : 0;
}

/* Until it is on the disk the request that wants it is held. */
static void begin_note(struct area *a, const struct tocsin_pager_request *r)
{
	struct note *n = &notes[a - areas];

	a->held = *r;
	a->epoch = r->epoch;
	a->noting = true;
	*n = (struct note){.magic = NOTE_MAGIC, .epoch = r->epoch};
	blk_begin(&disk, BLK_WRITE, note_sector(a), (u64)n, sizeof(*n),
		  TAG(a - areas, 0) | TAG_NOTE);
}

/* ---- requests ---- */

static void answer(struct area *a, u32 id, u32 status)
{
	served_complete(&a->served, id, status);
	a->to_ring = true;
}

/* Only where Tocsin has given up the older one, as it took too long. */
static bool is_moving(const struct area *a, u32 page)
{
	for (u32 i = 0; i < a->served.slots; i++)
		if (a->moving[i] == page + 1)
			return true;
	return false;
}

static void begin(struct area *a, const struct tocsin_pager_request *r)
{
	u64 sector = (a->first + r->page) * SECTORS;
	u64 slot = a->link.at + served_slot_offset(r->id);

	a->behind = is_moving(a, r->page);
	if (a->behind) {
		a->held = *r;
	} else if (r->op == TOCSIN_PAGER_DROP) {
		answer(a, r->id, BLK_DONE);
	} else if (!on_disk(sector, SECTORS)) {
		answer(a, r->id, PAST_THE_END);
	} else {
		a->moving[TOCSIN_PAGER_SLOT(r->id)] = r->page + 1;
		blk_begin(&disk, r->op == TOCSIN_PAGER_LOAD ? BLK_READ : BLK_WRITE, sector, slot,
			  PAGE_SIZE, TAG(a - areas, r->id));
	}
}

/* Takes one request of that partition's, if there is one and it can be begun. */
static bool take_one(struct area *a)
{
	struct tocsin_pager_request r;

	if (a->noting || a->behind || !blk_has_room(&disk) || !served_next(&a->served, &r))
		return false;
	if (r.epoch != a->epoch && on_disk(note_sector(a), 1))
		begin_note(a, &r);
	else
		begin(a, &r);
	return true;
}

/* In turns, so that one that asks much does not keep the disk from others. */
static void take_all(void)
{
	bool some;

	do {
		some = false;
		for (u32 i = 0; i < nr_areas; i++)
			some |= take_one(&areas[i]);
	} while (some);
}

/* A note that could not be written leaves an older one, or none: then a pager that
 * begins again keeps nothing. */
static void end_all(void)
{
	enum blk_status status;
	u64 tag;

	while (blk_ended(&disk, &tag, &status)) {
		struct area *a = &areas[TAG_AREA(tag)];

		if (status != BLK_DONE)
			print("pager: %s: the disk has failed, status %u\n", a->link.peer, status);
		if (tag & TAG_NOTE) {
			a->noting = false;
			begin(a, &a->held);
		} else {
			answer(a, (u32)tag, status);
			a->moving[TOCSIN_PAGER_SLOT((u32)tag)] = 0;
			if (a->behind)
				begin(a, &a->held);
		}
	}
}

static void serve(void)
{
	end_all();
	take_all();
	for (u32 i = 0; i < nr_areas; i++) {
		if (areas[i].to_ring)
			link_ring(&areas[i].link, BELL);
		areas[i].to_ring = false;
	}
}

/* ---- the start ---- */

/* That of a page, in us: of some at places that are far apart. */
static u32 measured_latency(void)
{
	u64 pages = disk.sectors / SECTORS, began = counter();

	for (u64 i = 0; i < PROBES && pages; i++)
		transfer(BLK_READ, pages * i / PROBES * SECTORS, probe_page, PAGE_SIZE);
	return (u32)((counter() - began) * 1000000 / read_sysreg(CNTFRQ_EL0) / PROBES);
}

static void find_areas(void)
{
	u64 first = 0;
	int node = -1;

	while (nr_areas < MAX_AREAS) {
		struct area *a = &areas[nr_areas];

		node = link_find(node, "tocsin,pager", &a->link);
		if (node < 0)
			return;
		if (!served_open(&a->served, a->link.memory, a->link.size)) {
			print("pager: %s: not an offer that is understood\n", a->link.peer);
			continue;
		}
		a->first = first;
		first += a->served.pages + 1;
		nr_areas++;
	}
}

static void greet(struct area *a, u32 latency)
{
	a->epoch = read_note(a);
	link_listen(&a->link);
	served_hello(&a->served, latency, a->epoch);
	link_ring(&a->link, BELL);
	print("pager: %s: %u pages at page %lu of the disk, %u slots, %u us, keeps epoch %u\n",
	      a->link.peer, a->served.pages, a->first, a->served.slots, latency, a->epoch);
	if (!on_disk(note_sector(a), 1))
		print("pager: %s: the disk has only %lu pages\n", a->link.peer,
		      disk.sectors / SECTORS);
}

static void run(void)
{
	u32 latency = (u32)bootarg_number("latency=", 0);

	irq_hook = on_interrupt;
	irq_enable();
	find_areas();
	if (!nr_areas || !blk_open(&disk)) {
		print("pager: there is no %s\n", nr_areas ? "disk" : "partition to serve");
		return;
	}
	if (!latency)
		latency = measured_latency();
	for (u32 i = 0; i < nr_areas; i++)
		greet(&areas[i], latency);
	for (;;) {
		awake = false;
		serve();
		wfi_unless(awake);
	}
}

void guest_setup(void)
{
	gic_init();
	gic_cpu_init();
}

const struct test guest_tests[] = {{"pager", run, 0}, {0}};
