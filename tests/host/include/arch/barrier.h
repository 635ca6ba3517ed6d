/* SPDX-License-Identifier: Apache-2.0 */
/* Barriers do nothing in host tests but keep the compiler from reordering. */
#pragma once

#define isb() __asm__ volatile("" ::: "memory")
#define dsb(domain) __asm__ volatile("" ::: "memory")
#define dmb(domain) __asm__ volatile("" ::: "memory")
#define wfi() __asm__ volatile("" ::: "memory")
