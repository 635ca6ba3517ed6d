/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The auditor: each stretch of memory or device that a partition maps is compared with
 * Tocsin's image and page pool, with what loads need again, with EL2's own map, and
 * with all stretches of the partitions after it. The frames of paged memory, each a stretch
 * of its own, are compared as one. No state but the caller's, no lock but stage2_lookup()'s.
 */
#include <drivers/gic.h>
#include <el2/audit.h>
#include <el2/channel.h>
#include <el2/partition.h>
#include <mm/pages.h>
#include <mm/stage1.h>

extern char image_start[];

/* ---- walks ---- */

void walk_begin(struct walk *w, struct partition *p)
{
	*w = (struct walk){.p = p};
}

static bool is_mapping(const struct stretch *s)
{
	return s->kind == STAGE2_MEMORY || s->kind == STAGE2_DEVICE;
}

static bool continues(const struct stretch *s, const struct stretch *next)
{
	u64 advance = is_mapping(s) ? s->size : 0;

	return s->kind == next->kind && s->value + advance == next->value;
}

enum walk_result walk_next(struct walk *w, struct stretch *found, u32 *budget)
{
	struct stage2 *s2 = &w->p->stage2;
	u64 end = BIT(s2->table.address_bits);

	for (;;) {
		struct stretch piece = {.ipa = w->next, .kind = STAGE2_NOTHING};
		struct stretch before = w->open;

		if (w->next < end) {
			struct stage2_entry e;

			if (!*budget)
				return WALK_PAUSE;
			--*budget;
			e = stage2_lookup(s2, w->next);
			piece.kind = e.kind;
			piece.value = e.value;
			piece.size =
			    pgtable_level_size(e.level) - w->next % pgtable_level_size(e.level);
			w->next += piece.size;
			if (before.size && continues(&before, &piece)) {
				w->open.size += piece.size;
				continue;
			}
		}
		w->open = piece;
		if (before.size && before.kind != STAGE2_NOTHING) {
			*found = before;
			return WALK_FOUND;
		}
		if (!piece.size)
			return WALK_END;
	}
}

/* ---- the audit ---- */

enum stage { NEXT_STRETCH, OWN_MEMORY, OWN_MAP, NEXT_PARTITION, COMPARE };

void audit_begin(struct audit *a)
{
	*a = (struct audit){.stage = NEXT_STRETCH};
	if (nr_partitions)
		walk_begin(&a->outer, &partitions[0]);
}

static struct range physical(const struct stretch *s)
{
	return (struct range){s->value, s->size};
}

/* Of paged memory: Tocsin fills and empties them while the partition runs. */
static struct range frames(const struct paging *g)
{
	const struct paged_config *c = &g->paged.config;

	return (struct range){(u64)c->frames, (u64)c->nr_frames * PAGE_SIZE};
}

static bool is_frames(const struct partition *p, struct range r)
{
	return p->paging && range_contains(frames(p->paging), r);
}

/* Notes what of the stretch is also in r. Which page a frame holds may have changed: the
 * address is then where paged memory begins. */
static enum audit_result breach(struct audit *a, struct range r, struct partition *other,
				const char *what)
{
	struct range mine = physical(&a->mine);
	u64 base = MAX(mine.base, r.base);
	u64 end = MIN(mine.base + mine.size, r.base + r.size);

	a->breach = (struct breach){
	    .p = a->outer.p,
	    .other = other,
	    .ipa = is_frames(a->outer.p, mine) ? a->mine.ipa : a->mine.ipa + (base - mine.base),
	    .pa = base,
	    .size = end - base,
	    .what = what};
	a->nr_breaches++;
	return AUDIT_BREACH;
}

/* Image, tree and pool lie behind one another (docs/design/boot.md). */
static enum audit_result own_memory(struct audit *a)
{
	struct range pool = pages_range();
	struct range own = {(u64)image_start, pool.base + pool.size - (u64)image_start};

	a->stage = OWN_MAP;
	a->at = a->mine.value;
	if (ranges_overlap(physical(&a->mine), own))
		return breach(a, own, NULL, "Tocsin's memory");
	for (u32 i = 0; i < nr_partitions; i++) {
		const struct partition_config *c = partitions[i].config;

		for (u32 k = 0; k < c->nr_load; k++) {
			struct range image = {c->load[k].from, c->load[k].size};

			if (ranges_overlap(physical(&a->mine), image))
				return breach(a, image, NULL, "a partition's retained image");
		}
	}
	return AUDIT_PAUSE;
}

/* The pages in which Tocsin tells a partition its stolen time. */
static bool tells_time(const struct partition *p, struct range r)
{
	struct range pages = {p->config->pvtime.pa, p->config->pvtime.size};

	return range_contains(pages, r);
}

/* Tocsin writes to registers there when the partition has stopped. */
static bool is_quiesced(const struct partition *p, u64 at)
{
	const struct partition_config *c = p->config;

	for (u32 i = 0; i < c->nr_quiesce; i++)
		if (ALIGN_DOWN(c->quiesce[i].pa, PAGE_SIZE) == at)
			return true;
	return false;
}

/* While a partition is loaded, its memory is in EL2's map by pieces. */
static enum audit_result own_map(struct audit *a, u32 *budget)
{
	u64 end = a->mine.value + a->mine.size;
	bool ours = tells_time(a->outer.p, physical(&a->mine)) ||
		    is_frames(a->outer.p, physical(&a->mine)) ||
		    atomic_load(&a->outer.p->state) == PARTITION_LOADING ||
		    atomic_load(&a->outer.p->load_window.size);

	while (a->at < end && *budget && !ours) {
		u64 span, at = a->at;
		bool mapped = stage1_lookup(at, &span);

		--*budget;
		span -= at % span;
		a->at += span;
		if (mapped && !is_quiesced(a->outer.p, at) &&
		    !channel_shares_with_tocsin(a->outer.p, (struct range){at, span}))
			return breach(a, (struct range){at, span}, NULL, "mapped in EL2");
	}
	if (a->at >= end || ours) {
		a->stage = NEXT_PARTITION;
		a->inner.p = a->outer.p;
	}
	return AUDIT_PAUSE;
}

/* On GICv2 every partition has the virtual CPU interface, which is banked by CPU. */
static bool may_share(struct range r)
{
	return gic.version == 2 && range_contains(range_pages_around(gic.config->vcpu), r);
}

static enum audit_result compare(struct audit *a, u32 *budget)
{
	struct stretch other;

	switch (walk_next(&a->inner, &other, budget)) {
	case WALK_PAUSE:
		return AUDIT_PAUSE;
	case WALK_END:
		a->stage = NEXT_PARTITION;
		return AUDIT_PAUSE;
	case WALK_FOUND:
		break;
	}
	if (is_mapping(&other) && ranges_overlap(physical(&a->mine), physical(&other)) &&
	    !may_share(physical(&a->mine)) &&
	    !channel_shares(a->outer.p, a->inner.p, physical(&a->mine)))
		return breach(a, physical(&other), a->inner.p, "");
	return AUDIT_PAUSE;
}

/* The first that is found stands for all of them. False: another one has. */
static bool take_all_frames(struct audit *a)
{
	struct partition *p = a->outer.p;
	struct range all = frames(p->paging);

	if (a->frames_of == p)
		return false;
	a->frames_of = p;
	a->mine.ipa = p->paging->paged.config.ipa;
	a->mine.value = all.base;
	a->mine.size = all.size;
	return true;
}

static enum audit_result next_stretch(struct audit *a, u32 *budget)
{
	switch (walk_next(&a->outer, &a->mine, budget)) {
	case WALK_PAUSE:
		return AUDIT_PAUSE;
	case WALK_END:
		if (a->outer.p + 1 == partitions + nr_partitions)
			return AUDIT_END;
		walk_begin(&a->outer, a->outer.p + 1);
		return AUDIT_PAUSE;
	case WALK_FOUND:
		break;
	}
	if (!is_mapping(&a->mine) ||
	    (is_frames(a->outer.p, physical(&a->mine)) && !take_all_frames(a)))
		return AUDIT_PAUSE;
	a->nr_stretches++;
	a->stage = OWN_MEMORY;
	return AUDIT_PAUSE;
}

enum audit_result audit_step(struct audit *a, u32 budget)
{
	enum audit_result result = nr_partitions ? AUDIT_PAUSE : AUDIT_END;

	while (result == AUDIT_PAUSE && budget) {
		switch (a->stage) {
		case NEXT_STRETCH:
			result = next_stretch(a, &budget);
			break;
		case OWN_MEMORY:
			result = own_memory(a);
			break;
		case OWN_MAP:
			result = own_map(a, &budget);
			break;
		case NEXT_PARTITION:
			if (a->inner.p + 1 == partitions + nr_partitions) {
				a->stage = NEXT_STRETCH;
				break;
			}
			walk_begin(&a->inner, a->inner.p + 1);
			a->stage = COMPARE;
			break;
		case COMPARE:
			result = compare(a, &budget);
			break;
		}
	}
	return result;
}
