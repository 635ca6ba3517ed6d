/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the making of partitions calls beside what tests/host/transaction_test.c is about,
 * and what only runs when partitions do. To be included by that file.
 */
#pragma once

/* ---- boot ---- */

static struct partition_spec *kernel_is_bad;

void config_log(void *context, const struct complaint *c)
{
	(void)context;
	log_error("%s", c->text);
}

void config_check_kernel(struct config *c, struct partition_spec *p, const void *file,
			 const struct machine *m, complain_fn say, void *context)
{
	struct complaint bad = {.error = true, .path = p->path, .text = "a bad kernel"};

	(void)c, (void)file, (void)m;
	if (p != kernel_is_bad)
		return;
	p->broken = true;
	say(context, &bad);
}

/* It is as the test has set it. */
void boot_read_config(const void *tree, complain_fn say)
{
	(void)tree, (void)say;
}

u64 config_channel_room(u64 size)
{
	return ALIGN_UP(size, MIB(2));
}

void boot_stop(const char *format, ...)
{
	printf("boot_stop: %s\n", format);
	abort();
}

/* ---- el2 and below, while partitions are made ---- */

enum err vsdei_create(struct partition *p)
{
	return vsdei_bound_create(p);
}

u32 vwatchdog_regions(struct partition *p, struct mmio_region *out)
{
	(void)p, (void)out;
	return 0;
}
void vpl011_init(struct vpl011 *u, struct partition *p, u32 intid)
{
	u->partition = p;
	u->intid = intid;
}

void inject_prepare(struct partition *p)
{
	p->entry = (struct pstate_rules){0};
}

u64 host_io_read(u64 addr, int bytes)
{
	(void)addr, (void)bytes;
	return 0;
}

void host_io_write(u64 addr, u64 value, int bytes)
{
	(void)addr, (void)value, (void)bytes;
}

u64 timer_frequency(void)
{
	return 62500000;
}

void cache_hand_to_guest(const void *start, size_t size)
{
	(void)start, (void)size;
}

void tlbi_el2_page(u64 va)
{
	(void)va;
}

void tlbi_el2_all(void)
{
}

void tlbi_stage1(void)
{
}

void tlbi_stage2_ipa(u64 ipa)
{
	(void)ipa;
}

static u64 forgotten; /* VTTBR_EL2 of the stage 2 that was last forgotten */

void tlbi_stages12(void)
{
	forgotten = host_VTTBR_EL2;
}

/* ---- not called ---- */

/* Under that name for the linker, whatever its type. */
#define NOT_CALLED(name)                                                                           \
	void not_called_##name(void) __asm__(#name);                                               \
	void not_called_##name(void)                                                               \
	{                                                                                          \
		printf("%s is called\n", #name);                                                   \
		abort();                                                                           \
	}

NOT_CALLED(boot_nothing)
NOT_CALLED(modules_choose)
NOT_CALLED(plan_retain)
NOT_CALLED(plan_partition)
NOT_CALLED(context_switch)
NOT_CALLED(guest_enter)
NOT_CALLED(irq_handle)
NOT_CALLED(timer_now)
NOT_CALLED(timer_set)
NOT_CALLED(vcpu_begin)
NOT_CALLED(vcpu_request)
NOT_CALLED(vcpu_serve_life)
NOT_CALLED(vpl011_access)
NOT_CALLED(vsdei_serve)
NOT_CALLED(vtimer_armed_deadline)
