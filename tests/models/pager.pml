/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pager and those who wait for it: mm/pager.c, mm/pager_ring.c, the waiting of el2/paging/paging.c, and a
 * pager like guest/pager. Two vCPUs, each on a CPU of its own, touch a page each, with -DSHARED the
 * same, and take it away again. There is one slot, with -DTWO two, and rings of as
 * many entries. A step is one access to what CPUs share, or to what a lock keeps apart. A vCPU that
 * waits sleeps until it is kicked.
 *
 * The pager says hello at any time, with or without what it had, and once: what a pager does that
 * begins anew is left to tests/host/pager_pair_test.c. With -DSILENT it may say nothing any more for
 * a while, and what it owes becomes late. Two slots with a page each are too many states to see them
 * all, as is -DSILENT: only faults are looked for there.
 *
 * Properties, nothing being under way:
 * not_lost   no vCPU waits.
 * And always:
 * once       there is no answer to what is not open.
 * not_early  no slot is used again while the pager has it.
 * known      the pager is asked for nothing but what it was given.
 *
 * holds: safety
 * holds: safety -DSHARED
 * holds: safety -DSHARED -DSILENT
 * fails: not_lost -DFAULT_LOOKS_FIRST
 * fails: not_lost -DFAULT_KICKS_FIRST
 * fails: not_lost -DFAULT_CLEARS_LATE
 * fails: not_lost -DFAULT_NO_MORE -DTWO
 * fails: not_lost -DFAULT_LEAVES -DTWO
 * fails: not_lost -DFAULT_RING_SPLIT -DTWO
 * fails: not_lost -DFAULT_RING_FIRST
 * fails: not_lost -DFAULT_ROOM_UNWANTED
 * fails: not_lost -DFAULT_ROOM_BLIND
 * fails: not_lost -DFAULT_LISTEN_CLEARS
 * fails: not_early -DFAULT_LATE_FREE -DSILENT
 * fails: once -DFAULT_LATE_FREE -DSILENT
 * fails: known -DFAULT_KEPT_STAYS
 */

#ifdef TWO
#define SLOTS 2
#else
#define SLOTS 1
#endif
#ifdef SHARED
#define TOUCHES 0
#else
#define TOUCHES _pid
#endif
#define NONE 3
#define MASK (2 * SLOTS - 1)

/* Pages */
#define PRESENT 0
#define SAVED 1 /* on its way to the pager */
#define STORED 2
#define LOADING 3
#define NOWHERE 4

/* Slots */
#define FREE 0
#define LOAD 1
#define EVICT 2
#define ENDED 3
#define FAILED 4 /* ENDED, in vain */
#define RETIRED 5

/* absent */
#define NOTHING 0
#define CAME 1
#define ROOM 2
#define PAGE 3 /* and up */

/* What the pager sees; counts are modulo twice the slots. */
byte o_session, o_produced;
byte request[SLOTS], request_op[SLOTS], request_page[SLOTS];
byte h_session, h_produced, completion[SLOTS];
bool h_keeps;
bool bell; /* at the pager */

/* Under the lock. */
bool lock;
byte page[2];
byte use[SLOTS], slot_page[SLOTS];
bool owed[SLOTS], late[SLOTS];
byte produced, consumed, session;
bool wanted, room;

/* Atomic. */
bool rung, ring;
byte absent[2];
bool news[2], kick[2];

/* Where they are. */
bool asleep[2], quiet[2] = true; /* quiet: in the guest */
bool idle;                /* the pager */
bool silent;

/* The pager's. */
byte mine, taken, completed;
bool open[SLOTS], has[2], said, forgot;
byte open_op[SLOTS], open_page[SLOTS];

bool broken_once, broken_early, broken_known;

#define UNHEARD (o_session == mine && o_produced != taken)
#define HAS_OPEN (open[0] || open[SLOTS - 1])
#define NOT_LATE (owed[0] && !late[0] || owed[SLOTS - 1] && !late[SLOTS - 1])
#define PAGER_QUIET (idle && (silent || !bell && !HAS_OPEN && !said))
#define TIMER (silent && NOT_LATE)
#define STAYS(v) (asleep[v] && !kick[v] && !TIMER)
#define QUIET (PAGER_QUIET && !lock && (quiet[0] || STAYS(0)) && (quiet[1] || STAYS(1)))
#define LOST (QUIET && (asleep[0] || asleep[1]))

ltl safety { [] (!LOST && !broken_once && !broken_early && !broken_known) }
ltl not_lost { [] !LOST }
ltl once { [] !broken_once }
ltl not_early { [] !broken_early }
ltl known { [] !broken_known }

#define TAKE atomic { !lock -> lock = true }
#define DROP lock = false
#define USED(s) (use[s] != FREE)
#define HAS_ROOM (!USED(0) || !USED(SLOTS - 1))
#define GOING(p) (USED(0) && slot_page[0] == (p) || USED(SLOTS - 1) && slot_page[SLOTS - 1] == (p))
#define HAS_ENDED(s) (use[s] == ENDED || use[s] == FAILED)
#define ANY_ENDED (HAS_ENDED(0) || HAS_ENDED(SLOTS - 1))
#define COMING (ANY_ENDED || rung || NOT_LATE)

/* ---- requests ---- */

inline free_slot(i)
{
	use[i] = FREE;
	owed[i] = false;
	late[i] = false;
	slot_page[i] = 0;
	room = true
}

/* Asks, or asks anew. */
inline ask(i)
{
	if
	:: open[i] && mine == session -> broken_early = true
	:: else
	fi;
	owed[i] = true;
	late[i] = false;
	request[produced % SLOTS] = i;
	request_op[produced % SLOTS] = use[i];
	request_page[produced % SLOTS] = slot_page[i];
	produced = (produced + 1) & MASK;
	o_produced = produced;
#ifndef FAULT_RING_FIRST
	ring = true
#endif
}

inline take(u, p)
{
	s = (use[0] == FREE -> 0 : SLOTS - 1);
	use[s] = u;
	slot_page[s] = p;
	ask(s);
	s = 0
}

inline must_ring()
{
	if
#ifdef FAULT_RING_SPLIT
	:: ring -> bell = true; ring = false
#else
	:: atomic { ring -> ring = false; bell = true }
#endif
	:: !ring
	fi
}

/* ---- answers ---- */

inline complete(i)
{
	if
	:: !owed[i] -> broken_once = true
	:: owed[i] && use[i] == EVICT ->
		if
		:: page[slot_page[i]] == SAVED -> page[slot_page[i]] = STORED
		:: else
		fi;
		free_slot(i)
	:: owed[i] && use[i] == RETIRED -> free_slot(i)
	:: owed[i] && (use[i] == LOAD || use[i] == FAILED) -> use[i] = ENDED; owed[i] = false
	fi
}

/* A hello, for one slot; the pager writes to none. */
inline begin_slot(i)
{
	if
	:: use[i] == LOAD && !keeps -> use[i] = FAILED; owed[i] = false
	:: use[i] == LOAD && keeps || use[i] == EVICT -> ask(i)
	:: use[i] == RETIRED -> free_slot(i)
	:: HAS_ENDED(i) -> owed[i] = false
	:: use[i] == FREE
	fi
}

inline lose(p)
{
#ifdef FAULT_KEPT_STAYS
	skip
#else
	if
	:: page[p] == STORED && !keeps -> page[p] = NOWHERE
	:: else
	fi
#endif
}

inline begin()
{
	keeps = h_keeps;
	atomic {
		lose(0);
		lose(1);
		room = true;
		session = n;
		produced = 0;
		consumed = 0;
		begin_slot(0);
#ifdef TWO
		begin_slot(1);
#endif
		o_produced = produced;
		o_session = session;
		ring = true;
		keeps = false;
		more = true
	}
}

inline take_answer()
{
	atomic {
		if
		:: n > SLOTS -> broken_once = true
		:: n <= SLOTS ->
			more = n > 1;
			n = completion[consumed % SLOTS];
			completion[consumed % SLOTS] = 0;
			consumed = (consumed + 1) & MASK;
			complete(n)
		fi;
		if /* that all counts are equal is all that there is to know */
		:: produced == consumed && produced == taken && produced == completed && o_session == mine ->
			produced = 0;
			consumed = 0;
			taken = 0;
			completed = 0;
			o_produced = 0;
			h_produced = 0
		:: else
		fi
	}
}

/* One answer at a time. The producer is read before the session, which the pager writes in the
 * other order. */
inline listen()
{
	more = false;
	atomic {
		n = (h_produced - consumed) & MASK;
		if
		:: h_session != session -> n = h_session; begin()
		:: h_session == session && n -> take_answer()
		:: h_session == session && !n
		fi;
		n = 0
	}
}

/* Before something is refused. */
inline listen_first()
{
#ifdef FAULT_LISTEN_CLEARS
	rung = false;
#endif
	listen();
	more = false
}

inline be_late(i)
{
	if
	:: owed[i] && !late[i] ->
		late[i] = true;
		use[i] = (use[i] == LOAD -> FAILED : use[i]);
		room = true
	:: else
	fi
}

inline report(i)
{
	told = slot_page[i];
	page[told] = (use[i] == ENDED -> PRESENT : NOWHERE);
	wanted = false;
#ifdef FAULT_LATE_FREE
	free_slot(i)
#else
	if
	:: owed[i] -> use[i] = RETIRED
	:: !owed[i] -> free_slot(i)
	fi
#endif
}

/* paged_done(); told: NONE, a page, or SLOTS's for room. */
#define SAYS_ROOM 2
inline done()
{
#ifdef FAULT_CLEARS_LATE
	TAKE;
#else
	atomic { !lock -> lock = true; rung = false };
#endif
	listen();
#ifdef FAULT_CLEARS_LATE
	rung = false;
#endif
	atomic {
		if
		:: silent -> be_late(0); be_late(SLOTS - 1)
		:: !silent
		fi;
		if
		:: HAS_ENDED(0) -> report(0)
		:: !HAS_ENDED(0) && HAS_ENDED(SLOTS - 1) -> report(SLOTS - 1)
		:: !ANY_ENDED && wanted && (room || !(more || COMING)) ->
			told = SAYS_ROOM;
			room = false;
			wanted = false
		:: else -> told = NONE
		fi;
#ifndef FAULT_NO_MORE
		rung = rung || more || ANY_ENDED;
#endif
		more = false;
		DROP
	}
}

/* ---- a vCPU ---- */

inline tell(v)
{
	if
	:: absent[v] == ROOM || absent[v] == PAGE + told -> absent[v] = CAME; news[v] = true; kick[v] = true
	:: else
	fi
}

/* Answers */
#define THERE 0
#define WAIT 1
#define NO_ROOM 2

/* paged_fault() */
inline fault(p)
{
	if
	:: page[p] == PRESENT || page[p] == SAVED || page[p] == NOWHERE -> page[p] = PRESENT; s = THERE
	:: page[p] == LOADING -> s = WAIT
	:: page[p] == STORED && HAS_ROOM -> page[p] = LOADING; take(LOAD, p); s = WAIT
	:: page[p] == STORED && !HAS_ROOM ->
		room = false;
		wanted = COMING;
		s = (COMING -> NO_ROOM : THERE)
	fi
}

/* What another page's fault does to this one, if its frame is chosen. */
inline evict(p)
{
	if
	:: page[p] == PRESENT && HAS_ROOM && !GOING(p) -> page[p] = SAVED; take(EVICT, p)
	:: page[p] == PRESENT && (!HAS_ROOM || GOING(p)) -> room = false
	:: page[p] != PRESENT
	fi
}

#ifdef FAULT_LOOKS_FIRST
#define LOOK saw = rung
#define SAW saw
#else
#define LOOK skip
#define SAW rung
#endif
#ifdef FAULT_RING_FIRST
#define RING_FIRST ring = true; must_ring()
#else
#define RING_FIRST skip
#endif

active [2] proctype vcpu()
{
	byte s, n, told = NONE;
	bool more, keeps, saw;

guest:
	if
	:: atomic { page[TOUCHES] != PRESENT -> quiet[_pid] = false }; goto absent_page
#ifndef SHARED
	:: atomic { _pid == 1 && page[1] == PRESENT -> quiet[1] = false; page[1] = STORED; has[1] = true;
		goto absent_page }
#endif
	:: atomic { _pid == 0 && page[0] == PRESENT && !lock -> quiet[0] = false; lock = true }
	fi;
	if
	:: (!HAS_ROOM || GOING(0)) && rung -> listen_first()
	:: HAS_ROOM && !GOING(0) || !rung
	fi;
	RING_FIRST;
	atomic { evict(0); DROP };
	must_ring();
	atomic { quiet[_pid] = true; goto guest };

absent_page: /* ask() */
	LOOK;
	absent[_pid] = PAGE + TOUCHES;
	TAKE;
	if
	:: page[TOUCHES] == STORED && !HAS_ROOM && rung -> listen_first()
	:: page[TOUCHES] != STORED || HAS_ROOM || !rung
	fi;
	RING_FIRST;
	atomic { fault(TOUCHES); DROP };
	must_ring();
	if
	:: atomic { s == THERE -> goto there }
	:: atomic { s == WAIT -> s = 0; goto wait }
	:: atomic { s == NO_ROOM -> s = 0; absent[_pid] = ROOM }
	fi;
#ifdef FAULT_ROOM_BLIND
	goto wait;
#endif
	if /* busy() */
	:: atomic { !lock && !COMING -> goto there }
#ifdef FAULT_ROOM_UNWANTED
	:: atomic { !lock && COMING -> goto wait }
#else
	:: atomic { !lock && COMING -> wanted = true; rung = rung || room; goto wait }
#endif
	fi;

there:
	atomic { absent[_pid] = NOTHING; kick[_pid] = false; quiet[_pid] = true; goto guest };

wait:
	if
	:: atomic { news[_pid] -> news[_pid] = false;
		if
		:: absent[_pid] == CAME -> absent[_pid] = NOTHING; goto resumed
		:: else -> goto wait
		fi }
	:: !news[_pid] && (SAW || TIMER)
	:: atomic { !news[_pid] && !SAW && !TIMER -> asleep[_pid] = true };
		atomic { kick[_pid] || TIMER -> kick[_pid] = false; asleep[_pid] = false };
		atomic { LOOK; goto wait }
	fi;

step: /* paging_step() */
	done();
	must_ring();
	atomic {
		if
		:: told != NONE -> tell(0); tell(1); told = NONE
		:: else
		fi;
		LOOK;
		if
		:: absent[_pid] == NOTHING -> goto resumed
		:: else -> goto wait
		fi
	};

resumed: /* looks_again() */
#ifdef FAULT_LEAVES
	goto there;
#else
	if
	:: rung -> goto step
	:: !rung -> goto there
	fi
#endif
}

/* ---- the pager ---- */

inline look_at(v)
{
	if
	:: absent[v] != NOTHING -> kick[v] = true
	:: else
	fi
}

/* paging_rung() */
inline ring_tocsin()
{
	said = false;
#ifdef FAULT_KICKS_FIRST
	atomic { look_at(0); look_at(1) };
	rung = true
#else
	rung = true;
	atomic { look_at(0); look_at(1) }
#endif
}

inline do_it(i)
{
	atomic {
		completion[completed % SLOTS] = i;
		completed = (completed + 1) & MASK;
		if
		:: open_op[i] == EVICT -> has[open_page[i]] = true
		:: else
		fi;
		open[i] = false;
		open_op[i] = 0;
		open_page[i] = 0;
		h_produced = completed;
		said = true
	}
}

active proctype pager()
{
	byte r;

hello:
	atomic {
		mine = 1;
		open[0] = false;
		open[SLOTS - 1] = false;
		taken = 0;
		completed = 0;
		if
		:: !forgot -> h_keeps = true
		:: h_keeps = false; forgot = true; has[0] = false; has[1] = false
		fi;
	};
	h_session = mine;
	ring_tocsin();

	idle = true;
again:
	if
	:: atomic { !silent && bell -> bell = false; idle = false }; goto look
	:: atomic { !silent && open[0] -> idle = false }; do_it(0)
#ifdef TWO
	:: atomic { !silent && open[1] -> idle = false }; do_it(1)
#endif
	:: atomic { !silent && said -> idle = false }; ring_tocsin()
#ifdef SILENT
	:: atomic { !silent -> silent = true }
	:: atomic { silent -> silent = false; idle = false }; goto look
#endif
	fi;
	idle = true;
	goto again;

look:
	if
	:: o_session == mine -> forgot = false
	:: o_session != mine -> idle = true; goto again
	fi;
	if
	:: o_produced == taken -> idle = true; goto again
	:: o_produced != taken ->
		atomic {
			r = request[taken % SLOTS];
			taken = (taken + 1) & MASK;
			open[r] = true;
			open_op[r] = request_op[(taken + 3) % SLOTS];
			open_page[r] = request_page[(taken + 3) % SLOTS];
			request[(taken + 3) % SLOTS] = 0;
			request_op[(taken + 3) % SLOTS] = 0;
			request_page[(taken + 3) % SLOTS] = 0;
			if
			:: open_op[r] == LOAD && !has[open_page[r]] -> broken_known = true
			:: else
			fi;
			r = 0
		};
		goto look
	fi
}
