/* SPDX-License-Identifier: Apache-2.0 */
/* The UART drivers that we have. */
#include <drivers/uart.h>
#include <lib/boot.h>
#include <lib/string.h>

static const struct uart_driver *const drivers[] BOOT_DATA = {
    &uart_pl011, &uart_sbsa, &uart_cadence, &uart_ns16550, &uart_dw_apb, &uart_bcm_aux,
};

BOOT_CODE const struct uart_driver *uart_find(const char *compatible)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(drivers[i]->compatible, compatible))
			return drivers[i];
	return NULL;
}
