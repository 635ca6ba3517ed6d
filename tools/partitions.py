# SPDX-License-Identifier: Apache-2.0
"""A machine with a device tree that we write: configured partitions (docs/partitions.md),
or a board for which QEMU adds no module nodes; and where QEMU puts the files.

A partition is a dictionary: name, cpus, memory (as "256M"), kernel, and perhaps
initrd, bootargs and props, whose values become a property's: a number or a list of
numbers cells, a string a string, True an empty property, a dictionary of such a node.
"""

import hashlib
import os
import subprocess
import threading

from machine import MIB, RAM_BASE, TREE_SIZE, MachineError, align, kernel_size, option, size_of


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

    def place(self, path):
        if not os.path.exists(path):
            raise MachineError(f"there is no file {path}")
        if path not in self.at:
            self.at[path] = self.next
            self.next = align(self.next + kernel_size(path), 2 * MIB)
        return self.at[path]

    def loaders(self):
        return [a for path, at in self.at.items()
                for a in ("-device", f"loader,file={option(path)},addr={at:#x},force-raw=on")]


def node(partition, placer):
    lines = [f"{partition['name']} {{", 'compatible = "tocsin,partition";', "#address-cells = <2>;",
             "#size-cells = <2>;", f"cpus = <{partition['cpus']}>;",
             f"memory = {cells64(size_of(partition['memory']) >> 10)};", "vpl011;"]
    lines += [prop(name, v) for name, v in partition.get("props", {}).items()]
    lines.append(module("kernel", placer.place(partition["kernel"]), partition["kernel"],
                        partition.get("bootargs", "")))
    if partition.get("initrd"):
        lines.append(module("ramdisk", placer.place(partition["initrd"]), partition["initrd"]))
    return "\n".join(lines) + "\n};"


def virt_tree(machine):
    """QEMU's own tree of that machine."""
    dump = f"build/machine-{os.getpid()}-{threading.get_ident()}.tree"
    subprocess.run(["qemu-system-aarch64", "-M", f"{machine.machine()},dumpdtb={dump}", "-cpu", machine.cpu,
                    "-smp", str(machine.smp), "-m", str(machine.mem), "-nic", "none", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return dump


def machine_source(machine):
    """The machine's tree as source."""
    path = "build/debian/board/zcu102.dtb" if machine.zcu102 else virt_tree(machine)
    try:
        return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", path], check=True,
                              capture_output=True, text=True).stdout
    finally:
        if not machine.zcu102:
            os.unlink(path)


def guest_modules(machine, placer):
    """The modules of the one guest of a machine without partitions."""
    lines = [module("kernel", placer.place(machine.kernel), machine.kernel, machine.bootargs)]
    if machine.initrd:
        lines.append(module("ramdisk", placer.place(machine.initrd), machine.initrd))
    return lines


def arguments(machine):
    """QEMU arguments for a machine whose tree we write: that tree, and the files it names."""
    placer = Placer(machine)
    nodes = [node(p, placer) for p in machine.partitions] or guest_modules(machine, placer)
    chosen = [prop("bootargs", machine.tocsin), "#address-cells = <2>;", "#size-cells = <2>;",
              *(prop(name, v) for name, v in machine.chosen.items()), *nodes]
    source = machine_source(machine) + "\n/ {\nchosen {\n" + "\n".join(chosen) + "\n};\n};\n"
    os.makedirs("build/systems", exist_ok=True)
    path = f"build/systems/{hashlib.sha256(source.encode()).hexdigest()[:16]}.dtb"
    if not os.path.exists(path):
        new = f"{path}.{os.getpid()}-{threading.get_ident()}"
        made = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", new], input=source,
                              capture_output=True, text=True)
        if made.returncode:
            raise MachineError(f"dtc: {made.stderr}")
        os.rename(new, path)
    return ["-kernel", machine.image, "-dtb", path, *placer.loaders()]
