/* SPDX-License-Identifier: Apache-2.0 */
/* Outside boot/: code, and constants with pointers, that only boot uses. Their memory is given back
 * when boot is over (el2/cpu/handover.c); the linker refuses a reference to them from what stays.
 */
#pragma once

#define BOOT_CODE __attribute__((section(".text.boot")))
#define BOOT_DATA __attribute__((section(".data.boot")))
