# SPDX-License-Identifier: Apache-2.0
"""A64 instructions as objdump prints them without aliases, for tests/litmus/verify.

program() gives a dictionary from address to instruction: a function of a thread that does
what the instruction does to registers, or a tuple of Memory operations, which memory.py performs.
A register is a value and a view: from when on the value can be known (memory.py). An
instruction that is missing here is an error that names it.
"""

import re
from collections import namedtuple

M64 = (1 << 64) - 1
ZR = 32  # r[32] is always 0; r[31] is SP

# What one access does: kind is load, store, rmw, walk_load, walk_store, tlbi, sgi, interrupt,
# barrier, check. Registers are numbers, of where the value goes to or comes from.
Memory = namedtuple("Memory", "kind size reg address acquire release exclusive signed change "
                    "status wide", defaults=(None,) * 11)


def number(text):
    return int(text.lstrip("#"), 0)


def register(name):
    """Number of a register, and its size in bits."""
    if name in ("sp", "wsp"):
        return 31, 64 if name == "sp" else 32
    if name in ("xzr", "wzr"):
        return ZR, 64 if name == "xzr" else 32
    return int(name[1:]), 64 if name[0] == "x" else 32


def is_register(name):
    return re.fullmatch(r"[wx](\d+|zr)|w?sp", name) is not None


def split(text):
    """Operands; what is in brackets is one."""
    return [p.strip() for p in re.findall(r"(?:\[[^]]*\]!?|[^,\[])+", text)] if text else []


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def extend(value, how, amount):
    bits = {"b": 8, "h": 16, "w": 32, "x": 64}[how[3]]
    value &= (1 << bits) - 1
    return (signed(value, bits) if how[0] == "s" else value) << amount & M64


def shift(value, how, amount, bits):
    mask = (1 << bits) - 1
    value &= mask
    if how == "lsl":
        return value << amount & mask
    if how == "lsr":
        return value >> amount
    if how == "asr":
        return signed(value, bits) >> amount & mask
    return (value >> amount | value << (bits - amount)) & mask if amount else value


def operand(parts, bits):
    """The last operand, with its shift or extension: a function of the thread, and registers."""
    how, amount = (parts[1].split() + ["#0"])[:2] if len(parts) > 1 else ("lsl", "#0")
    amount = number(amount)
    if parts[0].startswith("#"):
        value = number(parts[0]) << amount & M64
        return (lambda t: value), []
    n, _ = register(parts[0])
    if how[1:3] == "xt":
        return (lambda t: extend(t.r[n], how, amount)), [n]
    if how == "lsl" and not amount:
        return (lambda t: t.r[n]), [n]
    return (lambda t: shift(t.r[n], how, amount, bits)), [n]


def add_flags(a, b, carry, bits):
    mask = (1 << bits) - 1
    a, b = a & mask, b & mask
    whole = a + b + carry
    result = whole & mask
    v = (signed(a, bits) + signed(b, bits) + carry) != signed(result, bits)
    return result, (result >> (bits - 1), int(not result), whole >> bits, int(v))


def condition(name, flags):
    n, z, c, v = flags
    base = {"eq": z, "cs": c, "mi": n, "vs": v, "hi": c and not z, "ge": n == v,
            "gt": n == v and not z, "al": True}
    opposite = {"ne": "eq", "cc": "cs", "pl": "mi", "vc": "vs", "ls": "hi", "lt": "ge", "le": "gt",
                "hs": "cs", "lo": "cc"}
    if name in base:
        return bool(base[name])
    if name in ("hs", "lo"):
        return condition(opposite[name], flags)
    return not base[opposite[name]]


def setter(d, bits, sources, value, flags=False):
    """d = value(thread), in whose view the sources' are."""
    mask = (1 << bits) - 1

    def run(t):
        result = value(t)
        view = max([t.v[s] for s in sources], default=0)
        if flags:
            result, t.flags = result
            t.flags_view = view
        t.r[d], t.v[d] = result & mask, view
        t.r[ZR] = t.v[ZR] = 0
        t.pc += 4
    return run


# ---- arithmetic ----

LOGIC = {"and": lambda a, b: a & b, "orr": lambda a, b: a | b, "eor": lambda a, b: a ^ b,
         "bic": lambda a, b: a & ~b, "orn": lambda a, b: a | ~b, "eon": lambda a, b: a ^ ~b}


def arithmetic(op, args):
    d, bits = register(args[0])
    a, _ = register(args[1])
    b, used = operand(args[2:], bits)
    mask = (1 << bits) - 1
    name = op.rstrip("s") if op in ("adds", "subs", "ands", "bics") else op
    if name == "add":
        result = (lambda t: add_flags(t.r[a], b(t), 0, bits))
    elif name == "sub":
        result = (lambda t: add_flags(t.r[a], ~b(t), 1, bits))
    else:
        def result(t):
            r = LOGIC[name](t.r[a], b(t)) & mask
            return r, (r >> (bits - 1), int(not r), 0, 0)
    if op[-1] == "s":
        return setter(d, bits, [a, *used], result, True)
    return setter(d, bits, [a, *used], lambda t: result(t)[0])


def move_wide(op, args):
    d, bits = register(args[0])
    at = number(args[2].split()[1]) if len(args) > 2 else 0
    value = number(args[1]) << at
    if op == "movk":
        return setter(d, bits, [d], lambda t: t.r[d] & ~(0xffff << at) | value)
    if op == "movn":
        value = ~value
    return setter(d, bits, [], lambda t: value)


def bitfield(op, args):
    d, bits = register(args[0])
    n, _ = register(args[1])
    r, s = number(args[2]), number(args[3])
    width, to, at = (s - r + 1, 0, r) if s >= r else (s + 1, bits - r, 0)
    mask = (1 << width) - 1

    def value(t):
        field = t.r[n] >> at & mask
        if op == "sbfm":
            return signed(field, width) << to
        return field << to | (t.r[d] & ~(mask << to) if op == "bfm" else 0)
    return setter(d, bits, [n, d] if op == "bfm" else [n], value)


def three(op, args):
    d, bits = register(args[0])
    regs = [register(a)[0] for a in args[1:]]
    part = (1 << register(args[1])[1]) - 1
    ops = {"madd": lambda a, b, c: a * b + c, "msub": lambda a, b, c: c - a * b,
           "umaddl": lambda a, b, c: (a & part) * (b & part) + c, "umulh": lambda a, b: a * b >> 64,
           "udiv": lambda a, b: (a & part) // (b & part) if b & part else 0,
           "lslv": lambda a, b: a << b % bits, "lsrv": lambda a, b: (a & part) >> b % bits,
           "rbit": lambda a: int(f"{a & part:0{bits}b}"[::-1], 2),
           "clz": lambda a: bits - (a & part).bit_length()}
    return setter(d, bits, regs, lambda t: ops[op](*[t.r[n] for n in regs]))


def extract(op, args):
    d, bits = register(args[0])
    (high, _), (low, _), at = register(args[1]), register(args[2]), number(args[3])
    del op
    return setter(d, bits, [high, low], lambda t: (t.r[low] & (1 << bits) - 1) >> at |
                  t.r[high] << (bits - at))


def select(op, args):
    d, bits = register(args[0])
    a, b = register(args[1])[0], register(args[2])[0]
    other = {"csel": lambda x: x, "csinc": lambda x: x + 1, "csinv": lambda x: ~x,
             "csneg": lambda x: -x}[op]

    def run(t):
        taken = condition(args[3], t.flags)
        n = a if taken else b
        value, view = t.r[n] if taken else other(t.r[n]), max(t.v[n], t.flags_view)
        t.r[d], t.v[d] = value & (1 << bits) - 1, view
        t.r[ZR] = t.v[ZR] = 0
        t.pc += 4
    return run


def compare(op, args):
    a, bits = register(args[0])
    b, used = operand(args[1:2], bits)
    otherwise = tuple(number(args[2]) >> i & 1 for i in (3, 2, 1, 0))

    def run(t):
        if condition(args[3], t.flags):
            how = (~b(t), 1) if op == "ccmp" else (b(t), 0)
            t.flags = add_flags(t.r[a], *how, bits)[1]
        else:
            t.flags = otherwise
        t.flags_view = max([t.flags_view, t.v[a], *[t.v[n] for n in used]])
        t.pc += 4
    return run


# ---- branches ----

def branch(op, args):
    if op in ("ret", "br", "blr"):
        n = register(args[0])[0] if args else 30
        link = op == "blr"

        def run(t):
            to = t.r[n]
            t.branch_view = max(t.branch_view, t.v[n])
            if link:
                t.r[30], t.v[30] = t.pc + 4, 0
            t.pc = to
        return run
    to = int(args[-1].split()[0], 16)
    if op in ("b", "bl"):
        def run(t):
            if op == "bl":
                t.r[30], t.v[30] = t.pc + 4, 0
            t.pc = to
        return run
    if op.startswith("b."):
        def run(t):
            t.branch_view = max(t.branch_view, t.flags_view)
            t.pc = to if condition(op[2:], t.flags) else t.pc + 4
        return run
    n, bits = register(args[0])
    mask = 1 << number(args[1]) if op[0] == "t" else (1 << bits) - 1
    wants = op in ("cbnz", "tbnz")

    def run(t):
        t.branch_view = max(t.branch_view, t.v[n])
        t.pc = to if bool(t.r[n] & mask) == wants else t.pc + 4
    return run


# ---- memory ----

def address(text, after, size):
    """A function that gives address and view, and writes the base back where that is due."""
    inside = [p.strip() for p in text.rstrip("!").strip("[]").split(",")]
    base, _ = register(inside[0])
    offset, used = operand(inside[1:], 64) if len(inside) > 1 else ((lambda t: 0), [])
    step = number(after) if after else 0
    del size

    def where(t):
        at = (t.r[base] + offset(t)) & M64
        view = max([t.v[base], *[t.v[n] for n in used]])
        if text.endswith("!"):
            t.r[base] = at
        elif after:
            t.r[base] = (at + step) & M64
        return at, view
    return where


def plain(op, args):
    """ldr, str and their kin; pairs are two accesses, of which the first does not go on."""
    pair = op in ("ldp", "stp", "ldnp", "stnp")
    regs = [register(a) for a in args[:2 if pair else 1]]
    rest = args[len(regs):]
    size = {"b": 1, "h": 2, "w": 4}.get(op[-1]) if op not in ("ldp", "stp") else None
    size = size or regs[0][1] // 8
    where = address(rest[0], rest[1] if len(rest) > 1 else None, size)
    one = Memory("load" if op[0] == "l" else "store", size, regs[0][0], where,
                 acquire="strong" if op.startswith("lda") and "ap" not in op else
                 "weak" if op.startswith("ldap") else None,
                 release=op.startswith("stl"), signed="s" in op[3:5] and op[0] == "l" and
                 re.match(r"ld(u|t|ap)?u?rs", op) is not None, wide=regs[0][1])
    if not pair:
        return one

    def second(t):
        at, view = t.pair
        return (at + size) & M64, view

    def first(t):
        t.pair = where(t)
        return t.pair
    return one._replace(address=first), one._replace(address=second, reg=regs[1][0])


def exclusive(op, args):
    status = register(args[0])[0] if op[0] == "s" else None
    reg, bits = register(args[1 if op[0] == "s" else 0])
    size = {"b": 1, "h": 2}.get(op[-1], bits // 8)
    return Memory("load" if op[0] == "l" else "store", size, reg, address(args[-1], None, size),
                  acquire="strong" if op.startswith("lda") else None, release=op.startswith("stl"),
                  exclusive=True, status=status, wide=bits)


CHANGES = {"ldadd": lambda old, new: old + new, "ldclr": lambda old, new: old & ~new,
           "ldset": lambda old, new: old | new, "ldeor": lambda old, new: old ^ new,
           "swp": None, "cas": None}


def atomic(op, args):
    name, how = re.match(r"(ldadd|ldclr|ldset|ldeor|swp|cas)(a?l?)", op).groups()
    with_, bits = register(args[0])
    reg, _ = register(args[1])
    size = {"b": 1, "h": 2}.get(op[-1], bits // 8)
    # CAS compares with, and returns in, its first register; the others return in the second.
    return Memory("rmw", size, reg, address(args[2], None, size), acquire="strong" if "a" in how and
                  (reg != ZR or name == "cas") else None, release="l" in how,
                  change=(name, CHANGES[name]), status=with_, wide=bits)


# ---- system ----

HLT = {0x100: "walk_load", 0x101: "walk_store", 0x102: "interrupt", 0x103: "walk_fetch"}


def system(op, args):
    def skip(t):
        t.pc += 4
    if op in ("dmb", "dsb", "isb"):
        domain = args[0] if args else "sy"
        return Memory("barrier", change=(op, domain[-2:] if domain[-2:] in ("st", "ld") else ""))
    if op == "mrs":
        d = register(args[0])[0]
        return setter(d, 64, [], lambda t: t.system.get(args[1], 0))
    if op == "msr":
        if args[0].startswith("#") or not is_register(args[1]):
            return skip
        n = register(args[1])[0]
        if args[0] == "icc_sgi1r_el1":
            return Memory("sgi", reg=n)

        def write(t):
            t.system[args[0]] = t.r[n]
            t.pc += 4
        return write
    if op == "sys":
        which = number(args[0]), number(args[2][1:]), number(args[3])
        return Memory("tlbi", change=which) if args[1].lower() == "c8" else skip
    if op == "hlt":
        return Memory(HLT[number(args[0])])
    return skip  # hint: WFE, SEVL, YIELD, BTI


def adr(op, args):
    d, _ = register(args[0])
    to = int(args[1].split()[0], 16)
    del op
    return setter(d, 64, [], lambda t: to)


FORMS = [
    (r"(add|sub|and|bic)s?|orr|eor|orn|eon", arithmetic), (r"mov[znk]", move_wide),
    (r"[us]?bfm", bitfield), (r"extr", extract),
    (r"m(add|sub)|umaddl|umulh|udiv|ls[lr]v|rbit|clz", three),
    (r"cs(el|inc|inv|neg)", select), (r"ccm[pn]", compare),
    (r"b|bl|b\.\w+|ret|br|blr|t?cbn?z|tbn?z", branch), (r"adrp?", adr),
    (r"(ld|st)l?a?xr[bh]?", exclusive), (r"(ldadd|ldclr|ldset|ldeor|swp|cas)a?l?[bh]?", atomic),
    (r"ld(u|t|a|ap|apu)?r?s?[bhw]?|ldn?p|st(u|t|l)?r[bhw]?|stn?p|ldur\w*|stur\w*|ldr\w*", plain),
    (r"dmb|dsb|isb|mrs|msr|sys|hlt|hint|prfm|nop|wfe|sevl|bti|yield|clrex", system)]


def instruction(op, text):
    text = re.sub(r"\s*(//|<).*", "", text)
    args = split(text)
    if op == "brk":
        return Memory("fails")
    for form, build in FORMS:
        if re.fullmatch(form, op):
            return build(op, args)
    raise SystemExit(f"tests/litmus/a64.py: no such instruction yet: {op} {text}")


class Program(dict):
    """Instructions by address, made when they are reached."""

    def __init__(self, listing):
        super().__init__()
        self.text = dict(self.lines(listing))

    @staticmethod
    def lines(listing):
        for at, op, text in re.findall(r"(?m)^\s*([0-9a-f]+):\t(\S+)(.*)$", listing):
            yield int(at, 16), (op, text.strip())

    def __missing__(self, at):
        if at not in self.text:
            raise SystemExit(f"tests/litmus: no code at {at:#x}")
        op = instruction(*self.text[at])
        self[at] = (op,) if isinstance(op, Memory) else op
        return self[at]
