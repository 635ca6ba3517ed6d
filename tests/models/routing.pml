/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared event with routing mode RM_ANY: which PE gets it, while PEs mask and unmask,
 * run handlers of events of their own, go off and come back. The source is
 * el2/sdei/vsdei_bound.c, with deliver() and vsdei_serve() of el2/sdei/vsdei.c. As in sdei.pml a
 * step is one access to what CPUs share; how a request reaches its CPU is shown
 * there, here it is two steps. Where the search for a PE begins is left open.
 *
 * Properties:
 * found        in the end, when no guest makes calls but COMPLETE, an enabled event
 *              that is pending has its handler run if any PE is on and not masked. CPUs are fair.
 * not_left     nothing is under way, some PE is on, not masked and runs no handler:
 *              then no enabled event is pending.
 * one_pe       the handler begins on a PE only if it runs on no other.
 * one_normal   it does not begin on top of another handler.
 * unmasked     it does not begin on a PE that is masked or off.
 *
 * holds: safety
 * holds: found -DFINAL fair
 * fails: not_left -DFAULT_NOT_PASSED
 * fails: not_left -DFAULT_RESET_FORGETS
 * fails: not_left -DFAULT_TELL_TORN
 * fails: not_left -DFAULT_CLEARED_LATE
 * fails: not_left -DFAULT_COMPLETE_BLIND
 * fails: found -DFINAL -DFAULT_NOT_PASSED fair
 * fails: one_pe -DFAULT_NOT_LOCKED
 * fails: one_normal -DFAULT_NESTS
 * fails: unmasked -DFAULT_MASK_UNSEEN
 */

#define PES 2
#define NOBODY PES

typedef vcpu {
	bool shared; /* SDEI_PENDING_SHARED */
	bool masked; /* SDEI_MASKED, in the same word */
	bool busy;   /* a handler of a private event runs */
	bool runs;   /* that of the shared event does */
	bool on;
	bool request; /* REQ_SDEI */
	bool start;   /* REQ_START */
	bool sgi;
	bool resting; /* in a guest, or asleep */
	bool settled; /* its guest only completes handlers from now on */
};

vcpu v[PES];

/* struct sdei_shared, and the lock that it is under. */
bool lock, armed /* enabled is a word of Promela */, pending, running;
byte offered = NOBODY;

byte kicks; /* requests that are set and whose SGI is yet to be sent */
bool broken_one_pe, broken_one_normal, broken_unmasked;

#define TAKE atomic { !lock -> lock = true }
#define DROP lock = false
#define WAITS (pending && armed && !running)

/* sdei_deliverable() */
#ifdef FAULT_MASK_UNSEEN
#define MASKED(p) false
#else
#define MASKED(p) v[p].masked
#endif
#ifdef FAULT_NESTS
#define NESTED(p) v[p].runs
#else
#define NESTED(p) (v[p].busy || v[p].runs)
#endif
#define DELIVERABLE(p) (v[p].shared && !MASKED(p) && !NESTED(p))

#define FREE(p) (v[p].on && !v[p].masked && !v[p].busy && !v[p].runs)
#define QUIET(p) (v[p].resting && !v[p].sgi && !v[p].request && !v[p].start)
#define LEFT (QUIET(0) && QUIET(1) && !lock && !kicks && WAITS && (FREE(0) || FREE(1)))
#define SETTLED(p) (v[p].settled || !v[p].on)
#define CAN(p) (v[p].on && !v[p].masked)
#define OWED (SETTLED(0) && SETTLED(1) && (CAN(0) || CAN(1)) && pending && armed)

ltl safety { [] (!LEFT && !broken_one_pe && !broken_one_normal && !broken_unmasked) }
ltl not_left { [] !LEFT }
ltl one_pe { [] !broken_one_pe }
ltl one_normal { [] !broken_one_normal }
ltl unmasked { [] !broken_unmasked }
ltl found { [] (OWED -> <> !OWED) }

/* tell(): seen is whether p is not masked. */
inline tell(p, seen)
{
#ifdef FAULT_TELL_TORN
	seen = !v[p].masked;
	v[p].shared = true
#else
	atomic { seen = !v[p].masked; v[p].shared = true }
#endif
}

/* vcpu_request(p, REQ_SDEI) on the CPU of the vCPU self */
inline ask(p, self)
{
	if
	:: atomic { p == self -> v[p].request = true }
	:: atomic { p != self -> v[p].request = true; kicks++ }
		atomic { v[p].sgi = true; kicks-- }
	fi
}

/* offer_to_any(), for two PEs; lock held */
inline offer(self)
{
	if
	:: atomic { WAITS -> offered = NOBODY; first = 0 }
	:: atomic { WAITS -> offered = NOBODY; first = 1 }
	:: atomic { !WAITS -> first = NOBODY }
	fi;
	if
	:: first != NOBODY ->
		tell(first, seen);
		if
		:: atomic { seen -> offered = first; seen = false };
			ask(first, self)
		:: else
		fi;
		tell(1 - first, seen);
		if
		:: atomic { seen && offered == NOBODY -> offered = 1 - first; seen = false };
			ask(1 - first, self)
		:: atomic { else -> seen = false }
		fi
	:: else
	fi;
	first = NOBODY
}

#define CALLED 0
#define SERVING 1
#define LEAVING 2
#define STARTING 3

#ifdef FAULT_COMPLETE_BLIND
#define AFTER_COMPLETE out
#else
#define AFTER_COMPLETE look
#endif

#define CALLS (v[me].on && !v[me].sgi && !v[me].settled)
#define BEGIN v[me].resting = false

active [PES] proctype cpu()
{
	byte me = _pid;
	byte first = NOBODY;
	bool seen;
	byte why = CALLED; /* how EL2 came to what it does */

	atomic { v[me].on = true; v[me].masked = true; v[me].resting = true }

guest:
	if
	:: atomic { v[me].sgi -> BEGIN; v[me].sgi = false; goto out }
	:: atomic { CALLS && !v[me].masked -> BEGIN; v[me].masked = true; goto out }
	:: atomic { CALLS && v[me].masked -> BEGIN; v[me].masked = false; goto look }
	:: atomic { CALLS && !v[me].masked && !NESTED(me) -> v[me].busy = true; goto guest }
	:: atomic { v[me].on && !v[me].sgi && v[me].runs -> BEGIN; goto over }
	:: atomic { v[me].on && !v[me].sgi && !v[me].runs && v[me].busy ->
		BEGIN; v[me].busy = false; goto AFTER_COMPLETE }
#ifdef FINAL
	:: atomic { CALLS -> v[me].settled = true; goto guest }
#else
	:: atomic { CALLS && armed -> BEGIN; goto disable }
#endif
	:: atomic { CALLS && !armed -> BEGIN; goto enable }
	:: atomic { CALLS && v[1 - me].on -> BEGIN; why = LEAVING; goto reset }
	:: atomic { CALLS && !v[1 - me].on && !v[1 - me].start ->
		BEGIN; v[1 - me].start = true; kicks++ }
		atomic { v[1 - me].sgi = true; kicks--; goto out }
	fi;

enable:
	TAKE;
	armed = true;
	offer(me);
	atomic { DROP; goto look };

disable:
	TAKE;
	armed = false;
	atomic { DROP; goto out };

over: /* vsdei_shared_over() */
	v[me].runs = false;
	TAKE;
	running = false;
	offer(me);
	DROP;
	if
	:: atomic { why == LEAVING -> goto forget }
	:: atomic { else -> goto AFTER_COMPLETE }
	fi;

reset: /* vsdei_vcpu_reset(), in CPU_OFF (leaving) and at the start after CPU_ON */
	if
	:: atomic { v[me].runs -> goto over }
	:: atomic { else -> goto forget }
	fi;
forget:
	atomic { v[me].masked = true; v[me].shared = false; v[me].busy = false };
#ifndef FAULT_RESET_FORGETS
	v[me].shared = true;
#endif
	goto pass;

life:
	atomic { v[me].on = why == STARTING; why = CALLED; goto out };

pass: /* vsdei_shared_pass() */
	TAKE;
	if
	:: atomic { WAITS && offered == me -> offered = NOBODY };
		tell(1 - me, seen);
		if
		:: atomic { seen -> seen = false };
			ask(1 - me, me)
		:: else
		fi
	:: else
	fi;
	DROP;
	if
	:: atomic { why == SERVING -> why = CALLED; goto out }
	:: atomic { else -> goto life }
	fi;

out: /* requests are served until there are none */
	if
	:: atomic { v[me].start -> v[me].start = false }
		atomic { why = STARTING; goto reset }
	:: atomic { !v[me].start && v[me].request -> v[me].request = false; why = SERVING };
		if
		:: atomic { v[me].on -> goto look }
		:: atomic { else -> goto looked }
		fi
	:: atomic { !v[me].start && !v[me].request -> v[me].resting = true; goto guest }
	fi;

look: /* deliver() */
	if
	:: atomic { DELIVERABLE(me) -> goto begin }
	:: atomic { DELIVERABLE(me) && !v[me].settled -> /* one of its own comes first */
		v[me].busy = true; goto looked }
	:: atomic { !DELIVERABLE(me) -> goto looked }
	fi;

begin: /* vsdei_shared_enter() */
#ifndef FAULT_CLEARED_LATE
	v[me].shared = false;
#endif
#ifndef FAULT_NOT_LOCKED
	TAKE;
#endif
	if
	:: WAITS ->
		atomic { broken_one_pe = running; pending = false; running = true; seen = true }
	:: else
	fi;
#ifndef FAULT_NOT_LOCKED
	DROP;
#endif
#ifdef FAULT_CLEARED_LATE
	v[me].shared = false;
#endif
	if
	:: atomic { seen ->
		broken_one_normal = v[me].busy || v[me].runs;
		broken_unmasked = v[me].masked || !v[me].on;
		v[me].runs = true;
		seen = false }
	:: atomic { else -> skip }
	fi;

looked:
	if
#ifndef FAULT_NOT_PASSED
	:: atomic { why == SERVING && v[me].shared -> goto pass }
	:: atomic { why != SERVING || !v[me].shared -> why = CALLED; goto out }
#else
	:: atomic { why = CALLED; goto out }
#endif
	fi
}

/* The interrupt. It stays active, and cannot come again, until the event is completed. */
active proctype device()
{
	byte first = NOBODY;
	bool seen;
end:
	do
	:: atomic { !lock && !pending && !running -> lock = true; pending = true };
		offer(NOBODY);
		DROP
	od
}
