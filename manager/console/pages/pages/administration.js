// SPDX-License-Identifier: Apache-2.0
// Administration: who may do what, who did what, what ends when, and whether all parts work.

import { all, get, patch, pathTo, post, remove } from '../api.js';
import { h, refill } from '../dom.js';
import { always, follow, inTurn } from '../follow.js';
import { allGroups, groupName, groupNamer } from '../group_name.js';
import { day, N_, time, tr } from '../i18n.js';
import { changePassword, newPassword, ownPassword } from '../password.js';
import { format, pick } from '../route.js';
import { mayBe, whoIsIt } from '../session.js';
import { visible, wayOf, withHosts } from '../text.js';
import { announce, badge, button, card, checkbox, csvLink, dialog, extent, facts, field, heading, idInput, name, newestOf, notice,
    said, select, showOnce, sure, table, tabs, whatEnds, when } from '../ui.js';
import { codes, word } from '../words.js';
import { brokers } from './brokers.js';
import { notifications } from './notifications.js';
import { oneTimeCodes } from './one_time_codes.js';

const HEALTH_PATIENCE = 1000; // ms
const UNTOLD = 30_000; // ms: no message tells of what changes there

// Of the roles, those that the manager lets look at it; a refusal would stand in the audit log.
const AUDIT = ['auditor', 'owner'];
const REVIEW = ['administrator', 'owner'];

const VIEWS = {
    accounts: { title: N_('Accounts'), draw: accounts, roles: AUDIT, every: UNTOLD },
    sessions: { title: N_('Sessions'), draw: sessions, every: UNTOLD },
    tokens: { title: N_('API tokens'), draw: tokens, every: UNTOLD },
    codes: { title: N_('One-time codes'), draw: oneTimeCodes },
    notifications: { title: N_('Notifications'), draw: notifications, roles: REVIEW },
    certificates: { title: N_('Certificates'), draw: certificates, roles: AUDIT, every: UNTOLD },
    audit: { title: N_('Audit log'), draw: audit, roles: AUDIT, above: auditFilter },
    health: { title: N_('Health'), draw: health, every: 5000, topics: { stale: always } },
};

const isFor = (roles) => !roles || roles.includes(whoIsIt().role);

export async function administration({ tab }, query) {
    const views = Object.entries(VIEWS).filter(([, row]) => isFor(row.roles));
    const view = VIEWS[pick(Object.fromEntries(views), tab)];
    const body = h('div', {});
    const shown = extent();
    const draw = inTurn(async () => refill(body, await view.draw(draw, query, shown)));
    await draw();
    return {
        title: `${tr('Administration')}: ${tr(view.title)}`,
        node: h('div', { class: 'page' }, heading(tr('Administration')),
            tabs(tr('Administration'), views.map(([key, row]) =>
                ({ href: format(['administration', key]), text: tr(row.title), current: row === view }))), view.above?.(query), body),
        close: follow(view.topics ?? {}, draw, { every: view.every }),
    };
}

async function accounts(draw) {
    const [rows, groupsOf] = await Promise.all([all('/accounts'), groupNamer()]);
    const isOwner = mayBe('owner');
    const actions = (row) => isOwner && row.name !== whoIsIt().account && h('span', { class: 'buttons' },
        button(tr('Change'), () => editAccount(row, draw)),
        button(tr('Change password'), () => changePassword(row.name)),
        row.codes && button(tr('End one-time codes'), () => endCodes(row, draw)),
        row.state === 'disabled' ? button(tr('Enable'), () => post(pathTo('accounts', row.name, 'enabling')).then(draw))
            : button(tr('Disable'), () => disable(row, draw)),
        button(tr('Delete'), () => deleteAccount(row, draw), { class: 'danger-text' }));
    return card(null, isOwner && h('div', { class: 'actions start' }, button(tr('New account'), () => newAccount(draw),
        { class: 'primary' })),
    table([
        { title: tr('Name'), cell: (row) => name(row.name) },
        { title: tr('Role'), cell: (row) => word('role', row.role) },
        { title: tr('Groups'), cell: (row) => groupsOf(row.groups) },
        { title: tr('State'), cell: (row) => badge('account', row.state) },
        { title: tr('By'), cell: (row) => name(row.created_by) },
        { title: tr('Certificate until'), cell: (row) => time(row.expires) },
        isOwner && { title: tr('One-time codes'), cell: (row) => (row.codes ? tr('Yes') : tr('No')) },
        { title: tr('Note'), cell: (row) => visible(row.note) },
        { title: '', cell: actions },
    ].filter(Boolean), rows, tr('There are no accounts.'), tr('Accounts')));
}

const endCodes = (row, draw) => sure(tr('End one-time codes'), tr('{name} signs in with the password alone.', { name: visible(row.name) }),
    () => post('/codes:delete', { name: row.name }), { done: tr('The one-time codes are ended.'), after: draw });

const disable = (row, draw) => sure(tr('Disable'),
    tr('{name} can do nothing until the account is enabled again; its sessions end.', { name: visible(row.name) }),
    () => post(pathTo('accounts', row.name, 'disabling')), { done: tr('The account is disabled.'), after: showLeft(draw) });

const deleteAccount = (row, draw) => sure(tr('Delete'),
    tr('{name} is deleted: its certificates are revoked, its sessions and API tokens end.', { name: visible(row.name) }),
    () => remove(pathTo('accounts', row.name)), { done: tr('The account is deleted.'), after: showLeft(draw) });

// With it a person could come back.
const showLeft = (draw) => async ({ bundles = [], accounts = [] }) => {
    if (bundles.length + accounts.length > 0)
        await showOnce(tr('Made by this account, and not ended'), facts([
            [tr('Bundles'), bundles.join(' ')], [tr('Accounts'), visible(accounts.join(' '))]]));
    await draw();
};

// { node, value() }: which of the groups something is limited to.
function groupBoxes(groups, ticked, help) {
    const boxes = groups.map((group) => ({ group, ...checkbox(visible(groupName(group)), ticked.includes(group.name)) }));
    return {
        node: h('fieldset', {}, h('legend', {}, tr('Groups')), h('p', { class: 'help' }, help),
            h('div', { class: 'checks' }, boxes.map((box) => box.node))),
        value: () => boxes.filter((box) => box.input.checked).map((box) => box.group.name),
    };
}

async function accountFields(row) {
    const role = select(row?.role ?? 'operator', codes('role').map((code) => [code, word('role', code)]));
    const groups = groupBoxes(await allGroups(), row?.groups ?? [], tr('None ticked: all groups.'));
    const note = h('input', { type: 'text', value: row?.note ?? '', maxlength: 200 });
    return {
        nodes: [field(tr('Role'), role), groups.node, field(tr('Note'), note)],
        body: () => ({ role: role.value, groups: groups.value(), note: note.value.trim() }),
    };
}

async function newAccount(draw) {
    const id = idInput(60);
    const password = newPassword(tr('Password'));
    const fields = await accountFields(null);
    const done = await dialog({
        title: tr('New account'),
        content: [field(tr('Name'), id), password.node, fields.nodes],
        action: tr('Create'),
        submit: async () => {
            if (!id.readOnly) // or it is there, and only its password was refused
                await post('/accounts', { name: id.value, ...fields.body() });
            id.readOnly = true;
            await password.save(id.value);
        },
    });
    if (done)
        announce(tr('The account is created.'));
    if (id.readOnly)
        await draw();
}

async function editAccount(row, draw) {
    const fields = await accountFields(row);
    const done = await dialog({
        title: tr('Change {name}', { name: visible(row.name) }),
        content: [notice('info', tr('The sessions of this account end.')), fields.nodes],
        action: tr('Save'),
        submit: () => patch(pathTo('accounts', row.name), fields.body()),
    });
    if (done)
        await draw();
}

// Who reviews sees the sessions and tokens of others, and ends none of them.
const mayEnd = (row) => mayBe('owner') || row.account === whoIsIt().account;

async function sessions(draw) {
    const rows = await all('/sessions');
    return card(null, table([
        { title: tr('Account'), cell: (row) => [name(row.account), row.is_this && [' ', h('span', { class: 'badge info' }, tr('This session'))]] },
        { title: tr('From'), cell: (row) => visible(row.address) },
        { title: tr('Signed in'), cell: (row) => when(row.created) },
        { title: tr('Last used'), cell: (row) => when(row.used) },
        { title: tr('Ends'), cell: (row) => time(row.ends) },
        { title: '', cell: (row) => mayEnd(row) && button(tr('End session'), () => endSession(row, draw), { class: 'danger-text' }) },
    ], rows, tr('There are no sessions.'), tr('Sessions')));
}

const endSession = (row, draw) => sure(tr('End session'), tr('Anyone who works there must sign in again.'),
    () => remove(pathTo('sessions', row.id)), { done: tr('The session is ended.'), after: draw });

async function tokens(draw) {
    const [rows, groupsOf] = await Promise.all([all('/tokens'), groupNamer()]);
    return card(null, h('div', { class: 'actions start' }, button(tr('New token'), () => newToken(draw), { class: 'primary' })),
        table([
            { title: tr('Name'), cell: (row) => name(row.name) },
            { title: tr('Account'), cell: (row) => name(row.account) },
            { title: tr('Role'), cell: (row) => word('role', row.role) },
            { title: tr('Groups'), cell: (row) => groupsOf(row.groups) },
            { title: tr('Last used'), cell: (row) => [when(row.used), row.address && [' · ', visible(row.address)]] },
            { title: tr('Ends'), cell: (row) => time(row.ends) },
            { title: '', cell: (row) => mayEnd(row) && button(tr('Delete'), () => deleteToken(row, draw), { class: 'danger-text' }) },
        ], rows, tr('There are no tokens.'), tr('API tokens')));
}

const deleteToken = (row, draw) => sure(tr('Delete'), tr('Programs that use {name} are refused from now on.', { name: visible(row.name) }),
    () => remove(pathTo('tokens', row.id)), { done: tr('The token is deleted.'), after: draw });

async function newToken(draw) {
    const id = h('input', { type: 'text', required: true, maxlength: 60 });
    const days = h('input', { type: 'number', value: 90, min: 1, max: 730, required: true });
    const allowed = codes('role').filter(mayBe);
    const role = select(allowed.at(-1), allowed.map((code) => [code, word('role', code)]));
    const groups = groupBoxes(await allGroups(), [], tr('None ticked: all groups of the account.'));
    const password = ownPassword();
    const made = await dialog({
        title: tr('New token'),
        content: [field(tr('Name'), id), field(tr('Role'), role), field(tr('Valid for, in days'), days), groups.node, password.node],
        action: tr('Create'),
        submit: () => post('/tokens', { name: id.value, role: role.value, lifetime: `${days.value}d`, password: password.value(),
            ...(groups.value().length > 0 && { groups: groups.value() }) }),
    });
    if (!made)
        return;
    await showOnce(tr('The token'), notice('warn', tr('It is shown only now.')), h('p', { class: 'secret' }, made.token));
    await draw();
}

// Beside the certificates of those who come in: what the server is known by, and signs with.
async function certificates() {
    const [accounts, monitors, consoles, ends] = await Promise.all(['/certificates', '/monitors', '/consoles', '/ends'].map((path) => all(path)));
    const role = { title: tr('Role'), cell: (row) => word('role', row.role) };
    return [
        certificatesOf(tr('Accounts'), tr('Account'), accounts, role),
        certificatesOf(tr('Monitors'), tr('Name'), monitors),
        certificatesOf(tr('Consoles'), tr('Name'), consoles),
        card(tr('Server and patterns'), table([
            { title: tr('Kind'), cell: whatEnds },
            { title: tr('State'), cell: (row) => badge('grade', row.state) },
            { title: tr('Ends'), cell: (row) => time(row.end) },
        ], ends, tr('Nothing that ends is known.'), tr('Server and patterns'))),
    ];
}

const certificatesOf = (title, whose, rows, ...more) => card(title, table([
    { title: whose, cell: (row) => name(row.name) },
    ...more,
    { title: tr('State'), cell: (row) => badge('certificate', row.state) },
    { title: tr('Issued'), cell: (row) => time(row.issued) },
    { title: tr('Ends'), cell: (row) => time(row.expires) },
    { title: tr('Last used'), cell: (row) => day(row.used) }, // the server notes no more of it
], rows, tr('There are none.'), title));

// Above the audit log: whose rows, and of which call.
function auditFilter(query) {
    const asked = Object.fromEntries(query);
    const input = (key, title) => field(title, h('input', { type: 'text', value: asked[key] ?? '', spellcheck: 'false',
        on: { change: (event) => { location.hash = format(['administration', 'audit'], { ...asked, [key]: event.target.value.trim() }); } } }));
    return h('div', { class: 'actions start' }, input('account', tr('Account')), input('call', tr('Call')), csvLink('audit', '/audit', asked));
}

async function audit(draw, query, shown) {
    const rows = await all('/audit', Object.fromEntries(query));
    return card(null, table([
        { title: tr('Time'), cell: (row) => h('span', { class: 'nowrap' }, time(row.at)) },
        { title: tr('Account'), cell: (row) => name(row.account) },
        { title: tr('From'), cell: (row) => h('span', { class: 'nowrap' }, visible(wayOf(row.arguments).address)) },
        { title: tr('Call'), cell: (row) => said(row.call) },
        { title: tr('Arguments'), cell: (row) => h('span', { class: 'path', lang: 'en' }, visible(withHosts(wayOf(row.arguments).rest, row.endpoints))) },
        { title: tr('Result'), cell: (row) => (row.code ? h('span', { class: 'badge bad', lang: 'en' }, row.code) :
            h('span', { class: 'badge good' }, tr('done'))) },
    ], rows, tr('Nothing yet.'), tr('Audit log'), shown), newestOf(rows, rows.total));
}

// What the server says of these; null: nothing is wrong with them.
function troublesOf(summary, ...keys) {
    const troubles = keys.map((key) => summary[key]).filter(Boolean);
    return troubles.length > 0 ? troubles.map((text) => h('p', {}, said(text))) : null;
}

// What the console says of itself waits for nobody: the manager may have gone a moment ago.
async function health(draw) {
    const soon = AbortSignal.timeout(HEALTH_PATIENCE);
    const [summary, servers] = await Promise.all([get('/summary', {}, soon).catch(() => null),
        isFor(AUDIT) ? brokers(draw, soon).catch(() => null) : null]);
    const own = await get('/health'); // after these, so that it is the newest
    return [card(null, facts([
        [tr('Console'), own.version],
        [tr('Line to the manager'), badge('line', own.line)],
        [tr('Reason'), visible(own.reason)],
        [tr('Certificate of the line'), own.certificate_ends && [tr('until'), ' ', time(own.certificate_ends)]],
        [tr('Certificate of this page'), own.https_certificate_ends && [tr('until'), ' ', time(own.https_certificate_ends)]],
        [tr('Server hears its broker'), summary && (summary.server_blind ? tr('No') : tr('Yes'))],
        [tr('Brokers'), summary && troublesOf(summary, 'broker_away', 'broker_drained', 'broker_hung', 'broker_split', 'broker_refused', 'broker_reload')],
        [tr('Server'), summary && troublesOf(summary, 'audit_broken', 'clock', 'disk', 'repository_problem', 'patterns_old', 'notifications')],
        [tr('Repository signature'), summary?.repository?.expires && [tr('until'), ' ', time(summary.repository.expires)]],
        [tr('Rows of the audit log'), summary?.audit && String(summary.audit.rows)],
    ])), servers];
}
