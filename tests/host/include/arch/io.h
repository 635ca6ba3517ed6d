/* SPDX-License-Identifier: Apache-2.0 */
/* Device registers in host tests: the test supplies these two functions. */
#pragma once

#include <lib/types.h>

u64 host_io_read(u64 addr, int bytes);
void host_io_write(u64 addr, u64 value, int bytes);

#define io_read8(a) ((u8)host_io_read((a), 1))
#define io_read16(a) ((u16)host_io_read((a), 2))
#define io_read32(a) ((u32)host_io_read((a), 4))
#define io_read64(a) host_io_read((a), 8)
#define io_write8(a, v) host_io_write((a), (v), 1)
#define io_write16(a, v) host_io_write((a), (v), 2)
#define io_write32(a, v) host_io_write((a), (v), 4)
#define io_write64(a, v) host_io_write((a), (v), 8)
