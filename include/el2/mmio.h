/* SPDX-License-Identifier: Apache-2.0 */
/* Emulated devices and the accesses that reach them. */
#pragma once

#include <el2/trap.h>
#include <lib/bits.h>
#include <lib/types.h>

struct vcpu;

struct mmio_access {
	u64 offset; /* from the region's start */
	u64 value;  /* write: zero-extended; read: 0 until the handler fills it */
	u8 size;    /* 1, 2, 4 or 8; naturally aligned */
	bool write;
};

/* What an access came to. */
enum mmio_result {
	MMIO_DONE,
	MMIO_FAULT, /* no such register, or a width it does not have: external abort */
	MMIO_RETRY  /* another vCPU must act first: run the instruction again */
};

struct mmio_region {
	struct range range; /* IPA; whole pages */
	enum mmio_result (*access)(struct vcpu *v, void *device, struct mmio_access *a);
	void *device;
	const char *name;
};
