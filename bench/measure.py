"""What bench/run measures with: one process, rounds of several, questions of a few milliseconds, and tables of the figures.

A process is started with posix_spawn, so that little of this program is in its time. While it runs, what the rest of the
machine does is counted from /proc/stat; which runs count is decided by that alone, never by how long they took. The system
counts a child's peak memory from at least that of its parent: whatever runs here reads large answers in pieces.
"""

import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CORES = len(os.sched_getaffinity(0))
DISTURBED = 0.10  # of the machine, spent on others while a contender ran


class Failed(Exception):
    """A contender that failed, or did not do all of its work: the part that it belongs to has no figures."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    raise Failed(text)


def call(*argv, **more):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode:
        fail('%s failed:\n%s' % (' '.join(argv[:3]), (done.stderr or done.stdout)[-3000:]))
    return done.stdout


def lines_of(*argv):
    """The lines that a program prints, one by one."""
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    yield from child.stdout
    if child.wait():
        fail('%s ended with %d' % (' '.join(argv[:3]), child.returncode))


def machine_busy():
    with open('/proc/stat') as f:
        user, nice, system, _idle, _iowait, irq, soft, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf('SC_CLK_TCK')


class Run:
    """wall, user, system, processor: seconds; rss: bytes; read: bytes from disk; others: the part of the machine spent
    elsewhere meanwhile; out: what it printed, unless it went to sink; timed_out"""


def measure(argv, stdin=None, environment=None, sink=None, limit=None):
    """sink: a file for what is printed; limit: seconds after which the process is ended."""
    run, timer, late = Run(), None, threading.Event()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        to = (os.POSIX_SPAWN_OPEN, 1, sink, os.O_WRONLY, 0) if sink else (os.POSIX_SPAWN_DUP2, out.fileno(), 1)
        how = [(os.POSIX_SPAWN_OPEN, 0, stdin or os.devnull, os.O_RDONLY, 0), to, (os.POSIX_SPAWN_DUP2, err.fileno(), 2)]
        given = dict(os.environ, **(environment or {}))
        busy, start = machine_busy(), time.monotonic()
        pid = os.posix_spawnp(argv[0], argv, given, file_actions=how, setsigdef=[signal.SIGPIPE])
        if limit:
            timer = threading.Timer(limit, lambda: (late.set(), os.kill(pid, signal.SIGKILL)))
            timer.start()
        _, status, used = os.wait4(pid, 0)
        run.wall = time.monotonic() - start
        if timer:
            timer.cancel()
        busy = machine_busy() - busy
        run.status, run.timed_out = os.waitstatus_to_exitcode(status), late.is_set()
        err.seek(0)
        if run.status and not run.timed_out:
            fail('%s ended with %d:\n%s' % (' '.join(argv[:3]), run.status, err.read().decode()[-3000:]))
        out.seek(0)
        run.out = out.read().decode()
    run.user, run.system, run.rss, run.read = used.ru_utime, used.ru_stime, used.ru_maxrss * 1024, used.ru_inblock * 512
    run.processor = run.user + run.system
    run.inside, run.parallel = run.wall, run.processor / max(run.wall, 1e-9)
    run.others = max(0.0, busy - run.processor) / max(run.wall * CORES, 1e-9)
    return run


def wait_for_quiet(seconds):
    """Waits until the machine is nearly idle over two seconds, at most as long as allowed."""
    until = time.monotonic() + seconds
    while seconds:
        busy, start = machine_busy(), time.monotonic()
        time.sleep(2)
        share = (machine_busy() - busy) / ((time.monotonic() - start) * CORES)
        if share < DISTURBED or time.monotonic() > until:
            return


def remove(path):
    for p in (path, path + '.wal'):
        if os.path.isdir(p) and not os.path.islink(p):
            shutil.rmtree(p)
        elif os.path.lexists(p):
            os.unlink(p)


def forget(paths):
    """Gives up what the page cache holds of files. Directories and inodes stay known."""
    os.sync()
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


class Job:
    """A contender: line() gives argv, standard input and environment; check(run) dies unless it did all of its work;
    `out` is removed before each run; before() is called ahead of it; `runs` are wanted."""

    def __init__(self, line, runs, check=None, out=None, before=None, repeats=None):
        self.line, self.runs, self.check, self.out, self.before, self.repeats = line, runs, check, out, before, repeats


def rounds(args, jobs):
    """{name: [Run]}, {name: how many runs were left out}: rounds until each has its undisturbed runs, or no repeats are left."""
    runs = {n: [] for n in jobs}
    most = {n: j.runs + (args.repeats if j.repeats is None else min(args.repeats, j.repeats)) for n, j in jobs.items()}
    number = 0
    while True:
        due = [n for n, j in jobs.items()
               if sum(r.others <= DISTURBED for r in runs[n]) < j.runs and len(runs[n]) < most[n]]
        if not due:
            break
        number += 1
        for name in due:
            job = jobs[name]
            if job.out:
                remove(job.out)
            argv, stdin, environment = job.line()
            if job.before:
                job.before()
            if name == due[0] or job.before:
                wait_for_quiet(args.quiet)
            run = measure(argv, stdin, environment)
            if job.check and not runs[name]:
                job.check(run)
            runs[name].append(run)
            say('  round %d  %-26s %7.2f s  %6.2f s processor  %5d MB  others %2.0f %%' %
                (number, name, run.wall, run.processor, run.rss / 1e6, run.others * 100))
    kept = {n: sorted(runs[n], key=lambda r: (r.others > DISTURBED) * r.others)[:j.runs] for n, j in jobs.items()}
    return kept, {n: len(runs[n]) - len(kept[n]) for n in jobs}


def ask(args, questions, runs):
    """{name: [Run]} of processes that take milliseconds, and the part of the machine that others used: all in turn, `runs` times
    after one that warms; a pass that was disturbed is repeated, and the least disturbed one counts."""
    best = None
    for _ in range(1 + min(2, args.repeats)):
        wait_for_quiet(args.quiet)
        found = {q: [] for q in questions}
        busy, start, own = machine_busy(), time.monotonic(), sum(os.times()[:4])
        for number in range(runs + 1):
            for name, argv in questions.items():
                run = measure(argv, sink=os.devnull)
                if number:
                    found[name].append(run)
        spent = time.monotonic() - start
        others = max(0.0, machine_busy() - busy - (sum(os.times()[:4]) - own)) / (spent * CORES)
        if best is None or others < best[1]:
            best = found, others
        if others <= DISTURBED:
            break
    return best


# ---------------------------------------------------------------- tables

def middle(runs, field='wall'):
    return statistics.median(getattr(r, field) for r in runs)


def spread(runs, field='wall'):
    return '%.2f–%.2f' % (min(getattr(r, field) for r in runs), max(getattr(r, field) for r in runs))


def disturbed(runs):
    return '%d' % sum(r.others > DISTURBED for r in runs)


def table(head, rows):
    width = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]

    def line(cells):
        return '| ' + ' | '.join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, width))) + ' |'
    rule = '|' + '|'.join('-' * (w + 2) if i == 0 else '-' * (w + 1) + ':' for i, w in enumerate(width)) + '|'
    return '\n'.join([line(head), rule] + [line(r) for r in rows])


def milli(seconds):
    return '' if seconds is None else '%.1f' % (seconds * 1000)


def machine():
    model = memory = '?'
    with open('/proc/cpuinfo') as f:
        text = f.read()
    for line in text.split('\n'):
        if line.startswith('model name'):
            model = line.split(':', 1)[1].strip()
    with open('/proc/meminfo') as f:
        memory = '%.0f GB' % (int(f.readline().split()[1]) / 1e6)
    return '%s, %d cores, %s, %s; Linux %s' % (model, CORES, memory, ', '.join(
        f for f in ('avx2', 'avx512bw', 'sha_ni') if f in text) or 'no AVX2', platform.release().split('-')[0])
