# SPDX-License-Identifier: Apache-2.0
"""Bare-metal guests of ours under Tocsin: tests/guest/NAME.c, and hostile boots."""

from hostile import GOOD, INITRD_WORDS, KERNEL, RANDOM_TREES, SOAK_TREES, TOCSIN, TREE, TREES
from partitions import bare_metal
from run import PANIC, matrix

MADE = "build/guest/hostile"
CPUS = ["cortex-a57", "max"]
GICS = ["2", "3"]
LINE = "the quick brown fox jumps over the lazy dog 0123456789\n"
KEY = "\x1d"  # the escape key
TYPED = [("TYPE NOW\n", LINE), ("TYPE NOW\n", LINE)]


def guest(name, **more):
    """A guest that tests, on 256 MiB."""
    program = more.pop("program", name)
    return {"name": name, "kernel": f"build/guest/{program}.bin", "mem": "256M", "tests": True,
            "timeout": 30, **more}


def shared(name, **more):
    """Several vCPUs on each CPU: they take turns."""
    return guest(f"{name}-shared", program=name, tocsin="tocsin.vcpus=4", timeout=120, **more)


def loader(name, bootargs="", **more):
    return guest(f"loader-{name}", program="loader", bootargs=f"cpus=0x4 {bootargs}".strip(), **more)


def says(name, *expect, **more):
    """Tocsin says that and stops or powers off."""
    return {"name": f"boot-{name}", "mem": "256M", "expect": list(expect), "stop": True, "timeout": 30, **more}


def load_raw(path, address):
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


def on_tree(name, expect, stub="tree", **more):
    """Tocsin started by a stub on a tree of hostile.py's."""
    case = {"name": f"tree-{name}", "mem": "256M", "image": f"{MADE}/stub-{stub}.bin", "timeout": 30,
            "qemu": load_raw("build/tocsin.img", TOCSIN) + load_raw(f"{MADE}/{name}.dtb", TREE)
            + load_raw("build/guest/loader.bin", KERNEL), **more}
    if expect is GOOD:
        return {**case, "tests": True}
    return {**case, "expect": expect, "stop": True}


MATRIX = [case for name in ("psci", "smccc", "sysregs", "abort", "gic", "gicdeliver", "timer", "fp")
          for case in matrix(guest(name), cpu=CPUS, gic=GICS, smp=[1, 4])]

# docs/sdei-tests.md says which test of SDEI is where.
SDEI_ONE = ["sdei", "sdeistate", "sdeidelivery", "sdeipstate", "sdeiresume", "sdeialarm"]
SDEI_ALL = ["sdeismp", "sdeilife", "sdeireset", "sdeifuzz", "sdeibound", "sdeirouting", "sdeishared",
            "sdeiboundreset"]
SDEI = [
    *[case for name in SDEI_ONE + SDEI_ALL
      for case in matrix(guest(name, timeout=60), cpu=CPUS, gic=GICS, smp=[1, 4])],
    *matrix(guest("sdeiel0", timeout=60), cpu=CPUS, gic=GICS, smp=[4]),
    *[case for name in ("sdeismp", "sdeilife", "sdeireset", "sdeiel0", "sdeifuzz", "sdeibound", "sdeirouting",
                   "sdeishared", "sdeiboundreset")
      for case in matrix(shared(name), gic=GICS, smp=[1, 2])],
    *[guest(f"{name}-smc", program=name, bootargs="smc", cpu="max", smp=2)
      for name in (*SDEI_ONE, "sdeismp", "sdeilife")],
    *[guest(f"sdeislots-{n}", program="sdeislots", bootargs=f"slots={n}",
            tocsin=f"tocsin.sdei-private-slots={n} tocsin.sdei-shared-slots={n}") for n in (0, 1)],
    *matrix(guest("sdeioff", tocsin="tocsin.sdei=off"), gic=GICS, smp=[1]),
    *matrix(guest("sdeifuzz-long", program="sdeifuzz", bootargs="calls=20000000", soak=True, timeout=900),
            gic=GICS, smp=[4]),
]

# Whatever a broken tree says, Tocsin runs the guest or says why not.
EITHER = [r"\nDONE\n|; stopped|[Nn]o guest"]

# One report of a partition that cannot go on.
REPORT = [r"partition guest, vCPU 1 stopped: instruction abort", r"pc 0x", r"esr 0x", r"far 0x0*b800\w+",
          r"stage 2", r"vbar_el1 0x0*b800000", r"stopped after a fault"]

LOADER = [
    *matrix(loader("raw", "base=0x4c000000 size=0xf000000", addr=0x4C000000), gic=GICS),
    loader("raw-moved", "base=0x45000000", addr=0x4C000000, tocsin="tocsin.load=0x45000000"),
    loader("initrd", f"initrd={4 * INITRD_WORDS:#x}", initrd=f"{MADE}/initrd.bin"),
    {**loader("elf", "base=0x44000000"), "kernel": "build/guest/loader-fixed.elf"},
    {**loader("image", "offset=0x80000"), "kernel": "build/guest/loader-image.bin"},
    {**loader("image-high", "base=0x41480000"), "kernel": f"{MADE}/image-high.bin"},
    # Nothing that can be code, but asked for.
    {**says("asked-for", r"partition guest: 4 vCPUs, entry 0x45000000", kernel=f"{MADE}/zeros.bin", tocsin="tocsin.load=0x45000000")},
    {**loader("cpio"), "kernel": None, "qemu": ["-initrd", f"{MADE}/boot.cpio"]},
    loader("vcpus-1", tocsin="tocsin.vcpus=1", bootargs="cpus=0x1"),
    loader("memory-4g", "size=0xf0000000", mem="4G"),
    loader("max-3-cpus", cpu="max", smp=3, bootargs="cpus=0x3"),
    loader("gic2-2-cpus", gic="2", smp=2, bootargs="cpus=0x2"),
    loader("unknown-option", tocsin="tocsin.vcpu=3 quiet tocsin.log=loud",
           expect=[r"tocsin\.vcpu|vcpu=3", r"tocsin\.log"]),
]
for case in LOADER:
    if case["name"].startswith("loader-") and "cpus=0x4 cpus=" in case["bootargs"]:
        case["bootargs"] = case["bootargs"].replace("cpus=0x4 ", "", 1)

BOOT = [
    says("no-module", r"guest-loader", kernel=None),
    says("el1", r"entered at EL1", kernel=None, board="virtualization=off"),
    says("el3", r"entered at EL3", kernel=None, image=f"{MADE}/tocsin-el3.elf", board="secure=on"),
    says("no-landing-pad", r"panic on cpu0: synchronous exception in EL2: branch target", cpu="max",
         kernel="build/guest/psci.bin", image=f"{MADE}/tocsin-no-landing.img", reject=["PASS"]),
    says("compressed", r"is compressed", r"stopped", kernel=f"{MADE}/gzip.bin"),
    says("elf-cut", r"ELF", r"stopped", kernel=f"{MADE}/elf-cut.bin"),
    says("elf-foreign", r"another CPU", r"stopped", kernel=f"{MADE}/elf-foreign.bin"),
    # stop=False: QEMU has to end, for the machine is off, or is reset; else the CPU sleeps.
    says("web-page", r"is a web page \(HTML\), no kernel", r"cannot be loaded; stopped", kernel=f"{MADE}/page.html",
         stop=False),
    says("noise", r"no raw code, 0x00000000 at 0x0", r"stopped", kernel=f"{MADE}/zeros.bin", stop=False),
    says("noise-halt", r"stopped\n.*halted", kernel=f"{MADE}/zeros.bin", tocsin="tocsin.on-stop=halt"),
    says("no-module-halt", r"guest-loader(.*\n)*.*halted", kernel=None, tocsin="tocsin.on-stop=halt"),
    says("no-module-reset", r"guest-loader(.*\n)*.*version", kernel=None, tocsin="tocsin.on-stop=reset"),
    says("vmlinux", r"virtual addresses .*: should be arch/arm64/boot/Image", r"stopped",
         kernel=f"{MADE}/vmlinux.bin", stop=False),
    says("too-large", r"does not fit|absurd", r"stopped", kernel=f"{MADE}/image-too-large.bin", addr=KERNEL),
    says("cpio-cut", r"broken at", kernel=None, qemu=["-initrd", f"{MADE}/boot-cut.cpio"]),
    says("cpio-no-kernel", r"kernel", kernel=None, qemu=["-initrd", f"{MADE}/boot-no-kernel.cpio"]),
    says("load-outside", r"stopped", kernel="build/guest/loader.bin", tocsin="tocsin.load=0x10000000"),
]

TREE_CASES = [
    *[on_tree(name, expect) for name, _, expect in TREES],
    *[on_tree(name, EITHER) for name in ("cut-silently", "cut-honestly", "struct-outside", "strings-outside",
                                         "size-absurd", "no-end")],
    on_tree("zeros", [r"no flattened device tree"]),
    on_tree("atags", [r"no flattened device tree"]),
    {**on_tree("plain", GOOD, stub="lpis"), "name": "tree-lpis", "expect": [r"CPU 0: firmware has left LPIs on"]},
    # What is typed reaches a guest, and the monitor, where the console's interrupt is not known.
    {**on_tree("no-console-irq", [(r"hello\n", "a"), (r"\(61\)\n", f"{KEY}m"), (r"monitor; help", "status\r"),
                                  (r"0 guest: running(.*\n)*.*tocsin> ", "quit\r"), (r"console: guest|quit\n", "o"), r"off\n"]),
     "name": "tree-polled-input", "stop": True,
     "qemu": load_raw("build/tocsin.img", TOCSIN) + load_raw(f"{MADE}/no-console-irq.dtb", TREE)
     + load_raw("build/guest/typed.bin", KERNEL)},
    {**on_tree("plain", [r"no device tree"], stub="none"), "name": "tree-none"},
    {**on_tree("plain", [r"tree"], stub="unmapped"), "name": "tree-unmapped"},
    {**on_tree("plain", [r"tree"], stub="nowhere"), "name": "tree-nowhere"},
    {**on_tree("plain", [r"tree"], stub="odd"), "name": "tree-odd"},
    *[on_tree(f"random-{n}", EITHER, soak=n >= RANDOM_TREES) for n in range(SOAK_TREES)],
]

# Another board: Cadence UART, GIC-400 with its registers 64 KiB apart, RAM at 0.
BOARD = [guest(f"zcu102-{name}", program=name, zcu102=True, mem="2G", timeout=60)
         for name in ("smccc", "sysregs", "gic", "timer", "fp", "sdei", "sdeismp")]

# The escape key and the monitor, as one partition can show them: (shown, then typed).
MONITOR = [
    (r"hello\n", f"a{KEY}{KEY}"),
    (r"\(61\)\n\(1d\)\n", f"{KEY}m"),
    (r"monitor; help", "halp\x7f\x7f\x7felp\r"),
    (r"quit: back", "status\r"),
    (r"0 guest: running, \d vCPUs, console\n  vCPU 0 on cpu0: [a-z]", "stage2 guest\r"),
    (r"emulated: pl011\n(.*\n)*.*: memory, rwx(.*\n)*tocsin> ", "audit\r"),
    (r"\d stretches of 1 partitions, 0 breaches\n", "regs 0 0\r"),
    (r"guest, vCPU 0, .*pc 0x[0-9a-f]+(.*\n){9}", "crash\rregs guest 9\rstop elsewhere\r"),
    (r"has not crashed\n(.*\n)*.*has vCPUs 0 to \d\n(.*\n)*stop: which partition", "log\r"),
    (r"\| tocsin: version(.*\n)*tocsin> ", "output\r"),
    (r"\| \(61\)\n\| \(1d\)\ntocsin> ", "start\rrestart\r"),
    (r"guest is not stopped\n(.*\n)*.*partition guest: restarted from the monitor\n.*entry 0x", "stop\r"),
    (r"guest: stopped from the monitor\n", "status\rregs\r"),
    (r"0 guest: stopped(.*\n)*.*vCPU 0, off;(.*\n)*  x28", "start\rquit\r"),
    (r"console: guest\n(.*\n)*hello\n", f"{KEY}?c"),
    (r"escape key, then(.*\n)*.*stopped after a fault", f"{KEY}\r"),
    (r"monitor; help", "crash\r"),
    (r"tocsin> crash\npartition guest, vCPU 0 stopped: instruction abort(.*\n)*  x28.*\n  vbar_el1 0x0*b800000",
     "start\rquit\r"),
    (r"hello\n", "o"),
    r"off\n",
]


def monitor(name, **more):
    return guest(name, program="typed", tests=False, stop=True, tocsin="tocsin.on-stop=halt", expect=MONITOR,
                 **more)


# Two partitions: tags, focus by the escape key, one stopped while the other goes on.
TWO = [
    (r"(\[(red|green)\] hello\n(.*\n)*){2}", "a"),
    (r"\[red\] \(61\)\n", f"{KEY}gb{KEY}rq{KEY}1d"),
    (r"\[green\] \(6[24]\)\n(.*\n)*\[green\] \(64\)\n", f"{KEY}m"),
    (r"monitor; help", "status\raudit\r"),
    (r"0 red: running(.*\n)*1 green: running, 1 vCPUs, console\n(.*\n)*[46] stretches of 2 partitions, 0 breaches",
     "status green\rupt\x1b[A\r"),
    (r"status green\n1 green(?!(.*\n)*.*0 red)(.*\n)*.*status green\n1 green(?!(.*\n)*.*0 red)(.*\n)*tocsin> ",
     "output red\rstop green\r"),
    (r"\| \(61\)\n\| \(71\)\n(.*\n)*.*green: stopped from the monitor", "start green\rfocus 0\r"),
    (r"console: red\n(.*\n)*\[green\] hello\n", "eo"),
    (r"\[red\] \(65\)\n\[red\] off\n(.*\n)*.*red: powered off", f"{KEY}go"),
    r"\[green\] off\n(.*\n)*.*green: powered off",
]


def two(gic, smp):
    return {"name": f"console-two.gic{gic}.smp{smp}", "gic": gic, "smp": smp, "mem": "256M", "timeout": 30,
            "expect": TWO,
            "partitions": [bare_metal("red", "typed", [0]), bare_metal("green", "typed", [smp - 1])]}


# Two partitions that talk: the first one tests, the other does what it is told.
def channels(name, smp, **more):
    pair = [bare_metal(who, "channel", [i % smp], who) for i, who in enumerate(("ping", "pong"))]
    channel = {"compatible": "tocsin,channel", "tocsin,partitions": ["ping", "pong"]}
    return {"name": name, "mem": "256M", "tests": True, "timeout": 60, "smp": smp, "partitions": pair,
            "tocsin": "tocsin.console=focus",
            "chosen": {"talk": {**channel, "tocsin,size": 64},
                       "publish": {**channel, "tocsin,size": [0, 4096], "tocsin,access": ["rw", "ro"]},
                       "ring": {**channel, "tocsin,interrupts": [120, 121]}}, **more}


CHANNELS = [case for smp in (1, 2) for case in matrix(channels(f"channel-{smp}", smp), cpu=CPUS, gic=GICS)]

# The watchdog is a configured partition's. Its vCPUs on these CPUs.
def watchdog(name, cpus, **more):
    return {"name": name, "mem": "256M", "tests": True, "timeout": 60, "smp": max(cpus) + 1,
            "partitions": [bare_metal("guarded", "watchdog", cpus, props={"tocsin,watchdog": True})], **more}


WATCHDOG = [case for name, cpus in (("watchdog", [0]), ("watchdog-two", [0, 1]), ("watchdog-shared", [0, 0]))
            for case in matrix(watchdog(name, cpus), gic=GICS)]

BOARD.append({"name": "zcu102-two", "zcu102": True, "mem": "2G", "timeout": 90, "stop": True,
              "partitions": [{"name": "alpha", "cpus": 2, "memory": "64M", "kernel": "build/guest/smccc.bin"},
                             {"name": "beta", "cpus": 1, "memory": "64M", "kernel": "build/guest/sdei.bin"}],
              "expect": [r"(?s)(?=.*\[alpha\]\S* DONE)(?=.*\[beta\]\S* DONE).*powered off.*powered off"], "reject": [r"FAIL ", *PANIC]})

# What the second is to run is an object file, which is found when its memory has been taken already:
# the third gets it.
REFUSED = {"name": "partition-refused", "mem": "256M", "timeout": 30,
           "partitions": [bare_metal("first", "smccc"),
                          {**bare_metal("second", "typed", memory="118M"), "kernel": "build/obj/lib/check.o"},
                          bare_metal("third", "sdei", memory="118M")],
           "expect": [r"partition second is not started",
                      r"(?s)(?=.*\[first\]\S* DONE)(?=.*\[third\]\S* DONE).*powered off.*powered off"],
           "reject": [r"FAIL ", *PANIC]}

CASES = [
    *CHANNELS,
    REFUSED,
    *WATCHDOG,
    *[two(gic, smp) for gic in GICS for smp in (1, 2)],
    *matrix(monitor("monitor"), gic=GICS, smp=[1, 4]),
    guest("monitor-off", program="typed", tests=False, tocsin="tocsin.escape=off",
          expect=[(r"hello\n", f"{KEY}mo"), r"\(1d\)\n\(6d\)\noff"]),
    guest("monitor-deaf", program="typed", tests=False, stop=True,
          expect=[(r"hello\n", "h"), (r"deaf", f"some more{KEY}m"), (r"monitor; help", "restart\rquit\r"),
                  r"hello\n"]),
    *MATRIX,
    *BOARD,
    *SDEI,
    *matrix(shared("timer"), gic=GICS, smp=[1, 2]),
    *matrix(shared("schedule"), gic=GICS, smp=[1, 2]),
    *matrix(guest("schedule"), gic=GICS, smp=[4]),
    *matrix(shared("fp"), gic=GICS, smp=[1], cpu=CPUS),
    *matrix(guest("debug"), cpu=CPUS, smp=[1, 4]),
    *matrix(shared("debug"), smp=[1]),
    *matrix(guest("gicsmp"), cpu=CPUS, gic=GICS, smp=[4]),
    *[case for name in ("gic", "gicdeliver", "gicsmp") for case in matrix(shared(name), gic=GICS, smp=[1])],
    *matrix(shared("psci"), smp=[1, 2]),
    *matrix(shared("reset"), smp=[1, 2]),
    *matrix(guest("reset"), gic=GICS, smp=[1, 4]),
    *matrix(guest("lastoff", tests=False, expect=["DONE"]), smp=[1, 4]),
    *matrix(guest("uart", expect=TYPED), gic=GICS, smp=[1, 2]),
    *matrix(guest("stop"), gic=GICS, smp=[1, 2]),
    {**guest("stop-report", program="stop", bootargs="recursion", gic="2"), "tests": False, "expect": REPORT},
    {**guest("stop-reset", program="stop", bootargs="recursion", tocsin="tocsin.on-stop=reset"),
     "tests": False, "stop": True, "expect": ["guest: under", *REPORT, "guest: under"]},
    *LOADER,
    *BOOT,
    *TREE_CASES,
]
