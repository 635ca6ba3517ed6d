/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only data- and instruction-cache maintenance in Tocsin; each function is named for its
 * reason. Code that writes memory which is then read uncached, or executed, must call one of them,
 * and is listed in docs/design/memory.md. QEMU does not model caches, so a missing call is
 * invisible there.
 */
#pragma once

#include <lib/types.h>

/* Set at boot if a CPU has errata that make a clean without invalidation lose
 * data: cleaning then always invalidates too. */
extern bool cache_clean_unsafe;

/* EL2 wrote memory that a CPU will read with its MMU or caches off (boot
 * parameters of a secondary CPU, a moved image). Clean to PoC. */
void cache_clean_for_uncached(const void *start, size_t size);

/* EL2 wrote guest memory (image, tree, cleared pages): the guest may read it uncached, write it
 * uncached, or execute it. Clean and invalidate to PoC. Before the guest runs, the caller also
 * calls cache_forget_instructions(). */
void cache_hand_to_guest(const void *start, size_t size);

/* Zeroes a page of normal memory without reading it, then as cache_hand_to_guest(). */
void cache_zero_for_guest(void *page);

/* Invalidates all instruction caches of the inner shareable domain, before a guest runs. Its memory
 * may have been written while old instructions were cached, under any address. */
void cache_forget_instructions(void);

/* The same for the calling CPU alone, before it runs another vCPU of the same partition. The caller
 * issues the barriers. */
void cache_forget_own_instructions(void);

/* Cleans and invalidates on this CPU the line that a guest names by level, set and way, as the
 * operand of DC CISW. Does nothing if there is no such line. The guest issues the barriers. */
void cache_hand_out_set_way(u64 operand);

/* EL2 wrote a page that a running guest, caches on, may execute. Clean to PoU
 * and drop stale instructions, in all CPUs of the inner shareable domain. */
void cache_publish_code(const void *start, size_t size);
