"""Texts in a record under the paths that src/event/catalogue.def has for its call."""
import re

from evidence import Num

CONDITION = re.compile(r'(\w+) if ([^=]+)(?:=(.*))?$')
PARTS = {'request': 'requestParameters', 'response': 'responseElements', 'additional': 'additionalEventData'}
RULES = ['ipPermissions.items', 'revokedSecurityGroupRuleSet.items', 'securityGroupRuleSet.items']
PEERS = ['cidrIp', 'cidrIpv4', 'cidrIpv6', 'referencedGroupId', 'prefixListId', 'sourceSecurityGroupName',
         'ipRanges.items[].cidrIp', 'ipv6Ranges.items[].cidrIpv6', 'groups.items[].groupId',
         'prefixListIds.items[].prefixListId']
SURROGATE = re.compile('[\ud800-\udfff]')


def text_of(value):
    """Names are texts or numbers that are not empty."""
    if isinstance(value, Num):
        return value.text
    return SURROGATE.sub('\ufffd', value) if isinstance(value, str) and value else None


def scalar(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return text_of(value)


def walk(value, path):
    """All values at PATH, whose [] are elements."""
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
        text = text_of(rule.get(name)) if isinstance(rule, dict) else None
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
    return [text for rule in rules for text in rule_texts(rule)]


def count_at(record, path):
    text = next(iter(texts_at(record, path)), '')
    return int(text) if re.fullmatch('[0-9]+', text) and int(text) < 2 ** 64 else 0
