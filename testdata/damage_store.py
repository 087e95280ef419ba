"""Damaged case files: refused with a clear message, or, where the damage is never read, answered right."""
import os

import makers

COMMANDS = [['info', '--format', 'json'], ['timeline', '--format', 'jsonl'], ['first-use', '--by', 'key', '--format', 'jsonl'],
            ['top', '--by', 'ip,event', '--format', 'jsonl'], ['timeline', '--user', 'alice', '--format', 'jsonl'],
            ['timeline', '--ip', '203.0.113.0/24', '--format', 'jsonl'], ['timeline', '--id', '*0', '--format', 'jsonl']]
# Where the file's kind is written: with this gone it is no case file but a foreign file.
N_MAGIC = 16


def refused(result):
    return result.status == 2 and result.stderr.strip()


class Store:
    def __init__(self, spoor, checks, rng, folder):
        self.spoor, self.checks, self.rng = spoor, checks, rng
        source = os.path.join(folder, 'store-evidence')
        makers.write_random_evidence(rng, source, 5, 300, 0.02)
        self.case = os.path.join(folder, 'sound.case')
        self.wounded = os.path.join(folder, 'wounded.case')
        spoor.run('index', '-o', self.case, source)
        with open(self.case, 'rb') as file:
            self.data = file.read()
        self.right = [spoor.run(*command, self.case) for command in COMMANDS]

    def ask(self, data, i):
        makers.write_file(self.wounded, data)
        return self.spoor.run(*COMMANDS[i], self.wounded)

    def acceptable(self, result, i, answer_too=True):
        right = self.right[i]
        return refused(result) or (answer_too and (result.status, result.stdout) == (right.status, right.stdout))

    def many(self, name, mutants, answer_too=True):
        """MUTANTS are (description, bytes); all of them make one check."""
        wrong = n = 0
        for n, (what, data) in enumerate(mutants, 1):
            i = n % len(COMMANDS)
            result = self.ask(data, i)
            if not self.acceptable(result, i, answer_too):
                wrong += 1
                if wrong <= 5:
                    self.checks.fail(f'case file {what}', f'neither refused nor right\n{result.story()}')
        self.checks.check(f'{n} case files {name}', wrong == 0, f'{wrong} wrong')

    def positions(self, n):
        """Dense where headers and tables of sections are, seeded elsewhere."""
        size = len(self.data)
        edges = [at for at in range(N_MAGIC, min(size, 256), 5)] + [size - 1, size - 8, size - 64]
        return edges + [self.rng.randrange(N_MAGIC, size) for _ in range(n)]

    def flipped(self, at, bits):
        data = bytearray(self.data)
        data[at] ^= bits
        return bytes(data)

    def flips(self):
        for at in self.positions(140):
            bits = self.rng.choice([1, 0x80, 0xff])
            yield f'with byte {at} of {len(self.data)} flipped by {bits:#x}', self.flipped(at, bits)

    def cuts(self):
        for at in self.positions(30):
            yield f'cut at {at} of {len(self.data)}', self.data[:at]

    def holes(self):
        for at in self.positions(20):
            size = self.rng.choice([8, 512, 4096])
            yield f'with {size} zeros at {at}', (self.data[:at] + b'\0' * size + self.data[at + size:])[:len(self.data)]

    def swaps(self):
        """Blocks in each other's place, as after a bad copy."""
        for _ in range(20):
            a, b = sorted(self.rng.randrange(N_MAGIC, len(self.data) - 64) for _ in range(2))
            if b - a >= 64:
                data = bytearray(self.data)
                data[a:a + 64], data[b:b + 64] = data[b:b + 64], data[a:a + 64]
                yield f'with 64 bytes at {a} and {b} exchanged', bytes(data)


def test_store(spoor, checks, rng, folder):
    store = Store(spoor, checks, rng, folder)
    if not checks.check('a sound case file answers', all(result.status in (0, 3) and result.stdout for result in store.right),
                        lambda: '\n'.join(result.story() for result in store.right)):
        return
    store.many('with a flipped byte', store.flips())
    store.many('with a hole', store.holes())
    store.many('with exchanged blocks', store.swaps())
    store.many('cut', store.cuts(), answer_too=False)
    store.many('with bytes behind', [('with bytes behind', store.data + b'x'), ('twice', store.data * 2)])
    test_foreign(store, checks)


def test_foreign(store, checks):
    """What only begins like a case file, and what does not even."""
    noise = bytes(store.rng.randrange(256) for _ in range(4096))
    head = store.data[:N_MAGIC]
    for name, data in (('its first bytes and noise', head + noise), ('its first bytes and zeros', head + b'\0' * 65536),
                       ('its first bytes and nothing', head), ('its first bytes and 0xff', head + b'\xff' * 65536)):
        for i in range(len(COMMANDS)):
            result = store.ask(data, i)
            if not refused(result):
                checks.fail(f'case file of {name}: {COMMANDS[i][0]}', result.story())
                break
        else:
            checks.ok(f'case file of {name} is refused by every command')
    # Without its first bytes it is a file like any other: no log. No rows may come of it.
    for name, data in (('whose first byte is wrong', store.flipped(0, 1)), ('of noise', noise), ('without a byte', b'')):
        result = store.ask(data, 1)
        checks.check(f'case file {name} gives no rows', result.status in (0, 2, 3) and not result.stdout.strip()
                     and result.stderr.strip(), result.story)
