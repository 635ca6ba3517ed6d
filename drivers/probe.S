/* SPDX-License-Identifier: Apache-2.0 */
/* bool probe_read32(u64 addr, u32 *value): see drivers/uart.h. */

	.section .text.probe_read32, "ax"
	.global probe_read32, probe_insn, probe_fixup
	.hidden probe_read32, probe_insn, probe_fixup
	.type probe_read32, %function
probe_read32:
	bti	c
probe_insn:
	ldr	w2, [x0]
	str	w2, [x1]
	mov	w0, #1
	ret
probe_fixup:
	mov	w0, #0
	ret
	.size probe_read32, . - probe_read32
