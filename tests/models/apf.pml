/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Async page-not-present, all of it: el2/paging/paging.c, el2/paging/apf.c, and a guest like
 * guest/linux/tocsin-apf. A vCPU has two tasks that touch a page each, with -DSHARED the
 * same; another CPU ends loads, tells the vCPU, and takes pages away again. There are two slots, and a
 * ring of two entries. A step is one access to what CPUs share, or to what a lock keeps apart;
 * requests and kicks are kick.pml's: here news is what the vCPU's CPU looks at in the end.
 *
 * With -DONE_LOAD one load is under way at a time, and who needs another waits for room. With
 * -DDISABLE the guest disables, also in the handler, and enables again. With -DSTOP the vCPU
 * is stopped wherever it is outside its guest, and starts anew.
 *
 * Properties, nothing being on its way between the CPUs:
 * not_lost    a vCPU that waits has something to wait for; a token that was accepted is
 *             posted or its page is on its way; a task that sleeps has a token outstanding or
 *             unread, and for what is unread there is an interrupt.
 * not_stuck   no notice is left that is neither pending nor in its handler, and no slot that
 *             is not used has anything set.
 * And always:
 * kept        no entry is overwritten before it was read.
 * asked_for   nothing is posted that no task has accepted: declined, or from before DISABLE.
 * one_each    no token is given out while it is outstanding.
 * not_before  nothing is posted before its page has come, nor while its handler runs.
 * gone        after DISABLE no task sleeps, and no slot is used.
 *
 * holds: safety
 * holds: safety -DSHARED
 * holds: safety -DONE_LOAD
 * holds: safety -DDISABLE
 * holds: safety -DSTOP
 * fails: not_lost -DFAULT_SLOTS_FIRST
 * fails: not_lost -DFAULT_NOT_LOOKED
 * fails: not_lost -DFAULT_NEWS_FIRST
 * fails: not_lost -DFAULT_ROOM_BLIND -DONE_LOAD
 * fails: not_lost -DFAULT_EARLY_MISSED
 * fails: not_lost -DFAULT_CANCEL_RUNNING
 * fails: not_lost -DFAULT_NO_LOCK
 * fails: not_before -DFAULT_NO_LOCK
 * fails: not_stuck -DFAULT_NO_LOCK -DSTOP
 * fails: not_stuck -DFAULT_CANCEL_HALF
 * fails: not_before -DFAULT_POST_IN_HANDLER
 * fails: kept -DFAULT_FREE_AT_POST
 * fails: one_each -DFAULT_FREE_AT_ACCEPT
 * fails: asked_for -DFAULT_DECLINE_UNHEARD
 * fails: asked_for -DFAULT_NOTICE_STAYS -DDISABLE
 * fails: gone -DFAULT_SLEEPERS_STAY -DDISABLE
 * fails: not_stuck -DFAULT_FORGETS_LITTLE -DSTOP
 */

#ifdef SHARED
#define SECOND 0
#else
#define SECOND 1
#endif
#define NONE 2 /* no slot */

/* Pages */
#define STORED 0
#define LOADING 1
#define PRESENT 2

/* absent */
#define NOTHING 0
#define CAME 1
#define ROOM 2
#define PAGE 3 /* and up */

/* Tasks */
#define RUNS 0
#define ARMED 1 /* it will sleep before it does anything else */
#define SLEEPS 2
#define READY 3 /* its token came before it slept */

/* Where the vCPU's CPU is. */
#define EL2 0
#define LOOKS 1
#define GUEST 2
#define HANDLER 3

/* What CPUs share. */
byte page[2];
byte absent;
bool news, pending, lock;
unsigned waiting : 2, came : 2, used : 2, accepted : 2; /* bits of slots */
byte slot_page[2], slot_token[2], slot_task[2];
byte noticed = NONE;

/* The vCPU's CPU's own, and the guest's. */
byte where = GUEST;
bool on = true;
byte refused_page = NONE, refused_task;
byte ring[2], order[2];
unsigned produced : 2, consumed : 2; /* by EL2 */
unsigned read : 2, taken : 2;        /* by the guest; and what it has said */
bool irq, isr;
byte task[2], token[2];

/* For the properties only. */
bool telling;
unsigned brought : 2;
bool broken_kept, broken_asked_for, broken_one_each, broken_not_before, broken_gone;

#define HAS(word, s) (word >> (s) & 1)
#define SET(word, s) word = word | 1 << (s)
#define CLEAR(word, s) word = word & ~(1 << (s))
#define UNREAD ((produced - read) & 3)
#define IN_RING(t) ((UNREAD >= 1 && ring[read & 1] == t) || (UNREAD >= 2 && ring[(read + 1) & 1] == t))
#define WANTED(t) ((task[0] == ARMED || task[0] == SLEEPS) && token[0] == t || \
	(task[1] == ARMED || task[1] == SLEEPS) && token[1] == t)
#define OUTSTANDING(t) (HAS(accepted, t & 1) && slot_token[t & 1] == t)

#define QUIET (!telling && !news && (where == LOOKS || where == GUEST))
#define IS_LOADING (page[0] == LOADING || page[1] == LOADING)
#define VCPU_LOST (absent == CAME || (absent == ROOM && !IS_LOADING) || \
	(absent >= PAGE && page[absent - PAGE] != LOADING))
#define TOKEN_LOST(s) (HAS(accepted, s) && (!HAS(waiting, s) || page[slot_page[s]] != LOADING))
#define TASK_LOST(i) (task[i] == SLEEPS && !OUTSTANDING(token[i]) && !IN_RING(token[i]))
#define LOST (QUIET && (VCPU_LOST || TOKEN_LOST(0) || TOKEN_LOST(1) || TASK_LOST(0) || \
	TASK_LOST(1) || (UNREAD && !irq && !isr)))
#define STUCK (QUIET && ((noticed != NONE && !pending) || (waiting | came | accepted) & ~used))

ltl safety { [] (!LOST && !STUCK && !broken_kept && !broken_asked_for && !broken_one_each &&
	!broken_not_before && !broken_gone) }
ltl not_lost { [] !LOST }
ltl not_stuck { [] !STUCK }
ltl kept { [] !broken_kept }
ltl asked_for { [] !broken_asked_for }
ltl one_each { [] !broken_one_each }
ltl not_before { [] !broken_not_before }
ltl gone { [] !broken_gone }

#ifdef FAULT_NO_LOCK
#define TAKE skip
#else
#define TAKE atomic { !lock -> lock = true }
#endif
#define DROP lock = false

inline free_slot(s)
{
	CLEAR(used, s);
	CLEAR(accepted, s);
	CLEAR(waiting, s);
	CLEAR(came, s);
	CLEAR(brought, s);
	slot_page[s] = 0;
	slot_task[s] = 0;
	slot_token[s] = 0
}

/* ---- the other CPU ---- */

inline end_load(p)
{
	page[p] = PRESENT;
	telling = true;
	told = p;
	if
	:: used & 1 && slot_page[0] == p -> SET(brought, 0)
	:: else
	fi;
	if
	:: used & 2 && slot_page[1] == p -> SET(brought, 1)
	:: else
	fi
}

inline tell_absent()
{
	if
	:: atomic { absent == PAGE + told || absent == ROOM -> absent = CAME; hit = true }
	:: atomic { absent != PAGE + told && absent != ROOM -> skip }
	fi
}

#define ARRIVED(s) (HAS(waiting, s) && slot_page[s] == told) << (s)

/* apf_arrived() */
inline tell_slots()
{
	TAKE;
	arrived = ARRIVED(0) | ARRIVED(1);
	came = came | arrived;
	waiting = waiting & ~arrived;
	if
	:: noticed != NONE && HAS(arrived, noticed) ->
		if
		:: atomic { pending -> pending = false };
#ifndef FAULT_CANCEL_HALF
			atomic { free_slot(noticed); noticed = NONE }
#endif
#ifdef FAULT_CANCEL_RUNNING
		:: atomic { !pending -> free_slot(noticed); noticed = NONE }
#else
		:: !pending
#endif
		fi
	:: else
	fi;
	atomic { hit = hit || arrived; arrived = 0; DROP }
}

active proctype other()
{
	byte told;
	bool hit;
	unsigned arrived : 2;

again:
	if
	:: atomic { page[0] == LOADING -> end_load(0) }
	:: atomic { page[1] == LOADING -> end_load(1) }
	:: atomic { page[0] == PRESENT -> page[0] = STORED; goto again }
	:: atomic { page[1] == PRESENT -> page[1] = STORED; goto again }
	fi;
#ifdef FAULT_NEWS_FIRST
	news = true;
#endif
#ifdef FAULT_SLOTS_FIRST
	tell_slots();
	tell_absent();
#else
	tell_absent();
	tell_slots();
#endif
#ifdef FAULT_NEWS_FIRST
	atomic { telling = false; hit = false; told = 0; goto again }
#else
	atomic { news = news || hit; telling = false; hit = false; told = 0; goto again }
#endif
}

/* ---- the vCPU's CPU: slots ---- */

inline post(s)
{
	if
	:: UNREAD == 2 -> broken_kept = true
	:: else
	fi;
	if
	:: !WANTED(slot_token[s]) || !on -> broken_asked_for = true
	:: else
	fi;
	if
	:: !HAS(brought, s) || noticed == s -> broken_not_before = true
	:: else
	fi;
	ring[produced & 1] = slot_token[s];
	order[produced & 1] = s;
	produced = (produced + 1) & 3;
	CLEAR(accepted, s);
	CLEAR(came, s);
#ifdef FAULT_FREE_AT_POST
	CLEAR(used, s);
#endif
	irq = true
}

/* take_slot() */
inline reclaim()
{
	do
	:: used == 3 && consumed != taken -> free_slot(order[consumed & 1]); order[consumed & 1] = 0; consumed = (consumed + 1) & 3
	:: else -> break
	od
}

#define WAS_TOLD(s) (HAS(waiting, s) && slot_page[s] == p && slot_task[s] == t)
#define MAY_TELL (on && noticed == NONE && !(refused_page == p && refused_task == t) && \
	!WAS_TOLD(0) && !WAS_TOLD(1))

/* notify(): slot s, NONE if the guest is not told. */
inline notify()
{
	s = NONE;
	TAKE;
	atomic {
		if
		:: MAY_TELL ->
			reclaim();
			if
			:: !(used & 1) -> s = 0
			:: used == 1 -> s = 1
			:: used == 3
			fi
		:: else
		fi
	};
	if
	:: s != NONE ->
		pending = true;
		atomic {
			slot_token[s] = s;
			if
			:: WANTED(slot_token[s]) || IN_RING(slot_token[s]) || \
				(HAS(used, s)) -> broken_one_each = true
			:: else
			fi;
			slot_page[s] = p;
			slot_task[s] = t;
			SET(used, s);
			if
			:: page[p] == LOADING -> CLEAR(brought, s)
			:: else -> SET(brought, s) /* it is about to be told */
			fi;
			noticed = s;
			refused_page = NONE
		};
		SET(waiting, s)
	:: else
	fi;
	DROP
}

inline withdraw()
{
	TAKE;
	if
	:: noticed != NONE ->
		if
		:: atomic { pending -> pending = false };
			atomic { free_slot(noticed); noticed = NONE }
		:: !pending
		fi
	:: else
	fi;
	DROP
}

inline serve()
{
	TAKE;
	if
#ifdef FAULT_POST_IN_HANDLER
	:: atomic { came & (accepted | used) & 1 -> post(0) }
#else
	:: atomic { came & accepted & 1 -> post(0) }
#endif
	:: else
	fi;
	if
	:: atomic { came & accepted & 2 -> post(1) }
	:: else
	fi;
	DROP
}

/* over(): the guest has accepted, or not. */
inline over(accepts)
{
	TAKE;
	atomic { s = noticed; noticed = NONE };
	if
	:: s != NONE && accepts ->
		SET(accepted, s);
#ifndef FAULT_EARLY_MISSED
		if
		:: atomic { HAS(came, s) -> post(s) }
		:: else
		fi;
#endif
#ifdef FAULT_FREE_AT_ACCEPT
		CLEAR(used, s)
#endif
	:: s != NONE && !accepts ->
		atomic { refused_page = p; refused_task = t };
#ifdef FAULT_DECLINE_UNHEARD
		SET(accepted, s)
#else
		atomic { free_slot(s) }
#endif
	:: s == NONE
	fi;
	DROP
}

/* apf_drop() */
inline drop()
{
	TAKE;
	used = 0;
	accepted = 0;
	came = 0;
	waiting = 0;
#ifndef FAULT_NOTICE_STAYS
	noticed = NONE;
#endif
	atomic {
		refused_page = NONE;
		produced = 0;
		consumed = 0;
		brought = 0;
		slot_page[0] = 0;
		slot_page[1] = 0;
		slot_task[0] = 0;
		slot_task[1] = 0;
		slot_token[0] = 0;
		slot_token[1] = 0;
		ring[0] = 0;
		ring[1] = 0;
		order[0] = 0;
		order[1] = 0;
		DROP
	}
}

/* ---- the guest ---- */

inline hear_one(i, how)
{
	if
	:: task[i] == SLEEPS && (how) -> task[i] = RUNS; token[i] = 0
	:: task[i] == ARMED && (how) -> task[i] = READY; token[i] = 0
	:: else
	fi
}

/* Wakes all, then checks. */
inline disable()
{
	drop();
	atomic {
		on = false;
#ifndef FAULT_SLEEPERS_STAY
		hear_one(0, true);
		hear_one(1, true);
#endif
		read = 0;
		taken = 0;
		if
		:: task[0] == SLEEPS || task[1] == SLEEPS || used || pending -> broken_gone = true
		:: else
		fi
	}
}

inline restart()
{
	on = true;
	news = false;
	absent = NOTHING;
	task[0] = RUNS;
	task[1] = RUNS;
	token[0] = 0;
	token[1] = 0;
	read = 0;
	taken = 0;
	irq = false;
	isr = false
}

#define ACCESS(i, n) where == GUEST && !isr && task[i] == RUNS && page[n] != PRESENT
#define BEGIN where = EL2

active proctype vcpu()
{
	byte t, p, s;

guest:
	if
	:: atomic { news -> BEGIN; goto look } /* kicked */
	:: atomic { irq && !isr -> irq = false; isr = true; goto guest }
	:: atomic { isr && UNREAD && WANTED(ring[read & 1]) ->
		hear_one(0, token[0] == ring[read & 1]);
		hear_one(1, token[1] == ring[read & 1]);
		ring[read & 1] = 0; read = (read + 1) & 3; goto guest }
	:: atomic { isr && UNREAD && !WANTED(ring[read & 1]) -> broken_asked_for = true }
	:: atomic { isr && !UNREAD -> isr = false; goto guest }
	:: atomic { taken != read -> taken = read; goto guest }
	:: atomic { !isr && task[0] == ARMED -> task[0] = SLEEPS; goto guest }
	:: atomic { !isr && task[1] == ARMED -> task[1] = SLEEPS; goto guest }
	:: atomic { !isr && task[0] == READY -> task[0] = RUNS; goto guest }
	:: atomic { !isr && task[1] == READY -> task[1] = RUNS; goto guest }
	:: atomic { ACCESS(0, 0) -> BEGIN; t = 0; p = 0; goto fault }
	:: atomic { ACCESS(1, SECOND) -> BEGIN; t = 1; p = SECOND; goto fault }
#ifdef DISABLE
	:: atomic { on && !isr -> BEGIN }; disable(); goto look
	:: atomic { !on -> on = true; goto guest }
#endif
	fi;

fault: /* ask() */
	absent = PAGE + p;
	if
	:: atomic { page[p] == PRESENT -> goto there }
#ifdef ONE_LOAD
	:: atomic { page[p] == STORED && IS_LOADING -> goto room }
	:: atomic { page[p] == STORED && !IS_LOADING -> page[p] = LOADING }
#else
	:: atomic { page[p] == STORED -> page[p] = LOADING }
#endif
	:: page[p] == LOADING
	fi;
	notify();
	if
	:: atomic { s == NONE -> goto look }
	:: s != NONE
	fi;
	s = 0;
#ifdef FAULT_NOT_LOOKED
	goto there;
#else
	if
	:: atomic { absent == PAGE + p -> absent = NOTHING; goto look }
	:: absent != PAGE + p
	fi;
	withdraw();
	goto there;
#endif

room:
	absent = ROOM;
#ifdef FAULT_ROOM_BLIND
	goto look;
#endif
	if
	:: atomic { IS_LOADING -> goto look }
	:: atomic { !IS_LOADING -> goto there }
	fi;

there:
	absent = NOTHING;

look: /* next_vcpu() */
	atomic { where = LOOKS; s = 0 };
	if
	:: atomic { absent == NOTHING && pending -> pending = false; where = HANDLER; goto handler }
	:: atomic { absent == NOTHING && !pending && !news -> where = GUEST; t = 0; p = 0; goto guest }
	:: atomic { news -> news = false; BEGIN }
#ifdef STOP
	:: atomic { BEGIN; goto stop }
#endif
	fi;

	/* paging_step() */
	serve();
	if
	:: atomic { absent == CAME -> absent = NOTHING; goto look }
	:: atomic { absent != CAME -> goto look }
	fi;

handler:
	if
	:: atomic { news -> news = false; BEGIN }; serve(); atomic { where = HANDLER; goto handler }
	:: atomic { on -> task[t] = ARMED; token[t] = slot_token[noticed] }; over(true); goto look
	:: over(false); goto look
#ifdef DISABLE
	:: atomic { on -> BEGIN; task[t] = ARMED; token[t] = slot_token[noticed] }; disable();
		over(true); goto look
#endif
	fi;

stop: /* paging_forget() */
#ifndef FAULT_FORGETS_LITTLE
	pending = false;
	drop();
#endif
	atomic { restart(); pending = false; where = GUEST; t = 0; p = 0; goto guest }
}
