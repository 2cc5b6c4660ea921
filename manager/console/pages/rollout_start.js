// SPDX-License-Identifier: Apache-2.0
// The dialogs with which a roll-out starts: of an update, for everybody, a group, a filter, or for endpoints that are selected already; and
// of a group's settings.

import { allGroups, groupChoices } from './group_name.js';
import { post } from './api.js';
import { dialog, field, select } from './ui.js';
import { format } from './route.js';
import { formOf } from './form.js';
import { h } from './dom.js';
import { tr, trn } from './i18n.js';
import { word } from './words.js';

// The plan, with the server's own values where nothing else is said.
const plan = () => [
    { key: 'rings', type: 'string', default: '1%,10%,100%', label: tr('Rings'), required: true, pattern: '\\s*\\d+\\s*%?(\\s*,\\s*\\d+\\s*%?)*\\s*',
        help: tr('Up to which part of the endpoints each ring goes.') },
    { key: 'min_success', type: 'integer', default: '95', min: 1, max: 100, label: tr('Successes that a ring needs, in percent') },
    { key: 'min_sample', type: 'integer', default: '5', min: 1, label: tr('Answers that a ring needs at least') },
    { key: 'soak', type: 'duration', default: '15m', label: tr('Soak'), help: tr('So long a ring that passed is watched before the next one begins.') },
    { key: 'silence', type: 'duration', default: '1h', label: tr('Silent after'),
        help: tr('An endpoint that it has reached, and that says nothing for so long, counts as failed.') },
    { key: 'rate', type: 'integer', default: '', optional: true, min: 1, label: tr('At most per minute'), help: tr('Empty: a whole ring at once.') },
];

// { rings: '1%,10%', min_success: '95', rate: '', ... } -> members of the request
function planOf({ min_success: least, min_sample: sample, rate, ...texts }) {
    return { ...texts, min_success: Number(least), min_sample: Number(sample), ...(rate && { rate: Number(rate) }) };
}

// subject: as actions have it; without one the reader says for whom.  Ends at the page of the roll-out.
export async function startRollout(subject) {
    const members = subject ? chosen(subject) : await choice();
    const component = select('', [['', tr('All of the patterns')], ...['virus', 'agent', 'rules'].map((code) => [code, word('component', code)])]);
    const form = formOf(plan(), {}, { legend: tr('Plan') });
    const reply = await dialog({
        title: tr('New roll-out'),
        content: [members.node, field(tr('Component'), component), form.node, h('p', { class: 'help' }, tr('Its endpoints are fixed at the start: what the filter takes later is not in it.'))],
        action: tr('Start'),
        submit: () => post('/rollouts', { ...members.body(), ...planOf(form.values()), ...(component.value && { component: component.value }) }),
    });
    goTo(reply);
}

// settings: those that differ from the group's at this version.  -> whether it has begun
export async function startTrial(path, settings, version) {
    const form = formOf(plan(), {}, { legend: tr('Plan') });
    return goTo(await dialog({
        title: tr('New roll-out'),
        content: [form.node, h('p', { class: 'help' }, tr('The group has the new settings when the last ring has passed; until then they can be taken back.'))],
        action: tr('Start'),
        submit: () => post(`${path}/rollout`, { settings, ...planOf(form.values()) }, version),
    }));
}

function goTo(reply) {
    if (reply)
        location.hash = format(['rollouts', reply.body.id]);
    return reply !== undefined;
}

function chosen(subject) {
    return { node: h('p', {}, trn('{n} endpoint is selected.', '{n} endpoints are selected.', subject.count)), body: () => subject.selector };
}

async function choice() {
    const groups = await allGroups();
    const group = select('', [['', tr('All groups')], ...groupChoices(groups)]);
    const filter = h('input', { type: 'text', spellcheck: 'false', placeholder: 'outdated:yes' });
    return {
        node: [field(tr('Group'), group), field(tr('Filter'), filter, tr('Empty: all of them.'))],
        body: () => ({ filter: filter.value.trim(), in_group: group.value }),
    };
}
