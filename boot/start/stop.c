/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of a boot, each after a message. */
#include <arch/barrier.h>
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

/* Ends the machine as tocsin.on-stop says and firmware allows. Before the command line was read,
 * halts. */
_Noreturn static void end_machine(void)
{
	psci_init(boot.machine.psci_smc);
	console_flush();
	if (boot.options.on_stop == STOP_POWER_OFF)
		psci_system_off();
	else if (boot.options.on_stop == STOP_MACHINE_RESET)
		psci_system_reset();
	log_info("halted");
	console_flush();
	sleep();
}

void boot_stop(const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;

	va_start(args, format);
	fmt_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s; stopped", text);
	end_machine();
}

void boot_nothing(void)
{
	end_machine();
}

static void say(const struct uart *u, const char *text)
{
	while (*text)
		text += u->driver->send(u, text, 1);
	while (!u->driver->tx_idle(u))
		;
}

static const char *const refusals[] = {
    [1] = "entered at EL1, need EL2: the loader or an outer hypervisor dropped it (QEMU: -M "
	  "virt,virtualization=on)",
    [2] = "this CPU has HCR_EL2.E2H fixed to 1: Tocsin needs EL2 without VHE",
    [3] = "entered at EL3, need EL2: start tocsin.img as a Linux Image, not an ELF, or let "
	  "firmware switch to EL2",
};

/* The MMU is off and the vectors serve only probes, so nothing here takes a lock. */
void boot_wrong_level(u32 level)
{
	char text[LOG_LINE_MAX];
	struct uart u;

	fmt_snprintf(text, sizeof(text), "tocsin: error: %s; stopped\r\n", refusals[level]);
	log_ring_append(text);
	if (earlycon_find(&u)) {
		u.driver->init(&u);
		say(&u, text);
	}
	sleep();
}
