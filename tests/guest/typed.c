/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that does what is typed, by polling: o powers off, r resets, c goes where no
 * exception can be taken, h hears nothing any more; anything else comes back in
 * brackets. For tests of the escape key and the monitor. */
#include "guest.h"

#define UARTDR 0x000
#define UARTFR 0x018
#define FR_RXFE BIT(4)

u64 call_at(u64 address, u64 x0);

static u8 typed(void)
{
	while (io_read32(machine.uart.base + UARTFR) & FR_RXFE)
		;
	return (u8)io_read32(machine.uart.base + UARTDR);
}

static void obey(u8 c)
{
	if (c == 'o') {
		print("off\n");
		hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	} else if (c == 'r') {
		hvc_call(PSCI_SYSTEM_RESET, 0, 0, 0);
	} else if (c == 'c') {
		write_sysreg(VBAR_EL1, 0x0b800000);
		isb();
		call_at(0x0b800000, 0);
	} else if (c == 'h') {
		print("deaf\n");
		for (;;)
			wfi();
	}
	print("(%x)\n", c);
}

void guest_setup(void)
{
	print("hello\n");
	for (;;)
		obey(typed());
}

const struct test guest_tests[] = {{0}};
