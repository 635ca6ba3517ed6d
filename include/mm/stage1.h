/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EL2's own stage 1: an identity map with W^X (SCTLR_EL2.WXN on top). Only what is needed is
 * mapped. One table for all CPUs.
 */
#pragma once

#include <lib/err.h>
#include <lib/types.h>

/* MAIR_EL2, shared with head.S's early map through el2/entry/offsets.c */
#define MAIR_INDEX_DEVICE 0 /* Device-nGnRE */
#define MAIR_INDEX_NORMAL 1 /* write-back, read and write allocate */
#define MAIR_VALUE 0xff04UL

enum stage1_kind {
	STAGE1_CODE,      /* read, execute; indirect branches to landing pads only (FEAT_BTI) */
	STAGE1_BOOT_CODE, /* read, execute: libfdt has no landing pads */
	STAGE1_RODATA,    /* read */
	STAGE1_DATA,      /* read, write; normal write-back memory */
	STAGE1_DEVICE     /* read, write; Device-nGnRE */
};

/* Takes over the table that head.S made: 48 bits, with its root in the memory of the page pool.
 * Boot CPU. */
void stage1_adopt(u64 *root);

/* Starts a new, empty table, which later calls of stage1_map() fill. Returns its root for
 * TTBR0_EL2. Boot CPU. The hardware uses the old table until stage1_switch(). */
u64 stage1_begin(void);

/* Maps or unmaps r, widened to whole pages. Takes the stage-1 lock. Errors as
 * pgtable_map. */
enum err stage1_map(struct range r, enum stage1_kind kind) MUST_CHECK;
enum err stage1_unmap(struct range r) MUST_CHECK;

/* True if all of r is mapped. Takes no lock, so that a panic can ask. */
bool stage1_mapped(struct range r);

/* True if va is mapped. *span becomes the size of the aligned block around va for which the answer
 * holds. No lock. */
bool stage1_lookup(u64 va, u64 *span);
