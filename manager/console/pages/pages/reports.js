// SPDX-License-Identifier: Apache-2.0
// Reports: lists for paper and spreadsheets.

import { all, get } from '../api.js';
import { DIAL, displayedCell, patterns } from '../columns.js';
import { h, refill } from '../dom.js';
import { follow } from '../follow.js';
import { N_, number, time, tr, trn } from '../i18n.js';
import { format, pick } from '../route.js';
import { visible } from '../text.js';
import { badge, button, csvLink, field, heading, name, newestOf, table, tabs } from '../ui.js';
import { word } from '../words.js';

const OFFLINE_DAYS = 14;
const MOST_DAYS = 3650;

const host = { title: N_('Host name'), cell: (row) => name(row.host || row.id || row.endpoint) };
const group = { title: N_('Group'), cell: (row) => name(row.group_display || row.group) };

const REPORTS = {
    update: {
        title: N_('Update state'),
        path: '/endpoints',
        query: () => ({ sort: 'group_display', fields: 'id,host,group,group_display,outdated,patterns,last_update' }),
        columns: [host, group,
            { title: N_('Patterns'), cell: (row) => (row.outdated ? tr('Outdated') : tr('Latest')) },
            { title: N_('Pattern versions'), cell: (row) => visible(patterns(row)) },
            { title: N_('Last update'), cell: (row) => time(row.last_update) }],
    },
    compliance: {
        title: N_('Compliance'),
        path: '/endpoints',
        query: () => ({ sort: 'group_display', fields: 'id,host,group,group_display,settings,outdated,last_scan,open_detections' }),
        columns: [host, group,
            { title: N_('Settings'), cell: (row) => (row.settings?.current ? tr('current') : tr('behind')) },
            { title: N_('Patterns'), cell: (row) => (row.outdated ? tr('Outdated') : tr('Latest')) },
            { title: N_('Last scan'), cell: (row) => (row.last_scan ? time(row.last_scan.ended) : tr('Never scanned')) },
            { title: N_('Detections'), end: true, cell: (row) => number(row.open_detections ?? 0) }],
    },
    offline: {
        title: N_('Offline for long'),
        path: '/endpoints',
        query: (days) => ({ sort: 'last_seen', filter: `last_seen<-${days}d`, fields: 'id,host,group,group_display,actual,displayed,last_seen' }),
        reads: DIAL, // beside what its spreadsheet has
        columns: [host, group,
            { title: N_('Actual status'), cell: (row) => word('actual', row.actual) },
            { title: N_('Displayed status'), cell: (row) => displayedCell(row, word) },
            { title: N_('Last seen'), cell: (row) => time(row.last_seen) }],
    },
    trend: {
        title: N_('Last 30 days'),
        path: '/trend',
        query: () => ({ sort: '-day' }),
        columns: [{ title: N_('Day'), cell: (row) => row.day },
            ...[['endpoints', N_('Endpoints')], ['online', N_('Online')], ['outdated', N_('Outdated')], ['settings_behind', N_('Settings behind')],
                ['infected', N_('Infected endpoints')], ['open_detections', N_('Open detections')],
            ].map(([key, title]) => ({ title, end: true, cell: (row) => number(row[key]) }))],
    },
    detections: {
        title: N_('Detections'),
        path: '/detections',
        query: () => ({ sort: '-last_found' }),
        columns: [host,
            { title: N_('State'), cell: (row) => badge('detection', row.state) },
            { title: N_('Signature'), cell: (row) => visible(row.signature) },
            { title: N_('Path'), cell: (row) => h('span', { class: 'path' }, visible(row.path)) },
            { title: N_('Action'), cell: (row) => word('done', row.action) },
            { title: N_('Last found'), cell: (row) => time(row.last_found) }],
    },
};

export async function reports(names, query) {
    const tab = pick(REPORTS, names.tab);
    const report = REPORTS[tab];
    const days = daysOf(query.get('days'));
    const asked = report.query(days);
    const read = report.reads ? { ...asked, fields: [asked.fields, ...report.reads].join() } : asked;
    const paper = h('section', { class: 'card paper' });
    const title = tr(report.title);

    async function draw() {
        const [rows, summary] = await Promise.all([all(report.path, read), get('/summary')]);
        refill(paper, h('h2', {}, title),
            tab === 'offline' && h('p', {}, trn('Not seen for more than {n} day', 'Not seen for more than {n} days', days)),
            h('p', { class: 'help' }, tr('As of {time}', { time: time(summary.at) }), ' · ', trn('{n} row', '{n} rows', rows.length)),
            table(report.columns.map((column) => ({ ...column, title: tr(column.title) })), rows, tr('Nothing to report.'), title),
            tab === 'detections' && newestOf(rows, rows.total));
    }

    await draw();
    return {
        title: `${tr('Reports')}: ${title}`,
        node: h('div', { class: 'page report' },
            heading(tr('Reports'), button(tr('Print'), () => window.print()),
                csvLink(tab, report.path, asked)),
            tabs(tr('Reports'), Object.entries(REPORTS).map(([key, row]) =>
                ({ href: format(['reports', key]), text: tr(row.title), current: row === report }))),
            tab === 'offline' && daysField(days), paper),
        close: follow({}, draw),
    };
}

// What is no number of days, as in a link that somebody wrote, is the usual one.
export function daysOf(text) {
    const days = Number(text);
    return Number.isInteger(days) && days >= 1 && days <= MOST_DAYS ? days : OFFLINE_DAYS;
}

function daysField(days) {
    const input = h('input', { type: 'number', min: 1, max: MOST_DAYS, value: days, class: 'short', on: { change } });

    function change() {
        if (input.reportValidity())
            location.hash = format(['reports', 'offline'], { days: input.value });
    }

    return field(tr('Not seen for more than … days'), input);
}
