/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel that was loaded by kexec_load is entered through: the Linux boot protocol wants
 * the tree in x0 and nothing in x1 to x3. MMU off, at any address; the two words behind it are
 * struct trampoline_data. */
	.section .rodata
	.balign	8
	.global	trampoline, trampoline_end
trampoline:
	ldr	x16, trampoline_end
	ldr	x0, trampoline_end + 8
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x16
trampoline_end:
