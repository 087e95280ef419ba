"""The questions that a set of evidence is asked: lists of arguments, without SOURCE.

Values are picked from the evidence itself, so that most questions have an answer, and some are
made up, so that some have none.
"""
import ipaddress
from typing import NamedTuple

import naive
from event import DIMENSIONS

PAIRS = ['key,ip', 'user,event', 'event,user', 'principal,service', 'ip,outcome', 'region,account',
         'ua,key', 'session,error', 'type,role', 'key,ip,event']
COLUMN_LISTS = ['eventID', 'source.record,source.file,eventTime', 'eventTime,requestParameters.bucketName',
                'requestParameters.deep.key,eventName,no.such.path', 'readOnly,outcome,principal,account']


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
    return out


def clashing(selection):
    once = [option for option in selection if option in ('--from', '--to', '--last', '--read', '--write')]
    return len(once) != len(set(once)) or {'--read', '--write'} <= set(once)
