# SPDX-License-Identifier: Apache-2.0
"""Partitions whose pages another partition keeps (docs/pager.md): tests/guest/pagertest.c, which
is told by a second channel how to misbehave, and guest/examples/pager.c with a disk."""

import devices
import neighbour
import paging
from partitions import bare_metal

ICOUNT = ["-icount", "shift=0,sleep=off"]
# The pager runs before who is served, so that in exact time there is one order of things only.
FIRST = {"tocsin,priority": 200}
CONTROL = {"compatible": "tocsin,channel", "tocsin,partitions": ["paged", "pager"], "tocsin,size": 16 * 1024 + 64}


def served(resident=1024, slots=16, **more):
    """Properties of who is served."""
    return {"tocsin,paged": True, "tocsin,resident": resident, "tocsin,pager": "pager", "tocsin,pager-slots": slots,
            **{f"tocsin,{name.replace('_', '-')}": value for name, value in more.items()}}


def case(name, program, gic, props, cpu="cortex-a57", vcpus=(0,), pager_args="", beside=(), chosen=None, memory="8M",
         **more):
    """That program, its pager on the same CPU, and those beside."""
    return {"name": f"pager-{name}.{cpu}.gic{gic}", "gic": gic, "cpu": cpu, "smp": 1, "mem": "256M", "timeout": 240,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "expect": [r"DONE\n"], "qemu": ICOUNT, "stop": True,
            "chosen": chosen or {},
            "partitions": [bare_metal("paged", program, vcpus, memory="16M", props=props),
                           bare_metal("pager", "pagertest", [0], pager_args, memory=memory, props=FIRST), *beside],
            **more}


def told(name, program, gic, props, **more):
    """With the channel by which the pager is told."""
    return case(name, program, gic, props, chosen={"control": CONTROL}, **more)


def all_of(*seen):
    """In any order."""
    return ["(?s)" + "".join(f"(?=.*{text})" for text in seen)]


# A third partition, which sleeps until set times, and by how many ns it may be late.
LATE = 20000
THIRD = bare_metal("third", "neighbour", bootargs=f"period={neighbour.PERIOD} samples=300 late={LATE}",
                   props={"tocsin,priority": 220})

# A disk that begins empty and is forgotten.
EMPTY = ["-drive", "if=none,id=pages,driver=raw,file.driver=null-co,file.size=64M,file.read-zeroes=on,snapshot=on",
         "-device", "virtio-blk-device,drive=pages"]


def disk(name, gic, *qemu, **more):
    """Two partitions whose pages one pager has on its disk; it is started anew in the middle."""
    def keeps(epoch):
        return all_of(*(rf"pager: {who}: 4096 pages .*, keeps epoch {epoch}\n" for who in ("left", "right")))

    def rounds(first):
        return all_of(*(rf"\[{who}\]\S* round {first + 1}\n" for who in ("left", "right")))

    return {"name": f"pager-disk-{name}", "gic": gic, "smp": 2, "mem": "256M", "timeout": 120, "stop": True,
            "reject": [r"(?m)^tocsin: error: panic", r"FAIL "], "qemu": [*qemu, *EMPTY],
            "expect": [*keeps(0), (*rounds(0), "\x1dmrestart pager\rquit\r"), *keeps("[1-9]"), *rounds(7)],
            "partitions": [bare_metal("left", "pagedwalk", [0], memory="16M", props=served()),
                           bare_metal("right", "pagedwalk", [1], memory="16M", props=served()),
                           bare_metal("pager", "pager", [1], memory=[(0x44000000, 8 << 20)], direct=True,
                                      tree=devices.TRANSPORTS, props=FIRST)], **more}


# As many slots as there can be, and the pager says hello all the time.
LARGEST = case("largest", "pagedmany", "3", served(6144, 256, on_off="stop-all"), vcpus=paging.MANY, smp=paging.CPUS,
               pager_args="latency=40 hello=700", memory="24M", expect=[r"once\n", r"again\n", r"DONE\n"])
LARGEST["partitions"][0]["bootargs"] = f"vcpus={len(paging.MANY)}"

STOPS = {"on_page_loss": "stop", "on_fault": "restart", "restart_limit": 1}
CASES = [
    *[told("apfpager", "apfpager", gic, served(slots=4, pager_timeout_ms=50), cpu=cpu, vcpus=(0, 0))
      for gic, cpu in (("2", "cortex-a57"), ("3", "max"))],
    *[told("apfhostile", "apfhostile", gic, served(pager_timeout_ms=0), cpu=cpu,
           expect=[(r"DONE\n", "\x1dmpaging paged\r"), r"pager pager: heard", r"strange [1-9]"])
      for gic, cpu in (("2", "max"), ("3", "cortex-a57"))],
    told("stop", "apfstop", "3", served(pager_timeout_ms=20, **STOPS),
         expect=[r"partition paged: stopped after a fault, restart 1", r"PASS 42 stop", r"DONE\n"]),
    *[told(f"third-{program}", program, "2", served(pager_timeout_ms=20, **more), beside=[THIRD],
           expect=all_of("PASS neighbour", "PASS " + seen))
      for program, seen, more in (("apfhostile", "44 forgetting", {}), ("apfstop", "42 stop", STOPS))],
    # What is tested with far memory, with a pager.
    *[case(program, program, gic, served(slots=128), pager_args="latency=1000", memory="24M", soak=program == "apf")
      for program, gic in (("apf", "3"), ("apfreset", "2"))],
    LARGEST,
    disk("legacy", "2"),
    disk("modern", "3", "-global", "virtio-mmio.force-legacy=false"),
]
