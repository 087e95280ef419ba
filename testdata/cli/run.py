#!/usr/bin/env python3
"""Runs the command-line tests of this folder, which read like a manual.

    run.py --spoor BIN [--update] [TEST...]

A NAME.test is prose with commands in it. A line of prose starts at the margin; indented by two:

      $ spoor top --by key evidence      a command for sh
      > | head -n 1                      its next line
      {"key":"AKIA"}                     a line of standard output, exactly
      2024-.* (re)                       a line that matches this regular expression as a whole
      ! spoor: no such file              a line of standard error, exactly or with (re)
      ?                                  standard error says something, whatever it is
      [2]                                the exit status, left out where it is 0

Standard error is looked at only where a ! or ? line asks for it. A tab is written \\t and other
control characters \\xNN, so that they can be seen. (pending) stands for an answer that nobody has
looked at yet: such a command is skipped, and --update fills it in for a person to read.

Each test runs in a folder of its own with a copy of evidence/ in it; its commands share that folder.
--update rewrites what is expected into what was found; (re) lines that match stay.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from harness import Checks, SLOWDOWN  # noqa: E402

INDENT = '  '


@dataclass
class Command:
    lines: list                                # as written, without $ and >
    expected: list = field(default_factory=list)


def parse(text):
    """A list of prose lines (str) and Commands, in order."""
    items = []
    for line in text.split('\n'):
        if line.startswith(INDENT + '$ '):
            items.append(Command([line[4:]]))
        elif line.startswith(INDENT + '> ') and items and isinstance(items[-1], Command) and not items[-1].expected:
            items[-1].lines.append(line[4:])
        elif line.startswith(INDENT) and items and isinstance(items[-1], Command):
            items[-1].expected.append(line[2:])
        else:
            items.append(line)
    return items


def written(items):
    lines = []
    for item in items:
        if isinstance(item, Command):
            lines += [INDENT + ('> ' if i else '$ ') + line for i, line in enumerate(item.lines)]
            lines += [INDENT + line for line in item.expected]
        else:
            lines.append(item)
    return '\n'.join(lines)


def visible(output):
    """Lines as they stand in a test: no control character hides, a missing last newline shows."""
    if not output:
        return []
    text = output.decode('utf-8', 'backslashreplace')
    text = re.sub(r'[\x00-\x08\x0b-\x1f\x7f-\x9f]', lambda found: f'\\x{ord(found[0]):02x}', text).replace('\t', '\\t')
    lines = text.split('\n')
    if lines[-1] == '':
        return lines[:-1]
    return lines[:-1] + [lines[-1] + ' (no newline)']


def fits(pattern, line):
    if pattern.endswith(' (re)'):
        return re.fullmatch(pattern[:-5], line) is not None
    return pattern == line


class Expectation:
    """The expected lines of one command, sorted by what they speak of."""

    def __init__(self, lines):
        self.pending = '(pending)' in lines
        self.status, self.stdout, self.stderr, self.says_something = 0, [], [], False
        for line in lines:
            if match := re.fullmatch(r'\[(\d+)\]', line):
                self.status = int(match[1])
            elif line == '?':
                self.says_something = True
            elif line.startswith('! '):
                self.stderr.append(line[2:])
            elif line != '(pending)':
                self.stdout.append(line)

    def failures(self, status, stdout, stderr):
        wrong = []
        if status != self.status:
            wrong.append(f'exit status {self.status} expected, {status} found')
        wrong += unequal('standard output', self.stdout, stdout)
        if self.stderr:
            wrong += unequal('standard error', self.stderr, stderr)
        if self.says_something and not stderr:
            wrong.append('nothing on standard error')
        return wrong

    def updated(self, status, stdout, stderr):
        out = renewed(self.stdout, stdout)
        if self.stderr:
            out += ['! ' + line for line in renewed(self.stderr, stderr)]
        elif self.says_something and stderr:
            out.append('?')
        return out + ([f'[{status}]'] if status else [])


def unequal(name, expected, found):
    if len(expected) == len(found) and all(map(fits, expected, found)):
        return []
    return [f'{name} expected:', *('  ' + line for line in expected), 'found:', *('  ' + line for line in found)]


def renewed(expected, found):
    kept = [expected[i] if i < len(expected) and fits(expected[i], line) else line for i, line in enumerate(found)]
    return kept


def sandbox(spoor, folder):
    """A folder with evidence/ and a `spoor` on the path."""
    shutil.copytree(os.path.join(HERE, 'evidence'), os.path.join(folder, 'work', 'evidence'))
    os.makedirs(os.path.join(folder, 'bin'))
    os.symlink(os.path.abspath(spoor), os.path.join(folder, 'bin', 'spoor'))
    environment = {key: value for key, value in os.environ.items() if not key.startswith('SPOOR_') and key != 'NO_COLOR'}
    environment |= {'PATH': os.path.join(folder, 'bin') + ':' + os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'TZ': 'America/Lima',
                    'COLUMNS': '100', 'PYTHONPATH': os.path.dirname(HERE)}
    return os.path.join(folder, 'work'), environment


def run_command(command, work, environment):
    done = subprocess.run(['sh', '-c', '\n'.join(command.lines)], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60 * SLOWDOWN, check=False)
    return done.returncode, visible(done.stdout), visible(done.stderr)


def run_test(path, spoor, checks, update):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    items = parse(text)
    name = os.path.splitext(os.path.basename(path))[0]
    with tempfile.TemporaryDirectory(prefix='spoor-cli-') as folder:
        work, environment = sandbox(spoor, folder)
        for command in (item for item in items if isinstance(item, Command)):
            title = f'{name}: {" ".join(command.lines)}'
            found = run_command(command, work, environment)
            expectation = Expectation(command.expected)
            if update:
                command.expected = expectation.updated(*found)
            elif expectation.pending:
                checks.skip(title, 'answer not yet looked at')
            else:
                wrong = expectation.failures(*found)
                checks.check(title, not wrong, '\n'.join(wrong + ([] if '! ' in str(wrong) else found[2])))
    if update and written(items) != text:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(written(items))
        print(f'updated {path}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--update', action='store_true')
    parser.add_argument('tests', nargs='*', metavar='TEST', help='names or paths; all where none is given')
    arguments = parser.parse_args()
    names = sorted(name[:-5] for name in os.listdir(HERE) if name.endswith('.test'))
    if arguments.tests:
        names = [os.path.basename(test).removesuffix('.test') for test in arguments.tests]
    checks = Checks('cli')
    for name in names:
        run_test(os.path.join(HERE, name + '.test'), arguments.spoor, checks, arguments.update)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
