#!/usr/bin/env python3
"""Evidence that comes later is another case file, and both answer as one case of all.

    overlap.py --spoor BIN

Two case files that overlap by half (the same files by name, the same events under other names), a case file
and raw evidence, and three of them in any order, are asked what one case of both is asked: every query, in
bytes.
"""
import argparse
import os
import sys
import tempfile

from harness import Checks, Spoor, json_lines, seeded
import makers
import naive
import queries

FORMATS = ['jsonl', 'csv', 'table', 'json', 'tsv']


def write_evidence(rng, folder):
    """Files of three parts. The second holds copies of half the first, by the same event and by the same bytes."""
    records = [makers.random_record(rng, 0.02) for _ in range(240)]
    again = [makers.repeated(rng, record) for record in rng.sample(records[:80], 30)]  # some are conflicts
    parts = {'early': records[:120], 'late': records[60:180] + again, 'raw': records[150:]}
    for part, its in parts.items():
        for i in range(6):
            data = makers.random_log(rng, its[i::6], odd=False)
            packed = [data, makers.gzip_members(data, 2), makers.tar_of({'a.json': data, 'note.txt': b'no log'})][i % 3]
            makers.write_file(os.path.join(folder, part, f'log-{i}'), packed)
    # Files that both cases have read, where they stand.
    for i in range(3):
        makers.write_file(os.path.join(folder, 'both', f'log-{i}.json'), makers.random_log(rng, records[i:60:9], odd=False))
    makers.write_file(os.path.join(folder, 'both', 'cut.json'), makers.random_log(rng, records[:9], odd=False)[:-40])
    makers.write_file(os.path.join(folder, 'both', 'empty'), b'')
    makers.write_file(os.path.join(folder, 'late', 'copy'), b'no log either')
    makers.write_file(os.path.join(folder, 'early', 'copy'), b'no log either')
    return [os.path.join(folder, part) for part in ('early', 'late', 'raw', 'both')]


def all_questions(case, rng):
    """Of every kind: the queries of the comparison, lineage, single records, and all that info lists."""
    asked = [[*query, '--format', rng.choice(FORMATS)] for query in queries.all_queries(case, rng)]
    values = queries.values_in(case)
    for what in rng.sample(values.texts['key'], min(3, len(values.texts['key']))):
        asked += [['lateral', '--from', f'key:{what}', '--format', 'jsonl'], ['timeline', '--chain', f'key:{what}', '--format', 'csv']]
    asked += [['lateral', '--format', 'csv'], ['lateral', '--findings', '--format', 'jsonl'], ['lateral']]
    asked += [['show', event_id] for event_id in rng.sample(values.texts['id'], 5)]
    asked += [['info', option, '--format', rng.choice(['jsonl', 'csv', 'tsv'])]
              for option in ('--files', '--duplicates', '--damaged', '--conflicts', '--coverage', '--gaps')]
    return asked + [['info'], ['info', '--coverage'], ['info', '--format', 'json'],
                    ['info', '--format', 'json', '--files', '--conflicts', '--coverage']]


def told(result):
    """Standard error, but for the number of notes: that is told where evidence is read."""
    return [line for line in result.stderr.splitlines() if b' on what is no event and no damage ' not in line]


def compare(spoor, checks, name, asked, expected, sources):
    results = spoor.run_all([[*query, *sources] for query in asked])
    n_wrong = 0
    for query, want, found in zip(asked, expected, results):
        if (want.status, want.stdout, told(want)) != (found.status, found.stdout, told(found)):
            n_wrong += 1
            if n_wrong <= 5:
                checks.fail(f'{name}: {" ".join(query)}', f'{first_difference(want, found)}\n{found.story()}')
    checks.check(f'{name}: {len(asked)} questions answered as by one case', n_wrong == 0, f'{n_wrong} differ')


def first_difference(want, found):
    for stream in ('stdout', 'stderr'):
        for a, b in zip(getattr(want, stream).splitlines() + [b'<end>'], getattr(found, stream).splitlines() + [b'<end>']):
            if a != b:
                return f'{stream}: {a[:400]}\n     not {b[:400]}'
    return f'exit status {want.status}, not {found.status}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('overlap'), Spoor(arguments.spoor), seeded('overlap', 13)
    with tempfile.TemporaryDirectory(prefix='spoor-overlap-') as folder:
        early, late, raw, both = write_evidence(rng, folder)
        cases = [os.path.join(folder, name) for name in ('early.case', 'late.case', 'both.case', 'all.case')]
        for case, sources in zip(cases, ([early, both], [both, late], [both, late, early], [both, late, early, raw])):
            result = spoor.run('index', '-o', case, *sources)
            checks.check(f'index {os.path.basename(case)}', result.status == 3, result.story)
        for whole, sources in ((cases[2], [early, late, both]), (cases[3], [early, late, both, raw])):
            asked = all_questions(naive.load(sources), rng)
            # A case file that was moved, or given with others, finds its evidence where it stood.
            expected = spoor.run_all([[*query, whole] for query in asked])
            checks.check('one case answers', sum(bool(result.stdout) for result in expected) > len(asked) // 2)
            if whole == cases[2]:
                compare(spoor, checks, 'two cases', asked, expected, cases[:2])
                compare(spoor, checks, 'two cases, the other way round', asked, expected, [cases[1], cases[0], cases[1]])
                compare(spoor, checks, 'two cases and what they were made of', asked[::9], expected[::9],
                        [cases[0], both, cases[1], late])
            else:
                compare(spoor, checks, 'two cases and raw evidence', asked, expected, [raw, *cases[:2]])
                compare(spoor, checks, 'a case of them and raw evidence', asked[::5], expected[::5], [cases[2], raw])
                compare(spoor, checks, 'a case and raw evidence that overlap', asked[::5], expected[::5],
                        [late, cases[0], raw])
        merged = os.path.join(folder, 'merged.case')
        spoor.run('merge', '-o', merged, *cases[:2])
        with open(merged, 'rb') as a, open(cases[2], 'rb') as b:
            checks.check('merge makes the case that one run makes', a.read() == b.read())
        rows = json_lines(spoor.run('info', '--duplicates', '--format', 'jsonl', *cases[:2]).stdout)
        checks.check('the copy in the later case is told', any(row['copyOf'] == os.path.join(early, 'copy') for row in rows))
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
