// SPDX-License-Identifier: Apache-2.0
// Enrolment: the bundles with which PCs enrol.

import { all, pathTo, post, remove } from '../api.js';
import { h, refill } from '../dom.js';
import { follow, inTurn } from '../follow.js';
import { allGroups, groupChoices, groupNamer } from '../group_name.js';
import { number, time, tr } from '../i18n.js';
import { mayBe } from '../session.js';
import { badge, button, card, dialog, field, heading, name, notice, select, showOnce, sure, table } from '../ui.js';

const EVERY = 30_000; // ms: no message tells of a bundle that is used

export async function enrolment() {
    const body = h('div', {});
    const draw = inTurn(async () => refill(body, await bundles(draw)));
    await draw();
    return {
        title: tr('Enrolment'),
        node: h('div', { class: 'page' }, heading(tr('Enrolment'),
            mayBe('administrator') && button(tr('New bundle'), () => create(draw), { class: 'primary' })), body),
        close: follow({}, draw, { every: EVERY }),
    };
}

async function bundles(draw) {
    const [rows, groupsOf] = await Promise.all([all('/bundles'), groupNamer()]);
    return card(tr('Bundles'), table([
        { title: tr('Id'), cell: (row) => row.id },
        { title: tr('State'), cell: (row) => badge('bundle', row.state) },
        { title: tr('Group'), cell: (row) => groupsOf([row.group]) },
        { title: tr('For'), cell: (row) => row.endpoint || tr('new endpoints') },
        { title: tr('Uses left'), end: true, cell: (row) => number(row.uses_left) },
        { title: tr('Until'), cell: (row) => time(row.expires) },
        { title: tr('By'), cell: (row) => name(row.created_by) },
        { title: '', cell: (row) => row.state === 'valid' && mayBe('administrator') &&
            button(tr('Withdraw'), () => withdraw(row, draw), { class: 'danger-text' }) },
    ], rows.sort((a, b) => b.expires.localeCompare(a.expires)), tr('No bundles yet.'), tr('Bundles')));
}

async function create(draw) {
    const groups = await allGroups();
    const group = select(groups[0]?.name, groupChoices(groups));
    const uses = h('input', { type: 'number', value: 1, min: 1, max: 100000, required: true });
    const days = h('input', { type: 'number', value: 7, min: 1, max: 365, required: true });
    const bundle = await dialog({
        title: tr('New bundle'),
        content: [field(tr('Group'), group), field(tr('For how many endpoints'), uses), field(tr('Valid for, in days'), days)],
        action: tr('Create'),
        submit: () => post('/bundles', { group: group.value, uses: Number(uses.value), expires: `${days.value}d` }),
    });
    if (!bundle)
        return;
    await hand(bundle); // before anything that could fail
    await draw();
}

// It contains a secret that the server does not keep: this is the only time that it can be had.
async function hand({ id, bundle }) {
    const url = URL.createObjectURL(new Blob([bundle], { type: 'application/octet-stream' }));
    await showOnce(tr('The bundle is ready'),
        notice('warn', tr('It contains a secret and can be downloaded only now: carry it to the PCs, then delete it.')),
        h('p', {}, h('a', { class: 'button primary', href: url, download: `${id}.bundle` }, tr('Download'))));
    URL.revokeObjectURL(url);
}

const withdraw = ({ id }, draw) => sure(tr('Withdraw'), tr('Nobody can enrol with {id} any longer.', { id }),
    () => remove(pathTo('bundles', id)), { done: tr('The bundle is withdrawn.'), after: draw });
