/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UART drivers: one table row per kind, found by device-tree compatible string
 * or, without a tree, by asking the addresses in the known-UART list. The
 * firmware's line settings are kept.
 */
#pragma once

#include <lib/bits.h>
#include <lib/types.h>

struct uart;

/* What rx reports with a byte; the bits of the PL011's data register. */
#define UART_RX_FRAMING BIT(8)
#define UART_RX_PARITY BIT(9)
#define UART_RX_BREAK BIT(10)
#define UART_RX_OVERRUN BIT(11) /* bytes were lost before this one */

struct uart_driver {
	const char *compatible; /* device-tree string */
	const char *earlycon;   /* short name of the kind */
	u8 reg_shift;           /* 8250: registers are 1 << reg_shift bytes apart */
	/* All take a mapped uart. send: as many of n bytes as there is room for at once,
	 * and returns how many; rx: a byte with UART_RX_ flags, or -1. */
	void (*init)(const struct uart *u);
	size_t (*send)(const struct uart *u, const char *bytes, size_t n);
	bool (*tx_idle)(const struct uart *u); /* the last bit has left */
	int (*rx)(const struct uart *u);
	/* Which interrupts the UART raises: for received bytes, for transmit space.
	 * After enabling transmit one may come although nothing was sent. */
	void (*irq_enable)(const struct uart *u, bool rx, bool tx);
	/* Forgets latched interrupts; called before the FIFOs are looked at. */
	void (*irq_ack)(const struct uart *u);
};

struct uart {
	const struct uart_driver *driver;
	struct range regs;
	u32 intid; /* 0: none known, the console is polled */
};

extern const struct uart_driver uart_pl011, uart_sbsa, uart_cadence;
extern const struct uart_driver uart_ns16550, uart_dw_apb, uart_bcm_aux;

/* The driver for a compatible string, or NULL. */
const struct uart_driver *uart_find(const char *compatible);

/*
 * Without a device tree: looks for a UART at the few addresses where known
 * boards have one and fills *out (intid 0) with the first that answers. Reads
 * device registers under a fix-up (probe_read32): MMU off, or the addresses
 * mapped by the caller. False if there is none. Boot CPU.
 */
bool earlycon_find(struct uart *out);

/* The registers of candidate i, for the caller to map; size 0: no more of them. */
struct range earlycon_candidate(u32 i);

/* A 32-bit read that may hit nothing: *value is set and true returned, or, after
 * a synchronous abort, false. In probe.S; the EL2 vectors resume an abort at
 * probe_insn at probe_fixup. */
bool probe_read32(u64 addr, u32 *value);
extern const char probe_insn[], probe_fixup[];
