// SPDX-License-Identifier: Apache-2.0
// What can be done with endpoints, one or all that match a filter.  A dialog says beforehand how many take it, and why others do
// not; the answer is a command whose page shows each endpoint's result.

import { get, pathTo, post, remove } from './api.js';
import { isDialled } from './columns.js';
import { h } from './dom.js';
import { allGroups, groupChoices } from './group_name.js';
import { N_, number, tr, trn } from './i18n.js';
import { both } from './query.js';
import { startRollout } from './rollout_start.js';
import { goTo } from './route.js';
import { mayBe } from './session.js';
import { visible } from './text.js';
import { announce, button, dialog, field, select, sure } from './ui.js';

// A command of the kind that the key says, or run: anything else.  role: the lowest that may; one, many: for how many it makes sense.
const ACTIONS = [
    { key: 'update-now', text: N_('Update Now'), role: 'operator' },
    { key: 'rollout', text: N_('Update in rings…'), role: 'operator', many: true, run: startRollout },
    { key: 'scan', text: N_('Scan now'), role: 'operator' },
    { key: 'verify', text: N_('Verify connection'), role: 'operator', run: verify },
    { key: 'synchronize', text: N_('Synchronize with server'), role: 'operator' },
    { key: 'rollback', text: N_('Roll-back'), role: 'operator', danger: true },
    { key: 'move', text: N_('Move to group'), role: 'administrator', run: move },
    { key: 'revoke', text: N_('Revoke certificate'), role: 'administrator', danger: true, one: true, run: revoke },
    { key: 'remove', text: N_('Remove'), role: 'administrator', danger: true, one: true, run: removeEndpoint },
];

// subject: { count, selector, rows, except }: selector goes to the server; the others are for counting beforehand: rows, or those of the
// selector's filter less the rows of except, or neither where nobody knows how these endpoints are.
export function actionEntries(subject) {
    const fits = ({ one, many }) => (subject().count === 1 ? !many : !one);
    return ACTIONS.filter((action) => mayBe(action.role) && fits(action)).map((action) => ({
        key: action.key,
        text: tr(action.text),
        danger: action.danger,
        click: () => (action.run ?? issue)(subject(), action),
    }));
}

// The same as buttons.
export function actionButtons(subject) {
    return actionEntries(subject).map(({ text, danger, click }) => button(text, click, { class: danger ? 'danger-text' : null }));
}

// Of one endpoint.
export function subjectOf(row) {
    return { count: 1, selector: { ids: [row.id] }, rows: [row] };
}

// Of a selection in a list; those: { filter, in_group } of the list, which the server reads apart from each other.
export function subjectOfSelection(selection, list, those) {
    const count = selection.count(list.total);
    if (!selection.isAll) {
        const rows = selection.ids.map((id) => list.find(id));
        return { count, selector: { ids: selection.ids }, rows: rows.every(Boolean) ? rows : null }; // some may have left the list
    }
    const rows = list.isComplete ? list.rows.filter((row) => selection.has(row.id)) : null;
    const except = selection.ids.map((id) => list.find(id)).filter(Boolean);
    return { count, selector: { ...those, except: selection.ids }, rows, except };
}

// Why endpoints do not take a command at once; the first that holds, and no filter takes what another one does.
const OBSTACLES = [
    { filter: 'revoked:yes', holds: (row) => row.revoked, one: N_('{n} never does: its certificate is revoked'),
        many: N_('{n} never do: their certificates are revoked') },
    { filter: 'actual:never-seen revoked:no', holds: (row) => row.actual === 'never-seen',
        one: N_('{n} has never connected; it gets it when it does'), many: N_('{n} have never connected; they get it when they do') },
    { filter: 'actual:offline revoked:no', holds: (row) => row.actual === 'offline',
        one: N_('{n} is offline; it gets it when its line comes back'), many: N_('{n} are offline; they get it when their lines come back') },
];

async function countObstacles(subject) {
    const count = (rows) => OBSTACLES.map((obstacle) => rows.filter((row) => OBSTACLES.find(({ holds }) => holds(row)) === obstacle).length);
    if (subject.rows)
        return count(subject.rows);
    const except = count(subject.except ?? []);
    const { filter, in_group } = subject.selector;
    return Promise.all(OBSTACLES.map(async (obstacle, i) =>
        Math.max(0, ((await get('/endpoints', { filter: both(filter, obstacle.filter), in_group, limit: 1 })).total ?? 0) - except[i])));
}

async function outlook(subject) {
    const selected = h('p', {}, trn('{n} endpoint is selected.', '{n} endpoints are selected.', subject.count));
    if (!subject.rows && subject.selector.filter === undefined)
        return selected;
    const counts = await countObstacles(subject);
    const now = Math.max(0, subject.count - counts.reduce((sum, n) => sum + n, 0)); // they were counted at different times
    return [
        selected,
        h('ul', {}, h('li', {}, trn('{n} gets it at once', '{n} get it at once', now)),
            OBSTACLES.map((obstacle, i) => counts[i] > 0 && h('li', {}, trn(obstacle.one, obstacle.many, counts[i])))),
    ];
}

// extra: of the command, besides its kind and whom it is for.
async function issue(subject, action, extra = {}) {
    const text = tr(action.text);
    const command = await dialog({
        title: text,
        content: [await outlook(subject), extra.scope && h('p', {}, tr('Scope'), ': ', h('bdi', {}, visible(extra.scope)))],
        action: text,
        danger: action.danger,
        submit: () => post('/commands', { kind: action.key, ...subject.selector, ...extra }),
    });
    if (command)
        goTo('commands', command.id);
}

// Again for those that failed: the same command for these, as again.js makes it.
export async function issueAgain({ kind, ids, ...extra }) {
    await issue({ count: ids.length, selector: { ids } }, ACTIONS.find((action) => action.key === kind), extra);
}

// Those that the server does not dial are in the answer too.
async function verify(subject) {
    const { endpoints } = await post('/verifications', subject.selector);
    const dialled = endpoints.filter(isDialled).length;
    const others = endpoints.length - dialled;
    announce([dialled > 0 && trn('{n} endpoint was dialled.', '{n} endpoints were dialled.', dialled), ' ',
        others > 0 && trn('The server does not dial {n} of them.', 'The server does not dial {n} of them.', others)],
    others > 0 ? 'info' : 'good');
}

async function move(subject, action) {
    const groups = await allGroups();
    const group = select(groups[0]?.name, groupChoices(groups));
    const done = await dialog({
        title: tr(action.text),
        content: [h('p', {}, trn('{n} endpoint is selected.', '{n} endpoints are selected.', subject.count)),
            field(tr('Group'), group, tr('They get the settings of their new group.'))],
        action: tr('Move'),
        submit: () => post('/endpoints:move', { ...subject.selector, group: group.value }),
    });
    if (done)
        announce(tr('Moved: {n}', { n: number(subject.count) }));
}

// By what the broker makes of it; one that reads no revocation lists lets the certificate in, and the server ends the session.
const REVOKED = {
    enforces: N_('The certificate is revoked.  The broker no longer lets it in.'),
    told: N_('The certificate is revoked, and the broker was told.  If it reads no revocation lists, the server ends each session.'),
    untold: N_('The certificate is revoked.  Make your broker read pki/crl.pem; until then the server ends each session.'),
};

// The one that is selected; it may have left the list since.
function theOne({ selector, rows }) {
    const id = selector.ids?.[0] ?? rows[0].id;
    return { id, host: visible(rows?.[0].host || id) };
}

async function revoke(subject) {
    const { id, host } = theOne(subject);
    await sure(tr('Revoke certificate'),
        tr('{host} is shut out: the server takes nothing from it and ends each of its sessions.  Its record stays.', { host }),
        () => post(pathTo('endpoints', id, 'revocation')), { after: (answer) => announce(revocationWords(answer)) });
}

export const revocationWords = ({ broker = 'told' }) => tr(REVOKED[broker]); // an earlier manager does not say

async function removeEndpoint(subject) {
    const { id, host } = theOne(subject);
    await sure(tr('Remove'),
        tr('{host} is shut out: the server takes nothing from it and ends each of its sessions.  Its record is deleted.', { host }),
        () => remove(pathTo('endpoints', id)), { done: tr('The endpoint is removed.'), after: () => goTo('endpoints') });
}
