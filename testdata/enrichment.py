#!/usr/bin/env python3
"""What files beside the evidence tell of it: against plain loops, and with files that are damaged.

    enrichment.py --spoor BIN

Addresses (IPv4 and IPv6), keys, user agents and ARNs are drawn so that they meet indicators, databases and
ranges of AWS that are drawn too; every row of every command must say of them what the loops below find.
Files cut or changed at random end in an answer, or in an error that names the file; never in a crash.
"""
import argparse
import ipaddress
import json
import os
import re
import tempfile

from harness import Checks, Spoor, difference, json_lines, seeded
import mmdb

ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'


# ---- what is drawn ----

def address(rng):
    """Few high bits, so that many lie near each other."""
    if rng.random() < 0.6:
        return str(ipaddress.IPv4Address(rng.choice([10, 203, 198]) << 24 | rng.randrange(4) << 16 | rng.randrange(1 << 10)))
    return str(ipaddress.IPv6Address(0x20010db8 << 96 | rng.randrange(4) << 88 | rng.randrange(1 << 8)))


def block(rng, near):
    network = ipaddress.ip_network(near)
    if rng.random() < 0.1:
        return '0.0.0.0/0' if network.version == 4 else '::/0'
    bits = rng.choice([8, 9, 15, 16, 22, 24, 30, 31, 32] if network.version == 4 else
                      [1, 32, 40, 63, 64, 65, 120, 126, 127, 128])
    return str(network.supernet(new_prefix=bits))


def evidence(rng, n):
    """Records, and the names of things in them."""
    addresses = [address(rng) for _ in range(60)] + ['cloudtrail.amazonaws.com', 'AWS Internal']
    keys = ['AKIA' + ''.join(rng.choice(ALPHABET) for _ in range(16)) for _ in range(12)]
    agents = ['aws-cli/2.15 Python/3.11', 'Boto3/1.34 (x, y)', 'curl/8.5.0', 'Mozilla/5.0 (KHTML, like Gecko)', '']
    users = [f'u{i}' for i in range(8)]
    records = []
    for i in range(n):
        user = rng.choice(users)
        records.append({
            'eventVersion': '1.08', 'eventID': f'{i:08x}-0000-4000-8000-000000000000',
            'eventTime': f'2026-01-{1 + i % 28:02}T00:00:{i % 60:02}Z', 'eventSource': 'sts.amazonaws.com',
            'eventName': rng.choice(['GetCallerIdentity', 'ListUsers']), 'awsRegion': 'us-east-1',
            'sourceIPAddress': rng.choice(addresses), 'userAgent': rng.choice(agents),
            'userIdentity': {'type': 'IAMUser', 'arn': f'arn:aws:iam::123456789012:user/{user}', 'userName': user,
                             'accessKeyId': rng.choice(keys)}})
    return records, addresses[:-2], keys, agents, users


def wildcards(rng, text):
    return rng.choice([text, text, text[:6] + '*', '*' + text[-4:], text.replace(text[len(text) // 2], '?')])


def indicators(rng, addresses, keys, agents, users):
    """(kind, text, label or None), in the order of the file."""
    found = []
    for i in range(rng.randrange(5, 60)):
        kind = rng.choice(['ip', 'ip', 'ip', 'key', 'ua', 'arn'])
        if kind == 'ip':
            near = rng.choice(addresses) if rng.random() < 0.7 else address(rng)
            text = near if rng.random() < 0.4 else block(rng, near)
        elif kind == 'key':
            text = wildcards(rng, rng.choice(keys))
            text = text if text.startswith(('AKIA', 'ASIA')) else 'key:' + text
        elif kind == 'ua':
            text = wildcards(rng, rng.choice(agents[:-1]))
        else:
            text = wildcards(rng, f'arn:aws:iam::123456789012:user/{rng.choice(users)}')
            text = text if text.startswith('arn:') else 'arn:aws:iam::*' + text.lstrip('*')
        if kind == 'ua' and (text[0] == '*' or rng.random() < 0.5):
            text = 'ua:' + text
        found.append((kind, text, rng.choice([None, f'label {i}', f'label {i // 2}', 'with, comma', 'a "quote"'])))
    return found


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if re.search('[,"]', text) else text


def write_indicators(rng, path, found):
    header = rng.random() < 0.4
    lines = ['\ufeff# a comment' if rng.random() < 0.2 else '# a comment', '']
    if header:
        lines.append('Label,note,indicator')
    for _, text, label in found:
        if header:
            lines.append(f'{quoted(label or "")},"x, y",{quoted(text)}')
        else:
            lines.append(quoted(text) + ('' if label is None else ',' + quoted(label)))
        if rng.random() < 0.1:
            lines.append('   # another')
    with open(path, 'w', encoding='utf-8', newline='') as file:
        file.write(rng.choice(['\n', '\r\n']).join(lines) + rng.choice(['', '\n']))


def database(rng, addresses, version):
    nets = {}
    for _ in range(rng.randrange(1, 40)):
        net = ipaddress.ip_network(block(rng, rng.choice(addresses)))
        if version == 4 and net.version == 6:
            continue
        value = {}
        if rng.random() < 0.7:
            value['country'] = {'iso_code': rng.choice(['NL', 'RO', 'JP', 'BR']), 'names': {'en': 'A country, as a name'}}
        if rng.random() < 0.2:
            value['registered_country'] = {'iso_code': 'XX'}
        if rng.random() < 0.6:
            value['autonomous_system_number'] = rng.choice([64500, mmdb.U16(64501), 4200000000])
        if rng.random() < 0.6:
            value['autonomous_system_organization'] = rng.choice(['Example Networks', 'Böhm & Söhne, Ltd. <x>'])
        nets[str(net)] = value
    return nets


def ranges(rng, addresses):
    return [(block(rng, rng.choice(addresses)), rng.choice(['us-east-1', 'eu-west-1']), service)
            for _ in range(rng.randrange(1, 40)) for service in rng.sample(['AMAZON', 'EC2', 'S3', 'ROUTE53'], rng.randrange(1, 4))]


def write_ranges(path, found):
    document = {'syncToken': '1', 'createDate': '2026-01-01-00-00-00', 'prefixes': [], 'ipv6_prefixes': []}
    for net, region, service in found:
        v6 = ':' in net
        document['ipv6_prefixes' if v6 else 'prefixes'].append(
            {'ipv6_prefix' if v6 else 'ip_prefix': net, 'region': region, 'service': service,
             'network_border_group': region})
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=2)


# ---- what is expected ----

def parsed(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def around(text, nets):
    """(prefix length, place) of the blocks that hold the address, narrowest first, then in order."""
    ip = parsed(text)
    found = [(ipaddress.ip_network(net, strict=False), i) for i, net in enumerate(nets)]
    return sorted(((net.prefixlen, i) for net, i in found if ip is not None and net.version == ip.version and ip in net),
                  key=lambda item: (-item[0], item[1]))


def matches(pattern, text):
    expression = ''.join('.*' if c == '*' else '.' if c == '?' else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def labels(found, kind, text):
    """Of the indicators of KIND that TEXT is."""
    named = [(k, re.sub('^(key|ua|ip):', '', t), label) for k, t, label in found]
    if kind == 'ip':
        own = [(t, label) for k, t, label in named if k == 'ip']
        return [own[i][1] or own[i][0] for _, i in around(text, [t for t, _ in own])]
    own = [(t, label) for k, t, label in named if k == kind]
    exact = [label or t for t, label in own if t == text and not re.search('[*?]', t)]
    return exact + [label or t for t, label in own if re.search('[*?]', t) and matches(t, text)]


def geo(text, dbs):
    country = network = None
    for version, nets in dbs:
        usable = {net: value for net, value in nets.items() if not (version == 4 and ':' in net)}
        names = list(usable)
        inside = around(text, names)
        # a tree of IPv6 holds IPv4 below ::/96
        if not inside and version == 6 and '.' in text and parsed(text):
            inside = around('::' + text, [name for name in names if ':' in name])
            names = [name for name in names if ':' in name]
        value = usable[names[inside[0][1]]] if inside else {}
        country = country or value.get('country', {}).get('iso_code')
        number, name = value.get('autonomous_system_number'), value.get('autonomous_system_organization')
        network = network or ' '.join(([f'AS{number}'] if number else []) + ([name] if name else [])) or None
    return country, network


def aws(text, found):
    inside = around(text, [net for net, _, _ in found])
    if not inside:
        return None
    own = [found[i] for bits, i in inside if bits == inside[0][0]]
    services = sorted({service for _, _, service in own})
    services = [service for service in services if service != 'AMAZON' or len(services) == 1]
    return '/'.join(services) + ' ' + own[0][1]


def expected(row, given, dbs, found):
    """The columns more, of one row of a timeline."""
    ip = row['sourceIPAddress']
    values = [('ip', ip), ('key', row['userIdentity.accessKeyId']), ('ua', row['userAgent']),
              ('arn', row['userIdentity.arn']), ('arn', row['principal'])]
    told = list(dict.fromkeys(label for kind, text in values if text is not None for label in labels(given, kind, text)))
    country, network = geo(ip, dbs)
    return {'geo.country': country, 'geo.as': network, 'aws.range': aws(ip, found), 'indicator': '; '.join(told) or None}


# ---- checks ----

def check_rows(spoor, checks, rng, folder, name):
    records, addresses, keys, agents, users = evidence(rng, 400)
    given, found = indicators(rng, addresses, keys, agents, users), ranges(rng, addresses)
    dbs = [(version, database(rng, addresses, version)) for version in rng.choice([[6], [6, 6], [4, 6], [6, 4]])]
    options = []
    with open(os.path.join(folder, 'log.json'), 'w', encoding='utf-8') as file:
        json.dump({'Records': records}, file)
    for i, (version, nets) in enumerate(dbs):
        path = os.path.join(folder, f'{i}.mmdb')
        mmdb.write(path, nets, ip_version=version, record_size=rng.choice([24, 28, 32]), share=rng.random() < 0.7)
        options += ['--geoip', path]
    write_indicators(rng, os.path.join(folder, 'i.txt'), given)
    write_ranges(os.path.join(folder, 'ranges.json'), found)
    options += ['--indicators', os.path.join(folder, 'i.txt'), '--aws-ranges', os.path.join(folder, 'ranges.json')]
    log = os.path.join(folder, 'log.json')

    plain = spoor.run('timeline', '--format', 'jsonl', log)
    full = spoor.run('timeline', '--format', 'jsonl', *options, log)
    if not checks.check(f'{name}: timeline is answered', full.status == 0, full.story):
        return
    rows = json_lines(plain.stdout)
    wanted = [{**row, **expected(row, given, dbs, found)} for row in rows]
    wrong = difference(wanted, json_lines(full.stdout))
    checks.check(f'{name}: timeline', wrong is None, wrong)

    # rows of other commands: by address, and runs of events
    top = json_lines(spoor.run('top', '--by', 'ip', '--format', 'jsonl', *options, log).stdout)
    wanted = []
    for row in top:
        country, network = geo(row['ip'], dbs)
        told = list(dict.fromkeys(labels(given, 'ip', row['ip'])))
        wanted.append({**row, 'geo.country': country, 'geo.as': network, 'aws.range': aws(row['ip'], found),
                       'indicator': '; '.join(told) or None})
    wrong = difference(wanted, top)
    checks.check(f'{name}: top by address', wrong is None and len(top) > 10, wrong)
    runs = json_lines(spoor.run('timeline', '--collapse', '--format', 'jsonl', *options, log).stdout)
    wanted = [{**run, 'geo.country': '; '.join(dict.fromkeys(
        filter(None, (geo(ip, dbs)[0] for ip in run['sourceIPAddresses'])))) or None} for run in runs]
    wrong = difference(wanted, runs)
    checks.check(f'{name}: collapsed', wrong is None and runs, wrong)

    # a column alone, whatever else is printed
    one = json_lines(spoor.run('timeline', '--format', 'jsonl', '--columns', 'indicator,eventID,geo.as', *options, log).stdout)
    wanted = [{'indicator': e['indicator'], 'eventID': row['eventID'], 'geo.as': e['geo.as']}
              for row in rows for e in [expected(row, given, dbs, found)]]
    wrong = difference(wanted, one)
    checks.check(f'{name}: columns by name', wrong is None, wrong)


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        how = rng.randrange(5)
        at = rng.randrange(len(data)) if data else 0
        if how == 0 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1 and data:
            data[at] = rng.choice([0, 0xff, 0x20, 0x7f, rng.randrange(256)])
        elif how == 2:
            del data[at:]
        elif how == 3:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        else:
            del data[at:at + rng.randrange(1, 9)]
    return bytes(data)


def check_damage(spoor, checks, rng, folder, n):
    """N files of each kind, changed at random."""
    log = os.path.join(folder, 'log.json')
    report = os.path.join(folder, 'report.csv')
    with open(report, 'w', encoding='utf-8') as file:
        file.write(REPORT)
    sound = {}
    for option, name in (('--geoip', '0.mmdb'), ('--indicators', 'i.txt'), ('--aws-ranges', 'ranges.json'),
                         ('--credential-report', 'report.csv')):
        with open(os.path.join(folder, name), 'rb') as file:
            sound[option] = file.read()
    # the metadata is where sizes come from: changed more often than its length deserves
    commands, paths = [], []
    for option, data in sound.items():
        for i in range(n):
            marker = data.rfind(mmdb.MARKER)
            if option == '--geoip' and i % 2:
                changed = data[:marker + 14] + mutated(rng, data[marker + 14:])
            else:
                changed = mutated(rng, data)
            path = os.path.join(folder, f'damaged{option}.{i}')
            with open(path, 'wb') as file:
                file.write(changed)
            question = ['info', '--format', 'jsonl'] if option == '--credential-report' else ['top', '--by', 'ip,ua']
            commands.append([*question, option, path, log])
            paths.append(path)
    wrong, answered = [], dict.fromkeys(sound, 0)
    for path, result in zip(paths, spoor.run_all(commands)):
        told = result.stderr.decode('utf-8', 'replace')
        answered[result.arguments[-3]] += result.status == 0
        if result.status not in (0, 2) or (result.status == 2 and os.path.basename(path) not in told):
            wrong.append(result.story())
    checks.check(f'{len(commands)} damaged files are read or refused by name', not wrong, '\n'.join(wrong[:3]))
    checks.check('some are read, some are refused', all(0 < answered[o] < n for o in sound), str(answered))


def check_hostile(spoor, checks, folder):
    """Databases that are made to break readers."""
    log = os.path.join(folder, 'log.json')
    deep = b'\x01\x04' * 200000
    nets = {'::/0': {'country': {'iso_code': 'NL'}}}
    sound = mmdb.make(nets, share=False)
    fan = mmdb.Section(share=False)
    place = fan.add('x')
    for _ in range(40):
        encoded = mmdb.head(11, 2) + mmdb.pointer(place) * 2
        place = len(fan.data)
        fan.data += encoded
    nodes = ((1 + 16 + place).to_bytes(4, 'big')) * 2
    metadata = mmdb.MARKER + mmdb.Section(share=False).encode(
        {'node_count': 1, 'record_size': mmdb.U16(32), 'ip_version': mmdb.U16(6), 'database_type': 'x', 'languages': ['en'],
         'binary_format_major_version': mmdb.U16(2), 'binary_format_minor_version': mmdb.U16(0),
         'build_epoch': mmdb.U64(1), 'description': {'en': 'x'}})
    leaf = (17).to_bytes(4, 'big') * 2 + bytes(16)
    cases = {
        'nested without end': (leaf + deep + metadata, 'nested too deep'),
        'pointers that fan out': (nodes + bytes(16) + bytes(fan.data) + metadata, 'nested too deep|made of too many'),
        'a pointer to itself': (leaf + mmdb.pointer(0) + bytes(8) + metadata, 'points to a pointer'),
        'a map of four thousand million': (leaf + bytes([0xff, 0xff, 0xff, 0xff]) + metadata, 'beyond its section'),
        'a string beyond the end': (leaf + bytes([0x5f, 0xff, 0xff, 0xff]) + metadata, 'beyond its section'),
        'four thousand million nodes': (mmdb.make(nets, metadata={'node_count': 0xffffffff}), 'goes beyond its end'),
        'a product that wraps': (mmdb.make(nets, record_size=32, metadata={'node_count': 0x20000001}), 'goes beyond its end'),
        'no nodes': (mmdb.make(nets, metadata={'node_count': 0}), 'lack node_count'),
        'records of a strange size': (mmdb.make(nets, metadata={'record_size': mmdb.U16(30)}), 'record_size is none'),
        'no version': (mmdb.make(nets, metadata={'ip_version': None}), 'lack node_count'),
        'metadata nested without end': (sound[:sound.rfind(mmdb.MARKER)] + mmdb.MARKER + deep[:100000], 'nested too deep'),
        'a description of no strings': (mmdb.make(nets, metadata={'description': {'en': 5}}), ''),
        'an empty file': (b'', 'empty'),
        'text': (b'203.0.113.0/24\n' * 50, 'no MaxMind DB'),
        'the end missing': (sound[:-60], '.'),
    }
    for name, (data, reason) in cases.items():
        path = os.path.join(folder, 'hostile.mmdb')
        with open(path, 'wb') as file:
            file.write(data)
        result = spoor.run('timeline', '--geoip', path, log, timeout=10)
        told = result.stderr.decode()
        checks.check(f'refused: {name}', result.status == 2 and path in told and re.search(reason, told), result.story)


REPORT = '''user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,\
access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated
<root_account>,arn:aws:iam::123456789012:root,2019-03-04T10:11:12+00:00,not_supported,no_information,not_supported,\
not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
u1,arn:aws:iam::123456789012:user/u1,2021-05-18T09:00:00+00:00,true,2026-01-10T07:58:11+00:00,2025-10-01T08:00:00+00:00,\
N/A,false,true,2023-02-27T15:21:00+00:00,2026-01-09T09:12:00+00:00,us-east-1,sts,true,2024-02-27T15:21:00+00:00,N/A,N/A,N/A,\
false,N/A,false,N/A
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--rounds', type=int, default=12)
    parser.add_argument('--damaged', type=int, default=150, help='files of each kind')
    arguments = parser.parse_args()
    spoor, checks, rng = Spoor(arguments.spoor), Checks('enrichment'), seeded('enrichment', 20260111)
    with tempfile.TemporaryDirectory(prefix='spoor-enrichment-') as folder:
        for i in range(arguments.rounds):
            check_rows(spoor, checks, rng, folder, f'round {i}')
        check_damage(spoor, checks, rng, folder, arguments.damaged)
        check_hostile(spoor, checks, folder)
    return checks.finish()


if __name__ == '__main__':
    raise SystemExit(main())
