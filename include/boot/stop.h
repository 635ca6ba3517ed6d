/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a failed boot: as tocsin.on-stop says, as after the last partition has stopped. */
#pragma once

/* Logs the message as an error and ends the machine. The log ring stays. */
_Noreturn void boot_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the machine: there is nothing to run, and the log says so already. */
_Noreturn void boot_nothing(void);
