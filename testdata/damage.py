#!/usr/bin/env python3
"""Damaged evidence: what is sound is kept, what is not is named with file, offset and reason.

    damage.py --spoor BIN [--full]

Every case is made here, beside one sound file, and asked as raw evidence and as a case file. --full
inflates ten gigabytes instead of one. Offsets count bytes of a file's unpacked content; where the
contract leaves open which byte of a broken stretch is named, any of its bytes will do.
"""
import argparse
import json
import os
import sys
import tempfile

from harness import Checks, MEASURES_MEMORY, Spoor, comparable, json_lines, seeded
import damage_cases
import damage_store
import makers

MEMORY_LIMIT = 300 << 20


class Tester:
    def __init__(self, spoor, checks, folder):
        self.spoor, self.checks, self.folder = spoor, checks, folder

    def test(self, case):
        """One damage_cases.Case: the same must be found in raw evidence and in its case file."""
        case_file = os.path.join(self.folder, 'damaged.case')
        index = self.spoor.run('index', '-o', case_file, case.source)
        problems = self.problems_of(case, index)
        if index.status in (0, 3):
            problems += self.problems_in(case, case_file, 'case file')
            os.remove(case_file)
        else:
            problems.append(f'index failed\n{index.story()}')
        problems += self.problems_in(case, case.source, 'raw evidence')
        self.checks.check(case.name, not problems, lambda: '\n'.join(problems))

    def problems_of(self, case, result):
        """What is wrong with how a command ended."""
        problems = []
        if result.status not in case.statuses:
            problems.append(f'exit status {" or ".join(map(str, case.statuses))} expected\n{result.story()}')
        if result.status == 3 and not result.stderr.strip():
            problems.append(f'exit status 3, and nothing on standard error\n{result.story()}')
        if case.bounded and MEASURES_MEMORY and result.peak_bytes > MEMORY_LIMIT:
            problems.append(f'{result.peak_bytes >> 20} MB of memory\n{result.story()}')
        return problems

    def problems_in(self, case, source, kind):
        result = self.spoor.run('info', '--format', 'json', source)
        problems = self.problems_of(case, result)
        rows = self.spoor.run('timeline', '--format', 'jsonl', source)
        problems += self.problems_of(case, rows)
        try:
            info, ids = json.loads(result.stdout), [row['eventID'] for row in json_lines(rows.stdout)]
            problems += wrong_events(case, info, ids) + wrong_faults(case, info)
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f'unreadable answer: {error!r}\n{result.story()}\n{rows.story()}')
        return [f'{kind}: {problem}' for problem in problems]


def wrong_events(case, info, ids):
    problems = []
    missing, foreign = case.kept - set(ids), set(ids) - case.kept - case.maybe
    if missing:
        problems.append(f'{len(missing)} of {len(case.kept)} sound records are lost, {sorted(missing)[:3]} among them')
    if foreign:
        problems.append(f'{len(foreign)} events that cannot be: {sorted(foreign)[:3]}')
    if info['events'] != len(ids):
        problems.append(f'info counts {info["events"]} events, timeline {len(ids)}')
    counts = [info['events'], info['duplicates'], info['rejected']]
    if case.n_records is not None and sum(counts) != case.n_records:
        problems.append(f'{case.n_records} records, but events + duplicates + rejected = {counts}')
    return problems


def wrong_faults(case, info):
    problems = []
    for key, expected in (('damaged', case.damaged), ('ignored', case.ignored)):
        found = info[key]
        for fault in found:
            if not (isinstance(fault['file'], str) and isinstance(fault['offset'], int) and fault['reason']):
                problems.append(f'{key}: {fault} lacks a part')
        named = {fault['file'] for fault in found}
        unexpected = named - {shown(case, name) for name in expected} - case.maybe_named
        if unexpected:
            problems.append(f'{key}: wrongly named: {sorted(unexpected)}')
        for name, (low, high, words) in expected.items():
            fits = [fault for fault in found if comparable(fault['file']) == comparable(shown(case, name))
                    and low <= fault['offset'] <= high
                    and all(word in fault['reason'].lower() for word in words)]
            if not fits:
                problems.append(f'{key}: {name} not named at {low} to {high} {words or ""}: {found[:5]}')
    return problems


def shown(case, name):
    return case.source + '/' + name


def test_peak(spoor, checks, name, source):
    """Bombs alone: bounded memory, no crash, an end."""
    result = spoor.run('info', '--format', 'json', source, timeout=150)
    checks.check(f'{name}: ends by itself', result.status in (0, 2, 3), result.story)
    if not MEASURES_MEMORY:
        checks.skip(f'{name}: memory', 'a build that is slowed down uses its own')
        return
    checks.check(f'{name}: {result.peak_bytes >> 20} MB at most, {result.seconds:.1f} s',
                 result.peak_bytes < MEMORY_LIMIT, f'{MEMORY_LIMIT >> 20} MB is the limit\n{result.story()}')


def test_alone(spoor, checks, folder):
    """A damaged file as the only source: whether that is 2 or 3 is open, but it is neither 0 nor a crash."""
    for name, data in (('empty', b''), ('cut-header', b'\x1f\x8b\x08'), ('brace', b'{'), ('deep', b'[' * 100000)):
        path = makers.write_file(os.path.join(folder, 'alone', name), data)
        result = spoor.run('timeline', '--format', 'jsonl', path)
        checks.check(f'{name} as the only source', result.status in (2, 3) and result.stderr.strip() and not result.stdout,
                     result.story)
    result = spoor.run('info', '--format', 'json', os.path.join(folder, 'not-there'))
    checks.check('a source that is not there', result.status == 2 and result.stderr.strip(), result.story)


def test_random_bytes(spoor, checks, rng, folder):
    """A wrong byte anywhere in any packing: whatever it does, no crash, and the sound file is kept."""
    n_bad = 0
    sound = {f'good-{i:04}' for i in range(damage_cases.N_GOOD)}
    for i in range(60):
        source = os.path.join(folder, f'mutant-{i}')
        damage_cases.write_good(source)
        data = damage_cases.any_packing(rng)
        mutant = bytearray(data)
        for _ in range(rng.choice([1, 1, 3, 40])):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        makers.write_file(os.path.join(source, 'mutant'), bytes(mutant[:rng.choice([len(mutant), rng.randrange(1, len(mutant))])]))
        result = spoor.run('timeline', '--format', 'jsonl', source)
        fine = result.status in (0, 3) and sound <= {row['eventID'] for row in json_lines(result.stdout)}
        if not fine:
            n_bad += 1
            kept = os.path.join(source, 'mutant')
            checks.fail(f'mutant {i}', f'{result.story()}\nfirst bytes {open(kept, "rb").read(60)!r}')
    checks.check('60 files with wrong bytes in any packing', n_bad == 0, f'{n_bad} of them')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--full', action='store_true', help='ten gigabytes of zeros, not one')
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('damage'), Spoor(arguments.spoor), seeded('damage', 5)
    with tempfile.TemporaryDirectory(prefix='spoor-damage-') as folder:
        tester = Tester(spoor, checks, folder)
        for case in damage_cases.all_cases(rng, folder, checks):
            tester.test(case)
        test_alone(spoor, checks, folder)
        test_random_bytes(spoor, checks, rng, folder)
        for name, source in damage_cases.bombs(folder, 10 << 30 if arguments.full else 1 << 30):
            test_peak(spoor, checks, name, source)
        damage_store.test_store(spoor, checks, rng, folder)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
