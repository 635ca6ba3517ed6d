/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies the images from which a partition starts into its memory, in steps. On the CPU of its
 * first vCPU; no lock but that of EL2's map.
 */
#include <el2/partition.h>
#include <lib/check.h>
#include <lib/string.h>
#include <mm/cache.h>
#include <mm/stage1.h>

/* Copying and cache maintenance of so much take about 5000 instructions, to move on the
 * window in EL2's map that it lies in as many. */
#define LOAD_STEP KIB(16)
#define LOAD_WINDOW KIB(128)
#define LARGE_WINDOW MIB(2) /* one entry, where memory is aligned to that */

/* Guest memory is in EL2's map only while it is written. */
void loading_close(struct partition *p)
{
	struct range old = p->load_window;

	p->load_window.size = 0;
	/* What is mapped by whole pages needs no new table. */
	CHECK(!old.size || stage1_unmap(old) == OK);
}

/* What begins at from, before end. ERR_NO_MEMORY: nothing of it is mapped. */
static enum err open_window(struct partition *p, u64 from, u64 end)
{
	u64 span = IS_ALIGNED(from, LARGE_WINDOW) && end - from >= LARGE_WINDOW ? LARGE_WINDOW
										: LOAD_WINDOW;
	struct range window = {from, MIN(ALIGN_DOWN(from, span) + span, end) - from};
	enum err err;

	loading_close(p);
	err = stage1_map(window, STAGE1_DATA);
	p->load_window = window;
	if (err)
		loading_close(p);
	return err;
}

/* One step within s, which is not complete yet: to move the window, or to fill some. */
static enum err copy_step(struct partition *p, const struct load_segment *s)
{
	u64 done = p->load_done, at = s->to + done;
	u64 n = MIN(LOAD_STEP, p->load_window.base + p->load_window.size - at);

	if (!range_contains(p->load_window, (struct range){at, 1}))
		return open_window(p, at, s->to + s->size + s->fill);
	if (done < s->size) {
		n = MIN(n, s->size - done);
		memcpy((void *)at, (const void *)(s->from + done), n);
	} else {
		memset((void *)at, 0, n);
	}
	cache_hand_to_guest((const void *)at, n);
	p->load_done += n;
	if (p->load_done == s->size + s->fill) {
		p->load_index++;
		p->load_done = 0;
	}
	return OK;
}

/* The pages of paged memory come when they are touched: only where from is written. */
static bool is_loaded(const struct partition *p)
{
	return p->paging ? paging_is_reset(p, p->load_done) : p->load_index == p->config->nr_load;
}

enum err loading_step(struct partition *p, bool *complete)
{
	*complete = is_loaded(p);
	if (*complete) {
		loading_close(p);
		cache_forget_instructions();
		return OK;
	}
	if (!p->paging)
		return copy_step(p, &p->config->load[p->load_index]);
	paging_reset_step(p, &p->load_done);
	return OK;
}
