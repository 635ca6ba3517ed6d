/* SPDX-License-Identifier: Apache-2.0 */
/* Tocsin's options: a table of names, fields, and valid values. */
#include <boot/cmdline.h>
#include <el2/terminal.h>
#include <lib/bits.h>
#include <lib/string.h>
#include <sdei/event.h>

#define PREFIX "tocsin."
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* More vCPUs than any interrupt controller supports. */
#define MAX_VCPUS 4096

/* Bindings of SPIs: a slot for each SPI that a GIC can have. */
#define MAX_SHARED_SLOTS 988
#define DEFAULT_SLOTS 4

struct choice {
	const char *word; /* NULL ends the list */
	u32 value;
};

static const struct choice levels[] = {
    {"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {0}};
static const struct choice actions[] = {
    {"halt", STOP_HALT}, {"off", STOP_POWER_OFF}, {"reset", STOP_MACHINE_RESET}, {0}};
static const struct choice mitigations[] = {{"auto", 1}, {"off", 0}, {0}};
static const struct choice on_off[] = {{"on", 1}, {"off", 0}, {0}};
static const struct choice consoles[] = {{"lines", TERMINAL_LINES}, {"focus", TERMINAL_FOCUS}, {0}};
static const struct choice no_escape[] = {{"off", TERMINAL_NO_ESCAPE}, {0}};

/* With choices, the field at offset is a u32; with max, a u64 from min to max. With both, the value
 * may be a word or a number. */
static const struct option {
	const char *name;
	const char *expected;
	size_t offset;
	const struct choice *choices;
	u64 min, max;
} table[] = {
    {"vcpus", "a number from 1 to 4096", offsetof(struct options, vcpus), NULL, 1, MAX_VCPUS},
    {"load", "a page-aligned address", offsetof(struct options, load), NULL, 0, BIT(48) - 1},
    {"log", "error, warn, info or debug", offsetof(struct options, log), levels, 0, 0},
    {"on-stop", "halt, off or reset", offsetof(struct options, on_stop), actions, 0, 0},
    {"panic", "halt, off or reset", offsetof(struct options, panic), actions, 0, 0},
    {"mitigations", "auto or off", offsetof(struct options, mitigations), mitigations, 0, 0},
    {"mpam", "on or off", offsetof(struct options, mpam), on_off, 0, 0},
    {"sdei", "on or off", offsetof(struct options, sdei), on_off, 0, 0},
    {"sdei-private-slots", "a number from 0 to 16", offsetof(struct options, sdei_private), NULL, 0,
     SDEI_NR_BOUND},
    {"sdei-shared-slots", "a number from 0 to 988", offsetof(struct options, sdei_shared), NULL, 0,
     MAX_SHARED_SLOTS},
    {"console", "lines or focus", offsetof(struct options, console), consoles, 0, 0},
    {"escape", "a byte from 1 to 255 or off", offsetof(struct options, escape), no_escape, 1, 255},
};

static bool same(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && !memcmp(word, text, len);
}

static bool set_choice(const struct option *o, struct options *to, const char *value, size_t len)
{
	for (const struct choice *c = o->choices; c->word; c++) {
		if (same(c->word, value, len)) {
			if (o->max)
				*(u64 *)((char *)to + o->offset) = c->value;
			else
				*(u32 *)((char *)to + o->offset) = c->value;
			return true;
		}
	}
	return false;
}

static bool set_number(const struct option *o, struct options *to, const char *value, size_t len)
{
	u64 number;

	if (!parse_u64(value, len, &number) || number < o->min || number > o->max)
		return false;
	if (o->offset == offsetof(struct options, load) && !IS_ALIGNED(number, PAGE_SIZE))
		return false;
	*(u64 *)((char *)to + o->offset) = number;
	return true;
}

/* One word tocsin.NAME=VALUE. */
static void take_word(struct options *to, const char *word, size_t len)
{
	const char *equals = memchr(word, '=', len);
	size_t name_len = (equals ? (size_t)(equals - word) : len) - PREFIX_LEN;
	const char *value = equals ? equals + 1 : word + len;
	size_t value_len = (size_t)(word + len - value);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		const struct option *o = &table[i];

		if (!same(o->name, word + PREFIX_LEN, name_len))
			continue;
		if (!(o->choices && set_choice(o, to, value, value_len)) &&
		    !(o->max && set_number(o, to, value, value_len)))
			log_warn("option %.*s ignored: expected " PREFIX "%s= and %s", (int)len,
				 word, o->name, o->expected);
		return;
	}
	log_warn("option %.*s is unknown: there are vcpus, load, log, on-stop, panic, mitigations, "
		 "mpam, sdei, sdei-private-slots, sdei-shared-slots, console, escape",
		 (int)len, word);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void cmdline_parse(struct options *o, const char *text)
{
	*o = (struct options){.load = LOAD_WHERE_IT_IS,
			      .log = LOG_INFO,
			      .on_stop = STOP_POWER_OFF,
			      .panic = STOP_HALT,
			      .mitigations = 1,
			      .mpam = 1,
			      .sdei = 1,
			      .sdei_private = DEFAULT_SLOTS,
			      .sdei_shared = DEFAULT_SLOTS,
			      .console = TERMINAL_LINES,
			      .escape = TERMINAL_ESCAPE};

	while (*text) {
		size_t len = 0;

		while (text[len] && !is_space(text[len]))
			len++;
		if (len >= PREFIX_LEN && !memcmp(text, PREFIX, PREFIX_LEN))
			take_word(o, text, len);
		text += len;
		while (is_space(*text))
			text++;
	}
}
