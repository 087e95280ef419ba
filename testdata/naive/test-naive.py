#!/usr/bin/env python3
"""Tests of the naive reference itself, on tiny evidence written by hand: an answer key needs one too."""
import datetime
import gzip
import json
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import event  # noqa: E402
import evidence as reading  # noqa: E402
import harness  # noqa: E402
import makers  # noqa: E402
import naive  # noqa: E402

RECORD = ('{"eventID":"%s","eventTime":"%s","eventName":"GetObject","userIdentity":{"accessKeyId":"%s"},'
          '"sourceIPAddress":"%s"}')


def record(event_id='e1', time='2024-03-01T00:00:00Z', key='AKIA1', ip='203.0.113.7'):
    return RECORD % (event_id, time, key, ip)


class WithEvidence(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, data):
        data = data.encode() if isinstance(data, str) else data
        return makers.write_file(os.path.join(self.folder.name, name), data)

    def load(self, **files):
        for name, data in files.items():
            self.write(name, data)
        return naive.load([self.folder.name])

    def ask(self, case, *arguments):
        return naive.answer(case, naive.options_of([*arguments, 'SOURCE']))


class Containers(WithEvidence):
    def ids(self, data):
        return [e.columns['eventID'] for e in self.load(log=data).events]

    def test_each_holds_the_same(self):
        two = record('a') + ',' + record('b')
        for data in ('{"Records":[' + two + ']}', '[' + two + ']', record('a') + '\n' + record('b'),
                     '{"x":[{"Records":[]}],"Records":[' + two + '],"y":{}}', '\ufeff[' + two + ']',
                     '{"Records":[' + record('a') + ']}{"Records":[' + record('b') + ']}'):
            self.assertEqual(self.ids(data), ['a', 'b'], data)

    def test_packings(self):
        log = ('[' + record('a') + ']').encode()
        for data in (gzip.compress(log), makers.gzip_members(log, 3), makers.tar_of({'m': log}),
                     makers.zip_of({'m': gzip.compress(log)}), gzip.compress(makers.tar_of({'m': log})),
                     makers.zip_of({'t.tar': makers.tar_of({'m': log})})):
            self.assertEqual(self.ids(data), ['a'])

    def test_member_names(self):
        case = self.load(z=makers.zip_of({'b.tar': makers.tar_of({'c/d.json': ('[' + record() + ']').encode()})}))
        self.assertEqual(case.events[0].columns['source.file'], self.folder.name + '/z!b.tar!c/d.json')

    def test_empty_export_is_a_file_without_events(self):
        case = self.load(log='{"Records":[]}')
        self.assertEqual((case.files, case.events, case.damaged, case.ignored), (1, [], [], []))

    def test_what_is_no_log_is_ignored(self):
        case = self.load(a='hello', b='{"some":"json"}', c='[1,2]', d='\x7fELF')
        self.assertEqual((len(case.ignored), case.damaged, case.files), (4, [], 0))

    def test_containers(self):
        one, two = record('a'), record('b')
        for kind in makers.WRAPPERS:
            with self.subTest(kind):
                data = makers.wrapped_log(random.Random(1), kind, [one, two])
                self.assertEqual(self.ids(data), ['a', 'b'])
                path = self.write('log', data)
                found = reading.read([path])
                self.assertEqual((found.damaged, found.n_lost), ([], 0))
                if kind in ('bridge', 'shipper', 'shipper-dotted', 'hits', 'bulk'):
                    for place, text in zip(found.found, [one, two]):
                        self.assertEqual(data[place.offset:place.offset + len(text)], text)

    def test_text_is_content_of_its_own(self):
        def lookup(event_id):
            return {'CloudTrailEvent': record(event_id)}
        two = [json.loads(record(event_id)) for event_id in 'ab']
        for inside in ([{'Events': [lookup('a')]}, {'Events': [lookup('b')]}], [{'Records': two[:1]}, {'Records': two[1:]}],
                       {'hits': {'hits': [{'_source': event} for event in two]}},
                       {'Events': [lookup('a')], 'events': [{'message': record('b')}]}):
            with self.subTest(inside):
                self.assertEqual(self.ids(json.dumps({'events': [{'message': json.dumps(inside)}]})), ['a', 'b'])
        self.assertEqual(self.ids(json.dumps({'_source': {'Records': two}})), ['a', 'b'])
        self.assertEqual(self.ids(json.dumps({'Events': [lookup('a')], 'events': [{'message': record('b')}]})), ['a', 'b'])

    def test_containers_without_records(self):
        case = self.load(a='{"Events":[{"CloudTrailEvent":"{}"}]}', b='{"detail-type":"x","detail":{"eventName":"y"}}',
                         c='{"awsAccountId":"1","logFiles":[]}', d='{"events":[{"message":"hello"}]}', e='{"Events":[]}')
        self.assertEqual([os.path.basename(fault.file) for fault in case.ignored], [b'b', b'c', b'd'])
        self.assertEqual((case.rejected, case.files), (1, 2))


class Damage(WithEvidence):
    def places(self, case):
        return [(os.path.basename(fault.file), fault.offset) for fault in case.damaged]

    def test_record_without_time(self):
        for time in ('""', 'null', '5', '"x"', '[]'):
            case = self.load(log='[%s, {"eventID":"x","eventName":"y","eventTime":%s}]' % (record(), time))
            self.assertEqual(len(case.events), 1)
            self.assertEqual((case.rejected, self.places(case)), (1, [(b'log', len(record()) + 3)]))

    def test_offset_counts_bytes(self):
        case = self.load(log='{"Records":["\u00fc\U0001f511",1]}')
        self.assertEqual(self.places(case), [(b'log', 12), (b'log', 21)])

    def test_element_that_is_no_object(self):
        case = self.load(log='{"Records":[null,' + record() + ',[]]}')
        self.assertEqual((case.rejected, [e.number for e in case.events]), (2, [1]))

    def test_goes_on_behind_a_malformed_record(self):
        case = self.load(log='[' + record('a') + ',{"eventID":broken},' + record('c') + ']')
        self.assertEqual([e.columns['eventID'] for e in case.events], ['a', 'c'])
        self.assertEqual(self.places(case), [(b'log', len(record('a')) + 2)])

    def test_cut_gzip(self):
        data = ('[' + record('a') + ',' + record('b') + ']').encode()
        packed = gzip.compress(data)
        case = self.load(log=packed[:-9])
        self.assertEqual(case.events[0].columns['eventID'], 'a')
        self.assertTrue(case.damaged)

    def test_wrong_sum_and_bytes_behind(self):
        packed = bytearray(gzip.compress(('[' + record() + ']').encode()))
        packed[-8] ^= 1
        case = self.load(bad=bytes(packed), behind=gzip.compress(('[' + record('b') + ']').encode()) + b'xyz')
        self.assertEqual((len(case.events), len(case.damaged)), (2, 2))

    def test_empty_and_loop(self):
        os.symlink('.', os.path.join(self.folder.name, 'again'))
        self.assertEqual(self.places(self.load(log='')), [(b'again', 0), (b'log', 0)])


class Duplicates(WithEvidence):
    def test_first_file_then_number_wins(self):
        case = self.load(b='[' + record('x', '2020-01-01T00:00:00Z') + ']',
                         a='[' + record('y') + ',' + record('x') + ',' + record('x', ip='9.9.9.9') + ']')
        self.assertEqual((len(case.events), case.duplicates, case.conflicts), (2, 2, 1))
        kept = [e for e in case.events if e.columns['eventID'] == 'x'][0]
        self.assertEqual((os.path.basename(kept.file), kept.number), (b'a', 1))

    def test_layout_is_no_conflict(self):
        case = self.load(log='[{"eventID":"x","eventTime":"2024-03-01T00:00:00Z","n":1},'
                             '{"n" : 1, "eventTime":"2024-03-01T00:00:0\\u0030Z", "eventID":"x"}]')
        self.assertEqual((case.duplicates, case.conflicts), (1, 0))

    def test_without_id_all_are_kept(self):
        case = self.load(log='[' + ','.join([record('')] * 3) + ']')
        self.assertEqual((len(case.events), case.duplicates), (3, 0))


class Times(unittest.TestCase):
    def test_readable(self):
        for text, printed in (('2024-03-01T00:00:00Z', None), ('2024-03-01T02:00:00+02:00', '2024-03-01T00:00:00Z'),
                              ('2024-02-29T18:30:00.50-05:30', '2024-03-01T00:00:00.5Z'),
                              ('1969-12-31T23:59:59.0Z', '1969-12-31T23:59:59Z'),
                              ('2024-03-01T00:00:00.1234567899Z', '2024-03-01T00:00:00.123456789Z'),
                              ('2000-02-29T00:00:00-00:00', '2000-02-29T00:00:00Z')):
            self.assertEqual(event.print_instant(event.instant_of(text)), printed or text)

    def test_unreadable(self):
        for text in makers.BAD_TIMES:
            self.assertIsNone(event.instant_of(text), text)

    def test_any_day_comes_back(self):
        rng = harness.seeded('times', 7)
        for _ in range(5000):
            instant = (rng.randrange(-9_000_000_000, 9_000_000_000), rng.randrange(1_000_000_000))
            self.assertEqual(event.instant_of(event.print_instant(instant)), instant)

    def test_against_the_calendar(self):
        rng = harness.seeded('calendar', 8)
        for _ in range(2000):
            seconds = rng.randrange(-9_000_000_000, 9_000_000_000)
            wanted = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
            self.assertEqual(event.print_instant((seconds, 0)), wanted.isoformat() + 'Z')


class Columns(unittest.TestCase):
    def columns(self, **record):
        found = naive.reading.Found(b'f', 0, 0, {'eventTime': '2024-03-01T00:00:00Z'} | record)
        return event.event_of(found).columns

    def test_scalars_become_text(self):
        number = naive.reading.Num('1.50')
        columns = self.columns(eventName=number, awsRegion=True, userAgent=[], errorCode={}, sourceIPAddress='')
        self.assertEqual([columns[name] for name in ('eventName', 'awsRegion', 'userAgent', 'errorCode', 'sourceIPAddress')],
                         ['1.50', 'true', None, None, ''])

    def test_outcome(self):
        for outcome, record in (('denied', {'errorCode': 'Client.UNAUTHORIZEDOperation'}), ('failure', {'errorCode': 'x'}),
                                ('failure', {'errorMessage': 'x'}), ('success', {'errorCode': '', 'errorMessage': ''}),
                                ('failure', {'eventName': 'ConsoleLogin', 'responseElements': {'ConsoleLogin': 'Failure'}}),
                                ('success', {'eventName': 'Other', 'responseElements': {'ConsoleLogin': 'Failure'}}),
                                ('denied', {'errorCode': 'AccessDenied', 'errorMessage': 'x'})):
            self.assertEqual(self.columns(**record)['outcome'], outcome, record)

    def test_principal(self):
        issuer = {'sessionContext': {'sessionIssuer': {'arn': 'role', 'userName': 'r'}}, 'arn': 'session'}
        for principal, identity in (('role', {'type': 'AssumedRole'} | issuer), ('session', {'type': 'IAMUser'} | issuer),
                                    ('session', {'type': 'Role', 'arn': 'session'}), ('svc', {'invokedBy': 'svc', 'principalId': 'p'}),
                                    ('p', {'arn': '', 'principalId': 'p'}), (None, {}), (None, None), (None, 'text')):
            self.assertEqual(self.columns(userIdentity=identity)['principal'], principal, identity)

    def test_fallbacks(self):
        columns = self.columns(userIdentity={'accountId': '2', 'sessionContext': {'sessionIssuer': {'userName': 'r'}}})
        self.assertEqual((columns['account'], columns['user'], columns['role']), ('2', 'r', 'r'))

    def test_read_only(self):
        for value, read_only in ((True, True), ('False', False), ('TRUE', True), ('maybe', None), (None, None)):
            self.assertIs(self.columns(readOnly=value)['readOnly'], read_only)


class Queries(WithEvidence):
    def setUp(self):
        super().setUp()
        self.case = self.load(log='[' + ','.join([
            record('c', '2024-01-03T00:00:00Z', 'K2', '10.0.0.1'), record('b', '2024-01-01T00:00:00Z', 'K1', '10.0.0.1'),
            record('a', '2024-01-01T00:00:00Z', 'K1', '2001:db8::1'), record('d', '2024-01-02T00:00:00.5Z', '', 'K')]) + ']')

    def ids(self, *selection):
        return ''.join(row['eventID'] for row in self.ask(self.case, 'timeline', *selection))

    def test_order(self):
        self.assertEqual(self.ids(), 'abdc')

    def test_selection(self):
        for selection, ids in ((['--key', 'K1'], 'ab'), (['--key', 'K?'], 'abc'), (['--key', 'k1'], ''),
                               (['--ip', '10.0.0.0/8'], 'bc'), (['--ip', '2001:db8::/32'], 'a'), (['--ip', '*'], 'abdc'),
                               (['--key', 'K1', '--ip', '10.*'], 'b'), (['--key', 'K1', '--key', 'K2'], 'abc'),
                               (['--from', '2024-01-02'], 'dc'), (['--to', '2024-01-02T00:00:00.5Z'], 'ab'),
                               (['--last', '1d'], 'dc'), (['--last', '23h'], 'c'), (['--last', '0s'], 'c'),
                               (['--id', '[ab]'], ''), (['--read'], '')):
            self.assertEqual(self.ids(*selection), ids, selection)

    def test_values(self):
        rows = self.ask(self.case, 'first-use', '--by', 'key')
        self.assertEqual([(row['key'], row['firstEventID'], row['lastEventID'], row['events']) for row in rows],
                         [('K1', 'a', 'b', 2), ('K2', 'c', 'c', 1)])
        self.assertEqual([row['ip'] for row in self.ask(self.case, 'top', '--by', 'ip')], ['10.0.0.1', '2001:db8::1', 'K'])
        self.assertEqual([(row['key'], row['ip']) for row in self.ask(self.case, 'top', '--by', 'key,ip')],
                         [('K1', '10.0.0.1'), ('K1', '2001:db8::1'), ('K2', '10.0.0.1')])
        self.assertEqual([row['key'] for row in self.ask(self.case, 'first-use', '--by', 'key', '--since', '2024-01-02')], ['K2'])

    def test_usage(self):
        for wrong in (['--read', '--write'], ['--ip', '10.0.0.0/33'], ['--last', '3y'], ['--outcome', 'fine']):
            with self.assertRaises(naive.Usage):
                self.ask(self.case, 'timeline', *wrong)


class Properties(WithEvidence):
    """What must hold of any evidence."""

    def test_sums_and_selections(self):
        rng = harness.seeded('properties', 20240301)
        for i in range(8):
            folder = os.path.join(self.folder.name, str(i))
            makers.write_random_evidence(rng, folder, rng.choice([1, 9]), 150, rng.choice([0, 0.1, 0.3]))
            case = naive.load([folder])
            found = naive.reading.read([folder]).found
            self.assertEqual(len(found), len(case.events) + case.duplicates + case.rejected)
            self.assertTrue(all(naive.place(a) <= naive.place(b) for a, b in zip(case.events, case.events[1:])))
            whole = self.ask(case, 'timeline')
            parts = [row for outcome in ('success', 'denied', 'failure')
                     for row in self.ask(case, 'timeline', '--outcome', outcome)]
            self.assertEqual(len(parts), len(whole))
            for dimension in event.DIMENSIONS:
                first, top = (self.ask(case, command, '--by', dimension) for command in ('first-use', 'top'))
                self.assertCountEqual([str(row) for row in first], [str(row) for row in top])
                self.assertEqual(sum(row['events'] for row in top),
                                 sum(bool(e.columns[event.DIMENSIONS[dimension]]) for e in case.events))


def main():
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    n_failed = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - n_failed} passed, {n_failed} failed')
    return 1 if n_failed else 0


if __name__ == '__main__':
    sys.exit(main())
