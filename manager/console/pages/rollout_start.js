// SPDX-License-Identifier: Apache-2.0
// The dialogs with which a roll-out starts: of an update, for everybody, a group, a filter, or for endpoints that are selected already; and
// of a group's settings.

import { post } from './api.js';
import { h } from './dom.js';
import { formOf, showRefusal } from './form.js';
import { allGroups, groupChoices } from './group_name.js';
import { tr, trn } from './i18n.js';
import { goTo } from './route.js';
import { dialog } from './ui.js';
import { word } from './words.js';

// The plan, with the server's own values where nothing else is said.
const plan = () => [
    { key: 'rings', type: 'string', default: '1%,10%,100%', label: tr('Rings'), required: true, pattern: '\\s*\\d+\\s*%?(\\s*,\\s*\\d+\\s*%?)*\\s*',
        help: tr('Up to which part of the endpoints each ring goes.'), sentences: /^rollout\.(no-)?ring/ },
    { key: 'min_success', type: 'integer', default: '95', min: 1, max: 100, label: tr('Successes that a ring needs, in percent') },
    { key: 'min_sample', type: 'integer', default: '5', min: 1, label: tr('Answers that a ring needs at least') },
    { key: 'soak', type: 'duration', default: '15m', label: tr('Soak'), help: tr('So long a ring that passed is watched before the next one begins.') },
    { key: 'silence', type: 'duration', default: '1h', label: tr('Silent after'),
        help: tr('An endpoint that it has reached, and that says nothing for so long, counts as failed.') },
    { key: 'rate', type: 'integer', default: '', optional: true, min: 1, label: tr('At most per minute'), help: tr('Empty: a whole ring at once.') },
];

// For whom, where nobody is selected.
const whom = (groups) => [
    { key: 'in_group', type: 'choice', default: '', label: tr('Group'), choices: [['', tr('All groups')], ...groupChoices(groups)] },
    { key: 'filter', type: 'string', default: '', label: tr('Filter'), placeholder: 'outdated:yes', help: tr('Empty: all of them.'),
        sentences: /^filter\./ },
];

const what = () => [
    { key: 'component', type: 'choice', default: '', label: tr('Component'), sentences: /^rollout\.(no-)?(component|takers)/,
        choices: [['', tr('All of the patterns')], ...['virus', 'agent', 'rules'].map((code) => [code, word('component', code)])] },
];

// { rings: '1%,10%', min_success: '95', rate: '', ... } -> members of the request
function bodyOf({ min_success: least, min_sample: sample, rate, component, ...texts }) {
    return { ...texts, min_success: Number(least), min_sample: Number(sample), ...(rate && { rate: Number(rate) }), ...(component && { component }) };
}

// subject: as actions have it; without one the reader says for whom.  Ends at the page of the roll-out.
export async function startRollout(subject) {
    const rows = subject ? [] : whom(await allGroups());
    const form = formOf([...rows, ...what(), ...plan()], {}, { legend: tr('Plan') });
    show(await dialog({
        title: tr('New roll-out'),
        content: [subject && h('p', {}, trn('{n} endpoint is selected.', '{n} endpoints are selected.', subject.count)), form.node,
            h('p', { class: 'help' }, tr('Its endpoints are fixed at the start: what the filter takes later is not in it.'))],
        action: tr('Start'),
        submit: () => post('/rollouts', { ...subject?.selector, ...bodyOf(form.values()) }),
        refused: (place, problem) => showRefusal(form, place, problem),
    }));
}

// settings: those that differ from the group's at this version.  What is wrong with one of these, or with the version, is thrown: they are on
// the page below.
// -> whether it has begun
export async function startTrial(path, settings, version) {
    const form = formOf(plan(), {}, { legend: tr('Plan') });
    let refusal = null;
    const started = await dialog({
        title: tr('New roll-out'),
        content: [form.node, h('p', { class: 'help' }, tr('The group has the new settings when the last ring has passed; until then they can be taken back.'))],
        action: tr('Start'),
        submit: () => post(`${path}/rollout`, { settings, ...bodyOf(form.values()) }, version).catch((problem) => {
            if (problem.status !== 412 && !(problem.args?.prefix in settings))
                throw problem;
            refusal = problem;
        }),
        refused: (place, problem) => showRefusal(form, place, problem),
    });
    if (refusal)
        throw refusal;
    show(started);
    return started !== undefined;
}

function show(rollout) {
    if (rollout)
        goTo('rollouts', rollout.id);
}
