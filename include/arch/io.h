/* SPDX-License-Identifier: Apache-2.0 */
/* Device register access: one plain load or store each, never merged. The host
 * tests have a header of the same name. */
#pragma once

#include <lib/types.h>

#define IO_ACCESSORS(bits, insn_size, reg)                                                         \
	static inline u##bits io_read##bits(u64 addr)                                              \
	{                                                                                          \
		u##bits v;                                                                         \
		__asm__ volatile("ldr" insn_size " %" reg "0, [%1]"                                \
				 : "=r"(v)                                                         \
				 : "r"(addr)                                                       \
				 : "memory");                                                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void io_write##bits(u64 addr, u##bits v)                                     \
	{                                                                                          \
		__asm__ volatile("str" insn_size " %" reg "0, [%1]" ::"r"(v), "r"(addr)            \
				 : "memory");                                                      \
	}

IO_ACCESSORS(8, "b", "w")
IO_ACCESSORS(16, "h", "w")
IO_ACCESSORS(32, "", "w")
IO_ACCESSORS(64, "", "x")
#undef IO_ACCESSORS
