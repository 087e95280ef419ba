#!/usr/bin/env python3
"""What the evidence covers, and where it is silent: against the naive reference, and whether it cries wolf.

    coverage.py --spoor BIN

Deliveries are drawn as trails make them: steadily, hourly, in office hours, now and then; for days or for
months; with and without holes. `info --coverage` and `--gaps` answer as the reference does; a hole that was
made is found as it was made; trails without one are not said to have any; and a question that touches a
gap says so on standard error, and nothing else changes.
"""
import argparse
import calendar
import json
import os
import sys
import tempfile
import time

from harness import Checks, Spoor, difference, json_lines, seeded
import makers
import naive
import coverage_naive

HOUR, DAY = 3600, 86400
START = calendar.timegm((2025, 3, 1, 0, 0, 0))
LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
REGIONS = ['us-east-1', 'eu-west-1', 'ap-south-1', 'us-gov-west-1']


def stamp(seconds, form='%Y-%m-%dT%H:%M:%SZ'):
    return time.strftime(form, time.gmtime(seconds))


# ---- deliveries ----

def steady(rng, end):
    return [START + t + rng.randrange(0, 600) for t in range(0, end, 1200)]


def hourly(rng, end):
    return [START + t + rng.randrange(0, 1200) for t in range(0, end, HOUR)]


def office(rng, end):
    # START is a Saturday
    return [START + day * DAY + hour * HOUR + rng.randrange(0, 1800) for day in range(end // DAY) if day % 7 > 1
            for hour in range(8, 18)]


def quiet(rng, end):
    found, at = [], 0
    while (at := at + rng.expovariate(1 / (5 * HOUR))) < end:
        found.append(START + int(at))
    return found


def rare(rng, end):
    return sorted(START + rng.randrange(end) for _ in range(rng.randrange(1, 8)))


PATTERNS = {'steady': steady, 'hourly': hourly, 'office': office, 'quiet': quiet, 'rare': rare}


def without(times, holes):
    return [t for t in times if not any(a <= t < b for a, b in holes)]


def name_of(rng, account, region, seconds):
    unique = ''.join(rng.choice(LETTERS) for _ in range(16))
    return f'{account}_CloudTrail_{region}_{stamp(seconds, "%Y%m%dT%H%MZ")}_{unique}.json'


class Trail:
    """Members of an archive, and what is true of them."""

    def __init__(self, rng):
        self.rng, self.members, self.n = rng, {}, 0

    def event(self, account, region, seconds, **more):
        self.n += 1
        record = {'eventVersion': '1.08', 'eventTime': stamp(seconds), 'eventID': f'event-{self.n}', 'awsRegion': region,
                  'eventSource': 'ec2.amazonaws.com', 'eventName': 'DescribeInstances', 'recipientAccountId': account,
                  'userIdentity': {'type': 'IAMUser', 'arn': f'arn:aws:iam::{account}:user/u', 'accessKeyId': 'AKIAX'}}
        return record | more

    def file(self, account, region, seconds, records, named=True):
        name = f'AWSLogs/{account}/CloudTrail/{region}/{name_of(self.rng, account, region, seconds)}' if named \
            else f'renamed/{len(self.members)}.json'
        self.members[name] = json.dumps({'Records': records}).encode()
        return name

    def series(self, account, region, times, late=0.05, emptied=(), named=True):
        """A file for each of TIMES, which holds nothing in the stretches EMPTIED, with a name that says so or not."""
        for t in times:
            records = [] if any(a <= t < b for a, b in emptied) else \
                [self.event(account, region, t - self.rng.randrange(60, 900)) for _ in range(self.rng.choice([0, 1, 1, 2]))]
            if self.rng.random() < late:
                records.append(self.event(account, region, t - self.rng.randrange(DAY, 20 * DAY)))
            self.file(account, region, t, records, named)

    def write(self, path):
        makers.write_file(path, makers.tar_of(self.members))


def random_trail(rng):
    trail = Trail(rng)
    end = rng.choice([2, 6, 12, 24, 40, 70]) * DAY
    for account in ('111111111111', '222222222222')[:rng.choice([1, 2])]:
        for region in rng.sample(REGIONS, rng.choice([1, 2, 3])):
            pattern = rng.choice(list(PATTERNS))
            holes = []
            for _ in range(rng.choice([0, 0, 1, 2])):
                at = START + rng.randrange(end)
                holes.append((at, at + rng.choice([HOUR, 3 * HOUR, 12 * HOUR, DAY, 3 * DAY, 20 * DAY])))
            times = PATTERNS[pattern](rng, end)
            if rng.random() < 0.3:
                trail.series(account, region, times, late=0, emptied=holes, named=rng.random() < 0.5)
            else:
                trail.series(account, region, without(times, holes))
    for _ in range(rng.choice([0, 3])):
        service = rng.choice(list(coverage_naive.SWITCHES) + ['ec2.amazonaws.com'])
        names = coverage_naive.SWITCHES.get(service, {'StopLogging': ''})
        at = START + rng.randrange(end)
        failed = rng.choice([{}, {'errorCode': 'AccessDenied'}, {'errorCode': 'TrailNotFoundException'}])
        trail.file('111111111111', 'us-east-1', at, [trail.event('111111111111', 'us-east-1', at, eventSource=service,
                                                                  eventName=rng.choice(list(names)), **failed)])
    # What has no place in any series of deliveries, and a copy that must not count twice.
    for name in list(trail.members)[:2]:
        trail.members['copies/' + os.path.basename(name)] = trail.members[name]
    trail.members['other.json'] = json.dumps({'Records': [
        trail.event(None, None, START + DAY), trail.event('', 'eu-west-1', START + 2 * DAY)]}).encode()
    return trail


# ---- checks ----

def rows(spoor, *arguments):
    result = spoor.run('info', '--format', 'jsonl', *arguments)
    return json_lines(result.stdout), result


def check_set(spoor, checks, rng, folder, number):
    source, case_path = os.path.join(folder, 'trail.tar'), os.path.join(folder, 'trail.case')
    random_trail(rng).write(source)
    case = naive.load([source])
    spoor.run('index', '-o', case_path, source)
    expected = {'--coverage': coverage_naive.days(case), '--gaps': coverage_naive.gaps(case)}
    for option, wanted in expected.items():
        for where in (source, case_path):
            found, result = rows(spoor, option, where)
            why = difference(wanted, found)
            checks.check(f'set {number}: {option} of {os.path.basename(where)}, {len(wanted)} rows', not why,
                         lambda: f'{why}\n{result.story()}')
    whole = json.loads(spoor.run('info', '--format', 'json', '--coverage', '--gaps', case_path).stdout)
    checks.check(f'set {number}: the rows stand in the object too', whole['rows'] ==
                 {'coverage': expected['--coverage'], 'gaps': expected['--gaps']})
    checks.equal(f'set {number}: gaps are counted', len(list(filter(coverage_naive.is_loss, expected['--gaps']))), whole['gaps'])
    check_notices(spoor, checks, rng, number, expected, source, case_path)


def check_notices(spoor, checks, rng, number, expected, source, case_path):
    gaps, coverage = expected['--gaps'], expected['--coverage']
    times = sorted({t for row in gaps for t in (row['from'], row['to']) if t} | {stamp(START), stamp(START + 90 * DAY)})
    for i in range(6):
        start, end = rng.choice([None, *times]), rng.choice([None, *times])
        window = (['--from', start] if start else []) + (['--to', end] if end else [])
        narrow = rng.choice([[], [], ['--key', 'AKIAX'], ['--event', 'Nothing*']])
        n = coverage_naive.touched(gaps, coverage, start, end)
        for where in (source, case_path):
            said = spoor.run('timeline', '--limit', '0', *window, *narrow, where)
            lines = [line for line in said.stderr.decode().splitlines() if ' in what the evidence covers ' in line]
            right = lines[0].startswith(f'spoor: {n} gap') if n and lines else not lines and not n
            checks.check(f'set {number}: timeline {" ".join(window + narrow)} of {os.path.basename(where)} tells of {n} gaps',
                         len(lines) <= 1 and right, lambda: f'{gaps}\n{said.story()}')
        quiet_run = spoor.run('timeline', '--quiet', *window, case_path)
        checks.check(f'set {number}: nothing with --quiet, and the status stays', (quiet_run.status, quiet_run.stderr) == (0, b''),
                     quiet_run.story)


def check_found(spoor, checks, rng, folder):
    """A hole is found, and nothing is that is no hole."""
    source = os.path.join(folder, 'holes.tar')
    account = '333333333333'
    for end in (10 * DAY, 60 * DAY):
        for pattern in ('steady', 'hourly'):
            for length in (9 * HOUR, 2 * DAY):
                at = START + rng.randrange(4 * DAY, end - 3 * DAY)
                times = PATTERNS[pattern](rng, end)
                kept = without(times, [(at, at + length)])
                trail = Trail(rng)
                trail.series(account, 'us-east-1', kept, late=0)
                trail.write(source)
                before = max(t for t in kept if t < at) // 60 * 60
                behind = min(t for t in kept if t >= at + length) // 60 * 60
                found, result = rows(spoor, '--gaps', '--columns', 'kind,from,to', source)
                wanted = [{'kind': 'no-delivery', 'from': stamp(before), 'to': stamp(behind)}]
                checks.check(f'{pattern} for {end // DAY} days: a hole of {length // HOUR} hours is found', found == wanted,
                             lambda: f'{wanted}\n{found}\n{result.story()}')


def check_emptied(spoor, checks, rng, folder):
    """Files came, and whoever had them in hands before took the records out."""
    source = os.path.join(folder, 'emptied.tar')
    for n_days in (18, 60):
        day = rng.randrange(8, n_days - 8)
        trail = Trail(rng)
        trail.series('333333333333', 'us-east-1', steady(rng, n_days * DAY), late=0,
                     emptied=[(START + day * DAY - HOUR, START + (day + 1) * DAY + HOUR)])
        trail.write(source)
        found, result = rows(spoor, '--gaps', '--columns', 'kind,from,to', source)
        wanted = [{'kind': 'no-events', 'from': stamp(START + day * DAY), 'to': stamp(START + (day + 1) * DAY)}]
        checks.check(f'{n_days} days: a day whose files hold nothing is found', found == wanted,
                     lambda: f'{wanted}\n{found}\n{result.story()}')


def check_wolf(spoor, checks, rng, folder):
    source = os.path.join(folder, 'wolf.tar')
    n_told, n_series = 0, 0
    for end in (4 * DAY, 15 * DAY, 30 * DAY, 75 * DAY):
        for pattern in PATTERNS:
            trail = Trail(rng)
            for region in REGIONS:
                # up to one end, or what ends early is told of, and rightly
                times = PATTERNS[pattern](rng, end)
                trail.series('444444444444', region, times + [START + end] if pattern != 'office' else times, late=0)
                n_series += 1
            trail.write(source)
            found, _ = rows(spoor, '--gaps', source)
            n_told += len(found)
            if pattern not in ('quiet', 'rare'):
                checks.check(f'{pattern} for {end // DAY} days without a hole: nothing is told', not found, lambda: found)
    checks.check(f'{n_series} series without a hole: {n_told} gaps told', n_told <= 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--spoor', required=True)
    arguments = parser.parse_args()
    checks, spoor, rng = Checks('coverage'), Spoor(arguments.spoor), seeded('coverage', 7)
    with tempfile.TemporaryDirectory(prefix='spoor-coverage-') as folder:
        for number in range(12):
            check_set(spoor, checks, rng, folder, number)
        check_found(spoor, checks, rng, folder)
        check_emptied(spoor, checks, rng, folder)
        check_wolf(spoor, checks, rng, folder)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
