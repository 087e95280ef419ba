#!/usr/bin/env python3
"""Shares of the evidence are together the whole of it.

    shards.py --spoor BIN

`spoor index --shard K/N` for every K, put together again, is byte for byte the case file of one run; a file's
share does not change with what else there is.
"""
import argparse
import collections
import gzip
import os
import sys
import tempfile

from harness import Checks, Spoor, json_lines, seeded
import makers


def write_evidence(rng, folder):
    """Logs plain and packed, duplicates and conflicts across files, damage, and what the walk itself meets."""
    records = [makers.random_record(rng) for _ in range(500)]
    records += [makers.repeated(rng, record) for record in rng.sample(records, 150) + rng.sample(records, 100)]
    records += [makers.repeated(rng, record) for record in rng.sample(records, 100)]
    for i in range(30):
        part = records[i::30]
        data, half = makers.random_log(rng, part[5:]), makers.random_log(rng, part[:5], odd=False)
        packed = [data, gzip.compress(data, mtime=0), makers.tar_of({'a': data, 'b': half[:-100]})][i % 3]
        makers.write_file(os.path.join(folder, f'd{i % 4}', f'log-{i:02}'), packed)
    makers.write_file(os.path.join(folder, 'd1', 'notes.txt'), b'no log')
    makers.write_file(os.path.join(folder, 'alone.json'), makers.random_log(rng, [makers.random_record(rng) for _ in range(5)]))
    os.symlink('nowhere', os.path.join(folder, 'd2', 'dangling'))
    os.symlink('..', os.path.join(folder, 'd2', 'loop'))
    os.symlink(os.path.join('..', 'd3', 'log-03'), os.path.join(folder, 'd2', 'again'))


def index(spoor, case, *arguments):
    """The bytes of the case file, and what was said."""
    result = spoor.run('index', '-o', case, *arguments)
    if result.status not in (0, 3):
        return None, result.story
    with open(case, 'rb') as file:
        return file.read(), result.story


def files_of(spoor, case):
    rows = json_lines(spoor.run('timeline', '--columns', 'source.file', '--format', 'jsonl', case).stdout)
    return {row['source.file'].split('!')[0] for row in rows}


def merge(spoor, folder, cases, rng):
    """Merges some at a time until there is one."""
    cases, made, story = list(cases), 0, ''
    while True:
        some, cases = cases[:4], cases[4:]
        path = os.path.join(folder, f'merged-{made}.case')
        made += 1
        result = spoor.run('merge', '-o', path, *some)
        story = result.story()
        if result.status not in (0, 3):
            return None, story
        if not cases:
            with open(path, 'rb') as file:
                return file.read(), story
        cases.insert(rng.randrange(len(cases) + 1), path)


def check_union(spoor, checks, rng, folder, sources, n):
    shards = [os.path.join(folder, f'{k}-of-{n}.case') for k in range(1, n + 1)]
    for k, shard in enumerate(shards, 1):
        found, story = index(spoor, shard, '--shard', f'{k}/{n}', *sources)
        if not checks.check(f'--shard {k}/{n} writes a case', found is not None, story):
            return
    whole, story = index(spoor, os.path.join(folder, 'whole.case'), *sources)
    rng.shuffle(shards)
    together, story_together = index(spoor, os.path.join(folder, 'together.case'), *shards)
    checks.check(f'{n} shards are together byte for byte what one run makes', whole == together and whole is not None,
                 lambda: story() + '\n' + story_together())
    merged, story_merged = merge(spoor, folder, shards, rng)
    checks.check(f'{n} shards merged as a tree are byte for byte what one run makes', whole == merged,
                 lambda: story_merged)


def shares(spoor, folder, source, n):
    """{file: its share} of the files that have events."""
    found = {}
    for k in range(1, n + 1):
        case = os.path.join(folder, 'share.case')
        index(spoor, case, '--shard', f'{k}/{n}', source)
        found |= {name: k for name in files_of(spoor, case)}
    return found


def check_stable(spoor, checks, rng, folder):
    """One event in each file, none of them anywhere else, so that each file shows."""
    source = os.path.join(folder, 'grows')
    def add(names):
        for name in names:
            record = makers.random_record(rng)
            record = makers.Pairs([(key, value) for key, value in record.pairs if key != 'eventID'])
            makers.write_file(os.path.join(source, name), makers.random_log(rng, [record], odd=False))
    add(f'm/log-{i:03}.json' for i in range(80))
    before = shares(spoor, folder, source, 4)
    add([f'a/early-{i:03}.json' for i in range(20)] + [f'm/log-{i:03}-more.json' for i in range(20)])
    after = shares(spoor, folder, source, 4)
    checks.equal('every file is in one share', (80, 120), (len(before), len(after)))
    checks.check('files that come later move none', all(after[name] == share for name, share in before.items()))
    sizes = collections.Counter(after.values())
    checks.check('shares are of one size, nearly', all(10 <= sizes[k] <= 50 for k in range(1, 5)), lambda: sizes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('shards'), Spoor(arguments.spoor), seeded('shards', 5)
    with tempfile.TemporaryDirectory(prefix='spoor-shards-') as folder:
        source = os.path.join(folder, 'evidence')
        write_evidence(rng, source)
        old = os.path.join(folder, 'old.case')
        makers.write_file(os.path.join(folder, 'old.json'), makers.random_log(rng, [makers.random_record(rng) for _ in range(40)]))
        index(spoor, old, os.path.join(folder, 'old.json'))
        for n in (1, 2, 3, 50):
            check_union(spoor, checks, rng, folder, [source], n)
        check_union(spoor, checks, rng, folder, [os.path.join(source, 'd1'), os.path.join(source, 'alone.json'), old], 3)
        check_stable(spoor, checks, rng, folder)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
