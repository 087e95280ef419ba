#!/usr/bin/env python3
"""Content that several workers read together is read as one worker reads it.

    together.py --spoor BIN [--rounds N]

One file of some megabytes, in every container and packing, sound, with every kind of damage in its midst, and with
text that looks like the end of a record where there is none: the case files of 1, 2, 4 and 8 threads are
byte-identical. So are those of archives with many members.
"""
import argparse
import gzip
import os
import sys
import tempfile

from harness import Checks, SLOWDOWN, Spoor, seeded
import makers

# A sanitizer's build is slow: less of everything, but still several chunks of a megabyte.
THREADS = [1, 2, 2, 4, 8] if SLOWDOWN == 1 else [1, 2, 4]
N_BYTES = 5 << 20 if SLOWDOWN == 1 else 5 << 19
FALSE_END = '},{"eventVersion":"1.08","eventTime":"2024-01-01T00:00:00Z","userIdentity":{}'


def numbered(text, n):
    """The record again under an eventID of its own."""
    return text.replace('-4000-8000-', f'-{n >> 16 & 0xffff:04x}-{n & 0xffff:04x}-')


def many_records(rng, n_bytes, odd=0.0):
    """Texts of records, some N_BYTES; ODD: how many have what misleads a guess, or are rejected."""
    texts = [makers.write_json(rng, makers.random_record(rng)) for _ in range(200)]
    bad = [makers.write_json(rng, makers.random_record(rng, 0.3)) for _ in range(50)]
    bad.append('{"eventVersion":"1","eventTime":"2024-01-01T00:00:00Z","list":[{"a":{}' + FALSE_END + '}]}')
    bad.append('{"eventTime":"2024-01-01T00:00:00Z","eventName":"x","text":"a ' + FALSE_END.replace('"', '\\"') + '"}')
    bad.append('{"eventTime":"2024-01-01T00:00:00Z","eventName":"x","nested":' + '[{"b":1},' * 20 + '{"eventVersion":2}' + ']' * 20 + '}')
    bad.append('{"eventName":"ConsoleLogin","eventID":"without a time"}')
    out, size = [], 0
    while size < n_bytes:
        out.append(numbered(rng.choice(bad if rng.random() < odd else texts), len(out)))
        size += len(out[-1])
    return out


CONTAINERS = {
    'Records': lambda texts: '{"Records":[' + ','.join(texts) + ']}',
    'spaced': lambda texts: '\n{ "Records" : [\n' + ' ,\n\t'.join(texts) + '\n] , "more" : [1, {}] }\n',
    'array': lambda texts: '[' + ', '.join(texts) + ']',
    'lines': '\n'.join,
    'end to end': ''.join,
    'wrappers': lambda texts: '\n'.join('{"Records":[' + ','.join(texts[i:i + 7]) + ']}' for i in range(0, len(texts), 7)),
}

LARGE = '{"eventTime":"2024-01-01T00:00:00Z","eventName":"x","text":"' + 'x' * (2 << 20) + '"}'
STRANGE = ['17', 'null', '"text"', '[]', '{"no":"record"}', '{"digestStartTime":1}', '{"detail":{},"detail-type":"x"}', '{}',
           '{"CloudTrailEvent":"{}"}', '[[[]]]', LARGE,
           '{"eventTime":"2024-01-01T00:00:00Z","eventName":' + '[' * 300 + ']' * 300 + '}']


def cut(rng, data):
    return data[:rng.randrange(len(data))]


def flipped(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.choice(b'"{}[],:\\\x00\x01x')]) + data[at + 1:]


def without(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice([1, 10, 1000, 700000]):]


def with_more(rng, data):
    at = rng.randrange(len(data))
    more = rng.choice([b'\0' * 5000, b'}' * 40, b'{' * 400, b'"', b'\xff\xfe', FALSE_END.encode(), data[:2000], b'x' * 1500000])
    return data[:at] + more + data[at:]


DAMAGE = [cut, flipped, without, with_more]


def case_of(spoor, case, n_threads, *arguments):
    result = spoor.run('index', '--threads', str(n_threads), '-o', case, *arguments, timeout=300)
    if result.status not in (0, 3):
        return result.story()
    with open(case, 'rb') as file:
        return result.status, result.stderr.rsplit(b' in ', 1)[0], file.read()


def check_same(spoor, checks, name, folder, data, *options):
    path = makers.write_file(os.path.join(folder, 'evidence', 'one'), data)
    found = [case_of(spoor, os.path.join(folder, 'x.case'), n, *options, path) for n in THREADS]
    checks.check(f'{name}: the same case of {", ".join(map(str, THREADS))} threads',
                 all(one == found[0] for one in found) and not isinstance(found[0], str),
                 lambda: '\n'.join(f'{n} threads: {str(one)[:1500]}' for n, one in zip(THREADS, found)))


def check_round(spoor, checks, rng, folder):
    for name, contain in CONTAINERS.items():
        for odd in (0.0, 0.02):
            texts = many_records(rng, N_BYTES, odd)
            what = f'{name}{", odd" if odd else ""}'
            data = makers.to_bytes(contain(texts))
            check_same(spoor, checks, what, folder, data)
            damage = rng.choice(DAMAGE)
            check_same(spoor, checks, f'{what}, {damage.__name__}', folder, damage(rng, data))
            check_same(spoor, checks, f'{what}, {damage.__name__}, gzip', folder, gzip.compress(damage(rng, data), 1))
        texts[rng.randrange(len(texts))] = strange = rng.choice(STRANGE)
        check_same(spoor, checks, f'{name} with {strange[:70]}', folder, makers.to_bytes(contain(texts)))
        check_same(spoor, checks, f'{name}, small limits', folder, makers.to_bytes(contain(texts)), '--max-record', '2K', '--max-depth', '4')
    packed = gzip.compress(data, 1)
    check_same(spoor, checks, 'gzip that is cut', folder, cut(rng, packed))
    check_same(spoor, checks, 'gzip with a wrong byte', folder, flipped(rng, packed))


def check_others(spoor, checks, rng, folder):
    """What is no JSON is not read to its end, and damage behind that place is not seen, whoever reads it."""
    for name, data in (('text', b'words and words\n' * 400000), ('UTF-16', ('{"Records":[' * 400000).encode('utf-16')),
                       ('white space', b' ' * 4000000), ('blank, then a log', b' ' * 3000000 + b'{"Records":[]}'),
                       ('no record at all', b'[' + b'{"a":1},' * 500000 + b'{}]'), ('NUL', b'\0' * 4000000), ('empty', b''),
                       ('mark', b'\xef\xbb\xbf{"Records":[' + b','.join(map(str.encode, many_records(rng, 3 << 20))) + b']}')):
        check_same(spoor, checks, name, folder, data)
        check_same(spoor, checks, f'{name}, gzip with a wrong sum', folder, gzip.compress(data, 1)[:-6] + b'abcdef')


def check_archives(spoor, checks, rng, folder):
    members = {}
    for i in range(300):
        data = makers.random_log(rng, [makers.random_record(rng, 0.02) for _ in range(rng.randrange(1, 40))])
        data = rng.choice(DAMAGE)(rng, data) if rng.random() < 0.1 else data
        members[f'm/{i:03}.json'] = gzip.compress(data) if rng.random() < 0.6 else data
    members['m/large.json'] = makers.to_bytes(CONTAINERS['Records'](many_records(rng, N_BYTES, 0.01)))
    members['m/nested.tar'] = makers.tar_of({'x.json': members['m/000.json'], 'y.json': members['m/001.json']})
    members['m/none.txt'] = b'words'
    tar = makers.tar_of(members)
    for name, data in (('tar', tar), ('tar.gz', gzip.compress(tar, 1)), ('tar that is cut', cut(rng, tar)),
                       ('tar with a wrong byte', flipped(rng, tar)), ('zip', makers.zip_of(members)),
                       ('zip with a wrong byte', flipped(rng, makers.zip_of(members)))):
        check_same(spoor, checks, name, folder, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--rounds', type=int, default=1)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('together'), Spoor(arguments.spoor), seeded('together', 7)
    with tempfile.TemporaryDirectory(prefix='spoor-together-') as folder:
        for _ in range(arguments.rounds):
            check_round(spoor, checks, rng, folder)
        check_others(spoor, checks, rng, folder)
        check_archives(spoor, checks, rng, folder)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
