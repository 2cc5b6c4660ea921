// SPDX-License-Identifier: Apache-2.0
// Commands: all of them, and one with the live state of each endpoint.

import { issueAgain } from '../actions.js';
import { again } from '../again.js';
import { all, get, pathTo, post } from '../api.js';
import { h, refill } from '../dom.js';
import { always, follow, inTurn } from '../follow.js';
import { groupNames } from '../group_name.js';
import { duration, number, time, tr } from '../i18n.js';
import { format } from '../route.js';
import { mayBe } from '../session.js';
import { visible } from '../text.js';
import { badge, button, card, crumbs, endpointLink, extent, facts, heading, name, newestOf, openOrAll, said, sure, table, when } from '../ui.js';
import { whom } from '../whom.js';
import { codes, tone, word } from '../words.js';

function states(counts) {
    return codes('state').filter((code) => counts?.[code]).map((code) =>
        h('span', { class: `badge ${tone('state', code)}` }, word('state', code), ' ', number(counts[code])));
}

function progress(row) {
    return h('progress', { max: Math.max(row.endpoints, 1), value: row.endpoints - row.open,
        'aria-label': tr('{n} of {all} done', { n: number(row.endpoints - row.open), all: number(row.endpoints) }) });
}

export async function commands(names, query) {
    const isOpen = query.get('open') === 'yes';
    const body = h('div', {});
    const shown = extent();

    async function draw() {
        const [rows, nameOf] = await Promise.all([all('/commands', { sort: '-issued', filter: query.get('filter') }), groupNames()]);
        const none = isOpen ? tr('Nothing to report.') : tr('No commands yet.  Select endpoints in Security Settings to issue one.');
        refill(body, card(null, openOrAll(['commands'], query, tr('Open commands')), table([
            { title: tr('Command'), cell: (row) => h('a', { href: format(['commands', row.id]) }, word('kind', row.kind)) },
            { title: tr('For'), cell: (row) => whom(row, nameOf) },
            { title: tr('Issued'), cell: (row) => when(row.issued) },
            { title: tr('By'), cell: (row) => name(row.issuer) },
            { title: tr('Endpoints'), end: true, cell: (row) => number(row.endpoints) },
            { title: tr('Done'), cell: progress },
            { title: tr('States'), cell: (row) => h('span', { class: 'badges' }, states(row.states)) },
        ], isOpen ? rows.filter((row) => row.open > 0) : rows, none, tr('Commands'), shown), !isOpen && newestOf(rows, rows.total)));
    }

    await draw();
    const close = follow({ commands: always }, draw);
    return {
        title: tr('Commands'),
        node: h('div', { class: 'page' }, heading(tr('Commands')), body),
        close,
    };
}

export async function command({ id }) {
    const path = pathTo('commands', id);
    const body = h('div', {});
    const buttons = h('div', { class: 'buttons' });
    const shown = extent();
    let next = null; // the same one for those that failed: of the latest document, whenever the button was drawn

    const cancel = () => sure(tr('Cancel command'), tr('Endpoints that have not started will not do it.'),
        () => post(`${path}/cancellation`), { after: draw });

    const draw = inTurn(async () => {
        const [document, nameOf] = await Promise.all([get(path), groupNames()]); // with all of its targets
        next = again(document);
        refill(buttons,
            document.open > 0 && mayBe('operator') && button(tr('Cancel command'), cancel, { class: 'danger-text' }),
            next && mayBe('operator') && button(tr('Again for those that failed'), () => issueAgain(next)));
        refill(body, overview(document, nameOf), card(tr('Endpoints'), targetTable(document.targets, shown)));
        return document;
    });
    const title = word('kind', (await draw()).kind);

    const close = follow({ commands: always }, draw);
    return {
        title,
        node: h('div', { class: 'page' },
            crumbs(h('a', { href: '#/commands' }, tr('Commands'))),
            heading(title, buttons), body),
        close,
    };
}

function overview(document, nameOf) {
    const { selector, targets } = document;
    return card(null, progress(document), h('p', { class: 'badges', role: 'status' }, states(document.states)), facts([
        [tr('Id'), document.id],
        [tr('For'), whom({ selector, host: targets.find(({ endpoint }) => endpoint === selector)?.host }, nameOf)],
        [tr('Scope'), visible(document.scope)],
        [tr('Issued'), [time(document.issued), ' · ', name(document.issuer)]],
        [tr('Ends'), time(document.expires)],
        [tr('Period'), document.window_ms > 0 ? `${period(document.window_ms / 1000)} · ${tr('Each endpoint begins at a random moment within it.')}` : null],
    ]));
}

// In minutes from one on: the server may have chosen it to the millisecond.
const period = (seconds) => duration(seconds < 60 ? Math.ceil(seconds) : Math.ceil(seconds / 60) * 60);

function targetTable(targets, shown) {
    return table([
        { title: tr('Host name'), cell: (row) => endpointLink(row.endpoint, row.host) },
        { title: tr('State'), cell: (row) => badge('state', row.state) },
        { title: tr('Since'), cell: (row) => when(row.changed) },
        { title: tr('Detail'), cell: (row) => said(row.detail || row.code) },
    ], targets, tr('It concerns no endpoint.'), tr('Endpoints'), shown);
}
