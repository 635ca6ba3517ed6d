/* SPDX-License-Identifier: Apache-2.0 */
/* The encodings of MRS and MSR (DDI0487 C6.2): all of them, numbered, and as instructions. */
#pragma once

#include "guest.h"

#define ENCODINGS 32768
#define MRS_X0(encoded) (0xd5300000u | (encoded))
#define MSR_X0(encoded) (0xd5100000u | (encoded))
#define RET 0xd65f03c0u

struct encoding {
	u8 op0, op1, crn, crm, op2;
};

/* Op0 is 2 or 3. */
static inline struct encoding nth_encoding(u32 n)
{
	return (struct encoding){(u8)(2 + (n >> 14 & 1)), (u8)(n >> 11 & 7), (u8)(n >> 7 & 15),
				 (u8)(n >> 3 & 15), (u8)(n & 7)};
}

/* Bits 19 to 5 of the instruction. */
static inline u32 encode(struct encoding e)
{
	return (u32)(e.op0 & 1) << 19 | (u32)e.op1 << 16 | (u32)e.crn << 12 | (u32)e.crm << 8 |
	       (u32)e.op2 << 5;
}

/* Functions that read and write a register by x0, once code_sync() has been told. */
struct accessors {
	u32 read[2], write[2];
};

static inline struct accessors accessors_of(struct encoding e)
{
	return (struct accessors){{MRS_X0(encode(e)), RET}, {MSR_X0(encode(e)), RET}};
}

/* guest/start.S */
u64 call_at(u64 address, u64 x0);
