# SPDX-License-Identifier: Apache-2.0
"""Partitions with paged memory: guests of ours that know nothing of it, and tests/guest/apf*.c,
which are told. In exact time: a load takes so many instructions."""

import neighbour
from partitions import bare_metal

ICOUNT = ["-icount", "shift=0,sleep=off"]


def paged(resident, latency_us, **more):
    """Properties: KiB that are resident, and what a load takes."""
    return {"tocsin,paged": True, "tocsin,resident": resident, "tocsin,far-latency-us": latency_us,
            **{f"tocsin,{name.replace('_', '-')}": value for name, value in more.items()}}


def case(name, program, gic, props, cpu="cortex-a57", vcpus=(0,), smp=1, **more):
    return {"name": f"paged-{name}.{cpu}.gic{gic}", "gic": gic, "cpu": cpu, "smp": smp, "mem": "256M", "timeout": 120,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "expect": [r"DONE\n"],
            "partitions": [bare_metal("paged", program, vcpus, memory="16M", props=props)], **more}


# How many ns late a neighbour may be: as its window opens, within that, and by priority. Within it
# nothing of others happens; else there is what Tocsin does about one page at most.
OPENS, WITHIN, ANY = 11000, 1700, 11000


def storm(name, windows, gic, cpu="cortex-a57", **props):
    """A neighbour beside absent pages, as many as there can be."""
    late = f"late={OPENS}:{WITHIN}:{WITHIN}" if windows else f"late={ANY}"
    other = neighbour.storm({"tocsin,far-latency-us": 20, "tocsin,far-jitter-us": 20, **props}, "stored")
    return {"name": f"paged-storm-{name}.{cpu}.gic{gic}", "gic": gic, "cpu": cpu, "mem": "256M", "timeout": 120,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "expect": [r"PASS neighbour", r"DONE\n"],
            **neighbour.system(windows, other, f"samples=300 {late}")}


GICS = ["2", "3"]
CASES = [
    *[case(name, name, gic, paged(1024, 1000), cpu, qemu=ICOUNT)
      for name in ("apf", "apfaccess", "apfevent", "apfrace") for gic in GICS for cpu in ("cortex-a57", "max")],
    # The same, and with another vCPU on that CPU.
    *[case("apfrace-two", "apfrace", gic, paged(1024, 1000), cpu, vcpus=(0, 0), qemu=ICOUNT)
      for gic, cpu in (("2", "cortex-a57"), ("3", "max"))],
    *[case("apfsmp", "apfsmp", gic, paged(1024, 200, far_jitter_us=100), vcpus=(0, 1), smp=2) for gic in GICS],
    *[case(f"apfreset-{len(vcpus)}", "apfreset", gic, paged(1024, 1000), vcpus=vcpus, qemu=ICOUNT)
      for gic in GICS for vcpus in ((0,), (0, 0))],
    # No more than one instruction of each vCPU needs.
    *[case(f"least-{program}", program, gic, paged(104, 20, far_jitter_us=20, read_ahead=2))
      for program, gic in (("timer", "2"), ("fp", "2"), ("sysregs", "3"))],
    *[case("smp", program, gic, paged(272, 20, far_jitter_us=20), vcpus=(0, 1), smp=2)
      for program, gic in (("psci", "2"), ("psci", "3"))],
    # The monitor proves that nobody else reaches the frames, while pages come and go.
    case("audit", "pagedwalk", "3", {}, smp=2, stop=True,
         partitions=[bare_metal(name, "pagedwalk", [cpu], memory="16M", props=paged(4096, 20))
                     for cpu, name in enumerate(("this", "that"))],
         expect=[(r"\[this\] round 1\n", "\x1dmaudit\r"), r"\d stretches of 2 partitions, 0 breaches"]),
    case("least-smp", "timer", "3", paged(192, 20, far_jitter_us=20), vcpus=(0, 1), smp=2),
    *[storm("windows", True, gic, cpu) for gic, cpu in (("2", "max"), ("3", "cortex-a57"))],
    *[storm("priority", False, gic) for gic in GICS],
    storm("ahead", False, "3", **{"tocsin,read-ahead": 64}),
]
# As many vCPUs as there can be.
EIGHT = [i % 8 for i in range(120)]
CASES.append(case("many", "pagedmany", "3", {}, smp=8, qemu=ICOUNT, partitions=[
    bare_metal("paged", "pagedmany", EIGHT, f"vcpus={len(EIGHT)}", memory="16M", props=paged(11 * 1024, 20))],
    expect=[r"once\n", r"partition paged: reset", r"again\n", r"DONE\n"]))
# And as many frames, but few vCPUs on a CPU: what their number costs there is not paging's.
CPUS = 2
MANY = [0, 1, 1, 1]
LARGEST = case("largest", "pagedmany", "3", {}, smp=CPUS, qemu=ICOUNT, mem="768M", partitions=[
    bare_metal("paged", "pagedmany", MANY, f"vcpus={len(MANY)}", memory="272M", props=paged(256 * 1024, 20))],
    expect=[r"once\n", r"partition paged: reset", r"again\n", r"DONE\n"])
CASES.append(LARGEST)
# For tools/stretch.
EXACT = [c for c in CASES if c["name"].startswith(("paged-apf.cortex-a57", "paged-apfevent.cortex-a57",
                                                  "paged-storm-ahead", "paged-largest"))]
