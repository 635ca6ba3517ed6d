/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a CPU interrupts another one for a vCPU of that: vcpu_request() in el2/vcpu/vcpu.c,
 * next_vcpu() in el2/vcpu/sched.c, schedule_publish() and schedule_admits() in el2/vcpu/schedule.c.
 * Two vCPUs share a CPU; others ask something of both at any time. A step is one access
 * to what CPUs share. A store that no barrier follows stays in a buffer, from which it
 * gets out when it likes.
 *
 * With WINDOWS each may now in its own windows alone, with DONATED the owner of the window
 * comes first, with PRIORITY the first vCPU always does; else they are equals.
 *
 * Properties:
 * not_left     nothing is under way: then what the running vCPU (or the one that is loaded
 *              while the CPU sleeps) was asked for is served, none that is ready comes before
 *              it, and one that is its equal has a timer set for it.
 * no_storm     between two things that the running vCPU or time does, at most two
 *              interrupts, and one from each CPU that was about to send it, come for
 *              another vCPU that could not drive it out.
 *
 * holds: safety
 * holds: safety -DPRIORITY
 * holds: safety -DPRIORITY -DSENDERS=2
 * holds: safety -DWINDOWS
 * holds: safety -DDONATED
 * fails: not_left -DPRIORITY -DFAULT_SENDER_BUFFERS
 * fails: not_left -DWINDOWS -DFAULT_CPU_BUFFERS
 * fails: not_left -DPRIORITY -DFAULT_ONE_LOOK
 * fails: not_left -DWINDOWS -DFAULT_ONE_LOOK
 * fails: not_left -DDONATED -DFAULT_ONE_LOOK
 * fails: not_left -DWINDOWS -DFAULT_WINDOW_UNSEEN
 * fails: not_left -DFAULT_NO_ENTRY
 * fails: not_left -DWINDOWS -DFAULT_NOBODY_LOADED
 * fails: not_left -DFAULT_NO_TIMER
 * fails: not_left -DFAULT_KICKED_LATE
 * fails: no_storm -DFAULT_NO_HUSH
 * fails: no_storm -DWINDOWS -DFAULT_ALWAYS
 */

#ifndef SENDERS
#define SENDERS 1
#endif
#define NEVER 3
#define NOBODY 2

/* What others may see. */
byte rank[2] = 1;
byte bar, entry; /* the kick threshold: one word */
bool pending[2]; /* an interrupt for it, until its guest has taken it */
bool request[2]; /* REQ_VGIC */
bool kicked, sgi;
byte sgi_for;

/* The CPU's own. */
bool waits[2], ready[2];
byte own_rank[3] = 1;
byte now = NOBODY, loaded = 0;
bool equal_pending, alarm, opened, slice_over, window;
bool resting;
byte count; /* of interrupts for somebody who cannot drive the running one out */

/* Stores on their way. */
bool rank_buffered[2], threshold_buffered;
byte next_bar, next_entry;
bool buffered[SENDERS];
byte buffered_for[SENDERS];
byte busy; /* senders in the middle of a request */

#define READY(i) (!waits[i] || pending[i])
#define BUFFERED (rank_buffered[0] || rank_buffered[1] || threshold_buffered || buffered[0] || buffered[SENDERS - 1])
#define QUIET (resting && !sgi && !busy && !BUFFERED)
#define UNSERVED ((now != NOBODY && request[now]) || (now == NOBODY && request[loaded]))
#define PASSED(i) (now != i && READY(i) && own_rank[i] < own_rank[now])
#define FORGOTTEN(i) (now != i && now != NOBODY && READY(i) && own_rank[i] == own_rank[now] && !alarm)
#define LEFT (QUIET && (UNSERVED || PASSED(0) || PASSED(1) || FORGOTTEN(0) || FORGOTTEN(1)))

ltl safety { [] (!LEFT && count <= SENDERS + 2) }
ltl not_left { [] !LEFT }
ltl no_storm { [] (count <= SENDERS + 2) }

/* ---- others ---- */

#ifdef FAULT_ALWAYS
#define ADMITS(i) true
#else
#define ADMITS(i) (seen_entry == i || rank[i] < seen_bar)
#endif

active [SENDERS] proctype sender()
{
	byte to, seen_bar, seen_entry;

again:
	if
	:: atomic { !buffered[_pid] -> busy++; to = 0 }
	:: atomic { !buffered[_pid] -> busy++; to = 1 }
	fi;
	pending[to] = true;
#ifdef FAULT_SENDER_BUFFERS
	atomic { buffered[_pid] = true; buffered_for[_pid] = to };
#else
	request[to] = true;
#endif
	atomic { seen_bar = bar; seen_entry = entry };
	if
	:: atomic { ADMITS(to) && !kicked -> kicked = true };
		atomic { sgi = true; sgi_for = to; busy-- }
	:: atomic { ADMITS(to) && kicked -> busy-- }
	:: atomic { !ADMITS(to) -> busy-- }
	fi;
	atomic { seen_bar = 0; seen_entry = 0; to = 0 };
	goto again
}

active proctype buffers()
{
	do
	:: atomic { threshold_buffered -> bar = next_bar; entry = next_entry; threshold_buffered = false }
	:: atomic { rank_buffered[0] -> rank[0] = own_rank[0]; rank_buffered[0] = false }
	:: atomic { rank_buffered[1] -> rank[1] = own_rank[1]; rank_buffered[1] = false }
	:: atomic { buffered[0] -> request[buffered_for[0]] = true; buffered[0] = false }
	:: atomic { buffered[SENDERS - 1] -> request[buffered_for[SENDERS - 1]] = true;
		buffered[SENDERS - 1] = false }
	od
}

/* ---- the CPU ---- */

/* schedule_enter_window() */
inline set_rank(i)
{
#ifdef WINDOWS
	own_rank[i] = (window == i -> 1 : NEVER);
#endif
#ifdef DONATED
	own_rank[i] = (window == i -> 1 : 2);
#endif
#ifdef PRIORITY
	own_rank[i] = 1 + i;
#endif
	rank_buffered[i] = true
}

#define BEFORE(i, j) (ready[i] && own_rank[i] != NEVER && (!ready[j] || own_rank[i] < own_rank[j]))
#define AMONG_EQUALS(i) (ready[0] && ready[1] && own_rank[0] == own_rank[1] && own_rank[0] != NEVER && \
	(now == NOBODY || (now == i && !slice_over) || (now == 1 - i && slice_over)))

/* schedule_choose() */
inline choose()
{
	atomic {
		if
		:: BEFORE(0, 1) -> next = 0
		:: BEFORE(1, 0) -> next = 1
		:: AMONG_EQUALS(0) -> next = 0
		:: AMONG_EQUALS(1) -> next = 1
		:: else -> next = NOBODY
		fi;
		if
		:: next != now || next == NOBODY || slice_over -> equal_pending = false
		:: else
		fi;
		if
		:: next != now -> count = 0
		:: else
		fi;
		now = next;
		slice_over = false
	}
}

#ifdef FAULT_NOBODY_LOADED
#define LOADED now
#else
#define LOADED (now == NOBODY -> loaded : now)
#endif

/* schedule_publish(); more: look again. */
inline publish()
{
	atomic {
		next_bar = (now == NOBODY -> NEVER : own_rank[now] + 1 - equal_pending);
#ifdef FAULT_NO_ENTRY
		next_entry = 0;
#else
		next_entry = LOADED;
#endif
#ifdef FAULT_WINDOW_UNSEEN
		more = next_bar > bar;
		opened = next_bar != bar || next_entry != entry;
#else
		more = opened || next_bar > bar;
#endif
		opened = false;
#ifdef FAULT_CPU_BUFFERS
		threshold_buffered = true
#else
		rank[0] = own_rank[0];
		rank[1] = own_rank[1];
		rank_buffered[0] = false;
		rank_buffered[1] = false;
		bar = next_bar;
		entry = next_entry
#endif
	}
#ifdef FAULT_ONE_LOOK
	more = false
#endif
}

#ifdef FAULT_NO_HUSH
#define HUSH false
#else
#define HUSH true
#endif
#ifdef FAULT_NO_TIMER
#define TIMER false
#else
#define TIMER equal_pending
#endif

#define OTHER_EQUAL (ready[1 - now] && own_rank[1 - now] == own_rank[now])
#define OWN(condition) resting && !sgi && !BUFFERED && (condition) -> resting = false; count = 0

active proctype cpu()
{
	byte next;
	bool more;

	atomic { own_rank[NOBODY] = NEVER; goto enter };
guest:
	if
	:: atomic { resting && sgi -> resting = false; sgi = false;
			count = (now != NOBODY && sgi_for != now && own_rank[sgi_for] >= own_rank[now] -> count + 1 : count) };
#ifndef FAULT_KICKED_LATE
		kicked = false;
#endif
		atomic { equal_pending = HUSH; goto look }
	:: atomic { OWN(now != NOBODY); waits[now] = true; goto look }
	:: atomic { OWN(now != NOBODY && pending[now] && !request[now]); pending[now] = false;
			resting = true; goto guest }
	:: atomic { OWN(alarm); alarm = false; slice_over = true; goto look }
#if defined(WINDOWS) || defined(DONATED)
	:: atomic { OWN(true); window = 1 - window; goto enter }
#endif
	fi;

enter:
	opened = true;
	set_rank(0);
	set_rank(1);

look:
	ready[0] = READY(0);
	ready[1] = READY(1);
	choose();
	publish();
	if
	:: atomic { more -> more = false; goto look }
	:: atomic { !more && now == NOBODY -> goto idle }
	:: atomic { !more && now != NOBODY -> loaded = now; waits[now] = false }
	fi;

	/* take_up() */
	request[now] = false;
	atomic { alarm = TIMER || OTHER_EQUAL; ready[0] = false; ready[1] = false };
	if
	:: atomic { request[now] -> goto look }
	:: atomic { !request[now] -> goto rest }
	fi;

idle:
	alarm = false;
	if
	:: atomic { request[loaded] -> request[loaded] = false; goto look }
	:: atomic { !request[loaded] -> goto rest }
	fi;

rest:
#ifdef FAULT_KICKED_LATE
	kicked = false;
#endif
	atomic { resting = true; goto guest }
}
