"""Evidence the naive way: every file is unpacked whole into memory, every JSON value is parsed whole.

read(sources) returns an Evidence: the records it found, each with its file, its number in that
file and the byte it starts at, and what was damaged or ignored. No streaming, no threads, no
limits: this is the reference that the program is compared with, so it is plain before anything.
"""
import bz2
import io
import json
import lzma
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from typing import NamedTuple

from containers import DECODER, LISTS, Inside, Num, is_action, looks_like_record, open_unit  # noqa: F401

SPACE = ' \t\r\n'


class Found(NamedTuple):
    """A record: any value for an element of Records, else an object that looks like a record."""
    file: bytes
    number: int
    offset: int
    value: object
    time: object = None  # what a shipper put beside a record; counts where that has no eventTime


class Fault(NamedTuple):
    file: bytes
    offset: int
    reason: str


class Evidence:
    def __init__(self):
        self.n_files = 0
        self.names = []  # of logs
        self.found = []
        self.damaged = []
        self.ignored = []
        self.n_lost = 0  # records that were in an envelope that broke


# ---- which files ----

def walk(source, evidence):
    """(path, shown name) of every file below SOURCE, which may itself be a file."""
    source = os.fsencode(source)
    if source == b'-':
        return [(source, source)]
    top = source.rstrip(b'/') or b'/'
    os.stat(top)  # a source that is not there is an error, not damage
    files = []
    walk_into(top, [], evidence, files)
    return files


def walk_into(path, above, evidence, files):
    try:
        status = os.stat(path)
    except OSError as error:
        evidence.damaged.append(Fault(path, 0, error.strerror))
        return
    if not stat.S_ISDIR(status.st_mode):
        if stat.S_ISREG(status.st_mode) or not above:
            files.append((path, path))
        else:
            evidence.damaged.append(Fault(path, 0, 'not a regular file'))
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        evidence.damaged.append(Fault(path, 0, 'directory loop'))
        return
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        evidence.damaged.append(Fault(path, 0, error.strerror))
        return
    for name in names:
        walk_into(path.rstrip(b'/') + b'/' + name, above + [identity], evidence, files)


def all_files(sources, evidence):
    """Every file once, under the name that sorts first of those that lead to it."""
    by_real_path = {}
    for source in sources:
        for path, name in walk(source, evidence):
            real = path if path == b'-' else os.path.realpath(path)
            if real not in by_real_path or name < by_real_path[real][1]:
                by_real_path[real] = (path, name)
    return sorted(by_real_path.values(), key=lambda file: file[1])


# ---- peeling compressions and archives ----

def gunzip(data):
    """(content, fault or None): members end to end, and whatever came out before a fault."""
    content = b''
    while data:
        if data[:2] != b'\x1f\x8b':
            return content, 'bytes after the last gzip member'
        inflate = zlib.decompressobj(31)
        try:
            content += inflate.decompress(data)
        except zlib.error as error:
            return content + gunzip_until_fault(data), str(error)
        if not inflate.eof:
            return content, 'gzip is cut'
        data = inflate.unused_data
    return content, None


def gunzip_until_fault(data):
    """What one member gives before the byte that zlib refuses."""
    inflate = zlib.decompressobj(31)
    content = b''
    try:
        for i in range(len(data)):
            content += inflate.decompress(data[i:i + 1])
    except zlib.error:
        pass
    return content


def whole(unpack):
    """Other compressions: all or nothing is enough here."""
    def peel(data):
        try:
            return unpack(data), None
        except (OSError, EOFError, lzma.LZMAError) as error:
            return b'', str(error)
    return peel


COMPRESSIONS = [
    (b'\x1f\x8b', gunzip), (b'BZh', whole(bz2.decompress)), (b'\xfd7zXZ\0', whole(lzma.decompress)),
]


def tar_members(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode='r:', errors='surrogateescape') as archive:
        for member in archive:
            if member.isfile():
                yield os.fsencode(member.name), archive.extractfile(member).read(), None


def zip_members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                try:
                    content, fault = archive.read(member), None
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    content, fault = b'', str(error)
                yield os.fsencode(member.filename), content, fault


def seven_zip_members(data):
    with tempfile.TemporaryDirectory() as folder:
        packed = os.path.join(folder, 'packed.7z')
        with open(packed, 'wb') as file:
            file.write(data)
        out = os.path.join(folder, 'out')
        subprocess.run(['7z', 'x', '-y', '-bd', '-o' + out, packed], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for path, name in walk(out, Evidence()):
            with open(path, 'rb') as file:
                yield name[len(os.fsencode(out)) + 1:], file.read(), None


def archive_of(data):
    if data[:4] in (b'PK\3\4', b'PK\5\6'):
        return zip_members
    if data[:6] == b'7z\xbc\xaf\x27\x1c':
        return seven_zip_members
    if data[257:262] == b'ustar':
        return tar_members
    return None


def read_content(name, data, evidence, cut=False):
    """One file or member: peel it until it is neither compressed nor an archive."""
    for magic, peel in COMPRESSIONS:
        if data.startswith(magic):
            content, fault = peel(data)
            if fault:
                evidence.damaged.append(Fault(name, len(content), fault))
            if content or not fault:
                read_content(name, content, evidence, cut or fault is not None)
            return
    members = archive_of(data)
    if members is None:
        read_log(name, data, evidence, cut)
        return
    try:
        for member, content, fault in members(data):
            inside = name + b'!' + member
            if fault:
                evidence.damaged.append(Fault(inside, len(content), fault))
            read_content(inside, content, evidence, fault is not None)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError,
            subprocess.CalledProcessError) as error:
        evidence.damaged.append(Fault(name, 0, str(error)))


# ---- JSON ----

class Malformed(Exception):
    def __init__(self, at, reason):
        super().__init__(reason)
        self.at = at


def value_at(text, at):
    try:
        return DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise Malformed(at, error.msg)
    except (ValueError, RecursionError) as error:
        raise Malformed(at, str(error))


def skip_space(text, at):
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


class LogReader:
    """The records of one JSON document after another."""

    def __init__(self, name, data, evidence):
        self.name = name
        # A byte that is no UTF-8 becomes a lone surrogate: one character, and found again when
        # an offset is turned back into bytes.
        self.text = data.decode('utf-8', 'surrogateescape')
        self.evidence = evidence
        self.is_page = False
        self.n_others = 0
        self.counted = (0, 0)
        self.n_elements = 0
        self.n_records = 0
        self.is_export = False
        self.refusal = 'no CloudTrail records'

    def offset(self, at):
        """Characters into bytes. Asked for in ascending order, so only what is new is counted."""
        characters, size = self.counted
        if at < characters:
            characters, size = 0, 0
        size += len(self.text[characters:at].encode('utf-8', 'surrogateescape'))
        self.counted = (at, size)
        return size

    def take(self, at, end, value, in_export):
        """One unit: a record, or something with records inside."""
        number = self.n_elements
        if not in_export and is_action(value):
            return
        if in_export:
            time = value.get('@timestamp') if isinstance(value, dict) else None
            records, unit = [Inside(value, time, True)], None
        else:
            unit = open_unit(value)
            records = unit.records
        for record in records:
            offset = self.offset(self.place_inside(at, end, value, record))
            self.evidence.found.append(Found(self.name, number, offset, record.value, record.time))
            number += 1
        self.n_records += len(records)
        self.n_elements += max(len(records), 1)
        if records and not (unit and unit.is_broken):
            return
        if unit.is_broken or unit.is_sure:
            self.is_export = True
            self.evidence.n_lost += not records
            self.evidence.damaged.append(Fault(self.name, self.offset(at), 'an envelope without a sound record'))
        else:
            self.n_others += 1

    def place_inside(self, at, end, value, record):
        """Where the bytes begin from which RECORD is read: its own, or those of the unit around it."""
        if isinstance(value, list) and not record.is_exact:
            return next(start for start, element in self.objects(at, end) if element.get('field') == '@message')
        if not record.is_exact or record.value is value:
            return at
        holder = next(start for start, element in self.objects(at, end) if element == record.value)
        if 'eventTime' in record.value or record.time is None or '@timestamp' in record.value:
            return holder
        return at

    def objects(self, at, end):
        """Every object from AT to END, however deep, with where it begins."""
        for start in range(at, end):
            if self.text[start] == '{':
                try:
                    yield start, value_at(self.text, start)[0]
                except Malformed:
                    pass

    def documents(self, at):
        while (at := skip_space(self.text, at)) < len(self.text):
            at = self.unit(at, False)

    def unit(self, at, in_export, in_array=False):
        if self.text[at] == '[' and not in_array:
            return self.array(at, None)
        if self.text[at] == '{' and not in_export and (found := self.find_list(at)) is not None:
            return self.wrapper(*found)
        value, end = value_at(self.text, at)
        self.take(at, end, value, in_export)
        return end

    def wrapper_list(self, key, array):
        if key == 'Records':
            self.is_export = True
        elif key in ('Events', 'logEvents'):
            self.is_page = True
        return self.array(array, key)

    def wrapper(self, key, array):
        # The rest of the object has to be sound, and may have more lists.
        end = self.members_behind(self.wrapper_list(key, array))
        return self.members_behind(end) if key == 'hits' else end

    def array(self, at, key):
        """The array whose [ is at AT, of units or of what is in the list KEY."""
        at = skip_space(self.text, at + 1)
        if self.text[at:at + 1] == ']':
            return at + 1
        while True:
            if key is None:
                end = self.unit(at, False, True)
            else:
                value, end = value_at(self.text, at)
                self.take(at, end, value, key == 'Records')
            comma = skip_space(self.text, end)
            if self.text[comma:comma + 1] == ']':
                return comma + 1
            if self.text[comma:comma + 1] != ',':
                raise Malformed(comma, 'neither , nor ] behind an element')
            at = skip_space(self.text, comma + 1)

    def find_list(self, at, wanted=LISTS):
        """(key, where the array begins) of {"Records": [ and its like. Members before it are stepped over."""
        at = skip_space(self.text, at + 1)
        while self.text[at:at + 1] == '"':
            key, at = value_at(self.text, at)
            at = skip_space(self.text, at)
            if self.text[at:at + 1] != ':':
                return None
            at = skip_space(self.text, at + 1)
            if key in wanted and self.text[at:at + 1] == '[' and (key != 'hits' or wanted != LISTS):
                return key, at
            if key == 'hits' and wanted == LISTS and self.text[at:at + 1] == '{' and \
                    (found := self.find_list(at, ('hits',))) is not None:
                return found
            try:
                _, at = value_at(self.text, at)
            except Malformed:
                return None
            at = skip_space(self.text, skip_space(self.text, at) + 1)
        return None

    def members_behind(self, at):
        while (at := skip_space(self.text, at)) < len(self.text) and self.text[at] == ',':
            at = skip_space(self.text, at + 1)
            key, at = value_at(self.text, at)
            at = skip_space(self.text, at)
            if self.text[at:at + 1] != ':':
                raise Malformed(at, 'no : behind a key')
            at = skip_space(self.text, at + 1)
            if key in LISTS and key != 'hits' and self.text[at:at + 1] == '[':
                at = self.wrapper_list(key, at)
            else:
                _, at = value_at(self.text, at)
        if self.text[at:at + 1] != '}':
            raise Malformed(at, 'no } behind Records')
        return at + 1

    def next_record(self, at):
        """The first whole record that stands at or behind AT, for going on behind a fault."""
        while (at := self.text.find('{', at)) >= 0:
            try:
                value, end = value_at(self.text, at)
                if looks_like_record(value) or open_unit(value).records:
                    return at, value, end
            except Malformed:
                pass
            at += 1
        return None

    def read(self):
        start = 1 if self.text.startswith('\ufeff') else 0
        try:
            self.documents(start)
        except Malformed as fault:
            self.read_behind(fault)
        else:
            if self.n_others and (self.n_records or self.is_export):
                self.evidence.ignored.append(Fault(self.name, 0, 'values that are no records'))
            if self.n_records == 0 and not self.is_export and (self.n_others or not self.is_page):
                self.evidence.ignored.append(Fault(self.name, 0, self.refusal))
                return
        self.evidence.n_files += 1
        self.evidence.names.append(self.name)

    def read_behind(self, fault):
        self.evidence.damaged.append(Fault(self.name, self.offset(fault.at), str(fault)))
        self.n_elements += 1
        at = fault.at
        while (found := self.next_record(at)) is not None:
            start, value, at = found
            self.take(start, at, value, False)


def read_log(name, data, evidence, cut):
    if not data.strip():
        if not cut:
            evidence.damaged.append(Fault(name, 0, 'empty'))
        return
    first = data.removeprefix(b'\xef\xbb\xbf').lstrip()[:1]
    if first not in (b'{', b'['):
        evidence.ignored.append(Fault(name, 0, 'not a log'))
        return
    LogReader(name, data, evidence).read()


def read(sources):
    evidence = Evidence()
    for path, name in all_files(sources, evidence):
        try:
            if path == b'-':
                data = sys.stdin.buffer.read()
            else:
                with open(path, 'rb') as file:
                    data = file.read()
        except OSError as error:
            evidence.damaged.append(Fault(name, 0, error.strerror))
            continue
        read_content(name, data, evidence)
    return evidence
