/* SPDX-License-Identifier: Apache-2.0 */
/* How a boot that cannot go on ends: as tocsin.on-stop says, like a run in which nothing is left.
 */
#pragma once

/* Logs the sentence as an error and ends the machine. The log ring stays. */
_Noreturn void boot_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the machine: there is nothing to run, and the log says so already. */
_Noreturn void boot_nothing(void);
