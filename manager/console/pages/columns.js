// SPDX-License-Identifier: Apache-2.0
// What the table of endpoints can show.  One row is a column: heading, width in rem (some take more where there is room), which of the
// usual ones leaves first where there is none, what the server calls its order, the members that the cell reads, the cell.

import { h } from './dom.js';
import { list, N_, tr } from './i18n.js';
import { visible } from './text.js';
import { badge, endpointLink, name, when } from './ui.js';
import { word } from './words.js';

// "Unreachable/Offline", as documents for the command line have it, is "unreachable-offline" in summaries and here.
export function displayedCode(text) {
    return String(text ?? '').toLowerCase().replace('/', '-');
}

// The way back, for filters.
export function displayedText(code) {
    return code.split('-').map((part) => part[0].toUpperCase() + part.slice(1)).join('/');
}

// Whether the server dials it: by its group's mode, or because it has a port for that.
export const DIAL = ['delivery', 'direct_port']; // members that say so
export const isDialled = (row) => row.direct_port > 0 || row.delivery === 'documented';

// A console that dials would show one that nobody dials Offline, and that is no news of it.  Other rules say more than a dial would.
export const isDisplayed = (row) => isDialled(row) || !['online', 'offline'].includes(displayedCode(row.displayed));

const undialled = () => h('span', { title: tr('The server does not dial this endpoint.') }, '–');

// As a cell of a list has them; words: a badge, or a word alone.
export const displayedCell = (row, words = badge) => (isDisplayed(row) ? words('displayed', displayedCode(row.displayed)) : undialled());
export const verdictCell = (row) => (isDisplayed(row) ? badge('verdict', row.verdict) : undialled());
export const reachCell = (row) => (isDialled(row) ? word('reach', row.reachability) : undialled());

// What was known last, of one that was not heard since the server was away, is a question.
export const actualCell = ({ actual, reason }) => (reason === 'server-blind'
    ? h('span', { class: 'badge off', title: word('reason', reason) }, `${word('actual', actual)}?`) : badge('actual', actual));

export function patterns(row) {
    return list(Object.entries(row.patterns ?? {}).map(([component, version]) => `${word('component', component)} ${version}`));
}

// Whether something is the latest that there is.
export function age(isOutdated) {
    return h('span', { class: `badge ${isOutdated ? 'warn' : 'good'}` }, isOutdated ? tr('Outdated') : tr('Latest'));
}

// The number of the one where it is on line.
const brokerOf = (row) => (row.broker ? String(row.broker) : '–');

// The version of its program, with a mark only if there is a later one: nobody may have published any.
export function programOf(row) {
    return [visible(row.program), ' ', row.outdated_program && age(true)];
}

function settings(row) {
    const { applied, desired, current } = row.settings ?? {};
    return current ? String(applied) : tr('{applied} of {desired}', { applied: applied || '–', desired });
}

const COLUMNS = [
    { key: 'host', title: N_('Host name'), least: 8.5, grow: true, sort: 'host', reads: ['host', 'id'],
        cell: (row) => endpointLink(row.id, row.host, { tabindex: '-1' }) },
    { key: 'group', title: N_('Group'), least: 6.5, leaves: 3, grow: true, sort: 'group_display', reads: ['group', 'group_display'],
        cell: (row) => name(row.group_display || row.group) },
    { key: 'displayed', title: N_('Displayed status'), least: 10.25, sort: 'displayed', reads: ['displayed', ...DIAL],
        cell: (row) => displayedCell(row) },
    { key: 'actual', title: N_('Actual status'), least: 7.5, leaves: 7, sort: 'actual', reads: ['actual', 'reason'],
        cell: (row) => actualCell(row) },
    { key: 'verdict', title: N_('Verdict'), least: 9.75, leaves: 4, sort: 'verdict', reads: ['verdict', 'displayed', ...DIAL],
        cell: (row) => verdictCell(row) },
    { key: 'last_seen', title: N_('Last seen'), least: 6.5, leaves: 2, sort: 'last_seen', reads: ['last_seen'],
        cell: (row) => when(row.last_seen) },
    { key: 'settings', title: N_('Settings'), least: 6, leaves: 1, sort: 'settings_applied', reads: ['settings'], end: true,
        cell: (row) => h('span', { class: row.settings?.current ? null : 'warn-text' }, settings(row)) },
    { key: 'outdated', title: N_('Patterns'), least: 8.5, leaves: 6, sort: 'outdated', reads: ['outdated'],
        cell: (row) => age(row.outdated) },
    { key: 'patterns', title: N_('Pattern versions'), least: 10, grow: true, reads: ['patterns'],
        cell: (row) => visible(patterns(row)) },
    { key: 'program', title: N_('Program'), least: 10, sort: 'program', reads: ['program', 'outdated_program'], cell: programOf },
    { key: 'open_detections', title: N_('Detections'), least: 6.5, leaves: 5, sort: 'open_detections', reads: ['open_detections'], end: true,
        cell: (row) => (row.open_detections ? h('strong', { class: 'bad-text' }, String(row.open_detections)) : '0') },
    { key: 'open_commands', title: N_('Open commands'), least: 10, sort: 'open_commands', reads: ['open_commands'], end: true,
        cell: (row) => String(row.open_commands ?? 0) },
    { key: 'reachability', title: N_('Push reachability'), least: 10.5, sort: 'reachability', reads: ['reachability', ...DIAL],
        cell: (row) => reachCell(row) },
    { key: 'addresses', title: N_('Registered IP'), least: 9, sort: 'addresses', reads: ['addresses'],
        cell: (row) => visible((row.addresses ?? '').split(',')[0]) },
    { key: 'observed_address', title: N_('Source IP'), least: 9, sort: 'observed_address', reads: ['observed_address'],
        cell: (row) => visible(row.observed_address) },
    { key: 'last_update', title: N_('Last update'), least: 7.5, sort: 'last_update', reads: ['last_update'],
        cell: (row) => when(row.last_update) },
    { key: 'last_scan', title: N_('Last scan'), least: 7.5, reads: ['last_scan'],
        cell: (row) => when(row.last_scan?.ended) },
    { key: 'broker', title: N_('Broker'), least: 5, sort: 'broker', reads: ['broker'], end: true,
        cell: (row) => brokerOf(row) },
    { key: 'id', title: N_('Id'), least: 10, sort: 'id', reads: ['id'], cell: (row) => row.id },
];

const DEFAULT_COLUMNS = ['host', 'group', 'displayed', 'actual', 'verdict', 'last_seen', 'settings', 'outdated', 'open_detections'];

export const allColumns = () => COLUMNS.map(({ key, title }) => ({ key, title: tr(title) }));

// Those of the keys that are columns here (a view that a program saved may have others), or else the usual ones.
export function knownColumns(keys) {
    const known = keys.filter((key) => COLUMNS.some((column) => column.key === key));
    return known.length === 0 || String(known) === String(DEFAULT_COLUMNS) ? DEFAULT_COLUMNS : known;
}

// In the order of the table above.  What the reader chose stays on every screen; of the usual ones some leave a narrow one.
export function chooseColumns(keys) {
    return COLUMNS.filter((column) => keys.includes(column.key)).map((column) => ({
        ...column,
        leaves: keys === DEFAULT_COLUMNS && column.leaves,
        title: tr(column.title),
        shows: (row) => JSON.stringify(column.reads.map((field) => row[field])),
    }));
}

// The members of a row that these columns read, and what actions need to know of it besides.
export function fieldsOf(columns) {
    return [...new Set([...columns.flatMap((column) => column.reads), 'id', 'actual', 'settings', 'revoked'])].join(',');
}
