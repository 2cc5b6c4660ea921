// SPDX-License-Identifier: Apache-2.0
// Roll-outs: an update that goes to a few endpoints first, and to more only while those succeed; all of them, and one, ring by ring.

import { all, get, pathTo, post } from '../api.js';
import { h, refill } from '../dom.js';
import { always, follow, inTurn } from '../follow.js';
import { groupNames } from '../group_name.js';
import { list, number, percent, time, tr } from '../i18n.js';
import { startRollout } from '../rollout_start.js';
import { format, goTo } from '../route.js';
import { mayBe, whoIsIt } from '../session.js';
import { durationWords } from '../setting_words.js';
import { visible } from '../text.js';
import { badge, button, card, crumbs, endpointLink, extent, facts, heading, name, sure, table, when } from '../ui.js';
import { ringsOf, whom } from '../whom.js';
import { codes, tone, word } from '../words.js';

const EVERY = 5000; // ms: a soak ends without a message
const OVER = new Set(['aborted', 'done']);

const sum = (counts, ...names) => names.reduce((n, key) => n + (counts[key] ?? 0), 0);

function outcomes(counts) {
    return h('span', { class: 'badges' }, codes('outcome').filter((code) => counts[code]).map((code) =>
        h('span', { class: `badge ${tone('outcome', code)}` }, word('outcome', code), ' ', number(counts[code]))));
}

// Of a group, where it is about these: their version.
const settings = ({ group, version }, nameOf) => group && h('a', { href: format(['groups', group, 'versions']) }, h('bdi', {}, nameOf(group)), ' ', number(version));

export async function rollouts() {
    const body = h('div', {});
    const shown = extent();

    async function draw() {
        const [rows, nameOf] = await Promise.all([all('/rollouts', { sort: '-started' }), groupNames()]);
        refill(body, card(null, table([
            { title: tr('Started at'), cell: (row) => h('a', { href: format(['rollouts', row.id]) }, time(row.started)) },
            { title: tr('For'), cell: (row) => whom(row, nameOf) },
            { title: tr('Program'), cell: (row) => visible(row.program) },
            { title: tr('Component'), cell: (row) => row.component && word('component', row.component) },
            { title: tr('Settings'), cell: (row) => settings(row, nameOf) },
            { title: tr('By'), cell: (row) => name(row.issuer) },
            { title: tr('State'), cell: (row) => badge('rollout', row.state) },
            { title: tr('Rings'), cell: (row) => list(ringsOf(row).map((ring) => percent(ring.percent))) },
            { title: tr('Current ring'), end: true, cell: (row) => `${number(row.ring)} / ${number(ringsOf(row).length)}` },
            { title: tr('Endpoints'), end: true, cell: (row) => number(row.members) },
            { title: tr('Outcomes'), cell: (row) => outcomes(row.counts) },
        ], rows, tr('No roll-outs yet.'), tr('Roll-outs'), shown)));
    }

    await draw();
    return {
        title: tr('Roll-outs'),
        node: h('div', { class: 'page' }, heading(tr('Roll-outs'), mayBe('operator') &&
            button(tr('New roll-out'), () => startRollout(), { class: 'primary' })),
        h('p', {}, tr('A roll-out gives the update to a few endpoints first, and to more only while those have succeeded.')), body),
        close: follow({ commands: always }, draw, { every: EVERY }),
    };
}

export async function rollout({ id }) {
    const body = h('div', {});
    const shown = extent();
    const buttons = h('div', { class: 'buttons' });

    const draw = inTurn(async () => {
        const [document, nameOf] = await Promise.all([get(pathTo('rollouts', id)), groupNames()]);
        refill(buttons, actions(document, draw));
        refill(body, overview(document, nameOf), document.unsuccessful.length > 0 && unsuccessful(document, shown));
    });

    await draw();
    return {
        title: tr('Roll-out'),
        node: h('div', { class: 'page' },
            crumbs(h('a', { href: '#/rollouts' }, tr('Roll-outs'))),
            heading(tr('Roll-out'), buttons), body),
        close: follow({ commands: always }, draw, { every: EVERY }),
    };
}

// -------------------------------------------------------------------------------------------------------- what it does

// What the server would take now: by the state, and of operators only for their own.
function actions(document, draw) {
    const { id, state, counts, issuer, program, group, rolled_back: back } = document;
    if (!mayBe('administrator') && !(mayBe('operator') && issuer === whoIsIt().account))
        return null;
    const isOver = OVER.has(state);
    const isStopped = state === 'paused' || state === 'halted';
    const isSettled = back || (isOver && group); // there is nobody to bring on, nor back
    const hasReached = group || counts.pending !== document.members;
    const hasFailures = sum(counts, 'failed', 'silent', 'left') > 0;
    const order = (action) => () => post(pathTo('rollouts', id, action)).then(draw);
    return [
        !isOver && !isStopped && button(tr('Pause'), order('pausing')),
        isStopped && button(tr('Resume'), state === 'halted' ? () => resume(document, draw) : order('resumption')),
        !isSettled && state !== 'aborted' && hasFailures && button(tr('Again for those that failed'), order('retry')),
        !isOver && !group && button(tr('Abort'), () => abort(document, draw), { class: 'danger-text' }),
        !isSettled && !program && hasReached && button(tr('Roll back'), () => rollBack(document, draw), { class: 'danger-text' }),
    ];
}

const resume = ({ id }, draw) => sure(tr('Resume'), tr('It goes on in spite of the failures so far.'),
    () => post(pathTo('rollouts', id, 'resumption')), { after: draw });

const abort = ({ id }, draw) => sure(tr('Abort'), tr('It ends for good: what has not begun is cancelled.'),
    () => post(pathTo('rollouts', id, 'abortion')), { done: tr('The roll-out is aborted.'), after: draw });

const rollBack = ({ id, group }, draw) => sure(tr('Roll back'),
    group ? tr('It ends for good, and the endpoints that it reached go back to the settings before.')
        : tr('It ends for good, and the endpoints that it reached go back to the patterns before.'),
    () => post(pathTo('rollouts', id, 'rollback')),
    { after: ({ command }) => (group ? draw() : goTo('commands', command)) });

// ----------------------------------------------------------------------------------------------------- how far it is

// What goes on, in a sentence: for one that halted, why.
function explain({ state, halt, counts, ring, rings, members, min_success: least, min_sample: sample, soak, silence }) {
    const bad = sum(counts, 'failed', 'silent');
    const answered = sum(counts, 'succeeded', 'failed', 'silent');
    const values = {
        ring: number(ring), all: number(rings.length), bad: number(bad), answered: number(answered), least: percent(least),
        ok: number(counts.succeeded ?? 0), members: number(members), sample: number(Math.min(sample, members)),
        soak: durationWords(soak), silence: durationWords(silence),
    };
    const halts = {
        'failures': tr('It halted because {bad} of {answered} endpoints failed or were silent: at least {least} must succeed.  Nothing more is issued; commands that were issued go on.', values),
        'too-few-answers': tr('It halted because after {silence} only {answered} endpoints had answered: at least {sample} must.  Nothing more is issued; commands that were issued go on.', values),
    };
    const states = {
        running: tr('Ring {ring} of {all} has its turn.  Answered so far: {answered}; with success: {ok}.', values),
        soaking: tr('Ring {ring} of {all} has passed; it is watched for {soak} before the next one begins.', values),
        paused: tr('Somebody paused it: nothing more is issued until it is resumed.'),
        aborted: tr('Somebody ended it: what had not begun was cancelled.  {ok} of {members} endpoints succeeded, {bad} failed or were silent.', values),
        done: counts.pending || counts.open || counts.away
            ? tr('All endpoints have had their turn; {ok} of {members} succeeded so far.', values)
            : tr('It is over: {ok} of {members} endpoints succeeded, {bad} failed or were silent.', values),
    };
    return (state === 'halted' ? halts[halt] : states[state]) ?? word('rollout', state);
}

function overview(document, nameOf) {
    const { program, component, started, issuer, rate, soak, silence, waiting } = document;
    return card(null, h('p', { role: 'status' }, badge('rollout', document.state), ' ', explain(document)), ringTable(document),
        h('p', { class: 'below' }, outcomes(document.counts)), facts([
            [tr('For'), whom(document, nameOf)],
            [tr('Program'), visible(program)],
            [tr('Component'), component && word('component', component)],
            [tr('Settings'), settings(document, nameOf)],
            [tr('Endpoints'), tr('{n}, fixed at the start', { n: number(document.members) })],
            [tr('Started at'), [time(started), ' · ', name(issuer)]],
            [tr('Changed'), when(document.changed)],
            [tr('Rolled back'), takenBack(document)],
            [tr('A ring passes'), tr('when at least {least} of at least {sample} answers are successes',
                { least: percent(document.min_success), sample: number(Math.min(document.min_sample, document.members)) })],
            [tr('Soak'), durationWords(soak)],
            [tr('Silent after'), durationWords(silence)],
            [tr('At most per minute'), rate > 0 ? number(rate) : null],
            [tr('Maintenance window'), waiting[0] && waiting.map((row) => waits(row, nameOf))],
            [tr('Id'), document.id],
        ]));
}

// When, by whom, and the command that says how that went.
const takenBack = ({ rolled_back: back }) => back && [time(back.at), ' · ', name(back.by), ' · ',
    h('a', { href: format(['commands', back.command]) }, back.command)];

// How many of a group wait, for which window; one that is open has them in turn.
function waits({ name: group, members, window, until }, nameOf) {
    return h('div', {}, h('bdi', {}, nameOf(group)), ` · ${number(members)} · ${window}`, until && ` · ${tr('opens {time}', { time: time(until) })}`);
}

// A ring contains those before it, and nobody beyond it has had a turn: so all that answered did so in the one whose turn it is.
function ringTable({ rings, ring, state, counts }) {
    const answered = sum(counts, 'succeeded', 'failed', 'silent', 'left');
    const done = (i) => (i < ring - 1 || state === 'done' ? rings[i].members : i === ring - 1 ? Math.min(answered, rings[i].members) : 0);
    return table([
        { title: tr('Ring'), end: true, cell: (i) => number(i + 1) },
        { title: tr('Up to'), end: true, cell: (i) => percent(rings[i].percent) },
        { title: tr('Endpoints'), end: true, cell: (i) => number(rings[i].members) },
        { title: tr('State'), cell: (i) => ringState(i, ring - 1, state) },
        { title: tr('Answered'), cell: (i) => h('progress', { max: Math.max(rings[i].members, 1), value: done(i),
            'aria-label': tr('{n} of {all} done', { n: number(done(i)), all: number(rings[i].members) }) }) },
    ], [...rings.keys()], '', tr('Rings'));
}

function ringState(i, current, state) {
    if (i < current || state === 'done')
        return h('span', { class: 'badge good' }, tr('Passed'));
    return i === current ? badge('rollout', state) : h('span', { class: 'badge off' }, state === 'aborted' ? tr('Left out') : tr('Not yet'));
}

function unsuccessful({ unsuccessful: rows, more }, shown) {
    return card(tr('Not successful'), table([
        { title: tr('Host name'), cell: (row) => endpointLink(row.endpoint, row.host) },
        { title: tr('Outcome'), cell: (row) => badge('outcome', row.outcome) },
        { title: tr('Why'), cell: (row) => row.why && word('why', row.why) },
        { title: tr('Command'), cell: (row) => row.command && h('a', { href: format(['commands', row.command]) }, row.command) },
    ], rows, '', tr('Not successful'), shown), more > 0 && h('p', {}, tr('{n} more', { n: number(more) })));
}
