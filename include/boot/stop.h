/* SPDX-License-Identifier: Apache-2.0 */
/* How a boot that cannot go on ends. */
#pragma once

/* Logs the sentence as an error and stops the CPU. The log ring stays. */
_Noreturn void boot_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* There is nothing to run, and the log says so already: powers the machine off, or
 * stops after another sentence if there is no firmware to do it. */
_Noreturn void boot_off(void);
