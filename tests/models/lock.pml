/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock of include/lib/lock.h and include/arch/spin.h: tickets, and a wait that sleeps until
 * the store that it waits for. A step is one access to the lock's word. There are so few tickets
 * that they come round; with more CPUs than tickets (CPUS=5) the lock would not hold. With
 * EXCLUSIVES a ticket is drawn by LDAXR and STXR, else by LDADDA.
 *
 * A CPU's monitor is armed by an exclusive load; another CPU's store to the word disarms it,
 * and that is an event for WFE.
 *
 * Properties:
 * exclusive    at most one CPU holds the lock.
 * fair         a CPU that has drawn its ticket sees at most one hold of each other CPU.
 * served       a CPU that has drawn its ticket gets the lock.
 *
 * holds: safety
 * holds: safety -DEXCLUSIVES -DCPUS=2
 * holds: served fair
 * holds: served -DEXCLUSIVES -DCPUS=2 fair
 * fails: exclusive -DFAULT_SPLIT_DRAW
 * fails: exclusive -DFAULT_DROP_WORD
 * fails: exclusive -DCPUS=5
 * fails: fair -DFAULT_TEST_AND_SET
 * fails: served -DFAULT_CARRY fair
 * fails: served -DFAULT_NO_SEVL fair
 * fails: served -DFAULT_PLAIN_LOAD fair
 */

#ifndef CPUS
#define CPUS 3
#endif
#define TICKETS 4

byte serving, next; /* the word */
bool monitor[CPUS], event[CPUS];
bool drawn[CPUS]; /* and not yet served */
byte holders, overtaken[CPUS];

ltl safety { [] (holders <= 1 && overtaken[0] < CPUS) }
ltl exclusive { [] (holders <= 1) }
ltl fair { [] (overtaken[0] < CPUS) }
ltl served { [] (drawn[0] -> <> !drawn[0]) }

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

inline has_drawn()
{
	next = (ticket + 1) % TICKETS;
	stored();
	drawn[_pid] = true;
	overtaken[_pid] = 0
}

inline enters()
{
	atomic {
		holders++;
		drawn[_pid] = false;
		overtaken[_pid] = 0;
		ticket = 0;
		seen = 0;
		do
		:: i < CPUS -> overtaken[i] = overtaken[i] + drawn[i]; i++
		:: i == CPUS -> break
		od;
		i = 0
	}
}

active [CPUS] proctype cpu()
{
	byte ticket, seen, i;

draw:
#ifdef FAULT_TEST_AND_SET
	drawn[_pid] = true;
	atomic { seen = next; next = 1; stored(); ticket = 0 };
	if
	:: seen -> event[_pid] = true; goto wait
	:: !seen -> goto hold
	fi;
#endif
#ifdef FAULT_SPLIT_DRAW
	atomic { ticket = next; seen = serving };
	atomic { has_drawn() };
#else
#ifdef EXCLUSIVES
	atomic { ticket = next; seen = serving; monitor[_pid] = true };
	if
	:: atomic { monitor[_pid] -> has_drawn() }
	:: !monitor[_pid] -> goto draw
	fi;
#else
	atomic { ticket = next; seen = serving; has_drawn() };
#endif
#endif
	if
	:: seen == ticket -> goto hold
	:: seen != ticket
	fi;

#ifndef FAULT_NO_SEVL
	event[_pid] = true;
#endif
wait:
	atomic { event[_pid] -> event[_pid] = false };
#ifdef FAULT_PLAIN_LOAD
	seen = serving;
#else
	atomic { seen = serving; monitor[_pid] = true };
#endif
#ifdef FAULT_TEST_AND_SET
	atomic { seen = next; monitor[_pid] = true };
	if
	:: seen -> goto wait
	:: !seen -> goto draw
	fi;
#endif
	if
	:: seen != ticket -> goto wait
	:: seen == ticket
	fi;

hold:
	enters();
#ifdef FAULT_DROP_WORD
	atomic { seen = serving; ticket = next };
#endif
	holders--;
	atomic {
#ifdef FAULT_DROP_WORD
		next = ticket;
		ticket = 0;
		seen = 0;
#endif
#ifdef FAULT_CARRY
		if
		:: serving == TICKETS - 1 -> next = (next + 1) % TICKETS
		:: else
		fi;
#endif
#ifdef FAULT_TEST_AND_SET
		next = 0;
#else
		serving = (serving + 1) % TICKETS;
#endif
		stored()
	};
	goto draw
}
