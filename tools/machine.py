# SPDX-License-Identifier: Apache-2.0
"""QEMU's machines as Tocsin meets them: where things lie, and the command line.

The virt machine, unless another one is asked for (ZCU102):
QEMU loads Tocsin near the start of RAM and the device tree 128 MiB above it (in
the middle of smaller RAM). Guest modules come after the tree, 2 MiB aligned; an
initrd comes last, with room before it for what a raw kernel does not carry in
its file (bss, stacks).
"""

import os
import re
import struct
import subprocess
from dataclasses import dataclass, field
from functools import cache

MIB = 1 << 20
RAM_BASE = 0x40000000
TREE_SIZE = 2 * MIB  # QEMU announces 1 MiB and aligns to 2
RAW_ROOM = 32 * MIB  # bss of a kernel whose file does not tell
SPARE = 64 * MIB  # Tocsin, its tables and a guest that is not only modules

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class MachineError(Exception):
    """What the user asked for cannot be; the text says why."""


def size_of(text):
    """Bytes of a size as QEMU writes it: 512M, 2G; a plain number is MiB."""
    text = str(text).strip().upper().removesuffix("B")
    units = {"K": 1 << 10, "M": MIB, "G": 1 << 30, "T": 1 << 40}
    unit = units.get(text[-1:], MIB)
    digits = text if text[-1:].isdigit() else text[:-1]
    if not digits.isdigit():
        raise MachineError(f"MEM={text} is not a size such as 512M or 2G")
    return int(digits) * unit


def align(value, to):
    return -(-value // to) * to


def kernel_size(path):
    """Memory that the kernel in this file takes where it is loaded."""
    size = os.path.getsize(path)
    with open(path, "rb") as f:
        header = f.read(64)
    if len(header) == 64 and header[56:60] == b"ARM\x64":
        return max(size, struct.unpack_from("<Q", header, 16)[0])
    if header[:4] == b"\x7fELF":
        return size
    return size + RAW_ROOM


# Of QEMU's CPUs those without AArch64: Armv5 to Armv7, and the profiles R and M but for R82.
OLD_CPU = re.compile(r"(cortex-(a(5|7|8|9|15|17)|m\d+|r(?!82)\d+f?)|arm\d+.*|sa11.*|pxa.*|ti925t)$")


def check_cpu(name):
    """QEMU starts a 32-bit CPU on a 64-bit image without a word, and nothing ever happens."""
    if OLD_CPU.match(name.split(",")[0].lower()):
        raise MachineError(f"CPU={name} is a 32-bit CPU: should be one with AArch64 and EL2, such as "
                           "cortex-a57 or max")


def option(text):
    """A value inside a -device or -M argument: commas are doubled there."""
    return text.replace(",", ",,")


@cache
def no_audio():
    """Arguments for a board with a sound device; QEMU 8.2 has another way to say it."""
    text = subprocess.run(["qemu-system-aarch64", "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(map(int, re.search(r"version (\d+)\.(\d+)", text).groups()))
    return ["-audio", "none"] if version >= (8, 2) else ["-audiodev", "none,id=a"]


@dataclass
class Machine:
    """What to start. Paths are relative to the working directory."""

    kernel: str = None  # guest kernel: Image, ELF64 or raw
    initrd: str = None
    bootargs: str = ""  # of the guest
    tocsin: str = ""  # of Tocsin: /chosen/bootargs
    image: str = "build/tocsin.img"
    cpu: str = "cortex-a57"
    gic: str = "3"
    smp: int = 4
    mem: str = "1G"
    zcu102: bool = False  # that board instead of virt; its tree names the guest (tools/partitions.py)
    board: str = ""  # appended to -M virt,..., e.g. "highmem=off"
    addr: int = None  # of the kernel module; computed if None
    modules: list = field(default_factory=list)  # further guest-loader devices, as QEMU writes them
    qemu: list = field(default_factory=list)  # further QEMU arguments
    uboot: str = None  # a disk image: start it from U-Boot
    partitions: list = field(default_factory=list)  # instead of one guest: tools/partitions.py
    chosen: dict = field(default_factory=dict)  # with partitions: further properties of /chosen
    bare: bool = False  # the guest kernel at EL1, without Tocsin, to compare

    def layout(self):
        """Addresses of kernel and initrd; MachineError if RAM is too small."""
        ram = size_of(self.mem)
        tree = RAM_BASE + min(ram // 2, 128 * MIB)
        kernel = self.addr if self.addr is not None else align(tree, 2 * MIB) + TREE_SIZE
        initrd = end = align(kernel + kernel_size(self.kernel), 2 * MIB)
        if self.initrd:
            end = initrd + os.path.getsize(self.initrd)
        if self.addr is None and end + SPARE > RAM_BASE + ram:
            need = 1 << (end + SPARE - RAM_BASE - 1).bit_length()
            raise MachineError(
                f"MEM={self.mem} is too small: kernel and initrd would end at {end:#x} and "
                f"{SPARE // MIB} MiB should be left; try MEM={need // MIB}M")
        return kernel, initrd

    def guest_loader(self):
        if not self.kernel:
            return []
        for path in filter(None, (self.kernel, self.initrd)):
            if not os.path.exists(path):
                raise MachineError(f"there is no file {path}")
        kernel, initrd = self.layout()
        args = ["-device", f"guest-loader,addr={kernel:#x},kernel={option(self.kernel)}"
                f",bootargs={option(self.bootargs)}"]
        if self.initrd:
            args += ["-device", f"guest-loader,addr={initrd:#x},initrd={option(self.initrd)}"]
        return args

    def boot(self):
        if self.bare:
            return ["-kernel", self.kernel, "-append", self.bootargs] + \
                (["-initrd", self.initrd] if self.initrd else [])
        if self.uboot:
            return ["-bios", "/usr/lib/u-boot/qemu_arm64/u-boot.bin",
                    "-drive", f"if=none,id=boot,format=raw,file={option(self.uboot)},snapshot=on",
                    "-device", "virtio-blk-device,drive=boot"]
        if self.partitions or self.zcu102:
            import partitions  # which needs this module

            return partitions.arguments(self)
        args = ["-kernel", self.image, "-append", self.tocsin] + self.guest_loader()
        for module in self.modules:
            args += ["-device", "guest-loader," + module]
        return args

    def machine(self):
        if self.zcu102:
            return "xlnx-zcu102,virtualization=on"
        board = f"virt,virtualization={'off' if self.bare else 'on'},gic-version={self.gic}"
        return f"{board},{self.board}" if self.board else board

    def command(self, console):
        """The argument list; console: QEMU arguments that say where it goes."""
        check_cpu(self.cpu)
        cpu = no_audio() if self.zcu102 else ["-cpu", self.cpu]
        return ["qemu-system-aarch64", "-M", self.machine(), *cpu, "-smp", str(self.smp),
                "-m", str(self.mem), "-nic", "none", *console, *self.boot(), *self.qemu]
