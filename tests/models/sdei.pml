/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDEI between vCPUs: a PE's word of pending events and of MASKED, requests and kicks,
 * CPU_OFF and CPU_ON. A step of the model is one access to what CPUs share; a
 * CPU's own state changes with it, since nobody else reads that. The sources are sdei/pe.c,
 * el2/sdei/vsdei.c, el2/vcpu/vcpu.c, el2/entry/irq.c, el2/vcpu/sched.c. The model is sequentially consistent: that
 * the operations are ordered as written is what lib/atomic.h promises.
 *
 * Two CPUs run a vCPU each, with two events, and at times another vCPU that knows
 * nothing of SDEI. Calls come at any time, without end. The second event is critical,
 * or normal like the first (-DBOTH_NORMAL). Who calls what:
 * (default)  PE 1 everything; PE 0 SIGNAL to PE 1, and CPU_ON.
 * -DMUTUAL   both: SIGNAL to each other and themselves, mask, unmask, complete, WFI;
 *            their events are registered and enabled.
 * -DOWNER    PE 1 as there, PE 0 signals to it, and a third CPU raises the second event
 *            and withdraws it, as the owner of an event may.
 *
 * Properties, p being a PE:
 * final_signal  if in the end nobody signals any more, and p makes no more calls that
 *               mask, disable or unregister, an event signalled to p that is enabled, p
 *               not masked, has its handler run. Guests complete handlers; CPUs are fair.
 * not_stuck     p runs a guest or sleeps, no interrupt is on its way to it and nobody is
 *               about to send one: then nothing is deliverable and no request unserved.
 * one_normal    no normal handler begins while one runs on p.
 * whole         nothing begins while a critical handler runs on p.
 * unmasked      nothing begins while p is masked.
 * armed         no handler begins that is not registered and enabled, or on a PE that is off.
 * taken         every handler that begins has taken one pending bit: what was withdrawn
 *               is not delivered, and no signal runs two handlers.
 * fresh         what was signalled before REGISTER, CPU_OFF or CPU_ON was called is
 *               not delivered after.
 *
 * tests/run takes the lines below: "holds" is a claim that an exhaustive search must
 * confirm, "fails" one that it must refute because of the fault defined. "fair": with
 * acceptance cycles under weak fairness.
 *
 * safety is all but final_signal.
 *
 * holds: safety
 * holds: safety -DBOTH_NORMAL
 * holds: safety -DMUTUAL
 * holds: safety -DOWNER
 * holds: final_signal -DFINAL fair
 * holds: final_signal -DFINAL -DMUTUAL fair
 * fails: final_signal -DFINAL -DFAULT_KICK_LOST fair
 * fails: final_signal -DFINAL -DFAULT_KICKED_LATE fair
 * fails: final_signal -DFINAL -DFAULT_REQUEST_FIRST fair
 * fails: not_stuck -DFAULT_COMPLETE_BLIND
 * fails: not_stuck -DFAULT_UNMASK_BLIND
 * fails: not_stuck -DFAULT_ENABLE_BLIND
 * fails: one_normal -DFAULT_NORMAL_NESTS -DBOTH_NORMAL
 * fails: whole -DFAULT_CRITICAL_NESTED
 * fails: unmasked -DFAULT_MASK_UNSEEN
 * fails: armed -DFAULT_DISABLED_UNSEEN
 * fails: taken -DFAULT_ENTER_BLIND -DOWNER
 * fails: fresh -DFAULT_NO_RESET
 * fails: fresh -DFAULT_REGISTER_KEEPS
 */

#define NORMAL 1 /* events are bits of the words, as slots are in sdei/pe.h */
#define SECOND 2
#define SLOTS 3
#define MASKED 4
#ifdef BOTH_NORMAL
#define CRITICAL 0
#else
#define CRITICAL 2
#endif

#define SDEI 1 /* REQ_SDEI */
#define START 2 /* REQ_START */

#define OFF 0
#define ON_PENDING 1
#define ON 2

typedef vcpu {
	unsigned pending : 3;
	unsigned registered : 2;
	unsigned armed : 2; /* enabled, a word of Promela */
	unsigned running : 2;
	unsigned requests : 2;
	unsigned power : 2;
	bool waiting;
	bool kicked; /* these two are the CPU's */
	bool sgi;

	/* For the properties only. */
	bool settled;         /* the guest only completes handlers and sleeps from now on */
	bool resting;         /* the CPU is in a guest or sleeps */
	unsigned raising : 2; /* who is between a change of pending and the SGI */
	unsigned owed : 2;    /* signalled and neither delivered nor dropped */
	unsigned stale : 2;   /* pending and signalled before REGISTER, CPU_OFF, CPU_ON */
};

vcpu v[2];

bool broken_one_normal, broken_whole, broken_unmasked, broken_armed, broken_taken, broken_fresh;

/* sdei_deliverable(), whether it has event e */
#ifdef FAULT_MASK_UNSEEN
#define UNMASKED(p) true
#else
#define UNMASKED(p) (!(v[p].pending & MASKED))
#endif
#if defined FAULT_NORMAL_NESTS
#define PRIORITY(p, e) (!(v[p].running & CRITICAL))
#elif defined FAULT_CRITICAL_NESTED
#define PRIORITY(p, e) ((e) & CRITICAL || !(v[p].running & ~CRITICAL))
#else
#define PRIORITY(p, e) (!(v[p].running & CRITICAL) && ((e) & CRITICAL || !v[p].running))
#endif
#ifdef FAULT_DISABLED_UNSEEN
#define ARMED(p) SLOTS
#else
#define ARMED(p) v[p].armed
#endif
#define READY(p, e) (v[p].pending & ARMED(p) & ~v[p].running & (e) && UNMASKED(p) && PRIORITY(p, e))
#define DELIVERABLE(p) (READY(p, NORMAL) || READY(p, SECOND))

#define STUCK(p) (v[p].resting && !v[p].sgi && !v[p].raising && (v[p].requests || DELIVERABLE(p)))
#define OWED(p) (v[0].settled && v[1].settled && !(v[p].pending & MASKED) && v[p].owed & v[p].armed)

ltl safety {
	[] (!STUCK(0) && !STUCK(1) && !broken_one_normal && !broken_whole && !broken_unmasked &&
	    !broken_armed && !broken_taken && !broken_fresh)
}
ltl not_stuck { [] (!STUCK(0) && !STUCK(1)) }
ltl one_normal { [] !broken_one_normal }
ltl whole { [] !broken_whole }
ltl unmasked { [] !broken_unmasked }
ltl armed { [] !broken_armed }
ltl taken { [] !broken_taken }
ltl fresh { [] !broken_fresh }
#ifdef FINAL
ltl final_signal { [] (OWED(1) -> <> !OWED(1)) }
#endif

inline pe_reset(p)
{
	v[p].stale = v[p].stale | (v[p].pending & SLOTS);
#ifndef FAULT_NO_RESET
	v[p].registered = 0;
	v[p].armed = 0;
	v[p].running = 0;
	v[p].owed = 0;
	v[p].stale = 0;
	v[p].pending = MASKED;
#endif
}

/* sdei_enter(), with what must be true of it */
inline pe_enter(p, e)
{
	taken = v[p].pending & e;
	v[p].pending = v[p].pending & ~e;
#ifdef FAULT_ENTER_BLIND
	if
	:: !taken -> broken_taken = true
	:: else
	fi;
	taken = e;
#endif
	if
	:: taken ->
		broken_one_normal = !(e & CRITICAL) && (v[p].running & ~CRITICAL) != 0;
		broken_whole = (v[p].running & CRITICAL) != 0;
		broken_unmasked = (v[p].pending & MASKED) != 0;
		broken_armed = !(v[p].registered & v[p].armed & e) || v[p].power != ON;
		broken_fresh = (v[p].stale & e) != 0;
		v[p].running = v[p].running | e;
		v[p].owed = v[p].owed & ~e;
		v[p].stale = v[p].stale & ~e;
		v[p].waiting = false
	:: else
	fi
}

/* sdei_complete() */
inline pe_complete(p)
{
	if
	:: v[p].running & CRITICAL -> v[p].running = v[p].running & ~CRITICAL
	:: else -> v[p].running = 0
	fi
}

inline cancel(p, e)
{
	v[p].pending = v[p].pending & ~e;
	v[p].owed = v[p].owed & ~e;
	v[p].stale = v[p].stale & ~e
}

inline forget(p, e)
{
#ifdef FAULT_REGISTER_KEEPS
	v[p].stale = v[p].stale | (v[p].pending & e);
#else
	cancel(p, e);
#endif
}

/* sdei_raise(), from the CPU with that number */
inline raise(p, e, from)
{
	v[p].pending = v[p].pending | e;
#ifdef FINAL
	v[p].owed = v[p].owed | e;
#endif
	v[p].stale = v[p].stale & ~e;
	v[p].raising = v[p].raising | from
}



/* Where a call goes that may have made something deliverable: to look at once. */
#ifdef FAULT_ENABLE_BLIND
#define AFTER_ENABLE out
#else
#define AFTER_ENABLE look
#endif
#ifdef FAULT_UNMASK_BLIND
#define AFTER_UNMASK out
#else
#define AFTER_UNMASK look
#endif
#ifdef FAULT_COMPLETE_BLIND
#define AFTER_COMPLETE out
#else
#define AFTER_COMPLETE look
#endif

#define BEGIN v[me].resting = false
#define CALLS (!v[me].sgi && !v[me].settled)
#if defined OWNER
#define ALL false
#define USES (CALLS && me == 1)
#define SIGNALS (CALLS && me == 0)
#elif defined MUTUAL
#define ALL false
#define USES CALLS
#define SIGNALS CALLS
#else
#define ALL (CALLS && me == 1)
#define USES ALL
#define SIGNALS CALLS
#endif

/* The calls on one event. Those that would be denied change nothing and are left out. */
#define EVENT_CALLS(e) \
	:: atomic { ALL && !((v[me].registered | v[me].running) & e) -> /* REGISTER */ \
		BEGIN; v[me].registered = v[me].registered | e; forget(me, e); goto out } \
	:: atomic { ALL && (v[me].registered | v[me].running) & e -> /* UNREGISTER */ \
		BEGIN; v[me].registered = v[me].registered & ~e; \
		v[me].armed = v[me].armed & ~e; cancel(me, e); goto out } \
	:: atomic { ALL && v[me].registered & ~v[me].armed & e -> /* ENABLE */ \
		BEGIN; v[me].armed = v[me].armed | e; goto AFTER_ENABLE } \
	:: atomic { ALL && v[me].armed & e -> /* DISABLE */ \
		BEGIN; v[me].armed = v[me].armed & ~e; goto out } \
	:: atomic { USES -> BEGIN; raise(me, e, 0); goto look } /* SIGNAL to itself */ \
	:: atomic { SIGNALS -> BEGIN; event = e; goto signal } /* to the other */

/* A CPU with a vCPU: in the guest it takes interrupts and makes calls; the rest is EL2. */
active [2] proctype cpu()
{
	unsigned me : 1 = _pid;
	unsigned event : 2, request : 2, taken : 2;

	atomic { v[me].power = ON; v[me].resting = true;
#if defined MUTUAL || defined OWNER
		v[me].registered = SLOTS; v[me].armed = SLOTS;
#endif
		v[me].pending = MASKED }

guest:
	if
	:: atomic { v[me].sgi -> BEGIN; goto interrupt }
	EVENT_CALLS(NORMAL)
	EVENT_CALLS(SECOND)
	:: atomic { USES && !(v[me].pending & MASKED) ->
		BEGIN; v[me].pending = v[me].pending | MASKED; goto out }
	:: atomic { USES && v[me].pending & MASKED ->
		BEGIN; v[me].pending = v[me].pending & ~MASKED; goto AFTER_UNMASK }
	:: atomic { !v[me].sgi && v[me].running -> BEGIN; pe_complete(me); goto AFTER_COMPLETE }
	:: atomic { USES || (!v[me].sgi && !v[me].running && v[me].settled) ->
		BEGIN; v[me].waiting = true; goto out } /* WFI */
	:: atomic { ALL -> BEGIN; pe_reset(me); goto off } /* CPU_OFF */
	:: atomic { CALLS && v[1 - me].power == OFF -> BEGIN; goto on } /* CPU_ON */
#ifdef FINAL
	:: atomic { CALLS -> v[me].settled = true; goto guest }
#endif
	:: atomic { ALL || (!v[me].sgi && !v[me].running && v[me].settled) ->
		goto others } /* its slice is over */
	fi;

signal: /* pend, request, kick: vsdei_raise(), vcpu_request() */
	if
	:: atomic { v[1 - me].power == ON -> request = SDEI }
	:: atomic { else -> event = 0; goto out }
	fi;
#ifdef FAULT_REQUEST_FIRST
	atomic { v[1 - me].requests = v[1 - me].requests | SDEI;
		v[1 - me].raising = v[1 - me].raising | 1 };
	if
	:: atomic { v[1 - me].kicked -> v[1 - me].kicked = true }
	:: atomic { else -> v[1 - me].kicked = true; v[1 - me].sgi = true }
	fi;
	atomic { raise(1 - me, event, 0); v[1 - me].raising = v[1 - me].raising & ~1;
		event = 0; request = 0; goto out };
#endif
	atomic { raise(1 - me, event, 1); event = 0 };
	goto ask;

on:
	if
	:: atomic { v[1 - me].power == OFF ->
		v[1 - me].power = ON_PENDING;
		v[1 - me].stale = v[1 - me].stale | (v[1 - me].pending & SLOTS);
		v[1 - me].raising = v[1 - me].raising | 1;
		request = START }
	:: atomic { else -> goto out }
	fi;

ask:
	atomic { v[1 - me].requests = v[1 - me].requests | request; request = 0 };
	if
	:: atomic { v[1 - me].kicked -> v[1 - me].raising = v[1 - me].raising & ~1; goto out }
	:: atomic { else -> v[1 - me].kicked = true }
	fi;
	atomic { v[1 - me].sgi = true; v[1 - me].raising = v[1 - me].raising & ~1; goto out };

off:
	atomic { v[me].power = OFF; goto out };

interrupt:
	v[me].sgi = false;
#ifndef FAULT_KICKED_LATE
	v[me].kicked = false;
#endif

out: /* requests are served until there are none */
	if
	:: atomic { v[me].requests & START -> v[me].requests = v[me].requests & ~START }
		if
		:: atomic { v[me].power == ON_PENDING -> pe_reset(me) }
			atomic { v[me].power = ON; v[me].waiting = false; goto out }
		:: atomic { else -> goto out }
		fi
#ifdef FAULT_KICK_LOST
	:: atomic { v[me].requests == SDEI -> event = DELIVERABLE(me) }
		atomic { v[me].requests = v[me].requests & ~SDEI;
		if
		:: event -> event = 0; goto look
		:: else -> goto out
		fi }
#else
	:: atomic { v[me].requests == SDEI -> v[me].requests = v[me].requests & ~SDEI; goto look }
#endif
	:: atomic { !v[me].requests && v[me].power == ON && !v[me].waiting -> goto leave }
	:: atomic { !v[me].requests && (v[me].power != ON || v[me].waiting) -> goto leave }
	fi;

leave:
	atomic {
#ifdef FAULT_KICKED_LATE
		v[me].kicked = false;
#endif
		v[me].resting = true;
		if
		:: v[me].power == ON && !v[me].waiting -> goto guest
		:: else -> goto others
		fi
	};

others: /* another vCPU runs, or the CPU sleeps, until an interrupt or its slice's end */
	if
	:: atomic { v[me].sgi -> BEGIN; goto interrupt }
	:: atomic { !v[me].sgi && v[me].power == ON && !v[me].waiting -> BEGIN; goto out }
	fi;

look: /* vsdei_serve(): the critical one first */
	if
	:: atomic { READY(me, SECOND) -> event = SECOND }
	:: atomic { !READY(me, SECOND) && READY(me, NORMAL) -> event = NORMAL }
	:: atomic { !DELIVERABLE(me) -> goto out }
	fi;
	atomic { pe_enter(me, event); event = 0 };
	if
	:: atomic { taken -> taken = 0; goto out }
	:: atomic { else -> goto look } /* withdrawn meanwhile */
	fi
}

#ifdef OWNER
active proctype owner()
{
	bool kicked;
end:
	do
	:: atomic { v[1].power == ON -> raise(1, SECOND, 2) }
		v[1].requests = v[1].requests | SDEI;
		atomic { kicked = v[1].kicked; v[1].kicked = true };
		atomic {
			if
			:: kicked
			:: else -> v[1].sgi = true
			fi;
			kicked = false;
			v[1].raising = v[1].raising & ~2 }
	:: atomic { cancel(1, SECOND) }
	od
}
#endif
