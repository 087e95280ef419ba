#!/usr/bin/env python3
"""The naive reference: what spoor answers, computed with plain loops over whole files.

    naive.py info SOURCE...
    naive.py timeline [selection] [--columns A,B] [--limit N] SOURCE...
    naive.py first-use|top --by DIM[,DIM...] [selection] [--since TIME] [--limit N] SOURCE...

Prints what `spoor --format jsonl` (info: `--format json`) prints, and exits with the same status.
Written from the contract alone and another way than the program: nothing is indexed, every
query looks at every event.
"""
import argparse
import ipaddress
import json
import os
import re
import sys
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import evidence as reading  # noqa: E402
import targets  # noqa: E402
from event import COLUMNS, DIMENSIONS, Event, event_of, instant_of, is_apart, print_instant, text_of, text_at  # noqa: E402
import where  # noqa: E402

EXIT_USAGE, EXIT_DAMAGED = 2, 3
TEXT_OPTIONS = {
    'key': 'userIdentity.accessKeyId', 'user': 'user', 'role': 'role', 'principal': 'principal',
    'session': 'userIdentity.arn', 'event': 'eventName', 'region': 'awsRegion', 'account': 'account',
    'type': 'userIdentity.type', 'error': 'errorCode', 'ua': 'userAgent', 'outcome': 'outcome',
    'id': 'eventID',
}
UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}
# Written as \uXXXX, so that no terminal acts on them and no reader is misled by what cannot be seen.
UNSAFE = re.compile('[\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]')


class Usage(Exception):
    pass


# ---- evidence to events ----

class Case(NamedTuple):
    events: list
    duplicates: int
    conflicts: int
    rejected: int
    files: int
    damaged: list
    ignored: list
    names: list  # of logs
    shipper_time: int


def load(sources):
    """Reads SOURCES; what a case file would hold."""
    raw = reading.read(sources)
    events, rejected, shipper_time = [], raw.n_lost, 0
    for found in raw.found:
        if is_apart(found.value):
            raw.ignored.append(reading.Fault(found.file, found.offset, 'no call'))
            continue
        event = event_of(found)
        if isinstance(event, Event):
            events.append(event)
            shipper_time += 'eventTime' not in found.value or text_of(found.value['eventTime']) is None
        else:
            rejected += 1
            raw.damaged.append(reading.Fault(found.file, found.offset, event))
    kept, conflicts = without_duplicates(events)
    kept.sort(key=place)
    return Case(kept, len(events) - len(kept), conflicts, rejected, raw.n_files,
                sorted(raw.damaged), sorted(raw.ignored), raw.names, shipper_time)


def without_duplicates(events):
    """One event for each eventID, the one whose file, then number, sorts first; how many differ."""
    kept, groups = [], {}
    for event in events:
        event_id = event.columns['eventID']
        if event_id:
            groups.setdefault(event_id, []).append(event)
        else:
            kept.append(event)
    conflicts = 0
    for group in groups.values():
        kept.append(min(group, key=lambda event: (event.file, event.number)))
        conflicts += any(event.value != group[0].value for event in group)
    return kept, conflicts


def place(event):
    """Where an event stands in every timeline. Absent sorts before the empty text."""
    event_id = event.columns['eventID']
    return event.instant, event_id is not None, event_id or '', event.file, event.number


# ---- selection ----

def matches(pattern, text):
    """The whole TEXT against * and ?; everything else stands for itself."""
    parts = {'*': '.*', '?': '.'}
    expression = ''.join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def address_of(text):
    try:
        return None if '%' in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def matches_ip(pattern, text):
    if '/' not in pattern:
        return matches(pattern, text)
    address, block = address_of(text), ipaddress.ip_network(pattern, strict=False)
    return address is not None and address.version == block.version and address in block


def matches_service(pattern, text):
    return matches(pattern, text) or matches(pattern + '.amazonaws.com', text)


def time_option(text):
    if re.fullmatch(r'\d{4}-\d\d-\d\d', text, re.ASCII):
        text += 'T00:00:00Z'
    instant = instant_of(text)
    if instant is None:
        raise Usage(f'{text} is neither a time nor a date')
    return instant


def check_options(options):
    if options.read and options.write:
        raise Usage('--read and --write exclude each other')
    for pattern in options.ip or []:
        try:
            '/' in pattern and ipaddress.ip_network(pattern, strict=False)
        except ValueError as error:
            raise Usage(str(error))
    for outcome in options.outcome or []:
        if outcome not in ('success', 'denied', 'failure'):
            raise Usage(f'{outcome} is no outcome')
    if options.last and not re.fullmatch(r'\d+[smhdw]', options.last, re.ASCII):
        raise Usage(f'{options.last} is no duration')


def tests_of(options, events):
    """A list of functions: an event is selected where all of them are true of it."""
    def any_of(column, patterns, match):
        def test(event):
            text = event.columns[column]
            # an empty value takes no part, not even under *
            return bool(text) and any(match(pattern, text) for pattern in patterns)
        return test

    tests = [any_of(column, getattr(options, option), matches)
             for option, column in TEXT_OPTIONS.items() if getattr(options, option)]
    if options.ip:
        tests.append(any_of('sourceIPAddress', options.ip, matches_ip))
    if options.service:
        tests.append(any_of('eventSource', options.service, matches_service))
    if options.read or options.write:
        tests.append(lambda event: event.columns['readOnly'] is options.read)
    if options.from_:
        start = time_option(options.from_)
        tests.append(lambda event: event.instant >= start)
    if options.to:
        end = time_option(options.to)
        tests.append(lambda event: event.instant < end)
    tests += [where.parse(text) for text in options.where or []]
    if options.last and events:
        seconds, nanoseconds = events[-1].instant
        back = (seconds - int(options.last[:-1]) * UNITS[options.last[-1]], nanoseconds)
        tests.append(lambda event: event.instant >= back)
    return tests


def selected(case, options):
    tests = tests_of(options, case.events)
    return [event for event in case.events if all(test(event) for test in tests)]


# ---- answers: lists of dicts, columns in order ----

def info(case):
    def faults(list_of):
        return [{'file': fault.file.decode('utf-8', 'replace'), 'offset': fault.offset, 'reason': fault.reason}
                for fault in list_of]

    def values(column):
        return sorted({event.columns[column] for event in case.events} - {None, ''})

    return {
        'events': len(case.events), 'duplicates': case.duplicates, 'conflicts': case.conflicts,
        'rejected': case.rejected, 'files': case.files, 'shipperTime': case.shipper_time,
        'damaged': faults(case.damaged), 'ignored': faults(case.ignored),
        'firstTime': print_instant(case.events[0].instant) if case.events else None,
        'lastTime': print_instant(case.events[-1].instant) if case.events else None,
        'accounts': values('account'), 'regions': values('awsRegion'),
    }


def cell(event, column):
    if column in COLUMNS:
        return event.columns[column]
    if column in targets.COLUMNS:
        return targets.acts_of(event.value)[column]
    return text_at(event.value, column)


def timeline(case, options):
    columns = options.columns.split(',') if options.columns else COLUMNS
    return [{column: cell(event, column) for column in columns} for event in selected(case, options)]


def values_of(case, options, by_events):
    dimensions = options.by.split(',')
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise Usage(f'{dimension} is no dimension')
    groups = {}
    for event in selected(case, options):
        values = tuple(event.columns[DIMENSIONS[dimension]] for dimension in dimensions)
        if all(values):
            groups.setdefault(values, []).append(event)
    if options.since:
        since = time_option(options.since)
        groups = {values: group for values, group in groups.items() if group[0].instant >= since}

    def order(item):
        values, group = item
        return (-len(group) if by_events else group[0].instant), values
    return [value_row(dimensions, values, group) for values, group in sorted(groups.items(), key=order)]


def value_row(dimensions, values, group):
    """GROUP is in the order of the timeline, so its ends are the first and the last use."""
    first, last = group[0].columns, group[-1].columns
    outcomes = [event.columns['outcome'] for event in group]
    return dict(zip(dimensions, values)) | {
        'firstTime': first['eventTime'], 'firstEventID': first['eventID'],
        'firstEventName': first['eventName'], 'firstSourceIPAddress': first['sourceIPAddress'],
        'lastTime': last['eventTime'], 'lastEventID': last['eventID'], 'events': len(group),
        'denied': outcomes.count('denied'), 'failed': outcomes.count('failure'),
    }


def answer(case, options):
    """The rows of a parsed command line."""
    check_options(options)
    if options.command == 'info':
        return [info(case)]
    if options.command == 'timeline':
        rows = timeline(case, options)
    else:
        rows = values_of(case, options, options.command == 'top')
        if options.columns:
            rows = [{column: row[column] for column in options.columns.split(',')} for row in rows]
    return rows if options.limit is None else rows[:options.limit]


# ---- command line ----

def parser():
    result = argparse.ArgumentParser(prog='naive.py', allow_abbrev=False)
    commands = result.add_subparsers(dest='command', required=True)
    for name in ('info', 'timeline', 'first-use', 'top'):
        command = commands.add_parser(name, allow_abbrev=False)
        command.add_argument('sources', nargs='+')
        command.add_argument('--limit', type=int)
        command.add_argument('--columns')
        command.add_argument('--since')
        if name in ('first-use', 'top'):
            command.add_argument('--by', required=True)
        for option in (*TEXT_OPTIONS, 'ip', 'service'):
            command.add_argument('--' + option, action='append')
        command.add_argument('--read', action='store_true')
        command.add_argument('--write', action='store_true')
        command.add_argument('--from', dest='from_')
        command.add_argument('--to')
        command.add_argument('--last')
        command.add_argument('--where', action='append')
    return result


def options_of(arguments):
    return parser().parse_args(arguments)


def print_row(row):
    text = json.dumps(row, ensure_ascii=False, separators=(',', ':'))
    print(UNSAFE.sub(lambda found: re.sub('....', r'\\u\g<0>', found[0].encode('utf-16-be').hex()), text))


def main():
    sys.stdout.reconfigure(encoding='utf-8')
    options = options_of(sys.argv[1:])
    try:
        check_options(options)
        case = load(options.sources)
        for row in answer(case, options):
            print_row(row)
    except (Usage, OSError) as error:
        print(f'naive.py: {error}', file=sys.stderr)
        return EXIT_USAGE
    for fault in case.damaged:
        print(f'naive.py: {os.fsdecode(fault.file)}: byte {fault.offset}: {fault.reason}', file=sys.stderr)
    return EXIT_DAMAGED if case.damaged else 0


if __name__ == '__main__':
    sys.exit(main())
