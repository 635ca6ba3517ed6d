/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of the guest's kernel, ramdisk and command line. */
#pragma once

#include <boot/machine.h>

struct guest_files {
	const char *name; /* of the kernel's module, for messages */
	struct range kernel;
	struct range ramdisk; /* size 0: none */
	struct range tree;    /* a partition's own, whole or partial; size 0: none */
	const char *bootargs;
};

/*
 * Compares every module and the initrd with image (Tocsin as loaded), the tree,
 * reservations, the ends of RAM and each other. Reads none of them. ERR_OVERLAP or ERR_RANGE, after
 * a message for each conflict that names both ranges and a free address.
 */
enum err modules_check(const struct machine *m, struct range image) MUST_CHECK;

/*
 * Chooses the guest's files: a multiboot,kernel module with multiboot,ramdisk or else the initrd.
 * Without such a module, an initrd (mapped) that is a newc cpio with a member "kernel" and optional
 * members "initrd" and "cmdline". ERR_NOT_FOUND, after a message that says how to give a kernel;
 * ERR_FORMAT, ERR_NO_MEMORY.
 */
enum err modules_choose(const struct machine *m, struct guest_files *files) MUST_CHECK;
