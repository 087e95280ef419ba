"""What verify must find, by plain loops: hashlib for SHA-256, the openssl command for signatures.

Reads directories of files as they stand, or with gzip around them, and matches by file name alone; that is enough
for evidence in which file names are unique but for copies. Shares no code and no order of thought with src/proof.
"""
import glob
import hashlib
import json
import os
import re
import subprocess
import tempfile
import zlib
from datetime import datetime, timedelta

LOG_NAME = re.compile(r'(\d+)_(CloudTrail(?!-Digest)[^_]*)_([^_]+)_(\d{8}T\d{4}Z)_.*\.json$')
DIGEST_NAME = re.compile(r'(\d+)_CloudTrail-Digest_([^_]+)_(.+)_([^_]+)_\d{8}T\d{6}Z(_backfill)?\.json$')


def base(path):
    """The last part of a name, without .gz."""
    return re.sub(r'\.gz$', '', path.rsplit('/', 1)[-1])


def moment(text):
    return datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ')


def unpack(raw):
    """As much of the content as can be had."""
    content = b''
    while raw[:2] == b'\x1f\x8b':
        machine = zlib.decompressobj(31)
        try:
            content += machine.decompress(raw)
        except zlib.error:
            return content
        raw = machine.unused_data
        if not machine.eof:
            return content
    return content or raw


class Signatures:
    """By `openssl dgst -verify`; keys are PKCS#1, which openssl takes as PEM."""

    def __init__(self, path):
        self.keys, self.known = {}, {}
        if path:
            with open(path, encoding='utf-8') as file:
                for key in json.load(file)['PublicKeyList']:
                    self.keys[key['Fingerprint']] = key['Value']

    def check(self, fingerprint, text, signature):
        value = self.keys.get(fingerprint)
        question = (value, text, signature)
        if value and question not in self.known:
            self.known[question] = self.ask(*question)
        return self.known.get(question) if value else None

    @staticmethod
    def ask(value, text, signature):
        lines = '\n'.join(value[i:i + 64] for i in range(0, len(value), 64))
        with tempfile.TemporaryDirectory() as folder:
            def put(name, content):
                path = os.path.join(folder, name)
                with open(path, 'wb') as file:
                    file.write(content)
                return path
            pem = put('rsa.pem', f'-----BEGIN RSA PUBLIC KEY-----\n{lines}\n-----END RSA PUBLIC KEY-----\n'.encode())
            key = os.path.join(folder, 'key.pem')
            subprocess.run(['openssl', 'rsa', '-RSAPublicKey_in', '-in', pem, '-pubout', '-out', key], check=True,
                           capture_output=True)
            answer = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', key, '-signature',
                                     put('signature', bytes.fromhex(signature)), put('text', text.encode())],
                                    capture_output=True)
        return answer.returncode == 0


class Digest:
    def __init__(self, path, content, data):
        self.path, self.data = path, data
        self.hash = hashlib.sha256(content).hexdigest()
        self.object = data['digestS3Object']
        self.key = data['digestS3Bucket'], self.object
        self.previous = data['previousDigestS3Object'] and (data['previousDigestS3Bucket'],
                                                            data['previousDigestS3Object'])
        self.start, self.end = moment(data['digestStartTime']), moment(data['digestEndTime'])
        self.chain = DIGEST_NAME.match(base(self.object)).groups()
        self.backfill = bool(self.chain[4])
        self.verdict = None

    def signed_text(self):
        return '\n'.join([self.data['digestEndTime'], self.data['digestS3Bucket'] + '/' + self.object, self.hash,
                          self.data['previousDigestSignature'] or 'null'])


def read(folder):
    files, digests = {}, []
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), '**'), recursive=True)):
        if not os.path.isfile(path):
            continue
        with open(path, 'rb') as file:
            content = unpack(file.read())
        try:
            data = json.loads(content)
        except ValueError:
            data = None
        if isinstance(data, dict) and 'digestStartTime' in data:
            digest = Digest(path, content, data)
            if digest.hash not in {other.hash for other in digests}:
                digests.append(digest)
        else:
            files[path] = hashlib.sha256(content).hexdigest()
    return files, digests


def judge_digest(digest, digests, signatures):
    successors = [other for other in digests if other.previous == digest.key]
    if successors:
        equal = any(other.data['previousDigestHashValue'] == digest.hash for other in successors)
        if not signatures:
            return 'sound' if equal else 'altered'
        results = [signatures.check(digest.data['digestPublicKeyFingerprint'], digest.signed_text(),
                                    other.data['previousDigestSignature'])
                   if digest.data['digestSignatureAlgorithm'] == 'SHA256withRSA' else None for other in successors]
        if True in results:
            return 'sound'
        return 'unproven' if equal and results[0] is None else 'altered'
    later = [other for other in digests if other.chain == digest.chain and other.start >= digest.end]
    if later:
        following = min(later, key=lambda other: other.start)
        if following.previous and any(other.key == following.previous for other in digests):
            return 'unlisted'
    return 'unproven'


def gaps(digests):
    """(kind, verdict, name) of what is missing between the digests of a chain, in order of time."""
    found = []
    for chain in {digest.chain for digest in digests}:
        row = sorted((d for d in digests if d.chain == chain and d.verdict != 'unlisted'),
                     key=lambda d: (d.start, d.end, d.object))
        for i, digest in enumerate(row):
            before = row[i - 1] if i else None
            if not before or before.object == digest.object:
                continue
            label = ' '.join(chain[:3]) + (' (backfill)' if digest.backfill else '')
            here = any(other.key == digest.previous for other in digests)
            named = [other for other in digests if digest.previous and base(other.path) == base(digest.previous[1])]
            if digest.previous and not here and named:
                named[0].verdict = 'altered'
            elif digest.previous and not here:
                found.append(('digest', 'missing', base(digest.previous[1])))
            if not digest.previous:
                found.append(('gap', 'restarted', label))
            elif digest.backfill:
                continue
            elif not here and digest.start - before.end > timedelta(hours=1.5):
                found.append(('gap', 'gap', label))
            elif here and digest.start > before.end:
                found.append(('gap', 'gap', label))
    return found


def judge_logs(files, digests):
    found, claimed, named = [], set(), {}
    trust = {'sound': 2, 'unproven': 1}
    for digest in digests:
        for log in digest.data['logFiles']:
            key = log['s3Bucket'], log['s3Object']
            if key not in named or trust.get(digest.verdict, 0) > trust.get(named[key][1].verdict, 0):
                named[key] = log, digest
    for (_, name), (log, digest) in named.items():
        candidates = [path for path in files if base(path) == base(name)]
        sound = [path for path in candidates if files[path] == log['hashValue']]
        claimed.update(candidates)
        good = 'sound' if digest.verdict == 'sound' else 'unproven'
        if not candidates:
            found.append(('log', 'missing', base(name)))
        for path in candidates:
            found.append(('log', good if path in sound else 'altered', base(path)))
    for path in files:
        match = LOG_NAME.match(base(path))
        if path in claimed or not match:
            continue
        time = datetime.strptime(match[4], '%Y%m%dT%H%MZ')
        # Every minute of what may be its delivery must be in some digest.
        moments = [time + timedelta(minutes=m) for m in range(15)] + [time + timedelta(minutes=15, microseconds=-1)]
        spans = [(d.start, d.end) for d in digests if d.verdict != 'unlisted' and not d.backfill and
                 (d.chain[0], d.chain[1]) == (match[1], match[3])]
        listed = all(any(start <= at < end for start, end in spans) for at in moments)
        found.append(('log', 'unlisted' if listed else 'notCovered', base(path)))
    return found


def verify(folder, keys=None):
    """(kind, verdict, file name without .gz) of every digest, log and gap, sorted."""
    files, digests = read(folder)
    signatures = Signatures(keys) if keys else None
    for digest in digests:
        digest.verdict = judge_digest(digest, digests, signatures)
    found = gaps(digests)
    rows = [('digest', digest.verdict, base(digest.object)) for digest in digests]
    return sorted(rows + found + judge_logs(files, digests))
