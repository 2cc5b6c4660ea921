// SPDX-License-Identifier: Apache-2.0
// Notifications: the rules of who is told of what; and one, with what its destination said and what was sent.

import { all, get, patch, pathTo, post, remove } from '../api.js';
import { settle } from '../conflict.js';
import { fill, h, refill } from '../dom.js';
import { follow, inTurn } from '../follow.js';
import { formOf, showRefusal, whileLocked } from '../form.js';
import { allGroups, groupChoices, groupNamer } from '../group_name.js';
import { currentLanguage, LANGUAGES, list, number, tr } from '../i18n.js';
import { format, goTo } from '../route.js';
import { isLimited } from '../session.js';
import { settingValue } from '../setting_words.js';
import { changes, parseList } from '../settings.js';
import { visible } from '../text.js';
import { announce, announceProblem, badge, button, card, crumbs, dialog, extent, facts, field, heading, idInput, name, notice, said,
    showOnce, sure, table, when } from '../ui.js';
import { codes, word } from '../words.js';

const EVERY = 5000; // ms: nothing tells of what was sent

const pathOf = (id, ...parts) => pathTo('notifications', id, ...parts);
const pageOf = (id) => format(['notifications', id]);

// -------------------------------------------------------------------------------------------------------------- all

// A part of the administration's page.
export async function notifications() {
    const [rows, groupsOf] = await Promise.all([all('/notifications'), groupNamer()]);
    return card(null, h('p', {}, tr('The server tells people by mail, webhook or syslog, without anybody looking.')),
        h('div', { class: 'actions start' }, button(tr('New notification'), () => create(), { class: 'primary' })),
        table([
            { title: tr('Name'), cell: (row) => h('a', { href: pageOf(row.name) }, name(row.name)) },
            { title: tr('State'), cell: (row) => badge('notification', row.state) },
            { title: tr('To'), cell: (row) => h('span', { class: 'path' }, visible(row.options.to)) },
            { title: tr('What is told'), cell: (row) => kindWords(row.options.kinds) },
            { title: tr('Groups'), cell: (row) => groupsOf(parseList(row.options.groups)) },
            { title: tr('Waiting'), end: true, cell: (row) => number(row.waiting) },
            { title: tr('Last answer'), cell: (row) => h('span', { class: 'path' }, visible(row.said || row.missed)) },
        ], rows, tr('Nobody is notified yet.'), tr('Notifications')));
}

const kindWords = (kinds) => list(parseList(kinds).map((kind) => word('note', kind)));

// Those that the manager tells by an endpoint's group (manager/core/note.c).
export const OF_ENDPOINTS = ['offline', 'outdated', 'detection', 'enrolled', 'clone', 'revoked', 'upgrade-failed'];

// Whose account is limited to groups names some of them, and what endpoints have: of the server itself such a person is not told.
function limitedRows(groups) {
    return ['to', 'kinds', 'groups'].map((key) => options(groups).find((row) => row.key === key)).map((row) => ({
        ...row,
        ...(row.key === 'kinds' && { default: 'detection,offline', choices: row.choices.filter(([code]) => OF_ENDPOINTS.includes(code)) }),
        ...(row.key === 'groups' && { default: groups.map((group) => group.name).join(), help: null }),
    }));
}

async function create() {
    const id = idInput(64);
    const form = formOf(isLimited() ? limitedRows(await allGroups()) : [destination()], {}, { legend: tr('New notification') });
    const made = await dialog({
        title: tr('New notification'),
        content: [field(tr('Name'), id, tr('For scripts and topics: a-z, 0-9, dot, hyphen, underscore.')), form.node],
        action: tr('Create'),
        refused: (place, problem) => showRefusal(form, place, problem),
        submit: () => post('/notifications', { name: id.value, settings: { ...form.values(), language: currentLanguage() } }),
    });
    if (!made)
        return;
    if (made.secret)
        await showSecret(made.secret);
    goTo('notifications', made.name);
}

function showSecret(secret) {
    return showOnce(tr('The secret of the webhook'), notice('warn', tr('It is shown only now.')),
        h('p', {}, tr('The receiver checks with it that a message comes from here.')), h('p', { class: 'secret' }, secret));
}

// -------------------------------------------------------------------------------------------------------------- one

const destination = () => ({ key: 'to', type: 'string', default: '', required: true, label: tr('To'), placeholder: 'mailto:it@example.org',
    help: tr('One of: {examples}', { examples: 'mailto:it@example.org,boss@example.org – https://hooks.example.org/av – '
        + 'syslog+tls://log.example.org – syslog:' }) });

// The options of a rule, as 'holdline notification kinds' has them; what they may be the server says.
function options(groups) {
    return [
        { key: 'enabled', type: 'bool', default: 'yes', label: tr('Enabled') },
        destination(),
        { key: 'language', type: 'choice', default: 'en', label: tr('Language of the messages'), choices: Object.entries(LANGUAGES) },
        { key: 'kinds', type: 'several', default: 'audit,blind,broker,clock,detection,disk,end,files,offline,outdated,patterns-old,repository,rollout-halted', label: tr('What is told'),
            choices: codes('note').map((code) => [code, word('note', code)]) },
        { key: 'groups', type: 'several', default: '', label: tr('Groups'), choices: groupChoices(groups),
            help: tr('None ticked: all groups, and the server itself.') },
        { key: 'digest', type: 'duration', default: '15m', label: tr('At most one message in'),
            help: tr('The first goes out at once; what follows is gathered and sent as one.') },
        { key: 'quiet', type: 'string', default: '', label: tr('Quiet hours'), pattern: '\\d\\d:\\d\\d-\\d\\d:\\d\\d', placeholder: '22:00-06:00',
            help: tr('By the server\'s clock.  What happens then is sent when they end.') },
        { key: 'recovery', type: 'bool', default: 'yes', label: tr('Also when it is over') },
        { key: 'offline-after', type: 'duration', default: '10m', label: tr('Offline for longer than') },
        { key: 'outdated-after', type: 'duration', default: '1d', label: tr('Outdated for longer than') },
        { key: 'retry', type: 'duration', default: '1m', label: tr('Try again after'), help: tr('Twice as long after each failure.') },
        { key: 'give-up', type: 'duration', default: '3d', label: tr('Give up after') },
    ];
}

export async function notification({ name: id }) {
    const [first, groups] = await Promise.all([get(pathOf(id)), allGroups()]);
    const state = h('div', {});
    const messages = h('div', {});
    const shown = extent();
    const buttons = h('div', { class: 'buttons' },
        button(tr('Send a test message'), ({ target }) => test(id, target, drawState)),
        button(tr('Delete'), () => drop(id), { class: 'danger-text' }));

    const drawState = inTurn(async () => {
        const [document, rows] = await Promise.all([get(pathOf(id)), all(pathOf(id, 'messages'))]);
        refill(state, stateCard(document));
        refill(messages, outbox(rows, shown));
    });

    await drawState();
    const rule = ruleForm(id, first, groups, drawState);
    return {
        title: id,
        node: h('div', { class: 'page' },
            crumbs(h('a', { href: '#/administration' }, tr('Administration')), ' › ',
                h('a', { href: '#/administration/notifications' }, tr('Notifications'))),
            heading(id, buttons), h('div', { class: 'columns' }, rule.node, state), messages),
        close: follow({}, drawState, { every: EVERY }),
        isEdited: rule.isEdited,
    };
}

// The form of its options.  first: the document; saved(), a promise: what is shown beside it may have changed.
function ruleForm(id, first, groups, saved) {
    const rows = options(groups);
    const place = h('div', {});
    let isEdited;
    draw(first);
    return { node: place, isEdited: () => isEdited() };

    function draw(seen) {
        const form = formOf(rows, seen.options, { legend: tr('Notification'), changed: edited });
        const before = form.values();
        const outcome = h('div', {});
        const save = h('button', { type: 'submit', class: 'primary', disabled: true }, tr('Save'));
        const undo = button(tr('Discard changes'), () => draw(seen), { disabled: true });
        isEdited = () => Object.keys(changes(before, form.values())).length > 0;
        fill(place, h('form', { class: 'card', on: { submit } }, form.node, outcome, h('div', { class: 'actions' }, undo, save)));

        function edited() {
            save.disabled = undo.disabled = !isEdited();
            fill(outcome);
        }

        // known: the document that the settings differ from; while the reader decides somebody may save again.
        const saveBy = (settings, known) => send(settings, known).catch((problem) =>
            (problem.status === 412 ? decide(id, rows, before, form.values(), saveBy) : Promise.reject(problem)));

        async function submit(event) {
            event.preventDefault();
            let refusal;
            await whileLocked(event.target, () => saveBy(changes(before, form.values()), seen).catch((problem) => { refusal = problem; }));
            if (refusal)
                showRefusal(form, outcome, refusal);
        }
    }

    // seen: the document that the reader knows; nothing newer is overwritten.
    async function send(settings, seen) {
        const rule = await patch(pathOf(id), { settings }, `"${seen.tag}"`);
        draw(rule);
        place.querySelector('input').focus({ preventScroll: true }); // by keyboard one goes on from there
        announce(tr('The notification is saved.'));
        if (rule.secret)
            await showSecret(rule.secret);
        await saved();
    }
}

async function decide(id, rows, base, mine, send) {
    const theirs = await get(pathOf(id));
    // as the form has them: the order of kinds and groups is no difference
    await settle(theirs, formOf(rows, theirs.options, {}).values(), { base, mine, save: (settings) => send(settings, theirs),
        label: (key) => rows.find((row) => row.key === key).label,
        text: (key, value) => (key === 'kinds' ? kindWords(value) : settingValue(key, value)) });
}

function stateCard(document) {
    return card(tr('State'), facts([
        [tr('State'), badge('notification', document.state)],
        [tr('Failing since'), document.failing_since && when(document.failing_since)],
        [tr('Last answer'), document.said && said(document.said)],
        [tr('Not to all'), document.missed && said(document.missed)],
        [tr('Waiting'), number(document.waiting)],
        [tr('Signed'), document.signed ? tr('Yes') : tr('No')],
        [tr('Changed'), [when(document.changed), ' · ', name(document.changed_by)]],
    ]));
}

function outbox(rows, shown) {
    return card(tr('Messages'), table([
        { title: tr('Begun'), cell: (row) => when(row.begun) },
        { title: tr('State'), cell: (row) => badge('message', row.state) },
        { title: tr('Message'), cell: (row) => visible(row.subject) },
        { title: tr('Attempts'), end: true, cell: (row) => number(row.attempts) },
        { title: tr('Answer'), cell: (row) => h('span', { class: 'path', lang: 'en' }, visible(row.said)) },
    ], rows, tr('Nothing yet.'), tr('Messages'), shown));
}

// Answers when the destination has: until then nobody should ask twice.
async function test(id, control, drawState) {
    control.disabled = true;
    try {
        const { answer } = await post(pathOf(id, 'test'));
        announce(answer ? tr('Sent.  The answer: {answer}', { answer: visible(answer) }) : tr('Sent.  Look there whether it arrived.'));
    } catch (problem) {
        announceProblem(problem);
    } finally {
        control.disabled = false;
    }
    await drawState();
}

const drop = (id) => sure(tr('Delete'), tr('Nobody is told by {name} any longer; what waits of it is not sent.', { name: id }),
    () => remove(pathOf(id)), { after: () => goTo('administration', 'notifications') });
