// SPDX-License-Identifier: Apache-2.0
// One endpoint: what a classic console would show beside what is so, and why; what it has; what happened to it.

import { actionButtons, subjectOf } from '../actions.js';
import { all, get, pathTo, post } from '../api.js';
import { actualCell, age, displayedCell, displayedCode, isDisplayed, programOf, reachCell, verdictCell } from '../columns.js';
import { h, refill } from '../dom.js';
import { follow, inTurn } from '../follow.js';
import { groupNames } from '../group_name.js';
import { number, time, tr } from '../i18n.js';
import { format } from '../route.js';
import { mayBe } from '../session.js';
import { own, visible, withGroup } from '../text.js';
import { badge, button, card, crumbs, extent, facts, heading, name, newestOf, notice, said, sure, table, when } from '../ui.js';
import { word } from '../words.js';

export async function endpoint({ id }) {
    const path = pathTo('endpoints', id);
    const body = h('div', {});
    const buttons = h('div', { class: 'buttons' });
    const clone = h('div', {});
    const past = h('div', {});
    const shown = { history: extent(), detections: extent() };
    let document = await get(path);

    function draw() {
        refill(buttons, actionButtons(() => subjectOf(document))); // as it is when somebody acts
        refill(clone, cloneNotice(document, path, drawAgain));
        refill(body, statuses(document), h('div', { class: 'columns even' }, identity(document), software(document)),
            scansCard(document), commandsCard(document));
    }

    const drawAgain = inTurn(async () => {
        document = await get(path);
        draw();
    });

    async function drawPast() {
        const [history, detections, nameOf] = await Promise.all([
            all(`${path}/history`),
            all(`${path}/detections`).catch(() => []),
            groupNames(),
        ]);
        refill(past, detections.length > 0 && detectionsCard(detections, shown.detections), historyCard(history, nameOf, shown.history));
    }

    draw();
    drawPast().catch(() => {});
    // Its row came with a change: the whole document says more than the row.
    const ends = [
        follow({ endpoints: ({ rows = [], removed = [] }) => removed.includes(id) || rows.some((row) => row.id === id) }, async () => {
            await drawAgain();
            await drawPast();
        }),
        follow({ commands: () => document.commands?.length > 0 }, drawAgain),
    ];
    return {
        title: visible(document.host || id),
        node: h('div', { class: 'page' },
            crumbs(h('a', { href: '#/endpoints' }, tr('Security Settings')), ' › ',
                h('a', { href: format(['endpoints'], { group: document.group }) }, name(document.group_display || document.group))),
            heading(name(document.host || id), buttons), clone, body, past),
        close: () => ends.forEach((end) => end()),
    };
}

// Both statuses side by side, and between them the verdict with its reason.  What is not displayed has no reason to be.
function statuses(document) {
    const isShown = isDisplayed(document);
    const sentences = (document.sentences ?? []).filter(({ code }) => isShown || !code.startsWith('shown.'));
    return card(null,
        h('div', { class: 'statuses' },
            h('div', {}, h('h2', {}, tr('Displayed status')), h('p', { class: 'big' }, displayedCell(document)),
                h('p', { class: 'help' }, tr('what a classic console would show'), ' · ', tr('since'), ' ', when(document.displayed_since))),
            h('div', {}, h('h2', {}, tr('Actual status')), h('p', { class: 'big' }, actualCell(document)),
                h('p', { class: 'help' }, tr('by its own line'), ' · ', tr('since'), ' ', when(document.since))),
            h('div', {}, h('h2', {}, tr('Verdict')), h('p', { class: 'big' }, verdictCell(document)),
                h('p', { class: 'help' }, tr('Push reachability'), ': ', reachCell(document), ' · ', when(document.dialled_at)))),
        h('p', { class: 'explanation' }, !isShown && [tr('The server does not dial this endpoint.'), ' · '], visible(sentences.map(({ text }) => text).join(tr('; ')))),
        document.revoked && notice('bad', tr('The certificate of this endpoint is revoked.')));
}

function cloneNotice(document, path, draw) {
    if (!document.clone_suspected)
        return null;
    const settle = (how, text, question) => button(text, () =>
        sure(text, question, () => post(`${path}/clone`, { action: how }), { done: tr('Settled.'), danger: false, after: draw }));
    return h('div', { class: 'notice warn' }, h('p', {}, tr('Two machines seem to use this identity: an image was cloned, perhaps.')),
        mayBe('administrator') && h('div', { class: 'actions' },
            settle('keep', tr('Keep this one'), tr('The machine that holds the line now is the genuine one.')),
            settle('split', tr('They are apart now'), tr('The other machine has an identity of its own now.'))));
}

function identity(document) {
    return card(tr('Machine'), facts([
        [tr('Id'), document.id],
        [tr('Registered IP'), visible(document.addresses).replaceAll(',', ', ')],
        [tr('Source IP'), visible(document.observed_address)],
        [tr('Broker'), document.broker > 0 ? String(document.broker) : null],
        [tr('Port of the direct dial'), document.direct_port ? String(document.direct_port) : tr('none')],
        [tr('Operating system'), name(document.os)],
        [tr('Program'), document.program && programOf(document)],
        [tr('Last seen'), when(document.last_seen)],
        [tr('Enrolled'), document.enrolled && time(document.enrolled)],
        [tr('Certificate until'), document.certificate_expires && time(document.certificate_expires)],
        [tr('Clock'), document.clock_skew_ms !== undefined && tr('{n} s off', { n: number(Math.round(document.clock_skew_ms / 1000) + 0) })],
    ]));
}

function software(document) {
    const { settings = {}, patterns = {} } = document;
    return card(tr('Settings and patterns'), facts([
        [tr('Group'), name(document.group_display || document.group)],
        [tr('Desired settings version'), String(settings.desired ?? '–')],
        [tr('Applied settings version'), h('span', { class: settings.current ? null : 'warn-text' }, String(settings.applied || '–'))],
        [tr('How it came'), settings.path && [word('path', settings.path), ' · ', when(settings.applied_at)]],
        [tr('Delivery'), document.delivery === 'documented' ? tr('As documented for the classic product') : tr('Down the line')],
        ...Object.entries(patterns).map(([component, version]) => [word('component', component), String(version)]),
        [tr('Patterns'), age(document.outdated)],
        [tr('Last update'), when(document.last_update)],
        [tr('Its result'), document.last_update_result && updateResult(document)],
        [tr('Its error'), document.last_update_result?.includes(document.last_update_error) ? null : said(document.last_update_error)],
    ]));
}

// "failed (command): why": the first word is a code.
function updateResult({ last_update_result: text, group, group_display: called }) {
    const [, state = '', rest] = /^(succeeded|failed)?(.*)$/s.exec(text);
    return [word('state', state), said(withGroup(rest, group, called || group))];
}

function scansCard({ scans = [] }) {
    return scans.length > 0 && card(tr('Last scans'), table([
        { title: tr('Kind'), cell: (row) => word('how', row.how) },
        { title: tr('Ended'), cell: (row) => when(row.ended) },
        { title: tr('Result'), cell: (row) => word('scan', row.end) },
        { title: tr('Files'), end: true, cell: (row) => number(row.files) },
        { title: tr('Found'), end: true, cell: (row) => number(row.found) },
        { title: tr('Not looked at'), end: true, cell: (row) => number(row.not_looked_at) },
    ], scans, '', tr('Last scans')));
}

function commandsCard({ commands = [] }) {
    return commands.length > 0 && card(tr('Commands'), table([
        { title: tr('Command'), cell: (row) => h('a', { href: format(['commands', row.id]) }, word('kind', row.kind)) },
        { title: tr('State'), cell: (row) => badge('state', row.state) },
    ], commands, '', tr('Commands')));
}

function detectionsCard(rows, shown) {
    return card(tr('Detections'), table([
        { title: tr('State'), cell: (row) => badge('detection', row.state) },
        { title: tr('Signature'), cell: (row) => visible(row.signature) },
        { title: tr('Path'), cell: (row) => h('span', { class: 'path' }, visible(row.path)) },
        { title: tr('Action'), cell: (row) => word('done', row.action) },
        { title: tr('Last found'), cell: (row) => when(row.last_found) },
    ], rows, '', tr('Detections'), shown), h('a', { href: format(['scans', 'detections'], { filter: rows[0].endpoint }) }, tr('All detections')));
}

function historyCard(rows, nameOf, shown) {
    return card(tr('History'), table([
        { title: tr('Time'), cell: (row) => h('span', { class: 'nowrap' }, time(row.at)) },
        { title: tr('What'), cell: (row) => h('span', { class: 'nowrap' }, word('happened', row.what)) },
        { title: tr('Detail'), cell: (row) => historyDetail(row, nameOf) },
    ], [...rows].reverse(), tr('Nothing yet.'), tr('History'), shown), newestOf(rows, rows.total));
}

// The registry keeps lines, not codes.  Those that each endpoint has are put in words here, where the server's are not the reader's already.
const DETAILS = {
    'status': [/^(\S+) -> (\S+) \((\S+)\)$/, (from, to, why) => `${word('actual', from)} → ${word('actual', to)} (${word('reason', why)})`],
    'displayed': [/^(\S+) -> (\S+)$/, (from, to) => `${displayedWord(from)} → ${displayedWord(to)}`],
    'observed': [/^connects from (\S+), as the broker sees it$/, visible],
    'update-now': [/^(succeeded|failed)$/, (state) => word('state', state)],
    'settings': [/^(.+) version (\d+) applied \((\S+)\)$/, (group, version, path) =>
        tr('{group}: version {version} applied, {path}', { group: visible(group), version, path: word('path', path) })],
};

const displayedWord = (status) => word('displayed', displayedCode(status));

function historyDetail({ what, detail, group }, nameOf) {
    const [pattern, words] = own(DETAILS, what) ?? [];
    const found = pattern?.exec(detail);
    const text = found ? words(...found.slice(1)) : detail;
    const named = group ? withGroup(text, group, nameOf(group)) : text;
    return found ? named : said(named);
}
