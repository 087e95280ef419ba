#!/usr/bin/env python3
"""Holds what events act on, for every call of the catalogue, against the naive reading of the same records.

    targets.py --spoor BIN

For each line of src/event/catalogue.def records are made that have what its names ask for: all of it, some
of it, lists of several, values of odd types, nothing. The answer must be that of plain loops, from a case
file as from raw evidence, and cases of halves must merge to the case of the whole, byte for byte.
"""
import argparse
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Checks, Spoor, difference, json_lines, seeded  # noqa: E402
import naive  # noqa: E402
import targets  # noqa: E402

COLUMNS = 'eventID,' + ','.join(targets.COLUMNS)
N_EACH = 4
ODD = [None, True, 7, 1.5, '', [], {}, ['a', 'b'], 'q"uo\\te\u00e9\n', '\ud800', 'arn:aws:s:r:1:', 'arn:']


def value_for(rng, name):
    if rng.random() < 0.1:
        return rng.choice(ODD)
    text = f'{name}-{rng.randrange(40)}'
    return rng.choice([text, text, text, f'arn:aws:iam::1:role/{text}', f'arn:aws:lambda:r:1:function:{text}:3',
                       f'arn:aws:sns:r:1:{text}', 'Inactive', 'Active', rng.randrange(100000), '0.0.0.0/0'])


def put(rng, whole, path, leaf):
    """LEAF under PATH, where [] are lists, of one or several, or now and then no list at all."""
    head, is_list, rest = path.partition('[]')
    *steps, last = head.split('.')
    for step in steps:
        whole = whole.setdefault(step, {})
        if not isinstance(whole, dict):
            return
    rest = rest.removeprefix('.')
    if not is_list:
        whole[last] = leaf()
        return
    elements = whole.setdefault(last, [{} for _ in range(rng.randrange(4))] if rest else
                                [leaf() for _ in range(rng.randrange(4))])
    if isinstance(elements, list) and rest:
        for element in elements:
            put(rng, element, rest, leaf)
        if len(elements) == 1 and rng.random() < 0.3:
            whole[last] = elements[0]


def rule(rng):
    out = {'ipProtocol': rng.choice(['tcp', '-1', 'udp', 6, None, 'x' * 17])}
    if rng.random() < 0.8:
        out |= {'fromPort': rng.choice([22, '22', -1, 0]), 'toPort': rng.choice([22, 80, -1, None])}
    for path in rng.sample(targets.PEERS, rng.randrange(4)):
        put(rng, out, path, lambda: rng.choice(['0.0.0.0/0', '::/0', 'sg-1', '', 'y' * 257, 'z\u00e9' * 80]))
    return out


def record_of(rng, service, event, words):
    record = {'eventSource': service + rng.choice(['.amazonaws.com', '.amazonaws.com', '']), 'eventName': event,
              'userIdentity': {'type': 'IAMUser', 'userName': rng.choice(['caller', '', 'c\u00e9'])}}
    for word in filter(None, words.split('; ')):
        condition = targets.CONDITION.match(word)
        path = condition[2] if condition else word.split(' ')[-1]
        part, _, rest = path.partition('.')
        if rng.random() < 0.25:
            continue
        if word.startswith('rules '):
            whole = record.setdefault(targets.PARTS[part], {})
            whole |= rng.choice([rule(rng), {}])
            for place in targets.RULES:
                if rng.random() < 0.6:
                    put(rng, whole, place, lambda: [rule(rng) for _ in range(rng.randrange(3))])
        elif part in targets.PARTS:
            put(rng, record.setdefault(targets.PARTS[part], {}), rest, lambda: value_for(rng, rest.split('.')[-1]))
        elif part == 'resource':
            record['resources'] = [{'x': [1, {'ARN': 'no'}], 'ARN': value_for(rng, 'key')},
                                   {'ARN': 'second'}][rng.randrange(2):]
    if rng.random() < 0.5:
        record.setdefault('additionalEventData', {}).update(
            {f'bytesTransferred{way}': rng.choice([0, 5, '77', 2**64, 2**64 - 1, -3, 1.5, None, 123456789])
             for way in ('In', 'Out')})
    if rng.random() < 0.05:
        record[rng.choice(list(targets.PARTS.values()))] = rng.choice(ODD)
    return record


def make_records(rng):
    records = []
    for (service, event), line in targets.CALLS.items():
        name = event.removesuffix('*') + ('Thing' if event.endswith('*') else '')
        records += [record_of(rng, service, name, line[-1]) for _ in range(N_EACH if line[-1] else 1)]
    services = sorted({service for service, _ in targets.CALLS})
    names = sorted({event for _, event in targets.CALLS})
    for _ in range(400):  # calls of other services, and none
        records.append(record_of(rng, rng.choice([*services, 'other', '']), rng.choice(names).rstrip('*'), ''))
    rng.shuffle(records)
    for n, record in enumerate(records):
        record |= {'eventTime': f'2026-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z', 'eventID': f'e-{n % 5000}'}
    return records


def write(path, records):
    with open(path, 'w', encoding='utf-8') as out:
        json.dump({'Records': records}, out)


def index(spoor, case, *arguments):
    result = spoor.run('index', '--quiet', '-o', case, *arguments)
    assert result.status in (0, 3), result.story()
    with open(case, 'rb') as file:
        return file.read()


def check_answers(checks, spoor, whole, folder):
    query = ['timeline', '--columns', COLUMNS, folder]
    expected = naive.answer(naive.load([folder]), naive.options_of(query))
    for name, source in ('case file', whole), ('raw evidence', folder):
        result = spoor.run('timeline', '--format', 'jsonl', '--columns', COLUMNS, source)
        why = difference(expected, json_lines(result.stdout))
        checks.check(f'{name}: what {len(expected)} events act on', why is None, why)
    n, n_bytes = (sum(row[column] is not None for row in expected) for column in ('target', 'bytes'))
    checks.check(f'{n} of them name it, {n_bytes} have bytes', n > len(expected) / 2 and n_bytes > 5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--spoor', required=True)
    options = parser.parse_args()
    checks, spoor = Checks('targets'), Spoor(options.spoor)
    rng = seeded('targets', 7)
    records = make_records(rng)
    with tempfile.TemporaryDirectory(prefix='spoor-targets-') as scratch:
        folder = os.path.join(scratch, 'log')
        os.mkdir(folder)
        parts = [records[0::3], records[1::3], records[2::3] + rng.sample(records, 50)]
        for n, part in enumerate(parts):
            write(os.path.join(folder, f'{n}.json'), part)
        whole = os.path.join(scratch, 'whole.case')
        image = index(spoor, whole, folder)
        check_answers(checks, spoor, whole, folder)
        checks.check('one thread makes the same case', index(spoor, os.path.join(scratch, 'one.case'), '--threads', '1', folder) == image)
        cases = [os.path.join(scratch, f'{n}.case') for n in range(2)]
        for n, case in enumerate(cases):
            index(spoor, case, '--shard', f'{n + 1}/2', folder)
        merged = os.path.join(scratch, 'merged.case')
        result = spoor.run('merge', '--quiet', '-o', merged, *cases)
        with open(merged, 'rb') as file:
            checks.check('cases of two shards merge to the same', file.read() == image, result.story())
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
