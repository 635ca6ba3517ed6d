/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of a boot: a sentence always comes first. */
#include <arch/barrier.h>
#include <arch/sysreg.h>
#include <boot/boot.h>
#include <boot/stop.h>
#include <drivers/console.h>
#include <drivers/log.h>
#include <drivers/psci.h>
#include <drivers/uart.h>
#include <lib/fmt.h>

_Noreturn static void sleep(void)
{
	for (;;)
		wfi();
}

void boot_stop(const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;

	va_start(args, format);
	fmt_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s; stopped", text);
	console_flush();
	sleep();
}

void boot_off(void)
{
	psci_init(boot.machine.psci_smc);
	console_flush();
	psci_system_off();
	boot_stop("nothing to run, and no firmware to power off with");
}

void boot_check_cpu(void)
{
	if (read_sysreg(HCR_EL2) & HCR_EL2_E2H)
		boot_stop("this CPU has HCR_EL2.E2H fixed to 1 (MIDR 0x%lx): Tocsin needs EL2 "
			  "without VHE",
			  read_sysreg(MIDR_EL1));
}

static void say(const struct uart *u, const char *text)
{
	for (; *text; text++) {
		while (!u->driver->tx_ready(u))
			;
		u->driver->tx(u, (u8)*text);
	}
	while (!u->driver->tx_idle(u))
		;
}

/* Entered at EL1 or EL3: MMU off and vectors that only serve probes, so nothing
 * here takes a lock. */
void boot_wrong_level(u32 level)
{
	char text[LOG_LINE_MAX];
	struct uart u;

	fmt_snprintf(text, sizeof(text),
		     "tocsin: error: entered at EL%u, need EL2: %s; stopped\r\n", level,
		     level == 1 ? "the loader or an outer hypervisor dropped it (QEMU: -M "
				  "virt,virtualization=on)"
				: "start tocsin.img as a Linux Image, not an ELF, or let firmware "
				  "switch to EL2");
	log_ring_append(text);
	if (earlycon_find(&u)) {
		u.driver->init(&u);
		say(&u, text);
	}
	sleep();
}
