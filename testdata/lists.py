#!/usr/bin/env python3
"""Holds `spoor standing`, `taken` and `checklist` against plain loops over the same records.

    lists.py --spoor BIN [--gen BIN] [--corpus EVENTS,FILES,SEED] [--labs DIR] [--shared] [--random N]

Evidence: the labs, a generated corpus, the samples of the command line's tests, seeded records of
calls that make and end the same few things, and real records beside the tree where there are any.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Checks, Spoor, difference, json_lines, seeded, shared_data  # noqa: E402
import lists_naive  # noqa: E402
import naive  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STANDING = ('kind', 'name', 'of', 'state', 'createdEventID', 'changes', 'changedEventID', 'endedEventID')


def compare(checks, spoor, name, source):
    events = naive.load([source]).events
    keys = sorted({event.columns['userIdentity.accessKeyId'] for event in events} - {None, ''},
                  key=lambda key: (-sum(event.columns['userIdentity.accessKeyId'] == key for event in events), key))
    keys = [key for key in keys if '*' not in key and '?' not in key and '\0' not in key and not key.startswith('-')]
    selections = [('', [], lambda event: True)]
    for key in keys[:2]:
        selections.append((f' of {key}', ['--key', key], lambda event, key=key: event.columns['userIdentity.accessKeyId'] == key))
    with tempfile.TemporaryDirectory() as folder:
        case = os.path.join(folder, 'x.case')
        spoor.run('index', '--quiet', '-o', case, source)
        for title, options, is_ours in selections:
            ours = [event for event in events if is_ours(event)]
            for command, expected in (('standing', lists_naive.standing(events, is_ours)), ('taken', lists_naive.taken(ours)),
                                      ('checklist', lists_naive.checklist(ours))):
                columns = ['--columns', ','.join(STANDING)] if command == 'standing' else []
                result = spoor.run(command, '--quiet', '--format', 'jsonl', *columns, *options, case)
                if result.status not in (0, 3):
                    checks.fail(f'{name}: {command}{title}', result.story())
                    continue
                wrong = difference(expected, json_lines(result.stdout))
                checks.check(f'{name}: {command}{title} ({len(expected)} rows)', wrong is None, wrong)


# ---- made evidence: a few names, made and ended again and again ----

def made_records(rng, n):
    names, keys = ['bob', 'eve', 'Bob'], ['AKIAONE', 'AKIATWO', 'AKIATHREE']

    def user():
        return {'userName': rng.choice(names)}

    def renamed():
        old = user()
        names.append(f'rob{len(names)}')  # never one that somebody has: IAM refuses that
        return {**old, 'newUserName': names[-1]}

    def key():
        return {**user(), 'accessKeyId': rng.choice(keys)}

    def rule():
        cidr = rng.choice(['0.0.0.0/0', '10.0.0.0/8', '::/0'])
        ranges = {'ipv6Ranges': {'items': [{'cidrIpv6': cidr}]}} if ':' in cidr else {'ipRanges': {'items': [{'cidrIp': cidr}]}}
        return {'groupId': rng.choice(['sg-1', 'sg-2']),
                'ipPermissions': {'items': [{'ipProtocol': 'tcp', 'fromPort': 22, 'toPort': rng.choice([22, 23]), **ranges}]}}

    def share():
        change = rng.choice(['add', 'remove'])
        who = {'items': [{'userId': str(rng.randrange(3))}]}
        return {'snapshotId': rng.choice(['snap-1', 'snap-2']), 'createVolumePermission': {change: who}}

    def created(request):
        return {'accessKey': {'accessKeyId': rng.choice(keys), **request}}

    calls = [('iam', 'CreateUser', user, None), ('iam', 'DeleteUser', user, None), ('iam', 'CreateAccessKey', user, created),
             ('iam', 'DeleteAccessKey', key, None), ('iam', 'UpdateAccessKey', lambda: {**key(), 'status': rng.choice(['Active', 'Inactive'])}, None),
             ('iam', 'CreateLoginProfile', user, None), ('iam', 'UpdateLoginProfile', user, None), ('iam', 'DeleteLoginProfile', user, None),
             ('iam', 'AttachUserPolicy', lambda: {**user(), 'policyArn': 'arn:aws:iam::aws:policy/A'}, None),
             ('iam', 'DetachUserPolicy', lambda: {**user(), 'policyArn': 'arn:aws:iam::aws:policy/A'}, None),
             ('iam', 'PutUserPolicy', lambda: {**user(), 'policyName': 'p'}, None),
             ('iam', 'UpdateUser', renamed, None),
             ('iam', 'CreateRole', lambda: {'roleName': 'r'}, None), ('iam', 'UpdateAssumeRolePolicy', lambda: {'roleName': 'r'}, None),
             ('iam', 'DeleteRole', lambda: {'roleName': 'r'}, None),
             ('ec2', 'AuthorizeSecurityGroupIngress', rule, None), ('ec2', 'RevokeSecurityGroupIngress', rule, None),
             ('ec2', 'DeleteSecurityGroup', lambda: {'groupId': rng.choice(['sg-1', 'sg-2'])}, None),
             ('ec2', 'ModifySnapshotAttribute', share, None),
             ('ec2', 'ResetSnapshotAttribute', lambda: {'snapshotId': rng.choice(['snap-1', 'snap-2'])}, None),
             ('lambda', 'CreateFunction20150331', lambda: {'functionName': 'f'}, None),
             ('lambda', 'UpdateFunctionCode20150331v2', lambda: {'functionName': 'arn:aws:lambda:eu-west-1:111122223333:function:f'}, None),
             ('lambda', 'DeleteFunction20150331', lambda: {'functionName': 'f'}, None),
             ('s3', 'GetObject', lambda: {'bucketName': 'b', 'key': rng.choice('xyz')}, None),
             ('s3', 'PutBucketPolicy', lambda: {'bucketName': 'b'}, None), ('s3', 'DeleteBucket', lambda: {'bucketName': 'b'}, None),
             ('sts', 'GetCallerIdentity', lambda: None, None), ('iam', 'ListUsers', lambda: None, None),
             ('iam', 'GetUser', lambda: None, None)]
    for i in range(n):
        service, name, request, response = rng.choice(calls)
        request = request()
        minute = i // 2 * 7  # two at a time
        yield {'eventVersion': '1.11', 'eventID': f'{i:08x}-0000-4000-8000-00000000000d', 'eventSource': service + '.amazonaws.com',
               'eventName': name, 'eventTime': f'2026-01-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z',
               'awsRegion': rng.choice(['eu-west-1', 'us-east-1']), 'recipientAccountId': rng.choice(['111122223333', '444455556666']),
               'sourceIPAddress': '192.0.2.1', 'requestParameters': request,
               'responseElements': response(request) if response else None,
               'userIdentity': {'type': rng.choice(['IAMUser', 'Root', 'AssumedRole']), 'arn': 'arn:x', 'accessKeyId': rng.choice(keys)},
               **({'errorCode': rng.choice(['AccessDenied', 'NoSuchEntity'])} if rng.randrange(5) == 0 else {})}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--corpus', default='4000,50,3')
    parser.add_argument('--labs')
    parser.add_argument('--shared', action='store_true')
    parser.add_argument('--random', type=int, default=4)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('lists'), Spoor(arguments.spoor), seeded('lists', 11)
    for name in ('lateral', 'trail', 'lateral-cases'):
        compare(checks, spoor, name, os.path.join(HERE, 'cli', 'evidence', name))
    with tempfile.TemporaryDirectory() as folder:
        for i in range(arguments.random):
            path = os.path.join(folder, f'made-{i}.json')
            with open(path, 'w', encoding='utf-8') as file:
                json.dump({'Records': list(made_records(rng, 400))}, file)
            compare(checks, spoor, f'made {i}', path)
        if arguments.gen:
            events, files, seed = arguments.corpus.split(',')
            corpus = os.path.join(folder, 'corpus')
            subprocess.run([arguments.gen, 'corpus', '--events', events, '--files', files, '--seed', seed, '--out', corpus],
                           check=True, stdout=subprocess.DEVNULL)
            compare(checks, spoor, 'corpus', corpus)
            for lab in sorted(name[:-len('.answers.md')] for name in os.listdir(arguments.labs or HERE) if name.endswith('.answers.md')):
                out = os.path.join(folder, lab)
                subprocess.run([arguments.gen, 'lab', lab, '--out', out, '--scenarios', arguments.labs], check=True,
                               stdout=subprocess.DEVNULL)
                compare(checks, spoor, lab, out)
    data = shared_data() if arguments.shared else None
    if data:
        for name in sorted(os.listdir(data)):
            if os.path.isdir(os.path.join(data, name)):
                compare(checks, spoor, name, os.path.join(data, name))
    elif arguments.shared:
        checks.skip('real records', 'there are none here')
    return checks.finish()


if __name__ == '__main__':
    raise SystemExit(main())
