/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of a partition: not so many lines that those about others are lost. */
#include <drivers/timer.h>
#include <el2/partition.h>
#include <lib/fmt.h>

/* In the long run, and at once: a report of a fault has a dozen lines. */
#define LINES_PER_SECOND 4
#define LINES_AT_ONCE 64

/* Each line moves the time at which the partition has used up its credit by a line's share of
 * a second. Two CPUs that come here at once have one line between them. */
static bool has_credit(struct partition *p)
{
	u64 now = timer_now(), share = timer_frequency() / LINES_PER_SECOND;
	u64 used = atomic_load(&p->log.used), from = MAX(used, now);

	return from - now < LINES_AT_ONCE * share && atomic_cas(&p->log.used, used, from + share);
}

bool partition_may_log(struct partition *p)
{
	u32 lost;

	if (!has_credit(p)) {
		atomic_add(&p->log.lost, 1);
		return false;
	}
	lost = atomic_swap(&p->log.lost, 0);
	if (lost)
		log_warn("partition %s: %u lines about it were left out", p->config->name, lost);
	return true;
}

void partition_log(struct partition *p, enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;

	if (!partition_may_log(p))
		return;
	va_start(args, format);
	(void)fmt_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(level, "partition %s: %s", p->config->name, text);
}
