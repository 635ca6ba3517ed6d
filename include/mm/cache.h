/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only data- and instruction-cache maintenance in Tocsin, named for the
 * reason. QEMU does not model caches, so a missing call is invisible there:
 * whoever writes memory that somebody else reads uncached or executes calls
 * one of these, and is listed in docs/design/memory.md.
 */
#pragma once

#include <lib/types.h>

/* Set at boot if a CPU has errata that make a clean without invalidation lose
 * data: cleaning then always invalidates too. */
extern bool cache_clean_unsafe;

/* EL2 wrote memory that a CPU will read with its MMU or caches off (boot
 * parameters of a secondary CPU, a moved image). Clean to PoC. */
void cache_clean_for_uncached(const void *start, size_t size);

/* EL2 wrote guest memory (image, tree, cleared pages): the guest may read it
 * uncached, write it uncached, or execute it. Clean and invalidate to PoC; before it
 * runs, cache_forget_instructions(). */
void cache_hand_to_guest(const void *start, size_t size);

/* Zeroes a page of normal memory without reading it, and hands it to the guest. */
void cache_zero_for_guest(void *page);

/* Memory of a guest that is about to run may have been written while its old
 * instructions were cached, under any address: drops all, in all CPUs of the inner
 * shareable domain. */
void cache_forget_instructions(void);

/* The same in the calling CPU alone, for another vCPU of the same partition. Barriers are the
 * caller's. */
void cache_forget_own_instructions(void);

/* Cleans and invalidates on this CPU what a guest names by level, set and way, as the operand of
 * DC CISW; nothing if there is no such line. Barriers are the guest's. */
void cache_hand_out_set_way(u64 operand);

/* EL2 wrote a page that a running guest, caches on, may execute. Clean to PoU
 * and drop stale instructions, in all CPUs of the inner shareable domain. */
void cache_publish_code(const void *start, size_t size);
