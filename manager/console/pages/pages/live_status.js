// SPDX-License-Identifier: Apache-2.0
// Live Status: what is wrong with the server itself; counts of everything, each a link to what it counts; what happened last; what ends soon.

import { all, get } from '../api.js';
import { displayedCode, displayedText } from '../columns.js';
import { drawing, fill, h, refill, setText } from '../dom.js';
import { always, follow, latestOf } from '../follow.js';
import { groupNames } from '../group_name.js';
import { day, N_, number, tr, trn } from '../i18n.js';
import * as live from '../live.js';
import { format } from '../route.js';
import { isLimited, mayBe } from '../session.js';
import { own, visible } from '../text.js';
import { badge, card, endpointLink, heading, name, notice, said, whatEnds, when } from '../ui.js';
import { codes, tone, word } from '../words.js';

const MAX_EVENTS = 12;
const HALTS_EVERY = 30000; // ms: no message tells of a roll-out that halts because nobody answered
const SUMMARY_PACE = 2000; // ms: for an account with groups the server counts when it is asked

const link = (filter) => format(['endpoints'], { filter });

// Of those a console that dials would say nothing but Offline.
const undialled = () => ({ text: tr('Not dialled'), tone: 'off', href: link('direct_port:0 delivery:channel'), count: (s) => s.undialled ?? 0 });

// Groups of counts; those of one group add up to its total.
const BOARDS = [
    {
        title: N_('Actual status'),
        tiles: () => codes('actual').map((code) => ({
            text: word('actual', code), tone: tone('actual', code), href: link(`actual:${code}`),
            count: (s) => s[code] ?? 0,
        })),
        total: (s) => s.endpoints,
    },
    {
        title: N_('Displayed status (what a classic console would show)'),
        tiles: () => codes('displayed').map((code) => ({
            text: word('displayed', code), tone: tone('displayed', code), href: link(`displayed:"${displayedText(code)}"`),
            count: (s) => s.displayed?.[code] ?? 0,
        })).concat(undialled()),
        total: (s) => s.endpoints,
    },
    {
        title: N_('Verdict'),
        tiles: () => codes('verdict').map((code) => ({
            text: word('verdict', code), tone: tone('verdict', code), href: link(`verdict:${code}`),
            count: (s) => s.verdicts?.[code] ?? 0,
        })).concat(undialled()),
        total: (s) => s.endpoints,
    },
];

// What asks for somebody: quiet at none.
const CONCERNS = [
    { text: N_('Open detections'), href: () => '#/scans/detections?open=yes', count: (s) => s.open_detections, tone: 'bad' },
    { text: N_('Infected endpoints'), href: () => link('open_detections>0'), count: (s) => s.infected, tone: 'bad' },
    { text: N_('Outdated'), href: () => link('outdated:yes'), count: (s) => s.outdated, tone: 'warn' },
    { text: N_('Program outdated'), href: () => link('outdated_program:yes'), count: (s) => s.outdated_program, tone: 'warn' },
    { text: N_('Settings behind'), href: () => link('settings_current:no'), count: (s) => s.settings_behind, tone: 'warn' },
    { text: N_('Last scan failed'), href: () => link('last_scan_end:failed'), count: (s) => s.scans_failed, tone: 'warn' },
    { text: N_('Never scanned'), href: () => link('last_scan:never'), count: (s) => s.never_scanned, tone: 'warn' },
    { text: N_('Open commands'), href: () => '#/commands?open=yes', count: (s) => s.open_commands, tone: 'info' },
    { text: N_('Flooding'), href: () => link('flooding:yes'), count: (s) => s.flooding, tone: 'bad' },
    { text: N_('Removed from the console'), href: () => link('removed:yes'), count: (s) => s.removed, tone: 'off' },
];

// Of each day, as /trend has it.
const LINES = {
    online: N_('Online'),
    outdated: N_('Outdated'),
    infected: N_('Infected endpoints'),
    open_detections: N_('Open detections'),
};
const DAY = 86400000; // ms

// Members of the summary that say what is wrong; where there is more about it.
const HEALTH = '#/administration/health';
const NOTIFICATIONS = '#/administration/notifications';
const TROUBLES = {
    broker_away: [N_('A broker is away.'), HEALTH],
    broker_hung: [N_('A broker hung or keeps ending.'), HEALTH],
    broker_split: [N_('The brokers do not know each other: some endpoints are not heard.'), HEALTH],
    broker_refused: [N_('The broker refuses what the server needs to hear.'), HEALTH],
    broker_reload: [N_('The broker could not be told which certificates are revoked.'), HEALTH],
    audit_broken: [N_('The audit log is not what was written.'), HEALTH],
    disk: [N_('The disk of the server is full, or nearly, or cannot be written.'), HEALTH],
    clock: [N_('The clock of the server is behind.'), HEALTH],
    repository_problem: [N_('Files of the pattern repository are missing.'), HEALTH],
    patterns_old: [N_('The server has had no new patterns for long.'), HEALTH],
    notifications: [N_('Notifications do not reach their destination.'), NOTIFICATIONS],
};

export async function liveStatus() {
    const summary = await get('/summary');
    const updates = []; // functions of a summary that bring the page up to date
    const events = new Events();
    const ends = h('div', {});
    const alarm = h('div', {});
    const halts = h('div', {});
    const at = h('span', { class: 'count' });
    const trend = h('div', {});

    const boards = BOARDS.map((board) => {
        const total = h('strong', {});
        updates.push((s) => setText(total, number(board.total(s))));
        return card([tr(board.title), ' ', h('span', { class: 'total' }, tr('Total'), ' ', total)],
            h('div', { class: 'tiles' }, board.tiles().map((row) => tile(row, updates))));
    });
    const concerns = card(tr('Needs attention'), h('div', { class: 'tiles' }, CONCERNS.map((concern) =>
        tile({ ...concern, text: tr(concern.text), href: concern.href() }, updates))));
    updates.push((s) => refill(alarm, troubles(s)));
    updates.push((s) => refill(ends, endsList(s)));
    updates.push((s) => fill(at, tr('As of'), ' ', when(s.at)));

    const show = (s) => updates.forEach((update) => update(s));
    show(summary);
    const limited = isLimited(); // what is told of all groups is not for this account
    const subscriptions = [
        live.subscribe('summary', show),
        follow(limited ? { endpoints: always } : {}, async () => show(await get('/summary')), limited ? { pace: SUMMARY_PACE } : {}),
        live.subscribe('event', (event) => events.add(event)),
        follow({}, () => limited || events.load()),
        follow({}, drawHalts, { every: HALTS_EVERY }),
    ];
    drawHalts().catch(() => {});
    all('/trend').then((rows) => fill(trend, rows.length > 0 && trendCard(rows))).catch(() => {}); // an earlier manager keeps none
    if (!limited)
        events.load().catch(() => {});

    async function drawHalts() {
        refill(halts, halted((await all('/rollouts', { filter: 'halted' })).filter((row) => row.state === 'halted')));
    }

    return {
        title: tr('Live Status'),
        node: h('div', { class: 'page' }, heading(tr('Live Status'), at), alarm, halts, concerns, boards, trend,
            h('div', { class: 'columns even' }, !limited && card(tr('Last events'), events.node), card(tr('Ends and ages'), ends))),
        close: () => subscriptions.forEach((end) => end()),
    };
}

function troubles(summary) {
    return [
        summary.server_blind && notice('warn', tr('The server itself has no line to its broker: nobody\'s status changes meanwhile.')),
        Object.keys(TROUBLES).filter((key) => summary[key]).map((key) => {
            const [text, href] = TROUBLES[key];
            return notice('warn', href === NOTIFICATIONS && !mayBe('administrator') ? tr(text) : h('a', { href }, tr(text)));
        }),
    ];
}

function halted(rows) {
    return rows.length > 0 && notice('bad', h('a', { href: rows.length === 1 ? format(['rollouts', rows[0].id]) : '#/rollouts' },
        trn('{n} roll-out has halted.', '{n} roll-outs have halted.', rows.length)));
}

// Each line on a scale of its own, from none to the most that there were.  Its ends are said in numbers; all of them are in the report.
function trendCard(rows) {
    const lines = Object.entries(LINES).map(([key, text]) => {
        const most = Math.max(1, ...rows.map((row) => row[key]));
        const points = rows.map((row) => `${(Date.parse(row.day) - Date.parse(rows[0].day)) / DAY} ${(29 - row[key] / most * 28).toFixed(1)}`);
        return h('div', {}, h('span', { class: 'tile-text' }, tr(text), ' ', number(rows[0][key]), ' → ', number(rows.at(-1)[key])),
            drawing(`M${points[0]}L${points.join('L')}`, 30, { class: 'trend', preserveAspectRatio: 'none', 'aria-hidden': 'true' }));
    });
    return card(h('a', { href: '#/reports/trend' }, tr('Last 30 days')), h('div', { class: 'trends' }, lines));
}

function tile({ text, href, count, tone: colour }, updates) {
    const n = h('span', { class: 'tile-count' });
    const node = h('a', { href, class: `tile ${colour}` }, n, h('span', { class: 'tile-text' }, text.replace('/', '/\u200b'))); // where a line may end
    updates.push((s) => {
        const value = count(s) ?? 0;
        setText(n, number(value));
        node.classList.toggle('zero', value === 0);
    });
    return node;
}

function endsList({ repository, ends = [], latest_patterns: latest = {} }) {
    return h('dl', { class: 'facts' },
        Object.entries(latest).map(([component, version]) =>
            h('div', {}, h('dt', {}, word('component', component)), h('dd', {}, String(version)))),
        repository && h('div', {}, h('dt', {}, tr('Repository signature')),
            h('dd', {}, repository.expires ? [tr('until'), ' ', day(repository.expires)] : tr('none'))),
        ends.map((end) => h('div', {}, h('dt', {}, whatEnds(end)),
            h('dd', {}, tr('until'), ' ', day(end.end), ' ', badge('grade', end.state)))));
}

// What an event led to, where there are words for it.
const RESULTS = {
    status: (to) => badge('actual', to),
    revoked: (to) => badge('actual', to),
    displayed: (to) => badge('displayed', displayedCode(to)),
    scan: (to) => badge('scan', to),
    enrolled: (to, event, nameOf) => h('bdi', {}, nameOf(to)),
    moved: (to, event, nameOf) => h('bdi', {}, nameOf(to)),
    reachability: (to) => word('reach', to),
    verdict: (to) => badge('verdict', to),
    repository: (to) => badge('signature', to),
    audit: (to) => badge('audit', to),
    end: (to) => badge('grade', to),
    owner: name,
    rollout: (to, { reason: id }) => [h('a', { href: format(['rollouts', id]) }, id), ' ', badge('rollout', to)],
};

class Events {
    node = h('ul', { class: 'plain events' });
    #rows = [];
    #told = []; // since the list was asked for: its answer may be older
    #nameOf = visible;

    add(event) {
        this.#told.unshift(event);
        this.#show(latestOf([event], this.#rows, MAX_EVENTS));
    }

    // All of them: while there was no line some were not told.
    async load() {
        this.#told = [];
        const [nameOf, { rows }] = await Promise.all([groupNames(), get('/events/recent')]);
        this.#nameOf = nameOf;
        this.#show(latestOf(this.#told, rows, MAX_EVENTS));
    }

    #show(rows) {
        this.#rows = rows;
        refill(this.node, rows.length > 0 ? rows.map((event) => this.#line(event)) : h('li', { class: 'empty' }, tr('Nothing has happened since the server started.')));
    }

    #line(event) {
        const { at, id, host, what, to } = event;
        return h('li', {}, when(at), ' ', id && endpointLink(id, host), ' ', word('happened', what), ' ',
            to && (own(RESULTS, what) ?? said)(to, event, this.#nameOf));
    }
}
