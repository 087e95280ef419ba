#!/usr/bin/env python3
"""Puts every fact of the labs' answer sheets to spoor: the incidents retold by commands alone.

    facts.py --spoor BIN --gen BIN --labs DIR

testdata/labs/README.md describes the facts. Filters that are options of spoor become options, so that
each fact is a command an analyst could type; what is left is compared on the rows that it prints.
"""
import argparse
import fnmatch
import os
import tempfile

from harness import Checks, Spoor, json_lines

COLUMNS = {'key': 'userIdentity.accessKeyId', 'ip': 'sourceIPAddress', 'event': 'eventName', 'service': 'eventSource',
           'region': 'awsRegion', 'user': 'userIdentity.userName', 'type': 'userIdentity.type', 'agent': 'userAgent',
           'error': 'errorCode', 'time': 'eventTime', 'id': 'eventID', 'bucket': 'requestParameters.bucketName'}
OPTIONS = {'key': '--key', 'ip': '--ip', 'event': '--event', 'service': '--service', 'region': '--region',
           'type': '--type', 'error': '--error', 'agent': '--ua', 'id': '--id'}
OPERATORS = ('!=', '>=', '<=', '=', '<', '>')


def split(term):
    operator = next(operator for operator in OPERATORS if operator in term)
    field, want = term.split(operator, 1)
    return field, operator, want


def option_of(field, operator, want):
    """The options that say the same, or None."""
    if operator == '=' and field in OPTIONS and '-' not in want.split('|') and '[' not in want:
        return [part for word in want.split('|') for part in (OPTIONS[field], word)]
    if operator == '=' and field == 'readOnly' and want in ('true', 'false'):
        return ['--read' if want == 'true' else '--write']
    return None


def holds(row, field, operator, want):
    have = row[COLUMNS.get(field, field)]
    have = str(have).lower() if isinstance(have, bool) else have
    if operator in ('=', '!='):
        words = ['' if word == '-' else word for word in want.split('|')]
        return any(fnmatch.fnmatchcase(str(have or ''), word) for word in words) == (operator == '=')
    if have is None:
        return False
    return {'>=': have >= want, '<=': have <= want, '<': have < want, '>': have > want}[operator]


def ask(spoor, source, question):
    """The answer to QUESTION as the sheets write it."""
    words = question.split()
    kind, rest = words[0], words[1:]
    field = rest.pop(0) if kind in ('values', 'distinct', 'tally') else None
    options, left = [], []
    for term in map(split, rest):
        option = option_of(*term)
        options += option or []
        left += [] if option else [term]
    wanted = ['eventSource', 'eventName'] if field == 'minor' else [COLUMNS.get(field, field)] if field else []
    columns = dict.fromkeys(['eventTime', 'eventID', 'eventName'] + wanted + [COLUMNS.get(f, f) for f, _, _ in left])
    result = spoor.run('timeline', '--format', 'jsonl', '--columns', ','.join(columns), *options, source)
    rows = [row for row in json_lines(result.stdout) if all(holds(row, *term) for term in left)]
    if kind == 'count':
        return str(len(rows))
    if kind in ('first', 'last'):
        row = rows[0 if kind == 'first' else -1] if rows else None
        return f"{row['eventTime']} {row['eventName']} {row['eventID']}" if row else 'never'
    seen = {}
    for row in rows:
        value = row['eventSource'].split('.')[0] + ':' + row['eventName'] if field == 'minor' else row[wanted[0]]
        value = str(value).lower() if isinstance(value, bool) else value
        if value:
            seen[value] = seen.get(value, 0) + 1
    if kind == 'distinct':
        return str(len(seen))
    if kind == 'values':
        return ' '.join(sorted(map(str, seen)))
    return ' '.join(f'{value}:{n}' for value, n in sorted(seen.items(), key=lambda item: (-item[1], item[0])))


def facts(path):
    inside = False
    with open(path, encoding='utf-8') as sheet:
        for line in sheet:
            if line.startswith('```'):
                inside = line.strip() == '```facts'
            elif inside and ' = ' in line:
                yield [part.strip() for part in line.split(' = ', 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen', required=True)
    parser.add_argument('--labs', required=True)
    arguments = parser.parse_args()
    checks, spoor, gen = Checks('facts'), Spoor(arguments.spoor), Spoor(arguments.gen)
    for sheet in sorted(os.listdir(arguments.labs)):
        if not sheet.endswith('.answers.md'):
            continue
        name = sheet[:-len('.answers.md')]
        with tempfile.TemporaryDirectory() as folder:
            lab, case = os.path.join(folder, 'lab'), os.path.join(folder, 'lab.case')
            gen.run('lab', name, '--out', lab, '--scenarios', arguments.labs)
            spoor.run('index', '--quiet', '-o', case, lab)
            for question, expected in facts(os.path.join(arguments.labs, sheet)):
                if question.startswith('report '):
                    continue  # of a CSV beside the logs, which spoor does not read
                checks.equal(f'{name}: {question}', expected, ask(spoor, case, question))
    return checks.finish()


if __name__ == '__main__':
    raise SystemExit(main())
