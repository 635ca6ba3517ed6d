/* SPDX-License-Identifier: Apache-2.0 */
/* The panic of Tocsin itself, and words for syndromes. */
#pragma once

#include <lib/types.h>

/* An exception taken from EL2, as vectors.S saves it on the panic stack. */
struct el2_frame {
	u64 x[31];
	u64 sp;
	u64 elr, spsr;
	u64 esr, far;
};

enum el2_exception_kind { EL2_SYNC, EL2_IRQ, EL2_FIQ, EL2_SERROR };

/* Called by vectors.S. Returns only if the exception was a probe's (drivers/
 * probe.S), with the frame changed so that the probe says no. */
void el2_exception(struct el2_frame *f, enum el2_exception_kind kind);

/* What happens after a panic; set from the command line. */
enum panic_end { PANIC_HALT, PANIC_OFF, PANIC_RESET };
extern enum panic_end panic_end;

/* Reports and stops the machine, from a place with no exception of its own.
 * Any context. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes the SError that is pending on this CPU, if there is one: its ESR_EL2, or 0. Where
 * SP_EL0 is in no use. */
u64 panic_drain_serror(void);

/* Maps the places where earlycon_find() looks, for when no tree names a console. A
 * place that is mapped already is memory of ours, and no UART. Boot CPU. */
void earlycon_map(void);

/* If another CPU is panicking, stops here for ever. Called for SGI_STOP. */
void panic_join(void);
