# SPDX-License-Identifier: Apache-2.0
"""A partition that sleeps until set times (tests/guest/neighbour.c) beside another one on its CPU,
in its own time of each frame or by priority; under icount, what it says of how late it was is
exact. Shared by the tests and tools/bench-paging.
"""

import re

from partitions import bare_metal

FRAME, OWN, OTHERS = 1000, [0, 300], [300, 700]  # us
PLACES = (0, 100, 200)  # in its own time: as its window opens, and within
PERIOD = 997  # us, without windows: meets every part of what the other one does
EXACT = ["-icount", "shift=0,sleep=off"]
LATE = re.compile(r"LATE at (\d+) us: least (\d+), half (\d+), 99% (\d+), worst (\d+) ns, of (\d+)")


def storm(props, bootargs=""):
    """A partition with 16 MiB that goes through them, of which 1 MiB is resident."""
    return bare_metal("storm", "storm", bootargs=bootargs, memory="16M",
                      props={"tocsin,paged": True, "tocsin,resident": 1024, **props})


def system(windows, other, bootargs):
    """Partitions and more of the machine; bootargs: of the one that sleeps."""
    times = f"period={FRAME} at={':'.join(map(str, PLACES))}" if windows else f"period={PERIOD}"
    own, others = ({"tocsin,windows": OWN}, {"tocsin,windows": OTHERS}) if windows else ({"tocsin,priority": 200}, {})
    first = bare_metal("neighbour", "neighbour", bootargs=f"{times} {bootargs}",
                       props={"tocsin,on-off": "stop-all", **own})
    return {"partitions": [first, {**other, "props": {**other.get("props", {}), **others}}], "smp": 1, "qemu": EXACT,
            "chosen": {"tocsin,major-frame-us": FRAME} if windows else {}}
