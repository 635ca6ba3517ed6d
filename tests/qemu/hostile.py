#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the guest tests load beside guests: hostile.py DIRECTORY.

Device trees are QEMU's own for the virt board with one thing changed; Tocsin is
started on them by a stub, so that QEMU neither repairs nor refuses them. Also: a
file of counted words (initrd), a boot archive, Tocsin as an ELF (entered at EL3), and
with a landing pad less.
"""

import os
import random
import re
import struct
import subprocess
import sys

GICR = 0x80A0000  # virt's first redistributor
TOCSIN = 0x40200000  # where the stub jumps to
TREE = 0x44000000
KERNEL = 0x46000000
MODULE_SIZE = 0x40000
INITRD_WORDS = 0x4321
RANDOM_TREES = 40
SOAK_TREES = 200

BTI_C, NOP_INSTRUCTION = 0xD503245F, 0xD503201F
BEGIN, END, PROP, NOP, FINISH = 1, 2, 3, 4, 9


class Node:
    """A device-tree node: props in order, children."""

    def __init__(self, name, props=None, children=None):
        self.name, self.props, self.children = name, props or {}, children or []

    def at(self, path):
        node = self
        for part in [p for p in path.split("/") if p]:
            node = next(c for c in node.children if c.name.split("@")[0] == part or c.name == part)
        return node

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def compatible(self, text):
        return next(n for n in self.walk() if text.encode() in n.props.get("compatible", b"").split(b"\0"))

    def drop(self, keep):
        self.children = [c for c in self.children if keep(c)]
        for child in self.children:
            child.drop(keep)


def parse(blob):
    _, _, off_struct, off_strings = struct.unpack_from(">4I", blob)
    at, stack, root = off_struct, [], None
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN:
            end = blob.index(b"\0", at)
            node = Node(blob[at:end].decode())
            if stack:
                stack[-1].children.append(node)
            else:
                root = node
            stack.append(node)
            at = (end + 4) & ~3
        elif token == END:
            stack.pop()
        elif token == PROP:
            size, name = struct.unpack_from(">2I", blob, at)
            start = off_strings + name
            key = blob[start:blob.index(b"\0", start)].decode()
            stack[-1].props[key] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == FINISH:
            return root


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def serialise(root):
    strings, body = b"", b""

    def emit(node):
        nonlocal strings, body
        body += struct.pack(">I", BEGIN) + pad(node.name.encode() + b"\0")
        for key, value in node.props.items():
            name = strings.find(b"\0" + key.encode() + b"\0") + 1
            if not name:
                strings = strings or b"\0"
                name, strings = len(strings), strings + key.encode() + b"\0"
            body += struct.pack(">3I", PROP, len(value), name) + pad(value)
        for child in node.children:
            emit(child)
        body += struct.pack(">I", END)

    emit(root)
    body += struct.pack(">I", FINISH)
    off_struct = 40 + 16
    total = off_struct + len(body) + len(strings)
    head = struct.pack(">10I", 0xD00DFEED, total, off_struct, off_struct + len(body), 40, 17, 16, 0,
                       len(strings), len(body))
    return head + b"\0" * 16 + body + strings


def cells(*values):
    """64-bit numbers as two cells each."""
    return b"".join(struct.pack(">Q", v) for v in values)


def words(*values):
    return b"".join(struct.pack(">I", v) for v in values)


def module(at, size=MODULE_SIZE, kind="kernel", bootargs="cpus=0x4"):
    return Node(f"module@{at:x}", {"compatible": f"multiboot,{kind}\0multiboot,module\0".encode(),
                                   "reg": cells(at, size), "bootargs": bootargs.encode() + b"\0"})


def base_tree(directory):
    path = os.path.join(directory, "virt.dtb")
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version=3,dumpdtb={path}",
                    "-cpu", "cortex-a57", "-smp", "4", "-m", "256", "-nic", "none", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "rb") as f:
        return f.read()


# ---- what is changed: name, function of (tree, chosen), what the console says.
# GOOD: the guest runs and all its tests pass. A list of one or more patterns:
# Tocsin says that and stops.

GOOD = None
STOPPED = r"; stopped"




def set_prop(path, key, value):
    return lambda t: t.at(path).props.__setitem__(key, value)


def del_prop(path, key):
    return lambda t: t.at(path).props.pop(key)


def chosen(*nodes):
    """These modules instead of the usual one."""
    def change(t):
        c = t.at("/chosen")
        c.children = list(nodes)
    return change


def of_compatible(text, key, value):
    return lambda t: t.compatible(text).props.__setitem__(key, value)


def without(text):
    return lambda t: t.drop(lambda n: text.encode() not in n.props.get("compatible", b""))


def deep(t):
    node = t
    for i in range(300):
        node.children.append(Node(f"d{i}"))
        node = node.children[-1]


def wide(t):
    t.children += [Node(f"w{i}", {"reg": cells(i, 0)}) for i in range(3000)]


def second_uart(t):
    u = t.compatible("arm,pl011")
    other = Node("pl011@9040000", {**u.props, "reg": cells(0x9040000, 0x1000), "status": b"disabled\0"})
    t.children.append(other)


def little_ram(t):
    """Room for image and tree where they are, and no more."""
    t.at("/memory").props["reg"] = cells(TOCSIN, 0x80000, TREE, 0x10000)
    t.at("/chosen").children = []


def one_bank_becomes_many(t):
    t.at("/memory").props["reg"] = cells(*[v for i in range(16) for v in (0x40000000 + (i << 24), 1 << 24)])


def reserved_outside(t):
    """The last MiB of RAM is in no /memory node but firmware's."""
    t.at("/memory").props["reg"] = cells(0x40000000, 0xFF00000)
    t.children.append(Node("reserved-memory", {"#address-cells": words(2), "#size-cells": words(2), "ranges": b""},
                           [Node("ramoops@4ff00000", {"reg": cells(0x4FF00000, 0x100000), "no-map": b""})]))


def gicv2_instead(t):
    t.compatible("arm,gic-v3").props.update({"compatible": b"arm,gic-400\0", "reg": cells(
        0x8000000, 0x10000, 0x8010000, 0x10000, 0x8030000, 0x10000, 0x8040000, 0x10000)})


def other_cpus(t):
    """Two of four CPUs have numbers that no CPU has, and one that is there comes behind them."""
    for number, at in ((7, 1), (8, 2)):
        t.at(f"/cpus/cpu@{at}").props["reg"] = words(number)


TREES = [
    ("plain", lambda t: None, GOOD),
    ("uart-disabled-too", second_uart, GOOD),
    ("many-banks", one_bank_becomes_many, GOOD),
    ("wide", wide, GOOD),
    ("bank-of-nothing", set_prop("/memory", "reg", cells(0x40000000, 0x10000000, 0x60000000, 0)), GOOD),
    ("reserved-outside", reserved_outside, [r"ramoops@4ff00000: 0x4ff00000.* is not within RAM", r"\nDONE\n"]),
    ("psci-hvc", set_prop("/psci", "method", b"hvc\0"), [r"PSCI by hvc, which EL2 cannot call", r"1 of 4 CPUs"]),
    ("no-psci", lambda t: t.drop(lambda n: n.name != "psci"), [r"no PSCI by smc", r"1 of 4 CPUs"]),
    ("gic-absent", of_compatible("arm,gic-v3", "reg", cells(0x60000000, 0x10000, 0x60100000, 0x100000)),
     [r"GICD does not answer at 0x6000", STOPPED]),
    ("gicr-absent", of_compatible("arm,gic-v3", "reg", cells(0x8000000, 0x10000, 0x60100000, 0x100000)),
     [r"GICR does not answer at 0x6010", STOPPED]),
    ("gicv2-instead", gicv2_instead, [r"GICC does not answer at 0x8010", STOPPED]),
    ("more-ram", set_prop("/memory", "reg", cells(0x40000000, 0x40000000)), [r"but there is none", STOPPED]),
    ("other-cpus", other_cpus, [r"MPIDR 0x7: firmware answered", r"MPIDR 0x8: firmware answered", r"2 of 4 CPUs, GICv3",
                                r"partition guest: 2 vCPUs"]),
    ("no-console-irq", lambda t: t.compatible("arm,pl011").props.pop("interrupts"), GOOD),
    ("stdout-garbage", set_prop("/chosen", "stdout-path", b"/no/such/uart:115200n8\0"), GOOD),
    ("no-stdout", del_prop("/chosen", "stdout-path"), GOOD),
    ("rogue-initrd", lambda t: t.at("/chosen").props.update(
        {"linux,initrd-start": cells(0x47000000), "linux,initrd-end": cells(0x46800000)}), GOOD),
    ("deep", deep, [r"; stopped|\nDONE\n"]),
    ("no-memory", lambda t: t.drop(lambda n: not n.name.startswith("memory")), [r"no usable memory", STOPPED]),
    ("memory-wraps", set_prop("/memory", "reg", cells(0xFFFFFFFFFFFFF000, 0x2000)), [STOPPED]),
    ("little-ram", little_ram, [r"no room in RAM", STOPPED]),
    ("memory-reg-short", set_prop("/memory", "reg", words(1, 2, 3)), [r"12 bytes", STOPPED]),
    ("no-cpus", lambda t: t.drop(lambda n: n.name != "cpus"), [r"no usable CPU", STOPPED]),
    ("no-gic", without("arm,gic-v3"), [r"GIC", STOPPED]),
    ("gicv5", of_compatible("arm,gic-v3", "compatible", b"arm,gic-v5\0"), [r"arm,gic-v5", STOPPED]),
    ("gic-reg-short", of_compatible("arm,gic-v3", "reg", cells(0x8000000, 0x10000)), [r"GICv3", STOPPED]),
    ("address-cells-absurd", set_prop("/", "#address-cells", words(77)), [r"#address-cells", r"\nDONE\n"]),
    ("no-module", chosen(), [r"no guest|guest-loader|module"]),
    ("module-outside-ram", chosen(module(0x90000000)), [r"0x90000000", STOPPED]),
    ("module-wraps", chosen(module(KERNEL, 0xFFFFFFFFFFFFF000)), [STOPPED]),
    ("module-empty", chosen(module(KERNEL, 0)), [STOPPED]),
    ("module-over-image", chosen(module(TOCSIN + 0x1000)), [rf"{TOCSIN:#x}", STOPPED]),
    ("module-over-tree", chosen(module(TREE - 0x1000)), [r"tree", STOPPED]),
    ("module-over-reserved", lambda t: t.children.append(Node(
        "reserved-memory", {"#address-cells": words(2), "#size-cells": words(2), "ranges": b""},
        [Node("firmware@46010000", {"reg": cells(0x46010000, 0x1000)})])), [r"a reservation", STOPPED]),
    ("modules-overlap", chosen(module(KERNEL), module(KERNEL + MODULE_SIZE - 0x1000, 0x3000, "ramdisk")),
     [rf"{KERNEL:#x}", STOPPED]),
    ("module-reg-short", chosen(Node("module@1", {"compatible": b"multiboot,kernel\0multiboot,module\0",
                                                  "reg": words(KERNEL)})), [STOPPED]),
]


def truncations(blob):
    """The same tree cut short, with and without a header that tells."""
    half = len(blob) // 2
    yield "cut-silently", blob[:half] + b"\xff" * half
    yield "cut-honestly", blob[:4] + words(half) + blob[8:half]
    yield "struct-outside", blob[:8] + words(0x7FFFFFFC) + blob[12:]
    yield "strings-outside", blob[:12] + words(0xFFFFFFF0) + blob[16:]
    yield "size-absurd", blob[:4] + words(0xFFFFFFFF) + blob[8:]
    yield "no-end", blob[:-400] + b"\0" * 400
    yield "zeros", b"\0" * 4096
    yield "atags", struct.pack("<5I", 5, 0x54410001, 0, 0, 0) * 100


def randomised(blob, seed):
    """A few bytes changed at random, but for the UART: a console elsewhere says nothing."""
    rng = random.Random(seed)
    data = bytearray(blob)
    uart = blob.index(b"pl011@9000000")
    for _ in range(rng.choice([1, 2, 4, 8, 32])):
        at = rng.randrange(40, len(data))
        if uart - 8 <= at < uart + 0xD0:
            continue
        data[at] = rng.choice([0, 1, 0xFF, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)])
    return bytes(data)


# ---- other files

STR_W1_X0 = 0xB9000001


def load64(reg, value):
    """movz and three movk: reg = value."""
    return [0xD2800000 | hw << 21 | (value >> 16 * hw & 0xFFFF) << 5 | reg | (0x20000000 if hw else 0)
            for hw in range(4)]


def stub(x0, *stores):
    """A raw kernel that enters Tocsin with that x0 and junk everywhere else, after stores of words to
    addresses."""
    first = [insn for at, word in stores for insn in (*load64(0, at), *load64(1, word), STR_W1_X0)]
    junk = [insn for reg in range(1, 29) for insn in load64(reg, 0xDEAD0000BEEF0000 | reg)]
    jump = [0xD61F0000 | 30 << 5]
    code = first + junk + load64(0, x0) + load64(30, TOCSIN) + jump
    return struct.pack(f"<{len(code)}I", *code)


def elf(image, address):
    """The image as an ELF64 that QEMU enters at the highest exception level."""
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + b"\0" * 9, 2, 183, 1, address, 64, 0, 0,
                       64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, address, address, len(image), len(image) + 0x100000,
                          0x1000)
    return (head + segment).ljust(0x1000, b"\0") + image


def newc(files):
    out = b""
    for i, (name, data) in enumerate([*files, ("TRAILER!!!", b"")]):
        fields = [i, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08X" % f for f in fields)
        out += pad(b"\0\0" + name.encode() + b"\0")[2:]
        out += pad(data)
    return out.ljust(-(-len(out) // 512) * 512, b"\0")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def files(directory):
    """Name and content of every file."""
    plain = base_tree(directory)
    initrd = struct.pack(f"<{INITRD_WORDS}I", *[0x10C50000 + i for i in range(INITRD_WORDS)])
    yield "initrd.bin", initrd
    archive = [("kernel", read("build/guest/loader.bin")), ("initrd", initrd),
               ("cmdline", f"cpus=0x4 initrd={4 * INITRD_WORDS:#x}\n".encode())]
    yield "boot.cpio", newc(archive)
    yield "boot-cut.cpio", newc(archive)[:0x5000]
    yield "boot-no-kernel.cpio", newc(archive[1:])
    yield "gzip.bin", b"\x1f\x8b\x08" + b"x" * 8192
    yield "elf-cut.bin", read("build/guest/loader-fixed.elf")[:100].ljust(8192, b"\0")
    yield "page.html", b"<!DOCTYPE html><title>404 Not Found</title>".ljust(8192, b"\0")
    yield "zeros.bin", b"\0" * 8192
    yield "vmlinux.bin", elf(b"x" * 4096, 0xFFFF800080000000)
    high = bytearray(read("build/guest/loader-image.bin"))
    struct.pack_into("<Q", high, 8, 0x1480000)
    yield "image-high.bin", bytes(high)
    foreign = elf(b"x" * 4096, 0x44000000)
    yield "elf-foreign.bin", foreign[:18] + struct.pack("<H", 62) + foreign[20:]
    big = bytearray(read("build/guest/loader-image.bin"))
    struct.pack_into("<Q", big, 16, 1 << 40)
    yield "image-too-large.bin", bytes(big)
    yield "tocsin-el3.elf", elf(read("build/tocsin.img"), TOCSIN)
    yield "tocsin-no-landing.img", without_landing("vpsci_version")
    yield "stub-tree.bin", stub(TREE)
    yield "stub-lpis.bin", stub(TREE, (GICR, 1))  # GICR_CTLR.EnableLPIs
    yield "stub-none.bin", stub(0)
    yield "stub-unmapped.bin", stub(0x7FFF00000000)
    yield "stub-nowhere.bin", stub(0x0B800000)
    yield "stub-odd.bin", stub(TREE + 3)
    for name, change, _ in TREES:
        tree = parse(plain)
        tree.at("/chosen").children = [module(KERNEL)]
        change(tree)
        yield f"{name}.dtb", serialise(tree)
    tree = parse(plain)
    tree.at("/chosen").children = [module(KERNEL)]
    blob = serialise(tree)
    for name, data in truncations(blob):
        yield f"{name}.dtb", data
    for seed in range(SOAK_TREES):
        yield f"random-{seed}.dtb", randomised(blob, seed)


def without_landing(function):
    """Tocsin with a NOP where BTI is at the beginning of a function that is called by pointer."""
    image = bytearray(read("build/tocsin.img"))
    names = subprocess.run(["aarch64-linux-gnu-nm", "build/tocsin.elf"], check=True, capture_output=True,
                           text=True).stdout
    at = int(re.search(rf"(?m)^([0-9a-f]+) . {function}$", names)[1], 16)
    assert struct.unpack_from("<I", image, at)[0] == BTI_C
    struct.pack_into("<I", image, at, NOP_INSTRUCTION)
    return bytes(image)


def main(directory):
    os.makedirs(directory, exist_ok=True)
    for name, data in files(directory):
        with open(os.path.join(directory, name), "wb") as f:
            f.write(data)
    with open(os.path.join(directory, "made"), "w") as f:
        f.write("made by tests/qemu/hostile.py\n")


if __name__ == "__main__":
    main(sys.argv[1])
