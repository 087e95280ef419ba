#!/usr/bin/env python3
"""One set of events in every container and nesting gives the same timeline.

    containers.py --spoor BIN --gen BIN

The events are a corpus's. They are written as a plain export, in every container that holds whole records, and as
tables; each of these plain, compressed, in archives, and in these in each other. The rows of `timeline` must be those
of the export, but for where a record stands, and, of tables, for columns that a table does not have. Each record
must be shown byte for byte as it was written.
"""
import argparse
import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tempfile

from harness import Checks, Spoor, difference, json_lines, seeded
import makers

PLACE = ('source.file', 'source.record')
ATHENA = ['eventVersion', 'userIdentity', 'eventTime', 'eventSource', 'eventName', 'awsRegion', 'sourceIPAddress', 'userAgent',
          'errorCode', 'errorMessage', 'requestParameters', 'responseElements', 'additionalEventData', 'requestID', 'eventID',
          'resources', 'eventType', 'apiVersion', 'readOnly', 'recipientAccountId', 'sharedEventID', 'vpcEndpointId']
HISTORY = {'Event ID': 'eventID', 'Event time': 'eventTime', 'User name': 'userIdentity.userName', 'Event name': 'eventName',
           'AWS access key': 'userIdentity.accessKeyId', 'AWS region': 'awsRegion', 'Error code': 'errorCode',
           'Source IP address': 'sourceIPAddress', 'Event source': 'eventSource'}
# Every member, as Athena's own table has it, and in its order.
ISSUER = ['type', 'principalId', 'arn', 'accountId', 'userName']
IDENTITY = ['type', 'principalId', 'arn', 'accountId', 'invokedBy', 'accessKeyId', 'userName', 'onBehalfOf', 'sessionContext',
            'identityProvider', 'credentialId']


def presto(value):
    """A value as Presto prints it, members in lower case."""
    if value is None:
        return 'null'
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key.lower()}={presto(inner)}' for key, inner in value.items()) + '}'
    return str(value).lower() if isinstance(value, bool) else str(value)


def whole_identity(identity):
    session = identity.get('sessionContext')
    if isinstance(session, dict):
        attributes, issuer = session.get('attributes') or {}, session.get('sessionIssuer')
        session = {'attributes': {key: attributes.get(key) for key in ('mfaAuthenticated', 'creationDate')},
                   'sessionIssuer': {key: issuer.get(key) for key in ISSUER} if issuer else None,
                   'webIdFederationData': None, 'sourceIdentity': session.get('sourceIdentity')}
    return {key: identity.get(key) if key != 'sessionContext' else session for key in IDENTITY}


def table(header, rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator='\n')
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def athena_cell(record, column):
    value = record.get(column)
    if column == 'userIdentity':
        return presto(whole_identity(value)) if value else ''
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return '' if value is None else presto(value)


def lake_cell(record, column):
    value = athena_cell(record, column)
    return value.replace('T', ' ').replace('Z', '.000') if column == 'eventTime' else value


def at_path(record, path):
    for key in path.split('.'):
        record = record.get(key) if isinstance(record, dict) else None
    return '' if record is None else record


def containers(texts):
    """(name, content, whether records are whole) of every container."""
    records = [json.loads(text) for text in texts]
    yield 'export', '{"Records":[' + ','.join(texts) + ']}', True
    yield 'array', '[' + ',\n'.join(texts) + ']', True
    yield 'lines', '\n'.join(texts) + '\n', True
    for kind in makers.WRAPPERS:
        yield kind, makers.wrapped_log(random.Random(kind), kind, texts), True
    yield 'insights-csv', table(['@timestamp', '@message'], [['x', text] for text in texts]), True
    yield 'lake-json', table(['eventJson'], [[text] for text in texts]), True
    yield 'athena', table([name.lower() for name in ATHENA], [[athena_cell(r, c) for c in ATHENA] for r in records]), False
    yield 'lake', table(ATHENA, [[lake_cell(r, c) for c in ATHENA] for r in records]), False
    yield 'history', table(HISTORY, [[at_path(r, path) for path in HISTORY.values()] for r in records]), False


def filtered(command):
    def pack(data):
        if not shutil.which(command[0]):
            return None
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    return pack


def seven_zip_of(members):
    with tempfile.TemporaryDirectory() as folder:
        return makers.seven_zip_of(members, folder)


def tar_with_7z(members):
    packed = seven_zip_of(members)
    return packed and makers.tar_of({'a.7z': packed})


PACKINGS = {
    'plain': lambda data: data, 'gz': gzip.compress, 'xz': lzma.compress, 'bz2': bz2.compress,
    'zst': filtered(['zstd', '-qc']), 'lz4': filtered(['lz4', '-qc']), 'tar': lambda data: makers.tar_of({'m/x': data}),
    'zip': lambda data: makers.zip_of({'m/x': data}), '7z': lambda data: seven_zip_of({'m/x': data}),
    'tar.gz in zip': lambda data: makers.zip_of({'a.tgz': gzip.compress(makers.tar_of({'m/x.gz': gzip.compress(data)}))}),
    'gz in 7z in tar': lambda data: tar_with_7z({'x.gz': gzip.compress(data)}),
    'xz in bz2 in gz': lambda data: gzip.compress(bz2.compress(lzma.compress(data))),
}


def rows_of(spoor, path, columns):
    result = spoor.run('timeline', '--format', 'jsonl', '--columns', ','.join(columns), path)
    return result, json_lines(result.stdout)


def check_shown(spoor, checks, name, path, texts):
    rng = random.Random(name)
    for text in rng.sample(texts, 3):
        event_id = json.loads(text)['eventID']
        shown = spoor.run('show', event_id, path)
        checks.check(f'{name}: a record is shown as it was written', shown.stdout == text.encode(), shown.story)


def check_container(spoor, checks, folder, kind, content, is_whole, texts, expected, columns):
    known = None
    for packing, pack in PACKINGS.items():
        packed = pack(content.encode())
        if packed is None:
            checks.skip(f'{kind}, {packing}', 'the program that packs it is not installed')
            continue
        path = makers.write_file(os.path.join(folder, f'{kind}-{packing}'.replace(' ', '-')), packed)
        result, rows = rows_of(spoor, path, columns)
        if is_whole:
            why = difference(expected, rows)
        elif known is None:
            # What a table has must be as it was; what it has not is absent.
            why = '' if len(rows) == len(expected) else f'{len(rows)} rows, not {len(expected)}'
            for row, other in zip(rows, expected):
                wrong = {key: (row[key], other[key]) for key in row if row[key] not in (None, other[key])}
                if kind != 'history':  # these have every column
                    wrong |= {key: (None, other[key]) for key in row if row[key] is None and other[key] not in (None, '')}
                wrong = {key: pair for key, pair in wrong.items() if kind != 'history' or key not in ('account', 'principal', 'outcome')}
                why = why or (f'{row["eventID"]}: {wrong}' if wrong else '')
            known = rows
        else:
            why = difference(known, rows)
        checks.check(f'{kind}, {packing}: the same timeline', not why and result.status == 0, lambda: f'{why}\n{result.story()}')
        if is_whole and packing in ('plain', 'tar.gz in zip'):
            check_shown(spoor, checks, f'{kind}, {packing}', path, texts)
        os.remove(path)


def random_copies(rng):
    """Files with copies of a few events: whole ones, and tables that have some of the columns, or another value in one."""
    names = ['eventID', 'eventTime', 'eventSource', 'eventName', 'awsRegion', 'userAgent']
    files = {}
    for i in range(rng.randrange(3, 9)):
        kept = names[:2] + [name for name in names[2:] if rng.random() < 0.7]
        rows = []
        for number in rng.sample(range(12), rng.randrange(1, 8)):
            row = {'eventID': str(number), 'eventTime': f'2026-01-08T14:00:{number:02d}Z', 'eventSource': 's3.amazonaws.com',
                   'eventName': rng.choice(['GetObject'] * 4 + ['PutObject']), 'awsRegion': rng.choice(['eu-west-1'] * 4 + ['x']),
                   'userAgent': rng.choice(['a', 'a', 'b'])}
            rows.append(row)
        if rng.random() < 0.4:
            files[f'{rng.choice("amz")}{i}.json'] = json.dumps({'Records': rows})
            continue
        for row in rows:
            row['eventTime'] = rng.choice([row['eventTime'], row['eventTime'].replace('T', ' ').replace('Z', '.000')])
        files[f'{rng.choice("amz")}{i}.csv'] = table(kept, [[row[name] for name in kept] for row in rows])
    return files


def check_copies(spoor, checks, rng, folder):
    """Whatever copies there are, parts of the evidence make of them what all of it does."""
    for n in range(12):
        place = os.path.join(folder, f'copies-{n}')
        whole_ids = set()
        for name, text in random_copies(rng).items():
            makers.write_file(os.path.join(place, name), text.encode())
            if name.endswith('.json'):
                whole_ids |= {record['eventID'] for record in json.loads(text)['Records']}
        case, parts = os.path.join(folder, 'whole.case'), [os.path.join(folder, f'part-{k}.case') for k in (1, 2, 3)]
        spoor.run('index', '-o', case, place)
        for k, part in enumerate(parts, 1):
            spoor.run('index', '--shard', f'{k}/3', '-o', part, place)
        two, all_of_them = os.path.join(folder, 'two.case'), os.path.join(folder, 'all.case')
        spoor.run('merge', '-o', two, parts[2], parts[0])
        spoor.run('merge', '-o', all_of_them, two, parts[1], parts[0])
        with open(case, 'rb') as one, open(all_of_them, 'rb') as other:
            checks.check(f'copies {n}: parts are together the whole', one.read() == other.read(), lambda: spoor.run('info', case).story())
        rows = json_lines(spoor.run('timeline', '--columns', 'eventID,source.file', '--format', 'jsonl', case).stdout)
        kept = {row['eventID'] for row in rows if row['source.file'].endswith('.json')}
        checks.equal(f'copies {n}: a whole record is kept', sorted(whole_ids), sorted(kept))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen', required=True)
    arguments = parser.parse_args()
    checks, spoor = Checks('containers'), Spoor(arguments.spoor)
    with tempfile.TemporaryDirectory(prefix='spoor-containers-') as folder:
        texts = corpus(arguments.gen, folder)
        export = makers.write_file(os.path.join(folder, 'export.json'), ('{"Records":[' + ','.join(texts) + ']}').encode())
        every = spoor.run('timeline', '--format', 'jsonl', '--limit', '1', export)
        columns = [column for column in json_lines(every.stdout)[0] if column not in PLACE]
        _, expected = rows_of(spoor, export, columns)
        checks.equal('the export holds all events', len(texts), len(expected))
        for kind, content, is_whole in containers(texts):
            check_container(spoor, checks, folder, kind, content, is_whole, texts, expected, columns)
        check_copies(spoor, checks, seeded('containers', 3), folder)
    return checks.finish()


def corpus(gen, folder):
    """Some events of a generated corpus, as text, each eventID once."""
    out = os.path.join(folder, 'corpus')
    subprocess.run([gen, 'corpus', '--events', '400', '--files', '4', '--seed', '7', '--out', out], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = {}
    for top, _, names in sorted(os.walk(out)):
        for name in sorted(names):
            with open(os.path.join(top, name), 'rb') as file:
                data = file.read()
            for record in json.loads(gzip.decompress(data) if name.endswith('.gz') else data).get('Records', []):
                found.setdefault(record['eventID'], json.dumps(record))
    return list(found.values())


if __name__ == '__main__':
    sys.exit(main())
