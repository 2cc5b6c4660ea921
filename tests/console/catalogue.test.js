// SPDX-License-Identifier: Apache-2.0
// What the build makes of a catalogue, as the pages read it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { adoptCatalogue, hashOf, tr, trn } from '../../manager/console/pages/i18n.js';

const there = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

function inDirectory(run) {
    const directory = mkdtempSync(join(tmpdir(), 'pages-'));
    try {
        run(directory);
    } finally {
        adoptCatalogue('en');
        rmSync(directory, { recursive: true });
    }
}

function build(catalogue, out) {
    execFileSync('/usr/bin/python3', [there('cmake/bundle.py'), there('manager/console/pages'), catalogue, out]);
    return JSON.parse(readFileSync(join(out, 'ja.json'), 'utf8'));
}

test('what the build makes of the catalogue is found by the pages', () => inDirectory((out) => {
    adoptCatalogue('ja', build(there('po/ja.po'), out));
    assert.equal(tr('Live Status'), '最新ステータス');
    assert.equal(tr('{who} saved version {n} while you were editing.', { who: 'a', n: 1 }).includes('saved'), false);
    assert.equal(trn('{n} selected', '{n} selected', 2), '2 件を選択');
    assert.equal(tr('a text that nobody translated'), 'a text that nobody translated');
}));

test('a catalogue of one text is found too, whatever its step', () => inDirectory((out) => {
    const all = build(there('po/ja.po'), out);
    adoptCatalogue('ja', all);
    const rows = [...readFileSync(there('po/ja.po'), 'utf8').matchAll(/^msgid ("[^"\\]+")\nmsgstr "([^"\\]+)"$/gm)]
        .map(([whole, id, words]) => ({ whole, words, text: JSON.parse(id), hash: hashOf(JSON.parse(id), all.salt) }))
        .filter(({ text, words }) => tr(text) === words); // those of the pages: one salt for all of them, translated or not
    const first = 0xD800 - 32; // below: one character is the step and 32; at it there is none of that number
    for (const [from, to] of [[0, first], [first, first + 0x800], [first + 0x800, 0x10000]]) {
        const row = rows.find(({ hash }) => hash >= from && hash < to);
        const few = join(out, 'ja.po');
        writeFileSync(few, `msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n${row.whole}\n`);
        adoptCatalogue('ja', build(few, out));
        assert.equal(tr(row.text), row.words);
    }
}));
