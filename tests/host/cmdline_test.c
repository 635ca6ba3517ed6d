/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tocsin's own options.
 * sources: boot/config/cmdline.c lib/parse.c
 */
#include <boot/cmdline.h>
#include <el2/terminal.h>
#include <fake_log.h>
#include <test.h>

static struct options parse(const char *text)
{
	struct options o;

	log_forget();
	cmdline_parse(&o, text);
	return o;
}

TEST(defaults)
{
	struct options o = parse("");

	EXPECT_EQ(o.vcpus, 0);
	EXPECT_EQ(o.load, LOAD_WHERE_IT_IS);
	EXPECT_EQ(o.log, LOG_INFO);
	EXPECT_EQ(o.on_stop, STOP_POWER_OFF);
	EXPECT_EQ(o.panic, STOP_HALT);
	EXPECT_EQ(o.mitigations, 1);
	EXPECT_EQ(o.sdei, 1);
	EXPECT_EQ(o.sdei_private, 4);
	EXPECT_EQ(o.sdei_shared, 4);
	EXPECT_EQ(o.console, TERMINAL_LINES);
	EXPECT_EQ(o.escape, TERMINAL_ESCAPE);
}

TEST(the_escape_key_is_a_byte_or_off)
{
	EXPECT_EQ(parse("tocsin.escape=0x14").escape, 0x14);
	EXPECT_EQ(parse("tocsin.escape=off").escape, TERMINAL_NO_ESCAPE);
	EXPECT_EQ(parse("tocsin.escape=256").escape, TERMINAL_ESCAPE);
	EXPECT(log_says("1 to 255 or off"));
	EXPECT_EQ(parse("tocsin.escape=0").escape, TERMINAL_ESCAPE);
	EXPECT_EQ(parse("tocsin.console=focus").console, TERMINAL_FOCUS);
	EXPECT_EQ(parse("tocsin.console=1").console, TERMINAL_LINES);
	EXPECT(log_says("lines or focus"));
}

TEST(every_option)
{
	struct options o = parse("quiet tocsin.vcpus=4 tocsin.load=0x48000000\ttocsin.log=debug "
				 "tocsin.on-stop=reset  tocsin.panic=off tocsin.mitigations=off\n"
				 "tocsin.sdei=off tocsin.sdei-private-slots=16 "
				 "tocsin.sdei-shared-slots=988");

	EXPECT_EQ(o.vcpus, 4);
	EXPECT_EQ(o.load, 0x48000000);
	EXPECT_EQ(o.log, LOG_DEBUG);
	EXPECT_EQ(o.on_stop, STOP_MACHINE_RESET);
	EXPECT_EQ(o.panic, STOP_POWER_OFF);
	EXPECT_EQ(o.mitigations, 0);
	EXPECT_EQ(o.sdei, 0);
	EXPECT_EQ(o.sdei_private, 16);
	EXPECT_EQ(o.sdei_shared, 988);
	EXPECT_EQ(log_count[LOG_WARN], 0);
}

TEST(the_last_of_equal_options_counts)
{
	EXPECT_EQ(parse("tocsin.vcpus=4 tocsin.vcpus=2").vcpus, 2);
}

TEST(words_of_others_are_not_ours)
{
	parse("root=/dev/vda tocsin xtocsin.log=1 tocsin_log=2 console=ttyAMA0");
	EXPECT_EQ(log_count[LOG_WARN], 0);
}

TEST(bad_values_are_named_with_what_was_expected)
{
	static const char *const bad[] = {
	    "tocsin.vcpus=0",
	    "tocsin.vcpus=4097",
	    "tocsin.vcpus=",
	    "tocsin.vcpus",
	    "tocsin.vcpus=4x",
	    "tocsin.load=0x1001",
	    "tocsin.load=high",
	    "tocsin.log=loud",
	    "tocsin.log=debugx",
	    "tocsin.on-stop=HALT",
	    "tocsin.panic=",
	    "tocsin.load=0x1000000000000",
	    "tocsin.mitigations=1",
	    "tocsin.sdei=1",
	    "tocsin.sdei-private-slots=17",
	    "tocsin.sdei-shared-slots=989",
	    "tocsin.sdei-shared-slots=",
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct options o = parse(bad[i]), d = parse("");

		EXPECT(!memcmp(&o, &d, sizeof(o)));
		parse(bad[i]);
		EXPECT_EQ(log_count[LOG_WARN], 1);
		EXPECT(log_says(bad[i]));
		EXPECT(log_says("expected"));
	}
}

TEST(unknown_options_are_named)
{
	parse("tocsin.vcpu=4 tocsin.=3 tocsin.logs tocsin.lo=debug");
	EXPECT_EQ(log_count[LOG_WARN], 4);
	EXPECT(log_says("tocsin.lo=debug"));
	EXPECT(log_says("unknown"));
}
