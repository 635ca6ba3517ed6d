/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one physical UART: rings in memory, drained and filled by its interrupt.
 * Before console_interrupts_on() output is polled; afterwards no CPU waits.
 * Of a UART without an interrupt console_irq() is to be called at times instead.
 * The receiver of input is chosen above: console_irq() only says that there is some.
 */
#pragma once

#include <drivers/uart.h>
#include <lib/types.h>

/* Makes u the console and sends it what the log ring already holds. u is
 * copied. Boot CPU, before SMP. */
void console_init(const struct uart *u);

/* The image, driver tables included, has moved by distance bytes. Boot CPU. */
void console_rebase(s64 distance);

/* True once console_init has run. */
bool console_present(void);

/* From now on bytes wait in the rings for console_irq(); the UART's interrupt, if it has
 * one, must be routed to this EL2 by then. */
void console_interrupts_on(void);

/* Queues up to n bytes for output and returns how many were taken: fewer than
 * n when the ring is full (back-pressure). Any context; takes the console lock. */
size_t console_write(const char *bytes, size_t n);

/* The same for one of several owners of the console, all of the bytes (at most some
 * hundred) or none: if the line in progress is not this owner's, it is ended and
 * prefix begins another. False: no room; CONSOLE_ROOM will say when. */
bool console_line(const void *owner, const char *prefix, const char *bytes, size_t n);

/* Would console_write take n bytes now? False: CONSOLE_ROOM will say when. */
bool console_room(size_t n);

/* A line of Tocsin's own, for the log only: it begins a line, its LF gets a CR.
 * Half of the ring is reserved for it; a text that finds that full is left
 * out as a whole and counted in the next one. Takes the console lock. */
void console_text(const char *text, size_t n);

/* What console_irq found; the caller passes it on upward. */
#define CONSOLE_RX BIT(0)   /* console_read has bytes */
#define CONSOLE_ROOM BIT(1) /* output that was refused before can be retried */

/* Services the UART's interrupt: moves bytes between FIFO and rings. Returns
 * CONSOLE_ flags. Called by the interrupt dispatcher, interrupts masked. */
u32 console_irq(void);

/* The UART has no interrupt: console_irq() is to be called at set times. */
bool console_polled(void);

/* Bytes have come since this was asked last, or wait to be sent: more are likely. */
bool console_busy(void);

/* Takes the next received byte, with UART_RX_ flags, or -1 if there is none. */
int console_read(void);

/* Polls until everything queued has left the UART: before power-off or panic. */
void console_flush(void);

/* For log_enter_panic: from now on no lock is taken and all output is polled. */
void console_enter_panic(void);
