"""What `spoor profile --format json` prints, but for its hops, with plain loops over all events."""
import ipaddress
import re

import targets
from event import text_at
from naive import UNITS, address_of, matches_ip, tests_of  # noqa: F401

FIELDS = ('category', 'technique', 'effect', 'kind', 'names')
PREFIXES = ('key', 'ip', 'user', 'role', 'principal', 'session', 'instance')
PAUSE = 15 * 60 * 10**9
LOOKS = ('List', 'Get', 'Describe')
SUFFIX = '.amazonaws.com'


class Catalogue:
    def __init__(self):
        self.calls = {key: dict(zip(FIELDS, line), event=key[1]) for key, line in targets.CALLS.items()}
        self.stars = [key for key in self.calls if key[1].endswith('*')]

    def find(self, service, event):
        service, event = (service or '').removesuffix(SUFFIX), event or ''
        if (service, event) in self.calls and not event.endswith('*'):
            return self.calls[service, event]
        stars = [key for key in self.stars if key[0] == service and event.startswith(key[1][:-1])]
        return self.calls[max(stars, key=lambda key: len(key[1]))] if stars else None


class Acts:
    """What a record acts on: [(name, of)], its effect, bytes, and the key of an object."""
    def __init__(self, record, known):
        self.targets, self.n_bytes, self.object, names, owners = [], 0, None, [], []
        self.effect = known['effect'].lower() if known else 'none'
        self.kind = known['kind'] if known else ''
        if known and known['event'].endswith('*'):
            known = None
        other = None
        for word in filter(None, known['names'].split('; ')) if known else ():
            condition = targets.CONDITION.match(word)
            if word.startswith('of '):
                owners = owners or targets.texts_at(record, word[3:])
            elif word.startswith('object '):
                self.object = next(iter(targets.texts_at(record, word[7:])), None)
                way = 'Out' if known['effect'] == 'READ' else 'In'
                self.n_bytes = targets.count_at(record, 'additional.bytesTransferred' + way)
            elif word.startswith('rules '):
                names = names or targets.rules_of(record, word[6:])
            elif condition:
                found = targets.texts_at(record, condition[2])
                if found and (condition[3] is None or found[0] == condition[3]):
                    other = other or condition[1]
            else:
                names = names or targets.texts_at(record, word)
        for i in range(max(len(names), len(owners))):
            self.targets.append((names[min(i, len(names) - 1)] if names else None,
                                 owners[min(i, len(owners) - 1)] if owners else None))
        if self.targets:
            self.effect = other or self.effect
        else:
            self.targets, self.n_bytes, self.object = [(None, None)], 0, None


# ---- which events ----

def session_of(event):
    _, colon, name = (text_at(event.value, 'userIdentity.principalId') or '').partition(':')
    return name if colon and name else None


def is_of(kind, text, event):
    """Was EVENT done with what TEXT names, taken as KIND?"""
    columns, role = event.columns, event.columns['role'] == text
    federated = columns['userIdentity.type'] == 'FederatedUser'
    arn, name = columns['userIdentity.arn'] == text, columns['userIdentity.userName'] == text
    principal = columns['principal'] == text
    if kind == 'key':
        return columns['userIdentity.accessKeyId'] == text
    if kind == 'ip':
        return bool(columns['sourceIPAddress']) and matches_ip(text, columns['sourceIPAddress'])
    if kind == 'name':
        return name or role
    if kind == 'user':
        return name or arn or (role and federated)
    if kind == 'role':
        return arn or principal or (role and not federated)
    if kind == 'principal':
        return principal or text_at(event.value, 'userIdentity.principalId') == text
    if kind == 'session':
        return arn or session_of(event) == text
    if kind == 'instance':
        return session_of(event) == text
    return arn or principal


def what_of(events, what):
    """(kind, text): by the prefix, the form, then what the evidence has."""
    prefix, colon, rest = what.partition(':')
    if colon and prefix in PREFIXES and rest:
        return prefix, rest
    if what.startswith('arn:'):
        return 'arn', what
    if '/' in what:
        return 'ip', what
    order = ['key', 'ip', *(['instance'] if what.startswith('i-') else []), 'name', 'session', 'principal']
    for kind in order:
        literal = any(event.columns['sourceIPAddress'] == what for event in events)
        if kind == 'ip' and literal or kind != 'ip' and any(is_of(kind, what, event) for event in events):
            return kind, what
    if re.fullmatch('(AKIA|ASIA)[A-Z0-9]{12,}', what):
        return 'key', what
    if address_of(what):
        return 'ip', what
    if re.fullmatch('i-[0-9a-f]{8,}', what):
        return 'instance', what
    return 'name', what


# ---- rows ----

def use(group):
    first, last = group[0].columns, group[-1].columns
    return {'firstTime': first['eventTime'], 'firstEventID': first['eventID'],
            'lastTime': last['eventTime'], 'lastEventID': last['eventID']}


def counts(group, total='events'):
    outcomes = [event.columns['outcome'] for event in group]
    return {total: len(group), 'success': outcomes.count('success'), 'denied': outcomes.count('denied'),
            'failure': outcomes.count('failure')}


def groups_by(events, key):
    """In order of first use; None is no group."""
    groups = {}
    for event in events:
        value = key(event)
        if value is not None:
            groups.setdefault(value, []).append(event)
    return groups


def column(name):
    return lambda event: event.columns[name] or None


def network_of(event):
    address = address_of(event.columns['sourceIPAddress'] or '')
    if address is None:
        return None
    return str(ipaddress.ip_network((address.packed, 24 if address.version == 4 else 48), strict=False))


def call_of(event):
    name = event.columns['eventName']
    return (event.columns['eventSource'] or None, name) if name else None


def call_text(call):
    return f'{call[0].removesuffix(SUFFIX)}:{call[1]}' if call[0] else call[1]


def principal_of(event):
    columns = event.columns
    return (columns['principal'], columns['userIdentity.type'] or None, columns['user'] or None,
            text_at(event.value, 'userIdentity.accountId') or None) if columns['principal'] else None


def read_only_of(group):
    values = {event.columns['readOnly'] for event in group}
    return False if False in values else True if values == {True} else None


class Profile:
    def __init__(self, case, options, what, catalogue):
        self.catalogue = catalogue
        self.kind, self.text = what_of(case.events, what)
        tests = tests_of(options, case.events)
        self.events = [event for event in case.events if is_of(self.kind, self.text, event) and
                       all(test(event) for test in tests)]
        self.is_name_of = {kind: any(is_of('name', self.text, event) and
                                     event.columns[column_] == self.text for event in case.events)
                           for kind, column_ in (('user', 'userIdentity.userName'), ('role', 'role'))}

    def form(self):
        if self.kind == 'name':
            if self.is_name_of['user'] == self.is_name_of['role']:
                return 'user or role'
            return 'user' if self.is_name_of['user'] else 'role'
        return 'block' if self.kind == 'ip' and '/' in self.text else self.kind

    def meaning(self, call):
        known = self.catalogue.find(*call)
        category = known and known['category'] != 'NONE' and known['category'].lower().replace('_', '-') or None
        return {'category': category, 'technique': known and known['technique'] or None}

    def is_write(self, event):
        if event.columns['readOnly'] is None:
            known = self.catalogue.find(event.columns['eventSource'], event.columns['eventName'])
            return known is not None and known['effect'] not in ('NONE', 'READ', 'USE')
        return event.columns['readOnly'] is False

    def is_look(self, event):
        if event.columns['eventName'] == 'GetCallerIdentity':
            return True
        if self.is_write(event):
            return False
        known = self.catalogue.find(event.columns['eventSource'], event.columns['eventName'])
        if known:
            return known['category'] == 'RECONNAISSANCE'
        return (event.columns['eventName'] or '').startswith(LOOKS)

    def page(self):
        values = {'addresses': column('sourceIPAddress'), 'networks': network_of, 'userAgents': column('userAgent'),
                  'regions': column('awsRegion'), 'accounts': column('account'), 'services': column('eventSource'),
                  'calls': call_of, 'keys': column('userIdentity.accessKeyId'), 'principals': principal_of}
        self.groups = {name: groups_by(self.events, key) for name, key in values.items()}
        page = {'subject': self.subject()}
        for name, groups in self.groups.items():
            page[name] = [self.value_row(name, value, group) for value, group in groups.items()]
        days = groups_by(self.events, lambda event: event.columns['eventTime'][:10])
        page['days'] = [{'date': day} | counts(group) for day, group in days.items()]
        page['writes'] = self.writes()
        page['reconnaissance'] = self.runs()
        page['read'] = self.reads()
        page['made'] = self.made()
        page['news'] = self.news()
        return page

    def value_row(self, name, value, group):
        row = {'value': value}
        if name == 'networks':
            row['addresses'] = len({event.columns['sourceIPAddress'] for event in group})
        if name == 'calls':
            row = {'value': call_text(value), 'eventSource': value[0], 'eventName': value[1],
                   'readOnly': read_only_of(group)} | self.meaning(value)
        if name == 'principals':
            row = dict(zip(('value', 'type', 'name', 'account'), value))
        return row | use(group) | counts(group)

    def subject(self):
        principals = list(self.groups['principals'])

        def common(place):
            found = {principal[place] for principal in principals}
            return found.pop() if len(found) == 1 else None

        arns = {event.columns['userIdentity.arn'] for event in self.events} - {None, ''}
        row = {'what': self.text, 'form': self.form(), 'type': common(1), 'name': common(2), 'principal': common(0),
               'account': common(3), 'sessions': len(arns), 'keys': len(self.groups['keys']),
               'addresses': len(self.groups['addresses'])} | counts(self.events)
        for end, event in (('first', self.events[:1]), ('last', self.events[-1:])):
            columns = event[0].columns if event else {}
            row |= {f'{end}Time': columns.get('eventTime'), f'{end}EventID': columns.get('eventID'),
                    f'{end}EventSource': columns.get('eventSource') or None,
                    f'{end}EventName': columns.get('eventName') or None,
                    f'{end}SourceIPAddress': columns.get('sourceIPAddress')}
        return row

    def acts(self):
        """(event, Acts, (name, of)) of what succeeded."""
        for event in self.events:
            if event.columns['outcome'] == 'success':
                known = self.catalogue.find(event.columns['eventSource'], event.columns['eventName'])
                acts = Acts(event.value, known)
                for target in acts.targets:
                    yield event, acts, target

    def writes(self):
        groups = {}
        for event, acts, target in self.acts():
            if self.is_write(event):
                call = event.columns['eventSource'] or None, event.columns['eventName'] or None
                groups.setdefault((call, acts.kind, target), []).append(event)
        return [{'value': call_text(call) if call[1] else None, 'eventSource': call[0], 'eventName': call[1],
                 'kind': kind or None, 'target': target[0], 'of': target[1]} |
                self.meaning(call) | use(group) | {'events': len(group)} for (call, kind, target), group in groups.items()]

    def reads(self):
        groups = {}
        for event, acts, target in self.acts():
            if acts.effect in ('read', 'use'):
                kind = 'bucket' if acts.kind == 'object' and acts.effect == 'read' else acts.kind
                groups.setdefault((acts.effect, kind, target[0]), []).append((event, acts))
        return [{'effect': effect, 'kind': kind, 'name': name, 'reads': len(group),
                 'objects': len({acts.object for _, acts in group} - {None}),
                 'bytes': sum(acts.n_bytes for _, acts in group)} | use([event for event, _ in group])
                for (effect, kind, name), group in groups.items()]

    def made(self):
        groups = {}
        for event, acts, target in self.acts():
            if acts.effect not in ('none', 'read', 'use'):
                groups.setdefault((acts.effect, acts.kind, *target), []).append(event)
        return [{'effect': effect, 'kind': kind, 'name': name, 'of': of, 'events': len(group)} | use(group)
                for (effect, kind, name, of), group in groups.items()]

    def runs(self):
        open_runs, runs = {}, []
        for event in self.events:
            if not self.is_look(event):
                continue
            columns = event.columns
            credential = next(((name, columns[name]) for name in
                               ('userIdentity.accessKeyId', 'userIdentity.arn', 'principal') if columns[name]),
                              repr(text_at(event.value, 'userIdentity.type')))
            run = open_runs.get(credential)
            if run:
                last = run[-1].instant
                pause = (event.instant[0] - last[0]) * 10**9 + event.instant[1] - last[1]
                if pause > PAUSE:
                    run = None
            if run is None:
                if columns['eventName'] != 'GetCallerIdentity':
                    open_runs.pop(credential, None)
                    continue
                run = []
                runs.append(run)
            run.append(event)
            open_runs[credential] = run
        return [self.run_row(run) for run in runs
                if any(event.columns['eventName'] != 'GetCallerIdentity' for event in run)]

    @staticmethod
    def run_row(run):
        def distinct(name):
            return list(dict.fromkeys(event.columns[name] for event in run if event.columns[name]))

        first = run[0].columns
        return use(run) | counts(run, 'calls') | {
            'eventNames': len(distinct('eventName')), 'regions': len(distinct('awsRegion')),
            'addresses': len(distinct('sourceIPAddress')), 'sourceIPAddress': first['sourceIPAddress'],
            'userIdentity.accessKeyId': first['userIdentity.accessKeyId'] or None,
            'principal': first['principal'] or None, 'names': ' '.join(distinct('eventName'))}

    def news(self):
        names = {'addresses': 'address', 'networks': 'network', 'userAgents': 'userAgent', 'regions': 'region',
                 'accounts': 'account', 'services': 'service', 'calls': 'call', 'keys': 'key'}
        rows = []
        for place, (section, name) in enumerate(names.items()):
            for value, group in self.groups[section].items():
                first = group[0].columns
                temporary = section == 'keys' and value.startswith('ASIA')
                if temporary or first['eventTime'][:10] == self.events[0].columns['eventTime'][:10]:
                    continue
                rows.append((self.events.index(group[0]), place, {
                    'date': first['eventTime'][:10], 'of': name,
                    'value': call_text(value) if section == 'calls' else value,
                    'firstTime': first['eventTime'], 'firstEventID': first['eventID'], 'events': len(group)}))
        return [row for _, _, row in sorted(rows, key=lambda row: row[:2])]
