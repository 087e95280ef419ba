"""What a record acts on, by the names that src/event/catalogue.def has for its call; that table is data, and shared."""
import os
import re

from evidence import Num

CATALOGUE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'event', 'catalogue.def')
LINE = re.compile(r'^CALL\("([^"]*)",\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*"([^"]*)"\)$')
CONDITION = re.compile(r'(\w+) if ([^=]+)(?:=(.*))?$')
PARTS = {'request': 'requestParameters', 'response': 'responseElements', 'additional': 'additionalEventData'}
RULES = ['ipPermissions.items', 'revokedSecurityGroupRuleSet.items', 'securityGroupRuleSet.items']
PEERS = ['cidrIp', 'cidrIpv4', 'cidrIpv6', 'referencedGroupId', 'prefixListId', 'sourceSecurityGroupName',
         'ipRanges.items[].cidrIp', 'ipv6Ranges.items[].cidrIpv6', 'groups.items[].groupId',
         'prefixListIds.items[].prefixListId', 'CidrIpv4', 'CidrIpv6', 'ReferencedGroupId', 'PrefixListId']
SURROGATE = re.compile('[\ud800-\udfff]')
COLUMNS = ['category', 'technique', 'effect', 'kind', 'target', 'bytes']


def read_catalogue():
    calls = {}
    with open(CATALOGUE, encoding='utf-8') as lines:
        for line in lines:
            if match := LINE.match(line):
                calls[match[1], match[2]] = match.groups()[2:]
    return calls


CALLS = read_catalogue()


def text_of(value):
    """Names are texts or numbers that are not empty."""
    if isinstance(value, Num):
        return value.text
    return SURROGATE.sub('\ufffd', value) if isinstance(value, str) and value else None


def scalar(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return text_of(value)


def line_of(record):
    service, event = (scalar(record.get(name)) for name in ('eventSource', 'eventName'))
    if not service or not event:
        return None
    service = service.removesuffix('.amazonaws.com')
    if (service, event) in CALLS:
        return CALLS[service, event]
    stars = [name for known, name in CALLS if known == service and name.endswith('*') and
             event.startswith(name[:-1]) and len(event) > len(name) - 1]
    return CALLS[service, max(stars, key=len)] if stars else None


def walk(value, path):
    """All values at PATH, whose [] are elements; of names with | between, each."""
    if '|' in path:
        before, dot, names = path.rpartition('.')
        if before.endswith('[]') or not dot:
            places = walk(value, before) if before else [value]
            return [found for place in places for name in names.split('|') for found in walk(place, name)]
    head, is_list, rest = path.partition('[]')
    for step in head.split('.') if head else []:
        if not isinstance(value, dict) or step not in value:
            return []
        value = value[step]
    if not is_list:
        return [value]
    elements = value if isinstance(value, list) else [value]
    return [found for element in elements for found in walk(element, rest.removeprefix('.'))]


def short(text):
    if not text.startswith('arn:'):
        return text
    resource = (text.split(':', 5) + [''] * 6)[5]
    if text.count(':') < 5:
        return ''
    pieces = re.split('[:/]', resource, maxsplit=2)
    return pieces[1] if len(pieces) > 1 else resource


def texts_at(record, path):
    is_short = path.startswith('short ')
    path = path.removeprefix('short ')
    if path == 'identity.userName':
        identity = record.get('userIdentity')
        values = [scalar(identity.get('userName'))] if isinstance(identity, dict) else []
        return [text for text in values if text]
    if path == 'resource':
        resources = record.get('resources')
        first = resources[0] if isinstance(resources, list) and resources else None
        values = walk(first, 'ARN') if isinstance(first, dict) else []
    else:
        part, _, rest = path.partition('.')
        whole = record.get(PARTS[part])
        values = walk(whole, rest) if isinstance(whole, dict) else []
    texts = [text for value in values if (text := text_of(value))]
    return [text for text in map(short, texts) if text] if is_short else texts


def rule_texts(rule):
    def word(name):
        text = text_of(rule.get(name)) or text_of(rule.get(name[0].upper() + name[1:])) if isinstance(rule, dict) else None
        return None if not text or len(text.encode()) > 16 or text == '-1' else text
    ports = word('fromPort')
    if ports and word('toPort') and word('toPort') != ports:
        ports += '-' + word('toPort')
    peers = [text for peer in PEERS for value in walk(rule, peer) if (text := text_of(value))]
    return [' '.join(filter(None, [word('ipProtocol') or 'all', ports, peer]))
            for peer in peers if len(peer.encode()) <= 256]


def rules_of(record, part):
    whole = record.get(PARTS[part])
    if not isinstance(whole, dict):
        return []
    rules = [whole] + [rule for path in RULES for rule in walk(whole, path + '[]')]
    rules += walk(whole, 'ModifySecurityGroupRulesRequest.SecurityGroupRule[].SecurityGroupRule')
    return [text for rule in rules for text in rule_texts(rule)]


def with_part(record, names, path):
    """The one name, with what stands at PATH behind it."""
    part, _, rest = path.partition('.')
    whole = record.get(PARTS[part])
    found = [text for value in (walk(whole, rest) if isinstance(whole, dict) else []) if (text := scalar(value))]
    return [names[0] + ' ' + found[0]] if len(names) == 1 and found else names


def count_at(record, path):
    text = next(iter(texts_at(record, path)), '')
    return int(text) if re.fullmatch('[0-9]+', text) and int(text) < 2 ** 64 else 0


def acts_of(record):
    """The columns of COLUMNS, None where nothing is known."""
    line = line_of(record)
    if not line:
        return dict.fromkeys(COLUMNS)
    category, technique, effect, kind, words = line
    names, owners, n_bytes, other = [], [], 0, None
    for word in filter(None, words.split('; ')):
        condition = CONDITION.match(word)
        if word.startswith('of '):
            owners = owners or texts_at(record, word[3:])
        elif word.startswith('object '):
            way = 'Out' if effect == 'READ' else 'In'
            n_bytes = count_at(record, 'additional.bytesTransferred' + way)
        elif word.startswith('with '):
            names = with_part(record, names, word[5:])
        elif word.startswith('rules '):
            names = names or rules_of(record, word[6:])
        elif condition:
            found = texts_at(record, condition[2])
            if found and (condition[3] is None or found[0] == condition[3]):
                other = other or condition[1]
        else:
            names = names or texts_at(record, word)
    n = max(len(names), len(owners))
    targets = []
    for i in range(n):
        name = names[min(i, len(names) - 1)] if names else None
        owner = owners[min(i, len(owners) - 1)] if owners else None
        targets.append(' '.join(filter(None, [name, owner and f'({owner})'])))
    effect = (n and other) or effect.lower()
    return {'category': None if category == 'NONE' else category.lower().replace('_', '-'),
            'technique': technique or None, 'effect': None if effect == 'none' else effect, 'kind': kind or None,
            'target': ' '.join(targets) or None, 'bytes': (n and n_bytes) or None}
