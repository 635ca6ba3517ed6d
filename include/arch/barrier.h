/* SPDX-License-Identifier: Apache-2.0 */
/* Barriers and hints. The host tests have a header of the same name. */
#pragma once

#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")
#define dmb(domain) __asm__ volatile("dmb " #domain ::: "memory")
#define wfi() __asm__ volatile("wfi" ::: "memory")
