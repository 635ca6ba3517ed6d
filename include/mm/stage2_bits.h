/* SPDX-License-Identifier: Apache-2.0 */
/* Stage-2 descriptors and the notes in holes (mm/stage2*.c). DDI0487 D8.3.2, D8.5.5;
 * neither FWB nor XNX is used. */
#pragma once

#include <lib/bits.h>

#define S2_NORMAL (0xfUL << 2) /* write-back; stage 1 may make it weaker */
#define S2_DEVICE (0x1UL << 2) /* Device-nGnRE */
#define S2_READ (1UL << 6)
#define S2_READ_WRITE (3UL << 6)
#define S2_INNER_SHAREABLE (3UL << 8)
#define S2_XN BIT(54)

#define S2_MEMORY (S2_NORMAL | S2_READ_WRITE | S2_INNER_SHAREABLE)

/* A note: kind in bits 4..1, value from bit 8 up. All zero is STAGE2_NOTHING. */
#define NOTE_KIND GENMASK(4, 1)
#define NOTE_VALUE GENMASK(63, 8)
