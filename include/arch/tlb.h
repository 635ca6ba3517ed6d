/* SPDX-License-Identifier: Apache-2.0 */
/* TLB maintenance instructions (DDI0487 C5.5). Barriers are the caller's. The
 * host tests have a header of the same name. */
#pragma once

#include <lib/types.h>

static inline void tlbi_el2_page(u64 va) /* VAE2IS */
{
	__asm__ volatile("tlbi vae2is, %0" ::"r"(va >> 12) : "memory");
}

static inline void tlbi_el2_all(void)
{
	__asm__ volatile("tlbi alle2is" ::: "memory");
}

/* Stage 2 of the current VMID: one IPA, last level or any. */
static inline void tlbi_stage2_ipa(u64 ipa)
{
	__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(ipa >> 12) : "memory");
}

/* Combined stage 1 and 2 of the current VMID. */
static inline void tlbi_stage1(void)
{
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
}

static inline void tlbi_stages12(void)
{
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
}

/* The same, on this CPU only: for another vCPU of the same partition. */
static inline void tlbi_stage1_local(void)
{
	__asm__ volatile("tlbi vmalle1" ::: "memory");
}
