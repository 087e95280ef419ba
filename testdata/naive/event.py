"""A record as the columns and dimensions of spoor: one dict for each event, made with plain code."""
import re
from typing import NamedTuple

from evidence import Num

DENIED = ('accessdenied', 'unauthorized', 'notauthorized', 'authfailure', 'authorizationerror', 'forbidden')
TIME = re.compile(r'(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))',
                  re.ASCII)
SURROGATE = re.compile('[\ud800-\udfff]')

# Where a column is nothing but a path into the record.
PATHS = {
    'eventID': 'eventID', 'eventSource': 'eventSource', 'eventName': 'eventName',
    'awsRegion': 'awsRegion', 'sourceIPAddress': 'sourceIPAddress', 'userAgent': 'userAgent',
    'errorCode': 'errorCode', 'errorMessage': 'errorMessage',
    'userIdentity.type': 'userIdentity.type', 'userIdentity.arn': 'userIdentity.arn',
    'userIdentity.userName': 'userIdentity.userName',
    'userIdentity.accessKeyId': 'userIdentity.accessKeyId',
}
COLUMNS = [
    'eventTime', 'eventID', 'eventSource', 'eventName', 'awsRegion', 'account', 'sourceIPAddress',
    'userAgent', 'outcome', 'errorCode', 'errorMessage', 'readOnly', 'userIdentity.type',
    'userIdentity.arn', 'userIdentity.userName', 'userIdentity.accessKeyId', 'principal',
    'source.file', 'source.record',
]
DIMENSIONS = {
    'key': 'userIdentity.accessKeyId', 'ip': 'sourceIPAddress', 'event': 'eventName',
    'service': 'eventSource', 'region': 'awsRegion', 'ua': 'userAgent', 'error': 'errorCode',
    'type': 'userIdentity.type', 'user': 'user', 'principal': 'principal',
    'session': 'userIdentity.arn', 'account': 'account', 'outcome': 'outcome', 'role': 'role',
}
ISSUER = 'userIdentity.sessionContext.sessionIssuer.'


class Event(NamedTuple):
    instant: tuple  # seconds since 1970, nanoseconds
    file: bytes
    number: int
    columns: dict   # the columns of a timeline, and user and role
    value: dict     # the record


def clean(text):
    return SURROGATE.sub('\ufffd', text)


def text_of(value):
    """Text where text is expected; what is neither text nor a scalar is absent."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Num):
        return value.text
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return None


def at_path(record, path):
    value = record
    for step in path.split('.'):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def text_at(record, path):
    return text_of(at_path(record, path))


def first_of(*texts):
    """The first that is there and not empty, else None."""
    return next((text for text in texts if text), None)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_of_months(year):
    return [31, 29 if is_leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def days_before_year(year):
    """From 1970-01-01 to the first of January of YEAR."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 - 719162


def instant_of(text):
    """(seconds, nanoseconds), or None where the text is no RFC 3339 time."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= days_of_months(year)[month - 1]):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    days = days_before_year(year) + sum(days_of_months(year)[:month - 1]) + day - 1
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    if match[9]:
        if int(match[10]) > 23 or int(match[11]) > 59:
            return None
        ahead = int(match[10]) * 3600 + int(match[11]) * 60
        seconds += ahead if match[9] == '-' else -ahead
    return seconds, int(((match[7] or '') + '000000000')[:9])


def print_instant(instant):
    seconds, nanoseconds = instant
    days, rest = divmod(seconds, 86400)
    year, month, day = date_of(days)
    text = f'{year:04}-{month:02}-{day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}'
    if nanoseconds:
        text += f'.{nanoseconds:09}'.rstrip('0')
    return text + 'Z'


def date_of(days):
    """Steps through the years and months: slow, and plainly right."""
    year = 1970 + days // 366 if days >= 0 else 1969 + days // 365
    while days_before_year(year + 1) <= days:
        year += 1
    rest = days - days_before_year(year)
    for month, length in enumerate(days_of_months(year), 1):
        if rest < length:
            return year, month, rest + 1
        rest -= length


def outcome_of(record):
    code = text_at(record, 'errorCode')
    if code:
        return 'denied' if any(word in code.lower() for word in DENIED) else 'failure'
    if text_at(record, 'errorMessage'):
        return 'failure'
    if record.get('eventName') == 'ConsoleLogin' and at_path(record, 'responseElements.ConsoleLogin') == 'Failure':
        return 'failure'
    return 'success'


def principal_of(record):
    kind = text_at(record, 'userIdentity.type')
    issuer = text_at(record, ISSUER + 'arn') if kind in ('AssumedRole', 'Role') else None
    return first_of(issuer, *(text_at(record, 'userIdentity.' + part) for part in ('arn', 'invokedBy', 'principalId')))


def read_only_of(record):
    text = text_of(record.get('readOnly'))
    return {'true': True, 'false': False}.get(text.lower() if text else None)


def is_apart(record):
    """Insight and Aggregated records are no calls."""
    if not isinstance(record, dict):
        return False
    there = {key for key, value in record.items() if value is not None}
    if {'eventName', 'eventSource'} <= there:
        return False
    if isinstance(record.get('insightDetails'), dict) or text_of(record.get('eventType')) == 'AwsCloudTrailInsight':
        return True
    if 'eventName' not in there and record.get('eventCategory') == 'Insight':
        return True
    return 'eventTime' not in there and {'timeWindow', 'summary'} <= there


def event_of(found):
    """An Event, or the reason why the record is none."""
    record = found.value
    if not isinstance(record, dict):
        return 'a record that is no object'
    # Only text is a time: a number is none.
    time = record.get('eventTime')
    instant = instant_of(found.time if text_of(time) is None else time)
    if instant is None:
        return 'a record without a readable eventTime'
    columns = {column: text_at(record, path) for column, path in PATHS.items()}
    columns['eventTime'] = print_instant(instant)
    columns['account'] = first_of(text_at(record, 'recipientAccountId'), text_at(record, 'userIdentity.accountId'))
    columns['outcome'] = outcome_of(record)
    columns['readOnly'] = read_only_of(record)
    columns['principal'] = principal_of(record)
    columns['source.file'] = clean(found.file.decode('utf-8', 'surrogateescape'))
    columns['source.record'] = found.number
    columns['role'] = text_at(record, ISSUER + 'userName')
    columns['user'] = first_of(columns['userIdentity.userName'], columns['role'])
    return Event(instant, found.file, found.number, columns, record)
