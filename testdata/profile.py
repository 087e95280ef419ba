#!/usr/bin/env python3
"""Holds `spoor profile` against plain loops over the same records, section by section.

    profile.py --spoor BIN [--gen BIN] [--corpus EVENTS,FILES,SEED] [--labs DIR] [--random N]

Evidence: the labs, a generated corpus, the samples of the command line's tests, and seeded
adversarial records. Of each, every kind of WHAT with values picked from it, with and without its
prefix, whole and narrowed by a selection; the hops are held against `spoor lateral`.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Checks, Spoor, difference, json_lines, seeded  # noqa: E402
import makers  # noqa: E402
import naive  # noqa: E402
import profile_naive  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


# ---- what is asked ----

def texts_of(case):
    """{kind: texts that name something of it}."""
    texts = {kind: {} for kind in (*profile_naive.PREFIXES, 'arn')}
    for event in case.events:
        columns = event.columns
        session = profile_naive.session_of(event)
        for kind, text in (('key', columns['userIdentity.accessKeyId']), ('ip', columns['sourceIPAddress']),
                           ('user', columns['userIdentity.userName']), ('role', columns['role']),
                           ('principal', columns['principal']), ('session', columns['userIdentity.arn']),
                           ('session', session), ('instance', session), ('arn', columns['userIdentity.arn']),
                           ('arn', columns['principal'])):
            if text:
                texts[kind][text] = texts[kind].get(text, 0) + 1
    return texts


def is_plain(text):
    """Can it be given on a command line, and does it stand for itself?"""
    return '\0' not in text and '*' not in text and '?' not in text and '\ufffd' not in text and \
        not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def questions(case, rng, n):
    asked = ['nobody-of-this-name', 'key:AKIANEVERSEEN0000000', 'ip:192.0.2.77', '10.0.0.0/8', 'AKIANEVERSEEN0000000']
    for kind, counted in texts_of(case).items():
        texts = sorted(filter(is_plain, counted), key=lambda text: (-counted[text], text))
        if kind == 'arn':
            texts = [text for text in texts if text.startswith('arn:')]
        chosen = texts[:1] + (rng.sample(texts[1:], min(n, len(texts) - 1)) if len(texts) > 1 else [])
        for text in chosen:
            if kind != 'arn' and not (kind == 'ip' and '/' in text):
                asked.append(f'{kind}:{text}')
            if '/' not in text or text.startswith('arn:'):
                asked.append(text)
            if kind == 'ip' and (address := naive.address_of(text)):
                asked.append(f'{text}/{16 if address.version == 4 else 32}')
    return [what for what in dict.fromkeys(asked) if not what.startswith('-')]


def selections(case, rng):
    chosen = [[]]
    if case.events:
        times = sorted(rng.choice(case.events).columns['eventTime'] for _ in range(2))
        chosen += [['--from', times[0], '--to', times[1]], ['--write'], ['--outcome', 'denied', '--outcome', 'failure'],
                   ['--last', '2d']]
        regions = [event.columns['awsRegion'] for event in case.events if event.columns['awsRegion']]
        if regions and is_plain(region := rng.choice(regions)) and not region.startswith('-'):
            chosen.append(['--region', region])
    return chosen


# ---- comparing ----

def comparable_page(page):
    """Without what is for people, and without hops."""
    page = {name: rows for name, rows in page.items() if name not in ('issued', 'issuedFrom')}
    page['subject'] = {name: cell for name, cell in page['subject'].items() if name != 'note'}
    return page


def wrong(expected, found):
    if list(found) != [*list(expected)[:-1], 'issued', 'issuedFrom', 'news']:
        return f'sections {list(found)}'
    found = comparable_page(found)
    for name, rows in expected.items():
        is_single = isinstance(rows, dict)
        why = difference([rows] if is_single else rows, [found[name]] if is_single else found[name])
        if why:
            return f'{name}: {why}'
    return None


def wrong_hops(spoor, page, arguments, what, kind):
    for name, option in (('issued', '--from'), ('issuedFrom', '--to')):
        result = spoor.run('lateral', option, what, '--depth', '1', '--format', 'jsonl', *arguments)
        hops = json_lines(result.stdout)
        if kind == 'ip' and option == '--from':
            inside = {row['value'] for row in page['addresses']}
            hops = [hop for hop in hops if hop['sourceIPAddress'] in inside]
        found = [{column: row[column] for column in hop} for row, hop in zip(page[name], hops)]
        if len(hops) != len(page[name]) or hops != found:
            return f'{name}: {len(hops)} hops by lateral, {len(page[name])} here\n{difference(hops, found)}'
    return None


def compare(spoor, checks, name, sources, rng, n):
    catalogue = profile_naive.Catalogue()
    case = naive.load(sources)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x.case')
        spoor.run('index', '-o', path, *sources)
        asked = questions(case, rng, n)
        chosen = selections(case, rng)
        commands = []
        for i, what in enumerate(asked):
            for selection in (chosen[0], chosen[1 + i % (len(chosen) - 1)] if len(chosen) > 1 else chosen[0]):
                commands.append((what, selection))
        results = spoor.run_all([['profile', what, '--format', 'json', *selection, path]
                                 for what, selection in commands])
        n_wrong = 0
        for i, ((what, selection), result) in enumerate(zip(commands, results)):
            options = naive.options_of(['timeline', *selection, 'SOURCE'])
            profile = profile_naive.Profile(case, options, what, catalogue)
            try:
                page = json.loads(result.stdout)
                why = wrong(profile.page(), page)
                # lateral takes bounds of time as words of its own
                if not why and not selection and i % 4 == 0:
                    why = wrong_hops(spoor, page, [path], what, profile.kind)
            except ValueError as error:
                why = f'no JSON: {error}'
            n_wrong += bool(why)
            if why and n_wrong <= 5:
                checks.fail(f'{name}: profile {what} {" ".join(selection)}', f'{why}\n{result.story()}')
        checks.check(f'{name}: {len(commands)} profiles of {len(asked)} of {len(case.events)} events', n_wrong == 0,
                     f'{n_wrong} differ')


def check_invariance(spoor, checks, sources):
    """Threads, order of sources, and text beside JSON."""
    for what in ('role:deploy', 'ip:203.0.113.0/24', 'AKIAEXAMPLESTART0001'):
        for form in (['--format', 'json'], ['--all'], []):
            answers = {spoor.run('profile', what, *form, *threads, *given).stdout
                       for threads in (['--threads', '1'], ['--threads', '7']) for given in (sources, sources[::-1])}
            checks.check(f'profile {what} {" ".join(form)}: whatever the threads and the order', len(answers) == 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--corpus')
    parser.add_argument('--labs')
    parser.add_argument('--random', type=int, default=4)
    options = parser.parse_args()
    spoor, checks = Spoor(options.spoor), Checks('profile')
    evidence = os.path.join(HERE, 'cli', 'evidence')
    rng = seeded('profiles', 20261121)
    for name in ('lateral', 'lateral-cases', 'trail', 'profile'):
        compare(spoor, checks, name, [os.path.join(evidence, name)], rng, 4)
    check_invariance(spoor, checks, [os.path.join(evidence, 'lateral'), os.path.join(evidence, 'lateral-cases')])
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.random):
            path = os.path.join(folder, f'random-{i}')
            # how evidence may be packed is for compare.py
            for part in range(3):
                records = makers.random_records(rng, 50, 0.1 if i % 2 else 0.0)
                texts = [makers.write_json(rng, record) for record in records]
                makers.write_file(os.path.join(path, f'{part}.json'),
                                  makers.to_bytes('{"Records":[' + ',\n'.join(texts) + ']}'))
            compare(spoor, checks, f'random {i}', [path], rng, 5)
        if options.gen and options.corpus:
            events, files, seed = options.corpus.split(',')
            path = os.path.join(folder, 'corpus')
            subprocess.run([options.gen, 'corpus', '--events', events, '--files', files, '--seed', seed, '--out', path],
                           check=True, stdout=subprocess.DEVNULL)
            compare(spoor, checks, 'corpus', [path], rng, 6)
        if options.gen and options.labs:
            for lab in sorted(os.listdir(options.labs)):
                if not lab.endswith('.jsonl'):
                    continue
                path = os.path.join(folder, lab)
                subprocess.run([options.gen, 'lab', lab.removesuffix('.jsonl'), '--out', path, '--scenarios',
                                options.labs], check=True, stdout=subprocess.DEVNULL)
                compare(spoor, checks, lab, [path], rng, 3)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
