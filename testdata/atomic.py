#!/usr/bin/env python3
"""A case file is there whole or not at all, and evidence is never touched.

    atomic.py --spoor BIN

Interrupts `index` by SIGKILL, SIGTERM and SIGINT at seeded moments, fills a disk, gives it places it
cannot write to; and looks afterwards at what stands under the name.
"""
import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import Checks, SLOWDOWN, Spoor, seeded
import makers

N_FILES, N_RECORDS = 48, 3000


def write_evidence(rng, folder):
    """About 100 MB, so that there is time to interrupt: one file again and again under other eventIDs."""
    text = makers.random_log(rng, [makers.random_record(rng) for _ in range(N_RECORDS)], odd=False)
    for i in range(N_FILES):
        makers.write_file(os.path.join(folder, f'{i:02}.json'), text.replace(b'-4000-', b'-%04x-' % i))
    return folder


def fingerprint(folder):
    """Names, contents, and times of change of everything below FOLDER."""
    total = hashlib.sha256()
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            file = os.path.join(path, name)
            status = os.stat(file)
            with open(file, 'rb') as data:
                total.update(f'{file} {status.st_mtime_ns} {status.st_mode}'.encode() + data.read())
    return total.hexdigest()


class Atomic:
    def __init__(self, spoor, checks, rng, folder):
        self.spoor, self.checks, self.rng, self.folder = spoor, checks, rng, folder
        self.source = write_evidence(rng, os.path.join(folder, 'evidence'))
        self.small = os.path.join(folder, 'small')
        makers.write_file(os.path.join(self.small, 'x.json'), makers.random_log(rng, [makers.random_record(rng)], odd=False))
        self.out = os.path.join(folder, 'out')
        os.makedirs(self.out)
        self.case = os.path.join(self.out, 'x.case')

    def bytes_of_case(self):
        try:
            with open(self.case, 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def clear(self):
        shutil.rmtree(self.out)
        os.makedirs(self.out)

    def test_interruptions(self):
        before = fingerprint(self.source)
        result = self.spoor.run('index', '-o', self.case, self.source)
        if not self.checks.check('index uninterrupted', result.status == 0, result.story):
            return
        self.checks.equal('nothing but the case file is left', ['x.case'], os.listdir(self.out))
        whole = self.bytes_of_case()
        self.spoor.run('index', '-o', self.case, self.small)
        older = self.bytes_of_case()
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            for standing, name in ((None, 'no case'), (older, 'an older case')):
                self.interrupt(number, standing, whole, name, result.seconds)
        self.checks.equal('evidence is as it was', before, fingerprint(self.source))

    def interrupt(self, number, standing, whole, name, seconds):
        """Several moments, from the start to past the end; the later half is where writing happens."""
        wrong, n_interrupted, n_left = [], 0, 0
        for share in [0.02, 0.5, 0.8, 0.9, 0.97] + [self.rng.uniform(0.3, 1.05) for _ in range(3)]:
            self.clear()
            if standing is not None:
                makers.write_file(self.case, standing)
            process = self.spoor.start(['index', '-o', self.case, self.source])
            time.sleep(seconds * share)
            process.send_signal(number)
            status = process.wait(60 * SLOWDOWN)
            n_interrupted += status != 0
            n_left += len(set(os.listdir(self.out)) - {'x.case'})
            found = self.bytes_of_case()
            if found not in (standing, whole) or (status == 0 and found != whole):
                wrong.append(f'at {share:.2f} of {seconds:.2f} s: exit status {status}, {len(found or b"")} bytes that are neither')
        self.checks.check(f'{number.name} over {name}: that or the whole new one ({n_interrupted} of 8 interrupted)', not wrong,
                          '\n'.join(wrong))
        if number != signal.SIGKILL:
            self.checks.check(f'{number.name} over {name}: no half file is left beside it', n_left == 0, f'{n_left} left')
        result = self.spoor.run('index', '-o', self.case, self.small)
        self.checks.check(f'index after {number.name} over {name}', result.status == 0, result.story)

    def test_disk_full(self):
        """A file system too small for the case file."""
        disk = os.path.join(self.folder, 'disk')
        os.makedirs(disk)
        mount = ['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]
        if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
            self.checks.skip('a full disk', 'needs root and mount')
            return
        try:
            case = os.path.join(disk, 'x.case')
            for name in ('no case', 'an older case'):
                if name == 'an older case':
                    made = self.spoor.run('index', '-o', case, self.small)
                    self.checks.check('a small case fits', made.status == 0, made.story)
                standing = open(case, 'rb').read() if os.path.exists(case) else None
                result = self.spoor.run('index', '-o', case, self.source)
                self.checks.check(f'full disk over {name}: exit status 2 and a message',
                                  result.status == 2 and result.stderr.strip(), result.story)
                left = open(case, 'rb').read() if os.path.exists(case) else None
                self.checks.check(f'full disk over {name}: as it was', left == standing)
                others = set(os.listdir(disk)) - {'x.case'}
                self.checks.check(f'full disk over {name}: nothing is left behind', not others, str(others))
        finally:
            subprocess.run(['umount', disk], check=False)

    def test_refusals(self):
        """Where index cannot do it, what stands there is left alone."""
        self.clear()
        self.spoor.run('index', '-o', self.case, self.small)
        standing = self.bytes_of_case()
        nowhere = os.path.join(self.folder, 'nowhere')
        folder = os.path.join(self.out, 'folder')
        os.makedirs(folder)
        for name, arguments in (('a source that is not there', ['-o', self.case, nowhere]),
                                ('one source of two not there', ['-o', self.case, self.small, nowhere]),
                                ('no source', ['-o', self.case]),
                                ('a folder that is not there', ['-o', nowhere + '/x.case', self.small]),
                                ('a folder as CASE', ['-o', folder, self.small]),
                                ('no CASE', [self.small])):
            result = self.spoor.run('index', *arguments, cwd=self.out)
            self.checks.check(f'{name}: exit status 2 and a message', result.status == 2 and result.stderr.strip(), result.story)
        self.checks.check('the case file is as it was', self.bytes_of_case() == standing)
        self.checks.equal('nothing is left behind', ['folder', 'x.case'], sorted(os.listdir(self.out)))

    def test_lost_output(self):
        """Rows that could not be written are no answer."""
        if not os.path.exists('/dev/full'):
            self.checks.skip('a full output', 'no /dev/full')
            return
        self.spoor.run('index', '-o', self.case, self.source)
        with open('/dev/full', 'wb') as full:
            for query in (['timeline', '--limit', '3'], ['timeline', '--format', 'jsonl'], ['info', '--format', 'json']):
                status = self.spoor.start([*query, self.case], stdout=full).wait(60 * SLOWDOWN)
                self.checks.equal(f'{" ".join(query)} into a full device', 2, status)
        reader = subprocess.Popen(['head', '-n', '1'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        status = self.spoor.start(['timeline', '--format', 'jsonl', self.case], stdout=reader.stdin)
        reader.stdin.close()
        self.checks.equal('a closed pipe is no error', 0, status.wait(60 * SLOWDOWN))
        reader.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('atomic'), Spoor(arguments.spoor), seeded('atomic', 6)
    with tempfile.TemporaryDirectory(prefix='spoor-atomic-') as folder:
        atomic = Atomic(spoor, checks, rng, folder)
        atomic.test_interruptions()
        atomic.test_disk_full()
        atomic.test_refusals()
        atomic.test_lost_output()
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
