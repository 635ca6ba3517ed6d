/* SPDX-License-Identifier: Apache-2.0 */
/* How a boot that cannot go on ends. */
#pragma once

/* Logs the sentence as an error and stops the CPU. The log ring stays. */
_Noreturn void boot_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, but powers the machine off if the firmware is able to: nothing to run. */
_Noreturn void boot_off(void);
