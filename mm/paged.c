/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paged memory: faults and completed loads. If no frame is free, mm/paged_evict.c chooses one to
 * evict. Lock: the paged memory's, around each public function.
 */
#include "paged_state.h"
#include <lib/bits.h>
#include <lib/check.h>
#include <lib/string.h>
#include <mm/cache.h>
#include <mm/pages.h>

/* Initial age in clock revolutions. EL1's pages get more, because all tasks use them. */
#define AGE_AHEAD 0
#define AGE_EL0 1
#define AGE_EL1 3

static ipa_t ipa_of(const struct paged *p, u32 page)
{
	return p->config.ipa + (u64)page * PAGE_SIZE;
}

/* ---- contents that need no store; cleaned to PoC for a guest without caches ---- */

/* From the images; zero elsewhere. */
static void fill_fresh(const struct paged *p, u32 page, u8 *frame)
{
	struct range here = {(u64)page * PAGE_SIZE, PAGE_SIZE};

	cache_zero_for_guest(frame);
	for (u32 i = 0; i < p->config.nr_images; i++) {
		const struct paged_image *image = &p->config.images[i];
		u64 start = MAX(here.base, image->at);
		u64 end = MIN(here.base + here.size, image->at + image->size);

		if (start >= end)
			continue;
		memcpy(frame + (start - here.base), image->from + (start - image->at), end - start);
		cache_hand_to_guest(frame, PAGE_SIZE);
	}
}

/* ---- a page becomes resident ---- */

static void map(struct paged *p, u32 page, u32 frame, bool exec, u8 age)
{
	struct paged_frame *f = &p->frames[frame];
	void *contents = paged_frame_address(p, frame);

	if (exec)
		cache_publish_code(contents, PAGE_SIZE);
	*f = (struct paged_frame){.page = page, .age = age, .holds = f->holds};
	stage2_page_make(paged_entry(p, page), (u64)contents, exec, age != AGE_AHEAD);
}

/* The store has written it. */
static void map_loaded(struct paged *p, u32 page, u32 frame, bool exec, u8 age)
{
	cache_hand_to_guest(paged_frame_address(p, frame), PAGE_SIZE);
	map(p, page, frame, exec, age);
	p->counts.loaded++;
}

static u8 age_for(const struct paged_access *a)
{
	return a->el1 ? AGE_EL1 : AGE_EL0;
}

static enum paged_answer fill(struct paged *p, u32 page, u64 value, const struct paged_access *a,
			      u64 now, u32 *frame)
{
	enum paged_answer taken = paged_take_frame(p, now, frame);

	if (taken != PAGED_THERE)
		return taken;
	if (PAGED_STATE(value) == PAGED_FRESH)
		fill_fresh(p, page, paged_frame_address(p, *frame));
	else
		cache_zero_for_guest(paged_frame_address(p, *frame));
	map(p, page, *frame, a->fetch, age_for(a));
	p->counts.filled++;
	return PAGED_THERE;
}

/* The store has begun to load page into frame. */
static void await(struct paged *p, u32 page, const struct paged_access *a, u32 id, u32 frame)
{
	p->loads[id] = (struct paged_load){.frame = frame, .ahead = !a};
	if (a) {
		p->loads[id].fetch = a->fetch;
		p->loads[id].el1 = a->el1;
	}
	p->frames[frame] = (struct paged_frame){.page = page, .busy = true};
	stage2_page_break(paged_entry(p, page), PAGED_VALUE(PAGED_LOADING, id));
}

/* Asks the store for page: for the access a, or ahead of any access if a is NULL. With PAGED_THERE
 * it is in *frame. */
static enum paged_answer begin_load(struct paged *p, u32 page, const struct paged_access *a,
				    u64 now, u32 *frame)
{
	enum paged_answer taken = PAGED_ROOM;
	enum store_load begun;
	u32 id;

	if (numbers_left(&p->free_loads))
		taken = paged_take_frame(p, now, frame);
	if (taken != PAGED_THERE)
		return taken;
	id = numbers_take(&p->free_loads);
	begun = p->store->ops->load(p->store, id, page, paged_frame_address(p, *frame), now);
	if (begun == STORE_BEGUN) {
		await(p, page, a, id, *frame);
		return PAGED_WAIT;
	}
	numbers_give(&p->free_loads, id);
	if (begun == STORE_THERE) {
		map_loaded(p, page, *frame, a && a->fetch, a ? age_for(a) : AGE_AHEAD);
		return PAGED_THERE;
	}
	numbers_give(&p->free, *frame);
	return begun == STORE_FULL ? PAGED_ROOM : PAGED_LOST;
}

static bool is_stored(const struct paged *p, u32 page)
{
	u64 entry = page < p->config.nr_pages ? atomic_load(paged_entry(p, page)) : PTE_VALID;

	return !(entry & PTE_VALID) && PAGED_STATE(stage2_page_value(entry)) == PAGED_STORED;
}

/* If the page before is resident, the access is taken for sequential, and the next pages are loaded
 * ahead. paged_done() begins one load per call, because each may need an eviction. */
static void plan_ahead(struct paged *p, u32 page)
{
	if (!page || !(atomic_load(paged_entry(p, page - 1)) & PTE_VALID))
		return;
	p->next_ahead = page + 1;
	atomic_store(&p->nr_ahead, p->config.read_ahead);
}

static void load_ahead(struct paged *p, u64 now)
{
	u32 page = p->next_ahead++, frame;
	enum paged_answer answer =
	    is_stored(p, page) ? begin_load(p, page, NULL, now, &frame) : PAGED_ROOM;
	bool begun = answer == PAGED_WAIT || answer == PAGED_THERE;

	atomic_store(&p->nr_ahead, begun ? p->nr_ahead - 1 : 0);
	p->counts.ahead += begun;
}

static enum paged_answer load(struct paged *p, u32 page, const struct paged_access *a, u64 now,
			      u32 *frame)
{
	enum paged_answer answer = begin_load(p, page, a, now, frame);

	if (answer == PAGED_WAIT)
		plan_ahead(p, page);
	return answer;
}

/* One more access waits for a load that is in flight. */
static enum paged_answer join(struct paged *p, u64 value, const struct paged_access *a)
{
	struct paged_load *l = &p->loads[PAGED_PAYLOAD(value)];

	l->ahead = false;
	l->fetch |= a->fetch;
	l->el1 |= a->el1;
	return PAGED_WAIT;
}

/* The page is resident: a flag is missing, or another CPU was faster. */
static enum paged_answer present(struct paged *p, u32 page, u64 *entry, u64 value,
				 const struct paged_access *a, u32 *frame)
{
	void *contents = (void *)(value & PTE_ADDR);

	*frame = (u32)(((u64)contents - (u64)p->config.frames) >> PAGE_SHIFT);
	if (!(value & PTE_AF)) {
		p->frames[*frame].age = MAX(p->frames[*frame].age, age_for(a));
		stage2_page_make_young(entry);
		p->counts.aged++;
	}
	if (a->fetch && !stage2_page_exec(value)) {
		cache_publish_code(contents, PAGE_SIZE);
		stage2_page_allow_exec(entry, ipa_of(p, page));
	}
	return PAGED_THERE;
}

static enum paged_answer fault(struct paged *p, u32 page, const struct paged_access *a, u64 now,
			       u32 *frame)
{
	u64 *entry = paged_entry(p, page);
	u64 value = atomic_load(entry);

	if (value & PTE_VALID)
		return present(p, page, entry, value, a, frame);
	value = stage2_page_value(value);
	switch (PAGED_STATE(value)) {
	case PAGED_STORED:
		return load(p, page, a, now, frame);
	case PAGED_LOADING:
		return join(p, value, a);
	case PAGED_GONE:
		return PAGED_LOST;
	default:
		return fill(p, page, value, a, now, frame);
	}
}

static enum paged_answer no_room(struct paged *p)
{
	if (!p->store->ops->busy(p->store))
		return PAGED_LOST; /* there will never be room */
	p->counts.no_room++;
	return PAGED_ROOM;
}

enum paged_answer paged_fault(struct paged *p, u32 page, const struct paged_access *a, u64 now,
			      u32 *frame)
{
	enum paged_answer answer;

	lock_acquire(&p->lock);
	answer = fault(p, page, a, now, frame);
	if (answer == PAGED_THERE)
		p->frames[*frame].holds++;
	else if (answer == PAGED_ROOM)
		answer = no_room(p);
	lock_release(&p->lock);
	return answer;
}

/* ---- a load ends ---- */

static void finish(struct paged *p, const struct store_done *ended, struct paged_done *d)
{
	struct paged_load *l = &p->loads[ended->load];
	u32 frame = l->frame;

	CHECK(ended->load < p->config.nr_loads && p->frames[frame].busy);
	*d = (struct paged_done){.page = p->frames[frame].page, .lost = ended->err != OK};
	numbers_give(&p->free_loads, ended->load);
	if (d->lost) {
		stage2_page_break(paged_entry(p, d->page), PAGED_VALUE(PAGED_GONE, 0));
		numbers_give(&p->free, frame);
		p->counts.lost++;
		return;
	}
	map_loaded(p, d->page, frame, l->fetch, l->ahead ? AGE_AHEAD : l->el1 ? AGE_EL1 : AGE_EL0);
}

bool paged_done(struct paged *p, u64 now, struct paged_done *d)
{
	struct store_done ended;
	bool any;

	if (paged_next(p) > now)
		return false;
	lock_acquire(&p->lock);
	any = p->store->ops->done(p->store, now, &ended);
	if (any && ended.load == STORE_ROOM)
		*d = (struct paged_done){.page = PAGED_NO_PAGE};
	else if (any)
		finish(p, &ended, d);
	else if (p->nr_ahead)
		load_ahead(p, now);
	lock_release(&p->lock);
	return any;
}

bool paged_is_loading(struct paged *p)
{
	bool loading;

	lock_acquire(&p->lock);
	loading = p->store->ops->busy(p->store);
	lock_release(&p->lock);
	return loading;
}

u64 paged_next(const struct paged *p)
{
	return atomic_load(&p->nr_ahead) ? 0 : p->store->ops->next(p->store);
}

/* ---- holding ---- */

void paged_release(struct paged *p, u32 frame)
{
	lock_acquire(&p->lock);
	CHECK(p->frames[frame].holds);
	p->frames[frame].holds--;
	lock_release(&p->lock);
}

/* ---- creation and reset ---- */

static void reset_frames(struct paged *p)
{
	p->store->ops->reset(p->store);
	numbers_give_all(&p->free);
	numbers_give_all(&p->free_loads);
	atomic_store(&p->nr_ahead, 0);
	p->hand = 0;
	p->in_vain = 0;
	p->refused = false;
}

void paged_reset(struct paged *p, u32 first, u32 n)
{
	lock_acquire(&p->lock);
	if (!first)
		reset_frames(p);
	for (u32 i = first; i < first + n && i < p->config.nr_pages; i++)
		stage2_page_break(paged_entry(p, i), PAGED_VALUE(PAGED_FRESH, 0));
	lock_release(&p->lock);
}

void paged_renew(struct paged *p)
{
	lock_acquire(&p->lock);
	p->store->ops->renew(p->store);
	lock_release(&p->lock);
}

/* .back is NULL if there is no memory for it. */
static struct numbers numbers_of(u32 limit)
{
	return (struct numbers){.back = boot_alloc(limit * sizeof(u32), 8), .limit = limit};
}

enum err paged_create(struct paged *p, const struct paged_config *c, struct stage2 *stage2,
		      struct store *store)
{
	u64 size = (u64)c->nr_pages * PAGE_SIZE;
	enum err err;

	*p = (struct paged){.config = *c, .stage2 = stage2, .store = store};
	p->frames = boot_alloc(c->nr_frames * sizeof(*p->frames), 8);
	p->free = numbers_of(c->nr_frames);
	p->loads = boot_alloc(c->nr_loads * sizeof(*p->loads), 8);
	p->free_loads = numbers_of(c->nr_loads);
	p->tables = boot_alloc(
	    ALIGN_UP(c->nr_pages, PAGED_ENTRIES) / PAGED_ENTRIES * sizeof(*p->tables), 8);
	if (!p->frames || !p->free.back || !p->loads || !p->free_loads.back || !p->tables)
		return ERR_NO_MEMORY;
	reset_frames(p);
	err = IS_ALIGNED(c->ipa, PAGED_ENTRIES * PAGE_SIZE)
		  ? stage2_make_paged(stage2, c->ipa, size)
		  : ERR_RANGE;
	for (u32 i = 0; !err && i < c->nr_pages; i += PAGED_ENTRIES)
		p->tables[i / PAGED_ENTRIES] = stage2_page(stage2, ipa_of(p, i));
	return err;
}
