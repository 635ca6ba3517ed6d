/* SPDX-License-Identifier: Apache-2.0 */
/* The platform of a partition that is not direct-mapped: the addresses and
 * interrupts of QEMU's virt machine. */
#pragma once

#define VIRT_MAP_GICD 0x08000000UL
#define VIRT_MAP_GICD_SIZE 0x10000UL
#define VIRT_MAP_GICC 0x08010000UL
#define VIRT_MAP_GICC_SIZE 0x10000UL
#define VIRT_MAP_GICR 0x080a0000UL
#define VIRT_MAP_GICR_SIZE 0xf60000UL /* room for 123 CPUs */
#define VIRT_MAP_UART 0x09000000UL
#define VIRT_MAP_UART_SIZE 0x1000UL
#define VIRT_MAP_UART_INTID 33
/* Tocsin's channels: a page of registers each, where virt has nothing, and their shared memory,
 * each at such a boundary, where virt has PCI memory. */
#define VIRT_MAP_CHANNELS 0x0b000000UL
#define VIRT_MAP_CHANNEL_INTID 80 /* and up: their interrupts, if Tocsin chooses */
#define VIRT_MAP_SHARED 0x10000000UL
#define VIRT_MAP_SHARED_SIZE 0x2f000000UL
#define VIRT_MAP_SHARED_ALIGN 0x200000UL
/* The watchdog's frames, each in 64 KiB of its own, and its interrupt; virt has nothing there. */
#define VIRT_MAP_WATCHDOG 0x090d0000UL /* control */
#define VIRT_MAP_WATCHDOG_REFRESH 0x090e0000UL
#define VIRT_MAP_WATCHDOG_SIZE 0x1000UL
#define VIRT_MAP_WATCHDOG_INTID 47
/* As on virt: the memory from which vCPUs read their stolen time. */
#define VIRT_MAP_PVTIME 0x090a0000UL
#define VIRT_MAP_RAM 0x40000000UL
