/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a partition with paged memory: its properties, and which partition can be its pager. */
#include "config_reader.h"
#include <lib/bits.h>
#include <lib/string.h>
#include <mm/paged.h>

u64 config_needs_memory(const struct partition_spec *p)
{
	if (!p->paging.on)
		return p->memory;
	return p->paging.resident + (p->paging.pager ? 0 : p->memory);
}

/* ---- one partition ---- */

/* Properties that have a meaning only with, or only without, another one. */
enum needs { PAGED, FAR, PAGER };

static const struct {
	const char *name;
	enum needs needs;
} dependent[] = {
    {"tocsin,resident", PAGED},         {"tocsin,read-ahead", PAGED},
    {"tocsin,async-min-us", PAGED},     {"tocsin,pager", PAGED},
    {"tocsin,far-latency-us", FAR},     {"tocsin,far-jitter-us", FAR},
    {"tocsin,far-seed", FAR},           {"tocsin,far-per-ms", FAR},
    {"tocsin,pager-slots", PAGER},      {"tocsin,on-page-loss", PAGER},
    {"tocsin,pager-timeout-ms", PAGER},
};

static void name_useless(struct config_reader *r, int node)
{
	const struct spec_paging *g = &r->p->paging;

	for (u32 i = 0; i < ARRAY_SIZE(dependent); i++) {
		const char *name = dependent[i].name;

		if (!config_prop(r->fdt, node, name).bytes)
			continue;
		if (!g->on)
			config_warn(r, NULL, name, "found without tocsin,paged, without effect");
		else if (dependent[i].needs == FAR && g->pager)
			config_warn(r, NULL, name, "found beside tocsin,pager, without effect");
		else if (dependent[i].needs == PAGER && !g->pager)
			config_warn(r, NULL, name, "found without tocsin,pager, without effect");
	}
}

static void check_far(struct config_reader *r)
{
	const struct spec_paging *g = &r->p->paging;

	if (g->far_jitter_us > g->far_latency_us)
		config_error(r, NULL, "tocsin,far-jitter-us",
			     "found %u: should be at most the latency, %u", g->far_jitter_us,
			     g->far_latency_us);
}

static void check_resident(struct config_reader *r)
{
	struct partition_spec *p = r->p;
	struct spec_paging *g = &p->paging;
	u64 least = (u64)paged_least_frames(p->nr_vcpus) * PAGE_SIZE;

	if (!g->resident)
		g->resident = ALIGN_UP(MAX(p->memory / 4, least), PAGE_SIZE);
	if (g->resident < least)
		config_error(r, NULL, "tocsin,resident",
			     "found %lu KiB: should be at least %lu KiB, for one instruction of "
			     "each of its %u vCPUs",
			     g->resident >> 10, least >> 10, p->nr_vcpus);
	if (g->resident > p->memory)
		config_error(r, NULL, "tocsin,resident",
			     "found %lu KiB: should be at most %lu KiB, all of its memory",
			     g->resident >> 10, p->memory >> 10);
}

void config_check_paging(struct config_reader *r, int node)
{
	struct partition_spec *p = r->p;
	struct spec_paging *g = &p->paging;

	name_useless(r, node);
	if (!g->on)
		return;
	if (p->direct_map || p->given || !p->memory) {
		config_error(r, NULL, "tocsin,paged",
			     "found with given memory: should be with memory that Tocsin finds");
		return;
	}
	check_resident(r);
	if (!g->pager)
		check_far(r);
	else if (g->pager_slots & (g->pager_slots - 1))
		config_error(r, NULL, "tocsin,pager-slots",
			     "found %u: should be a power of two, as %u", g->pager_slots,
			     1U << (31 - __builtin_clz(g->pager_slots)));
}

/* ---- its pager ---- */

const struct partition_spec *config_find(const struct config *c, const char *name)
{
	for (u32 i = 0; i < c->nr_partitions; i++)
		if (!strcmp(c->partitions[i].name, name))
			return &c->partitions[i];
	return NULL;
}

const struct partition_spec *config_pager(const struct config *c, const struct partition_spec *p)
{
	const struct spec_paging *g = &p->paging;
	const struct partition_spec *pager = g->on && g->pager ? config_find(c, g->pager) : NULL;

	return pager && !pager->paging.on ? pager : NULL;
}

void config_check_pager(struct config_reader *r)
{
	const struct spec_paging *g = &r->p->paging;
	const struct partition_spec *pager = g->on && g->pager ? config_find(r->c, g->pager) : NULL;

	if (!g->on || !g->pager)
		return;
	if (!pager)
		config_error(r, NULL, "tocsin,pager",
			     "found \"%.40s\": should be the name of another partition", g->pager);
	else if (pager == r->p)
		config_error(r, NULL, "tocsin,pager",
			     "found its own name: should be that of another partition");
	else if (pager->paging.on)
		config_error(r, NULL, "tocsin,pager",
			     "found \"%.40s\", which is paged itself: should be a partition whose "
			     "memory is all there",
			     g->pager);
}
