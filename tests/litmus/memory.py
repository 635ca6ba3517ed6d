# SPDX-License-Identifier: Apache-2.0
"""The memory model of Armv8 for tests/litmus/verify: what each access of a thread may do.

It is that of Pulte et al., "Promising-ARM/RISC-V" (PLDI 2019), which allows what the
architecture's axioms do (DDI0487 B2.3): memory is a list of messages, stores in the order in
which they become visible to all. A thread runs in program order, yet reads any message that is
not too old for its views, numbers of messages: of what it has read or written before and must
not go back behind. A store may have been promised, put on the list before the thread gets to
it. Views of registers are the dependencies.

Added are what Simner et al., "Relaxed virtual memory in Armv8-A" (ESOP 2022) says of walks and
TLBI, as far as one level of one table needs it, and SGIs: a walk may find any value of its entry
that is not older than the last DSB and ISB; a TLBI is a message, ordered by DSB alone; who goes
by an entry older than one that came before a TLBI does so before the TLBI. An SGI is a message,
ordered by DSB alone; who takes it goes on behind it.
"""

from collections import namedtuple

Message = namedtuple("Message", "at size value thread")

SGI = 1 << 60
TLBI = 1 << 61  # + 0: stage 2 by IPA, + 8: stage 1, + 16: both
BROADCAST = {(4, 0, 1): 0, (4, 0, 5): 0, (0, 3, 0): 8, (4, 3, 4): 16, (4, 3, 6): 16}  # op1 CRm op2
WALKER = 100  # the part of CPU n that walks is WALKER + n
PTE_ADDRESS = ((1 << 48) - 1) & ~0xfff
PTE_VALID, PTE_AF, PTE_XN = 1, 1 << 10, 1 << 54
M64 = (1 << 64) - 1


class Fails(Exception):
    """The code says itself that something is wrong: CHECK()."""


class Thread:
    """One CPU: registers with their views, what only it sees of memory, and its own views."""

    VIEWS = ("read", "written", "new_read", "new_write", "branch_view", "released", "done",
             "walks", "invalidated", "flags_view")

    def __init__(self, pc, stack, number):
        self.pc, self.number = pc, number
        self.r, self.v = [0] * 33, [0] * 33
        self.r[31], self.r[30] = stack, 0  # a return to 0 is the end
        self.flags = (0, 0, 0, 0)
        for name in self.VIEWS:
            setattr(self, name, 0)
        self.private = {}    # byte -> (value, view)
        self.coherent = {}   # byte of shared memory -> oldest message that may be read
        self.forward = {}    # byte -> (message, view, exclusive) of the thread's own store
        self.exclusive = None  # what the last exclusive load has read: (address, size, message)
        self.system = {}
        self.next = None     # the access that is to be made, at t.where
        self.rest = ()       # those of the same instruction that follow
        self.where = (0, 0)
        self.pair = None     # address and its view, between two accesses of one instruction
        self.extra = ()      # messages of its own beyond the memory that it began with
        self.kept = frozenset()  # promises that it has kept
        self.offers = ()     # what could have been promised

    def copy(self):
        t = object.__new__(Thread)
        t.__dict__.update(self.__dict__)
        t.r, t.v = self.r[:], self.v[:]
        for name in ("private", "coherent", "forward", "system"):
            setattr(t, name, getattr(self, name).copy())
        return t

    def key(self):
        return (self.pc, tuple(self.r), tuple(self.v), self.flags, self.where, len(self.rest),
                tuple(getattr(self, n) for n in self.VIEWS), self.exclusive, self.extra, self.kept,
                self.offers, frozenset(self.private.items()), frozenset(self.coherent.items()),
                frozenset(self.forward.items()), frozenset(self.system.items()))

    def barrier(self, what, which):
        old = {"": max(self.read, self.written), "st": self.written, "ld": self.read}[which]
        if what == "isb":
            self.new_read = max(self.new_read, self.branch_view)
            self.walks = max(self.walks, self.done)
            return
        if what == "dsb":
            self.done = max(self.done, old, 0 if which else self.invalidated)
            old = max(old, 0 if which else self.invalidated)
        self.new_write = max(self.new_write, old)
        if which != "st":
            self.new_read = max(self.new_read, old)


class Model:
    """Messages on top of what init() has left; shared is the set of bytes that count."""

    def __init__(self, initial, shared):
        self.initial, self.shared = initial, shared
        self.touched = set()  # (thread, writes, at, size)

    def is_shared(self, at, size):
        return at >= SGI or any(at + i in self.shared for i in range(size))

    # ---- memory of one thread alone ----

    def peek(self, t, at, size):
        value = view = 0
        for i in range(size):
            b, v = t.private.get(at + i) or (self.initial.get(at + i, 0), 0)
            value |= b << 8 * i
            view = max(view, v)
        return value, view

    @staticmethod
    def poke(t, at, size, value, view):
        for i in range(size):
            t.private[at + i] = (value >> 8 * i & 255, view)

    # ---- reads ----

    def reads(self, memory, at, size, least):
        """(number, value) of each message that may be read; None: it must be read in parts."""
        found = []
        for n in range(len(memory), 0, -1):
            m = memory[n - 1]
            if m.at < at + size and at < m.at + m.size:
                if m.at > at or m.at + m.size < at + size:
                    return None
                found.append((n, m.value >> 8 * (at - m.at) & (1 << 8 * size) - 1))
                if n <= least:
                    return found
        value = sum(self.initial.get(at + i, 0) << 8 * i for i in range(size)) if at < SGI else 0
        return found + [(0, value)]

    def load(self, t, memory, op, at, view):
        """Yields (thread, value, view of the value, message) for each way in which op ends."""
        size = op.size
        before = max(view, t.new_read, t.released if op.acquire == "strong" else 0)
        own = max(t.coherent.get(at + i, 0) for i in range(size))
        choices = self.reads(memory, at, size, max(before, own))
        if choices is None:
            yield from self.load_parts(t, memory, op, at, view)
            return
        for n, value in choices:
            u = t.copy()
            after = n
            mine = t.forward.get(at)
            if mine and mine[0] == n and not (mine[2] and op.acquire):
                after = mine[1]
            after = max(before, after)
            for i in range(size):
                u.coherent[at + i] = max(u.coherent.get(at + i, 0), after, n)
            u.read = max(u.read, after)
            if op.acquire:
                u.new_read = max(u.new_read, after)
                u.new_write = max(u.new_write, after)
            u.branch_view = max(u.branch_view, view)
            if op.exclusive or op.kind == "rmw":
                u.exclusive = ((at, size, n),)
            yield u, value, after, n

    def load_parts(self, t, memory, op, at, view):
        half = op._replace(size=op.size // 2)
        for u, low, seen, n in self.load(t, memory, half, at, view):
            for w, high, also, m in self.load(u, memory, half, at + half.size, view):
                if w.exclusive:
                    w.exclusive = u.exclusive + w.exclusive
                yield w, low | high << 8 * half.size, max(seen, also), min(n, m)

    # ---- writes ----

    def store(self, t, base, memory, message, view, release=False, exclusive=False, least=0,
              known=0):
        """Yields a thread for each place that the message may have. base: the length of the memory
        that all threads see; what is beyond is the thread's own idea."""
        at, size = message.at, message.size
        before = max(view, least)
        own = max(t.coherent.get(at + i, 0) for i in range(size)) if at < TLBI else 0
        places = [n for n in range(1, base + 1) if memory[n - 1] == message and n not in t.kept]
        for n in [*places, len(memory) + 1]:
            if n <= max(before, own):
                continue
            if exclusive and not self.is_atomic(t, memory, at, n):
                continue
            u = t.copy()
            if n > base:
                u.extra = t.extra + (message,)
                if max(before, own) <= base:
                    u.offers = tuple(sorted({*t.offers, message}))
            else:
                u.kept = t.kept | {n}
            if at < TLBI:
                u.written = max(u.written, n)
                for i in range(size):
                    u.coherent[at + i] = n
                    u.forward[at + i] = (n, known, exclusive)
            else:
                u.invalidated = max(u.invalidated, n)
            if release:
                u.released = max(u.released, n)
            yield u

    @staticmethod
    def is_atomic(t, memory, at, n):
        """Has no other CPU stored between the exclusive load of all parts and message n?"""
        if not t.exclusive or t.exclusive[0][0] != at:
            return False
        return not any(m.thread != t.number and m.at < part + size and part < m.at + m.size
                       for part, size, read in t.exclusive for m in memory[read:n - 1])

    # ---- one instruction ----

    def step(self, t, memory, base, op):
        """Yields the threads that an operation on memory may lead to."""
        kind = op.kind
        if kind == "interrupt":
            yield from self.interrupt(t, memory)
        elif kind == "sgi":
            message = Message(SGI, 8, 1, t.number)
            yield from self.store(t, base, memory, message, t.v[op.reg], least=t.done)
        elif kind == "tlbi":
            yield from self.tlbi(t, memory, base, op)
        elif kind in ("walk_load", "walk_store", "walk_fetch"):
            yield from self.walk(t, memory, base, op)
        else:
            yield from self.access(t, memory, base, op)

    def alone(self, t, op):
        """Does what concerns nobody else. False: op is for step()."""
        if op.kind == "barrier":
            t.barrier(*op.change)
            return True
        if op.kind == "fails":
            raise Fails(t.pc - 4)
        t.next = op
        if not op.address:
            return False
        t.where = op.address(t)
        self.touched.add((t.number, op.kind != "load", t.where[0], op.size))
        if op.kind == "rmw":
            self.touched.add((t.number, False, t.where[0], op.size))
        if self.is_shared(t.where[0], op.size):
            return False
        self.access_private(t, op, t.where[0])
        return True

    def access(self, t, memory, base, op):
        at, view = t.where
        if op.kind == "load":
            for u, value, seen, _ in self.load(t, memory, op, at, view):
                self.put(u, op, op.reg, value, seen)
                yield u
        elif op.kind == "store":
            yield from self.write(t, memory, base, op, at, view, self.value(t, op.reg, op.size),
                                  t.v[op.reg])
        else:
            yield from self.rmw(t, memory, base, op, at, view)

    def write(self, t, memory, base, op, at, view, value, known):
        least = max(t.new_write, t.branch_view, max(t.read, t.written) if op.release else 0)
        message = Message(at, op.size, value, t.number)
        for u in self.store(t, base, memory, message, max(view, known), op.release,
                            bool(op.exclusive) or op.kind == "rmw", least, max(view, known)):
            u.branch_view = max(u.branch_view, view)
            if op.exclusive or op.kind == "rmw":
                u.exclusive = None
            if op.exclusive:
                u.r[op.status], u.v[op.status] = 0, 0  # one that fails is tried again: no other
            yield u

    def rmw(self, t, memory, base, op, at, view):
        name, change = op.change
        mask = (1 << 8 * op.size) - 1
        old_views = max(t.read, t.written)
        for u, old, seen, _ in self.load(t, memory, op, at, view):
            if name == "cas":
                expected = u.r[op.status] & mask
                new, known = self.value(u, op.reg, op.size), u.v[op.reg]
                back = op.status
            else:
                new = self.value(u, op.status, op.size)
                known = u.v[op.status]
                if change:
                    new, known = change(old, new) & mask, max(known, seen)
                back = op.reg
            self.put(u, op, back, old, seen)
            if name == "cas" and old != expected:
                yield u
                continue
            for w in self.write(u, memory, base, op, at, view, new, known):
                if op.acquire and op.release:  # DDI0487 B2.3: as a DMB between before and after
                    w.new_read = max(w.new_read, old_views)
                    w.new_write = max(w.new_write, old_views)
                yield w

    @staticmethod
    def value(t, reg, size):
        return t.r[reg] & (1 << 8 * size) - 1

    @staticmethod
    def put(t, op, reg, value, view):
        if reg is None or reg == 32:
            return
        if op.signed and value >> (8 * op.size - 1):
            value |= -1 << 8 * op.size
        t.r[reg], t.v[reg] = value & (1 << op.wide) - 1, view

    def access_private(self, t, op, at):
        old, view = self.peek(t, at, op.size)
        if op.kind == "load":
            self.put(t, op, op.reg, old, view)
            return
        new, known = self.value(t, op.reg, op.size), t.v[op.reg]
        if op.exclusive:
            t.r[op.status], t.v[op.status] = 0, 0
        if op.kind == "rmw":
            name, change = op.change
            if name == "cas":
                expected = self.value(t, op.status, op.size)
                self.put(t, op, op.status, old, view)
                if old != expected:
                    return
            else:
                new, known = self.value(t, op.status, op.size), t.v[op.status]
                new = change(old, new) if change else new
                self.put(t, op, op.reg, old, view)
        self.poke(t, at, op.size, new, known)

    # ---- signals and translation ----

    def interrupt(self, t, memory):
        """Takes an SGI that has been sent; without one the thread waits for ever."""
        for n, m in enumerate(memory, 1):
            if m.at == SGI:
                u = t.copy()
                u.new_read, u.new_write = max(u.new_read, n), max(u.new_write, n)
                u.done = u.walks = max(u.done, n)
                yield u

    def tlbi(self, t, memory, base, op):
        kind = BROADCAST.get(op.change)
        if kind is None:
            yield t  # other CPUs do not hear of it
            return
        # What it says is since when all before it is done.
        message = Message(TLBI + kind, 8, t.done, t.number)
        yield from self.store(t, base, memory, message, 0, least=t.done)

    @staticmethod
    def gone(memory, entry, read):
        """The first TLBI after which nobody goes by what message `read` said of entry."""
        changed = [n for n, m in enumerate(memory, 1) if m.at <= entry < m.at + m.size and n > read]
        if not changed:
            return None
        stage2 = None
        for n in range(changed[0] + 1, len(memory) + 1):
            m = memory[n - 1]
            if m.at == TLBI:
                stage2 = stage2 or n
            elif m.at == TLBI + 16 or (m.at == TLBI + 8 and stage2 and stage2 <= m.value):
                return n
        return None

    def walk(self, t, memory, base, op):
        """A guest's access: X0 is the entry's address, X1 what to write. X0: what was read, all
        ones for a fault. A TLB may keep what does not fault, whatever comes after it."""
        entry, writes = t.r[0], op.kind == "walk_store"
        self.touched.add((WALKER + t.number, False, entry, 8))
        fresh = {n for n, _ in self.reads(memory, entry, 8, t.walks)}
        for n, pte in self.reads(memory, entry, 8, 0):
            there = pte & PTE_VALID and pte & PTE_AF and not (op.kind == "walk_fetch" and
                                                              pte & PTE_XN)
            end = self.gone(memory, entry, n)
            u = t.copy()
            u.branch_view = max(u.branch_view, n)
            late = end is not None and max(n, u.new_read) >= end
            if late or (n not in fresh and not (pte & PTE_VALID and pte & PTE_AF)):
                continue
            if there:
                yield from self.translated(u, memory, base, writes, pte & PTE_ADDRESS, n, end)
            else:
                u.r[0], u.v[0] = M64, n
                yield u

    def translated(self, t, memory, base, writes, page, view, end):
        """The access itself, to page, before message end if there is one."""
        self.touched.add((t.number, writes, page, 8))
        if not self.is_shared(page, 8):
            t.r[0], t.v[0] = 0 if writes else self.peek(t, page, 8)[0], view
            yield t
        elif writes:
            message, known = Message(page, 8, t.r[1], t.number), max(view, t.v[1])
            for u in self.store(t, base, memory, message, known, known=known,
                                least=max(t.new_write, t.branch_view)):
                if end is None or u.coherent[page] < end:
                    u.r[0], u.v[0] = 0, 0
                    yield u
        else:
            for u, value, seen, read in self.load(t, memory, GUEST_LOAD, page, view):
                if end is None or read < end:
                    u.r[0], u.v[0] = value, seen
                    yield u


class GUEST_LOAD:  # a plain LDR
    kind, size, acquire, exclusive = "load", 8, None, None
