# SPDX-License-Identifier: Apache-2.0
"""Direct-mapped partitions, and partitions that have devices of the machine."""

from partitions import bare_metal, passthrough
from run import PANIC, matrix

MIB = 1 << 20
GICS = ["2", "3"]


def direct(name, base, program="loader", bootargs="", gicd=0x8000000, tree=None, **more):
    """A guest that tests, in given memory at the machine's own addresses."""
    at = base + 0x80000  # where a raw kernel goes
    return {"name": f"direct-{name}", "mem": "256M", "tests": True, "timeout": 60, "reject": PANIC,
            "partitions": [bare_metal("direct", program, [0, 0], memory=[(base, 32 * MIB)], direct=True, tree=tree,
                                      bootargs=f"base={at:#x} cpus=0x2 gicd={gicd:#x} {bootargs}")], **more}


# Interrupts without a device, as far as a guest can tell: it makes them pending itself.
LINES_NODE = ('lines { xen,path = "/pl061@9030000"; interrupts = <'
              + " ".join(f"0 {n} 4" for n in range(32, 64)) + ">; };")
LINES = passthrough(LINES_NODE)
# As many as a node may name.
MANY_LINES = LINES.replace("interrupts = <", "interrupts = <" + " ".join(f"0 {n} 4" for n in range(64, 160)) + " ")
DIRECT = [
    *[case for name in ("loader", "timer") for case in matrix(direct(name, 0x44000000, program=name), gic=GICS)],
    *matrix(direct("gicdeliver", 0x44000000, program="gicdeliver", tree=LINES), gic=GICS),
    *[direct(f"zcu102-{name}", 0x10000000, program=name, gicd=0xf9010000, zcu102=True, mem="2G")
      for name in ("loader", "timer")],
]

# QEMU's clock at an address that virt does not have it at.
CLOCK_NODES = ['clock: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };',
               """rtc@c010000 { compatible = "arm,pl031", "arm,primecell"; reg = <0 0xc010000 0 0x1000>;
                       interrupts = <0 2 4>; interrupt-parent = <0xfde8>; clocks = <&clock>;
                       clock-names = "apb_pclk"; xen,path = "/pl031@9010000";
                       xen,reg = <0 0x9010000 0 0x1000 0 0xc010000>; };"""]
CLOCK = passthrough(*CLOCK_NODES)
RTC = matrix({"name": "rtc", "mem": "256M", "tests": True, "timeout": 60, "reject": PANIC, "smp": 1,
              "partitions": [bare_metal("clock", "rtc", tree=CLOCK)],
              "expect": ["resetting", "partition clock: reset", "PASS rtc-nothing-stale"]}, gic=GICS)

# All that a guest needs to know (docs/partitions.md, 3), and a node that Tocsin would not write.
WHOLE = """/ { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>; compatible = "of,its-own";
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; compatible = "arm,armv8"; enable-method = "psci"; reg = <0>; }; };
    psci { compatible = "arm,psci-1.0", "arm,psci-0.2"; method = "hvc"; };
    timer { compatible = "arm,armv8-timer"; interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>; };
    gic: intc@8000000 { compatible = "arm,gic-v3"; reg = <0 0x8000000 0 0x10000 0 0x80a0000 0 0x20000>;
        phandle = <1>; interrupt-controller; #interrupt-cells = <3>; };
    pl011@9000000 { compatible = "arm,pl011", "arm,primecell"; reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; };
    memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x800000>; };
    chosen { bootargs = "base=0x40080000 cpus=0x1"; stdout-path = "/pl011@9000000"; };
    rtc@9010000 { compatible = "arm,pl031"; reg = <0 0x9010000 0 0x1000>; interrupts = <0 2 4>;
        xen,path = "/pl031@9010000"; xen,reg = <0 0x9010000 0 0x1000 0 0x9010000>; };
    hypervisor { compatible = "tocsin,tocsin"; }; };"""
OWN_TREE = [{"name": f"own-tree-{name}", "mem": "256M", "tests": True, "timeout": 60, "reject": PANIC, "smp": 1,
             "partitions": [bare_metal("own", name, tree=WHOLE)]} for name in ("timer", "rtc")]


# QEMU's devices are behind the last transports, eight of which share a page.
def transport(n):
    at = 0xa000000 + n * 0x200
    return (f'virtio@{at:x} {{ compatible = "virtio,mmio"; reg = <0 {at:#x} 0 0x200>; interrupts = <0 {16 + n} 1>; '
            f'dma-coherent; xen,path = "/virtio_mmio@{at:x}"; xen,reg = <0 {at:#x} 0 0x200 0 {at:#x}>; '
            'tocsin,force-assign-without-iommu; };')


TRANSPORTS = passthrough(*map(transport, range(24, 32)))
CASES = DIRECT + RTC + OWN_TREE
