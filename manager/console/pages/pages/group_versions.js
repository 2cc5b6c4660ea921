// SPDX-License-Identifier: Apache-2.0
// What the settings of a group were: the versions that are kept, what one changed, and back to it.

import { all, get, post } from '../api.js';
import { h } from '../dom.js';
import { list, number, tr } from '../i18n.js';
import { mayBe } from '../session.js';
import { settingLabel, settingValue } from '../setting_words.js';
import { visible } from '../text.js';
import { announce, button, card, confirm, dialog, table, when } from '../ui.js';

const KEPT = 50; // versions

// A card with the versions.  current: { document, version } of the group as the page has it; restored(): it is another one now.
export async function versionsCard(path, current, restored) {
    const rows = await all(`${path}/versions`);
    return card(null, table([
        { title: tr('Version'), cell: (row) => number(row.version), end: true },
        { title: tr('Time'), cell: (row) => when(row.changed) },
        { title: tr('Account'), cell: (row) => visible(row.changed_by) },
        { title: tr('What changed'), cell: (row) => whatChanged(row, rows) },
        { title: '', cell: (row) => h('span', { class: 'buttons' },
            row.keys && button(tr('Compare'), () => compare(path, row.version - 1, row.version)),
            row.version !== current.document.version && mayBe('administrator') &&
                button(tr('Restore'), () => restore(path, row.version, current, restored))) },
    ], rows, tr('Nothing yet.'), tr('Versions')));
}

// rows: all versions; where fewer are there than are kept, the oldest is the one that the group was created with, whatever its number.
export function whatChanged({ restored, keys }, rows) {
    if (!keys)
        return rows.length < KEPT ? tr('Created') : '–';
    const labels = list(keys.map(settingLabel));
    return restored ? tr('Version {n} restored: {settings}', { n: number(restored), settings: labels }) : labels;
}

// -> a table of what differs; the server's words for a value that this page does not know.
async function differences(path, from, to) {
    const [before, after] = await Promise.all([from, to].map((version) => get(`${path}/versions/${version}`)));
    const keys = Object.keys(after.settings).filter((key) => before.settings[key] !== after.settings[key]);
    const value = (key, settings) => visible(settingValue(key, settings[key] ?? ''));
    return table([
        { title: tr('Setting'), cell: settingLabel },
        { title: tr('Version {n}', { n: number(from) }), cell: (key) => value(key, before.settings) },
        { title: tr('Version {n}', { n: number(to) }), cell: (key) => value(key, after.settings) },
    ], keys, tr('The two versions are the same.'), tr('What changed'));
}

async function compare(path, from, to) {
    await dialog({ title: tr('What changed'), content: await differences(path, from, to), action: tr('Close'), canCancel: false });
}

// On top of what the reader saw: a save that came in between is not undone with it.
async function restore(path, version, { document, version: seen }, restored) {
    const title = tr('Restore version {n}', { n: number(version) });
    const done = await confirm(title, [
        h('p', {}, tr('The settings of that version are saved as a new one, for all pages of the group.')),
        await differences(path, document.version, version),
    ], tr('Restore'), () => post(`${path}/versions/${version}/restoration`, {}, seen), false);
    if (!done)
        return;
    announce(tr('Version {n} is restored.', { n: number(version) }));
    await restored();
}
