"""--where for the naive reference: an expression becomes a function of one event.

Written from the manual alone. Values are looked for in the record as Python sees it, numbers are
decimals, and nothing is remembered from one event to the next.
"""
import ipaddress
import operator
import re
from decimal import Decimal

from event import COLUMNS, DIMENSIONS, at_path, instant_of, text_of

NUMBER = re.compile(r'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,9})?')
SPACE = re.compile(r'[ \t\r\n]*')
WORD = re.compile(r'[^ \t\r\n"\'(),=!<>~]+')
DOUBLE = re.compile(r'"((?:\\["\\]|[^"\\]|\\(?!["\\]))*)"')
SINGLE = re.compile(r"'([^']*)'")
OPERATOR = re.compile(r'==|=~|=|!=|!~|~|<=|<|>=|>')
ORDER = {'<': operator.lt, '<=': operator.le, '>': operator.gt, '>=': operator.ge}
# Parts of userIdentity that are kept as columns: only scalars are values there.
KEPT = ['accountId', 'principalId', 'invokedBy', 'sessionContext.sessionIssuer.userName',
        'sessionContext.sessionIssuer.arn', 'sessionContext.attributes.creationDate']
NANOSECONDS = 10 ** 9


class Malformed(Exception):
    pass


# ---- values ----

def walk(value, parts):
    """Every value under PARTS: arrays are their elements, but for a number that chooses one."""
    if isinstance(value, list):
        if parts and re.fullmatch('[0-9]{1,9}', parts[0]):
            index = int(parts[0])
            return walk(value[index], parts[1:]) if index < len(value) else []
        if not parts and not value:
            return [value]
        return [found for element in value for found in walk(element, parts)]
    if not parts:
        return [value]
    if isinstance(value, dict):
        for n in range(1, len(parts) + 1):
            key = '.'.join(parts[:n])
            found = walk(value[key], parts[n:]) if key in value else []
            if found:
                return found
    return []


def values_of(event, name):
    """What EVENT has under NAME, null left out. A time is its nanoseconds."""
    if name == 'eventTime':
        return [nanoseconds(event.instant)]
    column = DIMENSIONS.get(name, name)
    if column in COLUMNS or column in DIMENSIONS.values():
        value = event.columns[column]
        if isinstance(value, bool):
            return ['true' if value else 'false']
        return [] if value is None else [str(value)]
    if name.startswith('userIdentity.') and name[len('userIdentity.'):] in KEPT:
        text = text_of(at_path(event.value, name))
        return [] if text is None else [text]
    return [value for value in walk(event.value, name.split('.')) if value is not None]


def nanoseconds(instant):
    return max(-2 ** 63, min(2 ** 63 - 1, instant[0] * NANOSECONDS + instant[1]))


def moment(text):
    """A time or a date, or None."""
    instant = instant_of(text + 'T00:00:00Z' if re.fullmatch(r'\d{4}-\d\d-\d\d', text, re.ASCII) else text)
    return None if instant is None else nanoseconds(instant)


def print_moment(value):
    from event import print_instant
    return print_instant(divmod(value, NANOSECONDS))


def number(text):
    return Decimal(text) if NUMBER.fullmatch(text) else None


def block_of(text):
    address = text.split('/')[0]
    try:
        return ipaddress.ip_network(text, strict=False) if '/' in text and ipaddress.ip_address(address) else None
    except ValueError:
        return None


# ---- one value against what was asked ----

def comparison(compare, text, is_quoted, of_time):
    """A function of a value: COMPARE it with TEXT as what both are."""
    time, decimal = moment(text), number(text)
    if of_time:
        if time is None:
            raise Malformed(f'{text} is no time')
        return lambda value: compare(value, time)
    if time is not None and not is_quoted:
        return lambda value: moment(value) is not None and compare(moment(value), time)
    if decimal is not None and not is_quoted:
        return lambda value: number(value) is not None and compare(number(value), decimal)
    return lambda value: compare(value.encode('utf-8', 'surrogatepass'), text.encode('utf-8', 'surrogatepass'))


def in_block(block):
    import naive

    def test(value):
        address = naive.address_of(value)
        return address is not None and address.version == block.version and address in block
    return test


def test_of(sign, text, is_quoted, name):
    import naive
    of_time = name == 'eventTime'
    if sign in ('~', '=~'):
        if sign == '=~':
            found = re.compile(text, re.ASCII)
            matches = lambda value: found.search(value) is not None  # noqa: E731
        elif name == 'service':
            matches = lambda value: naive.matches_service(text, value)  # noqa: E731
        else:
            matches = lambda value: naive.matches(text, value)  # noqa: E731
        return (lambda value: matches(print_moment(value))) if of_time else matches
    if sign == 'in' and block_of(text):
        return in_block(block_of(text))
    test = comparison(ORDER.get(sign, operator.eq), text, is_quoted, of_time)
    if name == 'service' and sign not in ORDER and (is_quoted or (moment(text) is None and number(text) is None)):
        return lambda value: value in (text, text + '.amazonaws.com')
    return test


# ---- the expression ----

class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, pattern):
        self.at = SPACE.match(self.text, self.at).end()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def keyword(self, word):
        before, found = self.at, self.take(WORD)
        if found and found[0].lower() == word:
            return True
        self.at = before
        return False

    def char(self, char):
        return self.take(re.compile(re.escape(char))) is not None

    def quoted(self):
        """A quoted text, or None."""
        found = self.take(DOUBLE)
        if found:
            return re.sub(r'\\(["\\])', r'\1', found[1])
        found = self.take(SINGLE)
        return found[1] if found else None


def name_of(reader):
    """A field: bare and quoted pieces without a space between them."""
    pieces, first = [], True
    while first or not SPACE.match(reader.text, reader.at)[0]:
        first = False
        text = reader.quoted()
        if text is None:
            found = reader.take(WORD)
            if not found:
                break
            text = re.sub(r'\[([0-9]*)\*?\]', lambda index: '.' + index[1] if index[1] else '', found[0])
        pieces.append(text)
    if not pieces:
        raise Malformed('a field')
    return ''.join(pieces)


def value_of(reader):
    """(text, was it quoted)."""
    text = reader.quoted()
    if text is not None:
        return text, True
    found = reader.take(WORD)
    if not found:
        raise Malformed('a value')
    return found[0], False


def values_behind(reader):
    if not reader.char('('):
        return [value_of(reader)]
    out = [value_of(reader)]
    while reader.char(','):
        out.append(value_of(reader))
    if not reader.char(')'):
        raise Malformed('a list')
    return out


def test(reader):
    name = name_of(reader)
    found = reader.take(OPERATOR)
    sign, negated = found[0] if found else None, False
    if sign in ('!=', '!~'):
        sign, negated = sign[1:], True
    if not sign:
        negated = reader.keyword('not')
        if reader.keyword('exists'):
            return lambda event: bool(values_of(event, name)) != negated
        if not reader.keyword('in'):
            return lambda event: 'true' in texts_of(event, name)
        sign = 'in'
    asked = values_behind(reader)
    takes_absent = any(text.lower() == 'null' and not is_quoted for text, is_quoted in asked) and \
        sign in ('=', '==', 'in')
    tests = [test_of(sign, text, is_quoted, name) for text, is_quoted in asked
             if is_quoted or text.lower() != 'null' or sign not in ('=', '==', 'in')]

    def decide(event):
        if takes_absent and not values_of(event, name):
            return not negated
        return any(test(value) for value in texts_of(event, name) for test in tests) != negated
    return decide


def texts_of(event, name):
    values = values_of(event, name)
    if name == 'eventTime':
        return values
    return [text for text in (text_of(value) for value in values) if text is not None]


def unary(reader):
    if reader.keyword('not'):
        inner = unary(reader)
        return lambda event: not inner(event)
    if reader.char('('):
        inner = either(reader)
        if not reader.char(')'):
            raise Malformed('a parenthesis')
        return inner
    return test(reader)


def chain(reader, operand, word, decide):
    operands = [operand(reader)]
    while reader.keyword(word):
        operands.append(operand(reader))
    return lambda event: decide(operand(event) for operand in operands)


def both(reader):
    return chain(reader, unary, 'and', all)


def either(reader):
    return chain(reader, both, 'or', any)


def parse(text):
    """A function: is the expression true of an event?"""
    reader = Reader(text)
    decide = either(reader)
    if SPACE.match(text, reader.at).end() != len(text):
        raise Malformed(f'more than an expression, from {reader.at} on')
    return decide
