/* SPDX-License-Identifier: Apache-2.0 */
/* What must fit together where a partition's memory is paged. */
#include <boot/config_reader.h>
#include <mm/paged.h>

u64 config_needs_memory(const struct partition_spec *p)
{
	return p->memory + (p->paging.on ? p->paging.resident : 0);
}

void config_check_paging(struct config_reader *r)
{
	struct partition_spec *p = r->p;
	struct spec_paging *g = &p->paging;
	u64 least = (u64)paged_least_frames(p->nr_vcpus) * PAGE_SIZE;

	if (!g->on) {
		if (g->resident)
			config_warn(r, NULL, "tocsin,resident",
				    "found without tocsin,paged, without effect");
		return;
	}
	if (p->direct_map || p->given || !p->memory) {
		config_error(r, NULL, "tocsin,paged",
			     "found with given memory: should be with memory that Tocsin finds");
		return;
	}
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
	if (g->far_jitter_us > g->far_latency_us)
		config_error(r, NULL, "tocsin,far-jitter-us",
			     "found %u: should be at most the latency, %u", g->far_jitter_us,
			     g->far_latency_us);
}
