#!/usr/bin/env python3
"""Asks `spoor lateral` and a naive join the same questions, and the labs for their answers.

    lateral.py --spoor BIN [--gen BIN --labs DIR --corpus EVENTS,FILES,SEED] [--shared] [--big EVENTS]

Every credential in responseElements of a successful event must be an edge, with the uses, first and
last use and addresses that naive/lineage.py counts; and what is reached from a key must be what it
reaches. Evidence: made here (a chain, a star, loops, two ways to one key), a generated corpus, and
real records beside the tree where there are any. --big times a chain of 1,000 hops and a star of
100,000 sessions in a case of EVENTS ordinary events.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import SLOWDOWN, Checks, Spoor, json_lines, shared_data  # noqa: E402
import lineage  # noqa: E402
import naive  # noqa: E402

ACCOUNT = '111122223333'
BEGIN = 1767225600  # 2026-01-01


# ---- made evidence ----

def stamp(second):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(BEGIN + second))


def session(key, role='hop', name='s', created=0):
    return {'type': 'AssumedRole', 'principalId': f'AROA{role.upper()}:{name}', 'accountId': ACCOUNT,
            'arn': f'arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}', 'accessKeyId': key,
            'sessionContext': {'sessionIssuer': {'type': 'Role', 'userName': role, 'accountId': ACCOUNT,
                                                 'arn': f'arn:aws:iam::{ACCOUNT}:role/{role}'},
                               'attributes': {'creationDate': stamp(created)}}}


def user(key, name='alice'):
    return {'type': 'IAMUser', 'principalId': f'AIDA{name.upper()}', 'accountId': ACCOUNT, 'userName': name,
            'arn': f'arn:aws:iam::{ACCOUNT}:user/{name}', 'accessKeyId': key}


class Maker:
    def __init__(self):
        self.records = []

    def add(self, second, identity, name, request=None, response=None, ip='203.0.113.9', **more):
        number = len(self.records)
        self.records.append({
            'eventVersion': '1.11', 'eventID': f'{number:08x}-0000-4000-8000-{second:012x}',
            'eventTime': stamp(second), 'userIdentity': identity, 'eventSource': 'sts.amazonaws.com',
            'eventName': name, 'awsRegion': 'eu-west-1', 'sourceIPAddress': ip, 'userAgent': 'made',
            'requestParameters': request, 'responseElements': response, 'recipientAccountId': ACCOUNT, **more})

    def hop(self, second, identity, key, role='hop', name='s', **more):
        self.add(second, identity, 'AssumeRole',
                 {'roleArn': f'arn:aws:iam::{ACCOUNT}:role/{role}', 'roleSessionName': name},
                 {'credentials': {'accessKeyId': key, 'sessionToken': 'x', 'expiration': 'later'},
                  'assumedRoleUser': {'assumedRoleId': f'AROA{role.upper()}:{name}',
                                      'arn': f'arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}'}}, **more)

    def write(self, folder, per_file=50000):
        os.makedirs(folder, exist_ok=True)
        for i in range(0, len(self.records), per_file):
            with gzip.open(os.path.join(folder, f'made-{i:07}.json.gz'), 'wt', compresslevel=1) as out:
                json.dump({'Records': self.records[i:i + per_file]}, out)


def make_chain(maker, n):
    """CHAIN0 takes a role with which CHAIN1 takes a role, and so on."""
    identity = user('AKIACHAIN', 'chain')
    for i in range(n):
        maker.hop(i * 10, identity, f'ASIACHAIN{i + 1:06}', 'hop', f'c{i}')
        identity = session(f'ASIACHAIN{i + 1:06}', 'hop', f'c{i}', i * 10)
        maker.add(i * 10 + 5, identity, 'GetCallerIdentity', ip=f'198.51.100.{i % 250}')


def make_star(maker, n):
    """One role takes N sessions of another; every third is used."""
    center = session('ASIASTARCENTER', 'center', 'star')
    maker.hop(1, user('AKIASTAR', 'star'), 'ASIASTARCENTER', 'center', 'star')
    for i in range(n):
        key = f'ASIASTAR{i:07}'
        maker.hop(20 + i, center, key, 'leaf', f'l{i}')
        if i % 3 == 0:
            maker.add(21 + i, session(key, 'leaf', f'l{i}', 20 + i), 'ListBuckets')


def make_knots(maker):
    """A loop of two, a key that hands out itself, and one key that is handed out twice."""
    maker.hop(1, user('AKIALOOP', 'loop'), 'ASIALOOPA', 'loop', 'a')
    maker.hop(2, session('ASIALOOPA', 'loop', 'a', 1), 'ASIALOOPB', 'loop', 'b')
    maker.hop(3, session('ASIALOOPB', 'loop', 'b', 2), 'ASIALOOPA', 'loop', 'a')
    maker.hop(4, session('ASIALOOPA', 'loop', 'a', 1), 'ASIALOOPA', 'loop', 'a')
    maker.hop(5, user('AKIALOOP', 'loop'), 'ASIALOOPB', 'loop', 'b')
    maker.hop(6, user('AKIALOOP', 'loop'), 'ASIANEVERUSED', 'loop', 'n', errorCode='AccessDenied')
    maker.add(7, session('ASIALOOPB', 'loop', 'b', 2), 'ListUsers', ip='192.0.2.1')


# ---- comparing ----

def comparable(rows):
    return {(r['eventID'], r['targetKey']): (r['edge'], r['eventTime'], r['sourceKey'], r['uses'], r['firstUse'],
                                             r['lastUse'], r['useIPs']) for r in rows}


def expected_of(edges, rows):
    """The naive edges, without those that ROWS tell as the other half of a pair."""
    told = {r['pairEventID'] for r in rows} - {None}
    return {(e.event_id, e.target_key): (e.edge, e.time, e.source_key, e.uses, e.first_use, e.last_use, e.use_ips)
            for e in edges if e.event_id not in told}


def first_difference(expected, found):
    for key in sorted(set(expected) | set(found), key=str):
        if expected.get(key) != found.get(key):
            return f'{key}\n  expected {expected.get(key)}\n  found    {found.get(key)}'
    return None


def lateral(spoor, checks, *arguments):
    result = spoor.run('lateral', '--quiet', '--format', 'jsonl', *arguments)
    if result.status not in (0, 3):
        checks.fail(' '.join(map(str, arguments)), result.story())
        return []
    return json_lines(result.stdout)


def compare(spoor, checks, name, source, starts=()):
    events = naive.load([source]).events
    edges = lineage.edges_of(events)
    rows = lateral(spoor, checks, source)
    exact = [r for r in rows if r['confidence'] == 'exact']
    missing = first_difference(expected_of(edges, rows), comparable(exact))
    checks.check(f'{name}: {len(edges)} credentials are edges', missing is None, missing)
    shared = lineage.shared_of(events)
    wrong = [r['eventID'] for r in rows if r['pairEventID'] and shared.get(r['eventID']) != shared.get(r['pairEventID'])]
    checks.equal(f'{name}: pairs share an ID', [], wrong)
    order = [(r['eventTime'], r['eventID'] or '') for r in rows]
    checks.check(f'{name}: rows are in order', order == sorted(order))
    keys = [k for k in starts or sorted({e.source_key for e in edges if e.source_key})[:20]]
    for key in keys:
        wanted = lineage.reached_from(key, edges)
        found = {(r['eventID'], r['targetKey']): r['depth'] for r in lateral(spoor, checks, '--from', f'key:{key}', source)}
        told = {r['pairEventID'] for r in rows}
        missing = first_difference({k: d for k, d in wanted.items() if k[0] not in told},
                                   {k: d for k, d in found.items() if k in wanted})
        checks.check(f'{name}: {len(wanted)} edges from {key}', missing is None, missing)
    return rows


def compare_back(spoor, checks, name, source, start, end, n):
    back = lateral(spoor, checks, '--to', f'key:{end}', source)
    both = lateral(spoor, checks, '--from', f'key:{start}', '--to', f'key:{end}', source)
    checks.equal(f'{name}: {n} hops back to {start}', n, len(back))
    checks.equal(f'{name}: the same hops from {start} to {end}', [r['eventID'] for r in back], [r['eventID'] for r in both])
    checks.equal(f'{name}: depths back', list(range(n, 0, -1)), [r['depth'] for r in back])


def check_made(spoor, checks, folder):
    maker = Maker()
    make_chain(maker, 1000)
    make_star(maker, 2000)
    make_knots(maker)
    source = os.path.join(folder, 'made')
    maker.write(source, 1500)
    compare(spoor, checks, 'made', source, ['AKIACHAIN', 'ASIACHAIN000500', 'AKIASTAR', 'ASIASTARCENTER',
                                            'AKIALOOP', 'ASIALOOPA', 'ASIALOOPB', 'ASIANOSUCH'])
    compare_back(spoor, checks, 'chain', source, 'AKIACHAIN', 'ASIACHAIN001000', 1000)
    loop = lateral(spoor, checks, '--from', 'AKIALOOP', '--attempts', source)
    checks.equal('loop: every event once, and the attempt', 6, len(loop))
    checks.equal('loop: the attempt', [('denied', None, 0)],
                 [(r['outcome'], r['confidence'], r['uses']) for r in loop if r['outcome'] != 'success'])
    for format in ('table', 'dot', 'svg', 'csv'):
        result = spoor.run('lateral', '--quiet', '--format', format, '--from', 'AKIACHAIN', source)
        checks.check(f'chain as {format}', result.status == 0 and b'ASIACHAIN001000' in result.stdout, result.story)
    whole = spoor.run('lateral', '--format', 'jsonl', '--threads', '1', source).stdout
    case = os.path.join(folder, 'made.case')
    spoor.run('index', '-o', case, '--threads', '4', source)
    checks.check('case, threads: the same bytes',
                 whole == spoor.run('lateral', '--format', 'jsonl', case).stdout and len(whole) > 0)
    halves = [os.path.join(folder, f'half{i}.case') for i in range(2)]
    for i, half in enumerate(halves):
        files = sorted(os.path.join(source, f) for f in os.listdir(source))
        spoor.run('index', '-o', half, *files[i::2])
    checks.check('two cases: the same rows', comparable(json_lines(whole)) ==
                 comparable(lateral(spoor, checks, *halves)))


# ---- the labs ----

def check_ci(spoor, checks, source):
    """Incident 3: the hop, its time and credential, all that was done with either, calls after the end."""
    rows = [r for r in lateral(spoor, checks, '--from', 'AKIAQWARROOMCIKEY001', source)]
    checks.equal('ci-to-node-role: the hop', [(
        1, '2026-02-17T10:45:00Z', 'assume-role', 'exact', '1eaced03-0016-4000-8000-000000000000',
        'arn:aws:iam::614207835590:user/gitlab-ci', 'AKIAQWARROOMCIKEY001', '203.0.113.66',
        'arn:aws:sts::614207835590:assumed-role/eks-prod-node-role/botocore-session-1771324999',
        'ASIAQWARROOMNODE0001', 207, '2026-02-17T10:45:41Z', '2026-02-17T11:58:44Z', 1)],
        [tuple(r[c] for c in ('depth', 'eventTime', 'edge', 'confidence', 'eventID', 'sourcePrincipal', 'sourceKey',
                              'sourceIPAddress', 'targetPrincipal', 'targetKey', 'uses', 'firstUse', 'lastUse',
                              'useIPs')) for r in rows])
    denied = [r for r in lateral(spoor, checks, '--from', 'ip:203.0.113.66', '--attempts', source) if r['outcome'] == 'denied']
    checks.equal('ci-to-node-role: the attempt before', ['2026-02-17T10:43:36Z'], [r['eventTime'] for r in denied])
    findings = {f['finding']: f for f in lateral(spoor, checks, '--findings', '--from', 'AKIAQWARROOMCIKEY001', source)}
    stop = findings.get('used-after-stop', {})
    checks.equal('ci-to-node-role: calls after the key was deactivated',
                 ('2026-02-17T11:05:32Z', '1eaced03-0031-4000-8000-000000000000', 129, 123, '2026-02-17T11:58:44Z',
                  '2026-02-17T11:40:57Z'),
                 tuple(stop.get(c) for c in ('eventTime', 'eventID', 'calls', 'succeeded', 'lastTime', 'lastSuccessTime')))
    revoked = findings.get('used-after-revocation', {})
    checks.equal('ci-to-node-role: calls after the sessions were revoked',
                 ('2026-02-17T11:41:20Z', 6, 0, None),
                 tuple(revoked.get(c) for c in ('eventTime', 'calls', 'succeeded', 'lastSuccessTime')))
    result = spoor.run('timeline', '--quiet', '--format', 'jsonl', '--chain', 'AKIAQWARROOMCIKEY001', '--columns',
                       'eventTime,eventName,chain.depth,chain.edge,userIdentity.accessKeyId', source)
    done = json_lines(result.stdout)
    checks.equal('ci-to-node-role: everything done with either', (53, 207),
                 (sum(r['chain.depth'] == 0 for r in done), sum(r['chain.depth'] == 1 for r in done)))
    checks.check('ci-to-node-role: each row names its hop', all(
        (r['chain.edge'] == 'assume-role') == (r['userIdentity.accessKeyId'] == 'ASIAQWARROOMNODE0001') for r in done))
    real = [r for r in lateral(spoor, checks, '--to', 'instance:i-0d4f6a8c0e2b41357', source)]
    checks.equal('ci-to-node-role: the real node', [('service-role', 'ASIAQWARROOMREALND01', 12)],
                 [(r['edge'], r['targetKey'], r['uses']) for r in real])


def check_workshop(spoor, checks, source):
    """Incident 4: two keys made, one asleep, the five calls of the other."""
    rows = lateral(spoor, checks, '--from', 'user:intern-dev', source)
    keys = {r['targetKey']: r for r in rows if r['edge'] == 'access-key'}
    checks.equal('workshop: the keys', {'AKIAQWORKSHOPSLEEP01': 0, 'AKIAQWORKSHOPFIVE001': 5},
                 {key: r['uses'] for key, r in keys.items()})
    five = keys.get('AKIAQWORKSHOPFIVE001', {})
    checks.equal('workshop: the five calls', ('2026-01-07T02:51:36Z', '2026-01-07T02:54:09Z', 1),
                 tuple(five.get(c) for c in ('firstUse', 'lastUse', 'useIPs')))
    result = spoor.run('timeline', '--quiet', '--format', 'jsonl', '--chain', 'AKIAQWORKSHOPFIVE001', '--columns',
                       'eventTime,eventName,requestParameters.userName', source)
    checks.equal('workshop: what they were', ['GetCallerIdentity', 'ListUsers', 'ListAccessKeys', 'DeleteAccessKey', 'DeleteUser'],
                 [r['eventName'] for r in json_lines(result.stdout)])
    checks.equal('workshop: the user deleted', 'forensics-ro',
                 (json_lines(result.stdout) or [{}])[-1].get('requestParameters.userName'))
    login = [r for r in rows if r['edge'] == 'console-login']
    checks.equal('workshop: the login with the password given', [(2, '2026-01-07T03:02:55Z')],
                 [(r['depth'], r['eventTime']) for r in login])
    checks.equal('workshop: users, role, trust and policies', {'create-user': 2, 'create-role': 1, 'trust-policy': 1, 'policy': 2,
                                                              'login-profile': 1, 'access-key': 2, 'console-login': 1},
                 {edge: sum(r['edge'] == edge for r in rows) for edge in {r['edge'] for r in rows}})


# ---- size ----

def timed(spoor, name, limit, checks, *arguments):
    best = min(spoor.run('lateral', '--quiet', *arguments).seconds for _ in range(3))
    checks.check(f'{name}: {best * 1000:.0f} ms', best < limit * SLOWDOWN)


def check_big(spoor, checks, folder, gen, n_events):
    corpus = os.path.join(folder, 'corpus')
    subprocess.run([gen, 'corpus', '--out', corpus, '--events', str(n_events), '--files', str(max(1, n_events // 500)),
                    '--level', '1', '--start', '2026-01-01'], check=True, stdout=subprocess.DEVNULL)
    maker = Maker()
    make_chain(maker, 1000)
    make_star(maker, 100000)
    maker.write(os.path.join(folder, 'made'))
    case = os.path.join(folder, 'big.case')
    began = time.monotonic()
    spoor.run('index', '--quiet', '-o', case, corpus, os.path.join(folder, 'made'), timeout=900)
    print(f'      indexed in {time.monotonic() - began:.1f} s, {os.path.getsize(case) >> 20} MB')
    chain = lateral(spoor, checks, '--from', 'AKIACHAIN', case)
    checks.equal('big chain', [(i + 1, f'ASIACHAIN{i + 1:06}') for i in range(1000)], [(r['depth'], r['targetKey']) for r in chain])
    star = lateral(spoor, checks, '--from', 'AKIASTAR', case)
    checks.equal('big star', (100001, 33335), (len(star), sum(r['uses'] > 0 for r in star)))
    timed(spoor, 'chain of 1,000 hops', 0.1, checks, '--from', 'AKIACHAIN', '--format', 'jsonl', '--output', os.devnull, case)
    timed(spoor, 'star of 100,000 sessions, counted', 0.1, checks, '--from', 'AKIASTAR', '--format', 'jsonl', '--limit', '1',
          '--output', os.devnull, case)
    timed(spoor, 'star of 100,000 sessions, printed', 0.5, checks, '--from', 'AKIASTAR', '--format', 'jsonl', '--output',
          os.devnull, case)
    timed(spoor, 'ten hops', 0.05, checks, '--from', 'ASIACHAIN000990', '--format', 'jsonl', '--output', os.devnull, case)
    timed(spoor, 'every edge', 5, checks, '--format', 'jsonl', '--output', os.devnull, case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--labs')
    parser.add_argument('--corpus')
    parser.add_argument('--shared', action='store_true')
    parser.add_argument('--big', type=int, metavar='EVENTS')
    arguments = parser.parse_args()
    checks, spoor = Checks('lateral'), Spoor(arguments.spoor)
    with tempfile.TemporaryDirectory(prefix='spoor-lateral-') as folder:
        check_made(spoor, checks, os.path.join(folder, 'small'))
        if arguments.gen and arguments.corpus:
            events, files, seed = arguments.corpus.split(',')
            corpus = os.path.join(folder, 'corpus-small')
            subprocess.run([arguments.gen, 'corpus', '--out', corpus, '--events', events, '--files', files, '--seed', seed],
                           check=True, stdout=subprocess.DEVNULL)
            compare(spoor, checks, 'corpus', corpus)
        for lab, check in (('ci-to-node-role', check_ci), ('workshop', check_workshop)):
            if arguments.gen and arguments.labs:
                out = os.path.join(folder, lab)
                subprocess.run([arguments.gen, 'lab', lab, '--out', out, '--scenarios', arguments.labs], check=True,
                               stdout=subprocess.DEVNULL)
                check(spoor, checks, out)
        if arguments.shared and shared_data():
            for name in sorted(os.listdir(shared_data())):
                if os.path.isdir(os.path.join(shared_data(), name)):
                    compare(spoor, checks, name, os.path.join(shared_data(), name))
        elif arguments.shared:
            checks.skip('real records', 'none beside the tree (SPOOR_SHARED_DATA)')
        if arguments.big:
            check_big(spoor, checks, os.path.join(folder, 'big'), arguments.gen, arguments.big)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
