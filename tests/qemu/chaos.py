# SPDX-License-Identifier: Apache-2.0
"""The chaos guest (tests/guest/chaos.c) on two CPUs beside a victim that must not notice."""

import re

import devices
from partitions import bare_metal, passthrough

ICOUNT = ["-icount", "shift=0,sleep=off"]
TALK = {"compatible": "tocsin,channel", "tocsin,partitions": ["victim", "chaos"], "tocsin,size": 64}
CHANNELS = {"talk": TALK, "publish": {**TALK, "tocsin,access": ["rw", "ro"]}}
# It lives again whatever ends it, and at once.
AGAIN = {"tocsin,on-fault": "restart", "tocsin,on-off": "restart", "tocsin,restart-backoff-ms": 0,
         "tocsin,watchdog": True}
# ns that the victim's timer may be late on one CPU in exact time: three slices of others.
LATE = 3 * 1_000_000_000 // 256
PAGED = {"tocsin,paged": True, "tocsin,resident": 1024, "tocsin,far-latency-us": 20, "tocsin,far-jitter-us": 20,
         "tocsin,read-ahead": 2}


# Interrupts without a device, and a device with one.
DEVICES = passthrough(devices.LINES_NODE, *devices.CLOCK_NODES)
# In windows, of which the victim has one on its CPU; on a pager; by an operator, too.
FRAME = {"tocsin,major-frame-us": 4000}
VICTIM_TIME = {"tocsin,windows": [0, 1000]}
CHAOS_TIME = {"tocsin,windows": [1000, 3000]}
PAGER = bare_metal("pager", "pagertest", [1], memory="24M", props={"tocsin,priority": 200})
SERVED = {"tocsin,paged": True, "tocsin,resident": 1024, "tocsin,pager": "pager", "tocsin,pager-slots": 16}


def operator():
    """Console steps: every command of the monitor, and what chaos is sent."""
    commands = ["status\x7f\x7f\x15status\x03help", "status", "regs chaos", "stage2 chaos", "crash chaos",
                "paging chaos", "audit", "log", "output victim", "console focus", "console lines", "stop chaos",
                "start chaos", "restart chaos", "none", "quit"]
    yield r"chaos: seed", "\x1dm"
    yield from ((r"tocsin> ", command + "\r") for command in commands)
    yield r"chaos: seed", "\x1d1what chaos is sent\r\x1dm"
    yield r"tocsin> ", "focus chaos\r"


def case(seed, operations, gic, cpu="cortex-a57", kind="", exact=True, cpus=(0, 1), timeout=240):
    """Ends the machine when the victim has judged. kind: "paged", "pager", "windows", "operator" or none."""
    patience = 30 if exact else 500
    windows = kind == "windows"
    props = {**AGAIN, **{"paged": PAGED, "pager": SERVED, "windows": CHAOS_TIME}.get(kind, {})}
    name = "-".join(["chaos", str(seed), *filter(None, [kind])])
    late = f" late={LATE}" if exact and max(cpus) == 0 else ""
    end = rf"(?s)(?=.*PASS chaos seed {seed} )(?=.*PASS victim-memory)(?=.*PASS victim-interrupts)"

    def enough(text):
        done = re.findall(rf"PASS chaos seed {seed} life \d+ operations (\d+)", text)
        return None if done and int(done[-1]) >= operations else f"{done} operations, not {operations}"

    return {"name": f"{name}.{cpu}.gic{gic}{'' if exact else '.free'}",
            "gic": gic, "cpu": cpu, "smp": max(cpus) + 1, "mem": "256M", "timeout": timeout, "check": enough,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "],
            "expect": [*(operator() if kind == "operator" else ()), end],
            "qemu": ICOUNT if exact else [], "chosen": {**(FRAME if windows else {}), **CHANNELS},
            "partitions": [
                bare_metal("victim", "victim", [0], "follow" + late,
                           props={"tocsin,on-off": "stop-all", **(VICTIM_TIME if windows else {})}),
                bare_metal("chaos", "chaos", cpus, f"seed={seed} ops={operations} patience={patience}" + " exact" * exact,
                           memory="16M" if kind in ("paged", "pager") else "4M", tree=DEVICES, props=props),
                *([PAGER] if kind == "pager" else [])]}


# The same each time.
EXACT = [
    case(1, 25_000, "2", cpus=(0, 0)),
    case(2, 25_000, "3", cpu="max", cpus=(0, 0)),
    case(3, 12_000, "3"),
]
CASES = [
    *EXACT,
    case(4, 40_000, "3", exact=False),
    case(5, 20_000, "2", exact=False, kind="paged"),
]


def long(part=1):
    """What tools/chaos runs ("make soak"): ten million operations in all, or that part of them."""
    def of(seed, operations, gic, **more):
        return case(seed, operations // part, gic, exact=False, timeout=1800, **more)

    return [
        of(10, 3_000_000, "3"),
        of(11, 2_500_000, "2"),
        of(12, 1_500_000, "3", cpu="max"),
        of(13, 500_000, "3", kind="paged"),
        of(14, 500_000, "2", cpu="max", kind="paged"),
        of(15, 500_000, "3", kind="pager"),
        of(16, 500_000, "3", kind="windows"),
        of(17, 500_000, "2", cpus=(0, 0)),
        of(18, 500_000, "3", kind="operator"),
    ]
