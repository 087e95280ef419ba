"""What stands around records: the containers, opened the naive way.

open_unit(value) looks at one parsed JSON value (a line, an element of an array) and returns what is
in it. Nothing here knows of bytes or files.
"""
import json
from typing import NamedTuple

RECORD_KEYS = {
    'eventVersion', 'userIdentity', 'eventTime', 'eventSource', 'eventName', 'awsRegion',
    'sourceIPAddress', 'eventID', 'eventType', 'recipientAccountId',
}
# Arrays of units in the object that wraps them; hits is one object more.
LISTS = ('Records', 'Events', 'events', 'logEvents', 'results', 'hits')
MAX_LEVELS = 6


class Num(NamedTuple):
    """A JSON number as it is written: 1 and 1.0 are different texts, and none is ever rounded."""
    text: str


class Inside(NamedTuple):
    value: object
    time: object   # that a shipper put beside the record
    is_exact: bool  # its own bytes stand in the content


class Unit:
    def __init__(self):
        self.records = []
        self.container = None
        self.is_sure = False    # if there is no record in it, one is lost
        self.is_broken = False  # a string with records in it that is no sound JSON


def refuse(constant):
    raise ValueError(f'{constant} is not JSON')


DECODER = json.JSONDecoder(parse_int=Num, parse_float=Num, parse_constant=refuse)


def looks_like_record(value):
    return isinstance(value, dict) and len(RECORD_KEYS & value.keys()) >= 2


def is_action(value):
    """A line of a bulk file that says what becomes of the next."""
    return isinstance(value, dict) and len(value) == 1 and \
        any(key in ('index', 'create', 'update', 'delete') and isinstance(inner, dict) for key, inner in value.items())


def is_json_text(value):
    return isinstance(value, str) and value.lstrip(' \t\r\n').startswith(('{', '['))


def open_unit(value):
    unit = Unit()
    if isinstance(value, list):
        value = message_of_row(value)
        if isinstance(value, str):
            unit.container = 'logs-insights'
            open_text(unit, value, None, 1)
    else:
        open_value(unit, value, None, True, 0)
    return unit


def message_of_row(row):
    """The message of [{"field":..,"value":..}], or None."""
    for element in row:
        if isinstance(element, dict) and element.get('field') == '@message':
            return element.get('value')
    return None


def envelope(value):
    """(container, what is inside, is a record sure to be there) of an object that is no record, or None."""
    detail, source, original = value.get('detail'), value.get('_source'), value.get('event')
    original = original.get('original') if isinstance(original, dict) else None
    shipped = value.get('aws')
    shipped = shipped.get('cloudtrail') if isinstance(shipped, dict) else None
    if isinstance(detail, dict) and isinstance(value.get('detail-type'), str):
        return 'eventbridge', detail, value['detail-type'].endswith('via CloudTrail')
    if isinstance(source, dict):
        return 'log-shipper', source, False
    if is_json_text(original):
        return 'log-shipper', original, False
    if isinstance(shipped, dict):
        return 'log-shipper', shipped, True
    if value.get('field') == '@message' and is_json_text(value.get('value')):
        return 'logs-insights', value['value'], False
    if is_json_text(value.get('message')):
        return 'log-shipper' if '@timestamp' in value else 'cloudwatch-logs', value['message'], False
    if isinstance(value.get('aws.cloudtrail'), dict):
        return 'log-shipper', value['aws.cloudtrail'], True
    return None


def time_beside(value, otherwise):
    time = value.get('@timestamp')
    is_time = isinstance(time, str) and 0 < len(time.encode('utf-8', 'surrogatepass')) <= 64
    return time if is_time else otherwise


def open_value(unit, value, time, is_exact, level):
    if not isinstance(value, dict):
        return
    inside = None
    if isinstance(value.get('CloudTrailEvent'), str):
        inside = 'lookup-events', value['CloudTrailEvent'], True
    elif isinstance(value.get('@message'), dict) or is_json_text(value.get('@message')):
        inside = 'logs-insights', value['@message'], False
    elif not looks_like_record(value):
        inside = envelope(value)
    if inside and level < MAX_LEVELS:
        unit.is_sure |= inside[2] and level == 0
        time = time_beside(value, time) if inside[0] == 'log-shipper' else time
        unit.container = unit.container or inside[0]
        if isinstance(inside[1], str):
            open_text(unit, inside[1], time, level + 1)
        elif lists_of(inside[1]):
            open_content(unit, inside[1], time, level + 1, is_exact)
        else:
            open_value(unit, inside[1], time, is_exact, level + 1)
    elif looks_like_record(value):
        unit.records.append(Inside(value, time_beside(value, time), is_exact))


def lists_of(value):
    """The lists of units in an object that wraps them: (name, list)."""
    found = [(name, value[name]) for name in LISTS if name in value]
    found = [(name, inner.get('hits') if name == 'hits' and isinstance(inner, dict) else inner) for name, inner in found]
    return [(name, inner) for name, inner in found if isinstance(inner, list)]


def open_content(unit, value, time, level, is_exact, is_in_array=False):
    """What stands in a text is content of its own, as a file is: wrappers, arrays of them, units."""
    if isinstance(value, list) and not is_in_array:
        for element in value:
            open_content(unit, element, time, level, is_exact, True)
    elif isinstance(value, dict) and (lists := lists_of(value)):
        for name, elements in lists:
            if name == 'Records':
                unit.records += [Inside(record, time, is_exact) for record in elements]
            else:
                for element in elements:
                    open_value(unit, element, time, is_exact, level)
    else:
        open_value(unit, value, time, is_exact, level)


def open_text(unit, text, time, level):
    at, text = 0, text.strip(' \t\r\n')
    while at < len(text):
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            unit.is_broken = unit.is_broken or 'eventTime' in text and 'eventSource' in text
            return
        while at < len(text) and text[at] in ' \t\r\n':
            at += 1
        open_content(unit, value, time, level, False)
