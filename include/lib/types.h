/* SPDX-License-Identifier: Apache-2.0 */
/* The integer and address types that every file uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 pa_t;  /* physical address; EL2 is identity-mapped, so also a pointer's value */
typedef u64 ipa_t; /* intermediate physical address: what a guest calls physical */

/* A half-open range of addresses [base, base + size). size 0 is empty. */
struct range {
	u64 base;
	u64 size;
};
