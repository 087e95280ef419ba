#!/usr/bin/env python3
"""Four incidents, retold by one report each: every question is answered from `spoor report --format json` alone.

    report.py --spoor BIN --gen BIN --labs DIR

The questions are those of the published write-ups that the labs follow, the answers those of their
sheets (testdata/labs/*.answers.md). Nothing else of spoor is asked, and no record is looked at.
"""
import argparse
import json
import os
import tempfile

from harness import Checks, Spoor

TAG = {'leaked-preview-key': '1eaced01', 'lookup-events-runbook': '1eaced02', 'ci-to-node-role': '1eaced03',
       'workshop': '1eaced04'}


class Report:
    """One report, and what a reader would look up in it."""

    def __init__(self, checks, name, text):
        self.checks, self.name, self.json = checks, name, json.loads(text)

    def __getitem__(self, section):
        return self.json[section]

    def equal(self, question, expected, found):
        self.checks.equal(f'{self.name}: {question}', expected, found)

    def rows(self, section, **wanted):
        """Rows whose columns hold these; of a list, one of it. Of a name, `__` is a dot."""
        return [row for row in self.json[section]
                if all(self.holds(row[column.replace('__', '.')], value) for column, value in wanted.items())]

    @staticmethod
    def holds(found, value):
        return value in found if isinstance(found, list) else found == value

    def values(self, section, *columns, **wanted):
        found = [tuple(row[column] for column in columns) for row in self.rows(section, **wanted)]
        return [row[0] if len(columns) == 1 else row for row in found]

    def sum(self, section, column, **wanted):
        return sum(row[column] for row in self.rows(section, **wanted))

    def answer(self, question, of_subject=True):
        """Of the checklist: (yes or no, events, succeeded)."""
        row, = self.rows('subjectChecklist' if of_subject else 'checklist', name=question)
        return row['answer'], row['events'], row['succeeded']

    def evidence(self, question, of_subject=True):
        row, = self.rows('subjectChecklist' if of_subject else 'checklist', name=question)
        return (row['evidence'] or '').split()

    def ids(self, *numbers):
        return [event_id(self.name, number) for number in numbers]


def event_id(lab, number, k=0):
    return f'{TAG[lab]}-{number:04}-4000-8000-{k:012}'


def bare(arn):
    return (arn or '').rpartition('/')[2]


# ---- 1: the leaked preview key ----

def leaked_preview_key(r):
    key = 'AKIAQPREVIEWEXAMPLE7'
    timeline, first = r['timeline'], r['timeline'][0]
    r.equal('first use', ('2026-01-08T14:49:17Z', 'GetCallerIdentity', ['us-east-1'], ['203.0.113.41'], *r.ids(1)),
            (first['firstTime'], first['eventName'], first['awsRegions'], first['sourceIPAddresses'], first['firstEventID']))
    r.equal('last use', ('2026-01-09T09:12:14Z', 'GetServiceQuota', ['198.51.100.186']),
            (timeline[-1]['lastTime'], timeline[-1]['eventName'], timeline[-1]['sourceIPAddresses']))
    r.equal('whose key it is', {'preview-deploy'}, {bare(row['principal']) for row in r.rows('timeline', userIdentity__accessKeyId=key)})
    runs = r.rows('timeline', eventName='GetAccount')
    r.equal('many ses:GetAccount are one line', [('ses:GetAccount x51, 17 regions, denied, 14:49:17 to 14:49:39', 51, 17, 'denied',
                                                  '2026-01-08T14:49:17Z', '2026-01-08T14:49:39Z')],
            [(run['summary'], run['events'], len(run['awsRegions']), run['outcome'], run['firstTime'], run['lastTime']) for run in runs])
    r.equal('then ImportKeyPair', [('ap-south-1', 'denied', '2026-01-08T14:55:39Z', *r.ids(60))],
            [(run['awsRegions'][0], run['outcome'], run['firstTime'], run['firstEventID'])
             for run in r.rows('timeline', eventName='ImportKeyPair')])
    r.equal('then DescribeInstances', [('ap-south-1', 'denied', '2026-01-08T14:55:40Z', *r.ids(61))],
            [(run['awsRegions'][0], run['outcome'], run['firstTime'], run['firstEventID'])
             for run in r.rows('timeline', eventName='DescribeInstances')])
    r.equal('a second address the next day', [('2026-01-09T09:12:03Z', 'sts', 'GetCallerIdentity', 'success'),
                                              ('2026-01-09T09:12:09Z', 'cloudformation', 'CreateStack', 'denied'),
                                              ('2026-01-09T09:12:14Z', 'servicequotas', 'GetServiceQuota', 'denied')],
            [(run['firstTime'], run['eventSource'].split('.')[0], run['eventName'], run['outcome'])
             for run in r.rows('timeline', sourceIPAddresses='198.51.100.186')])
    r.equal('which calls succeeded', {'GetCallerIdentity': 2},
            {run['eventName']: r.sum('timeline', 'events', eventName=run['eventName'], outcome='success')
             for run in r.rows('timeline', outcome='success')})
    r.equal('how many, and how many denied', (57, 55), (sum(run['events'] for run in timeline), r.sum('timeline', 'events', outcome='denied')))
    r.equal('both addresses', {'203.0.113.41': 54, '198.51.100.186': 3},
            {row['ip']: r.sum('timeline', 'events', sourceIPAddresses=row['ip']) for row in r['addresses']
             if r.rows('timeline', sourceIPAddresses=row['ip'])})
    r.equal('no write succeeded', [('ImportKeyPair', 'denied'), ('CreateStack', 'denied')], r.values('writes', 'eventName', 'outcome'))
    r.equal('what stands of it', [], [row for row in r['standing'] if row['createdTime']])
    attempt, = r.rows('writes', eventName='ImportKeyPair')
    r.equal('errorCode of ImportKeyPair', 'Client.UnauthorizedOperation', attempt['errorCode'])
    r.equal('userAgent of ImportKeyPair', 'aws-cli/2.15.30 Python/3.11.8 Linux/6.8.0-51-generic exe/x86_64.ubuntu.24 prompt/off '
            'command/ec2.import-key-pair', attempt['userAgent'])
    r.equal('keyName of ImportKeyPair', 'prod-access-2', attempt['requestParameters']['keyName'])
    r.equal('publicKeyMaterial, decoded', 'publicKeyMaterial: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF+FBmE3FVi//m3oJCAzKvP4a5LqLIIFxnx2jpuy39Ud '
            'build@vps-7f31', attempt['decoded'])
    r.equal('the stack that was tried', ['telemetry-core'],
            [row['requestParameters']['stackName'] for row in r.rows('writes', eventName='CreateStack')])
    r.equal('what became of the key', [('deleted', '2026-01-10T08:07:41Z', '2026-01-10T08:21:02Z', 'marta.oncall')],
            [(row['state'], row['changedTime'], row['endedTime'], bare(row['endedBy'])) for row in r.rows('standing', kind='key', name=key)])
    for question in ('users-made', 'roles-made', 'policies-made', 'keys-made', 'login-profiles-made', 'root-used', 'console-login'):
        r.equal(f'{question}, by anyone', ('no', 0, 0), r.answer(question, of_subject=False))
    r.equal('mail and quotas were looked at', ('yes', 52, 0), r.answer('mail-and-quotas-looked-at'))


def credential_report(r):
    """What IAM's report says of that and other active keys."""
    rows = {(row['user'], row['credential']): row for row in r['credentialReport']}
    key = rows['preview-deploy', 'key 1']
    r.equal('the credential report: that key', (True, '2026-01-09T09:12:00Z', 'us-east-1', 'servicequotas'),
            (key['active'], key['lastUsed'], key['lastUsedRegion'], key['lastUsedService']))
    r.equal('the credential report: all active keys', {('preview-deploy', 'key 1'), ('svc-mailer', 'key 1'), ('svc-mailer', 'key 2')},
            {place for place, row in rows.items() if row['active'] and place[1].startswith('key')})
    r.equal('the credential report: their last use', ('2025-06-30T23:14:00Z', None),
            (rows['svc-mailer', 'key 1']['lastUsed'], rows['svc-mailer', 'key 2']['lastUsed']))
    r.equal('svc-mailer did nothing in the evidence', [], r.rows('users', user='svc-mailer'))


# ---- 2: digging through lookup-events ----

def lookup_events_runbook(r):
    events = sum(row['events'] for row in r['timeline'])
    r.equal('how many events', (2419, 2419), (r['case']['events'], events))
    columns = {'firstTime', 'userIdentity.accessKeyId', 'eventSource', 'eventName', 'sourceIPAddresses', 'userAgents'}
    r.equal('the six columns', [], [row for row in r['timeline'] if not columns <= set(row)])
    r.equal('unique addresses', (144, 2419), (len(r['addresses']), r.sum('addresses', 'events')))
    r.equal('unique user agents', 46, len(r['userAgents']))
    r.equal('counts of addresses', {'203.0.113.99': 10, '203.0.113.140': 7, '198.51.100.7': 2},
            {row['ip']: row['events'] for row in r['addresses'] if row['ip'].startswith(('203.0.113.', '198.51.100.'))})
    r.equal('all events of one address', (10, ['GetCallerIdentity', 'ListUsers', 'ListAttachedUserPolicies', 'CreateUser', 'CreateAccessKey',
                                               'CreateLoginProfile', 'CreatePolicy', 'AttachUserPolicy', 'CreateRole', 'CreateUser']),
            (r.sum('timeline', 'events', sourceIPAddresses='203.0.113.99'), r.values('timeline', 'eventName', sourceIPAddresses='203.0.113.99')))
    r.equal('all events of one name', [(*r.ids(13), 'success', None), (*r.ids(27), 'failure', 'EntityAlreadyExistsException')],
            r.values('timeline', 'firstEventID', 'outcome', 'errorCode', eventName='CreateUser'))
    sanctioned = [row for row in r['standing'] if bare(row['principal']) == 'helga.platform']
    r.equal('what was sanctioned', [('role', 'report-export-lambda-role'), ('function', 'report-export')],
            [(row['kind'], row['name']) for row in sanctioned])

    def made(kind, *columns, **wanted):
        rows = [row for row in r.rows('standing', kind=kind, **wanted) if row not in sanctioned and row['createdTime']]
        return [tuple(row[column] for column in columns) for row in rows]
    r.equal('unsanctioned users', [('svc-sync-helper', '2025-10-18T03:17:58Z', 'AKIAQRUNBOOKEXAMPL23', 'standing')],
            made('user', 'name', 'createdTime', 'userIdentity.accessKeyId', 'state'))
    r.equal('who made them', ['build-bot'], [bare(row['principal']) for row in r.rows('standing', kind='user', name='svc-sync-helper')])
    r.equal('unsanctioned access keys', [('AKIAQRUNBOOKSHADOW01', 'svc-sync-helper', *r.ids(14))], made('key', 'name', 'of', 'createdEventID'))
    r.equal('how they were used', [(6, '2025-10-18T03:31:44Z', '2025-10-18T03:44:19Z')],
            r.values('keys', 'events', 'firstTime', 'lastTime', key='AKIAQRUNBOOKSHADOW01'))
    r.equal('unsanctioned login profiles', [('svc-sync-helper', *r.ids(15))], made('login-profile', 'name', 'createdEventID'))
    r.equal('signed in without MFA', (('yes', 1, 1), r.ids(26)),
            (r.answer('console-login-without-mfa', of_subject=False), r.evidence('console-login-without-mfa', of_subject=False)))
    r.equal('unsanctioned policies', [('arn:aws:iam::730451982264:policy/sync-helper-all', *r.ids(16))], made('policy', 'name', 'createdEventID'))
    r.equal('attached to', [('arn:aws:iam::730451982264:policy/sync-helper-all', 'svc-sync-helper')], made('user-policy', 'name', 'of'))
    r.equal('unsanctioned roles', [('sync-helper-role', *r.ids(18))], made('role', 'name', 'createdEventID'))
    r.equal('whom they trust', True, '905511223344' in r.rows('writes', eventID=event_id(r.name, 18))[0]['requestParameters']['assumeRolePolicyDocument'])
    r.equal('temporary credentials', [('ASIAQRUNBOOKTOKEN001', *r.ids(21)), ('ASIAQRUNBOOKFEDER001', *r.ids(22))],
            made('temporary-credentials', 'name', 'createdEventID'))
    r.equal('neither was used', [], [row for row in r['keys'] if row['key'] in ('ASIAQRUNBOOKTOKEN001', 'ASIAQRUNBOOKFEDER001')])
    r.equal('instances', [('i-0aa11bb22cc33dd44', 'eu-north-1'), ('i-0aa11bb22cc33dd55', 'eu-north-1')], made('instance', 'name', 'region'))
    r.equal('of which type', 'p3.16xlarge', r.rows('writes', eventID=event_id(r.name, 23))[0]['requestParameters']['instanceType'])
    r.equal('spot requests', [('sir-8xqkrunb', 'us-west-2', *r.ids(24))], made('spot-request', 'name', 'region', 'createdEventID'))
    r.equal('functions', [('cron-sync', 'us-west-2', *r.ids(25))], made('function', 'name', 'region', 'createdEventID'))


# ---- 3: from CI user to node role ----

def ci_to_node_role(r):
    user, role = 'AKIAQWARROOMCIKEY001', 'ASIAQWARROOMNODE0001'
    foreign = r.rows('timeline', userIdentity__accessKeyId=user, sourceIPAddresses='203.0.113.66')
    said = {line['about']: line['text'] for line in r['summary']}
    r.equal('the summary: what responders made is not the intruder\'s', True,
            said['standing'].startswith('Nothing that the subjects') and "Made by others, on what is the subjects': 1 thing: role-policy" in said['standing'])
    r.equal('the summary names what was read once', 1, said['taken'].count('prod-app-config'))
    r.equal('whose key it is', {'gitlab-ci'}, {bare(row['principal']) for row in r.rows('timeline', userIdentity__accessKeyId=user)})
    r.equal('first foreign use', ('2026-02-17T10:31:07Z', 'GetCallerIdentity', *r.ids(10)),
            (foreign[0]['firstTime'], foreign[0]['eventName'], foreign[0]['firstEventID']))
    r.equal('done with it from there', {'GetCallerIdentity': 1, 'ListBuckets': 1, 'GetObject': 23, 'DescribeInstances': 1, 'DescribeDBInstances': 1,
                                        'AssumeRole': 2},
            {row['eventName']: sum(other['events'] for other in foreign if other['eventName'] == row['eventName']) for row in foreign})
    r.equal('at home', ([('198.51.100.10', 'GetAuthorizationToken')], 24),
            (sorted({(address, row['eventName']) for row in r['timeline'] for address in row['sourceIPAddresses'] if address != '203.0.113.66'}),
             r.sum('timeline', 'events', sourceIPAddresses='198.51.100.10')))
    hop, = r['chain']
    r.equal('the hop', ('2026-02-17T10:45:00Z', 'assume-role', *r.ids(16)), (hop['eventTime'], hop['edge'], hop['eventID']))
    r.equal('to whom', 'arn:aws:sts::614207835590:assumed-role/eks-prod-node-role/botocore-session-1771324999', hop['targetPrincipal'])
    r.equal('its credential', (role, 207, '2026-02-17T10:45:41Z', '2026-02-17T11:58:44Z', 1),
            (hop['targetKey'], hop['uses'], hop['firstUse'], hop['lastUse'], hop['useIPs']))
    r.equal('a role that was refused before', [('denied', '2026-02-17T10:43:36Z')],
            r.values('timeline', 'outcome', 'firstTime', eventName='AssumeRole', outcome='denied'))
    r.equal('done with that', ({'GetCallerIdentity': 1, 'ListBuckets': 2, 'GetObject': 200, 'DescribeInstances': 2, 'DescribeDBInstances': 1,
                                'DescribeSnapshots': 1}, 201),
            ({name: r.sum('timeline', 'events', userIdentity__accessKeyId=role, eventName=name)
              for name in r.values('timeline', 'eventName', userIdentity__accessKeyId=role)},
             r.sum('timeline', 'events', userIdentity__accessKeyId=role, outcome='success')))
    r.equal('objects read: backups', [(187, 187, role)],
            r.values('taken', 'reads', 'objects', 'userIdentity.accessKeyId', name='prod-db-backups-614207835590'))
    r.equal('objects read: config', [(23, user), (9, role)],
            r.values('taken', 'reads', 'userIdentity.accessKeyId', name='prod-app-config-614207835590'))
    r.equal('and nothing else', 3, len(r['taken']))
    r.equal('was KMS Decrypt called', ('no', 0, 0), r.answer('kms-decrypt'))
    r.equal('KMS Decrypt by others', 'yes', r.answer('kms-decrypt', of_subject=False)[0])
    r.equal('when the key was deactivated, by whom', [('inactive', '2026-02-17T11:05:32Z', 'anneke.breakglass', *r.ids(31))],
            [(row['state'], row['changedTime'], bare(row['principal']), row['changedEventID']) for row in r.rows('standing', kind='key', name=user)])
    after, = r.rows('findings', finding='used-after-stop')
    r.equal('calls after that, by whom, until when', ('2026-02-17T11:05:32Z', role, 129, 123, '2026-02-17T11:40:57Z', '2026-02-17T11:58:44Z'),
            (after['eventTime'], after['key'], after['calls'], after['succeeded'], after['lastSuccessTime'], after['lastTime']))
    r.equal('with the key itself none', '2026-02-17T10:45:00Z', max(row['lastTime'] for row in r.rows('timeline', userIdentity__accessKeyId=user)))
    stop, = r.rows('findings', finding='used-after-revocation')
    r.equal('what stopped it', ('2026-02-17T11:41:20Z', *r.ids(32), 6, 0), (stop['eventTime'], stop['eventID'], stop['calls'], stop['succeeded']))
    r.equal('the deny policy', [('AWSRevokeOlderSessions', 'eks-prod-node-role', 'anneke.breakglass')],
            [(row['name'], row['of'], bare(row['principal'])) for row in r.rows('standing', kind='role-policy')])
    r.equal('not the attacker: the real node', [(12, '2026-02-17T08:13:05Z')], r.values('keys', 'events', 'firstTime', key='ASIAQWARROOMREALND01'))


# ---- 4: the workshop ----

def workshop(r):
    key, sleeper, five = 'AKIAQWORKSHOPKEY0001', 'AKIAQWORKSHOPSLEEP01', 'AKIAQWORKSHOPFIVE001'
    own = r.rows('timeline', userIdentity__accessKeyId=key)
    r.equal('first use of the key, and its first call', ('2026-01-07T02:25:18Z', 'GetCallerIdentity', ['203.0.113.23'], *r.ids(1)),
            (own[0]['firstTime'], own[0]['eventName'], own[0]['sourceIPAddresses'], own[0]['firstEventID']))
    r.equal('which user owns it', {'intern-dev'}, {bare(row['principal']) for row in own})
    r.equal('calls with it', (18, '2026-01-07T02:44:27Z', ['ListSecrets']),
            (sum(row['events'] for row in own), own[-1]['lastTime'], [row['eventName'] for row in own if row['outcome'] == 'denied']))
    made = [(row['kind'], row['name']) for row in r['standing'] if row['createdTime']]
    r.equal('what it created', [('user', 'backup-agent'), ('user', 'metrics-agent'),
                                ('user-policy', 'arn:aws:iam::aws:policy/AdministratorAccess'), ('user-policy', 'arn:aws:iam::aws:policy/AdministratorAccess'),
                                ('key', sleeper), ('key', five), ('login-profile', 'metrics-agent'), ('role', 'support-bridge'),
                                ('opening', 'tcp 22 0.0.0.0/0')], made)
    r.equal("two users' keys", [(sleeper, 'backup-agent', '2026-01-07T02:33:11Z'), (five, 'metrics-agent', '2026-01-07T02:33:30Z')],
            [row for row in r.values('standing', 'name', 'of', 'createdTime', kind='key') if row[2]])
    r.equal('whom the role trusts', ['arn:aws:iam::811122334455:root'], r.values('chain', 'targetPrincipal', edge='trust-policy'))
    r.equal('one of them was never used', [(sleeper, 0, None)],
            [row for row in r.values('chain', 'targetKey', 'uses', 'firstUse', edge='access-key') if row[1] == 0])
    r.equal('the other made five calls', [('GetCallerIdentity', 1), ('ListUsers', 1), ('ListAccessKeys', 1), ('DeleteAccessKey', 1), ('DeleteUser', 1)],
            r.values('timeline', 'eventName', 'events', userIdentity__accessKeyId=five))
    r.equal('from where, when', [(5, '2026-01-07T02:51:36Z', '2026-01-07T02:54:09Z', 1)],
            r.values('chain', 'uses', 'firstUse', 'lastUse', 'useIPs', targetKey=five))
    r.equal('the user deleted', [('forensics-ro', '2026-01-07T02:54:09Z', *r.ids(34), 'metrics-agent')],
            [(row['name'], row['endedTime'], row['endedEventID'], bare(row['endedBy'])) for row in r.rows('standing', kind='user', state='deleted')])
    r.equal('and its key', [('AKIAQWORKSHOPFOREN01', 'forensics-ro')], r.values('standing', 'name', 'of', kind='key', state='deleted'))
    r.equal('the response: three keys inactive', [(key, '2026-01-08T09:06:31Z'), (five, '2026-01-08T09:07:12Z'), (sleeper, '2026-01-08T09:07:40Z')],
            sorted(r.values('standing', 'name', 'changedTime', kind='key', state='inactive'), key=lambda row: row[1]))

    # the checklist
    r.equal('was the root user used', ('no', 0, 0), r.answer('root-used', of_subject=False))
    for number, call in enumerate(('list-users', 'list-access-keys', 'list-roles', 'list-policies', 'get-user'), 2):
        question = f'caller-identity-then-{call}'
        r.equal(question, ('yes', event_id(r.name, number)), (r.answer(question)[0], r.evidence(question)[0]))
    r.equal('were roles assumed', ('no', 0, 0), r.answer('roles-assumed'))
    r.equal('new users', (('yes', 2, 2), r.ids(10, 11)), (r.answer('users-made'), r.evidence('users-made')))
    r.equal('new roles', (('yes', 1, 1), r.ids(17)), (r.answer('roles-made'), r.evidence('roles-made')))
    r.equal('new policies', ('no', 0, 0), r.answer('policies-made'))
    r.equal('policies granted', (('yes', 2, 2), r.ids(12, 13)), (r.answer('policies-granted'), r.evidence('policies-granted')))
    r.equal('was RDS touched', (('yes', 1, 1), r.ids(8)), (r.answer('rds-touched'), r.evidence('rds-touched')))
    r.equal('Secrets Manager', (('yes', 1, 0), r.ids(7)), (r.answer('secrets-touched'), r.evidence('secrets-touched')))
    r.equal('KMS', ('no', 0, 0), r.answer('kms-touched'))
    r.equal('alternate contacts', (('yes', 1, 1), r.ids(19), ['SECURITY']),
            (r.answer('alternate-contacts-changed'), r.evidence('alternate-contacts-changed'), r.values('standing', 'name', kind='contact')))
    r.equal('bucket policies', ('no', 0, 0), r.answer('bucket-policies-changed', of_subject=False))
    r.equal('VPC peering', ('no', 0, 0), r.answer('vpc-peering-changed', of_subject=False))
    r.equal('security groups', (('yes', 1, 1), r.ids(18), [('tcp 22 0.0.0.0/0', 'sg-0b1c2d3e4f5061728', 'us-west-2', 'standing')]),
            (r.answer('security-groups-opened'), r.evidence('security-groups-opened'),
             r.values('standing', 'name', 'of', 'region', 'state', kind='opening')))
    r.equal('consoles without MFA', (('yes', 1, 1), r.ids(35)), (r.answer('console-login-without-mfa'), r.evidence('console-login-without-mfa')))
    r.equal('by whom, from where', [('2026-01-07T03:02:55Z', ['203.0.113.24'], 'metrics-agent')],
            [(row['firstTime'], row['sourceIPAddresses'], bare(row['principal'])) for row in r.rows('timeline', eventName='ConsoleLogin')])


LABS = {'leaked-preview-key': (leaked_preview_key, 'AKIAQPREVIEWEXAMPLE7'), 'lookup-events-runbook': (lookup_events_runbook, None),
        'ci-to-node-role': (ci_to_node_role, 'AKIAQWARROOMCIKEY001'), 'workshop': (workshop, 'AKIAQWORKSHOPKEY0001')}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen', required=True)
    parser.add_argument('--labs', required=True)
    arguments = parser.parse_args()
    checks, spoor, gen = Checks('report'), Spoor(arguments.spoor), Spoor(arguments.gen)
    for name, (questions, subject) in LABS.items():
        with tempfile.TemporaryDirectory() as folder:
            lab, case, report = (os.path.join(folder, part) for part in ('lab', 'lab.case', 'report.json'))
            gen.run('lab', name, '--out', lab, '--scenarios', arguments.labs)
            # the runbook's evidence is what the API answered; elsewhere it is all of the folder
            evidence = os.path.join(lab, 'lookup-events', 'trail.json')
            spoor.run('index', '--quiet', '-o', case, evidence if os.path.exists(evidence) else lab)
            options = ['--subject', subject] if subject else []
            extra = os.path.join(lab, 'credential-report.csv')
            if os.path.exists(extra):
                options += ['--credential-report', extra]
            result = spoor.run('report', '--quiet', '--format', 'json', '-o', report, *options, case)
            if not checks.check(f'{name}: the report', result.status in (0, 3) and os.path.exists(report), result.story):
                continue
            with open(report, encoding='utf-8') as file:
                text = file.read()
            answers = Report(checks, name, text)
            questions(answers)
            if os.path.exists(extra):
                credential_report(answers)
    return checks.finish()


if __name__ == '__main__':
    raise SystemExit(main())
