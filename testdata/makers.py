"""Evidence for tests, made from a seed: ordinary records, adversarial ones, and every packing.

JSON is written by hand here and not by the json module, because what is wanted is text that no
careful writer makes: duplicate keys, odd escapes, numbers where text belongs.
"""
import gzip
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from typing import NamedTuple


class Raw(NamedTuple):
    """JSON as it stands."""
    text: str


class Pairs(NamedTuple):
    """An object as a list of (key, value), so that a key can stand twice."""
    pairs: list


# ---- writing JSON ----

def write_text(rng, text):
    out = []
    for character in text:
        code = ord(character)
        if character in '"\\':
            out.append('\\' + character)
        elif code < 0x20 or 0xd800 <= code < 0xe000:
            out.append(f'\\u{code:04x}')
        elif code < 0x10000 and rng.random() < 0.03:
            out.append(rng.choice([f'\\u{code:04x}', f'\\u{code:04X}']))
        elif character == '/' and rng.random() < 0.5:
            out.append('\\/')
        else:
            out.append(character)
    return '"' + ''.join(out) + '"'


def write_json(rng, value, spaces=''):
    """Compact, or with random white space where SPACES names some."""
    def gap():
        return rng.choice(spaces) if spaces and rng.random() < 0.3 else ''

    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return write_text(rng, value)
    if isinstance(value, Pairs):
        members = [f'{gap()}{write_text(rng, key)}{gap()}:{gap()}{write_json(rng, element, spaces)}{gap()}'
                   for key, element in value.pairs]
        return '{' + ','.join(members) + '}'
    if isinstance(value, list):
        return '[' + ','.join(gap() + write_json(rng, element, spaces) + gap() for element in value) + ']'
    return {None: 'null', True: 'true', False: 'false'}[value]


def to_bytes(text):
    """Lone surrogates are escapes already; U+DC80 to U+DCFF stand for bytes that are no UTF-8."""
    return text.encode('utf-8', 'surrogateescape')


# ---- records ----

EVENTS = [('iam.amazonaws.com', 'CreateUser'), ('iam.amazonaws.com', 'CreateAccessKey'),
          ('s3.amazonaws.com', 'GetObject'), ('s3.amazonaws.com', 'ListBuckets'),
          ('sts.amazonaws.com', 'GetCallerIdentity'), ('sts.amazonaws.com', 'AssumeRole'),
          ('signin.amazonaws.com', 'ConsoleLogin'), ('ec2.amazonaws.com', 'DescribeInstances')]
ADDRESSES = ['203.0.113.7', '203.0.113.70', '198.51.100.23', '10.0.0.1', '10.255.0.1', '2001:db8::1',
             '2001:db8:0:1::2', '::ffff:203.0.113.7', 'AWS Internal', 'ec2.amazonaws.com', '299.1.2.3',
             '010.0.0.1', '203.0.113', 'fe80::1%eth0', '203.0.113.7 ']
AGENTS = ['aws-cli/2.13.5', '[S3Console/0.4]', 'Boto3/1.28 "quoted"', 'täg\u2028line', '=HYPERLINK("x")',
          'tab\tand\nnewline', '\x1b[31mred\x1b[0m', '\u202eevil', 'a\u200bb\ufeff\U000e0041', '\x7f\x85', 'emoji \U0001f511', '@sum', '+1', '*', '?']
ERRORS = ['AccessDenied', 'Client.UnauthorizedOperation', 'accessdeniedexception', 'NoSuchEntity',
          'ThrottlingException', 'AuthFailure', 'KMS.NOTAUTHORIZED', 'forbidden', 'AuthorizationErrorException']
USERS = ['alice', 'bob', 'Alice', 'eve*', 'zoë', 'a,b', 'x' * 300]
REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2']
ACCOUNTS = ['111122223333', '444455556666']
WEIRD = [None, True, False, Raw('0'), Raw('-1.50e3'), Raw('123456789012345678901234567890'), '', ' ', [],
         Pairs([]), [None, ['x']], Pairs([('a', Pairs([('b', [Raw('1')])]))]), '\ud83d', '\x00', '\ufeff']
GOOD_TIMES = ['2024-03-01T00:00:00Z', '2024-03-01T00:00:00.000Z', '2024-03-01T02:00:00+02:00',
              '2024-02-29T23:59:59.999999999Z', '2024-02-29T23:59:59.9999999999Z', '2024-03-01T00:00:00.5Z',
              '2024-03-01T00:00:00.500Z', '2024-02-29T18:30:00-05:30', '2024-12-31T23:59:59Z',
              '1999-12-31T23:59:59Z', '1969-12-31T23:59:59.25Z', '2100-02-28T12:00:00Z', '2024-03-01T00:00:01Z']
BAD_TIMES = ['', 'yesterday', '2024-13-01T00:00:00Z', '2023-02-29T00:00:00Z', '2024-03-01', '2024-03-01T00:00:00',
             '2024-03-01T24:00:00Z', '2024-03-01T00:60:00Z', '2024-03-01T00:00:00.Z', '2024-03-01T00:00:00+0200',
             '2024-03-01T00:00:00+24:00', '20240301T000000Z', ' 2024-03-01T00:00:00Z', '2024-03-01T00:00:00Zz',
             None, Raw('1709251200'), True, [], Pairs([])]


def one_of(rng, usual, p_weird):
    return rng.choice(WEIRD) if rng.random() < p_weird else rng.choice(usual)


def random_identity(rng, p_weird):
    if rng.random() < p_weird:
        return rng.choice(WEIRD)
    user, account = rng.choice(USERS), rng.choice(ACCOUNTS)
    kind = rng.choice(['IAMUser', 'AssumedRole', 'Role', 'AWSService', 'Root', 'AWSAccount', 'assumedrole'])
    pairs = [('type', kind), ('principalId', f'AIDA{user[:4]}'), ('accountId', account)]
    if kind == 'AWSService':
        pairs = [('type', kind), ('invokedBy', 'lambda.amazonaws.com')]
    elif kind in ('AssumedRole', 'Role'):
        issuer = Pairs([('type', 'Role'), ('arn', f'arn:aws:iam::{account}:role/{user}'), ('userName', user)])
        session = one_of(rng, [Pairs([('sessionIssuer', issuer)])], p_weird)
        pairs += [('arn', f'arn:aws:sts::{account}:assumed-role/{user}/s{rng.randrange(3)}'), ('sessionContext', session)]
    else:
        pairs += [('arn', f'arn:aws:iam::{account}:user/{user}'), ('userName', user)]
    if rng.random() < 0.8:
        pairs.append(('accessKeyId', f'AKIAEXAMPLE{rng.randrange(6):09}'))
    pairs = [(key, one_of(rng, [value], p_weird)) for key, value in pairs if rng.random() > p_weird]
    return Pairs(pairs)


def random_time(rng, p_weird):
    if rng.random() < p_weird:
        return rng.choice(BAD_TIMES)
    if rng.random() < 0.3:
        return rng.choice(GOOD_TIMES)
    return f'2024-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z'


def random_record(rng, p_weird=0.0):
    """Pairs of one record. With P_WEIRD above 0, each part may be missing, doubled or nonsense."""
    service, name = rng.choice(EVENTS)
    pairs = [('eventVersion', '1.08'), ('userIdentity', random_identity(rng, p_weird)),
             ('eventTime', random_time(rng, p_weird)), ('eventSource', service), ('eventName', name),
             ('awsRegion', rng.choice(REGIONS)), ('sourceIPAddress', rng.choice(ADDRESSES)),
             ('userAgent', rng.choice(AGENTS)),
             ('requestParameters', Pairs([('bucketName', f'b{rng.randrange(4)}'), ('deep', Pairs([('key', rng.choice(USERS))]))])),
             ('eventID', f'{rng.randrange(1 << 32):08x}-0000-4000-8000-000000000000'),
             ('readOnly', rng.choice([True, False, 'true', 'False', 'TRUE', None, 'maybe'])),
             ('eventType', 'AwsApiCall'), ('recipientAccountId', rng.choice(ACCOUNTS))]
    if rng.random() < 0.3:
        pairs.append(('errorCode', rng.choice(ERRORS)))
    if rng.random() < 0.2:
        pairs.append(('errorMessage', 'User is not allowed'))
    if name == 'ConsoleLogin':
        pairs.append(('responseElements', Pairs([('ConsoleLogin', rng.choice(['Success', 'Failure']))])))
    return Pairs(bent(rng, pairs, p_weird))


def bent(rng, pairs, p_weird):
    """PAIRS with some values replaced, some gone, some doubled: up to four, for with five keys that
    stand twice a record is taken for two that ran into each other, and named."""
    out, doubled = [], 0
    for key, value in pairs:
        if key not in ('userIdentity', 'eventTime') and rng.random() < p_weird:
            value = rng.choice(WEIRD)
        if rng.random() < p_weird / 2:
            continue
        if doubled < 4 and rng.random() < p_weird / 2:
            out.append((key, rng.choice(WEIRD + BAD_TIMES)))  # the one behind it counts
            doubled += 1
        out.append((key, value))
    return out


def repeated(rng, record):
    """The record again: as it was, in another order of keys, or really changed."""
    pairs = list(record.pairs)
    kind = rng.randrange(3)
    keys = [key for key, _ in pairs]
    if kind == 1 and len(set(keys)) == len(keys):
        rng.shuffle(pairs)
    if kind == 2:
        pairs = [(key, value) for key, value in pairs if key not in ('eventTime', 'userAgent')]
        pairs += [('eventTime', rng.choice(GOOD_TIMES)), ('userAgent', 'changed')]
    return Pairs(pairs)


def random_records(rng, n, p_weird):
    records = []
    for _ in range(n):
        if records and rng.random() < 0.2:
            records.append(repeated(rng, rng.choice(records)))
        else:
            records.append(random_record(rng, p_weird))
    return records


# ---- files ----

def random_log(rng, records, odd=True):
    """The bytes of one log file that holds RECORDS, in any of the containers; ODD: and what is no record."""
    spaces = rng.choice(['', ' \n', ' \t\r\n'])
    texts = [write_json(rng, record, spaces) for record in records]
    if rng.random() < 0.4:
        return to_bytes(wrapped_log(rng, rng.choice(WRAPPERS), texts, odd))
    kind = rng.randrange(5)
    if kind == 0:
        return to_bytes('{"Records":[' + ','.join(texts) + ']}')
    if kind == 1:
        strays = [rng.choice(['null', '17', '"text"', '[]', '[{}]'])] if odd and rng.random() < 0.5 else []
        return to_bytes('{"a" : {"Records":1},\n"Records" : [ ' + ' ,\n'.join(strays + texts) + ' ], "z":[1]}\n')
    if kind == 2:
        return to_bytes('[' + ',\n'.join(texts) + ']')
    if kind == 3:
        lines = [write_json(rng, record).replace('\n', ' ') for record in records]
        return to_bytes(rng.choice(['\n', '\r\n', '\n\n']).join(lines))
    half = len(texts) // 2
    return to_bytes('{"Records":[' + ','.join(texts[:half]) + ']}\n{"Records":[' + ','.join(texts[half:]) + ']}')


# ---- containers ----

def quoted(text):
    """TEXT, which is JSON, as a JSON string. What is no UTF-8 stays as it is."""
    return '"' + ''.join('\\' + c if c in '"\\' else f'\\u{ord(c):04x}' if ord(c) < 0x20 else c for c in text) + '"'


WRAPPERS = ['lookup', 'lookup-lines', 'bridge', 'bridge-lines', 'messages', 'subscription', 'insights', 'insights-rows',
            'shipper', 'shipper-dotted', 'hits', 'bulk', 'original', 'message-pages']


def pages(rng, texts, write):
    """A few pages, end to end or in an array."""
    n = rng.choice([1, 1, 2, 3])
    all_pages = [write(texts[i::n]) for i in range(n)]
    return '[' + ',\n'.join(all_pages) + ']' if rng.random() < 0.3 else rng.choice(['', '\n']).join(all_pages)


def array_or_lines(rng, texts):
    return '[' + ',\n'.join(texts) + ']' if rng.random() < 0.5 else '\n'.join(texts)


def wrapped_log(rng, kind, texts, odd=False):
    """Records, given as JSON, in the container KIND. ODD: and what is no record."""
    def mixed(elements, stray):
        return [*elements, stray] if odd and rng.random() < 0.3 else elements

    if kind == 'lookup':
        return pages(rng, texts, lambda part: '{"Events": [' + ','.join(mixed(
            ['{"EventId":"x","Username":"u","Resources":[],"CloudTrailEvent":%s}' % quoted(text) for text in part],
            '{"EventId":"no record"}')) + '], "NextToken":"t"}')
    if kind == 'lookup-lines':
        return '\n'.join('{"CloudTrailEvent":%s}' % quoted(text) for text in texts)
    if kind in ('bridge', 'bridge-lines'):
        events = mixed(['{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.x",'
                        '"detail":%s,"id":"i"}' % text.replace('\n', ' ') for text in texts],
                       '{"detail-type":"EC2 Instance State-change Notification","detail":{"state":"running"}}')
        return '[' + ','.join(events) + ']' if kind == 'bridge' else '\n'.join(events)
    if kind in ('messages', 'subscription'):
        events = ','.join(mixed(['{"id":"1","timestamp":1,"message":%s}' % quoted(text) for text in texts],
                                '{"message":"START RequestId: x"}'))
        if kind == 'messages':
            return '{"events":[%s],"searchedLogStreams":[],"nextToken":"t"}' % events
        return '{"messageType":"DATA_MESSAGE","owner":"1","subscriptionFilters":["f"],"logEvents":[%s]}' % events
    if kind == 'insights':
        return array_or_lines(rng, mixed(['{"@timestamp":"2026-01-01 00:00:00.000","@message":%s}' % rng.choice(
            [quoted(text), text.replace('\n', ' ')]) for text in texts], '{"@message":"START"}'))
    if kind == 'insights-rows':
        return '{"results":[' + ','.join(mixed(
            ['[{"field":"@timestamp","value":"2026"},{"field":"@message","value":%s},{"field":"@ptr","value":"p"}]' %
             quoted(text) for text in texts], '[{"field":"x","value":"y"}]')) + '],"status":"Complete"}'
    if kind in ('shipper', 'shipper-dotted'):
        form = '"aws":{"cloudtrail":%s}' if kind == 'shipper' else '"aws.cloudtrail":%s'
        return array_or_lines(rng, ['{"@timestamp":"2026-01-01T00:00:00Z",%s,"cloud":{}}' % form % text.replace('\n', ' ')
                                    for text in texts])
    if kind == 'hits':
        return '{"took":1,"hits":{"total":{"value":9},"hits":[%s]},"timed_out":false}' % ','.join(
            '{"_index":"i","_source":{"aws":{"cloudtrail":%s}}}' % text for text in texts)
    if kind == 'bulk':
        return ''.join('{"index":{"_index":"i"}}\n%s\n' % text.replace('\n', ' ') for text in texts)
    if kind == 'message-pages':
        return '{"events":[%s]}' % ','.join('{"message":%s}' % quoted(wrapped_log(
            rng, rng.choice(['lookup', 'bridge', 'bridge-lines', 'shipper']), texts[i:i + 3])) for i in range(0, len(texts), 3))
    assert kind == 'original'
    return array_or_lines(rng, ['{"event":{"original":%s,"kind":"event"},"aws":{"cloudtrail":{"event_version":"1"}}}' %
                                quoted(text) for text in texts])


# Names whose order differs if anything but the whole path is compared bytewise.
FOLDERS = ['', 'a/', 'a-b/', 'B/', 'a b/', 'ü/', 'a/deep/er/']


def write_random_evidence(rng, folder, n_files, n_records, p_weird):
    """Fills FOLDER with logs in random containers and packings, duplicates across files too."""
    records = random_records(rng, n_records, p_weird)
    for i in range(n_files):
        share = records[i::n_files]
        name = f'{rng.choice(FOLDERS)}{rng.choice(["a", "b", "log"])}{i}.json'
        data = random_log(rng, share)
        packing = rng.choice(['plain', 'plain', 'gz', 'tar', 'zip'])
        if packing == 'gz':
            name, data = name + '.gz', gzip_members(data, rng.randrange(1, 4))
        elif packing == 'tar':
            name, data = name + '.tar', tar_of({'m/x.json': data})
        elif packing == 'zip':
            name, data = name + '.zip', zip_of({'m/x.json': data})
        write_file(os.path.join(folder, name), data)


def write_file(path, data):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)
    return path


# ---- packings ----

def gzip_members(data, n=1):
    """DATA cut into N gzip members, end to end."""
    step = max(1, -(-len(data) // n))
    pieces = [data[i:i + step] for i in range(0, len(data), step)] or [b'']
    return b''.join(gzip.compress(piece, 6, mtime=0) for piece in pieces)


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zip_of(members, stored=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def seven_zip_of(members, folder):
    """None where 7z is not installed. Works in FOLDER."""
    program = shutil.which('7z')
    if not program:
        return None
    inside = os.path.join(folder, 'inside-7z')
    for name, data in members.items():
        write_file(os.path.join(inside, name), data)
    packed = os.path.join(folder, 'packed.7z')
    subprocess.run([program, 'a', '-bd', packed, '.'], cwd=inside, check=True, stdout=subprocess.DEVNULL)
    with open(packed, 'rb') as file:
        data = file.read()
    shutil.rmtree(inside)
    os.remove(packed)
    return data
