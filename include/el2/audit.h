/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over stage-2 tables, in steps: what a partition can reach, and the proof that no other
 * can. Nothing is locked between two steps: of a table that changes meanwhile the walk sees some
 * of both.
 */
#pragma once

#include <mm/stage2.h>

struct partition;

/* A stretch of a partition's addresses of which all is the same. */
struct stretch {
	ipa_t ipa;
	u64 size;
	u64 value; /* the pa at ipa, or the number of the emulated device */
	enum stage2_kind kind;
};

struct walk {
	struct partition *p;
	ipa_t next;
	struct stretch open; /* found so far */
};

enum walk_result { WALK_FOUND, WALK_PAUSE, WALK_END };

/* Begins before p's first address. */
void walk_begin(struct walk *w, struct partition *p);

/* The next stretch that is not nothing, into *found. Each entry looked at takes one
 * from *budget; PAUSE: it is used up, call again. About 150 instructions an entry. */
enum walk_result walk_next(struct walk *w, struct stretch *found, u32 *budget);

/* A page of partition p that another partition or Tocsin has, too. */
struct breach {
	struct partition *p, *other; /* other NULL: Tocsin has it */
	ipa_t ipa;
	pa_t pa;
	u64 size;
	const char *what; /* of Tocsin's */
};

struct audit {
	struct walk outer, inner;
	struct stretch mine; /* the one of outer that is being compared */
	u32 stage;           /* what it is being compared with */
	u64 at;
	const struct partition *frames_of; /* whose paged memory has been compared */
	struct breach breach;
	u32 nr_stretches, nr_breaches; /* so far */
};

void audit_begin(struct audit *a);

enum audit_result { AUDIT_PAUSE, AUDIT_BREACH, AUDIT_END };

/* Goes on, for at most budget table entries. BREACH: a->breach; go on after that. */
enum audit_result audit_step(struct audit *a, u32 budget);
