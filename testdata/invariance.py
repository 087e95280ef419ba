#!/usr/bin/env python3
"""The same evidence gives the same answer, however it is read.

    invariance.py --spoor BIN

Byte-identical output for 1, 2 and 8 threads and for any order of arguments, byte-identical case files,
and the same rows (but for source.*) whether the same files are plain, gzip, tar, zip or 7z.
"""
import argparse
import gzip
import hashlib
import os
import sys
import tempfile

from harness import Checks, Spoor, comparable, difference, json_lines, seeded
import makers

QUERIES = [['timeline', '--format', 'jsonl'], ['timeline', '--format', 'csv'], ['timeline'], ['info', '--format', 'json'],
           ['first-use', '--by', 'key', '--format', 'jsonl'], ['top', '--by', 'user,ip', '--format', 'tsv'],
           ['timeline', '--where', 'requestParameters.deep.key ~ "*e*" and (not readOnly or ip in 203.0.113.0/24)',
            '--format', 'jsonl'],
           ['first-use', '--by', 'principal,event', '--last', '200d', '--format', 'json']]
THREADS = ['1', '2', '8']


def write_files(rng, folder, n_files=40, n_records=1200):
    """Plain logs of every container, with duplicates across files; {relative name: bytes}."""
    records = makers.random_records(rng, n_records, 0.05)
    files = {}
    for i in range(n_files):
        files[f'd{i % 3}/log-{i:02}.json'] = makers.random_log(rng, records[i::n_files])
    for name, data in files.items():
        makers.write_file(os.path.join(folder, name), data)
    return files


def sum_of(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def check_threads(spoor, checks, folder, source):
    sums = {}
    for n in THREADS * 2:
        case = os.path.join(folder, f'{n}.case')
        result = spoor.run('index', '--threads', n, '-o', case, source)
        if not checks.check(f'index with {n} threads', result.status in (0, 3), result.story):
            return
        sums.setdefault(n, set()).add(sum_of(case))
    checks.check('case files of 1, 2 and 8 threads are byte-identical', len(set.union(*sums.values())) == 1, lambda: sums)
    for query in QUERIES:
        cases = [os.path.join(folder, f'{n}.case') for n in THREADS]
        same_bytes(checks, f'{" ".join(query)}: same bytes for 1, 2 and 8 threads',
                   [spoor.run(query[0], '--threads', n, *query[1:], source) for n in THREADS])
        same_bytes(checks, f'{" ".join(query)}: same bytes from any of the case files',
                   [spoor.run(query[0], '--threads', n, *query[1:], case) for n, case in zip(THREADS, cases)])


def same_bytes(checks, name, results):
    checks.check(name, len({(result.status, result.stdout) for result in results}) == 1 and results[0].stdout,
                 lambda: '\n'.join(f'{result.story()}\n{len(result.stdout)} bytes' for result in results))


def check_order(spoor, checks, rng, folder, source):
    parts = [os.path.join(source, name) for name in sorted(os.listdir(source))]
    parts += [os.path.join(parts[0], sorted(os.listdir(parts[0]))[0])]  # one file twice, by another way
    orders = [parts, parts[::-1], rng.sample(parts, len(parts)), parts + parts[:1]]
    for query in QUERIES:
        results = [spoor.run(*query, *order) for order in orders]
        same_bytes(checks, f'{" ".join(query)}: same bytes for shuffled and repeated arguments', results)
    sums = set()
    for i, order in enumerate(orders):
        case = os.path.join(folder, f'order-{i}.case')
        spoor.run('index', '-o', case, *order)
        sums.add(sum_of(case) if os.path.exists(case) else None)
    checks.check('case files of shuffled arguments are byte-identical', len(sums) == 1 and None not in sums, lambda: sums)


def packings(files, folder):
    """(name, folder to read) of the same files in every packing; None where a packer is missing."""
    def folder_of(name, contents):
        top = os.path.join(folder, 'as-' + name)
        for path, data in contents.items():
            makers.write_file(os.path.join(top, path), data)
        return name, top

    gzipped = {path + '.gz': gzip.compress(data, mtime=0) for path, data in files.items()}
    tar = makers.tar_of(files)
    yield folder_of('gzip', gzipped)
    yield folder_of('gzip-without-suffix', {path: gzip.compress(data) for path, data in files.items()})
    yield folder_of('multi-member-gzip', {path + '.gz': makers.gzip_members(data, 5) for path, data in files.items()})
    yield folder_of('tar', {'all.tar': tar})
    yield folder_of('tar.gz', {'all.tar.gz': gzip.compress(tar)})
    yield folder_of('multi-member-tar.gz', {'all.tgz': makers.gzip_members(tar, 7)})
    yield folder_of('tar-of-gzip', {'all.tar': makers.tar_of(gzipped)})
    yield folder_of('zip', {'all.zip': makers.zip_of(files)})
    yield folder_of('stored-zip', {'all.zip': makers.zip_of(files, stored=True)})
    yield folder_of('zip-of-gzip', {'all.zip': makers.zip_of(gzipped)})
    yield folder_of('tar-in-zip', {'all.zip': makers.zip_of({'inner/all.tar': tar})})
    yield folder_of('tar.gz-in-zip', {'all.zip': makers.zip_of({'all.tgz': gzip.compress(tar)})})
    yield folder_of('zip-in-tar', {'all.tar': makers.tar_of({'all.zip': makers.zip_of(files)})})
    seven_zip = makers.seven_zip_of(files, folder)
    yield folder_of('7z', {'all.7z': seven_zip}) if seven_zip else ('7z', None)


def rows_without_source(spoor, query, where):
    result = spoor.run(*query, where)
    rows = json_lines(result.stdout)
    for row in rows:
        row.pop('source.file', None)
        row.pop('source.record', None)
    # Events of one time without an eventID stand in the order of their files' names.
    return result.status, sorted(rows, key=str) if query[0] == 'timeline' else rows


def check_packings(spoor, checks, rng, folder):
    # No conflicts here: of two different records under one eventID the file's name decides.
    records = [makers.random_record(rng, 0.0) for _ in range(400)]
    records += [makers.Pairs(list(record.pairs)) for record in records[:60]]
    files = {f'd{i % 3}/log-{i:02}.json': makers.random_log(rng, records[i::20], odd=False) for i in range(20)}
    plain = os.path.join(folder, 'as-plain')
    for name, data in files.items():
        makers.write_file(os.path.join(plain, name), data)
    queries = [query for query in QUERIES if 'jsonl' in query]
    expected = [rows_without_source(spoor, query, plain) for query in queries]
    checks.check('plain files answer', all(status == 0 and rows for status, rows in expected))
    for name, where in packings(files, folder):
        if where is None:
            checks.skip(name, '7z is not installed')
            continue
        case = os.path.join(folder, 'packed.case')
        spoor.run('index', '-o', case, where)
        for query, (status, rows) in zip(queries, expected):
            for source in (where, case):
                found_status, found = rows_without_source(spoor, query, source)
                kind = 'case' if source == case else 'raw'
                checks.check(f'{name}, {kind}: {" ".join(query[:3])} as from plain files',
                             found_status == status and comparable(found) == comparable(rows),
                             lambda: f'exit status {found_status}\n{difference(rows, found)}')


def check_stdin(spoor, checks, rng):
    log = makers.random_log(rng, [makers.random_record(rng) for _ in range(30)], odd=False)
    answers = {}
    for name, data in (('plain', log), ('gzip', gzip.compress(log)), ('tar', makers.tar_of({'x': log})),
                       ('tar.gz', gzip.compress(makers.tar_of({'x': log})))):
        result = spoor.run('top', '--by', 'event', '--format', 'jsonl', '-', stdin=data)
        answers[name] = (result.status, result.stdout)
    checks.check('standard input: plain, gzip, tar and tar.gz answer the same',
                 len(set(answers.values())) == 1 and answers['plain'][0] == 0 and answers['plain'][1], lambda: answers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('invariance'), Spoor(arguments.spoor), seeded('invariance', 4)
    with tempfile.TemporaryDirectory(prefix='spoor-invariance-') as folder:
        source = os.path.join(folder, 'evidence')
        write_files(rng, source)
        check_threads(spoor, checks, folder, source)
        check_order(spoor, checks, rng, folder, source)
        check_packings(spoor, checks, rng, folder)
        check_stdin(spoor, checks, rng)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
