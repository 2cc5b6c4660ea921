// SPDX-License-Identifier: Apache-2.0
// Updates: the server's patterns and who has them; update by hand; each group's schedule and sources.

import { actionEntries } from '../actions.js';
import { get, post } from '../api.js';
import { h, refill } from '../dom.js';
import { always, follow } from '../follow.js';
import { allGroups, groupName } from '../group_name.js';
import { day, number, tr } from '../i18n.js';
import { term } from '../query.js';
import { format } from '../route.js';
import { mayBe } from '../session.js';
import { settingValue, updateTitle } from '../setting_words.js';
import { bytes, visible } from '../text.js';
import { announce, button, card, facts, heading, name, table, when } from '../ui.js';
import { word } from '../words.js';

const SHOWN = ['scan.method', 'update.schedule', 'update.period', 'update.on-start', 'update.sources']; // settings of each group
const COUNTS_PACE = 5000; // ms

export async function updates() {
    const byHand = h('div', {});
    const bySchedule = h('div', {});
    const ofServer = h('div', {});

    async function drawCounts() {
        const [summary, patterns] = await Promise.all([get('/summary'), get('/patterns')]);
        refill(byHand, manual(summary));
        refill(ofServer, serverPatterns(patterns));
    }

    const drawGroups = async () => refill(bySchedule, automatic(await allGroups(SHOWN)));

    await Promise.all([drawCounts(), drawGroups()]);
    const ends = [follow({ endpoints: always }, drawCounts, { pace: COUNTS_PACE }), follow({}, drawGroups)];
    return {
        title: tr('Updates'),
        node: h('div', { class: 'page' }, heading(tr('Updates')), byHand, bySchedule, ofServer),
        close: () => ends.forEach((end) => end()),
    };
}

function manual(summary) {
    const subject = (filter, count) => () => ({ count, selector: { filter, except: [] }, rows: null });
    const updateNow = (of) => actionEntries(of).find((entry) => entry.key === 'update-now');
    const entry = (text, of) => updateNow(of) && button(text, () => updateNow(of).click(),
        { disabled: of().count === 0 });
    return card(tr('Manual update'),
        h('p', {}, tr('Endpoints update now instead of at their next scheduled time.  For single ones, select them in Security Settings.')),
        h('div', { class: 'actions start' },
            entry(tr('Update the outdated ({n})', { n: number(summary.outdated) }), subject('outdated:yes', summary.outdated)),
            entry(tr('Update all ({n})', { n: number(summary.endpoints) }), subject('', summary.endpoints)),
            h('a', { class: 'button', href: '#/endpoints' }, tr('Select endpoints'))));
}

function automatic(groups) {
    return card(tr('Automatic update'), table([
        { title: tr('Group'), cell: (row) => h('a', { href: format(['groups', row.name, 'update']) }, name(groupName(row))) },
        { title: tr('Kind'), cell: (row) => updateTitle(row.settings) },
        { title: tr('Schedule'), cell: (row) => settingValue('update.schedule', row.settings['update.schedule']) },
        { title: tr('Period'), cell: (row) => settingValue('update.period', row.settings['update.period']) },
        { title: tr('Start-up update'), cell: (row) => settingValue('update.on-start', row.settings['update.on-start']) },
        { title: tr('Sources'), cell: (row) => h('code', {}, visible(row.settings['update.sources'])) },
    ], groups, tr('There are no groups.'), tr('Automatic update')));
}

function serverPatterns(document) {
    return card(tr('Patterns of the server'),
        table([
            { title: tr('Component'), cell: (row) => word('component', row.component) },
            { title: tr('Version'), cell: (row) => String(row.version) },
            { title: tr('Published'), cell: (row) => when(row.published) },
            { title: tr('Size'), end: true, cell: (row) => bytes(row.size) },
            { title: tr('Increments'), end: true, cell: (row) => number(row.increments) },
            { title: tr('Endpoints that have it'), end: true, cell: (row) => number(row.current) },
            { title: tr('Behind'), end: true, cell: (row) => h('a', { href: format(['endpoints'], { filter: term('outdated', 'yes') }) },
                number(row.behind)) },
        ], document.components, tr('The repository has no patterns yet.'), tr('Patterns of the server')),
        facts([
            [tr('Signature until'), document.expires && day(document.expires)],
            [tr('Origin'), document.origin === 'mirror' ? tr('Copied from a source') : tr('Published here')],
        ]),
        document.origin === 'mirror' && mayBe('administrator') && h('div', { class: 'actions start' }, button(tr('Synchronise with the source'), () =>
            post('/patterns/sync').then(() => announce(tr('The server copies its source now.'))))));
}
