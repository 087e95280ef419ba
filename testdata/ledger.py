#!/usr/bin/env python3
"""The ledger: every file and member with size and SHA-256, against hashlib, tarfile and zipfile.

    ledger.py --spoor BIN

Whatever a file is, whole or broken, a log or not, its row tells the bytes that stand on disk; a member's row
tells the bytes that unpacking leaves. Copies are told, sums fit, and the hash over it all can be had with
find, sha256sum and sort. It is the same from raw evidence, from the case, from shares that were merged, and
with little memory.
"""
import argparse
import collections
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from harness import Checks, Spoor, json_lines, seeded
import makers


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# ---- evidence, and what is true of it ----

def random_file(rng):
    log = makers.random_log(rng, [makers.random_record(rng) for _ in range(rng.randrange(1, 12))], odd=False)
    packed = gzip.compress(log, mtime=0)
    return rng.choice([
        log, packed, makers.gzip_members(log, 3), packed + packed, packed + b'\0' * 700, packed + rng.randbytes(90000),
        packed[:len(packed) // 2], packed[:-5] + b'\x55' + packed[-4:], gzip.compress(packed), log[:len(log) // 2],
        b'', b'{"Records":[]}', gzip.compress(b'{"Records":[]}', mtime=0), b'no log at all', rng.randbytes(200000),
        b'\n' * 70000, b'{"digestStartTime":"x","logFiles":[]}', log + b' ' * 300000,
    ])


def members_of(rng, n):
    return {f'{"d/" if i % 2 else ""}m{i}{rng.choice(["", ".json", ".gz"])}': random_file(rng) for i in range(n)}


def archive_of(rng, depth):
    members = members_of(rng, rng.randrange(1, 6))
    if depth:
        members['inner' + rng.choice(['.tar', '.zip', '']) ] = archive_of(rng, depth - 1)
    data = rng.choice([makers.tar_of, makers.zip_of])(members)
    return gzip.compress(data) if rng.random() < 0.4 else data


def write_evidence(rng, folder):
    files = {}
    for i in range(40):
        files[f'd{i % 3}/f{i:02}'] = random_file(rng) if i % 4 else archive_of(rng, i % 3)
    # Names that mislead: '!' in a file, a newline, no UTF-8, one that tells a delivery.
    files['d0/f00!x'] = random_file(rng)
    files['d1/new\nline'] = random_file(rng)
    files[b'd2/caf\xe9'] = random_file(rng)
    files['d0/111122223333_CloudTrail_eu-west-1_20250102T0304Z_abcdefghijklmnop.json.gz'] = gzip.compress(b'{"Records":[]}')
    files['d1/111122223333_CloudTrail-Digest_eu-west-1_t_eu-west-1_20250102T030405Z.json.gz'] = b'x'
    for i in range(6):
        files[f'd{i % 3}/copy{i}'] = files[f'd{i % 3}/f{i:02}']
    for name, data in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data)
    os.symlink('nowhere', os.path.join(folder, 'dangling'))
    return {os.fsencode(folder) + b'/' + os.fsencode(name): data for name, data in files.items()}


def unpacked(data):
    """The archive in DATA, below any gzip around it; b'' where that is broken."""
    while data[:2] == b'\x1f\x8b':
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError):
            return b''
    return data


def contents(name, data):
    """(name, bytes) of a file and of all members in it."""
    yield name, data
    inside = unpacked(data)
    if inside[257:262] == b'ustar':
        with tarfile.open(fileobj=io.BytesIO(inside)) as archive:
            members = [(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    elif inside[:4] == b'PK\3\4':
        with zipfile.ZipFile(io.BytesIO(inside)) as archive:
            members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    else:
        return
    for member, content in members:
        yield from contents(name + b'!' + os.fsencode(member), content)


def shown(name):
    return name.decode('utf-8', 'replace')


# ---- checks ----

def rows_of(spoor, option, *sources):
    return json_lines(spoor.run('info', option, '--format', 'jsonl', *sources).stdout)


def check_rows(checks, found, expected):
    by_name = {row['file']: row for row in found}
    checks.equal('every file and member has a row, and nothing else but the dangling link',
                 sorted([shown(name) for name in expected] + [row['file'] for row in found if row['kind'] == 'unread']),
                 sorted(row['file'] for row in found))
    wrong = [(shown(name), row) for name, data in expected.items()
             if (row := by_name.get(shown(name), {})).get('size') != len(data) or row.get('sha256') != sha256(data)]
    checks.check(f'size and SHA-256 of {len(expected)} files and members', not wrong, lambda: wrong[:3])
    unread = [row for row in found if row['kind'] == 'unread']
    checks.check('what could not be read has no hash', len(unread) == 1 and unread[0]['sha256'] is None
                 and unread[0]['damaged'] == 1, lambda: unread)
    delivered = by_name[next(name for name in by_name if 'CloudTrail_eu-west-1' in name)]
    checks.equal('a name tells its delivery', ('2025-01-02T03:04:00Z', '111122223333', 'eu-west-1', 0),
                 (delivered['deliveryTime'], delivered['deliveryAccount'], delivered['deliveryRegion'], delivered['records']))


def check_copies(checks, found, expected):
    first = {}
    wrong = []
    for name in sorted(expected):
        data = expected[name]
        original = first.setdefault(sha256(data), shown(name))
        row = next(row for row in found if row['file'] == shown(name))
        if row['copyOf'] != (None if original == shown(name) or not data else original):
            wrong.append(row)
    checks.check('copies are told', not wrong, lambda: wrong[:3])
    return sum(len(data) > 0 for data in expected.values()) - len([key for key, data in
                                                                   {sha256(d): d for d in expected.values()}.items() if data])


def check_sums(checks, found, info):
    total = collections.Counter()
    for row in found:
        for key in ('records', 'events', 'duplicates', 'rejected', 'damaged', 'bytes'):
            total[key] += row[key]
        checks_out = row['records'] == row['events'] + row['duplicates'] + row['rejected']
        if not checks_out:
            checks.fail('records = events + duplicates + rejected', row)
    checks.equal('rows add up to what info says', (info['events'], info['duplicates'], info['rejected'], len(info['damaged']),
                                                   info['bytes']),
                 (total['events'], total['duplicates'], total['rejected'], total['damaged'], total['bytes']))
    kinds = {'other', 'unread', 'tar', 'zip', '7z'}
    checks.equal('files are the logs', info['files'], sum(row['kind'] not in kinds for row in found))


def lines_hash(pairs):
    lines = [f'{sha256(data)}  {len(data)}  '.encode() + name for name, data in pairs]
    return sha256(b''.join(line + b'\n' for line in sorted(lines)))


def check_receipt(checks, info, files, expected, n_copies):
    ledger = info['ledger']
    members = {name: data for name, data in expected.items() if name not in files}
    checks.equal('ledger: counts', (len(files) + 1, len(members), sum(map(len, files.values())), 1, n_copies, 0),
                 tuple(ledger[key] for key in ('files', 'members', 'bytes', 'unread', 'copies', 'changed')))
    checks.equal('ledger: hash of the files', lines_hash(files.items()), ledger['sha256'])
    checks.equal('ledger: hash of the members', lines_hash(members.items()), ledger['membersSha256'])


def check_by_hand(spoor, checks, rng, folder):
    """What README.md says to type, with sh, find, sha256sum and tar."""
    for i in range(9):
        makers.write_file(os.path.join(folder, 'by-hand', f'd{i % 2}', f'log {i}.json'), random_file(rng))
    makers.write_file(os.path.join(folder, 'by-hand', 'all.tar'), makers.tar_of(members_of(rng, 4)))
    script = r'''find "$1" -type f -printf '%s  %p\n' | while read -r size name; do
        printf '%s  %s  %s\n' "$(sha256sum < "$name" | cut -c 1-64)" "$size" "$name"
        done | LC_ALL=C sort | sha256sum | cut -c 1-64'''
    by_hand = subprocess.run(['sh', '-c', script, 'sh', 'by-hand'], cwd=folder, capture_output=True, check=True).stdout
    members = r'''mkdir x && cd x && tar -xf ../by-hand/all.tar && find . -type f -printf '%s  %P\n' | while read -r size name; do
        printf '%s  %s  %s\n' "$(sha256sum < "$name" | cut -c 1-64)" "$size" "by-hand/all.tar!$name"
        done | LC_ALL=C sort | sha256sum | cut -c 1-64'''
    members_by_hand = subprocess.run(['sh', '-c', members], cwd=folder, capture_output=True, check=True).stdout
    ledger = json.loads(spoor.run('info', '--format', 'json', 'by-hand', cwd=folder).stdout)['ledger']
    checks.equal('find, sha256sum, sort: the same hash', by_hand.decode().strip(), ledger['sha256'])
    checks.equal('tar, find, sha256sum, sort: the same hash of the members', members_by_hand.decode().strip(),
                 ledger['membersSha256'])
    columns = spoor.run('info', '--files', '--columns', 'sha256,file', '--format', 'tsv', 'by-hand', cwd=folder).stdout
    sums = b''.join(line.replace(b'\t', b'  ', 1) + b'\n' for line in columns.splitlines()[1:] if b'!' not in line)
    checked = subprocess.run(['sha256sum', '--check', '--strict', '--quiet'], input=sums, cwd=folder, capture_output=True)
    checks.check('sha256sum --check agrees with two columns', checked.returncode == 0 and sums,
                 lambda: checked.stdout + checked.stderr)


def check_same(spoor, checks, folder, source):
    """Raw, case, threads, little memory, shares."""
    whole = os.path.join(folder, 'whole.case')
    spoor.run('index', '-o', whole, source)
    with open(whole, 'rb') as file:
        expected = file.read()
    ways = {f'{n} threads': ['--threads', str(n)] for n in (1, 8)} | {'little memory': ['--memory', '64M']}
    for way, arguments in ways.items():
        case = os.path.join(folder, 'way.case')
        spoor.run('index', '-o', case, *arguments, source)
        with open(case, 'rb') as file:
            checks.check(f'{way}: the same case', file.read() == expected)
    shards = [os.path.join(folder, f'{k}.case') for k in range(3)]
    for k, shard in enumerate(shards, 1):
        spoor.run('index', '--shard', f'{k}/3', '-o', shard, source)
    merged = os.path.join(folder, 'merged.case')
    spoor.run('merge', '-o', merged, *shards[::-1])
    with open(merged, 'rb') as file:
        checks.check('shares that were merged: the same case', file.read() == expected)
    raw = spoor.run('info', '--files', '--format', 'csv', source).stdout
    checks.check('raw evidence and case list the same files', raw and
                 raw == spoor.run('info', '--files', '--format', 'csv', whole).stdout)


def check_changed(spoor, checks, rng, folder):
    """One name, other bytes in a later case: both are kept, and told."""
    log = os.path.join(folder, 'grown', 'log.json')
    cases, versions = [], []
    records = [makers.random_record(rng) for _ in range(12)]
    for i, n in enumerate((4, 8, 12)):
        versions.append(makers.random_log(rng, records[:n], odd=False))
        makers.write_file(log, versions[-1])
        cases.append(os.path.join(folder, f'grown-{i}.case'))
        spoor.run('index', '-o', cases[-1], 'grown', cwd=folder)
    answers = set()
    for order in (cases, cases[::-1], [cases[1], cases[0], cases[2], cases[1]]):
        rows = rows_of(spoor, '--files', *order)
        answers.add(json.dumps(rows))
        checks.equal('a file that changed is one row for each content', sorted(map(sha256, versions)),
                     [row['sha256'] for row in rows])
    checks.equal('in whichever order they come', 1, len(answers))
    merged = os.path.join(folder, 'grown.case')
    step = os.path.join(folder, 'step.case')
    said = spoor.run('merge', '-o', merged, *cases)
    spoor.run('merge', '-o', step, *cases[1:])
    spoor.run('merge', '-o', step + '2', step, cases[0])
    with open(merged, 'rb') as a, open(step + '2', 'rb') as b:
        checks.check('merged at once or step by step: the same case', a.read() == b.read())
    checks.check('merging says so', b'2 files changed' in said.stderr, said.story)
    info = json.loads(spoor.run('info', '--format', 'json', merged).stdout)
    checks.equal('info counts what changed', (2, 12, 12), (info['ledger']['changed'], info['events'], info['duplicates']))


def check_names(spoor, checks, rng, folder):
    """A file that is named as the member of an archive beside it would be is another one."""
    inner, outer = (makers.random_log(rng, [makers.random_record(rng) for _ in range(3)], odd=False) for _ in range(2))
    makers.write_file(os.path.join(folder, 'names', 'a.tar'), makers.tar_of({'m': inner}))
    makers.write_file(os.path.join(folder, 'names', 'a.tar!m'), outer)
    case = os.path.join(folder, 'names.case')
    spoor.run('index', '-o', case, 'names', cwd=folder)
    for source in ('names', case):
        result = spoor.run('info', '--files', '--format', 'jsonl', source, cwd=folder)
        checks.equal(f'a member and a file of one name in {os.path.basename(source)}',
                     [('names/a.tar', 0), ('names/a.tar!m', 3), ('names/a.tar!m', 3)],
                     [(row['file'], row['records']) for row in json_lines(result.stdout)])
        ledger = json.loads(spoor.run('info', '--format', 'json', source, cwd=folder).stdout)['ledger']
        checks.equal('counted as what they are', (2, 1, 0), (ledger['files'], ledger['members'], ledger['changed']))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('ledger'), Spoor(arguments.spoor), seeded('ledger', 11)
    with tempfile.TemporaryDirectory(prefix='spoor-ledger-') as folder:
        for i in range(3):
            source = os.path.join(folder, f'evidence-{i}')
            files = write_evidence(rng, source)
            expected = {name: content for path, data in files.items() for name, content in contents(path, data)}
            found = rows_of(spoor, '--files', source)
            info = json.loads(spoor.run('info', '--format', 'json', source).stdout)
            check_rows(checks, found, expected)
            n_copies = check_copies(checks, found, expected)
            check_sums(checks, found, info)
            check_receipt(checks, info, files, expected, n_copies)
            check_same(spoor, checks, folder, source)
        check_by_hand(spoor, checks, rng, folder)
        check_names(spoor, checks, rng, folder)
        check_changed(spoor, checks, rng, folder)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
