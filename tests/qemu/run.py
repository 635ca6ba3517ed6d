# SPDX-License-Identifier: Apache-2.0
"""Runs guests under Tocsin in QEMU and judges them by their console.

A module NAME_cases.py in this folder has a list CASES. A case is a dictionary;
all keys but name and kernel are optional:

  name      unique; results are listed as NAME, or NAME: TEST
  kernel, initrd, bootargs, tocsin, cpu, gic, smp, mem, board, addr, modules,
  qemu, uboot, bare, zcu102, partitions, chosen
            the fields of tools/machine.py's Machine, which has the defaults
  tests     True: the guest runs tests of its own and prints lines
            "PASS name", "SKIP name", "FAIL name: why" and at last "DONE"
  expect    list of regular expressions that the console must show in this
            order; a pair (regex, text) also types text once regex was seen
  reject    list of regular expressions that it must never show; default: a
            panic of Tocsin or of Linux
  check     function of the console's text after all that: a sentence if something
            is wrong, or None
  stop      True: end QEMU once all of expect was seen. Otherwise the machine
            must power itself off
  timeout   seconds; default 120
  soak      True: only part of "make soak"

matrix(case, cpu=[...], gic=[...], smp=[...]) makes one case of each combination.
The console of each case is kept in build/test/NAME.log, the command in its
first line.
"""

import importlib.util
import itertools
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from glob import glob

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tools")]
from machine import Machine, MachineError  # noqa: E402

LOGS = "build/test"
CONSOLE = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
PANIC = [r"(?m)^tocsin: error: panic", r"Kernel panic - not syncing"]
LAST_LINES = 12
# A slow or busy machine: every timeout is multiplied by this.
PATIENCE = float(os.environ.get("PATIENCE", "1"))


def matrix(case, **axes):
    """One copy of the case for each combination of the axes' values."""
    cases = []
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values))
        suffix = ".".join(f"{k}{v}" if str(v).isdigit() else str(v) for k, v in chosen.items())
        cases.append({**case, **chosen, "name": f"{case['name']}.{suffix}"})
    return cases


def load(which, soak=False):
    """The cases of tests/qemu/WHICH_cases.py."""
    cases = []
    for path in sorted(glob(os.path.join(HERE, f"{which}_cases.py"))):
        spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        cases += [c for c in module.CASES if soak or not c.get("soak")]
    return cases


@dataclass
class Result:
    """Of one case: how many tests passed, and a line for each that did not."""

    name: str
    passed: int = 0
    failures: list = field(default_factory=list)
    skipped: list = field(default_factory=list)  # a sentence for each that could not be
    seconds: float = 0


class Run:
    """One QEMU and its console."""

    def __init__(self, case):
        self.case = case
        self.text = ""
        self.done = 0  # text before this offset was matched by expect
        self.steps = [s if isinstance(s, tuple) else (s, None) for s in case.get("expect", [])]
        self.reject = [re.compile(r) for r in case.get("reject", PANIC)]
        self.changed = threading.Condition()
        self.closed = False

    def start(self):
        names = {f.name for f in fields(Machine)}
        machine = Machine(**{k: v for k, v in self.case.items() if k in names})
        command = machine.command(CONSOLE)
        os.makedirs(LOGS, exist_ok=True)
        self.log = open(f"{LOGS}/{self.case['name'].replace('/', '_')}.log", "wb")
        self.log.write((shlex.join(command) + "\n").encode())
        self.qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, bufsize=0)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        while data := self.qemu.stdout.read(4096):
            self.hear(data)
            with self.changed:
                self.text += data.decode("utf-8", "replace").replace("\r", "")
                self.changed.notify()
        with self.changed:
            self.closed = True
            self.changed.notify()

    def hear(self, data):
        self.log.write(data)

    def advance(self):
        """Matches what can be matched; a sentence if the case has failed."""
        for pattern in self.reject:
            if found := pattern.search(self.text):
                # Let the rest of the report come, for the log.
                self.changed.wait(2)
                return f"the console shows: {self.line_at(found.start())}"
        while self.steps and (found := re.compile(self.steps[0][0]).search(self.text, self.done)):
            self.done = found.end()
            if self.steps[0][1] is not None:
                self.type(self.steps[0][1])
            self.steps.pop(0)
        return None

    def type(self, text):
        try:
            self.qemu.stdin.write(text.encode())
        except BrokenPipeError:
            pass

    def line_at(self, offset):
        begin = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[begin:end if end >= 0 else None].strip()

    def judge(self, deadline):
        """Waits for the end; a sentence if the case has failed."""
        with self.changed:
            while True:
                if failure := self.advance():
                    return failure
                if self.case.get("stop") and not self.steps:
                    return None
                if self.closed:
                    break
                left = deadline - time.monotonic()
                if left <= 0:
                    return "still running at its time limit; " + self.missing()
                self.changed.wait(left)
        if self.qemu.wait() != 0:
            return f"QEMU ended with status {self.qemu.returncode}"
        return self.missing() if self.steps else None

    def missing(self):
        return f"never seen: {self.steps[0][0]}" if self.steps else "it did not power off"

    def close(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        self.listener.join()
        self.log.close()


def judge_tests(text, result):
    """Counts the PASS and FAIL lines of a guest that tests."""
    if not re.search(r"(?m)^DONE$", text):
        result.failures.append("the guest did not come to its DONE line")
    result.failures += re.findall(r"(?m)^FAIL (.*)$", text)
    passed = len(re.findall(r"(?m)^PASS ", text))
    if not passed and not result.failures:
        result.failures.append("the guest ran no test")
    result.passed += passed


def run_case(case):
    result = Result(case["name"])
    run = Run(case)
    begin = time.monotonic()
    try:
        run.start()
    except (MachineError, OSError) as e:
        result.failures.append(str(e))
        return result
    try:
        failure = run.judge(begin + case.get("timeout", 120) * PATIENCE)
    finally:
        run.close()
    result.seconds = time.monotonic() - begin
    if not failure and "check" in case:
        failure = case["check"](run.text)
    if failure:
        result.failures.append(failure)
    if case.get("tests"):
        judge_tests(run.text, result)
    elif not failure:
        result.passed = 1
    if result.failures:
        tail = run.text.rstrip().split("\n")[-LAST_LINES:]
        result.failures[-1] += "\n" + "\n".join("    | " + line for line in tail)
    return result


def run_cases(cases, jobs=2):
    """Runs them, at most jobs at a time; yields a Result for each, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run_case, cases)
