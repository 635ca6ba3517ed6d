/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest at the emulated PL011: any access of any width and value, with input,
 * output room and resets in between. Six bytes of the corpus are one step. What
 * may not happen: an invalid memory access, a lock left taken, a line level that
 * the registers do not explain, output lost or invented.
 * sources: el2/vdev/vpl011.c
 */
#include <drivers/uart.h>
#include <el2/vgic.h>
#include <el2/vpl011.h>
#include <lock_held.h>
#include <stdlib.h>
#include <string.h>

static unsigned input, room;
static unsigned long taken, done;
static bool line;
static struct vpl011 uart;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int terminal_read(struct partition *p)
{
	(void)p;
	return input ? (int)(input-- * 37 & 0xfff) : -1;
}

void terminal_show(void)
{
	if (lock_held(&uart.lock))
		__builtin_trap();
}

bool terminal_put(struct partition *p, char c)
{
	(void)p, (void)c;
	if (!room)
		return false;
	room--;
	taken++;
	return true;
}

void vgic_set_level(struct partition *p, u32 intid, bool level)
{
	(void)p;
	if (intid != 33)
		abort();
	line = level;
}

static void guest_access(u8 how, u16 where, u16 value)
{
	struct mmio_access a = {.offset = where & 0xfff, .value = value, .write = how & 4};
	bool loopback = uart.reg[0x30 / 4] & 0x80;
	enum mmio_result r;

	a.size = (u8)(1 << (how & 3));
	a.offset &= ~(u64)(a.size - 1U);
	r = vpl011_access(NULL, &uart, &a);
	if ((r == MMIO_FAULT) != (a.size == 8))
		abort();
	if (!a.write && r == MMIO_DONE && a.value > 0xffff)
		abort();
	if (a.write && !a.offset && r == MMIO_DONE && !loopback)
		done++;
}

static void step(const u8 *s)
{
	u16 where = (u16)(s[1] | s[2] << 8), value = (u16)(s[3] | s[4] << 8);

	switch (s[0] >> 5) {
	case 0:
		input += value & 0x3f;
		vpl011_receive(&uart);
		break;
	case 1:
		room = value & 0x3f;
		vpl011_room(&uart);
		break;
	case 2:
		vpl011_init(&uart, NULL, 33);
		break;
	case 3:
		guest_access(s[0], where, value);
		break;
	default: /* the registers that do something */
		guest_access(s[0], where & 0x7c, value);
	}
	if (lock_held(&uart.lock) || taken + uart.tx.count != done)
		abort();
	if (line != !!(uart.reg[0x3c / 4] & uart.reg[0x38 / 4]))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	memset(&uart, 0, sizeof(uart));
	input = room = 0;
	taken = done = 0;
	line = false;
	vpl011_init(&uart, NULL, 33);
	for (; size >= 6; size -= 6, data += 6)
		step(data);
	return 0;
}
