"""What the test programs of this folder share: running spoor, counting checks, showing a difference."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, 'naive'))
SOURCE_ROOT = os.path.dirname(HERE)
N_WORKERS = os.cpu_count() or 2
# A sanitizer's build is slower and larger than what the limits of these tests are made for.
SLOWDOWN = float(os.environ.get('SPOOR_TEST_SLOWDOWN', '1'))
MEASURES_MEMORY = SLOWDOWN == 1


class Checks:
    """Prints one line for each check, and the sum."""

    def __init__(self, title):
        self.title, self.passed, self.failed, self.skipped = title, 0, 0, 0

    def ok(self, name):
        self.passed += 1
        print(f'ok    {name}', flush=True)

    def fail(self, name, why=''):
        self.failed += 1
        print(f'FAIL  {name}', flush=True)
        for line in str(why).splitlines()[:40]:
            print(f'      {line}', flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f'skip  {name}: {why}', flush=True)

    def check(self, name, holds, why=''):
        """WHY may be a function, called only where it is needed."""
        if holds:
            self.ok(name)
        else:
            self.fail(name, why() if callable(why) else why)
        return bool(holds)

    def equal(self, name, expected, actual):
        return self.check(name, expected == actual, lambda: f'expected {expected!r}\nfound    {actual!r}')

    def finish(self):
        skipped = f', {self.skipped} skipped' if self.skipped else ''
        print(f'{self.passed} passed, {self.failed} failed{skipped}')
        return 1 if self.failed else 0


class Result(NamedTuple):
    arguments: list
    status: int  # negative: the signal that ended it
    stdout: bytes
    stderr: bytes
    seconds: float
    peak_bytes: int

    def story(self):
        shown = ' '.join(os.fsdecode(argument) for argument in self.arguments)
        complaint = self.stderr[-1500:].decode('utf-8', 'replace')
        return f'$ spoor {shown}\nexit status {self.status}\n{complaint}'


class Spoor:
    """The program under test. Nothing of the caller's surroundings may change its answers."""

    def __init__(self, program, wrapper=()):
        self.command = [*wrapper, os.path.abspath(program)]
        self.environment = dict(os.environ, LC_ALL='C.UTF-8', TZ='Asia/Kolkata')

    def start(self, arguments, stdin=None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=None):
        return subprocess.Popen([*self.command, *arguments], stdin=stdin or subprocess.DEVNULL,
                                stdout=stdout, stderr=stderr, cwd=cwd, env=self.environment)

    def run(self, *arguments, stdin=b'', cwd=None, timeout=120):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            began = time.monotonic()
            process = self.start(arguments, given, out, err, cwd)
            # wait4() tells the memory of this one process, which subprocess does not.
            killer = threading.Timer(timeout * SLOWDOWN, process.kill)
            killer.start()
            _, status, usage = os.wait4(process.pid, 0)
            killer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            out.seek(0)
            err.seek(0)
            return Result(list(arguments), process.returncode, out.read(), err.read(), seconds,
                          usage.ru_maxrss * 1024)

    def run_all(self, commands):
        """Results in the order of COMMANDS, run on all cores."""
        with ThreadPoolExecutor(N_WORKERS) as pool:
            return list(pool.map(lambda arguments: self.run(*arguments), commands))


def seeded(name, default):
    """A generator of random numbers whose seed is printed; SPOOR_TEST_SEED overrides it."""
    seed = int(os.environ.get('SPOOR_TEST_SEED', default))
    print(f'seed of {name}: {seed} (SPOOR_TEST_SEED overrides)')
    return random.Random(seed)


def shared_data():
    """The folder of real records beside the source tree, or None."""
    folder = os.environ.get('SPOOR_SHARED_DATA') or os.path.join(SOURCE_ROOT, '..', 'shared', 'data')
    return os.path.normpath(folder) if os.path.isdir(folder) else None


def json_lines(output):
    """The rows of --format jsonl; what is no UTF-8 or no JSON raises ValueError."""
    # splitlines() would also split at U+2028, which JSON leaves as it is.
    return [json.loads(line) for line in output.decode('utf-8').split('\n') if line]


def comparable(value):
    """How many U+FFFD one malformed sequence becomes is a matter of taste: runs count as one."""
    if isinstance(value, str):
        return re.sub('\ufffd+', '\ufffd', value)
    if isinstance(value, list):
        return [comparable(element) for element in value]
    if isinstance(value, dict):
        return {key: comparable(element) for key, element in value.items()}
    return value


def difference(expected, actual):
    """The first row that differs, and in which columns; None where there is none."""
    for i, (wanted, found) in enumerate(zip(expected, actual)):
        if list(wanted) != list(found):
            return f'row {i}: columns {list(wanted)}\n   found: {list(found)}'
        cells = [name for name in wanted if comparable(wanted[name]) != comparable(found[name])]
        if cells:
            shown = '\n'.join(f'  {name}: expected {wanted[name]!r}\n  {" " * len(name)}  found    {found[name]!r}'
                              for name in cells)
            return f'row {i} differs in\n{shown}\n  whole row expected {json.dumps(wanted, ensure_ascii=False)}'
    if len(expected) != len(actual):
        longer = expected if len(expected) > len(actual) else actual
        i = min(len(expected), len(actual))
        return f'{len(expected)} rows expected, {len(actual)} found; row {i}: {json.dumps(longer[i], ensure_ascii=False)}'
    return None
