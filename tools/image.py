# SPDX-License-Identifier: Apache-2.0
"""What is in Tocsin's image, and where a machine has it: for tools that run QEMU with a plugin."""

import re
import subprocess

from machine import Machine

ELF = "build/tocsin.elf"
CROSS = "aarch64-linux-gnu-"
CONSOLE = ["-display", "none", "-monitor", "none", "-serial", "stdio"]


class ImageError(Exception):
    """Nothing can be measured; the text says why."""


def tool(name, *args, text=None):
    return subprocess.run([CROSS + name, *args], check=True, capture_output=True, text=True, input=text).stdout


def symbols():
    found = re.findall(r"(?m)^([0-9a-f]+) [Tt] (\S+)$", tool("nm", ELF))
    return {name: int(at, 16) for at, name in found}


def sizes():
    """(name, address, size) of each function."""
    found = re.findall(r"(?m)^([0-9a-f]+) ([0-9a-f]+) [Tt] (\S+)$", tool("nm", "-S", ELF))
    return [(name, int(at, 16), int(size, 16)) for at, size, name in found]


def sections():
    """Address and size of each section."""
    found = re.findall(r"(?m)^\s*\d+ (\.\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)", tool("objdump", "-h", ELF))
    return {name: (int(at, 16), int(size, 16)) for name, size, at in found}


def instructions():
    """(address, text) of each in the image."""
    found = re.findall(r"(?m)^\s*([0-9a-f]+):\t(.*)$", tool("objdump", "-d", "--no-show-raw-insn", ELF))
    return [(int(at, 16), text.split("//")[0].strip()) for at, text in found]


def referenced(code):
    """The addresses that code or a table of pointers names: a function that is not among them is inlined
    wherever it is called."""
    named = {int(at, 16) for _, text in code for at in re.findall(r"([0-9a-f]+) <[^>+]+>", text)}
    pointers = re.findall(r"R_AARCH64_RELATIVE\s+([0-9a-f]+)", tool("readelf", "-rW", ELF))
    return named | {int(at, 16) for at in pointers}


def frames(addresses):
    """Of each address the list of (function, file), the innermost first."""
    answer = tool("addr2line", "-a", "-f", "-i", "-e", ELF, text="\n".join(hex(a) for a in addresses))
    result = []
    for line in answer.split("\n"):
        if re.match(r"0x[0-9a-f]+$", line):
            result.append([])
        elif line:
            result[-1].append(line)
    return [list(zip(lines[::2], lines[1::2])) for lines in result]


def command(case):
    """QEMU's of a case of tests/qemu."""
    fields = Machine.__dataclass_fields__
    return Machine(**{k: v for k, v in case.items() if k in fields}).command(CONSOLE)


def image_base(qemu):
    """Where Tocsin goes to: from its own words, before the run that counts."""
    with subprocess.Popen(qemu, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as run:
        for line in run.stdout:
            if found := re.search(rb"image at (0x[0-9a-f]+), memory kept", line):
                run.kill()
                return int(found[1], 16)
    raise ImageError("Tocsin does not say where it is")
