# SPDX-License-Identifier: Apache-2.0
"""Direct-mapped partitions, and partitions that have devices of the machine."""

from partitions import bare_metal
from run import PANIC, matrix

MIB = 1 << 20
GICS = ["2", "3"]


def passthrough(*nodes):
    """Source of a partial tree with these nodes."""
    return ("/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>; passthrough { compatible = \"simple-bus\"; "
            "#address-cells = <2>; #size-cells = <2>; ranges;\n" + "\n".join(nodes) + "\n}; };")


def direct(name, base, program="loader", bootargs="", gicd=0x8000000, tree=None, **more):
    """A guest that tests, in given memory at the machine's own addresses."""
    at = base + 0x80000  # where a raw kernel goes
    return {"name": f"direct-{name}", "mem": "256M", "tests": True, "timeout": 60, "reject": PANIC,
            "partitions": [bare_metal("direct", program, [0, 0], memory=[(base, 32 * MIB)], direct=True, tree=tree,
                                      bootargs=f"base={at:#x} cpus=0x2 gicd={gicd:#x} {bootargs}")], **more}


# Interrupts without a device, as far as a guest can tell: it makes them pending itself.
LINES = passthrough('lines { xen,path = "/pl061@9030000"; interrupts = <'
                    + " ".join(f"0 {n} 4" for n in range(32, 64)) + ">; };")
DIRECT = [
    *[case for name in ("loader", "timer") for case in matrix(direct(name, 0x44000000, program=name), gic=GICS)],
    *matrix(direct("gicdeliver", 0x44000000, program="gicdeliver", tree=LINES), gic=GICS),
    *[direct(f"zcu102-{name}", 0x10000000, program=name, gicd=0xf9010000, zcu102=True, mem="2G")
      for name in ("loader", "timer")],
]

# QEMU's clock at an address that virt does not have it at.
CLOCK = passthrough('clock: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };',
                    """rtc@c010000 { compatible = "arm,pl031", "arm,primecell"; reg = <0 0xc010000 0 0x1000>;
                       interrupts = <0 2 4>; interrupt-parent = <0xfde8>; clocks = <&clock>;
                       clock-names = "apb_pclk"; xen,path = "/pl031@9010000";
                       xen,reg = <0 0x9010000 0 0x1000 0 0xc010000>; };""")
RTC = matrix({"name": "rtc", "mem": "256M", "tests": True, "timeout": 60, "reject": PANIC, "smp": 1,
              "partitions": [bare_metal("clock", "rtc", tree=CLOCK)],
              "expect": ["resetting", "partition clock: reset", "PASS rtc-nothing-stale"]}, gic=GICS)

CASES = DIRECT + RTC
