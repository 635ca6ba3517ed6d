/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of partitions: el2/vm/lifecycle.c, with vcpu_serve_life() in el2/vcpu/vcpu.c. Partition 0 has a
 * vCPU on each of two CPUs, partition 1 one on the second CPU. Their guests reset, power off and
 * fault whenever they run; a fault of partition 1 stops all. The monitor starts, stops and
 * restarts, CMDS times. What is done under a partition's lock, or by one atomic access, is a step,
 * and so is a stage but for the last. SPARING leaves out resets of partition 1 and the monitor's
 * commands to it, which are partition 0's as well.
 *
 * Properties:
 * power_off    the machine ends when no partition is alive or will start again by itself.
 * obeyed       who was ordered to stop, however far with its end, does not run again unless it is
 *              started.
 * once         a start finds all vCPUs off and without old requests, and is the only one.
 * halted       what a partition has is reset when all of its vCPUs have halted, and stay so.
 * first        a partition's end is for the reason that came first.
 * ends         where nothing is under way every partition is stopped or running, and counted.
 *
 * holds: safe -DCMDS=0
 * holds: safe -DSPARING
 * fails: power_off -DFAULT_STOPPED_EARLY
 * fails: power_off -DFAULT_LOOKS_ROUND
 * fails: power_off -DFAULT_NOT_COUNTED
 * fails: obeyed -DFAULT_DEAF
 * fails: once -DSPARING -DCMDS=2 -DFAULT_NO_EXCHANGE
 * fails: once -DFAULT_OLD_REQUESTS
 * fails: halted -DFAULT_STEP_COUNTS -DCMDS=0
 * fails: halted -DFAULT_STARTS_LATE -DCMDS=0
 * fails: halted -DFAULT_ONE_VCPU -DCMDS=0
 * fails: first -DFAULT_LAST_REASON
 * fails: ends -DFAULT_NO_STEP
 */

#ifndef CMDS
#define CMDS 1
#endif

#define STOPPED 0
#define LOADING 1
#define RUNNING 2
#define STOPPING 3

#define OFF 0
#define PENDING 1
#define ON 2

/* Reasons; orders are the last three. */
#define NOTHING 0
#define POWERED_OFF 1
#define RESET 2
#define FAULT 3
#define ORDER 4
#define MONITOR 5
#define RESTART 6

#define NOBODY 3
#define PARTITION(v) ((v) / 2)
#define CPU(v) ((v) + 1) / 2 /* 0: 0, 1 and 2: 1 */
#define FIRST(p) ((p) * 2)

/* Stages: a start's, and an end's. */
#define LOAD 0
#define RUN 1
#define FORGET 0
#define OTHERS 1
#define CONCLUDE 2

byte state[2], order[2], reason[2], stopping[2], stage[2];
bool overtaken[2] = true; /* the step that is being done: a new table of stages has begun */
byte stopper[2] = NOBODY, stop_next[2], asked[2] = NOBODY;
byte power[3];
bool req_start[3], req_stop[3], req_step[3];
byte alive;
bool machine_off;

/* What the properties speak of. */
bool bad_power_off, disobeyed, twice, not_halted, other_reason;
bool ordered[2];       /* to stop, and has not been started since */
byte first_reason[2];
bool loads[2];         /* a start is under way */
bool ended[2];         /* for good, but for who starts it */
byte busy, commands = CMDS;

#define ALIVE(p) (state[p] != STOPPED)
#define STARTS (req_start[0] || req_start[1] || req_start[2])
#define STOPS (req_stop[0] || req_stop[1] || req_stop[2])
#define ANY_REQUEST (STARTS || STOPS || req_step[0] || req_step[2])
#define QUIET (!busy && !ANY_REQUEST && stopper[0] == NOBODY && stopper[1] == NOBODY)
#define STUCK(p) (state[p] == LOADING || state[p] == STOPPING)
#define LOST (QUIET && !machine_off && (STUCK(0) || STUCK(1) || alive != ALIVE(0) + ALIVE(1)))

ltl power_off { [] !bad_power_off }
ltl obeyed { [] !disobeyed }
ltl once { [] !twice }
ltl halted { [] !not_halted }
ltl first { [] !other_reason }
ltl ends { [] !LOST }
ltl safe { [] !(bad_power_off || disobeyed || twice || not_halted || other_reason || LOST) }

/* ---- under the partition's lock ---- */

inline begin_stages(p)
{
	overtaken[p] = true;
	stage[p] = 0;
	req_step[FIRST(p)] = true
}

inline begin_loading(p)
{
	twice = twice || loads[p];
	loads[p] = true;
	ended[p] = false;
	order[p] = NOTHING;
	reason[p] = NOTHING;
	first_reason[p] = NOTHING;
	state[p] = LOADING;
	begin_stages(p)
}

inline start(p)
{
#ifdef FAULT_NO_EXCHANGE
	atomic { done = (state[p] == STOPPED) };
	atomic {
		if
		:: done -> ordered[p] = false; alive++; begin_loading(p)
		:: else
		fi
	}
#else
	atomic {
		done = (state[p] == STOPPED);
		if
		:: done ->
			ordered[p] = false;
#ifndef FAULT_NOT_COUNTED
			alive++;
#endif
			begin_loading(p)
		:: else
		fi
	}
#endif
}

/* Of those the calling CPU runs one may be of p: it is asked at once. */
inline begin_halting(p, runs)
{
#ifdef FAULT_ONE_VCPU
	stopping[p] = 2;
#else
	stopping[p] = (p == 0 -> 3 : 2);
#endif
	asked[p] = runs;
	if
	:: runs != NOBODY -> req_stop[runs] = true
	:: else
	fi;
#ifndef FAULT_STEP_COUNTS
	overtaken[p] = true;
#endif
	stop_next[p] = FIRST(p);
	stopper[p] = c
}

#ifdef FAULT_DEAF
#define HEARS (was == RUNNING || was == LOADING)
#else
#define HEARS (was != STOPPED)
#endif
#ifdef FAULT_LAST_REASON
#define COUNTS (was != STOPPED)
#else
#define COUNTS (was == RUNNING || was == LOADING)
#endif

inline stop(p, why, runs)
{
	atomic {
		was = state[p];
		if
		:: was == RUNNING || was == LOADING -> first_reason[p] = why
		:: else
		fi;
		if
		:: COUNTS -> reason[p] = why; state[p] = STOPPING
		:: else
		fi;
		if
		:: was != STOPPED && why >= ORDER -> ordered[p] = (why != RESTART)
		:: else
		fi;
		if
		:: HEARS && why >= ORDER -> order[p] = why
		:: else
		fi;
		if
		:: was == RUNNING -> begin_halting(p, runs)
		:: was == LOADING ->
			loads[p] = false;
#ifdef FAULT_NO_STEP
			overtaken[p] = true;
			stage[p] = 0
#else
			begin_stages(p)
#endif
		:: else
		fi;
		was = 0
	}
}

inline counted_off(p)
{
	atomic { stopping[p]--; done = (stopping[p] == 0) };
	atomic {
		if
		:: done -> begin_stages(p)
		:: else
		fi
	}
}

/* ---- stages ---- */

/* No vCPU of p is on, and the CPUs have heard of it. */
#define NONE_ON(p) (p == 0 -> power[0] != ON && power[1] != ON : power[2] != ON)
#define HALTED(p) (stopping[p] == 0 && NONE_ON(p))

inline enter(p)
{
	atomic {
		if
		:: state[p] == LOADING ->
			twice = twice || !loads[p] || power[FIRST(p)] != OFF ||
				req_stop[FIRST(p)] || stopping[p] ||
				(p == 0 && (power[1] != OFF || req_start[1] || req_stop[1]));
			disobeyed = disobeyed || ordered[p];
			loads[p] = false;
			power[FIRST(p)] = PENDING;
			state[p] = RUNNING;
			req_start[FIRST(p)] = true
		:: else
		fi
	}
}

inline forget(p)
{
	atomic {
		not_halted = not_halted || !HALTED(p);
#ifndef FAULT_OLD_REQUESTS
		req_start[FIRST(p)] = false;
		power[FIRST(p)] = OFF;
		if
		:: p == 0 -> req_start[1] = false; power[1] = OFF
		:: else
		fi
#endif
	}
}

/* The last one ends the machine, unless the user has stopped it. */
inline gone(p)
{
#ifdef FAULT_LOOKS_ROUND
	atomic { alive--; done = !ALIVE(0) };
	atomic { done = done && !ALIVE(1) && last != MONITOR;
		 bad_power_off = bad_power_off || (done && !(ended[0] && ended[1])) };
#else
	atomic { alive--; done = (alive == 0 && last != MONITOR);
		 bad_power_off = bad_power_off || (done && !(ended[0] && ended[1])) };
#endif
	if
	:: atomic { done -> machine_off = true }
	:: else
	fi
}

/* A reset starts again, as does a fault that is to; an order counts more. */
#define AGAIN(p) (order[p] -> order[p] == RESTART : reason[p] == RESET)

inline conclude(p)
{
#ifdef FAULT_STOPPED_EARLY
	atomic { state[p] = STOPPED; alive--; other_reason = false };
	atomic {
		if
		:: AGAIN(p) -> alive++; begin_loading(p); done = false
		:: else -> done = true; ended[p] = true; ordered[p] = false
		fi
	};
	if
	:: done -> atomic { alive++; done = false }; last = order[p]; gone(p)
	:: else
	fi;
#else
	atomic {
		other_reason = other_reason || reason[p] != first_reason[p];
		not_halted = not_halted || !HALTED(p);
		last = order[p];
		done = !AGAIN(p);
		if
		:: !done -> begin_loading(p)
		:: else -> state[p] = STOPPED; ordered[p] = false; ended[p] = true
		fi
	};
	if
	:: done -> gone(p)
	:: else
	fi;
#endif
}

/* What a CPU does between two looks at the lock counts only if nothing has begun since. */
inline partition_step(p)
{
	atomic { loading = (state[p] == LOADING); now = stage[p]; overtaken[p] = false };
	if
	:: loading && now == LOAD
	:: loading && now == RUN -> enter(p)
	:: !loading && now == FORGET -> forget(p)
	:: !loading && now == OTHERS ->
		if
		:: p == 1 && reason[1] == FAULT -> stop(0, ORDER, NOBODY)
		:: else
		fi
	:: !loading && now == CONCLUDE -> conclude(p)
	fi;
	atomic {
		if
		:: !overtaken[p] && (state[p] == LOADING || state[p] == STOPPING) ->
			stage[p]++;
			req_step[FIRST(p)] = true
		:: else
		fi;
		loading = false; now = 0; overtaken[p] = true
	}
}

/* ---- CPUs ---- */

/* vcpu_serve_life() */
inline serve(v)
{
	atomic { stops = req_stop[v]; steps = req_step[v] && power[v] != ON;
		 starts = req_start[v];
		 req_stop[v] = false; req_step[v] = req_step[v] && !steps; req_start[v] = false;
		 power[v] = (stops -> OFF : power[v]) };
	if
	:: stops -> counted_off(PARTITION(v))
	:: else
	fi;
	if
	:: steps -> partition_step(PARTITION(v))
	:: else
	fi;
	atomic {
		if
#ifdef FAULT_STARTS_LATE
		:: starts && power[v] == PENDING -> power[v] = ON
#else
		:: starts && state[PARTITION(v)] == RUNNING && power[v] == PENDING -> power[v] = ON
#endif
		:: else
		fi;
		stops = false; steps = false; starts = false
	}
}

/* partition_timer(): asks one vCPU. */
inline ask(p)
{
	if
	:: stop_next[p] <= FIRST(p) + 1 - p ->
		atomic {
			if
			:: stop_next[p] != asked[p] -> req_stop[stop_next[p]] = true
			:: else
			fi;
			stop_next[p]++
		}
	:: else -> atomic { stopper[p] = NOBODY; asked[p] = NOBODY; stop_next[p] = 0 }; counted_off(p)
	fi
}

inline guest(v)
{
	if
	:: stop(PARTITION(v), POWERED_OFF, v)
#ifndef SPARING
	:: stop(PARTITION(v), RESET, v)
#else
	:: v != 2 -> stop(PARTITION(v), RESET, v)
#endif
	:: v == 2 -> stop(PARTITION(v), FAULT, v)
	:: v == 0 -> /* CPU_ON */
		if
		:: atomic { power[1] == OFF -> power[1] = PENDING }; req_start[1] = true
		:: else
		fi
	fi
}

inline monitor(p)
{
	if
	:: start(p)
	:: stop(p, MONITOR, NOBODY)
	:: start(p);
		if
		:: !done -> stop(p, RESTART, NOBODY); start(p)
		:: else
		fi
	fi
}

#define ASKED(v) (CPU(v) == c && (req_start[v] || req_stop[v] || (req_step[v] && power[v] != ON)))
#define RUNS(v) (CPU(v) == c && power[v] == ON && !machine_off)
#define END atomic { done = false; last = 0; busy-- }

proctype cpu(byte c)
{
	byte was, now, last;
	bool done, loading, stops, steps, starts;

	do
	:: atomic { !machine_off && ASKED(0) -> busy++ }; serve(0); END
	:: atomic { !machine_off && ASKED(1) -> busy++ }; serve(1); END
	:: atomic { !machine_off && ASKED(2) -> busy++ }; serve(2); END
	:: atomic { !machine_off && stopper[0] == c -> busy++ }; ask(0); END
	:: atomic { !machine_off && stopper[1] == c -> busy++ }; ask(1); END
	:: atomic { RUNS(0) -> busy++ }; guest(0); END
	:: atomic { RUNS(1) -> busy++ }; guest(1); END
	:: atomic { RUNS(2) -> busy++ }; guest(2); END
	:: atomic { !machine_off && commands -> commands--; busy++ }; monitor(0); END
#ifndef SPARING
	:: atomic { !machine_off && commands -> commands--; busy++ }; monitor(1); END
#endif
	od
}

init
{
	atomic {
		alive = 2;
		begin_loading(0);
		begin_loading(1);
		run cpu(0);
		run cpu(1)
	}
}
