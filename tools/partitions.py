# SPDX-License-Identifier: Apache-2.0
"""A machine with a device tree that we write: configured partitions (docs/partitions.md),
or a board for which QEMU adds no module nodes; and where QEMU puts the files.

A partition is a dictionary; all keys but name, memory and kernel are optional:

  name      of the node
  cpus      the CPU of each of its vCPUs as a list, or how many vCPUs; default: one
  memory    as "256M"; or, where it lies in the machine, a list of pairs (address, size)
  direct    True: it sees the machine's own addresses; needs such a list
  kernel, initrd
            files. Several partitions may have the same one
  bootargs  of the kernel
  tree      a partial device tree, or a whole one: a file, or source as dtc reads it
  props     further properties. A number or a list of numbers becomes cells, a string
            or a list of strings strings, True an empty property, a dictionary a node
"""

import functools
import hashlib
import os
import subprocess
import threading

from machine import MIB, RAM_BASE, TREE_SIZE, MachineError, align, kernel_size, option, size_of

BUILT = "build/systems"  # trees, each named by a digest of its source


def bare_metal(name, program, cpus=(0,), bootargs="", memory="8M", **more):
    """The partition that runs the guest of ours of that name."""
    return {"name": name, "kernel": f"build/guest/{program}.bin", "cpus": cpus, "bootargs": bootargs,
            "memory": memory, **more}


def passthrough(*nodes):
    """Source of a partial device tree with these nodes on a bus."""
    return ('/ { #address-cells = <2>; #size-cells = <2>; passthrough { compatible = "simple-bus"; '
            "#address-cells = <2>; #size-cells = <2>; ranges;\n" + "\n".join(nodes) + "\n}; };")


def cells64(*numbers):
    return "<" + " ".join(f"{n >> 32:#x} {n & 0xffffffff:#x}" for n in numbers) + ">"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def value(v):
    if isinstance(v, str):
        return quoted(v)
    if isinstance(v, int):
        return f"<{v:#x}>"
    if all(isinstance(n, str) for n in v):
        return ", ".join(quoted(n) for n in v)
    return "<" + " ".join(f"{n:#x}" for n in v) + ">"


def prop(name, v):
    if isinstance(v, dict):
        return "\n".join([f"{name} {{", *(prop(n, x) for n, x in v.items()), "};"])
    return f"{name};" if v is True else f"{name} = {value(v)};"


def module(kind, address, path, bootargs=None):
    lines = [f'module@{address:x} {{', f'compatible = "multiboot,{kind}", "multiboot,module";',
             f"reg = {cells64(address, os.path.getsize(path))};"]
    if bootargs is not None:
        lines.append(prop("bootargs", bootargs))
    return "\n".join(lines) + "\n};"


class Placer:
    """Gives each file an address behind the tree; the same file once."""

    def __init__(self, machine):
        base = 0 if machine.zcu102 else RAM_BASE
        self.at = {}
        self.next = align(base + min(size_of(machine.mem) // 2, 128 * MIB), 2 * MIB) + TREE_SIZE

    def place(self, path, room=0):
        """Its address; room: how much is left there, if that is more than the file."""
        if not os.path.exists(path):
            raise MachineError(f"there is no file {path}")
        if path not in self.at:
            self.at[path] = self.next
            self.next = align(self.next + max(os.path.getsize(path), room), 2 * MIB)
        return self.at[path]

    def loaders(self):
        return [a for path, at in self.at.items()
                for a in ("-device", f"loader,file={option(path)},addr={at:#x},force-raw=on")]


def compiled(source):
    """The file with that tree."""
    os.makedirs(BUILT, exist_ok=True)
    path = f"{BUILT}/{hashlib.sha256(source.encode()).hexdigest()[:16]}.dtb"
    if not os.path.exists(path):
        new = f"{path}.{os.getpid()}-{threading.get_ident()}"
        made = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", new], input=source,
                              capture_output=True, text=True)
        if made.returncode:
            raise MachineError(f"dtc: {made.stderr}")
        os.rename(new, path)
    return path


def tree_file(tree):
    """The compiled file of a partition's tree."""
    if "{" not in tree and not tree.endswith(".dts"):
        return tree
    if "{" not in tree:
        with open(tree) as f:
            tree = f.read()
    return compiled(tree if "/dts-v1/" in tree else f"/dts-v1/;\n{tree}")


def vcpus(cpus):
    return [prop("cpus", cpus)] if isinstance(cpus, int) else \
        [prop("cpus", len(cpus)), prop("tocsin,cpu-affinity", list(cpus))]


def memory(given):
    if isinstance(given, str):
        return f"memory = {cells64(size_of(given) >> 10)};"
    return f"xen,static-mem = {cells64(*(n for pair in given for n in pair))};"


def node(partition, placer):
    lines = [f"{partition['name']} {{", 'compatible = "tocsin,partition";', "#address-cells = <2>;",
             "#size-cells = <2>;", *vcpus(partition.get("cpus", 1)), memory(partition["memory"]), "vpl011;"]
    if partition.get("direct"):
        lines.append("direct-map;")
    lines += [prop(name, v) for name, v in partition.get("props", {}).items()]
    kernel = partition["kernel"]
    lines.append(module("kernel", placer.place(kernel), kernel, partition.get("bootargs", "")))
    if initrd := partition.get("initrd"):
        lines.append(module("ramdisk", placer.place(initrd), initrd))
    if tree := partition.get("tree"):
        path = tree_file(tree)
        lines.append(module("device-tree", placer.place(path), path))
    return "\n".join(lines) + "\n};"


def virt_tree(cpu, machine, smp, mem):
    """QEMU's own tree of that machine, in a file."""
    dump = f"build/machine-{os.getpid()}-{threading.get_ident()}.tree"
    subprocess.run(["qemu-system-aarch64", "-M", f"{machine},dumpdtb={dump}", "-cpu", cpu, "-smp", str(smp),
                    "-m", str(mem), "-nic", "none", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return dump


def source_of(tree):
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", tree], check=True, capture_output=True,
                          text=True).stdout


@functools.lru_cache(None)
def virt_source(*what):
    """That tree as source."""
    dump = virt_tree(*what)
    try:
        return source_of(dump)
    finally:
        os.unlink(dump)


def machine_source(machine):
    """The machine's tree as source."""
    if machine.zcu102:
        return source_of("build/debian/board/zcu102.dtb")
    return virt_source(machine.cpu, machine.machine(), machine.smp, machine.mem)


def guest_modules(machine, placer):
    """The modules of the one guest of a machine without partitions. A raw kernel runs where it lies."""
    at = placer.place(machine.kernel, kernel_size(machine.kernel))
    lines = [module("kernel", at, machine.kernel, machine.bootargs)]
    if machine.initrd:
        lines.append(module("ramdisk", placer.place(machine.initrd), machine.initrd))
    return lines


def arguments(machine):
    """QEMU arguments for a machine whose tree we write: that tree, and the files it names."""
    placer = Placer(machine)
    nodes = [node(p, placer) for p in machine.partitions] or guest_modules(machine, placer)
    chosen = [prop("bootargs", machine.tocsin), "#address-cells = <2>;", "#size-cells = <2>;",
              *(prop(name, v) for name, v in machine.chosen.items()), *nodes]
    tree = compiled(machine_source(machine) + "\n/ {\nchosen {\n" + "\n".join(chosen) + "\n};\n};\n")
    return ["-kernel", machine.image, "-dtb", tree, *placer.loaders()]
