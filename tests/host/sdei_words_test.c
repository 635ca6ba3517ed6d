/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PE's state as words: what comes out goes in again, and nothing else does.
 * sources: sdei/pe.c sdei/event.c sdei/words.c
 */
#include <arch/esr.h>
#include <sdei/handler.h>
#include <sdei/words.h>
#include <string.h>
#include <test.h>

#define ENTRY 0xffff800008001000UL
#define SHARED_SLOT (SDEI_SHARED + 1)

#define HANDLER(slot) (SDEI_WORD_HANDLER + 2 * (slot))
#define CONTEXT(priority) (SDEI_WORD_CONTEXT + (priority) * (SDEI_CONTEXT_REGISTERS + 2))
#define PSTATE(priority) (CONTEXT(priority) + SDEI_CONTEXT_REGISTERS + 1)
#define B(slot) (1UL << (slot))

static const struct sdei_limits all_slots = {SDEI_SLOTS, 4, true};

static struct regs guest_regs(u64 seed)
{
	struct regs r;

	for (u64 i = 0; i < ARRAY_SIZE(r.x); i++)
		r.x[i] = seed << 32 | 0x1000 | i;
	r.pc = 0x40080000 + seed * 4;
	r.pstate = PSTATE_EL1H | PSTATE_NZCV;
	return r;
}

static struct sdei_pe reset_pe(void)
{
	struct sdei_pe pe;

	memset(&pe, 0xa5, sizeof(pe));
	sdei_pe_reset(&pe);
	return pe;
}

static void begin(struct sdei_pe *pe, u32 slot, u64 entry, u64 argument)
{
	EXPECT_EQ(sdei_register(pe, slot, entry, argument), SDEI_SUCCESS);
	EXPECT_EQ(sdei_enable(pe, slot), SDEI_SUCCESS);
}

static void enter(struct sdei_pe *pe, u32 slot, u64 seed)
{
	struct regs r = guest_regs(seed);

	sdei_raise(pe, slot);
	EXPECT(sdei_enter(pe, slot, &r, PSTATE_EL1H | PSTATE_DAIF));
}

/* A normal handler, unregistered, under a critical one; a bound event waits. */
static struct sdei_pe rich_pe(void)
{
	struct sdei_pe pe = reset_pe();

	begin(&pe, SDEI_SOFTWARE, ENTRY, 1);
	enter(&pe, SDEI_SOFTWARE, 10);
	sdei_unregister(&pe, SDEI_SOFTWARE);
	begin(&pe, SDEI_ALARM, 0x40080004, 0);
	enter(&pe, SDEI_ALARM, 11);
	pe.context[SDEI_CRITICAL].pstate = PSTATE_EL0T;
	begin(&pe, SDEI_BOUND, ENTRY + 32, ~0UL);
	sdei_raise(&pe, SDEI_BOUND);
	sdei_raise(&pe, SDEI_SOFTWARE);
	return pe;
}

static bool taken(const u64 *words, const struct sdei_limits *may)
{
	struct sdei_pe pe, before;
	u64 again[SDEI_NR_WORDS];

	memset(&pe, 0x5a, sizeof(pe));
	before = pe;
	if (!sdei_set_words(&pe, words, may)) {
		EXPECT(!memcmp(&pe, &before, sizeof(pe)));
		return false;
	}
	sdei_get_words(&pe, again);
	EXPECT(!memcmp(words, again, sizeof(again)));
	return true;
}

TEST(sdei_words_of_reset)
{
	struct sdei_pe pe = reset_pe(); /* rubbish where nothing is */
	u64 words[SDEI_NR_WORDS];

	sdei_get_words(&pe, words);
	EXPECT_EQ(words[SDEI_WORD_PENDING], SDEI_MASKED);
	for (u32 i = 1; i < SDEI_NR_WORDS; i++)
		EXPECT_EQ(words[i], 0);
	EXPECT(taken(words, &all_slots));
}

TEST(sdei_words_of_rich)
{
	struct sdei_pe pe = rich_pe(), copy;
	u64 words[SDEI_NR_WORDS];
	struct regs a = guest_regs(12), b = a;

	sdei_get_words(&pe, words);
	EXPECT_EQ(words[SDEI_WORD_PENDING], SDEI_MASKED | B(SDEI_BOUND) | B(SDEI_SOFTWARE));
	EXPECT_EQ(words[SDEI_WORD_REGISTERED], B(SDEI_ALARM) | B(SDEI_BOUND));
	EXPECT_EQ(words[SDEI_WORD_ENABLED], B(SDEI_ALARM) | B(SDEI_BOUND));
	EXPECT_EQ(words[SDEI_WORD_RUNNING], B(SDEI_SOFTWARE) | B(SDEI_ALARM));
	EXPECT_EQ(words[HANDLER(SDEI_SOFTWARE)], ENTRY);
	EXPECT_EQ(words[HANDLER(SDEI_BOUND) + 1], ~0UL);
	EXPECT_EQ(words[HANDLER(SDEI_BOUND + 1)], 0);
	EXPECT_EQ(words[CONTEXT(SDEI_NORMAL) + 17], guest_regs(10).x[17]);
	EXPECT_EQ(words[CONTEXT(SDEI_CRITICAL) + 17], guest_regs(11).x[17]);
	EXPECT_EQ(words[PSTATE(SDEI_CRITICAL)], PSTATE_EL0T);
	EXPECT(taken(words, &all_slots));
	/* The copy goes on as the original does. */
	EXPECT(sdei_set_words(&copy, words, &all_slots));
	EXPECT_EQ(sdei_complete(&copy, &a), sdei_complete(&pe, &b));
	EXPECT_EQ(sdei_complete(&copy, &a), sdei_complete(&pe, &b));
	EXPECT(!memcmp(&a, &b, sizeof(a)) && !sdei_is_running(&copy));
}

/* Context words of events that are over must not come out again. */
TEST(sdei_words_forget)
{
	struct sdei_pe pe = rich_pe();
	struct regs r;
	u64 words[SDEI_NR_WORDS];

	sdei_complete(&pe, &r);
	sdei_complete(&pe, &r);
	sdei_unregister(&pe, SDEI_ALARM);
	sdei_get_words(&pe, words);
	for (u32 i = 0; i < SDEI_NR_WORDS - SDEI_WORD_HANDLER; i++)
		if (i / 2 != SDEI_BOUND)
			EXPECT_EQ(words[SDEI_WORD_HANDLER + i], 0);
}

/* What makes the words of rich_pe() impossible. */
static const struct change {
	u32 word;
	u64 value;
} changes[] = {
    {SDEI_WORD_PENDING, B(SDEI_NR_PRIVATE)},
    {SDEI_WORD_PENDING, B(29)},
    {SDEI_WORD_PENDING, B(32)},
    {SDEI_WORD_PENDING, B(SDEI_BOUND + 1)}, /* a bound one that is not registered */
    {SDEI_WORD_REGISTERED, B(SDEI_ALARM) | B(SDEI_BOUND) | B(SDEI_NR_PRIVATE)},
    {SDEI_WORD_REGISTERED, B(SDEI_ALARM) | B(SDEI_BOUND) | B(63)},
    {SDEI_WORD_REGISTERED, B(SDEI_ALARM)}, /* the bound one is enabled */
    {SDEI_WORD_REGISTERED, B(SDEI_ALARM) | B(SDEI_BOUND) | B(SDEI_BOUND + 1)}, /* entry 0 */
    {SDEI_WORD_ENABLED, B(SDEI_SOFTWARE)},
    {SDEI_WORD_ENABLED, B(SDEI_ALARM) | B(32)},
    {SDEI_WORD_ENABLED, B(31)},
    {SDEI_WORD_RUNNING, B(SDEI_SOFTWARE) | B(SDEI_ALARM) | B(SDEI_BOUND)},
    {SDEI_WORD_RUNNING, B(SDEI_SOFTWARE) | B(SDEI_ALARM) | B(SDEI_NR_PRIVATE)},
    {SDEI_WORD_RUNNING, B(SDEI_SOFTWARE) | B(SDEI_ALARM) | B(32)},
    {SDEI_WORD_RUNNING, B(SDEI_ALARM)},    /* a context and a handler too many */
    {SDEI_WORD_RUNNING, B(SDEI_SOFTWARE)}, /* a context too many */
    {SDEI_WORD_RUNNING, B(SDEI_ALARM) | B(SDEI_BOUND + 1)},
    {SDEI_WORD_SHARED, SHARED_SLOT}, /* over a normal handler */
    {SDEI_WORD_SHARED, 1},
    {SDEI_WORD_SHARED, 1UL << 32},
    {HANDLER(SDEI_SOFTWARE), 0},
    {HANDLER(SDEI_ALARM), 0},
    {HANDLER(SDEI_ALARM), 0x40080002},
    {HANDLER(SDEI_ALARM), 0x0010000000000000},
    {HANDLER(SDEI_BOUND), 0x7fff800008001000},
    {HANDLER(SDEI_BOUND + 1), ENTRY},
    {HANDLER(SDEI_BOUND + 1) + 1, 1},
    {HANDLER(SDEI_NR_PRIVATE - 1) + 1, 1},
};

TEST(sdei_words_refused)
{
	struct sdei_pe pe = rich_pe();
	u64 words[SDEI_NR_WORDS], keep;

	sdei_get_words(&pe, words);
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		keep = words[changes[i].word];
		words[changes[i].word] = changes[i].value;
		if (taken(words, &all_slots))
			printf("  change %u\n", i);
		EXPECT(!taken(words, &all_slots));
		words[changes[i].word] = keep;
	}
	EXPECT(taken(words, &all_slots));
}

/* Slots that the partition does not have. */
TEST(sdei_words_limits)
{
	static const struct sdei_limits no_bound = {B(SDEI_BOUND) - 1, 0, false};
	static const struct sdei_limits stray = {~0u, 0, false};
	struct sdei_pe pe = rich_pe();
	struct regs r = guest_regs(1);
	u64 words[SDEI_NR_WORDS];

	sdei_get_words(&pe, words);
	EXPECT(!taken(words, &no_bound));
	sdei_unregister(&pe, SDEI_BOUND);
	sdei_get_words(&pe, words);
	EXPECT(taken(words, &no_bound));
	words[SDEI_WORD_PENDING] |= B(SDEI_BOUND);
	EXPECT(!taken(words, &no_bound));
	words[SDEI_WORD_PENDING] = B(SDEI_NR_PRIVATE);
	EXPECT(!taken(words, &stray));

	sdei_pe_drop(&pe);
	sdei_register(&pe, SDEI_BOUND, ENTRY, 0);
	sdei_raise(&pe, SDEI_BOUND);
	pe.running = 1u << SDEI_BOUND;
	sdei_get_words(&pe, words);
	EXPECT(!taken(words, &no_bound));
	EXPECT(taken(words, &all_slots));

	sdei_pe_reset(&pe);
	sdei_enter_shared(&pe, SHARED_SLOT, &(struct sdei_handler){ENTRY, 1}, &r, PSTATE_EL1H);
	sdei_get_words(&pe, words);
	for (u64 shared = 1; shared < 64; shared++) {
		words[SDEI_WORD_SHARED] = shared;
		EXPECT(!taken(words, &no_bound));
		EXPECT_EQ(taken(words, &all_slots),
			  shared >= SDEI_SHARED && shared < SDEI_SHARED + all_slots.nr_shared);
	}
}

/* Where no handler runs there is no context. */
TEST(sdei_words_idle_context)
{
	struct sdei_pe pe = reset_pe();
	u64 words[SDEI_NR_WORDS];

	begin(&pe, SDEI_SOFTWARE, ENTRY, 0);
	sdei_get_words(&pe, words);
	for (u32 i = SDEI_WORD_CONTEXT; i < SDEI_NR_WORDS; i++) {
		words[i] = PSTATE_EL1H;
		EXPECT(!taken(words, &all_slots));
		words[i] = 0;
	}
}

/* All modes, and every other bit alone, as what a handler has interrupted. */
TEST(sdei_words_pstate)
{
	static const struct sdei_limits no_aarch32 = {SDEI_SLOTS, 0, false};
	struct sdei_pe pe = rich_pe();
	u64 words[SDEI_NR_WORDS];

	sdei_get_words(&pe, words);
	for (u32 p = SDEI_NORMAL; p <= SDEI_CRITICAL; p++) {
		u64 *pstate = &words[PSTATE(p)], keep = *pstate;

		for (u64 mode = 0; mode < 32; mode++) {
			bool aarch64 =
			    mode == PSTATE_EL0T || mode == PSTATE_EL1T || mode == PSTATE_EL1H;

			*pstate = PSTATE_DAIF | mode;
			EXPECT_EQ(taken(words, &no_aarch32), aarch64);
			EXPECT_EQ(taken(words, &all_slots), aarch64 || mode == 0x10);
		}
		for (u32 bit = 5; bit < 64; bit++) {
			bool res0 = bit == 5 || (bit >= 14 && bit <= 19) || bit == 26 ||
				    bit == 27 || bit >= 37;

			*pstate = PSTATE_EL1H | B(bit);
			EXPECT_EQ(taken(words, &all_slots), !res0);
			*pstate = PSTATE_AARCH32 | B(bit);
			EXPECT_EQ(taken(words, &all_slots), bit < 32 || bit == 33);
		}
		*pstate = keep;
	}
}
