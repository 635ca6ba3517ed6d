/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bindings, and the states of shared events: every state with every call (DEN0054C 6.1),
 * what a PE is given to run, and private bindings of which PEs count themselves in.
 * sources: sdei/shared.c sdei/event.c
 */
#include <abi/tocsin.h>
#include <pthread.h>
#include <sched.h>
#include <sdei/domain.h>
#include <test.h>

#define NR_SLOTS 3
#define DEAD 0x7777777

static struct sdei_shared shared[NR_SLOTS];
static struct sdei_domain d;
static const struct sdei_handler handler = {0x1000, 0x55}, other = {0x2000, 0x66};

static void start(void)
{
	d = (struct sdei_domain){
	    .nr_private = NR_SLOTS, .nr_shared = NR_SLOTS, .shared = shared, .turn = 7};
	for (u32 i = 0; i < NR_SLOTS; i++)
		shared[i] = (struct sdei_shared){.intid = DEAD, .running = true};
	for (u32 i = 0; i < NR_SLOTS; i++)
		sdei_shared_reset(&shared[i]);
	sdei_domain_reset(&d);
	EXPECT_EQ(d.turn, 0);
}

/* ---- binding ---- */

TEST(shared_slots_are_given_in_order)
{
	start();
	EXPECT_EQ(sdei_bind_shared(&d, 50), TOCSIN_EVENT_BOUND_SHARED);
	EXPECT_EQ(sdei_bind_shared(&d, 51), TOCSIN_EVENT_BOUND_SHARED + 1);
	EXPECT_EQ(sdei_bind_shared(&d, 50), TOCSIN_EVENT_BOUND_SHARED);
	EXPECT_EQ(sdei_bind_shared(&d, 52), TOCSIN_EVENT_BOUND_SHARED + 2);
	EXPECT_EQ(sdei_bind_shared(&d, 53), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(sdei_bind_shared(&d, 52), TOCSIN_EVENT_BOUND_SHARED + 2);
	EXPECT_EQ(sdei_shared_of(&d, 51), SDEI_SHARED + 1);
	EXPECT_EQ(sdei_shared_of(&d, 53), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_release_shared(&shared[1]), SDEI_SUCCESS);
	EXPECT_EQ(sdei_release_shared(&shared[1]), SDEI_INVALID_PARAMETERS);
	EXPECT_EQ(sdei_shared_of(&d, 51), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_bind_shared(&d, 53), TOCSIN_EVENT_BOUND_SHARED + 1);
}

TEST(private_slots_are_given_in_order)
{
	start();
	EXPECT_EQ(sdei_bind_private(&d, 30), TOCSIN_EVENT_BOUND_PRIVATE);
	EXPECT_EQ(sdei_bind_private(&d, 27), TOCSIN_EVENT_BOUND_PRIVATE + 1);
	EXPECT_EQ(sdei_bind_private(&d, 30), TOCSIN_EVENT_BOUND_PRIVATE);
	EXPECT_EQ(sdei_bind_private(&d, 28), TOCSIN_EVENT_BOUND_PRIVATE + 2);
	EXPECT_EQ(sdei_bind_private(&d, 29), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(sdei_private_of(&d, 27), SDEI_BOUND + 1);
	EXPECT_EQ(sdei_private_intid(&d, SDEI_BOUND + 1), 27);
	EXPECT_EQ(sdei_private_of(&d, 29), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_release_private(&d, SDEI_BOUND + 1), SDEI_SUCCESS);
	EXPECT_EQ(sdei_private_intid(&d, SDEI_BOUND + 1), 0);
	EXPECT_EQ(sdei_private_of(&d, 27), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_bind_private(&d, 29), TOCSIN_EVENT_BOUND_PRIVATE + 1);
}

TEST(no_slots)
{
	d = (struct sdei_domain){0};
	sdei_domain_reset(&d);
	EXPECT_EQ(sdei_bind_private(&d, 30), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(sdei_bind_shared(&d, 50), SDEI_OUT_OF_RESOURCE);
	EXPECT_EQ(sdei_private_of(&d, 30), SDEI_NO_SLOT);
	EXPECT_EQ(sdei_shared_of(&d, 50), SDEI_NO_SLOT);
}

TEST(release_waits_for_the_last)
{
	u32 slot = SDEI_BOUND;

	start();
	EXPECT(!sdei_get(&d, slot));
	EXPECT_EQ(sdei_release_private(&d, slot), SDEI_INVALID_PARAMETERS);
	sdei_bind_private(&d, 30);
	for (u32 i = 0; i < 3; i++)
		EXPECT(sdei_get(&d, slot));
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(sdei_release_private(&d, slot), SDEI_DENIED);
		EXPECT_EQ(sdei_private_intid(&d, slot), 30);
		sdei_put(&d, slot);
	}
	EXPECT_EQ(sdei_release_private(&d, slot), SDEI_SUCCESS);
	EXPECT(!sdei_get(&d, slot));
}

/* A PE that registers and one that releases, at the same time, in phases. */
#define RACES 2000
static u32
    phase; /* atomic: of round i, 3 i + 1: both try; + 2: it has; + 3: the other has looked */
static bool holds;

static void await(u32 value)
{
	while (atomic_load_acquire(&phase) < value)
		sched_yield();
}

static void *registering(void *unused)
{
	for (u32 i = 0; i < RACES; i++) {
		await(3 * i + 1);
		holds = sdei_get(&d, SDEI_BOUND);
		atomic_store_release(&phase, 3 * i + 2);
		await(3 * i + 3);
	}
	return unused;
}

TEST(register_or_release)
{
	pthread_t thread;

	start();
	phase = 0;
	pthread_create(&thread, NULL, registering, NULL);
	for (u32 i = 0; i < RACES; i++) {
		long released;

		sdei_bind_private(&d, 30);
		atomic_store_release(&phase, 3 * i + 1);
		released = sdei_release_private(&d, SDEI_BOUND);
		await(3 * i + 2);
		EXPECT_EQ(released, holds ? SDEI_DENIED : SDEI_SUCCESS);
		if (holds) {
			sdei_put(&d, SDEI_BOUND);
			EXPECT_EQ(sdei_release_private(&d, SDEI_BOUND), SDEI_SUCCESS);
		}
		atomic_store_release(&phase, 3 * i + 3);
	}
	pthread_join(thread, NULL);
}

/* ---- states ---- */

enum call { REGISTER, ENABLE, DISABLE, UNREGISTER, ROUTE, RELEASE, BEGIN, END, NR_CALLS };

/* Of each state (STATUS), what a call answers and the state afterwards; for BEGIN and END
 * the answer is whether they do something. END is not called unless a handler runs. */
static const struct {
	u32 state;
	struct {
		int answer;
		u32 next;
	} call[NR_CALLS];
} table[] = {
    {0, {{0, 1}, {-3, 0}, {-3, 0}, {-3, 0}, {-3, 0}, {0, 0}, {0, 0}, {0, DEAD}}},
    {1, {{-3, 1}, {0, 3}, {0, 1}, {0, 0}, {0, 1}, {-3, 1}, {0, 1}, {0, DEAD}}},
    {3, {{-3, 3}, {0, 3}, {0, 1}, {0, 0}, {-3, 3}, {-3, 3}, {1, 7}, {0, DEAD}}},
    {7, {{-3, 7}, {0, 7}, {0, 5}, {-5, 4}, {-3, 7}, {-3, 7}, {0, 7}, {1, 3}}},
    {5, {{-3, 5}, {0, 7}, {0, 5}, {-5, 4}, {-3, 5}, {-3, 5}, {0, 5}, {1, 1}}},
    {4, {{-3, 4}, {-3, 4}, {-3, 4}, {-5, 4}, {-3, 4}, {-3, 4}, {0, 4}, {0, 0}}},
};

static void set_state(struct sdei_shared *s, u32 state)
{
	*s = (struct sdei_shared){.intid = 50,
				  .handler = handler,
				  .registered = state & SDEI_STATUS_REGISTERED,
				  .enabled = state & SDEI_STATUS_ENABLED,
				  .running = state & SDEI_STATUS_RUNNING,
				  .pending = state & SDEI_STATUS_REGISTERED,
				  .target = SDEI_NOBODY,
				  .offered = SDEI_NOBODY};
}

static long make(struct sdei_shared *s, enum call call)
{
	bool more;

	switch (call) {
	case REGISTER:
		return sdei_shared_register(s, &other, SDEI_RM_ANY, SDEI_NOBODY);
	case ENABLE:
		return sdei_shared_enable(s);
	case DISABLE:
		return sdei_shared_disable(s);
	case UNREGISTER:
		return sdei_shared_unregister(s);
	case ROUTE:
		return sdei_shared_route(s, SDEI_RM_PE, 2);
	case RELEASE:
		return sdei_release_shared(s);
	case BEGIN:
		return sdei_shared_begin(&d, 1, &more) == SDEI_SHARED;
	default:
		return sdei_shared_end(s);
	}
}

TEST(every_state_with_every_call)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		for (u32 call = 0; call < NR_CALLS; call++) {
			struct sdei_shared *s = &shared[0];
			u32 next = table[i].call[call].next;

			if (next == DEAD)
				continue;
			start();
			set_state(s, table[i].state);
			EXPECT_EQ(make(s, (enum call)call), table[i].call[call].answer);
			EXPECT_EQ(sdei_shared_status(s), next);
			/* Pending goes with the registration and with delivery only. */
			EXPECT_EQ(s->pending,
				  (table[i].state & 1 && next & 1) &&
				      !(call == BEGIN && next == 7 && table[i].state == 3));
			EXPECT_EQ(s->handler.entry, call == REGISTER && next == 1 && !table[i].state
							? other.entry
							: handler.entry);
			EXPECT_EQ(s->target,
				  call == ROUTE && table[i].state == 1 ? 2 : SDEI_NOBODY);
		}
}

TEST(unbound_slots_cannot_be_registered)
{
	start();
	EXPECT_EQ(sdei_shared_register(&shared[0], &handler, SDEI_RM_ANY, 0), SDEI_DENIED);
	EXPECT_EQ(sdei_shared_status(&shared[0]), 0);
	EXPECT_EQ(sdei_shared_unregister(&shared[0]), SDEI_DENIED);
}

/* ---- what a PE is given ---- */

TEST(a_pe_gets_its_own)
{
	bool more;

	start();
	for (u32 i = 0; i < NR_SLOTS; i++)
		set_state(&shared[i], 3);
	shared[0].mode = SDEI_RM_PE;
	shared[0].target = 1;
	EXPECT_EQ(sdei_shared_begin(&d, 0, &more), SDEI_SHARED + 1);
	EXPECT(more);
	EXPECT_EQ(sdei_shared_begin(&d, 0, &more), SDEI_SHARED + 2);
	EXPECT(!more);
	EXPECT_EQ(sdei_shared_begin(&d, 0, &more), SDEI_NO_SLOT);
	EXPECT(!more);
	EXPECT_EQ(sdei_shared_begin(&d, 1, &more), SDEI_SHARED);
	EXPECT(!more);
	shared[0].pending = true;
	EXPECT(!sdei_shared_waits(&shared[0]));
	EXPECT(sdei_shared_end(&shared[0]));
	EXPECT(sdei_shared_waits(&shared[0]));
	sdei_shared_disable(&shared[0]);
	EXPECT_EQ(sdei_shared_begin(&d, 1, &more), SDEI_NO_SLOT);
	sdei_shared_enable(&shared[0]);
	EXPECT_EQ(sdei_shared_begin(&d, 1, &more), SDEI_SHARED);
}
