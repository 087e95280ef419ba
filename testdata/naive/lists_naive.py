"""What stands, what was taken, and the checklist, with plain loops over all events.

What a call does to what is data, and shared: catalogue.def (by targets.py) and checklist.def.
"""
import os
import re
from fnmatch import fnmatchcase

import targets
from event import at_path

QUESTIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'query', 'checklist.def')
ASK = re.compile(r'^ASK\("([^"]*)",\s*"([^"]*)",\s*([^,]*),\s*"([^"]*)"\)$', re.M)
GLOBAL = ('iam', 'sts', 's3', 'account', 'organizations', 'cloudfront', 'route53', 'signin')
UNIQUE = ('key', 'temporary-credentials', 'service-credential', 'ssh-key', 'signing-certificate', 'kms-grant', 'subscription')
MAY_FIND = ('ecs:CreateCluster', 's3:CreateBucket', 'sns:CreateTopic', 'sqs:CreateQueue')
BY_NAME = {'user': 'login-profile user-boundary', 'role': 'role-boundary trust', 'function': 'function-url', 'snapshot': 'snapshot-share',
           'image': 'image-share', 'database-snapshot': 'database-snapshot-share',
           'database-cluster-snapshot': 'database-cluster-snapshot-share', 'secret': 'secret-policy',
           'bucket': 'bucket-policy bucket-acl bucket-public-block bucket-replication bucket-lifecycle bucket-website bucket-cors '
                     'bucket-encryption bucket-versioning bucket-notification bucket-logging bucket-inventory bucket-lock bucket-ownership'}
BY_OF = {'user': 'key temporary-credentials user-policy user-mfa membership service-credential ssh-key signing-certificate',
         'group': 'group-policy', 'role': 'role-policy', 'instance-profile': 'instance-profile-role',
         'function': 'function-permission', 'topic': 'subscription', 'security-group': 'opening egress-opening',
         'network-acl': 'network-acl-entry', 'route-table': 'route', 'instance': 'instance-role volume-attachment network-interface-attachment', 'kms-key': 'kms-grant'}
OPEN = ('standing', 'changed', 'inactive', 'expired')
HOUR, SESSION = 3600, 36 * 3600


def service_of(event):
    return (event.columns['eventSource'] or '').removesuffix('.amazonaws.com')


def succeeded(event):
    return event.columns['outcome'] == 'success'


def is_after(event, other, seconds):
    """No more than SECONDS behind OTHER."""
    return (event.instant[0] - other.instant[0], event.instant[1] - other.instant[1]) <= (seconds, 0)


def pairs_of(event):
    """[(name, of, object, bytes)], the kind and the effect of a call; an empty list where it acts on nothing that has a name."""
    line = targets.line_of(event.value)
    if not line:
        return [], None, None, None
    category, _, effect, kind, words = line
    names, owners, n_bytes, objects, other = [], [], 0, None, None
    for word in filter(None, words.split('; ')):
        condition = targets.CONDITION.match(word)
        if word.startswith('of '):
            owners = owners or targets.texts_at(event.value, word[3:])
        elif word.startswith('object '):
            objects = next(iter(targets.texts_at(event.value, word[7:])), None)
            n_bytes = targets.count_at(event.value, 'additional.bytesTransferred' + ('Out' if effect == 'READ' else 'In'))
        elif word.startswith('with '):
            names = targets.with_part(event.value, names, word[5:])
        elif word.startswith('rules '):
            names = names or targets.rules_of(event.value, word[6:])
        elif condition:
            found = targets.texts_at(event.value, condition[2])
            if found and (condition[3] is None or found[0] == condition[3]):
                other = other or condition[1].upper()
        else:
            names = names or targets.texts_at(event.value, word)
    n = max(len(names), len(owners)) if names else 0
    pairs = [(names[min(i, len(names) - 1)], owners[min(i, len(owners) - 1)] if owners else None, objects, n_bytes) for i in range(n)]
    return pairs, kind, (n and other) or effect, category


# ---- what stands ----

class Things:
    """A list of all things there ever were; whatever is looked for, it is looked through."""

    def __init__(self):
        self.all = []

    def add(self, event, kind, name, of):
        thing = {'kind': kind, 'name': name, 'known': name, 'of': of, 'place': place_of(event), 'state': None, 'createdEventID': None,
                 'changedEventID': None, 'changes': 0, 'endedEventID': None, 'made': None, 'told': False,
                 'acted': event.instant}
        self.all.append(thing)
        return thing

    def find(self, event, kind, name, of, at=None):
        """What stands; with AT also what was deleted at that time."""
        of = None if kind in UNIQUE else of
        same = [thing for thing in self.all if (thing['kind'], thing['known'], thing['place']) == (kind, name, place_of(event))]
        exact = [thing for thing in same if (None if kind in UNIQUE else thing.get('owner', thing['of'])) == of]
        if not exact and of is not None:
            exact = [thing for thing in same if thing['of'] is None]
        return next((thing for thing in exact if thing['state'] in OPEN or
                     at and thing['state'] == 'deleted' and thing['ended'] == at), None)

    def of_name(self, event, kind, name):
        return [thing for thing in self.all if (thing['kind'], thing['known'], thing['place']) == (kind, name, place_of(event)) and
                thing['state'] in OPEN]

    def end_with(self, event, kind, name, state='deleted'):
        for thing in self.all:
            owner = thing['known'] if thing['kind'] in BY_NAME.get(kind, '').split() else thing.get('owner', thing['of'])
            if thing['place'] == place_of(event) and thing['state'] in OPEN and owner == name and \
                    thing['kind'] in (BY_NAME.get(kind, '') + ' ' + BY_OF.get(kind, '')).split():
                if state == 'replaced' and thing['acted'] == event.instant:
                    continue  # of one time no order is known
                end(thing, event, state)
                self.end_with(event, thing['kind'], thing['known'], state)


def place_of(event):
    return event.columns['account'], None if service_of(event) in GLOBAL else event.columns['awsRegion']


def end(thing, event, state='deleted'):
    thing['state'], thing['endedEventID'], thing['ended'] = state, event.columns['eventID'], event.instant


def replace(things, event, kind, name):
    """The name is given anew: what had it has ended, and nobody saw how."""
    thing = things.find(event, kind, name, None)
    if thing and (thing['made'] or thing['acted'] != event.instant):
        end(thing, event, 'replaced')
    things.end_with(event, kind, name, 'replaced')


def act(things, event, kind, effect, name, of, is_told):
    name_of_call = event.columns['eventName']
    touched = []
    if effect == 'CHANGE' and of is not None and kind in ('user', 'group'):
        if name == of:
            return
        replace(things, event, kind, of)
        thing = things.find(event, kind, name, None) or things.add(event, kind, name, None)
        change(thing, event, effect)
        thing['told'] = thing['told'] or is_told
        for other in things.all:
            if other['place'] != place_of(event):
                continue
            if other['kind'] == kind and other['known'] == name:
                other['known'] = of
            elif other['kind'] in BY_NAME.get(kind, '').split() and other['known'] == name:
                other['known'] = of
            elif other['kind'] in BY_OF.get(kind, '').split() and other.get('owner', other['of']) == name:
                other['owner'] = of
        thing['renamed'] = of
        return
    thing = things.find(event, kind, name, of)
    is_new = name_of_call.startswith(('Create', 'Run')) and service_of(event) + ':' + name_of_call not in MAY_FIND
    if effect == 'CREATE' and thing and not is_new:
        change(thing, event, effect)
        touched = [thing]
    elif effect == 'CREATE':
        is_before = thing and not thing['made'] and thing['acted'] == event.instant
        if thing and not is_before:
            end(thing, event, 'replaced')
        if is_new:
            things.end_with(event, kind, name, 'replaced')
        if not is_before:
            thing = things.add(event, kind, name, of)
        thing['state'] = 'inactive' if thing['state'] == 'inactive' else 'standing'
        thing['createdEventID'], thing['made'] = event.columns['eventID'], event
        touched = [thing]
    elif effect == 'DELETE':
        touched = [thing] if thing else things.of_name(event, kind, name) if of is None else []
        # with its owner, in the same moment; else it was there before the evidence
        gone = None if touched else things.find(event, kind, name, of, event.instant)
        touched = touched or [gone or things.add(event, kind, name, of)]
        for thing in touched:
            if thing is not gone:
                end(thing, event)
        things.end_with(event, kind, name)
    else:
        thing = thing or things.add(event, kind, name, of)
        change(thing, event, effect)
        touched = [thing]
    for thing in touched:
        thing['told'] = thing['told'] or is_told


def change(thing, event, effect):
    thing['changedEventID'] = event.columns['eventID']
    thing['changes'] += 1
    thing['acted'] = event.instant
    if effect == 'STOP':
        thing['state'] = 'inactive'
    elif thing['state'] != 'inactive' or effect == 'START':
        thing['state'] = 'standing' if thing['made'] else 'changed'


def standing(events, is_ours=lambda event: True):
    """Rows of `spoor standing` without subjects: kind name of state createdEventID changedEventID changes endedEventID."""
    things = Things()
    for event in filter(succeeded, events):
        if event.columns['eventName'] in ('GetSessionToken', 'GetFederationToken') and service_of(event) == 'sts':
            key = targets.text_of(at_path(event.value, 'responseElements.credentials.accessKeyId'))
            if key:
                act(things, event, 'temporary-credentials', 'CREATE', key, event.columns['userIdentity.userName'], is_ours(event))
                things.all[-1]['lasts'] = SESSION
            continue
        pairs, kind, effect, category = pairs_of(event)
        if kind == 'object' or effect not in ('CREATE', 'CHANGE', 'DELETE', 'STOP', 'START'):
            continue
        for name, of, _, _ in pairs:
            act(things, event, kind, effect, name, of, category != 'NONE' and is_ours(event))
    for thing in things.all:
        if 'lasts' in thing and thing['state'] == 'standing' and not is_after(events[-1], thing['made'], SESSION - 1):
            thing['state'] = 'expired'
    columns = ('kind', 'name', 'of', 'state', 'createdEventID', 'changes', 'changedEventID', 'endedEventID')
    return [{**{column: thing[column] for column in columns}, 'of': thing.get('renamed', thing['of'])} for thing in things.all if thing['told']]


# ---- what was taken ----

def taken(events):
    rows = {}
    for event in events:
        pairs, kind, _, _ = pairs_of(event)
        line = targets.line_of(event.value)
        if not pairs or line[2] != 'READ':
            continue
        for name, _, key, n_bytes in pairs:
            columns = event.columns
            place = ('bucket' if kind == 'object' else kind, name, columns['account'], columns['principal'], columns['userIdentity.accessKeyId'])
            row = rows.setdefault(place, {'reads': [], 'objects': set(), 'bytes': 0, 'denied': 0})
            if not succeeded(event):
                row['denied'] += 1
                continue
            row['reads'].append(event)
            row['bytes'] += n_bytes
            row['objects'] |= {key} - {None}
    found = [(place, row) for place, row in rows.items() if row['reads']]
    place_in = {id(event): i for i, event in enumerate(events)}
    found.sort(key=lambda item: (place_in[id(item[1]['reads'][0])], item[0][1].encode('utf-8', 'surrogatepass'), item[0][0]))
    return [{'kind': place[0], 'name': place[1], 'account': place[2], 'reads': len(row['reads']), 'objects': len(row['objects']),
             'bytes': row['bytes'], 'denied': row['denied'], 'firstTime': row['reads'][0].columns['eventTime'],
             'firstEventID': row['reads'][0].columns['eventID'], 'lastTime': row['reads'][-1].columns['eventTime'],
             'lastEventID': row['reads'][-1].columns['eventID'], 'principal': place[3], 'userIdentity.accessKeyId': place[4]}
            for place, row in found]


# ---- the checklist ----

def checklist(events):
    with open(QUESTIONS, encoding='utf-8') as file:
        asked = ASK.findall(file.read())
    return [answer(events, *question) for question in asked]


def is_root(event):
    return event.columns['userIdentity.type'] == 'Root' and not at_path(event.value, 'userIdentity.invokedBy')


def asked_before(events):
    """For each event, by its place: did its key ask who it is in the hour before?"""
    last, found = {}, []
    at = {(event.columns['userIdentity.accessKeyId'], event.instant) for event in events
          if event.columns['eventName'] == 'GetCallerIdentity'}
    for event in events:
        key = event.columns['userIdentity.accessKeyId']
        found.append(bool(key) and (key in last and is_after(event, last[key], HOUR) or (key, event.instant) in at))
        if key and event.columns['eventName'] == 'GetCallerIdentity':
            last[key] = event
    return found


def answer(events, name, calls, flags, question):
    flags = set(flags.split(' | '))
    words = [word.split(':') for word in calls.split()]
    asked = asked_before(events) if 'AFTER' in flags else None
    counted = []
    for i, event in enumerate(events):
        columns = event.columns
        if not any(fnmatchcase(service_of(event), service) and fnmatchcase(columns['eventName'] or '', call) for service, call in words):
            continue
        kind = columns['userIdentity.type']
        if ('ROOT' in flags and not is_root(event)) or ('PERSON' in flags and kind == 'AWSService') or \
                ('AFTER' in flags and not asked[i]) or ('FAILED' in flags and succeeded(event)) or \
                ('WORLD' in flags and not any(pair[0].endswith('/0') for pair in pairs_of(event)[0])) or \
                ('MFA' in flags and not (succeeded(event) and (kind == 'IAMUser' or is_root(event)) and
                                         at_path(event.value, 'additionalEventData.MFAUsed') == 'No')):
            continue
        counted.append(event)
    done = [event for event in counted if succeeded(event)]
    shown = counted if flags & {'ANY', 'FAILED'} or not done else done
    principals = sorted({event.columns['principal'] for event in counted} - {None, ''}, key=lambda text: text.encode('utf-8', 'surrogatepass'))
    return {'name': name, 'question': question, 'answer': 'yes' if done or (counted and flags & {'ANY', 'FAILED'}) else 'no',
            'events': len(counted), 'succeeded': len(done),
            'firstTime': shown[0].columns['eventTime'] if shown else None, 'firstEventID': shown[0].columns['eventID'] if shown else None,
            'lastTime': shown[-1].columns['eventTime'] if shown else None, 'lastEventID': shown[-1].columns['eventID'] if shown else None,
            'principalCount': len(principals), 'principals': ' '.join(principals[:20]) or None,
            'evidence': ' '.join(event.columns['eventID'] for event in shown[:100] if event.columns['eventID']) or None}
