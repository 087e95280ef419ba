#!/usr/bin/env python3
"""Opens reports in headless Chromium: nothing planted in the evidence may act there, nothing may be cut.

    report-html.py --spoor BIN [--gen BIN --labs DIR] [--keep DIR]

Every field of records, names of files and folders, and a subject hold script tags, event handlers,
links that run, quotes, unclosed tags, breaks out of style, SVG and template, control characters,
terminal escapes and marks that turn the direction of writing. The page is opened wide and narrow,
light, dark and for paper, and asked what it holds, what overflows, and what it wanted from the
network. The labs are opened too. tidy checks the markup. --keep leaves pages and pictures in DIR.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import SLOWDOWN, Checks, Spoor  # noqa: E402

PAYLOADS = [
    '<script>window.owned=1</script>', '"><img src=x onerror="window.owned=2">', "'><svg onload=window.owned=3>",
    'javascript:window.owned=4', '</script><script>window.owned=5</script>', '</style><script>window.owned=6</script>',
    '</title></head><body onload=window.owned=7>', '<a href="javascript:window.owned=8">x</a>', '<b><i><table><tr><td>',
    '" onmouseover="window.owned=9" x="', "' autofocus onfocus='window.owned=10", '<iframe src="http://127.0.0.1:9/x"></iframe>',
    '</svg><script>window.owned=11</script>', ']]><script>window.owned=12</script>', '<!-- <script>window.owned=13</script>',
    '`${window.owned=14}`{{window.owned=15}}', 'x;}body{background:url(http://127.0.0.1:9/y)}', '&lt;script&gt;&#60;script&#62;',
    '\u202eexe.gpj\u202c\u2066\u2069\u200f', 'a\u200bb\u200d\u2060\ufeff\xad\U000e0061\U000e0100', '\x1b]0;owned\x07\x1b[31mred\x1b[0m', 'a\x00b\x01\x08\x7f\x85\x9b', 'a\r\nb\tc\u2028d\u2029',
    '<base href="http://127.0.0.1:9/">', '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">', '<link rel=stylesheet href=http://127.0.0.1:9/z>',
    '|x|y|`code`[a](javascript:window.owned=16)', '\ufffd\ud83d\ude00é' + 'W' * 300, '<' * 40, '\\u003cscript\\u003ewindow.owned=17\\u003c/script\\u003e',
]
ACCOUNT = '111122223333'


# ---- evidence ----

def record(number, payload, name='GetObject', service='s3.amazonaws.com', hostile=True, **more):
    text = f'{payload} {number}' if hostile else f'plain-{number}'
    return {
        'eventVersion': '1.11', 'eventID': f'{text} id', 'eventTime': f'2026-01-{1 + number % 28:02}T10:{number % 60:02}:00Z',
        'userIdentity': {'type': f'{text} type', 'principalId': f'{text} principal', 'arn': f'{text} arn', 'accountId': ACCOUNT,
                         'accessKeyId': 'AKIAHOSTILE', 'userName': f'{text} user'},
        'eventSource': service, 'eventName': name, 'awsRegion': f'{text} region', 'sourceIPAddress': f'{text} ip',
        'userAgent': f'{text} agent', 'requestParameters': {f'{text} key': f'{text} value', 'bucketName': f'{text} bucket', 'key': f'{text} object',
                                                            'userName': f'{text} made', 'roleName': f'{text} role', 'groupName': f'{text} group'},
        'responseElements': {'user': {'userName': f'{text} made', 'arn': f'{text} arn'},
                             'accessKey': {'accessKeyId': f'{text} AKIA', 'userName': f'{text} made'}},
        'recipientAccountId': f'{text} account', 'readOnly': name.startswith('Get'), **more}


def hop(number, payload, key):
    """A credential with hostile names, obtained with the subject's key and then used."""
    made = record(number, payload, 'AssumeRole', 'sts.amazonaws.com')
    arn = f'arn:aws:sts::{ACCOUNT}:assumed-role/{payload}/{payload} {number}'
    made['requestParameters'] = {'roleArn': f'arn:aws:iam::{ACCOUNT}:role/{payload}', 'roleSessionName': f'{payload} {number}'}
    made['responseElements'] = {'credentials': {'accessKeyId': key}, 'assumedRoleUser': {'arn': arn, 'assumedRoleId': f'AROA:{payload}'}}
    used = record(number + 1000, payload)
    used['userIdentity'] = {'type': 'AssumedRole', 'arn': arn, 'accountId': ACCOUNT, 'accessKeyId': key, 'principalId': f'AROA:{payload}'}
    return [made, used]


def make_evidence(folder):
    """Returns the source, whose own name is hostile."""
    source = os.path.join(folder, 'src "><script>window.owned=30<')
    os.mkdir(source)
    records = []
    for i, payload in enumerate(PAYLOADS):
        records.append(record(4 * i, payload))
        records.append(record(4 * i + 1, payload, 'CreateUser', 'iam.amazonaws.com', readOnly=False))
        records.append(record(4 * i + 2, payload, 'CreateAccessKey', 'iam.amazonaws.com', errorCode=f'{payload} code', errorMessage=payload))
        records.append(record(4 * i + 3, payload, f'{payload} name', f'{payload} service'))
        records += hop(500 + i, payload, f'ASIA{i} {payload}')
    for i, payload in enumerate(PAYLOADS):
        name = re.sub(r'[/\0\ud800-\udfff]', '_', payload)[:120]
        with open(os.path.join(source, f'{name} {i}.json'), 'w', encoding='utf-8', errors='surrogatepass') as out:
            out.write(json.dumps({'Records': records[6 * i:6 * i + 6]}) + ('' if i % 5 else '\n{"Records":[{"eventVersion":"1.11",<<'))
    return source


# ---- the browser, by its pipe ----

class Browser:
    def __init__(self, program, folder):
        read, theirs_out = os.pipe()
        theirs_in, write = os.pipe()

        def connect():
            os.dup2(theirs_in, 3 + 100)
            os.dup2(theirs_out, 4 + 100)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.read, self.write, self.buffer, self.number, self.events = read, write, b'', 0, []
        self.process = subprocess.Popen(
            [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', f'--user-data-dir={folder}'],
            close_fds=False, preexec_fn=connect, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = None
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    session = None

    def receive(self, until):
        while b'\0' not in self.buffer:
            if not select.select([self.read], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError('the browser does not answer')
            data = os.read(self.read, 1 << 20)
            if not data:
                raise TimeoutError('the browser went away')
            self.buffer += data
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.write, json.dumps(message).encode() + b'\0')
        until = time.monotonic() + 120 * SLOWDOWN
        while True:
            answer = self.receive(until)
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)

    def open(self, path, width, scheme='light', media=''):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': scheme}])
        self.events = []
        self.call('Page.navigate', url='file://' + re.sub(r'[^\w/.-]', lambda m: ''.join(f'%{b:02X}' for b in m[0].encode()), path))
        until = time.monotonic() + 120 * SLOWDOWN
        while not any(event['method'] == 'Page.loadEventFired' for event in self.events):
            answer = self.receive(until)
            if 'method' in answer:
                self.events.append(answer)

    def ask(self, expression):
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(answer['exceptionDetails'])
        return answer['result'].get('value')

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)


# ---- what is asked of a page ----

FACTS = r'''(function () {
  var all = Array.prototype.slice.call(document.querySelectorAll('*'));
  function names(test) { return all.filter(test).slice(0, 5).map(function (e) { return e.outerHTML.slice(0, 200); }); }
  var text = document.body.textContent;
  return {
    owned: String(window.owned), title: document.title, scripts: document.scripts.length,
    foreign: names(function (e) { return /^(img|iframe|object|embed|link|base|form|audio|video|source|template)$/i.test(e.localName); }),
    handlers: names(function (e) { return Array.prototype.some.call(e.attributes, function (a) { return /^on|^style$/i.test(a.name); }); }),
    links: names(function (e) { return e.localName === 'a' && !/^#[\w-]+$/.test(e.getAttribute('href') || ''); }),
    unsafe: (text.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u) || []).length,
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    cut: names(function (e) { return /^(h1|h2|h3|h4|p|li|dd|dt|th|td|b)$/.test(e.localName) && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'; }),
    outside: names(function (e) { if (e.closest('.box,.draw,svg,head,script')) return false; var r = e.getBoundingClientRect(); return r.width > 0 && r.right > window.innerWidth + 1; }),
    inputs: document.querySelectorAll('.tools input').length, rows: document.querySelectorAll('tbody tr').length,
    background: getComputedStyle(document.documentElement).backgroundColor,
    shows: text.indexOf('<script>window.owned=1</script>') >= 0, sections: document.querySelectorAll('section').length
  };
})()'''

LAYOUT = r'''(function () {
  var list = function (selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); };
  var broken = [], range = document.createRange();
  list('td').slice(0, 3000).forEach(function (td) {
    var walk = document.createTreeWalker(td, NodeFilter.SHOW_TEXT), node;
    while ((node = walk.nextNode())) {
      var word = /[A-Za-z0-9_]+/g, found;
      while ((found = word.exec(node.data))) {
        range.setStart(node, found.index);
        range.setEnd(node, found.index + found[0].length);
        if (found[0].length <= 15 && range.getClientRects().length > 1) broken.push(found[0]);
      }
    }
  });
  return {
    sections: list('h2').map(function (e) { return e.textContent; }),
    broken: broken.slice(0, 5),
    highest: Math.max.apply(null, list('tbody tr').map(function (e) { return e.offsetHeight; })),
    folded: list('.rest').filter(function (e) { return e.getClientRects().length === 0; }).length,
    folds: list('.rest').length,
    clipped: list('.box,.draw').filter(function (e) { return e.scrollHeight > e.clientHeight + 1 || getComputedStyle(e).overflowY !== 'visible'; }).length,
    repeats: list('thead').every(function (e) { return getComputedStyle(e).breakInside === 'avoid'; }) &&
        list('th button').every(function (e) { return getComputedStyle(e).display === 'contents'; })
  };
})()'''

SORT = r'''(function () {
  var th = document.querySelector('#addresses th.n, #files th.n'), table = th.closest('table'), column = Array.prototype.indexOf.call(th.parentNode.cells, th);
  var values = function () { return Array.prototype.map.call(table.tBodies[0].rows, function (row) { return parseFloat(row.cells[column].textContent.replace(/,/g, '')); }); };
  th.querySelector('button').click();
  var up = values(); th.querySelector('button').click(); var down = values();
  var input = table.parentNode.previousElementSibling.querySelector('input');
  input.value = 'nothing-has-this'; input.dispatchEvent(new Event('input'));
  var left = Array.prototype.filter.call(table.tBodies[0].rows, function (row) { return !row.hidden; }).length;
  return [up.every(function (v, i) { return !i || up[i - 1] <= v; }), down.every(function (v, i) { return !i || down[i - 1] >= v; }), left];
})()'''


def check_page(checks, browser, name, path, width, scheme='light', media='', picture=None):
    browser.open(path, width, scheme, media)
    facts = browser.ask(FACTS)
    told = f'{name}, {width} px {scheme}{" " + media if media else ""}'
    checks.equal(f'{told}: nothing ran', ('undefined', 1), (facts['owned'], facts['scripts']))
    checks.equal(f'{told}: no element, handler, style or link but ours', ([], [], []), (facts['foreign'], facts['handlers'], facts['links']))
    checks.equal(f'{told}: no control character, no turn of direction', 0, facts['unsafe'])
    checks.check(f'{told}: the page does not scroll sideways', facts['overflow'] <= 0, f'{facts["overflow"]} px: {facts["outside"]}')
    checks.equal(f'{told}: nothing is cut', ([], []), (facts['cut'], facts['outside']))
    complaints = [e['params'] for e in browser.events if e['method'] in ('Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Log.entryAdded')]
    checks.equal(f'{told}: the console is silent', [], complaints[:3])
    requests = [e['params']['request']['url'] for e in browser.events if e['method'] == 'Network.requestWillBeSent']
    checks.equal(f'{told}: no request', [], [url for url in requests[1:] if url != requests[0]])
    if picture:
        shot = browser.call('Page.captureScreenshot', format='png', captureBeyondViewport=False)
        with open(picture, 'wb') as out:
            out.write(base64.b64decode(shot['data']))
    return facts


def check_policy(checks, name, path):
    with open(path, 'rb') as file:
        page = file.read()
    policy = re.search(rb'Content-Security-Policy" content="([^"]*)"', page)[1].decode()
    for tag in ('style', 'script'):
        found = re.findall(b'<%s>(.*?)</%s>' % (tag.encode(), tag.encode()), page, re.S)
        digest = base64.b64encode(hashlib.sha256(found[0]).digest()).decode()
        checks.check(f'{name}: the hash of the {tag} is its own', len(found) == 1 and f"{tag}-src 'sha256-{digest}'" in policy, policy)
    checks.check(f"{name}: the policy allows nothing else", policy.startswith("default-src 'none'") and 'unsafe' not in policy and '*' not in policy, policy)


def check_tidy(checks, name, path):
    if not shutil.which('tidy'):
        checks.skip(f'{name}: markup', 'tidy is not installed (tools/packages test)')
        return
    result = subprocess.run(['tidy', '-e', '-q', '-utf8', path], capture_output=True, check=False)
    checks.equal(f'{name}: tidy finds nothing', '', result.stderr.decode('utf-8', 'replace')[:2000])


def make_report(spoor, checks, name, path, *arguments):
    result = spoor.run('report', '--quiet', '-o', path, *arguments)
    return checks.check(f'{name}: is written', result.status in (0, 3), result.story)


def check_hostile(spoor, checks, browser, folder):
    source = make_evidence(folder)
    path = os.path.join(folder, 'hostile.html')
    subject = 'user:<script>window.owned=1</script> 0 user'
    make_report(spoor, checks, 'hostile', path, '--subject', 'AKIAHOSTILE', '--subject', subject, source)
    check_policy(checks, 'hostile', path)
    check_tidy(checks, 'hostile', path)
    facts = check_page(checks, browser, 'hostile', path, 1280)
    checks.check('hostile: what was planted can be read', facts['shows'], facts)
    checks.check('hostile: our script ran', facts['inputs'] > 3 and facts['rows'] > 300, facts)
    checks.equal('hostile: sorts and filters', [True, True, 0], browser.ask(SORT))
    dark = check_page(checks, browser, 'hostile', path, 390, 'dark')
    checks.check('hostile: dark is another page', dark['background'] != facts['background'], facts['background'])
    check_page(checks, browser, 'hostile', path, 1040, media='print')
    whole = os.path.join(folder, 'whole.html')
    make_report(spoor, checks, 'hostile, no subject', whole, source)
    check_tidy(checks, 'hostile, no subject', whole)
    check_page(checks, browser, 'hostile, no subject', whole, 1280)
    for ending in ('json', 'md'):
        path = os.path.join(folder, f'hostile.{ending}')
        make_report(spoor, checks, f'hostile {ending}', path, '--subject', 'AKIAHOSTILE', source)
        with open(path, encoding='utf-8', newline='') as file:
            text = file.read()
        found = re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]', text)
        checks.check(f'hostile {ending}: no control character, no turn of direction', not found, found)
    checks.check('hostile md: no markup', not re.search(r'(?<!\\)[<>`]|(?<!\\)\]\(', text), text[:500])


def check_layout(checks, browser, name):
    """The page that is open, for the screen: words are whole, no row is blown up, long cells are folded."""
    layout = browser.ask(LAYOUT)
    checks.equal(f'{name}: short words are whole', [], layout['broken'])
    checks.check(f'{name}: no row is blown up', layout['highest'] < 240, layout['highest'])
    checks.check(f'{name}: long cells are folded', layout['folds'] and layout['folded'] == layout['folds'], layout)
    order = [layout['sections'].index(title) for title in ('Activity over time', 'Timeline', 'Checklist', 'Addresses', 'About this report')]
    checks.equal(f'{name}: sections in the order of reading', sorted(order), order)


def check_paper(checks, browser, name):
    """The page that is open, for paper: nothing is folded, nothing scrolls, heads of tables can be repeated."""
    layout = browser.ask(LAYOUT)
    checks.equal(f'{name}: paper shows everything', (0, 0, True), (layout['folded'], layout['clipped'], layout['repeats']))


def check_labs(spoor, checks, browser, folder, gen, labs, keep):
    subjects = {'leaked-preview-key': 'AKIAQPREVIEWEXAMPLE7', 'ci-to-node-role': 'AKIAQWARROOMCIKEY001', 'workshop': None, 'lookup-events-runbook': None}
    for name, subject in subjects.items():
        lab = os.path.join(folder, name)
        subprocess.run([gen, 'lab', name, '--scenarios', labs, '--out', lab], check=True, stdout=subprocess.DEVNULL)
        path = os.path.join(keep or folder, f'{name}.html')
        make_report(spoor, checks, name, path, *(['--subject', subject] if subject else []), lab)
        check_policy(checks, name, path)
        check_tidy(checks, name, path)
        for width, scheme in ((1280, 'light'), (390, 'dark')):
            picture = os.path.join(keep, f'{name}-{width}.png') if keep else None
            facts = check_page(checks, browser, name, path, width, scheme, picture=picture)
            if width == 1280:
                check_layout(checks, browser, name)
        checks.check(f'{name}: has its sections', facts['sections'] > 12 and facts['rows'] > 100, facts)
        check_page(checks, browser, name, path, 1040, media='print')
        check_paper(checks, browser, name)
        pdf = base64.b64decode(browser.call('Page.printToPDF', printBackground=True, preferCSSPageSize=True)['data'])
        checks.check(f'{name}: prints', pdf.startswith(b'%PDF') and len(pdf) > 50000, len(pdf))
        if keep:
            with open(os.path.join(keep, f'{name}.pdf'), 'wb') as out:
                out.write(pdf)


def check_size(spoor, checks, folder, gen):
    """100,000 events."""
    corpus, path = os.path.join(folder, 'corpus'), os.path.join(folder, 'large.html')
    subprocess.run([gen, 'corpus', '--out', corpus, '--events', '100000', '--files', '200'], check=True, stdout=subprocess.DEVNULL)
    make_report(spoor, checks, '100,000 events', path, corpus)
    size = os.path.getsize(path)
    checks.check(f'100,000 events: {size / 1e6:.1f} MB', size < 20_000_000)
    check_tidy(checks, '100,000 events', path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--spoor', required=True)
    parser.add_argument('--gen')
    parser.add_argument('--labs')
    parser.add_argument('--keep')
    arguments = parser.parse_args()
    program = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if not program:
        print('skipped: no chromium is installed (tools/packages test installs it)')
        return 77
    spoor, checks = Spoor(arguments.spoor), Checks('report-html')
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(program, os.path.join(folder, 'profile'))
        try:
            check_hostile(spoor, checks, browser, folder)
            if arguments.gen and arguments.labs:
                check_labs(spoor, checks, browser, folder, arguments.gen, arguments.labs, arguments.keep)
            if arguments.gen:
                check_size(spoor, checks, folder, arguments.gen)
        finally:
            browser.close()
            time.sleep(0.5)
    return checks.finish()


if __name__ == '__main__':
    sys.exit(main())
