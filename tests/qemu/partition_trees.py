# SPDX-License-Identifier: Apache-2.0
"""Device trees with partitions: QEMU's own for its virt board, and in /chosen one node for
each. Written under build/test/partition, where QEMU takes them from by -dtb; the
partitions' files are put into RAM by its loader device."""

import functools
import os
import subprocess
from dataclasses import dataclass, field

from hostile import Node, cells, module, parse, serialise, words

DIRECTORY = "build/test/partition"
MODULES = 0x4C000000  # beyond Tocsin and the tree, in 256 MiB
MODULE_ROOM = 0x400000


@dataclass
class Partition:
    """The guest tests/guest/PROGRAM.c; one vCPU for each entry of cpus."""

    name: str
    program: str
    cpus: list = field(default_factory=lambda: [0])
    bootargs: str = ""
    mib: int = 8
    props: dict = field(default_factory=dict)  # further properties: bytes

    def file(self):
        return f"build/guest/{self.program}.bin"

    def node(self, at):
        return Node(self.name, {
            "compatible": b"tocsin,partition\0", "tocsin,name": self.name.encode() + b"\0",
            "#address-cells": words(2), "#size-cells": words(2), "cpus": words(len(self.cpus)),
            "memory": cells(self.mib << 10), "tocsin,cpu-affinity": words(*self.cpus), "vpl011": b"",
            **self.props}, [module(at, os.path.getsize(self.file()), bootargs=self.bootargs)])


@functools.lru_cache(None)
def board(cpu, gic, smp, mem):
    """QEMU's tree."""
    os.makedirs(DIRECTORY, exist_ok=True)
    path = os.path.join(DIRECTORY, f"virt-{cpu}-{gic}-{smp}-{mem}.dtb")
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic},dumpdtb={path}",
                    "-cpu", cpu, "-smp", str(smp), "-m", mem, "-nic", "none", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "rb") as f:
        return f.read()


def arguments(name, partitions, cpu="cortex-a57", gic="3", smp=1, mem="256M", chosen_props=None):
    """QEMU's arguments for these partitions; writes the tree. chosen_props: of /chosen, bytes."""
    root = parse(board(cpu, gic, smp, mem))
    chosen, args = root.at("/chosen"), []
    chosen.props.update(chosen_props or {})
    for n, p in enumerate(partitions):
        at = MODULES + n * MODULE_ROOM
        chosen.children.append(p.node(at))
        args += ["-device", f"loader,file={p.file()},addr={at:#x},force-raw=on"]
    path = os.path.join(DIRECTORY, f"{name}.dtb")
    with open(path, "wb") as f:
        f.write(serialise(root))
    return ["-dtb", path, *args]
