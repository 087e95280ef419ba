"""What bench/run needs before it measures: spoor built, corpora made, peers installed, and how each peer is called.

`work` holds everything that is made: corpora (made once; a summary beside each says that it is whole), cases and tables, the
peers. A case is kept from run to run as long as the same spoor made it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import zlib

from measure import CORES, call, fail, remove, say

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

PEERS = ['duckdb', 'clickhouse', 'jq', 'zlib', 'isal', 'igzip']
ENGINES = {'duckdb': 'DuckDB', 'clickhouse': 'ClickHouse'}

JQ = r'''
.Records | to_entries[] | .key as $n | .value | SELECTION .userIdentity as $u | [.eventTime, .eventID, .eventSource, .eventName,
.awsRegion, .recipientAccountId // $u.accountId, .sourceIPAddress, .userAgent, (if (.errorCode // "") != "" then
(if (.errorCode | test("accessdenied|unauthorized|notauthorized|authfailure|authorizationerror|forbidden"; "i")) then "denied"
else "failure" end) elif (.errorMessage // "") != "" then "failure" else "success" end), .errorCode, .errorMessage, .readOnly,
$u.type, $u.arn, $u.userName, $u.accessKeyId, (if $u.type == "AssumedRole" or $u.type == "Role" then
$u.sessionContext.sessionIssuer.arn else null end // $u.arn // $u.invokedBy // $u.principalId),
$u.sessionContext.sessionIssuer.userName, $n]'''.replace('\n', ' ')

MONTHS = ['2025-12-01', '2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01']


def plan(quick):
    """The corpora: events, files, and what is not the generator's default. Those of `more` and `ten` together are the largest
    case: seven organisations, one after the other."""
    part = 50 if quick else 1
    size = {'big': (80000, 40) if quick else (800000, 400), 'tiny': (36000, 4000) if quick else (360000, 40000),
            'ten': (8000000 // part, 4000 // part), 'one': (80000, 1) if quick else (800000, 1), 'instructions': (8000, 8)}
    specs = {n: {'events': e, 'files': f} for n, (e, f) in size.items()}
    for seed, start in enumerate(MONTHS, 2):
        specs['more-%d' % seed] = {'events': 7000000 // part, 'files': 3500 // part, 'seed': seed, 'start': start, 'level': 1}
    return specs


def install(*needs):
    """needs: (a program or an absolute path, the Debian package that has it)"""
    missing = [package for thing, package in needs
               if not (os.path.exists(thing) if thing[0] == '/' else shutil.which(thing))]
    if not missing:
        return
    say('installing ' + ' '.join(missing))
    environment = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
    call('apt-get', 'update', '-q', env=environment)
    call('apt-get', 'install', '-q', '-y', '--no-install-recommends', *missing, env=environment)


class Bench:
    """One run: args, work, the programs spoor and gen, how spoor was built, the peers wanted and their versions."""

    def __init__(self, args):
        self.args, self.work = args, os.path.abspath(args.work)
        self.wanted = [] if args.peers == 'none' else args.peers.split(',')
        self.engines = [e for e in ENGINES if e in self.wanted]
        self.specs, self.corpora = plan(args.quick), {}
        os.makedirs(self.work, exist_ok=True)
        self.spoor, self.gen, self.how = self.build()
        with open(self.spoor, 'rb') as f:
            self.mark = hashlib.sha256(f.read()).hexdigest()
        self.versions = self.install_peers()

    def path(self, *names):
        return os.path.join(self.work, *names)

    def build(self):
        """The build stands in the tree that is built: work may be shared by several trees."""
        args = self.args
        if args.spoor and args.gen:
            return os.path.abspath(args.spoor), os.path.abspath(args.gen), 'given'
        install(('meson', 'meson'), ('ninja', 'ninja-build'))
        where, source = os.path.join(ROOT, 'build-bench'), ROOT
        if args.rev:
            source = self.path('source-' + args.rev)
            where = os.path.join(source, 'build')
            if not os.path.exists(source):
                os.mkdir(source)
                archive = subprocess.Popen(['git', '-C', ROOT, 'archive', args.rev], stdout=subprocess.PIPE)
                call('tar', '-x', '-C', source, stdin=archive.stdout)
                archive.wait()
        if not os.path.exists(os.path.join(where, 'build.ninja')):
            call('meson', 'setup', where, source, '--buildtype=release', '-Dtests=disabled')
        call('ninja', '-C', where, 'src/cli/spoor', 'tools/gen/spoor-gen')
        options = {o['name']: o['value'] for o in json.loads(call('meson', 'introspect', where, '--buildoptions'))}
        how = 'meson, buildtype %s, -O%s, %s' % (options['buildtype'], options['optimization'],
                                                call('cc', '--version').split('\n')[0])
        return (os.path.abspath(args.spoor) if args.spoor else os.path.join(where, 'src/cli/spoor'),
                os.path.abspath(args.gen) if args.gen else os.path.join(where, 'tools/gen/spoor-gen'),
                'given' if args.spoor else how)

    # ------------------------------------------------------------ corpora and cases

    def where(self, name):
        spec = self.specs[name]
        if 'seed' in spec and self.args.corpora:
            return os.path.join(os.path.abspath(self.args.corpora), 'corpus-%d' % spec['seed'])
        return self.path('corpus-%d-%d%s' % (spec['events'], spec['files'], '-%d' % spec['seed'] if 'seed' in spec else ''))

    def fifty(self):
        return ['ten'] + [n for n in self.specs if n.startswith('more-')]

    def corpus(self, name):
        """A corpus is made once; its summary is what the generator promised. Those of `more` stand in --corpora, by their seed."""
        if name in self.corpora:
            return self.corpora[name]
        spec, where = self.specs[name], self.where(name)
        note = where + '.json'
        if not os.path.exists(note):
            if os.path.exists(where):
                fail('%s has no summary, %s: it is being made, or was left unfinished; remove it' % (where, note))
            say('making corpus %s' % name)
            more = sum((['--' + k, str(spec[k])] for k in ('seed', 'start', 'level') if k in spec), [])
            summary = call(self.gen, 'corpus', '--out', where + '.part', '--events', str(spec['events']),
                           '--files', str(spec['files']), *more)
            os.rename(where + '.part', where)
            with open(note + '.part', 'w') as f:
                f.write(summary)
            os.rename(note + '.part', note)
        with open(note) as f:
            c = json.load(f)
        if (c['events'], c['files']) != (spec['events'], spec['files']):
            fail('%s: %d events in %d files, where %d in %d are wanted' % (note, c['events'], c['files'], spec['events'],
                                                                          spec['files']))
        c.update(name=name, where=where, paths=sorted(os.path.join(d, f) for d, _, fs in os.walk(where) for f in fs))
        c.update(n=len(c['paths']), mean=c['jsonBytes'] // len(c['paths']), names=self.path('names-' + name))
        with open(c['names'], 'w') as f:
            f.write(''.join(n + '\n' for n in c['paths']))
        self.corpora[name] = c
        return c

    def case(self, name):
        """The case of a corpus, made unless this spoor made it before."""
        path = self.path('case-' + name)
        if not self.has_case(name):
            if name not in self.specs:
                fail('no case of %s: the part that makes it failed' % name)
            call(self.spoor, 'index', '--quiet', '-o', path, self.corpus(name)['where'])
            self.keep_case(name)
        return path

    def stamp(self, name):
        return '\n'.join([self.mark] + [self.where(n) for n in (self.fifty() if name == 'fifty' else [name])])

    def has_case(self, name):
        path = self.path('case-' + name)
        return os.path.exists(path) and os.path.exists(path + '.spoor') and open(path + '.spoor').read() == self.stamp(name)

    def keep_case(self, name):
        with open(self.path('case-' + name) + '.spoor', 'w') as f:
            f.write(self.stamp(name))

    def info(self, case):
        return json.loads(call(self.spoor, 'info', '--format', 'json', case))

    # ------------------------------------------------------------ peers

    def install_peers(self):
        """Installs what the peers need and returns their versions."""
        versions, wanted = {}, self.wanted
        if self.engines:
            install(('node', 'nodejs'), ('npm', 'npm'))
            for f in ('package.json', 'package-lock.json'):
                shutil.copy(os.path.join(HERE, f), self.work)
            stamp = self.path('node_modules', '.bench')
            with open(os.path.join(HERE, 'package-lock.json')) as f:
                lock = f.read()
            if not os.path.exists(stamp) or open(stamp).read() != lock:
                say('installing DuckDB and ClickHouse from npm')
                call('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', cwd=self.work)
                with open(stamp, 'w') as f:
                    f.write(lock)
            shutil.copytree(os.path.join(HERE, 'peers'), self.path('peers'), dirs_exist_ok=True)
            packages = json.loads(lock)['packages']
            versions['node'] = call('node', '--version').strip()
            for peer, package in (('duckdb', '@duckdb/node-api'), ('clickhouse', 'chdb')):
                if peer in wanted:
                    answer = json.loads(call('node', self.script(peer), 'version'))
                    versions[ENGINES[peer]] = '%s (%s %s)' % (answer['version'], package,
                                                              packages['node_modules/' + package]['version'])
        if 'jq' in wanted:
            install(('jq', 'jq'))
            versions['jq'] = call('jq', '--version').strip()
        if {'jq', 'igzip'} & set(wanted):
            install(('igzip', 'isal'))
            versions['igzip'] = re.sub(r'.*?([\d.]+)$', r'\1', call('igzip', '--version').strip())
        for peer, header, package, flags in (('zlib', '/usr/include/zlib.h', 'zlib1g-dev', ['-lz']),
                                             ('isal', '/usr/include/isa-l/igzip_lib.h', 'libisal-dev', ['-DUSE_ISAL', '-lisal'])):
            if peer in wanted:
                install((header, package))
                call('cc', '-O2', '-std=gnu11', '-D_GNU_SOURCE', '-o', self.path('inflate-' + peer),
                     os.path.join(HERE, 'inflate.c'), *flags, '-lpthread')
                versions[peer] = call('dpkg-query', '-W', '-f', '${Version}', package)
        return versions

    def script(self, peer):
        return self.path('peers', peer + '.mjs')

    def largest(self, c):
        """DuckDB has to be told how large an object may be: the largest file, unpacked, with a fifth to spare."""
        if 'largest' not in c:
            c['largest'] = unpacked_size(max(c['paths'], key=os.path.getsize)) * 6 // 5
        return c['largest']

    def command(self, name, c, out, threads):
        """How a contender is called on corpus c: argv, the file for its standard input, environment."""
        if name == 'spoor':
            return [self.spoor, 'index', '--no-progress', '--threads', str(threads), '-o', out, c['where']], None, None
        if name in ENGINES:
            return (['node', self.script(name), 'load', c['where'], out, str(self.largest(c)), str(c['mean'])], None,
                    {'BENCH_THREADS': str(threads)})
        if name in ('zlib', 'isal'):
            return [self.path('inflate-' + name), str(threads)], c['names'], None
        if name == 'igzip':
            return self.each_part(c, 'igzip -dc "$@" > /dev/null', {}, threads)
        os.mkdir(out)
        return self.each_part(c, 'igzip -dc "$@" | jq -c "$BENCH_JQ" > "$BENCH_OUT/$$"',
                              {'BENCH_JQ': JQ.replace('SELECTION', ''), 'BENCH_OUT': out}, threads)

    def scan(self, name, c, key):
        """How a contender finds what one key did in the evidence as it stands: argv, standard input, environment."""
        if name == 'spoor':
            return [self.spoor, 'timeline', '--quiet', '--format', 'jsonl', '--key', key, c['where']], None, None
        if name in ENGINES:
            return ['node', self.script(name), 'scan', c['where'], str(self.largest(c)), str(c['mean']), key], None, None
        one = JQ.replace('SELECTION', 'select(.userIdentity.accessKeyId == $ENV.BENCH_KEY) |')
        return self.each_part(c, 'igzip -dc "$@" | jq -c "$BENCH_JQ"', {'BENCH_JQ': one, 'BENCH_KEY': key}, CORES)

    def each_part(self, c, script, environment, threads):
        each = str(max(1, min(1000, c['n'] // (CORES * 8))))
        return ['xargs', '-P', str(threads), '-n', each, 'sh', '-c', script, 'sh'], c['names'], environment

    def check(self, name, c, run, out):
        """Did the contender read it all?"""
        found, due = None, c['records']
        if name == 'spoor':
            info = self.info(out)
            found = info['events'] + info['duplicates'] + info['rejected']
            if info['events'] != c['events']:
                fail('spoor: %d events, not %d' % (info['events'], c['events']))
        elif name in ENGINES:
            count = json.loads(call('node', self.script(name), 'count', out))
            found = count['rows']
            if count['events'] != c['events']:
                fail('%s: %d eventIDs, not %d' % (name, count['events'], c['events']))
        elif name == 'jq':
            found = 0
            for part in os.listdir(out):
                with open(os.path.join(out, part), 'rb') as f:
                    found += sum(piece.count(b'\n') for piece in iter(lambda: f.read(1 << 20), b''))
        elif name in ('zlib', 'isal'):
            found, due = int(run.out.split()[1]), c['jsonBytes']
        else:
            with open(c['names']) as names:
                piped = subprocess.Popen(['xargs', 'igzip', '-dc'], stdin=names, stdout=subprocess.PIPE)
                found, due = int(call('wc', '-c', stdin=piped.stdout)), c['jsonBytes']
                piped.wait()
        if found != due:
            fail('%s read %d of %d' % (name, found, due))

    def clean(self):
        for entry in os.listdir(self.work):
            if entry.startswith(('out-', 'table-')) and not entry.endswith('.wal'):
                remove(self.path(entry))


def unpacked_size(path):
    stream, size = zlib.decompressobj(31), 0
    with open(path, 'rb') as f:
        while True:
            piece = f.read(1 << 20)
            if not piece:
                return size
            size += len(stream.decompress(piece))
