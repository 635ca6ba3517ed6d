/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newc reader.
 * sources: boot/payload/cpio.c
 */
#include <boot/payload/cpio.h>
#include <cpio_maker.h>
#include <test.h>

static u8 archive[1024];

TEST(members_with_their_padding)
{
	u64 size = 0;
	struct cpio c;
	struct cpio_member member;

	size = cpio_add(archive, size, "kernel", "12345", 5);
	size = cpio_add(archive, size, "cmdline", "", 0);
	size = cpio_add(archive, size, "a", "xyz", 3);
	size = cpio_add(archive, size, "TRAILER!!!", "", 0);
	EXPECT(cpio_recognise(archive, size));
	cpio_start(&c, archive, size);
	EXPECT_EQ(cpio_next(&c, &member), OK);
	EXPECT(!strcmp(member.name, "kernel"));
	EXPECT_EQ(member.data.size, 5);
	EXPECT(!memcmp(archive + member.data.base, "12345", 5));
	EXPECT_EQ(cpio_next(&c, &member), OK);
	EXPECT(!strcmp(member.name, "cmdline"));
	EXPECT_EQ(member.data.size, 0);
	EXPECT_EQ(cpio_next(&c, &member), OK);
	EXPECT(!memcmp(archive + member.data.base, "xyz", 3));
	EXPECT_EQ(cpio_next(&c, &member), ERR_NOT_FOUND);
}

static enum err last(const u8 *bytes, u64 size)
{
	struct cpio_member member;
	struct cpio c;
	enum err err;

	cpio_start(&c, bytes, size);
	while (!(err = cpio_next(&c, &member)))
		EXPECT(member.data.base + member.data.size <= size);
	return err;
}

TEST(cut_anywhere_is_broken)
{
	u64 size = cpio_add(archive, 0, "kernel", "12345", 5), whole;

	whole = cpio_add(archive, size, "TRAILER!!!", "", 0);
	for (u64 cut = 0; cut < size + 110 + 11; cut++) {
		u8 *exact = malloc(cut + 1);

		memcpy(exact, archive, cut);
		EXPECT_EQ(last(exact, cut), ERR_FORMAT);
		free(exact);
	}
	EXPECT_EQ(last(archive, whole), ERR_NOT_FOUND);
}

TEST(bad_fields)
{
	u64 size = cpio_add(archive, 0, "kernel", "12345", 5);

	size = cpio_add(archive, size, "TRAILER!!!", "", 0);
	archive[6 + 8 * 6] = 'g'; /* file size */
	EXPECT_EQ(last(archive, size), ERR_FORMAT);
	archive[6 + 8 * 6] = 'f';
	EXPECT_EQ(last(archive, size), ERR_FORMAT);
	archive[6 + 8 * 6] = '0';
	EXPECT_EQ(last(archive, size), ERR_NOT_FOUND);
	memset(archive + 6 + 8 * 11, '0', 8); /* name size */
	EXPECT_EQ(last(archive, size), ERR_FORMAT);
	memset(archive + 6 + 8 * 11, 'f', 8);
	EXPECT_EQ(last(archive, size), ERR_FORMAT);
	archive[0] = 'x';
	EXPECT(!cpio_recognise(archive, size));
}

TEST(a_name_without_end)
{
	u64 size = cpio_add(archive, 0, "kernel", "12345", 5);

	archive[110 + 6] = 'x';
	EXPECT_EQ(last(archive, size), ERR_FORMAT);
}
