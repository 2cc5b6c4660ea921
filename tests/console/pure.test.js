// SPDX-License-Identifier: Apache-2.0
// The parts of the console's pages that do not need a browser.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { again } from '../../manager/console/pages/again.js';
import * as query from '../../manager/console/pages/query.js';
import * as route from '../../manager/console/pages/route.js';
import * as settings from '../../manager/console/pages/settings.js';
import { onPersonNeeded, Problem, request, spreadsheet } from '../../manager/console/pages/api.js';
import { adoptCatalogue, chooseLanguage, currentLanguage, hashOf, preferredLanguage, tr, trn, useLanguage } from '../../manager/console/pages/i18n.js';
import { bytes, compare, visible, wayOf, withHosts } from '../../manager/console/pages/text.js';
import { knownSettings, settingLabel, settingValue } from '../../manager/console/pages/setting_words.js';
import { inTurn } from '../../manager/console/pages/follow.js';
import { fitting, rowsInView, scrollTo } from '../../manager/console/pages/window.js';
import { Seen } from '../../manager/console/pages/seen.js';
import { Selection } from '../../manager/console/pages/selection.js';
import { daysOf } from '../../manager/console/pages/pages/reports.js';
import { problemText, tone, word } from '../../manager/console/pages/words.js';

const root = new URL('../../', import.meta.url);
const source = (path) => readFileSync(new URL(path, root), 'utf8');

test('a module uses what it imports, and what it exports another one imports', () => {
    const room = fileURLToPath(new URL('manager/console/pages/', root));
    const names = readdirSync(room, { recursive: true }).filter((name) => name.endsWith('.js'));
    const code = new Map(names.map((name) => [name, readFileSync(join(room, name), 'utf8').replaceAll(/(^|\s)\/\/.*$/gm, '')]));
    const imports = (text) => [...text.matchAll(/import (?:\* as (\w+)|\{([^}]*)\})\s*from/g)]
        .flatMap(([, whole, parts]) => whole ?? parts.split(',').map((part) => part.trim()).filter(Boolean));
    const uses = (text, name) => text.match(new RegExp(`\\b${name}\\b`, 'g')).length;
    const readers = [...code.values(), source('tests/console/named.test.js'), source('tests/console/pure.test.js')];
    const imported = new Set(readers.flatMap(imports));
    for (const [name, text] of code) {
        imports(text).forEach((one) => assert.ok(uses(text, one) > 1, `${name} does not use ${one}`));
        for (const [, one] of text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm))
            assert.ok(imported.has(one) || readers.some((other) => other.includes(`.${one}`)),
                `nobody imports ${one} of ${name}`);
    }
});

test('controls and changes of direction are written out, other scripts are not', () => {
    assert.equal(visible('abc\u202egpj.exe'), 'abc\\u202egpj.exe');
    assert.equal(visible('a\u0000b\u2066'), 'a\\u0000b\\u2066');
    assert.equal(visible('総務部 <b>'), '総務部 <b>');
    assert.equal(visible(null), '');
    for (const [text, shown] of [['a\u00adb', 'a\\u00adb'], ['\u3164', '\\u3164'], ['x\u{e0041}', 'x\\ue0041'], ['a\ud800', 'a\\ud800']])
        assert.equal(visible(text), shown); // a soft hyphen, a filler, a tag, half a character
    for (const text of ['می\u200cخواهم', '👨\u200d👩\u200d👧', '❤\ufe0f', 'हिन्दी', 'Tiê\u0301ng', 'カ\u309a'])
        assert.equal(visible(text), text);
    assert.equal(visible('pc\u200d'), 'pc\\u200d'); // behind ASCII a joiner joins nothing: a second name that looks the same
    assert.equal(visible('Z' + '\u0301'.repeat(6)), 'Z' + '\u0301'.repeat(4) + '\\u0301\\u0301');
});

test('where a row of the audit log came from, and nothing that an argument says', () => {
    for (const [text, address, rest] of [
        ['@console=web @address=192.0.2.7 @pass=s-1 name=lab', '192.0.2.7', '@console=web @pass=s-1 name=lab'],
        ['@address=2001:db8::1 endpoint=e-1', '2001:db8::1', 'endpoint=e-1'],
        ['@address=192.0.2.7', '192.0.2.7', ''],
        ['name=lab', '', 'name=lab'],
        ['', '', ''],
        ['note="x @address=192.0.2.7" name=lab', '', 'note="x @address=192.0.2.7" name=lab'],
        ['"@address"=192.0.2.7', '', '"@address"=192.0.2.7'], // an argument that somebody called so
    ])
        assert.deepEqual(wayOf(text), { address, rest });
});

test('an id of the audit log has the host name beside it', () => {
    const endpoints = [{ id: 'e-1', host: 'pc-1' }, { id: 'e-2', host: 'pc $& 2' }];
    assert.equal(withHosts('endpoint=e-1', endpoints), 'endpoint=e-1 (pc-1)');
    assert.equal(withHosts('selector="e-2,e-12 e-1"', endpoints), 'selector="e-2 (pc $& 2),e-12 e-1 (pc-1)"');
    assert.equal(withHosts('endpoint=e-1', []), 'endpoint=e-1');
});

// The channel of the tabs is the test's: what another one says, and what this one told.
test('a tab begins again when the browser\'s session is another account\'s', async (t) => {
    const told = [];
    let reloads = 0;
    let channel;
    globalThis.BroadcastChannel = class {
        constructor() { channel = this; }
        postMessage(account) { told.push(account); }
    };
    globalThis.location = { reload: () => { reloads++; } };
    const { resume, signOut, whoIsIt } = await import('../../manager/console/pages/session.js');
    const answers = [{ status: 200, body: { account: 'ann', role: 'owner' } }, { status: 503, body: { code: 'unavailable' } }, { status: 401, body: {} }];
    t.mock.method(globalThis, 'fetch', async () => {
        const { status, body } = answers.shift();
        return { status, ok: status === 200, headers: new Map([['Content-Type', 'application/json']]), json: () => body };
    });
    const hear = (account) => channel.onmessage({ data: account });
    hear(null);
    assert.equal(reloads, 0); // nobody is signed in anywhere
    await resume();
    hear('ann');
    assert.equal(reloads, 0);
    await assert.rejects(signOut(), { code: 'unavailable' }); // nobody was signed out, and nobody is told so
    assert.deepEqual([whoIsIt().account, told], ['ann', []]);
    await signOut(); // the session had ended: as good
    assert.deepEqual([whoIsIt(), told], [null, [null]]);
    hear('ben'); // at the sign-in, which is not needed any more
    assert.equal(reloads, 1);
});

test('names are in the order that people expect', () => {
    assert.deepEqual(['pc10', 'PC2', 'pc1'].sort(compare), ['pc1', 'PC2', 'pc10']);
    assert.equal(bytes(1536), '1.5 KiB');
    assert.equal(bytes(12), '12 B');
});

test('an address survives the way there and back', () => {
    const hash = route.format(['groups', 'a b/c', 'scan'], { filter: 'group:"x y" & z', sort: '' });
    const { path, query: given } = route.parse(hash);
    assert.deepEqual(path, ['groups', 'a b/c', 'scan']);
    assert.equal(given.get('filter'), 'group:"x y" & z');
    assert.equal(given.has('sort'), false);
    assert.deepEqual(route.parse('#/endpoints/%E0%A4%A').path, ['endpoints', '%E0%A4%A']); // a link that was cut
});

test('each link within the console has a page', () => {
    const pages = [...source('manager/console/pages/main.js').matchAll(/\{ path: \[([^\]]*)\], page/g)].map(([, path]) => ({ path: partsOf(path) }));
    assert.ok(pages.length > 15);
    const files = readdirSync(new URL('manager/console/pages', root), { recursive: true }).filter((file) => file.endsWith('.js'));
    const texts = files.map((file) => source(`manager/console/pages/${file}`)).join('\n');
    const links = [...[...texts.matchAll(/\bformat\(\[([^\]]*)\]/g)].map(([, path]) => partsOf(path)),
        ...[...texts.matchAll(/'#\/([a-z/-]+)'/g)].map(([, path]) => path.split('/')),
        ...[...texts.matchAll(/\{ key: '(\w+)', text: [^}]*icon/g)].map(([, key]) => [key])].filter(([first]) => first !== 'entry.key'); // these
    assert.ok(links.length > 30);
    assert.deepEqual(links.filter((path) => route.match(pages, path) === null), []);
});

// "'groups', row.name" -> ['groups', 'row.name']
function partsOf(text) {
    return text.split(',').map((part) => part.trim().replace(/^'(.*)'$/, '$1')).filter(Boolean);
}

test('the first row that fits is the page', () => {
    const rows = [{ path: ['a'] }, { path: ['a', ':id'] }];
    assert.equal(route.match(rows, ['a']).row, rows[0]);
    assert.deepEqual(route.match(rows, ['a', 'x']).names, { id: 'x' });
    assert.equal(route.match(rows, ['b']), null);
});

test('an address that names no view stands for the first one', () => {
    const views = { one: 1, two: 2 };
    assert.equal(route.pick(views, 'two'), 'two');
    for (const part of [undefined, '', 'three', 'toString', 'constructor', '__proto__'])
        assert.equal(route.pick(views, part), 'one');
});

test('a code that an endpoint made up is shown as it is', () => {
    for (const code of ['newer', 'constructor', 'toString', '__proto__']) {
        assert.equal(word('component', code), code);
        assert.equal(tone('scan', code), 'off');
        assert.equal(settingLabel(code), code);
        assert.equal(settingValue(code, code), code);
    }
});

test('a selection stays with its rows', () => {
    const selection = new Selection();
    const order = ['a', 'b', 'c', 'd', 'e'];
    selection.toggle('b');
    selection.extend('d', order);
    assert.deepEqual(selection.ids, ['b', 'c', 'd']);
    selection.toggle('c');
    assert.equal(selection.has('c'), false);
    assert.equal(selection.count(5), 2);
});

test('what was removed elsewhere is selected no longer', () => {
    const selection = new Selection();
    selection.toggle('a');
    selection.toggle('b');
    assert.equal(selection.forget(['x', 'b']), true);
    assert.deepEqual(selection.ids, ['a']);
    assert.equal(selection.forget(['b']), false);
    selection.selectAll();
    selection.toggle('c');
    selection.forget(['c']); // the list is shorter by it now
    assert.equal(selection.count(4), 4);
});

// What somebody types into the filter may look like anything: '(a)or(b)', 'a,b', 'a) or (b'.
test('an action on all that match names their group beside the filter', async () => {
    const actions = await import('../../manager/console/pages/actions.js');
    const selection = new Selection();
    const list = { total: 3, isComplete: true, rows: [{ id: 'e-1' }, { id: 'e-2' }, { id: 'e-3' }], find: (id) => ({ id }) };
    selection.selectAll();
    selection.toggle('e-2');
    const { count, selector, rows } = actions.subjectOfSelection(selection, list, { filter: 'a) or (b', in_group: 'office' });
    assert.deepEqual(selector, { filter: 'a) or (b', in_group: 'office', except: ['e-2'] });
    assert.deepEqual([count, rows.map(({ id }) => id)], [2, ['e-1', 'e-3']]);
    const said = ['enforces', 'told', 'untold'].map((broker) => actions.revocationWords({ broker }));
    assert.equal(new Set(said).size, 3);
    assert.equal(actions.revocationWords({}), said[1]); // an earlier manager
});

test('a form shows what somebody else saved, but for one that is edited', () => {
    const seen = new Seen();
    const reply = (version, text = 'x') => ({ body: { version, text }, version: `"${version}"` });
    seen.adopt(reply(1));
    assert.equal(seen.take(reply(1, 'counted'), '"1"', true), 'same');
    assert.equal(seen.document.text, 'counted');
    assert.equal(seen.take(reply(2), '"1"', false), 'drawn');
    assert.deepEqual([seen.document.version, seen.version], [2, '"2"']);
    assert.equal(seen.take(reply(3), '"2"', true), 'beside'); // the form stays, and what is beside it is of the newer one
    assert.deepEqual([seen.document.version, seen.version, seen.latest.version], [2, '"2"', 3]);
    seen.giveUp();
    assert.deepEqual([seen.document.version, seen.version, seen.latest.version], [3, '"3"', 3]);
    const asked = seen.version;
    seen.adopt(reply(4)); // it was saved here while an answer was on its way
    assert.equal(seen.take(reply(3), asked, false), 'late');
    assert.equal(seen.document.version, 4);
});

test('days of a report are a number of days, whatever a link says', () => {
    for (const [text, days] of [['30', 30], ['1.5', 14], ['-5', 14], ['1e9', 14], ['0', 14], ['x', 14], [undefined, 14]])
        assert.equal(daysOf(text), days);
});

test('the kinds of which people of a group are told are those of the server', async () => {
    const notifications = await import('../../manager/console/pages/pages/notifications.js');
    const rows = [...source('manager/core/note.c').matchAll(/\{ "([a-z-]+)", "note\.[a-z-]+", (?:"[a-z.-]+"|NULL), true,/g)].map(([, kind]) => kind);
    assert.ok(rows.length > 3);
    assert.deepEqual([...notifications.OF_ENDPOINTS].sort(), rows.sort());
});

// The page does with a language what it can have; what the reader chose stays chosen.
test('a lost request changes nobody\'s language for good', async (t) => {
    const stored = new Map([['language', 'ja']]);
    const answers = [];
    globalThis.localStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
    globalThis.document = { documentElement: {} };
    t.after(() => { delete globalThis.document; });
    t.mock.method(globalThis, 'setTimeout', (go) => setImmediate(go));
    t.mock.method(globalThis, 'fetch', async () => (answers.shift() ?? (() => { throw new TypeError('network'); }))());
    await assert.rejects(useLanguage(preferredLanguage()), { code: 'offline', status: 0 });
    await useLanguage('en');
    assert.equal(preferredLanguage(), 'ja');
    await assert.rejects(chooseLanguage('ja'));
    assert.deepEqual([currentLanguage(), document.documentElement.lang], ['en', 'en']);
    answers.push(() => ({ ok: false, json: () => ({ code: 'limit' }) }), () => ({ ok: true, json: () => catalogueOf({ Online: 'オンライン' }) }));
    await useLanguage('ja'); // at the second try
    assert.equal(tr('Online'), 'オンライン');
    await chooseLanguage('en');
    assert.equal(preferredLanguage(), 'en');
});

test('all that match, less some', () => {
    const selection = new Selection();
    selection.selectAll();
    selection.toggle('c');
    assert.equal(selection.isAll, true);
    assert.equal(selection.has('c'), false);
    assert.equal(selection.has('not loaded yet'), true);
    assert.equal(selection.count(10000), 9999);
    assert.deepEqual(selection.ids, ['c']);
});

test('only rows in view and one screen around them are drawn', () => {
    assert.deepEqual(rowsInView(0, 320, 32, 10000), { first: 0, end: 22 });
    const { first, end } = rowsInView(32000, 320, 32, 10000);
    assert.ok(first < 1000 && end > 1010 && end - first < 40);
    assert.deepEqual(rowsInView(0, 320, 32, 3), { first: 0, end: 3 });
    assert.equal(scrollTo(0, 320, 320, 32), 0);
    assert.equal(scrollTo(20, 0, 320, 32), 352);
    assert.equal(scrollTo(3, 0, 320, 32), 0);
});

test('schedules, durations and lists keep their text form', () => {
    for (const text of ['off', 'every 30m', 'daily 12:30', 'weekly mon 12:30'])
        assert.equal(settings.printSchedule(settings.parseSchedule(text)), text);
    assert.equal(settings.printSchedule(settings.parseSchedule('hourly')), 'every 1h');
    assert.deepEqual(settings.parseDuration('90s'), { n: 90, unit: 's' });
    assert.equal(settings.parseDuration('soon'), null);
    assert.equal(settings.durationSeconds('2h'), 7200);
    assert.equal(settings.durationSeconds('2w'), 14 * 86400);
    assert.equal(settings.durationSeconds('5constructor'), null);
    for (const text of ['monthly 1 12:00', 'every 2fortnights', 'every', 'weekly someday 12:30', ''])
        assert.equal(settings.parseSchedule(text), null); // of a newer server, perhaps: nothing that is off
    assert.equal(settings.printList('/home\n /srv ,\n'), '/home,/srv');
    assert.deepEqual(settings.parseList('/home, /srv'), ['/home', '/srv']);
});

test('the units of a length of time are those of the server', () => {
    const [, rows] = /units\[\] = \{([^;]*)\};/.exec(source('lib/base/clock_text.c'));
    const lengths = { HL_DAY: 86400, HL_HOUR: 3600, HL_MINUTE: 60, HL_SECOND: 1, '7 * HL_DAY': 604800, '1': 0.001 };
    const theirs = Object.fromEntries([...rows.matchAll(/\{ "(\w+)", ([^}]+) \}/g)].map(([, unit, length]) => [unit, lengths[length]]));
    assert.ok(Object.keys(theirs).length >= 6);
    assert.deepEqual(settings.UNITS, theirs);
});

test('what two people changed at once is a conflict only where both changed it', () => {
    const base = { a: '1', b: '1', c: '1' };
    const { merged, conflicts } = settings.merge(base, { a: '2', b: '1', c: '2' }, { a: '3', b: '2', c: '1' });
    assert.deepEqual(conflicts, ['a']);
    assert.deepEqual(merged, { a: '2', b: '2', c: '2' });
    assert.deepEqual(settings.changes(base, { a: '1', b: '2', c: '1' }), { b: '2' });
});

test('a command again is the same one, for those that failed', () => {
    const targets = ['succeeded', 'failed', 'started', 'timed-out', 'rejected', 'expired', 'cancelled'].map((state, i) => ({ endpoint: `e-${i}`, state }));
    const ids = ['e-1', 'e-3', 'e-4', 'e-5'];
    const of = (kind, scope, selector = 'all') => again({ kind, scope, selector, targets });
    assert.deepEqual(of('scan', '/home,/srv'), { kind: 'scan', ids, scope: '/home,/srv' });
    assert.deepEqual(of('scan', ''), { kind: 'scan', ids });
    for (const kind of ['update-now', 'synchronize', 'rollback'])
        assert.deepEqual(of(kind, ''), { kind, ids });
    assert.equal(of('update-now', 'component:virus'), null); // it would be an update of everything
    assert.equal(of('update-now', 'program'), null);
    assert.equal(of('stop-scan', ''), null);
    for (const [kind, is] of [['scan', null], ['update-now', null], ['synchronize', { kind: 'synchronize', ids }]])
        assert.deepEqual(of(kind, '', ''), is); // the scope may be hidden with the other targets
    assert.equal(again({ kind: 'scan', scope: '', selector: 'all', targets: targets.slice(0, 1) }), null);
});

test('filters are quoted where they must be', () => {
    assert.equal(query.term('group', 'sales'), 'group:sales');
    assert.equal(query.term('group', 'a "b" or c'), 'group:"a \\"b\\" or c"');
    assert.equal(query.both('group:a', 'x or y'), '(group:a) (x or y)');
    assert.equal(query.both('group:a', '(x)or(y)'), '(group:a) ((x)or(y))');
    assert.equal(query.both('group:a', 'x,y'), '(group:a) (x,y)');
    assert.equal(query.both('', 'x or y'), 'x or y');
    assert.equal(query.nextSort('host', 'host'), '-host');
    assert.equal(query.nextSort('-host', 'host'), 'host');
});

function catalogueOf(texts) {
    const rows = Object.entries(texts).map(([text, words]) => [hashOf(text, 0), words]).sort(([a], [b]) => a - b);
    return { salt: 0, steps: rows.map(([hash], at) => hash - (rows[at - 1]?.[0] ?? 0)).map((step) => String.fromCodePoint(step + (step < 0xD7E0 ? 32 : 2080))).join(''),
        texts: rows.map(([, words]) => words) };
}

test('texts come from the catalogue, values are put in once', () => {
    adoptCatalogue('ja', catalogueOf({ '{n} of {all} done': '{all} 台中 {n} 台が完了', 'Online': 'オンライン' }));
    assert.equal(tr('{n} of {all} done', { n: '{all}', all: 4 }), '4 台中 {all} 台が完了');
    assert.equal(word('actual', 'online'), 'オンライン');
    assert.equal(word('actual', 'of-a-newer-server'), 'of-a-newer-server');
    adoptCatalogue('en');
    assert.equal(trn('{n} row', '{n} rows', 1), '1 row');
    assert.equal(trn('{n} row', '{n} rows', 2000), '2,000 rows');
});

test('what the server says is wrong is shown where it is in the reader\'s language', () => {
    const document = { code: 'invalid', sentence: 'filter.quote', detail: 'nicht geschlossen\u202e', args: {} };
    assert.equal(problemText(new Problem(400, document, 'en')), 'nicht geschlossen\\u202e');
    assert.equal(problemText(new Problem(400, document, 'ja')), 'The server refused a value.');
    assert.equal(problemText(new Problem(400, document, null)), 'The server refused a value.');
    assert.equal(problemText(new Problem(400, { ...document, sentence: undefined }, 'en')), 'The server refused a value.');
    assert.match(problemText(new Problem(503, { ...document, sentence: 'call.cut' }, 'en')), /^The manager cannot be reached/);
});

test('columns leave a narrow table in their order, and come back', () => {
    const columns = [{ key: 'host', least: 9 }, { key: 'group', least: 6, leaves: 2 }, { key: 'actual', least: 7, leaves: 3 },
        { key: 'settings', least: 5, leaves: 1 }];
    const keys = (room) => fitting(columns, room).map((column) => column.key).join(' ');
    assert.equal(keys(30), 'host group actual settings');
    assert.equal(keys(29), 'host group actual');
    assert.equal(keys(20), 'host actual');
    assert.equal(keys(12), 'host');
    assert.equal(keys(1), 'host'); // which scrolls
});

test('the version that a group was created with is not always the first', async () => {
    const versions = await import('../../manager/console/pages/pages/group_versions.js');
    const rows = (n) => Array.from({ length: n }, (_, i) => ({ version: n + 4 - i, keys: i < n - 1 ? ['scan.method'] : undefined }));
    assert.equal(versions.whatChanged(rows(3)[2], rows(3)), 'Created'); // after another group of its name
    assert.equal(versions.whatChanged(rows(50)[49], rows(50)), '–'); // nobody knows any more
    assert.equal(versions.whatChanged(rows(3)[0], rows(3)), 'Scan method');
});

// The pages name settings by their labels; the server by their keys.
test('a refused setting is named as its form names it, and has the focus', async () => {
    const { showRefusal } = await import('../../manager/console/pages/form.js');
    const problem = new Problem(400, { code: 'invalid', sentence: 'value.host-port', detail: 'line.brokers: x', args: { prefix: 'line.brokers' } }, 'en');
    const log = [];
    const control = { setAttribute: (...given) => log.push(given.join('=')), focus: () => log.push('focus') };
    const node = { append() {}, setAttribute() {}, contains: () => false, replaceChildren() {} };
    globalThis.document = { createElement: () => node, createDocumentFragment: () => node };
    showRefusal({ rows: [{ key: 'line.brokers', label: 'Broker addresses' }], controlOf: () => control }, node, problem);
    delete globalThis.document;
    assert.equal(problem.message, 'Broker addresses: x');
    assert.deepEqual(log, ['aria-invalid=true', 'focus']);
});

test('every kind of event has its words', () => {
    const [, table] = source('docs/monitoring.md').match(/### status\/event\n([^]*?)\n###/);
    const kinds = [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind));
    assert.ok(kinds.length > 20, `${kinds.length} kinds`);
    for (const kind of kinds.filter((one) => one !== 'what'))
        assert.notEqual(word('happened', kind), kind);
});

test('every setting has its words', () => {
    const keys = [...source('proto/settings.c').matchAll(/ROW\("([a-z.-]+)"/g)].map((found) => found[1]);
    assert.ok(keys.length > 20);
    assert.deepEqual([...knownSettings()].sort(), keys.sort());
});

// Two are on their way when the session ends; the second is refused only when the reader has signed in again.
test('a sign-in counts for what was sent before it', async (t) => {
    const answers = [];
    const answer = (status) => answers.shift()({ status, ok: status === 200, headers: new Map(), json: () => null });
    const settle = () => new Promise((done) => setImmediate(done));
    let asked = 0;
    t.mock.method(globalThis, 'fetch', () => new Promise((done) => answers.push(done)));
    onPersonNeeded(async () => { asked++; });
    const both = [request('GET', '/groups'), request('GET', '/summary')];
    answer(401);
    await settle();
    answer(401);
    await settle();
    assert.equal(answers.length, 2); // each is asked again
    answer(200);
    answer(200);
    await Promise.all(both);
    assert.equal(asked, 1);
});

// One dialog for all of them: sent again when the password was given, refused when the reader would not.
test('what needs the password again asks for it, and is sent again under its key', async (t) => {
    const keys = [];
    const unproven = { status: 400, ok: false, headers: new Map([['Content-Type', 'application/problem+json']]),
        json: () => ({ code: 'invalid', sentence: 'password.prove' }) };
    const answers = [unproven, { status: 204, ok: true, headers: new Map() }, unproven];
    const said = [true, undefined];
    globalThis.crypto ??= webcrypto;
    t.mock.method(globalThis, 'fetch', async (address, { headers }) => {
        keys.push(headers['Idempotency-Key']);
        return answers.shift();
    });
    onPersonNeeded(null, async ({ sentence }) => sentence === 'password.prove' && said.shift());
    await request('DELETE', '/accounts/bob');
    assert.equal(new Set(keys).size, 1);
    await assert.rejects(request('DELETE', '/accounts/bob'), { sentence: 'password.prove' });
    assert.equal(keys.length, 3);
});

test('two that need the password at once ask for it in one dialog', async (t) => {
    const unproven = { status: 400, ok: false, headers: new Map([['Content-Type', 'application/problem+json']]),
        json: () => ({ code: 'invalid', sentence: 'password.prove' }) };
    let asked = 0;
    let give;
    globalThis.crypto ??= webcrypto;
    t.mock.method(globalThis, 'fetch', async () => (give ? { status: 204, ok: true, headers: new Map() } : unproven));
    onPersonNeeded(null, () => {
        asked++;
        return new Promise((go) => { setImmediate(() => { give = true; go(true); }); });
    });
    await Promise.all([request('DELETE', '/accounts/bob'), request('DELETE', '/accounts/carol')]);
    assert.equal(asked, 1);
    give = false;
    await request('DELETE', '/accounts/bob');
    assert.equal(asked, 2);
});

// As a link a browser would follow it, and drop the 401.
test('a spreadsheet waits for a sign-in too, and says that it is UTF-8', async (t) => {
    const answers = [{ status: 401, ok: false, headers: new Map() },
        { status: 200, ok: true, headers: new Map([['Content-Type', 'text/csv; charset=utf-8']]), blob: () => new Blob(['"総務部"']) }];
    const asked = [];
    let signIns = 0;
    globalThis.location = { href: 'https://console.example/#/reports' };
    t.mock.method(globalThis, 'fetch', async (address) => {
        asked.push(address);
        return answers.shift();
    });
    onPersonNeeded(async () => { signIns++; });
    const blob = await spreadsheet('https://console.example/api/v1/endpoints?filter=a%26b&format=csv');
    assert.deepEqual(asked, Array(2).fill('/api/v1/endpoints?filter=a%26b&format=csv'));
    assert.equal(signIns, 1);
    assert.equal(Buffer.from(await blob.arrayBuffer()).toString(), '\ufeff"総務部"');
});

// The manager or its broker dies: the page asks again, with the key that the change had.
test('a change that nobody answers is asked for again, under one key', async (t) => {
    const keys = [];
    const problem = (status, document) => ({ status, ok: false, headers: new Map([['Content-Type', 'application/problem+json']]), json: () => document });
    const answers = [() => problem(503, { code: 'unavailable', sentence: 'call.cut' }), () => { throw new TypeError('network'); },
        () => problem(409, { code: 'exists', sentence: 'once.under-way' }), () => ({ status: 204, ok: true, headers: new Map() }),
        () => problem(409, { code: 'exists' }), () => problem(503, { code: 'unavailable' })];
    globalThis.crypto ??= webcrypto;
    t.mock.method(globalThis, 'setTimeout', (go) => setImmediate(go));
    t.mock.method(globalThis, 'fetch', async (address, { headers }) => {
        keys.push(headers['Idempotency-Key']);
        return answers.shift()();
    });
    await request('PATCH', '/groups/office', { body: { settings: {} } });
    assert.equal(keys.length, 4);
    assert.match(keys[0], /^[0-9a-f-]{36}$/);
    assert.equal(new Set(keys).size, 1);
    await assert.rejects(request('POST', '/groups', { body: {} }), { code: 'exists' }); // what the manager says counts
    await assert.rejects(request('POST', '/groups', { body: {} }), { code: 'unavailable' });
    assert.equal(new Set(keys).size, 3);
    assert.equal(answers.length, 0);
});

// Headers are no answer: the change may have been made, and what a person asks for again is the same change.
test('an answer that is cut in its body is none', async (t) => {
    const keys = [];
    const headers = new Map([['Content-Type', 'application/json']]);
    const cut = (error) => () => ({ status: 201, ok: true, headers, json: async () => { throw error; } });
    const done = () => ({ status: 201, ok: true, headers, json: async () => ({ id: 'c-1' }) });
    const answers = [cut(new TypeError('network')), cut(new SyntaxError('end of data')), done];
    let now = 0;
    globalThis.crypto ??= webcrypto;
    t.mock.method(globalThis, 'setTimeout', (go, ms) => { now += ms; if (ms < 60_000) setImmediate(go); });
    t.mock.method(Date, 'now', () => now);
    t.mock.method(globalThis, 'fetch', async (address, options) => {
        keys.push(options.headers['Idempotency-Key']);
        return (answers.shift() ?? cut(new TypeError('network')))();
    });
    const press = () => request('POST', '/commands', { body: { kind: 'scan' } });
    assert.deepEqual((await press()).body, { id: 'c-1' });
    assert.equal(keys.length, 3);
    await assert.rejects(press(), { code: 'offline', status: 0 });
    answers.push(done);
    await press();
    assert.equal(new Set(keys.slice(0, 3)).size, 1);
    assert.equal(new Set(keys.slice(3)).size, 1);
    answers.push(cut(new DOMException('', 'AbortError')));
    await assert.rejects(request('GET', '/groups'), { name: 'AbortError' });
});

test('what is read is asked for again too, for a while, and without a key', async (t) => {
    const headers = new Map([['Content-Type', 'application/problem+json']]);
    const cut = () => ({ status: 503, ok: false, headers, json: () => ({ code: 'unavailable', sentence: 'call.cut' }) });
    const answers = [cut, () => { throw new TypeError('network'); }, () => ({ status: 200, ok: true, headers, json: () => ({ rows: [] }) })];
    let now = 0;
    let asked = 0;
    t.mock.method(globalThis, 'setTimeout', (go, ms) => { now += ms; setImmediate(go); });
    t.mock.method(Date, 'now', () => now);
    t.mock.method(globalThis, 'fetch', async (address, options) => {
        asked++;
        assert.equal(options.headers['Idempotency-Key'], undefined);
        if (options.signal?.aborted)
            throw new DOMException('', 'AbortError');
        return (answers.shift() ?? cut)();
    });
    assert.deepEqual((await request('GET', '/groups')).body, { rows: [] });
    assert.equal(asked, 3);
    await assert.rejects(request('GET', '/groups'), { sentence: 'call.cut' });
    assert.equal(asked, 10); // for 5 s, once a second
    await assert.rejects(request('GET', '/groups', { signal: AbortSignal.abort() }), { name: 'AbortError' }); // nobody looks any longer
    assert.equal(asked, 11);
});

// The first answer of each draw comes last: drawn side by side, the older one would stay on the screen.
test('a draw that is asked for while one runs begins after it, once for all who asked', async () => {
    const log = [];
    const answers = [];
    const draw = inTurn(async () => {
        const n = answers.length;
        log.push(`begins ${n}`);
        await new Promise((done, fail) => answers.push(n === 1 ? fail : done));
        log.push(`ends ${n}`);
    });
    const settle = () => new Promise((done) => setImmediate(done));
    const eager = draw().then(draw); // asks again in the moment in which the first one ends
    await settle();
    const others = [draw(), draw()];
    assert.deepEqual(log, ['begins 0']);
    answers[0]();
    await settle();
    assert.deepEqual(log, ['begins 0', 'ends 0', 'begins 1']);
    answers[1](new Error('as when the server is away'));
    for (const asked of [eager, ...others])
        await assert.rejects(asked);
    assert.equal(log.length, 3);
    const later = draw();
    await settle();
    answers[2]();
    await later;
    assert.deepEqual(log.slice(3), ['begins 2', 'ends 2']);
});
