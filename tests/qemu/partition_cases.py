# SPDX-License-Identifier: Apache-2.0
"""A hostile partition (tests/guest/attack*.c) beside one that must not notice (victim.c).

Under icount one instruction of any CPU is one nanosecond and a run is the same each
time: the attack ends, then the victim. Without, CPUs run at the same time: the attack
goes on until the victim has judged.
"""

import re
import subprocess

import chaos
import devices
import pagers
import paging
from partitions import bare_metal

ICOUNT = ["-icount", "shift=0,sleep=off"]
# Name, program, does it need a second vCPU.
ATTACKS = [("ipa", "attack", False), ("calls", "attack", False), ("sysregs", "attack", False),
           ("registers", "attackgic", False), ("sgis", "attackgic", True), ("unacked", "attackgic", True),
           ("cpus", "attackgic", True), ("uart", "attackgic", False), ("console", "attackgic", False),
           ("channel", "attackchannel", False)]
# For the last: one whose memory both may write to, one where only the victim may.
TALK = {"compatible": "tocsin,channel", "tocsin,partitions": ["victim", "attack"], "tocsin,size": 64}
CHANNELS = {"talk": TALK, "publish": {**TALK, "tocsin,access": ["rw", "ro"]}}
DEATHS = ["reset", "fault", "off"]
# The CPUs of the victim and of the attack, on a machine with so many.
PLACES = {"same": (1, [0], [0, 0]), "apart": (2, [1], [0, 0]), "across": (2, [0], [0, 1]),
          "around": (4, [3], [0, 1, 2]), "beside": (2, [0], [1, 0]),
          # The largest there can be: vCPUs on the victim's CPU, and on two.
          "many": (1, [0], [0] * 120), "spread": (2, [0], [n % 2 for n in range(120)])}
VICTIM = [rf"PASS victim-{what}" for what in ("registers", "memory", "timer", "interrupts")] + ["DONE"]


def broken(text, name="victim"):
    """That text of a partition's, perhaps interrupted once: where the host is slow, a line of the
    console's focus may be (docs/console.md)."""
    return "|".join([text] + [rf"{text[:n]}\n(?:.*\n)*?\[{name}\]\+{text[n:]}" for n in range(1, len(text))])


TICKS = 1000
# Nanoseconds that the victim's timer may be late where it shares a CPU with two vCPUs of the
# attack: two slices of 1/256 s, and what Tocsin needs besides (tools/stretch).
LATE = 2 * 1_000_000_000 // 256 + 100_000


# By time windows: offsets and lengths in us, and how late the victim's timer may then be: as long
# as the attack's windows, and what it may be in the middle of.
FRAME = {"tocsin,major-frame-us": 10000}
VICTIM_TIME = {"tocsin,windows": [0, 2000, 5000, 2000]}
ATTACK_TIME = {"tocsin,windows": [2000, 3000, 7000, 3000]}
WINDOW_LATE = 3_000_000 + 50_000


# More important than the attack; its own time, in which it never waits, and the attack's if it does.
FIRST = {"tocsin,priority": 200}
GENEROUS = {"tocsin,windows": [0, 5000], "tocsin,donate-slack": True}


def case(name, place, program, bootargs, gic, ticks=TICKS, late="", windows=False, props=None, guarded=None, **more):
    """The attack is tests/guest/PROGRAM.c with these bootargs. props: the victim's; guarded: the attack's."""
    smp, victim_cpus, cpus = PLACES[place]
    partitions = [bare_metal("victim", "victim", victim_cpus, f"ticks={ticks}{late}",
                             props=VICTIM_TIME if windows else props or {}),
                  bare_metal("attack", program, cpus, bootargs,
                             tree=devices.MANY_LINES if len(cpus) > 8 else devices.LINES,
                             props={**(guarded or {}), **(ATTACK_TIME if windows else {})})]
    return {"name": f"{name}.{place}.gic{gic}", "gic": gic, "smp": smp, "mem": "256M", "timeout": 120,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "partitions": partitions,
            "chosen": {**(FRAME if windows or props is GENEROUS else {}),
                       **(CHANNELS if program == "attackchannel" else {})}, **more}


def attack(name, program, place, gic):
    """Until the victim is through."""
    return case(f"attack-{name}", place, program, f"only={name} forever", gic,
                expect=[broken(text) for text in VICTIM], stop=True)


def exact(name, program, place, gic):
    """Once, to its end, in the machine's own time."""
    return case(f"exact-{name}", place, program, f"only={name}", gic, ticks=2000,
                late=f" late={LATE}",
                expect=[rf"PASS {name}", "partition attack: powered off", *VICTIM, "partition victim: powered off"],
                qemu=ICOUNT)


def exact_max(name, program):
    """The same on a CPU with SVE and more that a guest is not offered."""
    return {**exact(name, program, "same", "3"), "name": f"exact-{name}.max", "cpu": "max"}


def contended(name, place, gic, **more):
    """On two CPUs that run at the same time, once."""
    return case(f"contended-{name}", place, "attackgic", f"only={name}", gic,
                expect=[rf"PASS {name}", "partition attack: powered off", *VICTIM, "partition victim: powered off"],
                **more)


def window(name, program, gic):
    """The same by time windows, until the victim is through. QEMU is slow at what sysregs does."""
    forever = "" if name == "sysregs" else " forever"
    return case(f"window-{name}", "same", program, f"only={name}{forever}", gic,
                ticks=400, windows=True, late=f" late={WINDOW_LATE}", expect=VICTIM, stop=True, qemu=ICOUNT)


def left_alone(text, ticks):
    """That the victim's vCPU on the first CPU was not interrupted for others, by the monitor's status: its
    timer, twice a tick where EL2 ends interrupts, and what has a rate of at most 1/1024 s."""
    found = re.search(r"0 victim: [\s\S]*?vCPU 0 on cpu0: \w+, ([\d.]+) s\n[\s\S]*?exits .*interrupts (\d+) ", text)
    if not found:
        return "the monitor says nothing of the victim"
    most = 2 * ticks + 50 + 1100 * float(found[1])
    return None if int(found[2]) <= most else f"the victim was interrupted {found[2]} times, {most:.0f} are allowed"


def calls(name, gic, props=FIRST, guarded=None, program="attackgic", bootargs=None):
    """From the attack's vCPU on the second CPU at its sibling on the first, which the victim has."""
    return case(f"calls-{name}", "beside", program, bootargs or f"only={name} forever", gic, ticks=400, props=props,
                guarded=guarded, check=lambda text: left_alone(text, 400),
                expect=[*[broken(text) for text in VICTIM[:-1]], (broken(VICTIM[-1]), "\x1dmstatus\r"),
                        r"0 victim: ", r"vCPU 0 on cpu0: ", r"exits .*\n"], stop=True)


def death(how, place, gic):
    said = {"reset": r"partition attack: reset", "fault": r"partition attack: stopped after a fault",
            "off": r"partition attack: powered off"}[how]
    return case(f"death-{how}", place, "attackdie", how, gic,
                expect=[said, *VICTIM], stop=True, qemu=ICOUNT)


def hang(how, place, gic, **more):
    """It hangs; its watchdog restarts it twice and then gives up."""
    again = [r"hanging\n", *([r"told\n"] if how == "event" else []), r"vCPU [01] stopped: watchdog expired at pc 0x4"]
    return case(f"hang-{how}", place, "watchdog", f"hang={how}", gic, guarded={
        "tocsin,watchdog": True, "tocsin,on-fault": "restart", "tocsin,restart-limit": 2,
        "tocsin,restart-backoff-ms": 5},
        expect=[*again, r"stopped by its watchdog, restart 1 in 5 ms", *again, r"restart 2 in 10 ms", *again,
                r"2 restarts are its limit\n.*partition attack: stopped by its watchdog\n", *VICTIM],
        qemu=ICOUNT, stop=True, **more)


def sdei(smp, gic):
    """Two partitions with events of the same numbers on vCPUs of the same MPIDRs."""
    seen = "".join(rf"(?=[\s\S]*\[{name}\]\S*(?:{broken(' PASS 97 blind', name)})\n)" for name in ("left", "right"))
    return {"name": f"sdei-pair.smp{smp}.gic{gic}", "gic": gic, "smp": smp, "mem": "256M", "stop": True,
            "timeout": 120, "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "expect": [seen],
            "partitions": [bare_metal("left", "sdeipair", [0]), bare_metal("right", "sdeipair", [smp - 1])]}


def models():
    """The 64-bit CPUs of this QEMU's virt machine, whatever its version."""
    text = subprocess.run(["qemu-system-aarch64", "-M", "virt", "-cpu", "help"], capture_output=True, text=True).stdout
    names = re.findall(r"(?m)^ +(cortex-[axr]\d\S*|neoverse-\S+|a64fx|max)$", text)
    return [name for name in names if not re.match(r"cortex-(a(7|8|9|15|32)|r\w+)$", name)]


def leak(cpu, gic="3"):
    """What one partition writes into every register that there is, the other on the same CPU does not
    find; nor does it find it itself when it has been reset."""
    passed = "".join(rf"(?=[\s\S]*(?:{broken('PASS leak', name)}))" for name in ("first", "second"))
    return {"name": f"leak.{cpu}.gic{gic}", "cpu": cpu, "gic": gic, "smp": 1, "mem": "256M", "timeout": 60,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "],
            "partitions": [bare_metal("first", "leak", [0]), bare_metal("second", "leak", [0], "second")],
            "chosen": {"turns": {"compatible": "tocsin,channel", "tocsin,partitions": ["first", "second"],
                                 "tocsin,size": 16}},
            "expect": ["partition second: reset", passed], "stop": True}


GICS = ["2", "3"]
LEAKS = [*[leak(cpu) for cpu in models()], leak("max", "2")]
HANGS = [
    *[hang(how, "same", gic, windows=True, late=f" late={WINDOW_LATE}")
      for how, gic in (("spin", "2"), ("wait", "3"), ("event", "3"))],
    hang("spin", "across", "3"),
]
EXACT = [exact(name, program, "same", gic) for name, program, _ in ATTACKS for gic in GICS]
EXACT += [exact_max("sysregs", "attack")]
# Every page.
FINE = case("exact-ipa-fine", "same", "attack", "only=ipa fine", "3", ticks=12000,
            late=f" late={LATE}", expect=["PASS ipa", *VICTIM], qemu=ICOUNT, soak=True, timeout=600)
# "keeper": its watchdog, looked after by the first CPU, has the shortest period.
CALLS = [*[calls(name, gic) for name in ("siblings", "lines") for gic in GICS],
         calls("siblings-window", "2", GENEROUS, bootargs="only=siblings forever"),
         calls("lines-window", "3", GENEROUS, bootargs="only=lines forever"),
         calls("keeper", "3", guarded={"tocsin,watchdog": True, "tocsin,on-fault": "restart"}),
         *[calls("reset", gic, program="attackdie", bootargs="forever") for gic in GICS]]
DEATH = [death(how, place, gic) for how in DEATHS for place in ("same", "across") for gic in GICS]
LARGEST = [death(how, "many", "3") for how in ("reset", "off")] + [death("reset", "spread", "3")]
CASES = [
    *EXACT,
    *[attack(name, program, place, gic) for name, program, smp in ATTACKS for gic in GICS
      for place in (["apart", "across", "around"] if smp else ["apart"])],
    *[window(name, program, gic) for name, program, _ in ATTACKS for gic in GICS],
    *CALLS,
    *DEATH,
    *LARGEST,
    *HANGS,
    *LEAKS,
    *[sdei(smp, gic) for smp in (1, 2) for gic in GICS],
    FINE,
    *devices.CASES,
    *paging.CASES,
    *pagers.CASES,
    *chaos.CASES,
]
# Two CPUs want the same locks, of the attack and of the machine; with LSE and without.
CONTENDED = [contended(name, place, gic, cpu=cpu) for name, place in (("sgis", "across"), ("console", "apart"))
             for gic, cpu in (("2", "cortex-a57"), ("3", "cortex-a76"))]
# What tools/stretch measures: it ends, in exact time but for CONTENDED.
COUNTED = EXACT + DEATH + LARGEST + HANGS + paging.EXACT + [pagers.LARGEST] + CONTENDED
