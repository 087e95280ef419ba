#!/usr/bin/env python3
"""Proof by digests: whatever was done to a trail is named, and nothing else.

    verify.py --spoor BIN --gen BIN

spoor-gen writes a trail with digests, signed by a key of its own. Each case does something to a copy of it, says what
must be found besides what is found in the trail as it was, and is also held against naive/digests.py, with the public
keys and without. Then the same trail in other packings, results of Lake, keys, case files and bad usage.
"""
import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from harness import Checks, Spoor, json_lines
import digests as naive

REGION = 'us-east-1'


def load(path):
    with gzip.open(path) as file:
        return file.read()


def store(path, content):
    with gzip.GzipFile(path, 'wb', mtime=0) as file:
        file.write(content)


class Trail:
    """A copy of the trail, to be changed."""

    def __init__(self, folder):
        self.bucket = os.path.join(folder, 'trail-bucket')
        self.keys = os.path.join(folder, 'public-keys.json')

    def files(self, part):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.bucket) for name in names]
        return sorted(path for path in found if part in path)

    def digest(self, hour, region=REGION, backfill=False):
        names = self.files(f'/CloudTrail-Digest/{region}/')
        return [name for name in names if name.endswith('_backfill.json.gz') == backfill][hour]

    def log(self, hour, i=0):
        """Log file I that the digest of HOUR names."""
        return os.path.join(self.bucket, json.loads(load(self.digest(hour)))['logFiles'][i]['s3Object'])

    def names_of(self, hour):
        return [naive.base(log['s3Object']) for log in json.loads(load(self.digest(hour)))['logFiles']]

    def edit(self, path, change):
        """The digest at PATH rewritten; returns its new SHA-256."""
        data = json.loads(load(path))
        change(data)
        content = json.dumps(data).encode()
        store(path, content)
        return hashlib.sha256(content).hexdigest()

    def spoil_log(self, hour, i=0):
        path = self.log(hour, i)
        content = load(path).replace(b'ListBuckets', b'ListBackups')
        store(path, content)
        return path, hashlib.sha256(content).hexdigest()

    def forge(self, hour):
        """A log is altered, and the digest says what it now is."""
        path, sha256 = self.spoil_log(hour)

        def change(data):
            data['logFiles'][0]['hashValue'] = sha256
        return path, self.edit(self.digest(hour), change)


# ---- cases: each returns the rows that must appear, as (kind, verdict, name) ----

def altered_log(trail):
    path, _ = trail.spoil_log(1)
    return [('log', 'altered', naive.base(path))]


def deleted_log(trail):
    path = trail.log(1)
    os.remove(path)
    return [('log', 'missing', naive.base(path))]


def deleted_digest(trail):
    before, gone = trail.digest(1), trail.digest(2)
    os.remove(gone)
    return [('digest', 'missing', naive.base(gone)), ('digest', 'unproven', naive.base(before))]


def deleted_neighbours(trail):
    before, first, second = trail.digest(1), trail.digest(2), trail.digest(3)
    os.remove(first)
    os.remove(second)
    return [('digest', 'missing', naive.base(second)), ('digest', 'unproven', naive.base(before)),
            ('gap', 'gap', '111122223333 us-east-1 audit_trail')]


def deleted_oldest(trail):
    os.remove(trail.digest(0))
    return []


def deleted_backfill(trail):
    gone = trail.digest(0, backfill=True)
    name = naive.base(json.loads(load(gone))['logFiles'][0]['s3Object'])
    os.remove(gone)
    return [('log', 'unlisted', name)]


def forged_digest(trail):
    trail.forge(1)
    return [('digest', 'altered', naive.base(trail.digest(1)))] + [('log', 'unproven', name)
                                                                   for name in trail.names_of(1)]


def forged_to_the_end(trail):
    """Every later digest is rewritten too: hashes fit, and only signatures tell."""
    path, sha256 = trail.forge(1)
    for hour in range(2, 6):
        def change(data, sha256=sha256):
            data['previousDigestHashValue'] = sha256
        sha256 = trail.edit(trail.digest(hour), change)
    found = [('digest', 'altered', naive.base(trail.digest(hour))) for hour in range(1, 5)]
    return {'plain': [], 'keys': found + [('log', 'unproven', name) for hour in range(1, 5)
                                          for name in trail.names_of(hour)]}


def changed_link(trail):
    """A digest that names another SHA-256 of the one before it: without keys nobody can tell which of them lies."""
    def change(data):
        data['previousDigestHashValue'] = '0' * 64
    trail.edit(trail.digest(2), change)
    both = [('digest', 'altered', naive.base(trail.digest(2)))] + [('log', 'unproven', name)
                                                                   for name in trail.names_of(2)]
    return {'keys': both, 'plain': both + [('digest', 'altered', naive.base(trail.digest(1)))] +
            [('log', 'unproven', name) for name in trail.names_of(1)]}


def moved_digest(trail):
    """It says that it was delivered to another bucket."""
    def change(data):
        data['digestS3Bucket'] = 'elsewhere'
    trail.edit(trail.digest(2), change)
    return [('digest', 'altered', naive.base(trail.digest(2)))] + [('log', 'unproven', name)
                                                                   for name in trail.names_of(2)]


def intruder(trail):
    data = json.loads(load(trail.digest(1)))
    data['digestS3Object'] = data['digestS3Object'].replace('T020131Z', 'T020130Z')
    path = trail.digest(1).replace('T020131Z', 'T020130Z')
    store(path, json.dumps(data).encode())
    return [('digest', 'unlisted', naive.base(path))]


def other_version(trail):
    """A second digest of one name, with other bytes."""
    data = json.loads(load(trail.digest(1)))
    data['logFiles'] = []
    folder = os.path.join(trail.bucket, 'restored')
    os.makedirs(folder)
    path = os.path.join(folder, os.path.basename(trail.digest(1)))
    store(path, json.dumps(data).encode())
    return [('digest', 'altered', naive.base(path))]


def new_log(trail, time):
    like = trail.log(1)
    name = f'111122223333_CloudTrail_us-east-1_{time}_AAAAAAAAAAAAAAAA.json.gz'
    shutil.copy(like, os.path.join(os.path.dirname(like), name))
    return naive.base(name)


def unlisted_log(trail):
    return [('log', 'unlisted', new_log(trail, '20260108T0205Z'))]


def log_before(trail):
    return {'all': [('log', 'notCovered', new_log(trail, '20260107T2359Z'))]}


def log_behind(trail):
    return {'all': [('log', 'notCovered', new_log(trail, '20260108T0602Z'))]}


def log_near_the_end(trail):
    return {'all': [('log', 'notCovered', new_log(trail, '20260108T0555Z'))]}


def log_of_another_region(trail):
    like = trail.log(1)
    name = '111122223333_CloudTrail_sa-east-1_20260108T0205Z_AAAAAAAAAAAAAAAA.json.gz'
    shutil.copy(like, os.path.join(trail.bucket, name))
    return {'all': [('log', 'notCovered', naive.base(name))]}


def restarted(trail):
    """A chain that begins anew without an hour lost: as a forger would have it who knows no signature."""
    def change(data):
        for key in data:
            if key.startswith('previous'):
                data[key] = None
    trail.edit(trail.digest(3), change)
    return [('gap', 'restarted', '111122223333 us-east-1 audit_trail'),
            ('digest', 'unproven', naive.base(trail.digest(2))),
            ('digest', 'altered', naive.base(trail.digest(3)))] + [
                ('log', 'unproven', name) for name in trail.names_of(3)]


def restarted_backfill(trail):
    """Backfill that begins anew, though backfill stood before it."""
    path = trail.digest(1, backfill=True)

    def change(data):
        for key in data:
            if key.startswith('previous'):
                data[key] = None
    trail.edit(path, change)
    first = trail.digest(0, backfill=True)
    return [('gap', 'restarted', '111122223333 us-east-1 audit_trail (backfill)'),
            ('digest', 'unproven', naive.base(first))]


def other_algorithm(trail):
    """Signed, it says, by something else: with keys that is no proof, and told."""
    def change(data):
        data['digestSignatureAlgorithm'] = 'SHA1withRSA'
    sha256 = trail.edit(trail.digest(1), change)

    def follow(data):
        data['previousDigestHashValue'] = sha256
    trail.edit(trail.digest(2), follow)
    both = [('digest', 'altered', naive.base(trail.digest(2)))] + [('log', 'unproven', name)
                                                                   for name in trail.names_of(2)]
    return {'plain': both, 'keys': both + [('digest', 'unproven', naive.base(trail.digest(1)))]}


def unread_list(trail):
    """The newest digest has no list of logs that can be read: what it may have listed is not blamed."""
    names = trail.names_of(5)

    def change(data):
        data['logFiles'].append(7)
        del data['logFiles'][0]
    trail.edit(trail.digest(5), change)
    return {'shown': [('digest', 'malformed', naive.base(trail.digest(5)))] +
            [('log', 'unproven', name) for name in names[1:]], 'all': [('log', 'notCovered', names[0])],
            'naive': False}


def hiding_chain(trail):
    """A digest whose account sorts between others only by its bytes: it must not hide what is unlisted."""
    data = json.loads(load(trail.digest(1)))
    data['digestS3Object'] = 'x/111122223333\x00haa_CloudTrail-Digest_zz_t_zz_20260108T020131Z.json.gz'
    data['logFiles'] = []
    for key in data:
        if key.startswith('previous'):
            data[key] = None
    store(os.path.join(trail.bucket, 'planted.json.gz'), json.dumps(data).encode())
    return {'shown': [('log', 'unlisted', new_log(trail, '20260108T0205Z')),
                      ('digest', 'unproven', '111122223333\x00haa_CloudTrail-Digest_zz_t_zz_20260108T020131Z.json')],
            'naive': False}


def uncovered_hour(trail):
    """The chain is whole, but the newest digest begins later than the last one ended."""
    def change(data):
        data['digestStartTime'] = '2026-01-08T05:31:31Z'
    trail.edit(trail.digest(5), change)
    return [('gap', 'gap', '111122223333 us-east-1 audit_trail')]


def copies(trail):
    folder = os.path.join(trail.bucket, 'restored')
    os.makedirs(folder)
    shutil.copy(trail.log(1), folder)
    shutil.copy(trail.digest(1), folder)
    return {'all': [('log', 'sound', naive.base(trail.log(1)))]}


def altered_copy(trail):
    folder = os.path.join(trail.bucket, 'restored')
    os.makedirs(folder)
    store(os.path.join(folder, os.path.basename(trail.log(1))), load(trail.log(1)) + b' ')
    return [('log', 'altered', naive.base(trail.log(1)))]


def cut_log(trail):
    path = trail.log(1)
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) - 12)
    return {'damaged': True, 'shown': [('log', 'altered', naive.base(path))]}


CASES = [altered_log, deleted_log, deleted_digest, deleted_neighbours, deleted_oldest, deleted_backfill, forged_digest,
         forged_to_the_end, changed_link, moved_digest, intruder, other_version, unlisted_log, log_before, log_behind,
         log_near_the_end, log_of_another_region, restarted, restarted_backfill, other_algorithm,
         unread_list, hiding_chain, uncovered_hour, copies, altered_copy, cut_log]


# ---- running them ----

def rows_of(result):
    rows = json_lines(result.stdout)
    return rows, sorted((row['kind'], row['verdict'], naive.base(row['name'])) for row in rows
                        if row['kind'] in ('log', 'gap') or
                        row['kind'] == 'digest' and not row['reason'].startswith('a copy of'))


def more(now, before):
    """What is in NOW beyond what was in BEFORE."""
    rest = list(before)
    return sorted(row for row in now if row not in rest or rest.remove(row))


class Tester:
    def __init__(self, spoor, checks, gen, folder):
        self.spoor, self.checks, self.folder = spoor, checks, folder
        self.original = os.path.join(folder, 'original')
        subprocess.run([gen, 'trail', '--out', self.original, '--start', '2026-01-08'], check=True,
                       stdout=subprocess.DEVNULL)
        self.before = {}
        for how in ('plain', 'keys'):
            result = self.verify(Trail(self.original), how, '--format', 'jsonl')
            self.before[how] = rows_of(result)[1]

    def verify(self, trail, how, *arguments):
        keys = ['--public-keys', trail.keys] if how == 'keys' else []
        return self.spoor.run('verify', *arguments, *keys, trail.bucket)

    def copy(self, name):
        folder = os.path.join(self.folder, name)
        shutil.copytree(self.original, folder)
        return Trail(folder)

    def test(self, case):
        trail = self.copy(case.__name__)
        expected = case(trail)
        if isinstance(expected, list):
            expected = {'shown': expected}
        for how in ('plain', 'keys'):
            self.compare(f'{case.__name__}, {how}', trail, how, expected)
        shutil.rmtree(os.path.dirname(trail.bucket))

    def compare(self, name, trail, how, expected):
        shown = self.verify(trail, how, '--format', 'jsonl')
        every = self.verify(trail, how, '--format', 'jsonl', '--all')
        rows, found = rows_of(shown)
        _, all_found = rows_of(every)
        wanted = sorted(set(expected.get('shown', []) + expected.get(how, [])))
        # the sums of the chains change; what is shown besides must be just what the case says
        self.checks.equal(f'{name}: what is shown', wanted, more(found, self.before[how]))
        for row in expected.get('all', []):
            self.checks.check(f'{name}: {row[1]} among all', row in all_found, lambda: every.story())
        if expected.get('naive') is not False:
            self.compare_naive(name, trail, how, all_found)
        # the trail as it was has a chain that begins anew, which is told by the status too
        self.checks.equal(f'{name}: status', 3, shown.status)
        damaged = [line for line in shown.stderr.decode().splitlines() if 'damaged:' in line]
        self.checks.equal(f'{name}: damage', bool(expected.get('damaged')), bool(damaged))
        sums = [row for row in rows if row['kind'] == 'chain']
        counted = sum(row[key] for row in sums for key in
                      ('sound', 'altered', 'missing', 'unlisted', 'unproven', 'notCovered'))
        logs = [row for row in json_lines(every.stdout) if row['kind'] == 'log' and row['trail'] and
                not row['reason'].startswith('a copy of')]
        self.checks.equal(f'{name}: sums', len(logs), counted)

    def compare_naive(self, name, trail, how, all_found):
        reference = naive.verify(trail.bucket, trail.keys if how == 'keys' else None)
        self.checks.check(f'{name}: naive', reference == all_found, lambda: f'expected {more(reference, all_found)}\n'
                          f'found    {more(all_found, reference)}')


# ---- digests that are broken ----

def broken_digests():
    """(name, change of the bytes or of the data, what the reason says)."""
    def with_data(change):
        def apply(content):
            data = json.loads(content)
            change(data)
            return json.dumps(data).encode()
        return apply

    def put(key, value):
        return with_data(lambda data: data.__setitem__(key, value))

    def drop(key):
        return with_data(lambda data: data.__delitem__(key))

    def put_log(key, value):
        return with_data(lambda data: data['logFiles'][0].__setitem__(key, value))
    return [
        ('cut', lambda content: content[:len(content) // 2], 'at byte 0'),
        ('more behind', lambda content: content + b'{}', 'more behind it'),
        ('no end time', drop('digestEndTime'), 'digestEndTime is missing'),
        ('end is no time', put('digestEndTime', 'yesterday'), 'digestEndTime is not a time'),
        ('end before start', put('digestEndTime', '2020-01-01T00:00:00Z'), 'before digestStartTime'),
        ('object is a number', put('digestS3Object', 7), 'digestS3Object is no text'),
        ('bucket is null', put('digestS3Bucket', None), 'digestS3Bucket is no text'),
        ('object is empty', put('digestS3Object', ''), 'digestS3Object is empty'),
        ('no logFiles', drop('logFiles'), 'logFiles is missing'),
        ('logFiles is text', put('logFiles', 'none'), 'logFiles is no array'),
        ('a log is a number', put('logFiles', [7]), 'logFiles[0] is no object'),
        ('a log without key', with_data(lambda data: data['logFiles'][0].pop('s3Object')),
         'logFiles[0].s3Object is missing'),
        ('hash is short', put_log('hashValue', 'abc'), 'logFiles[0].hashValue is no SHA-256'),
        ('hash is null', put_log('hashValue', None), 'logFiles[0].hashValue is no text'),
        ('hash by MD5', put_log('hashAlgorithm', 'MD5'), 'hashAlgorithm is not SHA-256'),
        ('previous hash is short', put('previousDigestHashValue', 'abc'), 'previousDigestHashValue is no SHA-256'),
        ('previous in part', put('previousDigestS3Object', None), 'previousDigestS3Object is null'),
        ('a key twice', lambda content: content[:-1] + b',"digestS3Bucket":"trail-bucket"}', 'stand twice'),
        ('logFiles twice', lambda content: content[:-1] + b',"logFiles":[]}', 'stand twice'),
    ]


def test_broken(tester):
    """In the newest digest, which nothing proves, and in one that its successor names."""
    for name, change, reason in broken_digests():
        for hour, verdict in ((5, 'malformed'), (2, 'altered')):
            trail = tester.copy('broken')
            path = trail.digest(hour)
            store(path, change(load(path)))
            result = tester.verify(trail, 'plain', '--format', 'jsonl')
            rows = [row for row in json_lines(result.stdout) if row['kind'] == 'digest' and
                    row['file'] and naive.base(row['file']) == naive.base(path)]
            good = len(rows) == 1 and rows[0]['verdict'] == verdict and reason in rows[0]['reason']
            tester.checks.check(f'broken digest, {name}: {verdict}', result.status == 3 and good,
                                lambda: f'{result.story()}\n{rows}')
            shutil.rmtree(os.path.dirname(trail.bucket))
    for name, content in (('no bytes', b''), ('gzip cut', None)):
        trail = tester.copy('broken')
        path = trail.digest(2)
        with open(path, 'rb') as file:
            packed = file.read()
        with open(path, 'wb') as file:
            file.write(content if content is not None else packed[:len(packed) // 2])
        result = tester.verify(trail, 'plain', '--format', 'jsonl')
        rows = [row for row in json_lines(result.stdout) if row['kind'] == 'digest' and
                row['verdict'] == 'altered' and naive.base(row['name']) == naive.base(path)]
        tester.checks.check(f'broken digest, {name}: altered', result.status == 3 and len(rows) == 1,
                            result.story)
        shutil.rmtree(os.path.dirname(trail.bucket))


def test_hostile(tester):
    """Keys of the newest digest are whatever a forger likes: all of them are missing, none does harm."""
    trail = tester.copy('hostile')
    keys = ['../../../../etc/passwd', 'a\x1b[31mred', 'line\nbreak', '=cmd()', 'a' * 5000, '/', '//', '!', 'x!y',
            '‮evil', 'x.json.gz#2', '#', '\x00', 'AWSLogs/' * 200 + 'x.gz', '.gz', 'é' * 300]

    def change(data):
        like = data['logFiles'][0]
        data['logFiles'] = [dict(like, s3Object=key) for key in keys]
    trail.edit(trail.digest(5), change)
    result = tester.verify(trail, 'keys', '--format', 'jsonl', '--all')
    missing = [row for row in json_lines(result.stdout) if row['kind'] == 'log' and row['verdict'] == 'missing']
    tester.checks.equal('hostile keys: all missing', sorted(k.replace('\x1b', '\x1b') for k in keys),
                        sorted(row['s3Object'] for row in missing))
    for form in ('table', 'csv', 'tsv'):
        shown = tester.verify(trail, 'keys', '--format', form, '--all').stdout
        bad = [c for c in (b'\x1b', b'\x00', '‮'.encode()) if c in shown]
        tester.checks.equal(f'hostile keys: nothing raw in {form}', [], bad)


def test_crowd(tester):
    """Thousands of files of one name, in folders of their own: each key finds its own, at once, and none is told twice."""
    n = 5000
    for name, like in (('equal', lambda i: b'{"Records":[]}'), ('different', lambda i: b'{"Records":[],"n":%d}' % i)):
        trail = tester.copy('crowd')
        logs = []
        for i in range(n):
            path = os.path.join(trail.bucket, 'crowd', f'p{i}', 'x.json')
            os.makedirs(os.path.dirname(path))
            with open(path, 'wb') as file:
                file.write(like(i))
            sha256 = hashlib.sha256(like(i)).hexdigest() if i % 2 else '0' * 64
            logs.append({'s3Bucket': 'trail-bucket', 's3Object': f'crowd/p{i}/x.json.gz', 'hashValue': sha256,
                         'hashAlgorithm': 'SHA-256'})

        def change(data, logs=logs):
            data['logFiles'] = logs
        trail.edit(trail.digest(5), change)
        result = tester.verify(trail, 'plain', '--all', '--format', 'jsonl')
        rows = [row for row in json_lines(result.stdout) if row['name'] in ('x.json', 'x.json.gz')]
        told = sorted({(row['s3Object'].split('/')[-2], row['file'].split('/')[-2]) for row in rows if row['file']})
        if name == 'different':
            tester.checks.equal('crowd: each its own', sorted((f'p{i}', f'p{i}') for i in range(n)), told)
            tester.checks.equal('crowd: verdicts', [n // 2, n // 2], [len([row for row in rows if row['verdict'] == v])
                                                                      for v in ('unproven', 'altered')])
        else:
            # the content of one key is that of all: what is a copy of it cannot be another's altered file
            tester.checks.equal('crowd: equal content', [n // 2, n // 2, n // 2],
                                [len([row for row in rows if row['verdict'] == 'unproven' and
                                      row['reason'].startswith('a copy') == copy]) for copy in (False, True)] +
                                [len([row for row in rows if row['verdict'] == 'missing'])])
        shutil.rmtree(os.path.dirname(trail.bucket))


def test_versions(tester):
    """Thousands of digests of one name, each named by another: the work must not be their product."""
    trail = tester.copy('versions')
    n = 3000
    folder = os.path.join(trail.bucket, 'versions')
    os.makedirs(folder)
    data = [json.loads(load(trail.digest(hour))) for hour in (4, 5)]
    for i in range(n):
        contents = []
        for k in range(2):
            data[k]['logFiles'] = []
            data[k]['x'] = i
            if k:
                data[k]['previousDigestHashValue'] = hashlib.sha256(contents[0]).hexdigest() if i % 2 else f'{i:064x}'
            contents.append(json.dumps(data[k]).encode())
            with open(os.path.join(folder, f'{k}-{i}.json'), 'wb') as file:
                file.write(contents[k])
    result = tester.verify(trail, 'plain', '--all', '--format', 'jsonl')
    found = [row['verdict'] for row in json_lines(result.stdout) if row['kind'] == 'digest' and
             '/versions/0-' in (row['file'] or '')]
    tester.checks.equal('versions: each by the digest that names it', [n // 2, n // 2],
                        [found.count('sound'), found.count('altered')])
    shutil.rmtree(os.path.dirname(trail.bucket))


# ---- the same evidence, packed otherwise ----

def pack(trail, folder, how):
    os.makedirs(folder)
    target = os.path.join(folder, 'evidence')
    if how == 'flat':
        os.makedirs(target)
        for path in trail.files('/CloudTrail'):
            if 'Lake' not in path:
                shutil.copy(path, target)
    elif how == 'unpacked':
        for path in trail.files('/CloudTrail'):
            copy = os.path.join(target, os.path.relpath(path, trail.bucket))[:-3]
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            with open(copy, 'wb') as file:
                file.write(load(path) if path.endswith('.gz') else b'')
    elif how == 'part':
        shutil.copytree(os.path.join(trail.bucket, 'logs/AWSLogs/111122223333'), target)
    elif how == 'tar.gz':
        target += '.tar.gz'
        with tarfile.open(target, 'w:gz') as tar:
            tar.add(trail.bucket, 'bucket')
    else:
        target += '.zip'
        with zipfile.ZipFile(target, 'w') as archive:
            for path in trail.files(''):
                archive.write(path, os.path.relpath(path, trail.bucket))
    return target


def test_packings(tester):
    trail = tester.copy('packed')
    for case in (altered_log, unlisted_log):
        case(trail)
    os.remove(trail.digest(3))
    os.remove(trail.log(4))
    columns = ['kind', 'verdict', 'signature', 's3Object', 'startTime', 'endTime', 'hashValue', 'sha256']

    def ask(source, *arguments):
        result = tester.spoor.run('verify', '--all', '--format', 'jsonl', '--public-keys', trail.keys, *arguments, source)
        rows = json_lines(result.stdout)
        told = sorted(json.dumps([row[name] for name in columns]) for row in rows
                      if row['kind'] in ('digest', 'log', 'gap', 'chain'))
        return result, rows, told
    result, rows, wanted = ask(trail.bucket)
    tester.checks.equal('packings: status', 3, result.status)
    tester.checks.equal('matched by object', {'object', None}, {row['matched'] for row in rows if row['kind'] == 'log'})
    for how, matched in (('flat', 'name'), ('unpacked', 'object'), ('part', 'path'), ('tar.gz', 'object'),
                         ('zip', 'object')):
        target = pack(trail, os.path.join(tester.folder, f'packed-{how}'), how)
        _, rows, told = ask(target)
        tester.checks.equal(f'packings: {how}', wanted, told)
        reasons = {'another trail' in row['reason'] for row in rows if row['verdict'] == 'unlisted'}
        tester.checks.equal(f'packings: {how}: a folder that tells no trail', {how == 'flat'}, reasons)
        tester.checks.equal(f'packings: {how}: matched', {matched},
                            {row['matched'] for row in rows if row['kind'] == 'log' and row['matched']})
    outputs = {tester.spoor.run('verify', '--all', '--format', 'csv', '--threads', str(n), trail.bucket).stdout
               for n in (1, 2, 7)}
    tester.checks.equal('threads change nothing', 1, len(outputs))
    case_file = os.path.join(tester.folder, 'trail.case')
    result = tester.spoor.run('index', '-o', case_file, trail.bucket)
    tester.checks.check('a case file is made', result.status in (0, 3) and os.path.exists(case_file), result.story)
    tester.checks.equal('a case file leads to its evidence', wanted, ask(case_file)[2])
    moved = trail.bucket + '-moved'
    os.rename(trail.bucket, moved)
    result = tester.spoor.run('verify', case_file)
    tester.checks.check('a case file whose evidence is gone', result.status == 2 and b'--evidence' in result.stderr,
                        result.story)
    tester.checks.equal('and where it is now', wanted, ask(case_file, '--evidence', moved)[2])
    os.rename(moved, trail.bucket)
    with open(pack(trail, os.path.join(tester.folder, 'packed-stdin'), 'tar.gz'), 'rb') as file:
        result = tester.spoor.run('verify', '--all', '--format', 'jsonl', '-', stdin=file.read())
    tester.checks.equal('standard input', len(wanted), len([row for row in json_lines(result.stdout)
                                                           if row['kind'] in ('digest', 'log', 'gap', 'chain')]))


# ---- keys, Lake, usage ----

def test_keys(tester):
    trail = Trail(tester.original)
    other = os.path.join(tester.folder, 'other')
    gen_keys = os.path.join(other, 'public-keys.json')
    subprocess.run([tester.gen, 'trail', '--out', other, '--start', '2026-01-08', '--hours', '1'], check=True,
                   stdout=subprocess.DEVNULL)

    def ask(path):
        result = tester.spoor.run('verify', '--all', '--format', 'jsonl', '--public-keys', path, trail.bucket)
        return result, json_lines(result.stdout) if result.status != 2 else []
    result, rows = ask(gen_keys)
    linked = [row for row in rows if row['kind'] == 'digest' and row['digest']]
    tester.checks.check('another key under the same fingerprint: all wrong', result.status == 3 and linked and
                        {(row['verdict'], row['signature']) for row in linked} == {('altered', 'wrong')}, result.story)
    with open(trail.keys, encoding='utf-8') as file:
        keys = json.load(file)
    def told_late(rows):
        return [row for row in rows if 'its key was not in use then' in row['reason']]
    path = os.path.join(tester.folder, 'keys.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'PublicKeyList': [dict(keys['PublicKeyList'][0], ValidityEndTime='2026-01-08T02:30:00Z')]}, file)
    tester.checks.equal('signatures after the key was given up', [0, 8],
                        [len(told_late(ask(trail.keys)[1])), len(told_late(ask(path)[1]))])
    variants = {'fingerprint': json.dumps(keys).replace('31e8', 'ffff'),
                'both': json.dumps({'PublicKeyList': [dict(keys['PublicKeyList'][0], Fingerprint='00')] +
                                    keys['PublicKeyList']}),
                'short': '{"PublicKeyList":[{"Value":"AAAA","Fingerprint":"00"}]}', 'no list': '{}', 'no JSON': 'key',
                'list of numbers': '{"PublicKeyList":[1]}', 'cut': json.dumps(keys)[:100], 'empty': ''}
    for name, text in variants.items():
        path = os.path.join(tester.folder, 'keys.json')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        result, rows = ask(path)
        linked = {(row['verdict'], row['signature']) for row in rows if row['kind'] == 'digest' and row['digest']}
        if name == 'fingerprint':
            tester.checks.check('no key of that fingerprint', result.status == 3 and
                                linked == {('unproven', 'unproven')}, result.story)
        elif name == 'both':
            tester.checks.check('several keys', linked == {('sound', 'sound')}, result.story)
        else:
            tester.checks.check(f'keys, {name}: refused', result.status == 2 and b'keys.json' in result.stderr,
                                result.story)


def test_lake(tester):
    def ask(trail, how):
        rows = json_lines(tester.verify(trail, how, '--all', '--format', 'jsonl').stdout)
        return sorted((row['kind'], row['verdict'], row['name'], row['signature'] or '') for row in rows
                      if row['kind'] in ('sign', 'result'))

    def sign(verdict, signature):
        return 'sign', verdict, 'result_sign.json', signature

    def result(verdict, i):
        return 'result', verdict, f'result_{i}.csv.gz', ''
    sound = [sign('sound', 'sound'), result('sound', 1), result('sound', 2)]
    trail = Trail(tester.original)
    tester.checks.equal('Lake: sound', sorted(2 * sound), ask(trail, 'keys'))
    tester.checks.equal('Lake: without keys', sorted(2 * [sign('unproven', 'notChecked'), result('unproven', 1),
                                                          result('unproven', 2)]), ask(trail, 'plain'))

    def change(name, edit, expected):
        changed = tester.copy('lake')
        edit(changed)
        tester.checks.equal(f'Lake: {name}', sorted(sound + expected), ask(changed, 'keys'))
        shutil.rmtree(os.path.dirname(changed.bucket))

    def alter(trail):
        path = trail.files('result_1.csv.gz')[0]
        store(path, load(path) + b'x,1\n')

    def repack(trail):
        path = trail.files('result_1.csv.gz')[0]
        with open(path, 'wb') as file:
            file.write(gzip.compress(load(path), 1))

    def unpack(trail):
        path = trail.files('result_1.csv.gz')[0]
        with open(path[:-3], 'wb') as file:
            file.write(load(path))
        os.remove(path)

    def forge(trail):
        path = trail.files('result_1.csv.gz')[0]
        alter(trail)
        with open(path, 'rb') as file:
            sha256 = hashlib.sha256(file.read()).hexdigest()
        edit_sign(trail, lambda data: data['files'][0].__setitem__('fileHashValue', sha256))

    def edit_sign(trail, edit):
        path = trail.files('result_sign.json')[0]
        with open(path, encoding='utf-8') as file:
            data = json.load(file)
        edit(data)
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(data, file)
    good = sign('sound', 'sound')
    change('altered', alter, [good, result('altered', 1), result('sound', 2)])
    change('packed again', repack, [good, result('altered', 1), result('sound', 2)])
    change('deleted', lambda t: os.remove(t.files('result_2.csv.gz')[0]),
           [good, result('sound', 1), result('missing', 2)])
    change('unpacked', unpack, [good, result('unproven', 1), result('sound', 2)])
    change('forged', forge, [sign('altered', 'wrong'), result('unproven', 1), result('unproven', 2)])
    change('malformed', lambda t: edit_sign(t, lambda data: data.__setitem__('files', 7)),
           [sign('malformed', 'notChecked')])
    change('moved away', lambda t: shutil.move(t.files('result_1.csv.gz')[0], os.path.join(t.bucket, 'result_1.csv.gz')),
           [good, result('sound', 1), result('sound', 2)])


def test_usage(tester):
    empty = os.path.join(tester.folder, 'empty')
    os.makedirs(empty)
    with open(os.path.join(empty, 'a.json'), 'w', encoding='utf-8') as file:
        file.write('{"Records":[]}')
    trail = Trail(tester.original)
    for name, arguments, text in (
            ('no source', [], b'SOURCE'), ('no digest', [empty], b'no digest'),
            ('no such source', [os.path.join(tester.folder, 'nowhere')], b'nowhere'),
            ('no such column', ['--columns', 'kind,colour', trail.bucket], b'colour'),
            ('no such keys', ['--public-keys', os.path.join(tester.folder, 'none'), trail.bucket], b'none'),
            ('output in the evidence', ['-o', os.path.join(trail.bucket, 'x'), trail.bucket], b'never written')):
        result = tester.spoor.run('verify', *arguments)
        tester.checks.check(f'usage: {name}', result.status == 2 and text in result.stderr and not result.stdout,
                            result.story)
    # a sound trail alone, and status 0
    chain = os.path.join(tester.folder, 'one')
    shutil.copytree(os.path.join(trail.bucket, 'logs/AWSLogs/111122223333/CloudTrail-Digest/us-east-1'),
                    os.path.join(chain, 'digests'))
    shutil.copytree(os.path.join(trail.bucket, 'logs/AWSLogs/111122223333/CloudTrail/us-east-1'),
                    os.path.join(chain, 'logs'))
    result = tester.spoor.run('verify', '--public-keys', trail.keys, chain)
    tester.checks.equal('a sound trail: status', 0, result.status)
    result = tester.spoor.run('verify', '--quiet', '--limit', '1', '--columns', 'verdict,sound', '--format', 'csv', chain)
    tester.checks.equal('columns, limit, quiet', (b'verdict,sound\nsound,13\n', b''), (result.stdout.replace(b'\r', b''),
                                                                                result.stderr))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen', required=True)
    options = parser.parse_args()
    checks = Checks('verify')
    with tempfile.TemporaryDirectory() as folder:
        tester = Tester(Spoor(options.spoor), checks, options.gen, folder)
        tester.gen = options.gen
        for case in CASES:
            tester.test(case)
        for test in (test_broken, test_hostile, test_crowd, test_versions, test_packings, test_keys, test_lake, test_usage):
            test(tester)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
