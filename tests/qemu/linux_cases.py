# SPDX-License-Identifier: Apache-2.0
"""Debian's stock kernel under Tocsin; its tests are tools/initrd/tests/."""

from run import matrix

DISK = "build/pattern.img"  # 8 MiB of numbered lines

LINUX = {
    "kernel": "build/debian/linux/Image",
    "initrd": "build/initrd.cpio.gz",
    "timeout": 300,
}
RUNNING = r"tocsin-guest: /init running"


def debian(name, bootargs="", **more):
    """A Debian guest that runs the test of that name and powers off."""
    test = more.pop("test", name)
    return {**LINUX, "name": name, "bootargs": f"console=ttyAMA0 tocsin.test={test} {bootargs}".strip(),
            "expect": [RUNNING, rf"tocsin-guest: {test} passed"], **more}


def virtio(transport):
    """QEMU arguments for a disk and a network card behind that transport."""
    device = {"mmio": "device", "pci": "pci"}[transport]
    return ["-drive", f"if=none,id=disk,format=raw,file={DISK},snapshot=on",
            "-device", f"virtio-blk-{device},drive=disk",
            "-netdev", "user,id=net", "-device", f"virtio-net-{device},netdev=net"]


# A person at the shell: what is typed arrives, and so does the answer.
INTERACTIVE = {
    **LINUX, "name": "interactive", "bootargs": "console=ttyAMA0",
    "expect": [RUNNING, (r"exit powers off(?s:.*)# ", "echo sum-$((6 * 7))\n"), "\nsum-42\n",
               ("# ", "seq 200 | tail -n 1; read -s line; echo $line | md5sum\n"), "\n200\n",
               ("", "x" * 200 + "\n"), "062071ce1c3d613336e1622477b16195  -\n",
               ("# ", "exit\n")],
}

UBOOT = [{**LINUX, "name": f"uboot.{method}", "kernel": None, "initrd": None, "uboot": f"build/uboot-{method}.img",
          "expect": [r"U-Boot 20", RUNNING, r"nproc: 4", r"tocsin-guest: shell passed"]}
         for method in ("extlinux", "script")]

CASES = [
    *matrix(debian("shell", expect=[RUNNING, r"nproc: 4", "tocsin-guest: shell passed"]),
            gic=["2", "3"]),
    *matrix(debian("hotplug", "tocsin.rounds=10"), gic=["2", "3"]),
    debian("poweroff", expect=[RUNNING]),
    debian("reboot", expect=[RUNNING, RUNNING, RUNNING], stop=True),
    INTERACTIVE,
    debian("virtio-mmio", test="virtio", qemu=virtio("mmio")),
    debian("virtio-pci", test="virtio", qemu=virtio("pci")),
    *UBOOT,
    debian("hotplug-long", "tocsin.rounds=300", test="hotplug", timeout=3000, soak=True),
    debian("reboot-long", test="reboot", expect=[RUNNING] * 50, stop=True, timeout=3000, soak=True),
    *matrix(debian("shell-cpu", test="shell", soak=True),
            cpu=["cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "max"],
            gic=["2", "3"]),
    *matrix(debian("shell-smp", test="shell", soak=True), smp=[1, 2, 3, 8]),
]
