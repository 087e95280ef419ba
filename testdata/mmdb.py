"""MaxMind DB files, written from the public format specification 2.0: for tests.

    write(path, {'203.0.113.0/24': {'country': {'iso_code': 'NL'}}}, ip_version=6, record_size=28)

Values are dict, list, str, bool, int (uint32, or uint16 and uint64 by U16 and U64), float, bytes; equal ones
are written once and pointed to.
"""
import ipaddress
import struct

MARKER = b'\xab\xcd\xefMaxMind.com'


class U16(int):
    pass


class U64(int):
    pass


def head(kind, size):
    """Control byte, the byte of an extended type, and the bytes of a size."""
    extended = b''
    if kind > 7:
        extended, kind = bytes([kind - 7]), 0
    if size < 29:
        return bytes([kind << 5 | size]) + extended
    for code, base, n in ((29, 29, 1), (30, 285, 2), (31, 65821, 3)):
        if size - base < 1 << 8 * n:
            return bytes([kind << 5 | code]) + extended + (size - base).to_bytes(n, 'big')
    raise ValueError(size)


def pointer(to):
    for code, base, bits in ((0, 0, 11), (1, 2048, 19), (2, 526336, 27)):
        if to - base < 1 << bits:
            value = to - base
            n = code + 1
            return bytes([1 << 5 | code << 3 | value >> 8 * n]) + (value & (1 << 8 * n) - 1).to_bytes(n, 'big')
    return bytes([1 << 5 | 3 << 3]) + to.to_bytes(4, 'big')


class Section:
    def __init__(self, share=True):
        self.data, self.places, self.share = bytearray(), {}, share

    def number(self, kind, value):
        raw = value.to_bytes((value.bit_length() + 7) // 8, 'big')
        return head(kind, len(raw)) + raw

    def encode(self, value):
        if isinstance(value, dict):
            return head(7, len(value)) + b''.join(self.shared(k) + self.shared(v) for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return head(11, len(value)) + b''.join(self.shared(v) for v in value)
        if isinstance(value, bool):
            return head(14, int(value))
        if isinstance(value, str):
            raw = value.encode('utf-8', 'surrogateescape')
            return head(2, len(raw)) + raw
        if isinstance(value, bytes):
            return head(4, len(value)) + value
        if isinstance(value, float):
            return head(3, 8) + struct.pack('>d', value)
        return self.number(5 if isinstance(value, U16) else 9 if isinstance(value, U64) else 6, value)

    def shared(self, value):
        """In place, or a pointer to where the same stands already."""
        if self.share and isinstance(value, str) and len(value) > 4:
            return pointer(self.add(value))
        return self.encode(value)

    def add(self, value):
        """Where VALUE stands."""
        key = repr(value)
        if key not in self.places:
            encoded = self.encode(value)
            self.places[key] = len(self.data)
            self.data += encoded
        return self.places[key]


def tree(networks, ip_version, section):
    """Nodes [left, right]; a side is None, a node's number, or ('data', place). Longer prefixes win."""
    nodes = [[None, None]]
    width = 128 if ip_version == 6 else 32
    paths = []
    for network, value in networks.items():
        network = ipaddress.ip_network(network)
        # a tree of IPv6 holds IPv4 below ::/96
        below = 96 if ip_version == 6 and network.version == 4 else 0
        paths.append((network.prefixlen + below, int(network.network_address), value))
    for n, bits, value in sorted(paths, key=lambda path: path[0]):
        leaf = ('data', section.add(value))
        if n == 0:
            nodes[0] = [leaf, leaf]
            continue
        at = 0
        for i in range(n):
            side = bits >> (width - 1 - i) & 1
            if i == n - 1:
                nodes[at][side] = leaf
                break
            below = nodes[at][side]
            if not isinstance(below, int):
                nodes.append([below, below])
                nodes[at][side] = len(nodes) - 1
            at = nodes[at][side]
    return nodes


def pack(left, right, record_size):
    if record_size == 28:
        return ((left & 0xffffff).to_bytes(3, 'big') + bytes([left >> 24 << 4 | right >> 24])
                + (right & 0xffffff).to_bytes(3, 'big'))
    return left.to_bytes(record_size // 8, 'big') + right.to_bytes(record_size // 8, 'big')


def make(networks, ip_version=6, record_size=28, database_type='Test', metadata=None, share=True):
    """The bytes of a database. METADATA replaces some of it; a value of None leaves that out."""
    section = Section(share)
    nodes = tree(networks, ip_version, section)
    out = bytearray()
    for node in nodes:
        sides = [len(nodes) if side is None else side if isinstance(side, int) else len(nodes) + 16 + side[1]
                 for side in node]
        out += pack(sides[0], sides[1], record_size)
    facts = {'node_count': len(nodes), 'record_size': U16(record_size), 'ip_version': U16(ip_version),
             'database_type': database_type, 'languages': ['en'], 'binary_format_major_version': U16(2),
             'binary_format_minor_version': U16(0), 'build_epoch': U64(1767225600),
             'description': {'en': 'made for a test'}}
    facts.update(metadata or {})
    facts = {key: value for key, value in facts.items() if value is not None}
    return bytes(out) + bytes(16) + bytes(section.data) + MARKER + Section(share=False).encode(facts)


def write(path, networks, **how):
    with open(path, 'wb') as file:
        file.write(make(networks, **how))
