"""The parts of bench/run: each measures one thing and returns lines of Markdown and what it has to show.

A verdict is [what, limit, found, does it hold]. A part may be run alone; the cases it needs it takes from the parts before, or
makes them.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess

from measure import CORES, DISTURBED, Failed, Job, ask, call, disturbed, fail, forget, lines_of, measure, middle, milli, remove, \
    rounds, say, spread, table, wait_for_quiet
from prepare import ENGINES, PEERS, install

TITLES = {
    'spoor': 'spoor index', 'duckdb': 'DuckDB, table', 'clickhouse': 'ClickHouse, MergeTree',
    'jq': 'jq, igzip before it', 'zlib': 'inflate alone: zlib', 'isal': 'inflate alone: ISA-L',
    'igzip': 'inflate alone: igzip -dc',
}
LITTLE = '256M'  # what index and merge have to get by with


def number(n):
    return format(n, ',')


def mega(size):
    return '%d' % (size / 1e6)


def per_event(info):
    return (info['caseBytes'] - info['stringBytes']) / info['events']


def size_verdict(info):
    return ['case file beside strings, %s events' % number(info['events']), '≤ 96 B/event', '%.1f B/event' % per_event(info),
            per_event(info) <= 96]


def describe(c):
    return '%s records (%s duplicates) in %s files, %s MB of JSON, %s MB of gzip' % (
        number(c['records']), number(c['duplicates']), number(c['n']), mega(c['jsonBytes']), mega(c['diskBytes']))


def run_table(kept, titles, size):
    """One row for each of the jobs: name, times, memory, speed."""
    rows = [[titles[n], '%.2f' % middle(r), spread(r), '%.2f' % middle(r, 'user'), '%.2f' % middle(r, 'system'),
             '%.2f' % middle(r, 'parallel'), mega(middle(r, 'rss')), mega(middle(r, 'read')), mega(size[n] / middle(r)) if n in size else '', '%d' % len(r), disturbed(r)]
            for n, r in kept.items()]
    return table(['', 'wall s', 'least–most', 'user s', 'sys s', 'cores busy', 'peak MB', 'disk MB', 'JSON MB/s', 'runs',
                  'disturbed'], rows)


# ---------------------------------------------------------------- index

def index(b):
    text, verdicts = [], []
    for name in ('big', 'tiny'):
        c = b.corpus(name)
        text += ['### index: %s events in %s files' % (number(c['events']), number(c['files'])), '', describe(c) + '.', '']
        for cold in (False, True):
            for threads in sorted({CORES, 1}, reverse=True):
                full = threads == CORES and not cold
                kept, left_out = index_rounds(b, c, threads, cold, full)
                text += ['#### %s page cache, %d thread%s' % ('cold' if cold else 'warm', threads, 's' * (threads > 1)), '',
                         speed_table(kept, left_out, c), '']
                verdicts += index_verdicts(name, kept) if full else []
        info = b.info(b.path('out-spoor'))
        verdicts.append(size_verdict(info))
    return text, verdicts


def index_rounds(b, c, threads, cold, full):
    names = ['spoor'] + [n for n in PEERS if n in b.wanted and (full or n in ENGINES or n == 'isal')]
    jobs = {}
    for n in names:
        out = b.path('out-' + n)
        runs = min(b.args.runs, b.args.jq_runs) if n == 'jq' else b.args.runs if full else b.args.more_runs
        jobs[n] = Job(lambda n=n, out=out: b.command(n, c, out, threads), runs, lambda run, n=n, out=out: b.check(n, c, run, out),
                      out, (lambda: forget(c['paths'])) if cold else None, 1 if n == 'jq' else None)
    kept, left_out = rounds(b.args, jobs)
    for n in b.engines:
        for run in kept[n]:
            run.inside = json.loads(run.out)['seconds']
    return kept, left_out


def speed_table(kept, left_out, c):
    mine, mine_cpu, rows = middle(kept['spoor']), middle(kept['spoor'], 'processor'), []
    for name, runs in kept.items():
        wall = middle(runs)
        rows.append([TITLES[name], '%.2f' % wall, spread(runs), '%.2f' % middle(runs, 'inside') if name in ENGINES else '',
                     '%.2f' % middle(runs, 'user'), '%.2f' % middle(runs, 'system'),
                     mega(middle(runs, 'rss')) if name in ENGINES or name == 'spoor' else '', mega(middle(runs, 'read')),
                     mega(c['jsonBytes'] / wall), '%.2f' % (wall / mine), '%.2f' % (middle(runs, 'processor') / mine_cpu),
                     '%d' % len(runs), disturbed(runs), '%d' % left_out[name]])
    return table(['', 'wall s', 'least–most', 'inside s', 'user s', 'sys s', 'peak MB', 'disk MB', 'JSON MB/s', 'wall ÷ spoor',
                  'processor ÷ spoor', 'runs', 'disturbed', 'left out'], rows)


def index_verdicts(name, kept):
    found, what = [], '1 GB' if name == 'big' else 'tiny files'
    mine, mine_cpu = middle(kept['spoor']), middle(kept['spoor'], 'processor')
    engines = {e: middle(kept[e]) for e in ENGINES if e in kept}
    if engines:
        best, limit = min(engines, key=engines.get), 5 if name == 'big' else 10
        inside = min(middle(kept[e], 'inside') for e in engines)
        cpu = min(middle(kept[e], 'processor') for e in engines)
        found.append(['%s: speed beside the faster engine (%s)' % (what, ENGINES[best]), '≥ %d ×' % limit,
                      '%.2f × (%.2f × without their start, %.2f × in processor time)' %
                      (engines[best] / mine, inside / mine, cpu / mine_cpu), engines[best] / mine >= limit])
    if name == 'big' and 'isal' in kept:
        share = middle(kept['isal']) / mine
        found.append(['%s: speed beside inflating alone, all cores, ISA-L' % what, '≥ 0.50 ×',
                      '%.2f × (%.2f × in processor time)' % (share, middle(kept['isal'], 'processor') / mine_cpu), share >= 0.5])
    return found


# ---------------------------------------------------------------- memory, shards, merge

def same(a, b):
    return os.path.exists(a) and os.path.exists(b) and filecmp.cmp(a, b, shallow=False)


def must_be_same(what, a, b):
    if not same(a, b):
        fail('%s: the case files differ' % what)


def index_line(b, out, where, *more):
    return [b.spoor, 'index', '--no-progress', *more, '-o', out, where], None, None


def merge_line(b, out, cases, *more):
    return [b.spoor, 'merge', '--no-progress', *more, '-o', out, *cases], None, None


def memory(b):
    """10 GB: index as it is and with little memory, four shares and their merge; all of them the same bytes."""
    c, runs, case = b.corpus('ten'), b.args.long_runs, b.path('case-ten')
    little, shares, merged = b.path('out-little'), [b.path('out-share-%d' % k) for k in (1, 2, 3, 4)], b.path('out-merged')
    remove(case + '.spoor')
    titles = {'spoor': 'index', 'little': 'index --memory ' + LITTLE, 'isal': TITLES['isal']}
    jobs = {'spoor': Job(lambda: index_line(b, case, c['where']), runs, lambda run: b.check('spoor', c, run, case), case),
            'little': Job(lambda: index_line(b, little, c['where'], '--memory', LITTLE), runs, None, little)}
    if 'isal' in b.wanted:
        jobs['isal'] = Job(lambda: b.command('isal', c, None, CORES), runs, lambda run: b.check('isal', c, run, None))
    first, _ = rounds(b.args, jobs)
    must_be_same('index --memory ' + LITTLE, case, little)
    b.keep_case('ten')
    remove(little)

    jobs = {}
    for k, share in enumerate(shares, 1):
        titles['share %d' % k] = 'index --shard %d/4' % k
        jobs['share %d' % k] = Job(lambda k=k, share=share: index_line(b, share, c['where'], '--shard', '%d/4' % k), 1, None, share)
    second, _ = rounds(b.args, jobs)
    titles.update({'merge': 'merge of the four', 'merge little': 'merge of the four, --memory ' + LITTLE})
    jobs = {'merge': Job(lambda: merge_line(b, merged, shares), runs, None, merged),
            'merge little': Job(lambda: merge_line(b, little, shares, '--memory', LITTLE), runs, None, little)}
    third, _ = rounds(b.args, jobs)
    must_be_same('merge', case, merged)
    must_be_same('merge --memory ' + LITTLE, case, little)
    info = b.info(case)
    for path in shares + [merged, little]:
        remove(path)

    kept = {**first, **second, **third}
    ratio, rss = middle(first['little']) / middle(first['spoor']), max(r.rss for r in first['little']) / 1e6
    text = ['### memory, shares, merge: %s events' % number(c['events']), '',
            describe(c) + '. All case files are the same bytes: %s MB, %.1f B/event beside strings.' %
            (mega(info['caseBytes']), per_event(info)), '',
            run_table(kept, titles, {n: c['jsonBytes'] for n in kept if n not in second}), '']
    return text, [['index --memory %s, %s events: peak memory' % (LITTLE, number(c['events'])), '< 300 MB', '%d MB' % rss, rss < 300],
                  ['index --memory %s, %s events: wall time beside no limit' % (LITTLE, number(c['events'])), '≤ 1.50 ×', '%.2f × (%.2f × in processor time)' %
                   (ratio, middle(first['little'], 'processor') / middle(first['spoor'], 'processor')), ratio <= 1.5],
                  size_verdict(info)]


def fifty(b):
    """The seven corpora, a case each, and one merged of them."""
    names = b.fifty()
    corpora, cases = {n: b.corpus(n) for n in names}, {n: b.path('out-' + n) for n in names}
    due = sum(c['events'] for c in corpora.values())
    needs, free = due * 500, shutil.disk_usage(b.work).free  # the parts, two wholes, and what a merge lays aside
    if free < needs:
        fail('%s: %s MB free, and about %s MB are needed' % (b.work, mega(free), mega(needs)))
    jobs, titles = {}, {}
    for n, c in corpora.items():
        titles[n] = 'index %s' % os.path.basename(c['where'])
        jobs[n] = Job(lambda n=n, c=c: index_line(b, cases[n], c['where']), 1,
                      lambda run, n=n, c=c: b.check('spoor', c, run, cases[n]), cases[n], None, 1)
    kept, _ = rounds(b.args, jobs)
    case, little = b.path('case-fifty'), b.path('out-little')
    remove(case + '.spoor')
    titles.update({'merge': 'merge of the seven', 'merge little': 'merge of the seven, --memory ' + LITTLE})
    runs = max(1, b.args.long_runs - 1)
    merges, _ = rounds(b.args, {
        'merge': Job(lambda: merge_line(b, case, cases.values()), runs, None, case),
        'merge little': Job(lambda: merge_line(b, little, cases.values(), '--memory', LITTLE), runs, None, little)})
    must_be_same('merge --memory ' + LITTLE, case, little)
    info = b.info(case)
    if info['events'] != due:
        fail('merge: %d events, not %d' % (info['events'], due))
    b.keep_case('fifty')
    for path in [little, *cases.values()]:
        remove(path)
    kept.update(merges)
    size = {n: corpora[n]['jsonBytes'] if n in corpora else sum(c['jsonBytes'] for c in corpora.values()) for n in kept}
    return ['### %s events: seven corpora, and one case of them' % number(due), '',
            '%s MB of JSON in %s files; the merged case has %s MB, %.1f B/event beside strings, the same bytes with --memory %s. '
            'Each corpus is read once, from the disk where the page cache has it not.' %
            (mega(size['merge']), number(info['files']), mega(info['caseBytes']), per_event(info), LITTLE), '',
            run_table(kept, titles, size), ''], [size_verdict(info)]


# ---------------------------------------------------------------- questions

def pick(b, case):
    """A key with about a hundred events, an eventID of it, its events, how many keys there are."""
    best, n = None, 0
    for line in lines_of(b.spoor, 'top', '--quiet', '--by', 'key', '--format', 'jsonl', case):
        row, n = json.loads(line), n + 1
        best = min(best or (1 << 60,), (abs(row['events'] - 100), row['key'], row['firstEventID'], row['events']))
    _, key, event, events = best
    return key, event, events, n


def rows_of(b, argv):
    return sum(1 for _ in lines_of(argv[0], argv[1], '--quiet', '--format', 'jsonl', *argv[2:]))


def questions_on(b, case, key, event):
    """{question: (argv, what the peers call it)}"""
    s = b.spoor
    busiest = [json.loads(line)['role'] for line in
               lines_of(s, 'top', '--quiet', '--by', 'role', '--limit', '1', '--format', 'jsonl', case)]
    return {
        **{'profile of the busiest role': ([s, 'profile', 'role:' + role, case], None) for role in busiest},
        'timeline --key K': ([s, 'timeline', '--key', key, case], 'timeline'),
        'first-use --by key --key K': ([s, 'first-use', '--by', 'key', '--key', key, case], 'first-use'),
        'show ID': ([s, 'show', event, case], 'show'),
        'lateral --from K': ([s, 'lateral', '--from', 'key:' + key, case], None),
        'top --by event': ([s, 'top', '--by', 'event', case], 'top'),
        'info': ([s, 'info', case], 'info'),
        'first-use --by key --limit 100': ([s, 'first-use', '--by', 'key', '--limit', '100', case], 'keys-100'),
        'first-use --by key': ([s, 'first-use', '--by', 'key', case], 'keys'),
        'first-use --by key --format tsv': ([s, 'first-use', '--by', 'key', '--format', 'tsv', case], None),
        '--version': ([s, '--version'], None),
    }


def queries(b):
    """Whole processes on three sizes of case, in turn, so that the sizes can be compared; then the peers."""
    names, about, text = b.args.cases.split(','), {}, []
    if 'fifty' in names and not b.has_case('fifty'):
        fifty(b)
    jobs, note = {'true, the floor of a process': ['true']}, []
    for name in names:
        case = b.case(name)
        info = b.info(case)
        key, event, events, keys = pick(b, case)
        asked = questions_on(b, case, key, event)
        if rows_of(b, asked['timeline --key K'][0]) != events or event not in call(*asked['show ID'][0]):
            fail('%s: timeline or show does not answer' % name)
        about[name] = {'events': info['events'], 'keys': keys, 'key': key, 'event': event, 'asked': asked, 'n': events,
                       'title': '%s M' % ('%.2f' % (info['events'] / 1e6)).rstrip('0').rstrip('.')}
        note.append('%s events: K has %d events of %s keys, and %d edges from it' %
                    (number(info['events']), events, number(keys), rows_of(b, asked['lateral --from K'][0])))
        jobs.update({(name, q): argv for q, (argv, _) in asked.items() if q != '--version' or name == names[0]})
    found, others = ask(b.args, jobs, b.args.query_runs)
    walls = {q: middle(r) for q, r in found.items()}
    head = ['milliseconds, whole process'] + sum(([a['title'], 'least–most', 'processor'] for a in about.values()), [])
    rows = []
    for q in list(about[names[0]]['asked']) + ['true, the floor of a process']:
        row = [q]
        for name in names:
            r = found.get((name, q), found.get(q) if name == names[0] else None)
            row += [milli(middle(r)), '%.1f–%.1f' % (min(x.wall for x in r) * 1e3, max(x.wall for x in r) * 1e3),
                    milli(middle(r, 'processor'))] if r else ['', '', '']
        rows.append(row)
    text += ['### questions', '', '; '.join(note) + '.', '',
             'Medians of %d; answers go to /dev/null; warm; others had %d %% of the machine%s.' %
             (b.args.query_runs, others * 100, '' if others <= DISTURBED else ' (DISTURBED)'), '', table(head, rows), '']
    for name in names:
        if name != 'fifty' and b.engines:
            try:
                text += peer_questions(b, name, about[name], walls)
            except Failed as e:  # what spoor took is known by now
                say('bench/run: peers, %s: %s' % (name, e))
                text += ['The peers at %s events: FAILED. %s' % (number(about[name]['events']), str(e).split('\n')[0]), '']
    if 'fifty' in names:
        text += ['At %s events the peers are not asked: loading them would take longer than all else.' %
                 number(about['fifty']['events']), '']
    return text, query_verdicts(about, walls)


def peer_questions(b, name, about, walls):
    """The peers' answers on the same corpus: a table each, loaded here unless that takes too long."""
    c, text, loaded = b.corpus(name), [], {}
    for e in b.engines:
        out = b.path('table-' + e)
        remove(out)
        argv, stdin, environment = b.command(e, c, out, CORES)
        run = measure(argv, stdin, environment, limit=b.args.load_limit)
        say('  %s loaded %s in %.1f s%s' % (e, name, run.wall, ', given up' if run.timed_out else ''))
        if run.timed_out:
            text.append('%s did not load %s events in %d s.' % (ENGINES[e], number(c['events']), b.args.load_limit))
            remove(out)
        else:
            b.check(e, c, run, out)
            loaded[e] = out
    same = {q: peer for q, (_, peer) in about['asked'].items() if peer}
    tail = (about['key'], about['event'])
    found, others = ask(b.args, {(e, q): ['node', b.script(e), 'query', out, peer, *tail]
                                 for e, out in loaded.items() for q, peer in same.items()}, b.args.peer_query_runs)
    warm = {e: json.loads(call('node', b.script(e), 'warm', out, '9', *tail)) for e, out in loaded.items()}
    for out in loaded.values():
        remove(out)
    head = ['milliseconds, %s events' % number(c['events']), 'spoor']
    head += sum(([ENGINES[e], ENGINES[e] + ', warm'] for e in loaded), [])
    rows = [[q, milli(walls[name, q])] + sum(([milli(middle(found[e, q])), milli(warm[e][peer])] for e in loaded), [])
            for q, peer in same.items()]
    text += [''] if text else []
    if not loaded:
        return text
    return text + ['Medians of %d whole processes of the peers; others had %d %% of the machine.' %
                   (b.args.peer_query_runs, others * 100), '', table(head, rows), '']


def query_verdicts(about, walls):
    verdicts = []
    if 'fifty' not in about:
        return verdicts
    large = about['fifty']
    for q in ('timeline --key K', 'first-use --by key --key K', 'show ID'):
        mine = walls['fifty', q] * 1e3
        verdicts.append(['%s, %s events' % (q, large['title']), '< 5 ms', '%.1f ms' % mine, mine < 5])
        if 'big' in about:
            small = walls['big', q] * 1e3
            verdicts.append(['%s, beside %s events' % (q, about['big']['title']), '≤ 1.33 ×', '%.2f × (%.1f ms)' % (mine / small, small),
                             mine <= small * 4 / 3])
    mine, short = walls['fifty', 'first-use --by key'] * 1e3, walls['fifty', 'first-use --by key --limit 100'] * 1e3
    verdicts.append(['first-use --by key, %s events, %s keys' % (large['title'], number(large['keys'])), '< 50 ms', '%.1f ms' % mine,
                     mine < 50])
    verdicts.append(['first-use --by key --limit 100, %s events' % large['title'], '< 50 ms', '%.1f ms' % short, short < 50])
    return verdicts


# ---------------------------------------------------------------- raw evidence, large files, instructions

def raw(b):
    """One question on evidence that was never indexed."""
    c = b.corpus('big')
    key, _, events, _ = pick(b, b.case('big'))
    titles = {'spoor': 'spoor timeline --key K DIR', 'duckdb': 'DuckDB, read_json', 'clickhouse': 'ClickHouse, file()',
              'jq': 'jq, igzip before it'}

    def check(run, name):
        found = json.loads(run.out)['rows'] if name in ENGINES else run.out.count('\n')
        if found < events or name == 'spoor' and found > events:
            fail('%s: %d rows of %d' % (name, found, events))
    jobs = {n: Job(lambda n=n: b.scan(n, c, key), min(b.args.more_runs, b.args.jq_runs) if n == 'jq' else b.args.more_runs,
                   lambda run, n=n: check(run, n), repeats=1 if n == 'jq' else None)
            for n in titles if n == 'spoor' or n in b.wanted}
    kept, _ = rounds(b.args, jobs)
    return ['### one question on raw evidence: %s events' % number(c['events']), '',
            'K has %d events. Nothing is kept; each reads all of the evidence. Warm; the peers leave duplicates in.' % events, '',
            run_table(kept, titles, dict.fromkeys(kept, c['jsonBytes'])), ''], []


def large(b):
    """What parallel files cannot help: one file of the size of a corpus, and one archive."""
    one, tiny, runs = b.corpus('one'), b.corpus('tiny'), b.args.more_runs
    tar, out = b.path('tiny-%d.tar' % tiny['files']), b.path('out-spoor')
    if not os.path.exists(tar):
        call('tar', '--sort=name', '-cf', tar + '.part', '-C', tiny['where'], '.')
        os.rename(tar + '.part', tar)
    titles, jobs, size = {}, {}, {}
    for name, what, c, where in (('one', 'one .json.gz', one, one['where']), ('tar', 'one tar of the tiny files', tiny, tar),
                                 ('dir', 'the tiny files as a directory', tiny, tiny['where'])):
        for threads in sorted({CORES, 1}, reverse=True):
            n = '%s, %d' % (name, threads)
            titles[n], size[n] = 'spoor index, %s, %d thread%s' % (what, threads, 's' * (threads > 1)), c['jsonBytes']
            jobs[n] = Job(lambda where=where, threads=threads: index_line(b, out, where, '--threads', str(threads)), runs,
                          lambda run, c=c: b.check('spoor', c, run, out), out)
    if 'isal' in b.wanted:
        titles['isal'], size['isal'] = TITLES['isal'] + ', one .json.gz', one['jsonBytes']
        jobs['isal'] = Job(lambda: b.command('isal', one, None, 1), runs, lambda run: b.check('isal', one, run, None))
    kept, _ = rounds(b.args, jobs)
    return ['### one large file, one archive', '', 'one .json.gz: ' + describe(one) + '. tar: ' + describe(tiny) + '. Warm.', '',
            run_table(kept, titles, size), ''], []


def instructions(b):
    """Instructions per byte of JSON with one thread, counted by callgrind, not timed."""
    install(('valgrind', 'valgrind'))
    c, out, rows = b.corpus('instructions'), b.path('out-spoor'), []
    lines = {'spoor index --threads 1': index_line(b, out, c['where'], '--threads', '1')}
    for name in ('zlib', 'isal'):
        if name in b.wanted:
            lines[TITLES[name]] = b.command(name, c, None, 1)
    for title, (argv, stdin, _) in lines.items():
        remove(out)
        say('counting instructions of ' + title)
        with open(stdin or os.devnull) as given:
            done = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + os.devnull, *argv], stdin=given,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        found = re.search(r'Collected : (\d+)', done.stderr)
        if done.returncode or not found:
            fail('callgrind: ' + done.stderr[-2000:])
        rows.append([title, '%.2f' % (int(found.group(1)) / c['jsonBytes']), '%.0f' % (int(found.group(1)) / c['records'])])
    return ['### instructions', '', 'callgrind, one thread, %s.' % describe(c), '', table(['', 'per byte of JSON', 'per record'], rows),
            ''], []


PARTS = {'index': index, 'memory': memory, 'fifty': fifty, 'queries': queries, 'raw': raw, 'large': large,
         'instructions': instructions}
