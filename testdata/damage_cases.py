"""The damaged evidence that damage.py asks about: each Case is a folder with a sound file in it."""
import gzip
import json
import os
import random
import struct
import zlib
from typing import NamedTuple

import makers

N_GOOD = 5
ALL = (0, 1 << 62)


class Case(NamedTuple):
    name: str
    source: str
    kept: set                    # eventIDs that must be there
    damaged: dict = {}           # name: (lowest offset, highest offset, words of the reason)
    ignored: dict = {}
    maybe: set = set()           # eventIDs that may be there
    maybe_named: set = set()     # files that may be named beside those that must
    n_records: int | None = None  # where it is plain how many there are
    statuses: tuple = (3,)
    bounded: bool = False


def record(event_id, size=0):
    """A record as text; SIZE bytes of parameters make it as large as is wanted."""
    value = {'eventVersion': '1.08', 'eventTime': '2024-03-01T00:00:00Z', 'eventSource': 's3.amazonaws.com',
             'eventName': 'GetObject', 'awsRegion': 'us-east-1', 'sourceIPAddress': '203.0.113.7', 'eventID': event_id,
             'userIdentity': {'type': 'IAMUser', 'userName': 'alice'}, 'requestParameters': {'key': event_id * (size // 10)}}
    return json.dumps(value)


class Log(NamedTuple):
    data: bytes
    ids: list
    spans: list  # (start, end) of each record


def log_of(n, prefix='e', size=0):
    data, spans = b'{"Records":[', []
    ids = [f'{prefix}-{i:04}' for i in range(n)]
    for i, event_id in enumerate(ids):
        data += b',' if i else b''
        text = record(event_id, size).encode()
        spans.append((len(data), len(data) + len(text)))
        data += text
    return Log(data + b']}', ids, spans)


GOOD = log_of(N_GOOD, 'good')


def write_good(source):
    makers.write_file(os.path.join(source, 'good.json'), GOOD.data)


def folder_with(folder, name, data, file='bad.json'):
    source = os.path.join(folder, name.replace(' ', '-').replace('/', '-'))
    write_good(source)
    makers.write_file(os.path.join(source, file), data)
    return source


def case_of(folder, name, data, ids, low, high, file='bad.json', **rest):
    """A folder with GOOD and one damaged FILE, in which IDS are sound."""
    return Case(name, folder_with(folder, name, data, file), set(GOOD.ids) | set(ids), {file: (low, high, ())}, **rest)


def before(log, size):
    """The ids that stand whole in the first SIZE bytes, and where sound content ends."""
    whole = [i for i, (_, end) in enumerate(log.spans) if end <= size]
    return [log.ids[i] for i in whole], log.spans[len(whole) - 1][1] if whole else 0


# ---- gzip ----

def inflated(data):
    inflate = zlib.decompressobj(31)
    content = b''
    try:
        for i in range(0, len(data), 64):
            content += inflate.decompress(data[i:i + 64])
    except zlib.error:
        pass
    return content


def gzip_cases(rng, folder):
    for n, size in ((3, 0), (600, 3000)):
        log = log_of(n, size=size)
        packed = gzip.compress(log.data, mtime=0)
        cuts = [5, len(packed) - 1, len(packed) - 8] + [rng.randrange(20, len(packed) - 8) for _ in range(3)]
        for cut in cuts:
            content = inflated(packed[:cut])
            ids, end = before(log, len(content))
            yield case_of(folder, f'gzip of {n} cut at {cut}', packed[:cut], ids, end, len(content), 'bad.json.gz')
        ids, end = before(log, len(log.data))
        for name, at in (('sum', -8), ('length', -4)):
            wrong = bytearray(packed)
            wrong[at] ^= 0x55
            yield case_of(folder, f'gzip of {n} with a wrong {name}', bytes(wrong), ids, end, len(log.data), 'bad.json.gz',
                          n_records=n + N_GOOD)
        for name, tail in (('garbage', b'garbage'), ('zeros', b'\0' * 512), ('half a header', b'\x1f\x8b\x08\0')):
            yield case_of(folder, f'gzip of {n} and {name} behind', packed + tail, ids, end, len(log.data) + 600, 'bad.json.gz',
                          n_records=n + N_GOOD)
    first, second = log_of(4, 'a'), log_of(4, 'b')
    members = gzip.compress(first.data) + gzip.compress(second.data)
    ids, end = before(second, len(inflated(gzip.compress(second.data)[:-30])))
    yield case_of(folder, 'second gzip member cut', members[:-30], first.ids + ids, len(first.data),
                  len(first.data) + len(second.data), 'bad.json.gz')


# ---- JSON ----

def cut_cases(rng, folder):
    for n, size in ((3, 0), (600, 3000)):
        log = log_of(n, size=size)
        for cut in [1, 13, log.spans[1][1], len(log.data) - 1] + [rng.randrange(2, len(log.data)) for _ in range(4)]:
            ids, end = before(log, cut)
            yield case_of(folder, f'log of {n} cut at {cut}', log.data[:cut], ids, end, cut)


def broken(log, i, change):
    """LOG with record I put through CHANGE; the others keep their bytes."""
    start, end = log.spans[i]
    return log.data[:start] + change(log.data[start:end]) + log.data[end:]


CHANGES = {
    'a wrong word': lambda text: text.replace(b'"us-east-1"', b'us-east-1'),
    'a lost quote': lambda text: text.replace(b'"eventName"', b'"eventName', 1),
    'a lost last quote': lambda text: text[::-1].replace(b'"', b'', 1)[::-1],
    'a lost colon': lambda text: text.replace(b':', b' ', 1),
    'a lost brace': lambda text: text[:-1],
    'a brace too many': lambda text: text + b'}',
    'a zero byte': lambda text: text.replace(b'eventName', b'event\0ame'),
    'a line feed in a string': lambda text: text.replace(b'GetObject', b'Get\nbject'),
    'a wrong escape': lambda text: text.replace(b'GetObject', b'Get\\qbject'),
    'a hole of zeros': lambda text: text[:20] + b'\0' * (len(text) - 40) + text[-20:],
    'nothing but garbage': lambda text: b'\x80\xff{[" garbage',
    'its second half gone': lambda text: text[:len(text) // 2],
    'its first half gone': lambda text: text[len(text) // 2:],
}


def malformed_cases(rng, folder):
    for n, size in ((5, 0), (400, 3000)):
        log = log_of(n, size=size)
        for name, change in CHANGES.items():
            i = rng.randrange(1, n - 1)
            data = broken(log, i, change)
            start = log.spans[i][0]
            others = log.ids[:i] + log.ids[i + 1:]
            yield case_of(folder, f'log of {n}, record {i} with {name}', data, others, start - 1,
                          start + len(data) - len(log.data) + log.spans[i][1] - start + 600, maybe={log.ids[i]})
    log = log_of(6)
    comma = log.spans[2][1]
    yield case_of(folder, 'no comma between two records', log.data[:comma] + b' ' + log.data[comma + 1:], log.ids, comma, comma + 1)
    lines = [record(event_id).encode() for event_id in log.ids]
    lines[3] = lines[3][:100]
    start = sum(len(line) + 1 for line in lines[:3])
    yield case_of(folder, 'JSON lines with one cut line', b'\n'.join(lines), log.ids[:3] + log.ids[4:], start, start + 101)
    yield case_of(folder, 'text behind a log', log.data + b'\ngarbage', log.ids, log.spans[-1][1], len(log.data) + 8)


def deep_cases(folder):
    depth = 100_000
    log = log_of(5)
    for name, nested in (('closed', b'[' * depth + b']' * depth), ('objects', b'{"a":' * depth + b'1' + b'}' * depth)):
        data = broken(log, 2, lambda text: text[:-1] + b',"deep":' + nested + b'}')  # noqa: B023
        yield case_of(folder, f'a record {depth} deep, {name}', data, log.ids[:2] + log.ids[3:], log.spans[2][0],
                      log.spans[2][1] + 7 * depth, bounded=True)
    for name, data in (('brackets', b'[' * depth), ('objects', b'{"Records":' * depth)):
        yield case_of(folder, f'nothing but {depth} opening {name}', data, [], *ALL, bounded=True)


def rejected_cases(folder):
    log = log_of(5)
    for name, time in (('absent', None), ('null', b'null'), ('a number', b'1709251200'), ('nonsense', b'"yesterday"'), ('empty', b'""')):
        old = b'"eventTime": "2024-03-01T00:00:00Z", '
        new = b'' if time is None else b'"eventTime": ' + time + b', '
        data = broken(log, 2, lambda text: text.replace(old, new))  # noqa: B023
        assert data != log.data
        yield case_of(folder, f'eventTime {name}', data, log.ids[:2] + log.ids[3:], log.spans[2][0], log.spans[2][0],
                      n_records=N_GOOD + 5)
    data = broken(log, 2, lambda text: b'null')
    yield case_of(folder, 'a record that is null', data, log.ids[:2] + log.ids[3:], log.spans[2][0], log.spans[2][0],
                  n_records=N_GOOD + 5)


# ---- files ----

def file_cases(folder, checks):
    yield case_of(folder, 'an empty file', b'', [], 0, 0, 'empty.json')
    yield case_of(folder, 'an empty gzip', gzip.compress(b''), [], 0, 0, 'empty.json.gz')

    source = folder_with(folder, 'name', log_of(3).data)
    os.rename(os.fsencode(source + '/bad.json'), os.fsencode(source) + b'/b\xff.json')
    yield Case('a name that is not UTF-8', source, set(GOOD.ids) | set(log_of(3).ids), statuses=(0, 3), n_records=N_GOOD + 3,
               maybe_named={source + '/b\ufffd.json'})

    source = folder_with(folder, 'damaged-name', b'')
    os.rename(os.fsencode(source + '/bad.json'), os.fsencode(source) + b'/b\xff.json')
    yield Case('an empty file whose name is not UTF-8', source, set(GOOD.ids), {'b\ufffd.json': (0, 0, ())})

    source = folder_with(folder, 'loop', log_of(3).data)
    os.makedirs(source + '/down')
    os.symlink('..', source + '/down/up')
    yield Case('a directory loop', source, set(GOOD.ids) | set(log_of(3).ids), {'down/up': (*ALL, ())}, n_records=N_GOOD + 3)

    source = folder_with(folder, 'dangling', log_of(3).data)
    os.symlink('nowhere', source + '/link')
    yield Case('a dangling link', source, set(GOOD.ids) | set(log_of(3).ids), {'link': (*ALL, ())}, n_records=N_GOOD + 3)

    source = folder_with(folder, 'fifo', log_of(3).data)
    os.mkfifo(source + '/fifo')
    yield Case('a pipe among the files', source, set(GOOD.ids) | set(log_of(3).ids), {'fifo': (*ALL, ())}, n_records=N_GOOD + 3)

    yield from unreadable_cases(folder, checks)


def unreadable_cases(folder, checks):
    if os.geteuid() == 0:
        checks.skip('an unreadable file', 'root reads every file')
    else:
        source = folder_with(folder, 'unreadable', log_of(3).data)
        os.chmod(source + '/bad.json', 0)
        yield Case('an unreadable file', source, set(GOOD.ids), {'bad.json': (0, 0, ())})
    # What gives EIO on every read stands in for a disk with a bad sector, for root too.
    if os.path.exists('/proc/self/mem'):
        source = folder_with(folder, 'read-error', log_of(3).data)
        os.symlink('/proc/self/mem', source + '/disk')
        yield Case('a file with a read error', source, set(GOOD.ids) | set(log_of(3).ids), {'disk': (0, 0, ())})


FOREIGN = {
    'notes.txt': b'hello\n', 'picture.png': b'\x89PNG\r\n\x1a\n' + bytes(range(256)), 'page.html': b'<html></html>',
    'package.json': b'{"name":"x","version":"1.0.0"}', 'list.json': b'[1,2,3]', 'words.json': b'["a",{"b":[]}]',
    'table.csv': b'a,b\n1,2\n', 'program': b'\x7fELF\x02\x01\x01' + b'\0' * 100, 'notes.txt.gz': gzip.compress(b'hello\n'),
    'paper.pdf': b'%PDF-1.7\n', 'number.json': b'17',
}
DIGEST = {'awsAccountId': '111122223333', 'digestStartTime': '2024-03-01T00:00:00Z', 'digestEndTime': '2024-03-01T01:00:00Z',
          'digestS3Bucket': 'b', 'digestS3Object': 'o', 'previousDigestSignature': None, 'logFiles': [{'s3Bucket': 'b', 's3Object': 'o'}]}
KNOWN = {'digest.json': (DIGEST, 'digest'), 'empty-digest.json': (DIGEST | {'logFiles': []}, 'digest')}


def ignored_cases(folder):
    for name, data in FOREIGN.items():
        source = folder_with(folder, 'foreign-' + name, data, name)
        yield Case(f'{name} is no log', source, set(GOOD.ids), ignored={name: (*ALL, ())}, statuses=(0,), n_records=N_GOOD)
    for name, (value, word) in KNOWN.items():
        packed = gzip.compress(json.dumps(value).encode())
        for kind, file, data in (('plain', name, json.dumps(value, indent=1).encode()), ('gzip', name + '.gz', packed)):
            source = folder_with(folder, f'container-{file}', data, file)
            yield Case(f'{file}, {kind}, is recognised as no log', source, set(GOOD.ids), ignored={file: (*ALL, (word,))},
                       statuses=(0,), n_records=N_GOOD)


# ---- containers ----

def container_cases(folder):
    """A quote in the middle of one record, and a cut: in every container the others are found."""
    ids = [f'c-{i}' for i in range(9)]
    texts = [record(event_id, 300) for event_id in ids]
    for kind in makers.WRAPPERS:
        data = makers.wrapped_log(random.Random(kind), kind, texts).encode()
        # What stands in the same line of text or string is lost with it, and no more.
        beside = {'c-3', 'c-5'} if kind == 'message-pages' else set()
        at = data.index(b'c-4') + 1
        broken = data[:at] + b'"' + data[at:]
        unsure = {'c-4', 'c-5'} | beside
        yield Case(f'{kind}: a stray quote', folder_with(folder, f'quote-{kind}', broken, 'log'), set(GOOD.ids) | set(ids) - unsure,
                   {'log': (*ALL, ())}, maybe=unsure)
        cut = data[:data.index(b'c-6')]
        sound = {event_id for event_id in ids if event_id.encode() in cut}
        yield Case(f'{kind}: cut', folder_with(folder, f'cut-{kind}', cut, 'log'), set(GOOD.ids) | sound, {'log': (*ALL, ())})
        lost = data.replace(b'c-4', b'\x01-4')
        yield Case(f'{kind}: a control character', folder_with(folder, f'control-{kind}', lost, 'log'),
                   set(GOOD.ids) | set(ids) - {'c-4'} - beside, {'log': (*ALL, ())}, maybe={'\x01-4'} | beside)


# ---- archives ----

def archive_cases(folder):
    logs = {f'm{i}.json': log_of(20, f'm{i}', 200) for i in range(4)}
    ids = {name: log.ids for name, log in logs.items()}
    every = set(GOOD.ids) | {event_id for names in ids.values() for event_id in names}
    members = {name: log.data for name, log in logs.items()}
    tar = makers.tar_of(members)
    cut = len(tar) * 5 // 8
    for name, data, file in (('tar', tar[:cut], 'a.tar'), ('tar.gz', gzip.compress(tar[:cut]), 'a.tar.gz')):
        source = folder_with(folder, f'cut-{name}', data, file)
        # Whether the archive or the member that the cut goes through is named is open.
        yield Case(f'a cut {name}', source, set(GOOD.ids) | set(ids['m0.json']) | set(ids['m1.json']), maybe=every,
                   maybe_named={f'{source}/{file}'} | {f'{source}/{file}!{member}' for member in members})
    bad = dict(members, **{'m1.json': b'{"Records":[' + record('x').encode() + b',{]}'})
    for name, data in (('tar', makers.tar_of(bad)), ('zip', makers.zip_of(bad))):
        yield case_of(folder, f'a malformed member in a {name}', b'', [], 0, 0)._replace(
            source=folder_with(folder, f'bad-member-{name}', data, f'a.{name}'), kept=every - set(ids['m1.json']) | {'x'},
            damaged={f'a.{name}!m1.json': (12, len(bad['m1.json']), ())})
    stored = bytearray(makers.zip_of(members, stored=True))
    at = stored.index(b'm1-0007')
    stored[at:at + 7] = b'm1-XXXX'  # sound JSON, wrong sum
    source = folder_with(folder, 'zip-sum', bytes(stored), 'a.zip')
    yield Case('a zip member with a wrong sum', source, every - set(ids['m1.json']), maybe=every | {'m1-XXXX'},
               maybe_named={f'{source}/a.zip', f'{source}/a.zip!m1.json'})


def any_packing(rng):
    log = log_of(rng.choice([1, 30]), 'e', 100).data
    return rng.choice([lambda: log, lambda: gzip.compress(log), lambda: makers.tar_of({'a': log, 'b': log}),
                       lambda: makers.zip_of({'a': log, 'b': log}), lambda: gzip.compress(makers.tar_of({'a': log}))])()


# ---- bombs ----

def bomb(path, head, filler, n_filler, tail):
    """One gzip member of HEAD, N_FILLER bytes of FILLER and TAIL, written without compressing it all."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunk = filler * (1 << 24)
    start = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    # Behind a full flush the stream knows nothing of what came before, so one chunk serves for all.
    middle = deflate.compress(chunk) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = deflate.compress(tail) + deflate.flush(zlib.Z_FINISH)
    n_chunks = n_filler // len(chunk)
    crc = zlib.crc32(head)
    with open(path, 'wb') as file:
        file.write(b'\x1f\x8b\x08' + b'\0' * 6 + b'\xff' + start)
        for _ in range(n_chunks):
            file.write(middle)
            crc = zlib.crc32(chunk, crc)
        size = len(head) + n_chunks * len(chunk) + len(tail)
        file.write(end + struct.pack('<II', zlib.crc32(tail, crc), size & 0xffffffff))


def bombs(folder, size):
    """(name, file) of small files with SIZE bytes in them."""
    head = b'{"Records":[' + record('first').encode()
    tail = b',' + record('last').encode() + b']}'
    shapes = {'zeros': (b'', b'\0', b''), 'spaces between records': (head, b' ', tail),
              'one endless string': (head + b',{"eventID":"', b'0', b'"}' + tail),
              'one endless number': (head + b',', b'1', tail),
              'opening brackets': (head + b',', b'[', b''), 'empty objects': (b'[', b'{},', b'{}]')}
    for name, (start, filler, end) in shapes.items():
        path = os.path.join(folder, 'bomb.json.gz')
        n = size if name == 'zeros' else min(size, 1 << 28)
        bomb(path, start, filler, n, end)
        yield f'a bomb of {n >> 20} MB: {name}', path
    inner = path
    for i in range(20):
        with open(inner, 'rb') as file:
            data = gzip.compress(file.read())
        inner = makers.write_file(os.path.join(folder, f'nested-{i % 2}.gz'), data)
    yield 'gzip in gzip, 20 times', inner


def all_cases(rng, folder, checks):
    yield from gzip_cases(rng, folder)
    yield from cut_cases(rng, folder)
    yield from malformed_cases(rng, folder)
    yield from deep_cases(folder)
    yield from rejected_cases(folder)
    yield from file_cases(folder, checks)
    yield from ignored_cases(folder)
    yield from container_cases(folder)
    yield from archive_cases(folder)
