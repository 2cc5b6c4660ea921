// SPDX-License-Identifier: Apache-2.0
// Scans: what was found, what lies in quarantine, how the last scans ended.

import { all, get, post } from '../api.js';
import { fill, h, refill } from '../dom.js';
import { finds, follow, inTurn } from '../follow.js';
import { number, tr, trn } from '../i18n.js';
import { format, goTo, pick } from '../route.js';
import { mayBe } from '../session.js';
import { bytes, visible } from '../text.js';
import { announce, badge, button, card, checkbox, dialog, endpointLink, extent, field, heading, newestOf, openOrAll, sure, table, tabs,
    when } from '../ui.js';
import { word } from '../words.js';

const PACE = 1000; // ms
const MOST = 200; // last scans

export async function scans({ tab }, query) {
    const views = { scans: lastScans, detections, quarantine };
    const view = views[pick(views, tab)];
    const body = h('div', {});
    const seen = { chosen: new Set(), shown: extent() }; // of the table: what is ticked, and how much of it is there
    const draw = inTurn(async () => refill(body, await view(query, seen, draw)));
    await draw();
    const text = { scans: tr('Last scans'), detections: tr('Detections'), quarantine: tr('Quarantine') };
    return {
        title: tr('Scans'),
        node: h('div', { class: 'page' }, heading(tr('Scans')),
            tabs(tr('Scans'), Object.keys(views).map((key) => ({ href: format(['scans', key]), text: text[key], current: views[key] === view }))), body),
        close: follow({ endpoints: finds() }, draw, { pace: PACE }),
    };
}

async function lastScans(query, { shown }) {
    const summary = await get('/summary');
    const scanned = summary.endpoints - summary.never_scanned;
    const rows = (await get('/endpoints', { sort: '-last_scan', limit: MOST, fields: 'id,host,group,last_scan,open_detections' })).rows;
    return card(null,
        h('p', { class: 'links' }, h('a', { href: format(['endpoints'], { filter: 'last_scan_end:failed' }) }, tr('Last scan failed: {n}', { n: number(summary.scans_failed) })),
            ' · ', h('a', { href: format(['endpoints'], { filter: 'last_scan:never' }) }, tr('Never scanned: {n}', { n: number(summary.never_scanned) }))),
        table([
            { title: tr('Host name'), cell: (row) => endpointLink(row.id, row.host) },
            { title: tr('Last scan'), cell: (row) => when(row.last_scan.ended) },
            { title: tr('Kind'), cell: (row) => word('how', row.last_scan.how) },
            { title: tr('Result'), cell: (row) => badge('scan', row.last_scan.end) },
            { title: tr('Files'), end: true, cell: (row) => number(row.last_scan.files) },
            { title: tr('Found'), end: true, cell: (row) => number(row.last_scan.found) },
            { title: tr('Not looked at'), end: true, cell: (row) => number(row.last_scan.not_looked_at) },
        ], rows.filter((row) => row.last_scan), tr('No endpoint has reported a scan yet.'), tr('Last scans'), shown),
        scanned > MOST && newestOf(rows, scanned));
}

// A table with a box in front of each row, and buttons for what was ticked.  act(chosen): the buttons.
function choosing(columns, rows, id, { chosen, shown }, empty, label, act) {
    const ids = new Set(rows.map(id));
    const bar = h('div', { class: 'actions start' });
    chosen.forEach((key) => ids.has(key) || chosen.delete(key)); // somebody else dealt with it
    const show = () => fill(bar, chosen.size > 0 && [h('strong', {}, trn('{n} selected', '{n} selected', chosen.size)),
        act(rows.filter((row) => chosen.has(id(row))))]);
    const box = { title: '', cell: (row) => {
        const { input, node } = checkbox('', chosen.has(id(row)), { 'aria-label': tr('Select {name}', { name: visible(row.path ?? id(row)) }) });
        input.addEventListener('change', () => {
            if (input.checked)
                chosen.add(id(row));
            else
                chosen.delete(id(row));
            show();
        });
        return node;
    } };
    show();
    return [bar, table(mayBe('operator') ? [box, ...columns] : columns, rows, empty, label, shown)];
}

async function detections(query, seen, draw) {
    const filter = query.get('filter') ?? '';
    const open = query.get('open') ?? '';
    const rows = await all('/detections', { filter, open });
    return card(null, openOrAll(['scans', 'detections'], query, tr('Open detections')), choosing([
        { title: tr('State'), cell: (row) => badge('detection', row.state) },
        { title: tr('Host name'), cell: (row) => endpointLink(row.endpoint, row.host) },
        { title: tr('Signature'), cell: (row) => visible(row.signature) },
        { title: tr('Path'), cell: (row) => h('span', { class: 'path' }, visible(row.path)) },
        { title: tr('Action'), cell: (row) => word('done', row.action) },
        { title: tr('Last found'), cell: (row) => when(row.last_found) },
        { title: tr('Note'), cell: (row) => visible(row.note) },
    ], rows, (row) => row.id, seen, tr('Nothing was found.'), tr('Detections'), (chosen) =>
        button(tr('Acknowledge'), () => acknowledge(chosen))), !filter && !open && newestOf(rows, rows.total));

    async function acknowledge(chosen) {
        const note = h('textarea', { rows: 2, maxlength: 500 });
        const done = await dialog({
            title: tr('Acknowledge'),
            content: [h('p', {}, tr('It has been dealt with.  Found again, it is open again.')), field(tr('Note'), note)],
            action: tr('Acknowledge'),
            submit: () => post('/detections:acknowledge', { ids: chosen.map((row) => row.id), note: note.value.trim() || undefined }),
        });
        if (done) {
            announce(tr('Acknowledged: {n}', { n: number(chosen.length) }));
            seen.chosen.clear();
            await draw();
        }
    }
}

async function quarantine(query, seen) {
    const rows = await all('/quarantine');
    return card(null, choosing([
        { title: tr('Host name'), cell: (row) => endpointLink(row.endpoint, row.host) },
        { title: tr('Path'), cell: (row) => h('span', { class: 'path' }, visible(row.path)) },
        { title: tr('Signature'), cell: (row) => visible(row.signature) },
        { title: tr('Size'), end: true, cell: (row) => bytes(row.size) },
        { title: tr('Since'), cell: (row) => when(row.taken) },
    ], rows, (row) => `${row.endpoint}/${row.id}`, seen, tr('The quarantine is empty.'), tr('Quarantine'), (chosen) => mayBe('administrator') && [
        button(tr('Restore'), () => order('quarantine-restore', tr('Restore'),
            tr('The files go back to where they were, and their content is taken for clean from now on.'), chosen)),
        button(tr('Delete'), () => order('quarantine-delete', tr('Delete'), tr('The files are deleted for good.'), chosen), { class: 'danger-text' }),
    ]));
}

// Files of several endpoints are a command for each of these.
async function order(kind, text, question, rows) {
    const byEndpoint = new Map();
    for (const row of rows)
        byEndpoint.set(row.endpoint, [...byEndpoint.get(row.endpoint) ?? [], row.id]);
    const issue = () => Promise.all([...byEndpoint].map(async ([endpoint, ids]) => {
        await post('/commands', { kind, ids: [endpoint], scope: ids.join(',') });
        byEndpoint.delete(endpoint); // where another one is refused, trying again does not order this twice
    }));
    await sure(text, [trn('{n} selected', '{n} selected', rows.length), ': ', question], issue, { after: () => goTo('commands') });
}
