# SPDX-License-Identifier: Apache-2.0
"""Two Debian guests, alpha and beta, and a small real-time guest, clock, on one machine; and a
script that kills and restarts one after the other over the console. tools/run-partitions shows
it, tests/qemu/linux_cases.py judges it.

With 4 CPUs the vCPUs have one each; with fewer they share, on one CPU by time windows.
"""

import re

from partitions import bare_metal

# Windows need a machine whose time does not run away while the host does something else: an
# instruction takes 2 ns, and where time must be exact, waiting takes none of the host's.
COUNTED = ["-icount", "shift=1"]
EXACT = ["-icount", "shift=1,sleep=off"]
FRAME_US = 10_000
WINDOWS = {"clock": [0, 1000], "alpha": [1000, 4500], "beta": [5500, 4500]}


def debian(name, cpus):
    # A kernel that panics restarts at once.
    return {"name": name, "cpus": cpus, "memory": "256M", "kernel": "build/debian/linux/Image",
            "initrd": "build/initrd.cpio.gz", "bootargs": "console=ttyAMA0 panic=-1",
            "props": {"tocsin,on-fault": "restart"}}


def clock(cpu):
    return bare_metal("clock", "periodic", [cpu], props={"tocsin,priority": 200, "tocsin,on-fault": "restart"})


def system(smp):
    """Fields of Machine for so many CPUs."""
    if smp >= 4:
        partitions = [debian("alpha", [0, 1]), debian("beta", [2]), clock(3)]
    else:
        partitions = [debian("alpha", [0]), debian("beta", [smp - 1]), clock(0)]
    if smp == 1:
        for partition in partitions:
            partition["props"]["tocsin,windows"] = WINDOWS[partition["name"]]
    return {"partitions": partitions, "smp": smp, "mem": "1G",
            "chosen": {"tocsin,major-frame-us": FRAME_US} if smp == 1 else {},
            "qemu": COUNTED if smp == 1 else []}


GUIDE = """\
Debian guests alpha and beta, and clock, which does something every 10 ms and says how late.
(On a busy host it is late, and misses ticks, because QEMU is: on a board it is not.)
  Ctrl-] a, b, c   who hears the keyboard: alpha, beta or clock
  Ctrl-] m         Tocsin's monitor: help, status, stop alpha, start alpha, crash clock, quit
  in a Debian      echo c >/proc/sysrq-trigger   its kernel panics, and it is started again
  in clock         c   it crashes, and is started again
  Ctrl-A x         ends QEMU
"""

KEY = "\x1d"
TICK = r"\[clock\]\S* \d+ ticks.*\n"
UP = r"\[{}\]\S* tocsin-guest: \d+ CPUs"
SHELL = r"\[{}\]\S*(?: .*)?/ # "


def prompt(name, after=""):
    """The shell of that Debian waits, once the console has shown that."""
    return after + r"(?s:.*?)" + SHELL.format(name)


# What the console shows, in this order; what is said to the audience then; what is typed.
STEPS = [
    (rf"(?s)(?=.*{UP.format('alpha')})(?=.*{UP.format('beta')})(?=.*\[clock\] \d+ ticks)",
     "All three are up. To beta: a shell variable, which is lost if beta is ever restarted", f"{KEY}b\r"),
    (prompt("beta", "console: beta"), None, "kept=beta; echo $kept-$((6 * 7))\r"),
    (r"\]\S* beta-42\n", "The monitor: who runs, and do all have memory of their own?", f"{KEY}m"),
    (r"tocsin> ", None, "status\r"),
    (r"alpha: running(.*\n)*.*beta: running(.*\n)*.*clock: running(.*\n)*tocsin> ", None, "audit\r"),
    (r"of 3 partitions, 0 breaches\n(.*\n)*tocsin> ", "First death: alpha's kernel panics", "focus alpha\r"),
    (r"console: alpha", None, "\r"),
    (SHELL.format("alpha"), None, "echo c >/proc/sysrq-trigger\r"),
    (rf"Kernel panic - not syncing: sysrq(?s:.*)partition alpha: reset(?s:.*){TICK}(?s:.*){UP.format('alpha')}",
     "Tocsin has started it again. Is beta still the same?", f"{KEY}b\r"),
    (prompt("beta", "console: beta"), None, "echo $kept-goes-on\r"),
    (r"\]\S* beta-goes-on\n", "Second death: alpha is stopped from the monitor", f"{KEY}m"),
    (r"tocsin> ", None, "stop alpha\r"),
    (r"alpha: stopped from the monitor", None, "status\r"),
    (r"alpha: stopped(.*\n)*.*beta: running(.*\n)*.*clock: running(.*\n)*tocsin> ", None, "quit\r"),
    (TICK, "The others go on. Now it is started again", f"{KEY}m"),
    (r"tocsin> ", None, "start alpha\r"),
    (r"tocsin> ", None, "quit\r"),
    (UP.format("alpha"), "It is back. And beta?", "\r"),
    (SHELL.format("beta"), None, "echo $kept-for-good\r"),
    (r"\]\S* beta-for-good\n", "Third death: clock branches to where nothing is", f"{KEY}cc"),
    (r"clock, vCPU 0 stopped: instruction abort(?s:.*)clock: stopped after a fault, restart 1 in "
     r"(?s:.*)\[clock\] 100 ticks", "It counts from the beginning. The monitor kept a report", f"{KEY}m"),
    (r"tocsin> ", None, "crash clock\r"),
    (r"clock, vCPU 0 stopped: instruction abort(.*\n)*tocsin> ", None, "status\r"),
    (r"alpha: running(.*\n)*.*beta: running(.*\n)*.*clock: running(.*\n)*tocsin> ", None, "quit\r"),
    (TICK, "That was all", ""),
]


def kept_time(text, exact):
    """A sentence if clock has not gone on until it was made to crash; exact: or was ever late by
    a whole period."""
    until = text.find("clock, vCPU 0 stopped")
    said = [(int(ticks), int(missed)) for ticks, missed in
            re.findall(r"\[clock\]\S* (\d+) ticks of 10 ms, (\d+) missed", text[:until])]
    if any(later[0] <= earlier[0] for earlier, later in zip(said, said[1:])):
        return "clock began anew when another was restarted"
    if exact and said[-1][1]:
        return f"clock was too late {said[-1][1]} times"
    return None
