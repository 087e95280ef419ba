"""The questions that a set of evidence is asked: lists of arguments, without SOURCE.

Values are picked from the evidence itself, so that most questions have an answer, and some are
made up, so that some have none.
"""
import ipaddress
import re
from typing import NamedTuple

import naive
from event import COLUMNS, DIMENSIONS, text_of

PAIRS = ['key,ip', 'user,event', 'event,user', 'principal,service', 'ip,outcome', 'region,account',
         'ua,key', 'session,error', 'type,role', 'key,ip,event']
COLUMN_LISTS = ['eventID', 'source.record,source.file,eventTime', 'eventTime,requestParameters.bucketName',
                'requestParameters.deep.key,eventName,no.such.path', 'readOnly,outcome,principal,account',
                'eventID,category,technique,effect,kind,target,bytes']


class Values(NamedTuple):
    """What can be asked for, by option."""
    texts: dict
    times: list


def usable(text):
    """An argument can hold it, and it says the same as text and as pattern, to any option parser."""
    return bool(text) and '\0' not in text and '\ufffd' not in text and text[0] != '-' and text == text.strip()


def values_in(case):
    texts = {}
    for option, column in (naive.TEXT_OPTIONS | {'ip': 'sourceIPAddress', 'service': 'eventSource'}).items():
        texts[option] = sorted({event.columns[column] for event in case.events
                                if event.columns[column] and usable(event.columns[column])})
    texts['ip'] = [text for text in texts['ip'] if '/' not in text]
    return Values(texts, sorted({event.columns['eventTime'] for event in case.events}))


def patterned(rng, text):
    """A pattern with wildcards that TEXT matches."""
    at = rng.randrange(len(text))
    return rng.choice([text[:at] + '*', '*' + text[at:], text[:at] + '?' + text[at + 1:],
                       '*' + text[at] + '*', text[:at] + '**' + text[at:], '?' * len(text)])


def never_matching(rng, text):
    return rng.choice([text + 'x', text[:-1] + '?' + text[-1:] + 'z', text.swapcase() + '.', '?' + text])


def selections_of(option, texts, rng):
    if not texts:
        return [[f'--{option}', 'nothing-like-it']] if option != 'outcome' else [[f'--{option}', 'denied']]
    pick = lambda: rng.choice(texts)  # noqa: E731
    out = [[f'--{option}', pick()], [f'--{option}', pick(), f'--{option}', pick()]]
    if option != 'outcome':
        out += [[f'--{option}', patterned(rng, pick())] for _ in range(2)]
        out.append([f'--{option}', never_matching(rng, pick()), f'--{option}', patterned(rng, pick())])
    if option == 'service':
        out.append(['--service', pick().removesuffix('.amazonaws.com')])
        out.append(['--service', pick()[0] + '*'])
    return [selection for selection in out if not any('/' in text for text in selection) or option != 'ip']


def blocks(texts, rng):
    """CIDR blocks around addresses of the evidence, at their edges and everywhere."""
    addresses = [address for text in texts if (address := naive.address_of(text))]
    out = [['--ip', '0.0.0.0/0'], ['--ip', '::/0']]
    for address in rng.sample(addresses, min(3, len(addresses))):
        for prefix in {rng.randrange(1, address.max_prefixlen), address.max_prefixlen}:
            network = ipaddress.ip_network(f'{address}/{prefix}', strict=False)
            out.append(['--ip', str(network)])
    if addresses:
        out.append(['--ip', f'{addresses[0]}/32' if addresses[0].version == 4 else f'{addresses[0]}/128', '--ip', '10.*'])
    return out


def spans(times, rng):
    if not times:
        return [['--from', '2024-01-01'], ['--last', '1d']]
    early, late = sorted([rng.choice(times), rng.choice(times)])
    out = [['--from', early], ['--to', late], ['--from', early, '--to', late], ['--from', times[-1]],
           ['--to', times[0]], ['--from', early[:10]], ['--to', late[:10]], ['--from', early[:-1] + '+00:00'],
           ['--to', times[-1], '--from', times[0]]]
    return out + [['--last', amount] for amount in ('1s', '90s', '5m', '3h', '2d', '30d', '10w', '0s')]


def single_selections(values, rng):
    out = [['--read'], ['--write'], *blocks(values.texts['ip'], rng), *spans(values.times, rng)]
    for option, texts in values.texts.items():
        out += selections_of(option, texts, rng)
    return out


def all_queries(case, rng):
    values = values_in(case)
    singles = single_selections(values, rng)
    out = [['timeline'], ['timeline', '--limit', '1'], ['timeline', '--limit', '1000000']]
    out += [['timeline', '--columns', columns] for columns in COLUMN_LISTS]
    for by in [*DIMENSIONS, *PAIRS]:
        out += [['first-use', '--by', by], ['top', '--by', by]]
        out.append([rng.choice(['first-use', 'top']), '--by', by, *rng.choice(singles)])
    out += [['timeline', *selection] for selection in singles]
    for _ in range(20):
        # Different options narrow; a repeated one among them widens.
        selection = rng.choice(singles) + rng.choice(singles)
        if not clashing(selection):
            out.append([*rng.choice([['timeline'], ['top', '--by', 'event'], ['first-use', '--by', 'key']]), *selection])
    for time in rng.sample(values.times, min(3, len(values.times))) + ['2024-03-01']:
        out.append(['first-use', '--by', rng.choice(list(DIMENSIONS)), '--since', time])
    out += [['top', '--by', 'event', '--limit', '2'],
            ['top', '--by', 'ip', '--columns', 'events,ip'], ['first-use', '--by', 'key', '--columns', 'key,firstTime']]
    return out + where_queries(case, rng)


# ---- expressions ----

WHERE_NAMES = sorted({*COLUMNS, *DIMENSIONS} - {'eventTime', 'readOnly'}) + [
    'userIdentity.accountId', 'userIdentity.principalId', 'userIdentity.invokedBy',
    'userIdentity.sessionContext.sessionIssuer.arn']
REGEXES = ['^A', '[0-9]+', '(?i)ACCESS', 'a.c|b.*e', '^.?$', r'\d\.\d', '(user|role)/[a-z]+$', 'x{3,}', '']


def quoted(rng, text):
    """TEXT as a value: in quotes of either kind."""
    if "'" not in text and rng.random() < 0.5:
        return f"'{text}'"
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def is_utterable(text):
    return '\0' not in text and '\ufffd' not in text and len(text) < 400 and not re.search('[\ud800-\udfff]', text)


def leaf_of(rng, record):
    """A path to some value of a record, as an expression has it, and that value."""
    path, value = [], record
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, list):
            index = rng.randrange(len(value))
            value = value[index]
            if rng.random() < 0.3:
                path.append(rng.choice([f'.{index}', f'[{index}]', '[]']))
        else:
            keys = [key for key in value if re.fullmatch(r'[^.\0]+(\.[^.\0]+)*', key) and is_utterable(key)]
            if not keys:
                break
            key = rng.choice(keys)
            path.append('.' + (key if re.fullmatch('[A-Za-z_][A-Za-z0-9_:-]*', key) else quoted(rng, key)))
            value = value[key]
    return ''.join(path)[1:], value


def field_and_value(rng, case):
    event = rng.choice(case.events)
    if rng.random() < 0.35:
        path, value = leaf_of(rng, event.value)
        if path and path != 'eventTime':
            return path, text_of(value)
    name = rng.choice(WHERE_NAMES)
    value = event.columns.get(DIMENSIONS.get(name, name))
    return name, None if value is None else str(value)


def test_of_time(rng, case):
    time = rng.choice(case.events).columns['eventTime']
    return rng.choice([f'eventTime {rng.choice(["<", "<=", ">", ">=", "=", "!="])} {rng.choice([time, time[:10]])}',
                       f'eventTime ~ "*{time[11:14]}*"', f'eventTime in ({time}, 2024-03-01)'])


def test_of(rng, case):
    name, value = field_and_value(rng, case)
    kind = rng.randrange(12)
    if kind == 0:
        return test_of_time(rng, case)
    if kind == 1:
        return rng.choice(['readOnly', 'readOnly = false', 'readOnly exists', 'not readOnly', name])
    if value is None or not is_utterable(value) or kind == 2:
        return f'{name} {rng.choice(["exists", "not exists", "= null", "!= null", "in (null, x)"])}'
    if kind == 3:
        return f'{name} {rng.choice(["=~", "not in"])} {quoted(rng, rng.choice(REGEXES))}'
    if kind == 4:
        return f'{rng.choice(["ip", "sourceIPAddress", name])} {rng.choice(["in", "not in"])} ' \
               f'{rng.choice(["10.0.0.0/8", "(0.0.0.0/0, ::/0)", "(203.0.113.0/26, null)", "2001:db8::/32"])}'
    if kind == 5 and value:
        return f'{name} {rng.choice(["~", "!~"])} {quoted(rng, patterned(rng, value))}'
    if kind == 6:
        other = quoted(rng, value)
        return f'{name} {rng.choice(["in", "not in", "=", "!="])} (other, {other}, {rng.choice(["1", "null", other])})'
    if kind == 7 and re.fullmatch(r'-?[0-9.]+([eE][0-9]+)?|[0-9T:.Z-]{10,30}', value):
        return f'{name} {rng.choice(["=", "!=", "<", ">="])} {value}'
    if kind == 8 and 'amazonaws' in value:
        return f'service {rng.choice(["=", "!=", "~"])} {value.split(".")[0]}'
    return f'{name} {rng.choice(["=", "=", "=", "==", "!=", "<", "<=", ">", ">="])} {quoted(rng, value)}'


def expression(rng, case, depth):
    if depth == 0 or rng.random() < 0.3:
        return test_of(rng, case)
    word = rng.choice([' and ', ' or ', ' AND ', '\nor '])
    inner = word.join(expression(rng, case, depth - 1) for _ in range(rng.randrange(1, 4)))
    return rng.choice(['({})', 'not ({})', '({})', '( {} )']).format(inner)


def where_queries(case, rng):
    if not case.events:
        return []
    out = []
    for i in range(60):
        query = [*rng.choice([['timeline'], ['timeline'], ['top', '--by', 'event'], ['first-use', '--by', 'key']]),
                 '--where', expression(rng, case, i % 4)]
        if rng.random() < 0.2:
            query += ['--where', expression(rng, case, 1)]
        if rng.random() < 0.2:
            query += rng.choice([['--read'], ['--event', 'G*'], ['--last', '60d'], ['--ip', '10.0.0.0/8']])
        out.append(query)
    return out


def clashing(selection):
    once = [option for option in selection if option in ('--from', '--to', '--last', '--read', '--write')]
    return len(once) != len(set(once)) or {'--read', '--write'} <= set(once)
