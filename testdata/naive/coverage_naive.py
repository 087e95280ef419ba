"""What the evidence covers, and where it is silent, the naive way: lists of times, and plain loops.

Written from the README. days(case) and gaps(case) are the rows of `spoor info --coverage` and `--gaps`.
"""
import calendar
import re
import time
from datetime import datetime, timezone

from event import print_instant

HOUR, DAY = 3600, 86400
WEEK = 7 * DAY
NAME = re.compile(rb'(?:.*[/!])?(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4}Z)_([A-Za-z0-9]{16})(?![A-Za-z0-9])[^/!]*',
                  re.DOTALL)
SWITCHES = {
    'cloudtrail.amazonaws.com': {
        'StopLogging': 'stopped', 'DeleteTrail': 'stopped', 'StopEventDataStoreIngestion': 'stopped',
        'DeleteEventDataStore': 'stopped', 'UpdateTrail': 'changed', 'PutEventSelectors': 'changed',
        'UpdateEventDataStore': 'changed', 'StartLogging': 'started', 'StartEventDataStoreIngestion': 'started',
        'RestoreEventDataStore': 'started'},
    'organizations.amazonaws.com': {
        'LeaveOrganization': 'stopped', 'RemoveAccountFromOrganization': 'stopped', 'DeleteOrganization': 'stopped',
        'DisableAWSServiceAccess': 'changed'},
}


def deliveries(case):
    """{(account, region): {(seconds, unique part)}}; a name counts once however often it stands there."""
    found = {}
    for name in case.names:
        match = NAME.fullmatch(name)
        if not match:
            continue
        try:
            moment = calendar.timegm(time.strptime(match[3].decode(), '%Y%m%dT%H%MZ'))
        except ValueError:
            continue
        found.setdefault((match[1].decode(), match[2].decode()), set()).add((moment, match[4]))
    return found


def series_of(event):
    return event.columns['account'] or None, event.columns['awsRegion'] or None


def event_days(case):
    """{(account, region): {day: events}}"""
    found = {}
    for event in case.events:
        of = found.setdefault(series_of(event), {})
        day = event.instant[0] // DAY
        of[day] = of.get(day, 0) + 1
    return found


def order(series):
    """Absent first; texts by their bytes."""
    return tuple((text or '').encode('utf-8', 'surrogateescape') for text in series)


def days(case):
    events, files = event_days(case), deliveries(case)
    rows = []
    for series in sorted(events.keys() | files.keys(), key=order):
        on_day = {}
        for moment, _ in files.get(series, ()):
            on_day[moment // DAY] = on_day.get(moment // DAY, 0) + 1
        for day in sorted(events.get(series, {}).keys() | on_day.keys()):
            rows.append({'account': series[0], 'region': series[1], 'date': print_instant((day * DAY, 0))[:10],
                         'events': events.get(series, {}).get(day, 0), 'files': on_day.get(day, 0)})
    return rows


def pauses_of(times):
    return [(a, b) for a, b in zip(times, times[1:])]


def longest_usual(times, period):
    """The longest pause of each period, of those that begin in it; what four of five do not exceed, or None."""
    longest = {}
    for a, b in pauses_of(times):
        at = (a - times[0]) // period
        longest[at] = max(longest.get(at, 0), b - a)
    n_periods = (times[-1] - times[0]) // period + 1
    if len(longest) < 3 or len(longest) * 2 < n_periods:
        return None
    return sorted(longest.values())[4 * (len(longest) - 1) // 5]


def median(times):
    return sorted(b - a for a, b in pauses_of(times))[(len(times) - 1) // 2]


def delivery_gaps(times, last):
    if len(times) < 2:
        return
    by_weeks = times[-1] - times[0] >= 4 * WEEK
    usual = longest_usual(times, WEEK if by_weeks else DAY)
    if not usual:
        return
    least = max(HOUR, usual * (3 if by_weeks else 5))
    for a, b in pauses_of(times):
        if b - a >= least:
            yield 'no-delivery', a, b, median(times), usual
    if last - times[-1] >= least:
        yield 'delivery-ended', times[-1], last, median(times), usual


def event_gaps(on_day):
    times = [day * DAY for day in sorted(on_day)]
    if len(times) < 2:
        return
    often = sorted(on_day.values())[(len(times) - 1) // 5]
    span = times[-1] - times[0] + DAY
    usual = longest_usual(times, WEEK)
    for a, b in pauses_of(times):
        if span >= 3 * WEEK:
            told = usual is not None and b - a >= 2 * usual
        else:
            others = (span - (b - a)) // DAY + 1
            told = b - a > DAY and len(times) >= 7 and len(times) * 7 > others * 6 and any(
                day + shift in times for day in range(a + DAY, b, DAY) for shift in (-WEEK, WEEK))
        if told and ((b - a) // DAY - 1) * often >= 10:
            yield 'no-events', a + DAY, b, median(times), usual if span >= 3 * WEEK else DAY


def silences(case):
    """(from, to, series, kind, median, longest usual), in seconds."""
    events, files = event_days(case), deliveries(case)
    last = max((moment for of in files.values() for moment, _ in of), default=0)
    found = []
    for series in events.keys() | files.keys():
        missing = list(delivery_gaps(sorted({moment for moment, _ in files.get(series, ())}), last))
        days_missing = event_gaps(events.get(series, {}))
        missing += [gap for gap in list(days_missing) if not any(a < gap[2] and b > gap[1] for _, a, b, _, _ in missing)]
        found += [(a, b, series, kind, usual, longest) for kind, a, b, usual, longest in missing]
    return found


def moment(seconds):
    return print_instant((seconds, 0))


def span(seconds):
    """The two largest units."""
    units = [('d', DAY), ('h', HOUR), ('m', 60), ('s', 1)]
    at = next((i for i, (_, size) in enumerate(units) if seconds >= size), 3)
    parts = []
    for letter, size in units[at:at + 2]:
        if seconds // size or not parts:
            parts.append(f'{seconds // size}{letter}')
        seconds %= size
    return ' '.join(parts)


EMPTY = dict.fromkeys(['kind', 'account', 'region', 'from', 'to', 'seconds', 'usualSeconds', 'longestUsualSeconds',
                       'eventName', 'principal', 'userIdentity.accessKeyId', 'sourceIPAddress', 'outcome', 'eventID',
                       'lasted', 'usual', 'longestUsual'])


def gaps(case):
    rows = []
    kinds = ['no-delivery', 'delivery-ended', 'no-events']
    for a, b, series, kind, usual, longest in silences(case):
        row = EMPTY | {'kind': kind, 'account': series[0], 'region': series[1], 'from': moment(a), 'to': moment(b),
                       'seconds': b - a, 'usualSeconds': usual, 'longestUsualSeconds': longest, 'lasted': span(b - a),
                       'usual': span(usual), 'longestUsual': span(longest)}
        rows.append((((a, 0), (b, 0), 0, order(series), kinds.index(kind)), row))
    for i, event in enumerate(case.events):
        columns = event.columns
        kind = SWITCHES.get(columns['eventSource'], {}).get(columns['eventName'])
        if kind:
            row = EMPTY | {'kind': 'logging-' + kind, 'account': series_of(event)[0], 'region': series_of(event)[1],
                           'from': columns['eventTime'], 'eventName': columns['eventName']}
            for column in ('principal', 'userIdentity.accessKeyId', 'sourceIPAddress', 'outcome', 'eventID'):
                row[column] = columns[column] or (columns[column] if column == 'eventID' else None)
            rows.append(((event.instant, event.instant, 1, i), row))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def instant(text):
    return datetime.fromisoformat(text.replace('Z', '+00:00')).astimezone(timezone.utc)


def is_loss(row):
    return row['to'] is not None or (row['kind'] == 'logging-stopped' and row['outcome'] == 'success')


def heard_again(row, coverage):
    """When what stopped logging is over: on the first later day with events of its account and region, or None."""
    dates = [day['date'] for day in coverage if day['events'] and day['date'] > row['from'][:10] and
             (day['account'], day['region']) == (row['account'], row['region'])]
    return min(dates) + 'T00:00:00Z' if dates else None


def touched(rows, coverage, start, end):
    """How many of the gaps that cost something lie in [start, end), texts or None."""
    n = 0
    for row in filter(is_loss, rows):
        a, over = instant(row['from']), row['to'] or heard_again(row, coverage)
        behind = start is None or a >= instant(start) or over is None or instant(over) > instant(start)
        n += behind and (end is None or a < instant(end))
    return n
