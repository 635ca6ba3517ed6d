/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of include/lib/lock.h, lib/lock.c and include/arch/spin.h: whoever finds it free may take it,
 * until a CPU has seen PATIENCE holds go by and draws a ticket; waits sleep until the word is another. A
 * step is one access to the lock's word. There are so few tickets that they come round; with more CPUs
 * than tickets (TICKETS=2) the lock would not hold. With EXCLUSIVES the first try is LDAXR and STXR, else one
 * access of LSE; a draw, which tries until it succeeds, is one with both. A CPU that waits counts the holds of
 * others by the ticket that is served; here that is overtaken[], since that ticket does not come round
 * between two looks at the word.
 *
 * A CPU's monitor is armed by an exclusive load; another CPU's store to the word disarms it,
 * and that is an event for WFE.
 *
 * Properties:
 * exclusive    at most one CPU holds the lock.
 * fair         a CPU that has drawn its ticket sees at most one hold of each other CPU.
 * served       a CPU that wants the lock gets it.
 *
 * holds: safety
 * holds: safety -DEXCLUSIVES -DCPUS=2
 * holds: served fair
 * holds: served -DPATIENCE=2 -DCPUS=2 fair
 * holds: served -DEXCLUSIVES -DCPUS=2 fair
 * fails: exclusive -DFAULT_SPLIT_DRAW
 * fails: exclusive -DFAULT_DROP_WORD
 * fails: exclusive -DTICKETS=2
 * fails: exclusive -DFAULT_TAKE_UNLOOKED
 * fails: fair -DFAULT_NO_ORDER
 * fails: served -DFAULT_PATIENT fair
 * fails: served -DFAULT_WAIT_AT_FREE fair
 * fails: served -DFAULT_CARRY fair
 * fails: served -DFAULT_NO_SEVL fair
 * fails: served -DFAULT_PLAIN_LOAD fair
 */

#ifndef CPUS
#define CPUS 3
#endif
#ifndef TICKETS
#define TICKETS 4
#endif
#ifndef PATIENCE
#define PATIENCE 1
#endif

byte serving, next; /* the word */
bool monitor[CPUS], event[CPUS];
bool wants[CPUS]; /* and has not got it */
bool drawn[CPUS]; /* a ticket, and is not yet served */
byte holders, overtaken[CPUS];

ltl safety { [] (holders <= 1 && (drawn[0] -> overtaken[0] < CPUS)) }
ltl exclusive { [] (holders <= 1) }
ltl fair { [] (drawn[0] -> overtaken[0] < CPUS) }
ltl served { [] (wants[0] -> <> !wants[0]) }

/* The calling CPU has stored to the word. */
inline stored()
{
	i = 0;
	do
	:: i < CPUS ->
		if
		:: monitor[i] && i != _pid -> monitor[i] = false; event[i] = true
		:: else
		fi;
		i++
	:: i == CPUS -> break
	od;
	i = 0;
	monitor[_pid] = false
}

/* It has the lock; whoever waits sees one hold more, up to what matters. */
inline enters()
{
	holders++;
	wants[_pid] = false;
	drawn[_pid] = false;
	do
	:: i < CPUS ->
		if
		:: wants[i] && overtaken[i] < (drawn[i] -> CPUS : PATIENCE) -> overtaken[i]++
		:: else
		fi;
		i++
	:: i == CPUS -> break
	od;
	i = 0;
	overtaken[_pid] = 0;
	monitor[_pid] = false;
	event[_pid] = false;
	seen = 0;
	was = 0;
	ticket = 0
}

#define WORD (serving + TICKETS * next)
#define FREE(word) ((word) % TICKETS == (word) / TICKETS)
#define SERVING(word) ((word) % TICKETS)

inline draws()
{
	next = (next + 1) % TICKETS;
	stored()
}

/* spin_while(): until the word is not what was seen last. */
inline wait()
{
#ifndef FAULT_NO_SEVL
	event[_pid] = true;
#endif
	do
	:: atomic {
		event[_pid] ->
		event[_pid] = false;
#ifndef FAULT_PLAIN_LOAD
		monitor[_pid] = true;
#endif
		if
		:: WORD != seen || overtaken[_pid] != was -> look(); break
		:: else
		fi
	   }
	od
}

inline look()
{
	seen = WORD;
	was = overtaken[_pid]
}

active [CPUS] proctype cpu()
{
	byte seen, was, ticket, i;

again:
	atomic { wants[_pid] = true; seen = serving * (TICKETS + 1) };
try: /* spin_add_if_equal() */
	atomic {
		if
#ifdef EXCLUSIVES
		:: FREE(WORD) -> monitor[_pid] = true
#else
#ifdef FAULT_TAKE_UNLOOKED
		:: FREE(WORD) -> goto taken
#else
		:: WORD == seen -> goto taken
#endif
#endif
		:: else -> look(); goto unordered
		fi
	};
	atomic {
		if
		:: monitor[_pid]
		:: else -> look(); goto unordered
		fi;
taken:
#ifdef FAULT_TAKE_UNLOOKED
		skip
	};
	atomic {
#endif
		draws();
		enters();
		goto hold
	};
unordered:
	atomic {
		if
#ifndef FAULT_PATIENT
		:: was >= PATIENCE -> goto draw
#endif
#ifndef FAULT_WAIT_AT_FREE
		:: was < PATIENCE && FREE(seen) -> goto try
#endif
		:: else
		fi
	};
	wait();
	goto unordered;

draw:
#ifdef FAULT_SPLIT_DRAW
	ticket = next;
#endif
	atomic {
#ifdef FAULT_SPLIT_DRAW
		next = ticket;
#endif
		ticket = next;
		draws();
		drawn[_pid] = true;
		overtaken[_pid] = 0;
		look()
	};
	do
#ifdef FAULT_NO_ORDER
	:: atomic { !holders -> enters(); break }
#else
	:: atomic { SERVING(seen) == ticket -> enters(); break }
	:: SERVING(seen) != ticket -> wait()
#endif
	od;

hold:
#ifdef FAULT_DROP_WORD
	ticket = next;
#endif
	atomic {
		holders--;
#ifdef FAULT_DROP_WORD
		next = ticket;
		ticket = 0;
#endif
#ifdef FAULT_CARRY
		if
		:: serving == TICKETS - 1 -> next = (next + 1) % TICKETS
		:: else
		fi;
#endif
		serving = (serving + 1) % TICKETS;
		stored();
		if
		:: goto again
		:: _pid -> i = 0 /* it never wants it again */
		fi
	}
}
