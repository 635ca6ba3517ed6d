# SPDX-License-Identifier: Apache-2.0
"""Debian's stock kernel under Tocsin; its tests are tools/initrd/tests/."""

import os
import re

import demonstration
import devices
from partitions import bare_metal
from run import PANIC, matrix

DISK = "build/pattern.img"  # 8 MiB of numbered lines

# Linux's SDEI driver says that once a boot, and should have nothing else to say.
FOUND = r"SDEIv1\.1 \(0xebdbc6f8\) detected in firmware\."
DETECTED = rf"sdei: {FOUND}\n"
TWICE = rf"{DETECTED}(?:(?!Booting Linux)(?s:.))*{DETECTED}"
COMPLAINT = rf"\bsdei: (?!{FOUND}\n).*\n"

LINUX = {
    "kernel": "build/debian/linux/Image",
    "initrd": "build/initrd.cpio.gz",
    "reject": [*PANIC, TWICE, COMPLAINT],
    "timeout": 300,
}
RUNNING = r"tocsin-guest: /init running"


def debian(name, bootargs="", **more):
    """A Debian guest that runs the test of that name and powers off."""
    test = more.pop("test", name)
    return {**LINUX, "name": name, "bootargs": f"console=ttyAMA0 tocsin.test={test} {bootargs}".strip(),
            "expect": [DETECTED, RUNNING, rf"tocsin-guest: {test} passed"], **more}


# The kernel of Debian's backports, which is the next release's, and what modules of ours it loads.
NEXT = {"kernel": "build/debian/next/Image", "initrd": "build/initrd-next.cpio.gz"}


def next_kernel(case):
    """The same with that kernel, if there is one for this release."""
    def changed(part):
        return {**part, **{key: NEXT[key] for key in NEXT if part.get(key) == LINUX[key]}}

    parts = [changed(part) for part in case.get("partitions", [])]
    return [{**changed(case), "name": f"{case['name']}.next", "partitions": parts}] if os.path.exists(
        NEXT["kernel"]) else []


def virtio(transport):
    """QEMU arguments for a disk and a network card behind that transport."""
    device = {"mmio": "device", "pci": "pci"}[transport]
    return ["-drive", f"if=none,id=disk,format=raw,file={DISK},snapshot=on",
            "-device", f"virtio-blk-{device},drive=disk",
            "-netdev", "user,id=net", "-device", f"virtio-net-{device},netdev=net"]


def disk(name, file):
    """QEMU arguments for a disk that the guest finds by its serial number."""
    return ["-drive", f"if=none,id={name},format=raw,file={file},readonly=on",
            "-device", f"virtio-blk-device,drive={name},serial={name}"]


# With event 0 registered by guest/linux/sdei-test.
FAULT = r"sdei-test: FAIL|spin: FAIL"
REGISTERED = r"sdei-test: exchange passed"
HANDLER_PANIC = r"Kernel panic - not syncing: sdei-test: in the handler"
HANDLER_FAILS = r"event 0 on CPU \d+ failed with error: -5\n"


def sdei(name, bootargs="", **more):
    return debian(f"sdei-{name}", bootargs, **{"reject": [*PANIC, TWICE, COMPLAINT, FAULT], **more})


def sdei_module(kpti, rounds, **more):
    """All that the module does while Linux stays up; rounds of CPU hotplug."""
    found = ["OFF", "ON"][kpti]
    return sdei(f"module-kpti{kpti}", f"kpti={kpti} tocsin.rounds={rounds}", test="sdei",
                reject=[*PANIC, TWICE, rf"\bsdei: (?!{FOUND}\n|{HANDLER_FAILS}).*\n", FAULT],
                expect=[DETECTED, RUNNING, f"page table isolation forced {found}",
                        *[f"sdei-test: {test} passed" for test in
                          ("exchange", "storm", "failing", "users", "pester", "rest", "exchange")],
                        "event 0 unregistered", REGISTERED, "event 0 unregistered",
                        "tocsin-guest: sdei passed"], **more)


def sdei_kexec(name, bootargs, how, **more):
    """A second kernel after the first has said how."""
    return sdei(name, bootargs, test="sdei-kexec",
                qemu=disk("kernel", LINUX["kernel"]) + disk("initrd", LINUX["initrd"]),
                expect=[DETECTED, RUNNING, REGISTERED, how, DETECTED, RUNNING, "second kernel: 4 CPUs",
                        REGISTERED, "tocsin-guest: sdei-second passed"], **more)


SDEI = {
    "reboot": sdei("reboot", expect=[DETECTED, RUNNING, REGISTERED] * 2, stop=True),
    "panic": sdei("panic", "panic=-1", reject=[PANIC[0], TWICE, COMPLAINT, FAULT], stop=True,
                  expect=[DETECTED, RUNNING, HANDLER_PANIC, DETECTED, RUNNING]),
    "kexec": sdei_kexec("kexec", "", r"kexec_core: Starting new kernel"),
    # The message of a panic in the handler does not come out before the crash kernel begins,
    # which it does on the handler's CPU.
    "kdump": sdei_kexec("kdump", "crashkernel=256M", r"Booting Linux on physical CPU 0x0000000003 "),
    "kdump-notifiers": sdei_kexec("kdump-notifiers", "crashkernel=256M crash_kexec_post_notifiers",
                                  r"Booting Linux on physical CPU 0x0000000003 "),
}

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

# With tests/guest/channel.c as the other partition, whose channels have these names.
def channel(name, **more):
    pair = [{"name": "debian", "cpus": [0, 1], "memory": "512M", "kernel": LINUX["kernel"],
             "initrd": LINUX["initrd"], "bootargs": "console=ttyAMA0 tocsin.test=channel"},
            bare_metal("pong", "channel", [1], "pong")]
    channel = {"compatible": "tocsin,channel", "tocsin,partitions": ["debian", "pong"]}
    return {**LINUX, "name": name, "smp": 2, "mem": "1G", "partitions": pair, "tocsin": "tocsin.console=focus",
            "chosen": {"talk": {**channel, "tocsin,size": 64},
                       "publish": {**channel, "tocsin,size": 4096, "tocsin,access": ["rw", "ro"]},
                       "ring": channel},
            "reject": [*PANIC, r"channel: FAIL"],
            "expect": [RUNNING, r"channel: 100 answers", r"tocsin-guest: channel passed"], **more}


# Debian whose processes have twice the memory that is resident; they sleep for absent pages.
def paged(smp, bootargs, latency_us=500, memory="256M", resident=48 << 10,
          initrd=LINUX["initrd"], **more):
    props = {"tocsin,paged": True, "tocsin,resident": resident, "tocsin,far-latency-us": latency_us}
    return {**LINUX, "smp": smp, "mem": "1G",
            "partitions": [{"name": "debian", "cpus": list(range(smp)), "memory": memory, "kernel": LINUX["kernel"],
                            "initrd": initrd, "bootargs": f"console=ttyAMA0 {bootargs}", "props": props}],
            "reject": [*PANIC, r"walk: FAIL", r"apf failed"], **more}


def paging(smp, **more):
    return paged(smp, "tocsin.test=apf", name=f"paging.smp{smp}",
                 expect=[RUNNING, r"apf: off\n", r"walk: 4 processes, 40960 pages in \d+ us", r"apf: on\n",
                         r"walk: 4 processes, 40960 pages in \d+ us", r"declined 0\n", r"unknown 0\n",
                         r"tocsin-guest: apf passed"], **more)


def paging_stress(name, smp, rounds, **more):
    """CPU hotplug, the module reloaded, sleepers killed: what is counted adds up."""
    return paged(smp, f"panic_on_warn=1 tocsin.test=apf-stress tocsin.rounds={rounds}", latency_us=3000,
                 name=f"paging-stress.{name}",
                 reject=[*PANIC, COMPLAINT, r"walk: FAIL", r"WARNING:", r"apf-stress: FAIL", r"apf-stress failed"],
                 expect=[RUNNING, r"apf-stress: loaded and unloaded\n", r"apf-stress: \d+ rounds\n",
                         r"tocsin-guest: apf-stress passed"], **more)


# guest/linux/sleeper's tests: plain, with the function tracer, with kprobes, with stale tokens.
SLEEPER = ("57 kill", "58 signal", "58 debugger", "59 fork", "59 execute", "59 exit", "59 60 move", "61 perf")


def paging_tasks(name, **more):
    return paged(2, "panic_on_warn=1 tocsin.test=apf-tasks", latency_us=3000, name=name,
                 reject=[*PANIC, r"WARNING:", r"sleeper: FAIL", r"apf-traced: FAIL", r"apf-tasks: FAIL"],
                 expect=[RUNNING, *[rf"sleeper: {test} passed\n" for test in SLEEPER] * 4,
                         r"tocsin-guest: apf-tasks passed"], **more)


def paging_reset(name, bootargs="", resets=2, **more):
    return paged(2, f"tocsin.test=apf-reset {bootargs}", name=f"paging-reset.{name}", stop=True,
                 expect=[*[RUNNING, r"waiting [1-9]"] * resets, RUNNING], **more)


# The second kernel's module says if the first one has left a CPU on.
LEFT_ON = r"tocsin-apf: CPU \d: left on"


def paging_kexec(name, bootargs="", smp=2, left_on=False, **more):
    return paged(smp, f"panic_on_warn=1 tocsin.test=apf-kexec {bootargs}", memory="384M", resident=96 << 10,
                 initrd="build/initrd-kexec.cpio", name=f"paging-{name}",
                 reject=[PANIC[0], r"WARNING:", r"walk: FAIL", r"apf-(kexec|second): FAIL",
                         rf"{LEFT_ON}(?s:.)*{LEFT_ON}" if left_on else LEFT_ON],
                 expect=[RUNNING, r"apf-kexec: \d+ slept", RUNNING, *[LEFT_ON] * left_on,
                         rf"second kernel: {smp} CPUs", r"tocsin-guest: apf-second passed"], **more)


# Debian keeps the pages of another partition; each line that is typed kills its pagerd.
HEARD = r"pagerd: \w+ has heard us\n"


def pager(name, served, *steps, bootargs="", smp=2, **more):
    keeper = {"name": "keeper", "cpus": [0], "memory": "256M", "kernel": LINUX["kernel"], "initrd": LINUX["initrd"],
              "bootargs": f"console=ttyAMA0 tocsin.test=pager tocsin.serve={served['name']} {bootargs}"}
    props = {"tocsin,paged": True, "tocsin,pager": "keeper", "tocsin,pager-timeout-ms": 0, **served["props"]}
    return {**LINUX, "name": f"pager.{name}", "smp": smp, "mem": "1G", "partitions": [keeper, {**served, "props": props}],
            "reject": [*PANIC, r"FAIL ", r"pagerd: .*(cannot|finds none)", r"apf failed"],
            "expect": [RUNNING, HEARD, *steps], **more}


def killed(*when):
    """The pagerd is killed when each of these is seen, and goes on."""
    return [step for n, seen in enumerate(when, 1)
            for step in ((seen, "\n"), rf"pager: killed, {n}\n", HEARD)]


def pager_of_walk(name, **more):
    """A small guest, which goes on with its rounds."""
    walk = bare_metal("walk", "pagedwalk", [1], memory="16M", props={"tocsin,resident": 1024})
    asked = [(r"round \d+\n", "\x1dm"), (r"monitor; help", "stop walk\r"),
             (r"walk: stopped from the monitor", "paging walk\r"), ADDS_UP]
    return pager(name, walk, *killed(*[r"round \d+\n"] * 3), r"round \d+\n", *asked, stop=True, check=adds_up, **more)


ADDS_UP = (r"loaded (\d+), ahead \d+, lost 0, evicted (\d+), (\d+) of them zero.*\n"
           r".* heard, (\d+) requests open; loads (\d+), evictions (\d+), .*\n"
           r".*hellos 4, rescued (\d+), failed 0, late 0, strange \d\n")


def adds_up(text):
    """What was loaded and evicted is what the pager was asked for, and what came back before it had it."""
    loaded, evicted, words, is_open, loads, evictions, rescued = map(int, re.search(ADDS_UP, text).groups())
    if 0 <= loads + rescued - loaded <= is_open and evicted - words == evictions:
        return None
    return f"the counters do not add up: {re.search(ADDS_UP, text)[0]}"


def pager_of_debian(name, test, *steps, smp=2, resident_mib=48, **more):
    debian = {"name": "worker", "cpus": list(range(1, smp)), "memory": "192M", "kernel": LINUX["kernel"],
              "initrd": LINUX["initrd"], "bootargs": f"console=ttyAMA0 {test}",
              "props": {"tocsin,resident": resident_mib << 10}}
    return pager(name, debian, *steps, smp=smp, stop=True, **more)


# What make demo-partitions shows; with one CPU, in exact time.
def demonstrated(smp):
    exact = {"qemu": demonstration.EXACT} if smp == 1 else {}
    return {"name": f"demonstration.smp{smp}", **demonstration.system(smp), **exact, "timeout": 300, "stop": True,
            "expect": [(seen, typed) for seen, _, typed in demonstration.STEPS], "reject": PANIC[:1],
            "check": lambda text: demonstration.kept_time(text, exact)}


# Debian with its own driver of the watchdog, and a real-time guest beside it.
FED = r"watchdog: fed, active, 3 s\n"
WATCHDOG = {
    **LINUX, "name": "watchdog", "smp": 2, "mem": "1G", "tocsin": "tocsin.console=lines",
    "partitions": [{"name": "debian", "cpus": [0], "memory": "512M", "kernel": LINUX["kernel"],
                    "initrd": LINUX["initrd"], "bootargs": "console=ttyAMA0 tocsin.test=watchdog",
                    "props": {"tocsin,watchdog": True, "tocsin,on-fault": "restart"}},
                   bare_metal("rt", "periodic", [1])],
    "reject": [*PANIC, "watchdog failed"],
    "expect": [RUNNING, FED, r"debian, vCPU 0 stopped: watchdog expired at pc 0x",
               r"debian: stopped by its watchdog, restart 1 in 100 ms", RUNNING, r"\[rt\] \d+00 ticks"],
    "stop": True}


def direct(name, **more):
    """Debian at the machine's addresses, with a disk and a network card, beside a partition that
    is not."""
    debian = {"name": "debian", "cpus": [0, 1], "memory": [(0x54000000, 0x20000000)], "direct": True,
              "kernel": LINUX["kernel"], "initrd": LINUX["initrd"], "tree": devices.TRANSPORTS,
              "bootargs": "console=ttyAMA0 tocsin.test=virtio"}
    return {**LINUX, "name": name, "smp": 2, "mem": "1G", "qemu": virtio("mmio"), "tocsin": "tocsin.console=focus",
            "partitions": [debian, bare_metal("beside", "timer", [1])], "reject": [*PANIC, "FAIL "],
            "expect": [r"virtio@\w+ may reach all memory by DMA: this partition is trusted", RUNNING,
                       "tocsin-guest: virtio passed", "partition debian: powered off"], **more}


CASES = [
    demonstrated(4),
    demonstrated(1),
    paging(1, qemu=demonstration.EXACT),
    paging(2),
    paging_stress("smp1", 1, rounds=2, qemu=demonstration.EXACT),
    paging_tasks("paging-tasks"),
    paging_reset("unasked"),
    paging_kexec("kexec", smp=1, qemu=demonstration.EXACT),
    pager_of_walk("walk.gic3"),
    pager_of_walk("walk.gic2", gic="2", soak=True),
    pager_of_debian("debian", "tocsin.test=apf", *killed("apf: off", "apf: on"), r"declined 0\n", r"unknown 0\n",
                    "tocsin-guest: apf passed", soak=True, timeout=900),
    pager_of_debian("debian-stress", "panic_on_warn=1 tocsin.test=apf-stress tocsin.rounds=5",
                    *killed(*[r"in all \d{3,}, "] * 50), "tocsin-guest: apf-stress passed",
                    bootargs="tocsin.pagerd=-v", smp=3, soak=True, timeout=3000),
    WATCHDOG,
    *matrix(channel("channel"), gic=["2", "3"]),
    *next_kernel(channel("channel")),
    *next_kernel(paging(2)),
    direct("direct.gic3"),
    direct("direct.gic2", gic="2", soak=True),
    *matrix(debian("shell", expect=[RUNNING, r"nproc: 4", "tocsin-guest: shell passed"]),
            gic=["2", "3"]),
    *matrix(debian("hotplug", "tocsin.rounds=10"), gic=["2", "3"]),
    debian("poweroff", expect=[RUNNING]),
    debian("reboot", expect=[RUNNING, RUNNING, RUNNING], stop=True),
    INTERACTIVE,
    debian("virtio-mmio", test="virtio", qemu=virtio("mmio")),
    debian("virtio-pci", test="virtio", qemu=virtio("pci")),
    *UBOOT,
    debian("zcu102", test="shell", zcu102=True, mem="2G", kernel="build/debian/board/Image",
           expect=[RUNNING, r"nproc: 4", "tocsin-guest: shell passed"]),
    sdei_module(1, rounds=30, gic="3"),
    sdei_module(0, rounds=10, gic="2"),
    *next_kernel(sdei_module(1, rounds=2)),
    {**SDEI["panic"], "gic": "3"},
    {**SDEI["reboot"], "gic": "2"},
    {**SDEI["kexec"], "gic": "2"},
    {**SDEI["kdump-notifiers"], "gic": "3"},
    debian("sdei-off", test="shell", tocsin="tocsin.sdei=off", reject=[*PANIC, r"\bsdei: "],
           expect=[RUNNING, "tocsin-guest: shell passed"]),
    *[paging_stress(f"smp{smp}.{cpu}-long", smp, rounds=50, cpu=cpu, timeout=3000, soak=True)
      for smp in (1, 4) for cpu in ("cortex-a57", "max")],
    paging_stress("smp4", 4, rounds=2, timeout=900, soak=True),
    *matrix(paging_tasks("paging-tasks-cpu", soak=True), cpu=["cortex-a57", "max"], gic=["2", "3"]),
    paging_reset("asked", "tocsin.reset=asked", soak=True),
    paging_kexec("kexec.smp2", timeout=900, soak=True),
    # Without notifiers nobody turns it off on the CPU that panics.
    paging_kexec("kdump", "crashkernel=160M", left_on=True, timeout=900, soak=True),
    paging_kexec("kdump-notifiers", "crashkernel=160M crash_kexec_post_notifiers", timeout=900, soak=True),
    paging_reset("unasked-long", resets=30, timeout=3000, soak=True),
    debian("hotplug-long", "tocsin.rounds=300", test="hotplug", timeout=3000, soak=True),
    debian("reboot-long", test="reboot", expect=[RUNNING] * 50, stop=True, timeout=3000, soak=True),
    *matrix(debian("shell-cpu", test="shell", soak=True),
            cpu=["cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "max"],
            gic=["2", "3"]),
    *matrix(debian("shell-smp", test="shell", soak=True), smp=[1, 2, 3, 8]),
    *[case for kpti in (0, 1)
      for case in matrix(sdei_module(kpti, rounds=100, timeout=3000, soak=True),
                         cpu=["cortex-a57", "max"], gic=["2", "3"])],
    {**sdei_module(1, rounds=10, timeout=900, soak=True), "name": "sdei-module-shared",
     "tocsin": "tocsin.vcpus=8"},
    *[case for case in SDEI.values()
      for case in matrix({**case, "soak": True}, cpu=["cortex-a57", "max"], gic=["2", "3"])],
]
