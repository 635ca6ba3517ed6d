/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image's entry: the Linux arm64 Image header, then the shortest path to C
 * with MMU and caches on. The same steps run twice: first at the load address,
 * and again at the top of RAM, after boot_main() has copied the image there.
 * Secondary CPUs enter at cpu_entry.
 *
 * Live throughout: x19 image base, x20 device tree, x21 first C function.
 */
#include <gen/offsets.h>

#define TABLE_PAGES 16 /* the early map's, and the early page pool */

	.section .head, "ax"
	.global _start
_start:
	b	primary_entry
	.long	0
	.quad	0		/* text_offset: a 2 MiB boundary, but any address will do */
	.long	image_size, 0	/* a 64-bit word would get a relocation */
	.quad	0xa		/* little-endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.section .head.text, "ax"
/* ---- first run: x0 is the device tree, or anything ---- */
primary_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x20, x0
	adrp	x19, _start

	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	mov	x0, x19
	mov	x1, x19
	bl	image_relocate

	/* The stack guard of this boot, before the first function that uses it. Fibonacci hashing
	 * spreads the counter; RNDR is used if it gives a number. */
	mrs	x0, cntvct_el0
	ldr	x1, =0x9e3779b97f4a7c15
	mul	x0, x0, x1
	mrs	x1, id_aa64isar0_el1
	lsr	x1, x1, #60
	cbz	x1, 1f
	mrs	x1, s3_3_c2_c4_0
	eor	x0, x0, x1
1:	adrp	x1, __stack_chk_guard
	add	x1, x1, :lo12:__stack_chk_guard
	ldr	x2, [x1]
	lsl	x0, x0, #8
	eor	x0, x0, x2
	str	x0, [x1]

	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	wrong_level
	adrp	x21, boot_main
	add	x21, x21, :lo12:boot_main
	b	el2_setup

wrong_level:
	adrp	x0, boot_stack_top
	mov	sp, x0
	adrp	x0, probe_vectors
	add	x0, x0, :lo12:probe_vectors
	cmp	x1, #(3 << 2)
	b.eq	2f
	msr	vbar_el1, x0
	b	3f
2:	msr	vbar_el3, x0
3:	isb
	lsr	x0, x1, #2
	b	boot_wrong_level

/* HCR_EL2.E2H cannot be cleared, so Tocsin's stage-1 entries would have another meaning. */
fixed_e2h:
	adrp	x0, probe_vectors
	add	x0, x0, :lo12:probe_vectors
	msr	vbar_el2, x0
	isb
	mov	x0, #2
	b	boot_wrong_level

/* ---- second run, MMU off: void boot_restart(tree, base of the copy), called
 * in the old image ---- */
	.global boot_restart
boot_restart:
	mov	x20, x0
	adrp	x2, _start
	adr	x3, moved_entry
	sub	x3, x3, x2
	add	x3, x3, x1
	mrs	x4, sctlr_el2
	bic	x4, x4, #1	/* SCTLR_EL2.M */
	bic	x4, x4, #4	/* SCTLR_EL2.C */
	msr	sctlr_el2, x4
	ic	iallu
	dsb	nsh
	isb
	br	x3

moved_entry:
	adrp	x19, _start
	adrp	x21, boot_moved
	add	x21, x21, :lo12:boot_moved

el2_setup:
	adrp	x0, boot_stack_top
	mov	sp, x0
	adrp	x1, boot_cpu
	add	x1, x1, :lo12:boot_cpu
	adrp	x0, boot_panic_stack_top
	str	x0, [x1, #CPU_PANIC_STACK]
	msr	tpidr_el2, x1
	bl	el2_sane
	mrs	x0, hcr_el2
	tbnz	x0, #34, fixed_e2h

	adrp	x24, boot_tables
	mov	x0, x24
	add	x25, x24, #(TABLE_PAGES * 4096)
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x25
	b.lo	1b
	add	x25, x24, #4096

	mov	x0, x19
	bl	map_block
	adrp	x0, image_end
	sub	x0, x0, #1
	bl	map_block

	/* A tree is mapped only if its address is possible: aligned, not 0, below 2^48. */
	tst	x20, #7
	ccmp	x20, #0, #4, eq
	b.eq	1f
	add	x0, x20, #(2 << 20)
	lsr	x0, x0, #48
	cbnz	x0, 1f
	mov	x0, x20
	bl	map_block
	add	x0, x20, #(2 << 20)
	sub	x0, x0, #1
	bl	map_block
	b	2f
1:	mov	x20, #0
2:
	/* Stale lines of a loader in the caches would hide what was stored above. */
	adrp	x0, image_start
	adrp	x1, image_end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
1:	dc	ivac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy

	mov	x0, x24
	bl	mmu_on
	mov	x0, x20
	mov	x1, x24		/* root of the early map */
	mov	x2, x25		/* first unused page of boot_tables */
	adrp	x3, boot_tables
	add	x3, x3, #(TABLE_PAGES * 4096)
	mov	x29, #0
	mov	x30, #0
	br	x21

/* Resets EL2 registers that firmware or a loader may have changed: nothing is
 * trapped, the MMU is off, the vectors are Tocsin's. Clobbers x0, x1. */
el2_sane:
	adrp	x0, el2_vectors
	add	x0, x0, :lo12:el2_vectors
	msr	vbar_el2, x0
	ldr	x0, =SCTLR_EL2_OFF
	msr	sctlr_el2, x0
	mov	x0, #(1 << 31)	/* HCR_EL2.RW, and E2H clear */
	msr	hcr_el2, x0
	isb
	mov	x0, #0x33ff	/* CPTR_EL2: RES1 only; libfdt uses FP registers */
	msr	cptr_el2, x0
	msr	hstr_el2, xzr
	msr	mdcr_el2, xzr
	msr	cntvoff_el2, xzr
	msr	vttbr_el2, xzr
	ldr	x0, =VTCR_EL2_IDLE
	msr	vtcr_el2, x0
	isb
	ret

/* Maps the 2 MiB around x0 as normal memory in the early table: root x24, new
 * tables from x25. Clobbers x0-x4. */
	.macro	next_table shift
	ubfx	x1, x0, #\shift, #9
	add	x2, x2, x1, lsl #3
	ldr	x3, [x2]
	cbnz	x3, 1f
	orr	x3, x25, #3
	str	x3, [x2]
	add	x25, x25, #4096
1:	bic	x2, x3, #3
	.endm
map_block:
	mov	x2, x24
	next_table 39
	next_table 30
	ubfx	x1, x0, #21, #9
	lsr	x0, x0, #21
	lsl	x0, x0, #21
	ldr	x4, =EARLY_BLOCK
	orr	x0, x0, x4
	str	x0, [x2, x1, lsl #3]
	ret

/* ---- any CPU: MMU and caches on with root x0. Clobbers x1-x3. ---- */
mmu_on:
	ldr	x1, =MAIR
	msr	mair_el2, x1
	ldr	x1, =TCR_EL2_BASE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #7
	mov	x3, #5		/* no 52-bit addresses */
	cmp	x2, x3
	csel	x2, x2, x3, lo
	bfi	x1, x2, #16, #3
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	dsb	nsh
	ic	iallu
	dsb	nsh
	isb
	ldr	x1, =SCTLR_EL2_ON
	msr	sctlr_el2, x1
	isb
	ret

/* void stage1_switch(u64 root): loads another table and turns on W^X for the
 * calling CPU. The MMU is off in between, because the two tables may map the
 * same address with different block sizes. Nothing is loaded or stored
 * meanwhile. */
	.global stage1_switch
stage1_switch:
	ldr	x2, =SCTLR_EL2_FINAL
	ldr	x1, =SCTLR_EL2_OFF
	msr	sctlr_el2, x1
	isb
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	dsb	nsh
	isb
	msr	sctlr_el2, x2
	isb
	ret

/* ---- secondary CPU: x0 is its struct cpu_boot, cleaned to memory ---- */
	.global cpu_entry
cpu_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x20, x0
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	cpu_wrong_level
	ldr	x1, [x20, #BOOT_CPU]
	msr	tpidr_el2, x1
	bl	el2_sane
	ldr	x0, [x20, #BOOT_ROOT]
	bl	mmu_on
	ldr	x0, [x20, #BOOT_ROOT]
	bl	stage1_switch
	ldr	x1, [x20, #BOOT_STACK]
	mov	sp, x1
	mov	x29, #0
	mov	x30, #0
	ldr	x0, [x20, #BOOT_CPU]
	b	cpu_main

/* Firmware has not started this CPU at EL2, so it cannot report that itself. The
 * boot CPU does, when it reads the state below (boot/start/smp.c). */
cpu_wrong_level:
	lsr	x1, x1, #2
	str	x1, [x20, #BOOT_LEVEL]
	dc	civac, x20
	dsb	sy
1:	wfi
	b	1b

/* Vectors while MMU and caches are off and only drivers/probe.S may fault: any exception makes the
 * probe fail. x16 and x17 are free in any function call. */
	.balign	0x800
probe_vectors:
	.rept	16
	.balign	0x80
	adrp	x16, probe_fixup
	add	x16, x16, :lo12:probe_fixup
	mrs	x17, CurrentEL
	cmp	x17, #(2 << 2)
	b.eq	2f
	b.hi	3f
	msr	elr_el1, x16
	eret
2:	msr	elr_el2, x16
	eret
3:	msr	elr_el3, x16
	eret
	.endr

/* void image_relocate(u64 image, u64 address): relocates the pointers of the
 * image stored at image for running at address. */
	.global image_relocate
image_relocate:
	adrp	x2, _start
	adrp	x3, rela_start
	add	x3, x3, :lo12:rela_start
	adrp	x4, rela_end
	add	x4, x4, :lo12:rela_end
	sub	x3, x3, x2
	add	x3, x3, x0
	sub	x4, x4, x2
	add	x4, x4, x0
1:	cmp	x3, x4
	b.hs	2f
	ldp	x5, x6, [x3]	/* r_offset, r_info: R_AARCH64_RELATIVE only */
	ldr	x7, [x3, #16]	/* r_addend */
	add	x3, x3, #24
	cmp	w6, #1027
	b.ne	1b
	add	x7, x7, x1
	str	x7, [x0, x5]
	b	1b
2:	ret

	.section .bss.boot, "aw", %nobits
	.balign	4096
	.global boot_tables
boot_tables:
	.space	TABLE_PAGES * 4096
	.space	8192 /* as PANIC_STACK_PAGES of smp.c */
boot_panic_stack_top:
	.space	16384
	.global boot_stack_top
boot_stack_top:
