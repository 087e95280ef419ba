#!/usr/bin/env python3
"""Holds `spoor timeline --collapse` and `--around` against plain loops over the same records.

    collapse.py --spoor BIN [--gen BIN --labs DIR]

Evidence: a generated corpus, a lab, and records made here, in which runs of several credentials are
woven into each other, pauses are just as long as a run bears or a little longer, and keys, sessions
and names are missing.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Checks, Spoor, difference, json_lines, seeded  # noqa: E402
import event as naive_event  # noqa: E402
import naive  # noqa: E402

BEGIN = 1767225600  # 2026-01-01
LISTS = {'awsRegions': 'awsRegion', 'sourceIPAddresses': 'sourceIPAddress', 'userAgents': 'userAgent', 'accounts': 'account'}
COUNTS = {'regions': 'awsRegions', 'addresses': 'sourceIPAddresses', 'agents': 'userAgents'}


# ---- plain loops ----

def credential_of(columns):
    for column in ('userIdentity.accessKeyId', 'userIdentity.arn', 'principal'):
        if columns[column]:
            return column, columns[column]
    return None


def key_of(event):
    columns = event.columns
    return (credential_of(columns), columns['eventSource'] or None, columns['eventName'] or None, columns['outcome'], columns['errorCode'])


def apart(before, after):
    """Nanoseconds."""
    return (after.instant[0] - before.instant[0]) * 10**9 + after.instant[1] - before.instant[1]


def runs_of(events, pause):
    """Lists of events, in order of their first."""
    runs, newest = [], {}
    for event in events:
        run = newest.get(key_of(event))
        if run is None or apart(run[-1], event) > pause * 10**9:
            run = newest[key_of(event)] = []
            runs.append(run)
        run.append(event)
    return runs


def distinct(run, column):
    return list(dict.fromkeys(e.columns[column] for e in run if e.columns[column]))


def row_of(run):
    first, last = run[0].columns, run[-1].columns
    row = {'firstTime': first['eventTime'], 'lastTime': last['eventTime'], 'events': len(run),
           'eventSource': first['eventSource'] or None, 'eventName': first['eventName'] or None,
           'outcome': first['outcome'], 'errorCode': first['errorCode'], 'readOnly': first['readOnly'],
           'userIdentity.accessKeyId': first['userIdentity.accessKeyId'] or None,
           'principal': first['principal'] or None, 'userIdentity.arn': first['userIdentity.arn'] or None}
    for name, column in LISTS.items():
        row[name] = distinct(run, column)
    for name, of in COUNTS.items():
        row[name] = len(row[of])
    return row | {'firstEventID': first['eventID'], 'lastEventID': last['eventID']}


# ---- evidence ----

def make(folder, rng, n):
    """Records of a few credentials, calls and pauses, so that runs are long and touch each other."""
    keys = ['AKIAONE', 'AKIATWO', None]
    now, records = BEGIN * 1000, []
    for number in range(n):
        now += rng.choice([0, 0, 1, 999, 1000, 30_000, 300_000, 300_001, 299_999, 600_000])
        key, name = rng.choice(keys), rng.choice(['alice', 'bob'])
        identity = {'type': 'IAMUser', 'accountId': '111122223333', 'principalId': 'AIDA' + name.upper()}
        if key:
            identity['accessKeyId'] = key
        if rng.random() < 0.7:
            identity |= {'userName': name, 'arn': f'arn:aws:iam::111122223333:user/{name}'}
        record = {
            'eventVersion': '1.11', 'eventID': f'{number:08x}-0000-4000-8000-{rng.randrange(1 << 48):012x}',
            'eventTime': naive_event.print_instant((now // 1000, now % 1000 * 10**6)), 'userIdentity': identity,
            'eventSource': rng.choice(['s3.amazonaws.com', 'ec2.amazonaws.com']), 'eventName': rng.choice(['Get', 'Put', '']),
            'awsRegion': f'r-{rng.randrange(12)}', 'sourceIPAddress': f'10.0.{rng.randrange(3)}.{rng.randrange(40)}',
            'userAgent': rng.choice(['a', 'b"\\\n', '\u202eé\x01']), 'recipientAccountId': rng.choice(['111122223333', '444455556666'])}
        if rng.random() < 0.3:
            record['errorCode'] = rng.choice(['AccessDenied', 'NoSuchKey'])
        records.append(record)
    with open(os.path.join(folder, 'made.json'), 'w') as out:
        json.dump({'Records': records}, out)
    return folder


# ---- checks ----

def rows(spoor, checks, *arguments):
    result = spoor.run('timeline', '--quiet', '--format', 'jsonl', *arguments)
    if result.status not in (0, 3):
        checks.fail(' '.join(map(str, arguments)), result.story())
    return json_lines(result.stdout)


def check_collapse(spoor, checks, name, source, case, pause, selection=()):
    options = naive.options_of(['timeline', *selection, source])
    events = naive.selected(case, options)
    expected = [row_of(run) for run in runs_of(events, pause)]
    found = rows(spoor, checks, '--collapse', '--pause', f'{pause}s', *selection, source)
    told = f'{name}, pause {pause} s {" ".join(selection)}'
    checks.equal(f'{told}: {len(events)} events are in {len(expected)} rows', len(events), sum(r['events'] for r in found))
    wrong = difference(expected, [{k: r[k] for k in row} for row, r in zip(expected, found)])
    checks.check(f'{told}: the rows', not wrong and len(expected) == len(found), wrong or f'{len(found)} rows')


def check_around(spoor, checks, name, source, case, rng, span, pause):
    """An event of some run, and all that stands around it."""
    events = case.events
    event = rng.choice(events)
    run = next(run for run in runs_of(events, pause) if any(e is event for e in run))
    if credential_of(event.columns) is None:
        run = [event]
    expected = []
    for other in events:
        is_run = any(other is e for e in run)
        if not is_run and abs(apart(event, other)) > span * 10**9:
            continue
        mark = 'event' if other is event else 'run' if is_run else None
        if not mark and credential_of(event.columns) and other.columns[credential_of(event.columns)[0]] == credential_of(event.columns)[1]:
            mark = 'credential'
        expected.append({'around': mark, 'eventID': other.columns['eventID']})
    found = rows(spoor, checks, '--around', f'{event.columns["eventID"]},{span}s', '--pause', f'{pause}s',
                 '--columns', 'around,eventID', source)
    wrong = difference(expected, found)
    checks.check(f'{name}: {len(expected)} events around one, {span} s, pause {pause} s', not wrong, wrong)
    time = event.columns['eventTime']
    found = rows(spoor, checks, '--around', f'{time},{span}s', '--columns', 'eventID', source)
    wanted = [{'eventID': e.columns['eventID']} for e in events if abs(apart(event, e)) <= span * 10**9]
    wrong = difference(wanted, found)
    checks.check(f'{name}: {len(wanted)} events around {time}', not wrong, wrong)


def check_activity(checks, name, spoor, source):
    """Rows of one run must be found again from the first of them."""
    collapsed = rows(spoor, checks, '--collapse', source)
    longest = max(collapsed, key=lambda r: r['events'])
    found = rows(spoor, checks, '--around', longest['firstEventID'] + ',0s', '--columns', 'around,eventID', source)
    n = sum(1 for r in found if r['around'] in ('event', 'run'))
    checks.equal(f'{name}: --around shows all of the longest run', longest['events'], n)


def check(spoor, checks, name, source, rng):
    case = naive.load([source])
    for pause in (0, 1, 300, 86400):
        check_collapse(spoor, checks, name, source, case, pause)
    keys = sorted({e.columns['userIdentity.accessKeyId'] for e in case.events if e.columns['userIdentity.accessKeyId']})
    check_collapse(spoor, checks, name, source, case, 300, ['--key', rng.choice(keys), '--outcome', 'success'])
    for span, pause in ((0, 300), (60, 300), (3600, 1), (600, 86400)):
        check_around(spoor, checks, name, source, case, rng, span, pause)
    check_activity(checks, name, spoor, source)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--labs')
    arguments = parser.parse_args()
    spoor, checks = Spoor(arguments.spoor), Checks('collapse')
    rng = seeded('collapse', 6)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(3):
            made = os.path.join(folder, f'made{i}')
            os.mkdir(made)
            check(spoor, checks, f'made {i}', make(made, rng, 1500), rng)
        if arguments.gen:
            corpus = os.path.join(folder, 'corpus')
            subprocess.run([arguments.gen, 'corpus', '--out', corpus, '--events', '4000', '--files', '20'], check=True,
                           stdout=subprocess.DEVNULL)
            check(spoor, checks, 'corpus', corpus, rng)
        if arguments.gen and arguments.labs:
            lab = os.path.join(folder, 'lab')
            subprocess.run([arguments.gen, 'lab', 'leaked-preview-key', '--scenarios', arguments.labs, '--out', lab],
                           check=True, stdout=subprocess.DEVNULL)
            check(spoor, checks, 'lab', lab, rng)
            run = [r for r in rows(spoor, checks, '--collapse', '--key', 'AKIAQPREVIEWEXAMPLE7', lab) if r['eventName'] == 'GetAccount']
            checks.equal('lab: many calls read as one line', ['ses:GetAccount x51, 17 regions, denied, 14:49:17 to 14:49:39'],
                         [r['summary'] for r in run])
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
