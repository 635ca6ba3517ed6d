/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newc archive format: headers of 110 ASCII bytes, "070701" and 13 fields of
 * eight hexadecimal digits; name and data follow, each padded to four bytes from
 * the archive's start.
 */
#include "cpio.h"
#include <lib/bits.h>
#include <lib/string.h>

#define MAGIC "070701"
#define MAGIC_LEN 6
#define HEADER_SIZE 110
#define FIELD_FILESIZE 6
#define FIELD_NAMESIZE 11
#define TRAILER "TRAILER!!!"

bool cpio_recognise(const void *bytes, u64 size)
{
	return size >= HEADER_SIZE && !memcmp(bytes, MAGIC, MAGIC_LEN);
}

void cpio_start(struct cpio *c, const void *bytes, u64 size)
{
	*c = (struct cpio){.bytes = bytes, .size = size};
}

/* Field n of a header; false if a character is no hexadecimal digit. */
static bool read_field(const u8 *header, u32 n, u64 *value)
{
	const u8 *digits = header + MAGIC_LEN + 8 * n;

	*value = 0;
	for (u32 i = 0; i < 8; i++) {
		u8 c = digits[i] | 0x20; /* letters to lower case; digits have the bit */

		if (digits[i] >= '0' && digits[i] <= '9')
			*value = *value << 4 | (digits[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (u64)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* Sums do not wrap, because the archive is smaller than the address space and fields have 32 bits.
 */
enum err cpio_next(struct cpio *c, struct cpio_member *member)
{
	const u8 *header = c->bytes + c->next;
	u64 name = c->next + HEADER_SIZE, name_size, data, data_size;

	if (c->next > c->size || !cpio_recognise(header, c->size - c->next) ||
	    !read_field(header, FIELD_NAMESIZE, &name_size) ||
	    !read_field(header, FIELD_FILESIZE, &data_size))
		return ERR_FORMAT;
	if (name_size == 0 || name_size > c->size - name || c->bytes[name + name_size - 1])
		return ERR_FORMAT;
	member->name = (const char *)c->bytes + name;
	if (!strcmp(member->name, TRAILER))
		return ERR_NOT_FOUND;
	data = ALIGN_UP(name + name_size, 4);
	if (data > c->size || data_size > c->size - data)
		return ERR_FORMAT;
	member->data = (struct range){data, data_size};
	c->next = ALIGN_UP(data + data_size, 4);
	return OK;
}
