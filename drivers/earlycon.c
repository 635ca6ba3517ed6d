/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A console when there is no device tree to name one: the places where known
 * boards have their UART, each asked under a fix-up. Only a UART that identifies
 * itself, or that looks as firmware leaves it, is believed: the address may be
 * RAM or another device on this machine.
 */
#include <drivers/uart.h>

struct place {
	const char *board;
	const struct uart_driver *driver;
	pa_t base;
};

static const struct place places[] = {
    {"QEMU virt", &uart_pl011, 0x09000000},      {"QEMU sbsa-ref", &uart_pl011, 0x60000000},
    {"ZCU102", &uart_cadence, 0xff000000},       {"Raspberry Pi 3", &uart_pl011, 0x3f201000},
    {"Raspberry Pi 4", &uart_pl011, 0xfe201000},
};

/* PrimeCell identification (DDI0183 3.3.14 on): part 0x011 by Arm. */
static bool is_pl011(pa_t base)
{
	static const u8 id[8] = {0x11, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
	static const u8 mask[8] = {0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff};
	u32 v;

	for (u32 i = 0; i < ARRAY_SIZE(id); i++)
		if (!probe_read32(base + 0xfe0 + 4 * i, &v) || (v & mask[i]) != id[i])
			return false;
	return true;
}

/* It has no identification: enabled, with a baud rate, and its transmitter
 * either empty or full but not both. */
static bool is_cadence(pa_t base)
{
	u32 control, baud, status;

	if (!probe_read32(base, &control) || !probe_read32(base + 0x18, &baud) ||
	    !probe_read32(base + 0x2c, &status))
		return false;
	return (control & ~0x1ffU) == 0 && (control & BIT(4)) && baud && baud <= 0xffff &&
	       (status & ~0x7fffU) == 0 && !((status & BIT(3)) && (status & BIT(4)));
}

struct range earlycon_candidate(u32 i)
{
	return i < ARRAY_SIZE(places) ? (struct range){places[i].base, PAGE_SIZE}
				      : (struct range){0};
}

bool earlycon_find(struct uart *out)
{
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *p = &places[i];

		if (p->driver == &uart_pl011 ? is_pl011(p->base) : is_cadence(p->base)) {
			*out = (struct uart){p->driver, {p->base, PAGE_SIZE}, 0};
			return true;
		}
	}
	return false;
}
