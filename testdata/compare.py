#!/usr/bin/env python3
"""Compares spoor with the naive reference, query by query.

    compare.py --spoor BIN [SOURCE...] [--random N] [--shared] [--gen BIN] [--corpus EVENTS,FILES,SEED] [--labs DIR]

Each set of evidence (the SOURCEs as one set, N sets of seeded adversarial evidence, the shared real
records where they are present, a generated corpus, the labs whose scenarios stand in DIR) is asked
the same questions as a case file and as raw evidence: info, timeline, first-use and top for every
dimension and some pairs, and every selection option with values picked from the evidence.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from typing import NamedTuple

from harness import Checks, Spoor, difference, json_lines, seeded, shared_data
import makers
import naive
import queries


class Set(NamedTuple):
    name: str
    sources: list
    # A malformed stretch may hide any number of records, so behind one their numbers are open.
    exact: bool = True
    at_least: int = 0    # so many events, where the set is not exact
    expected: dict = {}  # counts known from elsewhere than the reference
    raw_share: int = 1   # every how many queries the raw evidence is asked too


class Comparison:
    def __init__(self, spoor, checks, evidence, rng, folder):
        self.spoor, self.checks, self.set, self.rng = spoor, checks, evidence, rng
        self.case_path = os.path.join(folder, 'compared.case')
        self.case = naive.load(evidence.sources)
        # Damage that was found once is named in every answer.
        self.status = naive.EXIT_DAMAGED if self.case.damaged else 0

    def run(self):
        result = self.spoor.run('index', '-o', self.case_path, *self.set.sources)
        if not self.checks.check(f'{self.set.name}: index', result.status == self.status,
                                 lambda: f'exit status {self.status} expected\n{result.story()}'):
            return
        for key, count in self.set.expected.items():
            self.checks.equal(f'{self.set.name}: naive reference has {key}', count, getattr(self.case, key)
                              if key != 'events' else len(self.case.events))
        for sources in ([self.case_path], self.set.sources):
            self.compare_info(sources)
        if self.set.exact:
            self.compare_queries()
        os.remove(self.case_path)

    def compare_info(self, sources):
        name = f'{self.set.name}: info on {"the case" if sources[0] == self.case_path else "raw evidence"}'
        result = self.spoor.run('info', '--format', 'json', *sources)
        try:
            found = json.loads(result.stdout)
        except ValueError as error:
            self.checks.fail(name, f'{error}\n{result.story()}')
            return
        expected = naive.info(self.case)
        self.checks.check(name, not (why := info_difference(expected, found, self.set)),
                          lambda: f'{why}\n{result.story()}')
        self.checks.equal(f'{name}: exit status', self.status, result.status)

    def compare_queries(self):
        asked = queries.all_queries(self.case, self.rng)
        commands = []
        for i, query in enumerate(asked):
            commands.append((query, [self.case_path]))
            if i % self.set.raw_share == 0:
                commands.append((query, self.set.sources))
        results = self.spoor.run_all([[query[0], '--format', 'jsonl', *query[1:], *sources]
                                      for query, sources in commands])
        n_wrong = 0
        for (query, _), result in zip(commands, results):
            why = self.wrong(query, result)
            n_wrong += bool(why)
            if why and n_wrong <= 10:
                self.checks.fail(f'{self.set.name}: {" ".join(query)}', f'{why}\n{result.story()}')
        self.checks.check(f'{self.set.name}: {len(asked)} queries, {len(commands)} answers', n_wrong == 0,
                          f'{n_wrong} answers differ')

    def wrong(self, query, result):
        options = naive.options_of([*query, 'SOURCE'])
        expected = naive.answer(self.case, options)
        if result.status != self.status:
            return f'exit status {self.status} expected'
        try:
            return difference(expected, json_lines(result.stdout))
        except ValueError as error:
            return f'no JSON lines: {error}'


def info_difference(expected, found, evidence):
    """What differs, or ''. Reasons are for people; where and which file are for both."""
    wrong, exact = [], evidence.exact
    if found.get('events', -1) < evidence.at_least:
        wrong.append(f'events: at least {evidence.at_least} expected, {found.get("events")} found')
    keys = ['events', 'duplicates', 'conflicts', 'rejected', 'files', 'shipperTime', 'firstTime', 'lastTime']
    for key in keys if exact else []:
        if expected[key] != found.get(key):
            wrong.append(f'{key}: expected {expected[key]!r}, found {found.get(key)!r}')
    for key in ('accounts', 'regions') if exact else []:
        if expected[key] != sorted(found.get(key, [])):
            wrong.append(f'{key}: expected {expected[key]}, found {found.get(key)}')
    for key in ('damaged', 'ignored'):
        wrong += fault_difference(key, expected[key], found.get(key), exact and key == 'damaged')
    return '\n'.join(wrong)


def fault_difference(key, expected, found, with_offsets):
    if not isinstance(found, list) or not all({'file', 'offset', 'reason'} <= fault.keys() for fault in found):
        return [f'{key}: not a list of file, offset, reason: {found}']
    if not all(fault['reason'] for fault in found):
        return [f'{key}: a fault without a reason']

    def places(faults):
        return {(fault['file'], fault['offset']) if with_offsets else fault['file'] for fault in faults}
    missing, unexpected = places(expected) - places(found), places(found) - places(expected)
    return ([f'{key}: not named: {sorted(missing)[:5]}'] if missing else []) + \
           ([f'{key}: wrongly named: {sorted(unexpected)[:5]}'] if unexpected else [])


def compare_mixed(spoor, checks, folder, rng):
    """Two case files and raw evidence asked at once answer as the whole does."""
    parts = [os.path.join(folder, name) for name in ('part-a', 'part-b', 'part-c')]
    records = makers.random_records(rng, 240, 0.05)
    for i, part in enumerate(parts):
        makers.write_file(os.path.join(part, 'x.json'), makers.random_log(rng, records[i::3]))
    cases = [os.path.join(folder, f'{i}.case') for i in range(2)]
    for part, case in zip(parts, cases):
        spoor.run('index', '-o', case, part)
    whole = naive.load(parts)
    status = naive.EXIT_DAMAGED if whole.damaged else 0
    for query in (['timeline'], ['top', '--by', 'key'], ['first-use', '--by', 'user,ip'], ['timeline', '--last', '90d']):
        for sources in ([*cases, parts[2]], [parts[2], cases[1], cases[0]]):
            result = spoor.run(query[0], '--format', 'jsonl', *query[1:], *sources)
            why = 'exit status' if result.status != status else None
            why = why or difference(naive.answer(whole, naive.options_of([*query, 'SOURCE'])), json_lines(result.stdout))
            checks.check(f'mixed sources: {" ".join(query)}', not why, lambda: f'{why}\n{result.story()}')


# Sets that the two once read differently: (seed, which of its sets).
EARLIER = [(11, 0), (13, 2), (21, 4)]


def earlier_sets(folder):
    for seed, which in EARLIER:
        parent = os.path.join(folder, f'seed-{seed}')
        for evidence in random_sets(parent, which + 1, random.Random(seed)):
            pass
        yield Set(f'seed {seed}, set {which}', evidence.sources, raw_share=8)
    source = os.path.join(folder, 'seed-24')
    makers.write_random_evidence(random.Random(24), source, 3, 150, 0.0)
    yield Set('seed 24', [source], raw_share=8)


def random_sets(folder, n, rng):
    for i in range(n):
        source = os.path.join(folder, f'random-{i}')
        # From well-behaved to hardly a sound value in a record.
        p_weird = [0.0, 0.05, 0.15, 0.4][i % 4]
        makers.write_random_evidence(rng, source, rng.choice([1, 7, 20]), rng.choice([1, 40, 300]), p_weird)
        yield Set(f'random-{i}', [source])


def shared_sets(checks):
    folder = shared_data()
    if not folder:
        checks.skip('real records', 'no SPOOR_SHARED_DATA and no ../shared/data')
        return
    known = {'stratus-detonation-logs': {'events': 310, 'rejected': 0}, 'boogy-eks': {'events': 1679, 'rejected': 0},
             'umccr-versions': {'events': 204, 'conflicts': 2, 'rejected': 0},
             'custodian-eventbridge': {'events': 17, 'conflicts': 2}, 'cloudryer-lookup-events': {'events': 12, 'rejected': 0}}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            # Behind its fault stand 790 bare records.
            malformed = name == 'opensearch-aws-config'
            yield Set(name, [path], not malformed, 841 if malformed else 0, known.get(name, {}), raw_share=4)


def generated_sets(arguments, folder):
    if arguments.corpus:
        events, files, seed = arguments.corpus.split(',')
        out = os.path.join(folder, 'corpus')
        subprocess.run([arguments.gen, 'corpus', '--out', out, '--events', events, '--files', files, '--seed', seed],
                       check=True, stdout=subprocess.DEVNULL)
        yield Set(f'corpus of {events} events', [out], raw_share=25)
    for scenario in lab_scenarios(arguments.labs):
        name = os.path.splitext(scenario)[0]
        out = os.path.join(folder, 'lab-' + name)
        subprocess.run([arguments.gen, 'lab', name, '--out', out, '--scenarios', arguments.labs], check=True,
                       stdout=subprocess.DEVNULL)
        yield Set(f'lab {name}', [out], raw_share=8)


def lab_scenarios(folder):
    if not folder or not os.path.isdir(folder):
        return []
    return sorted(name for name in os.listdir(folder) if name.endswith('.jsonl'))


def all_sets(arguments, checks, folder):
    if arguments.sources:
        yield Set('given', arguments.sources)
    if arguments.random:
        yield from random_sets(folder, arguments.random, seeded('random evidence', 20240301))
        yield from earlier_sets(folder)
    if arguments.shared:
        yield from shared_sets(checks)
    yield from generated_sets(arguments, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--corpus')
    parser.add_argument('--labs')
    parser.add_argument('--random', type=int, default=0, metavar='N')
    parser.add_argument('--shared', action='store_true')
    parser.add_argument('sources', nargs='*', metavar='SOURCE')
    arguments = parser.parse_args()
    checks = Checks('compare')
    spoor = Spoor(arguments.spoor)
    rng = seeded('queries', 1)
    with tempfile.TemporaryDirectory(prefix='spoor-compare-') as folder:
        for evidence in all_sets(arguments, checks, folder):
            Comparison(spoor, checks, evidence, rng, folder).run()
        if arguments.random:
            compare_mixed(spoor, checks, folder, rng)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
