/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's command line, with commands of the test's own: editing, words,
 * arguments, pieces, Ctrl-C, and a console that has no room.
 * sources: el2/console/monitor.c lib/fmt.c lib/parse.c
 */
#include <drivers/console.h>
#include <el2/console/monitor.h>
#include <el2/partition.h>
#include <el2/terminal.h>
#include <string.h>
#include <test.h>

static struct vcpu vcpus[2];
static struct partition_config config = {.name = "red"};
static struct partition parts[1] = {{.config = &config, .nr_vcpus = 2, .vcpus = vcpus}};
struct partition *partitions = parts;
u32 nr_partitions = 1;

static char shown[4096];
static const char *typed = "";
static bool room = true, open, interrupted;
static unsigned runs, agains;
static struct job last;

bool console_room(size_t n)
{
	EXPECT(n);
	return room;
}

bool console_line(const void *owner, const char *prefix, const char *bytes, size_t n)
{
	EXPECT(owner && prefix && room);
	strncat(shown, bytes, n);
	return true;
}

u32 terminal_in_monitor(void)
{
	return open;
}

int terminal_monitor_key(void)
{
	return *typed ? (u8)*typed++ : -1;
}

bool terminal_monitor_break(void)
{
	bool was = interrupted;

	interrupted = false;
	return was;
}

void terminal_again(void)
{
	agains++;
}

static bool run_pieces(struct job *j)
{
	runs++;
	last = *j;
	monitor_print("piece %u\x07", j->step);
	return ++j->step == 3;
}

const struct command monitor_commands[] = {
    {"pieces", ARG_NONE, run_pieces, ""},
    {"vcpu", ARG_VCPU, run_pieces, ""},
    {"mode", ARG_MODE, run_pieces, ""},
    {"any", ARG_ANY, run_pieces, ""},
    {0},
};

/* What is shown after these keys, in the end. */
static const char *after(const char *keys)
{
	open = room = true;
	monitor_run();
	shown[0] = 0;
	runs = 0;
	typed = keys;
	for (int i = 0; i < 60; i++)
		monitor_run();
	return shown;
}

TEST(a_command_runs_in_pieces)
{
	const char *text = after("pieces\r");

	EXPECT(!strcmp(text, "pieces\r\npiece 0.\r\npiece 1.\r\npiece 2.\r\n"));
	EXPECT_EQ(runs, 3);
}

TEST(lines_are_edited)
{
	EXPECT(strstr(after("piexy\b\x7f"
			    "ces\r"),
		      "piece 2"));
	EXPECT(strstr(after("nonsense\x15pieces\r"), "piece 2"));
	(void)after("\r");
	EXPECT_EQ(runs, 0);
}

TEST(keys_of_several_bytes_are_no_text)
{
	EXPECT(!strcmp(after("pi\033[C\033[1;5De\033OB\033[[A\033[3~\033xces\r"),
		       "pieces\r\npiece 0.\r\npiece 1.\r\npiece 2.\r\n"));
	EXPECT(strstr(after("pieces\033\r"), "piece 2")); /* one that is cut short */
	(void)after("pieces\033[");
	open = 0;
	monitor_run();
	EXPECT(strstr(after("pieces\r"), "piece 2"));
}

TEST(up_brings_the_last_line_back)
{
	(void)after("vcpu red 1\r\r");
	runs = 0;
	EXPECT(strstr(after("nonsense\033[A\r"), "vcpu red 1\r\npiece 0"));
	EXPECT(runs == 3 && last.v == &vcpus[1]);
	(void)after("\033[A\x7f"
		    "0\r");
	EXPECT(last.v == &vcpus[0]);
}

TEST(unknown_commands_and_arguments)
{
	EXPECT(strstr(after("what is this\r"), "there is no command what"));
	EXPECT(strstr(after("vcpu blue\r"), "which partition"));
	EXPECT(strstr(after("vcpu red 2\r"), "vCPUs 0 to 1"));
	EXPECT(strstr(after("mode x\r"), "lines or focus"));
	EXPECT_EQ(runs, 0);
	EXPECT(strstr(after("  vcpu  red  1\r"), "piece 2"));
	EXPECT(last.p == parts && last.v == &vcpus[1]);
	EXPECT(strstr(after("mode focus\r"), "piece 2"));
	EXPECT_EQ(last.at, TERMINAL_FOCUS);
	EXPECT(strstr(after("any\r"), "piece 2") && !last.p);
	EXPECT(strstr(after("any red\r"), "piece 2") && last.p == parts);
}

TEST(a_full_console_is_waited_for)
{
	(void)after("");
	typed = "pieces\r";
	room = false;
	agains = 0;
	for (int i = 0; i < 20; i++)
		monitor_run();
	EXPECT(agains == 20 && runs == 0 && *typed == 'p');
	room = true;
	for (int i = 0; i < 20; i++)
		monitor_run();
	EXPECT_EQ(runs, 3);
}

TEST(ctrl_c_ends_a_command)
{
	(void)after("");
	typed = "pieces\r";
	while (!runs)
		monitor_run();
	interrupted = true;
	for (int i = 0; i < 5; i++)
		monitor_run();
	EXPECT_EQ(runs, 1);
	EXPECT(strstr(shown, "interrupted"));
}

TEST(closed_it_does_nothing)
{
	open = false;
	monitor_run();
	typed = "pieces\r";
	runs = 0;
	monitor_run();
	EXPECT(runs == 0 && *typed == 'p');
}
