// SPDX-License-Identifier: Apache-2.0
// Groups by the names that people know them by.

import { all } from './api.js';
import { h } from './dom.js';
import { list, tr } from './i18n.js';
import { compare, visible } from './text.js';
import { field } from './ui.js';

// A group's display name, or else its id.
export function groupName(group) {
    return group.display_name || group.name;
}

// settings: keys of those that the rows are to have.
export async function allGroups(settings = []) {
    return (await all('/groups', { settings: settings.join() })).sort((a, b) => compare(groupName(a), groupName(b)));
}

// For a control in which one is chosen.
export function groupChoices(groups) {
    return groups.map((row) => [row.name, visible(groupName(row))]);
}

const FRESH = 5000; // ms: nothing tells of a group that is renamed, and pages that draw themselves again need not ask each time
let names = null; // a promise of a map from ids
let asked = 0;

// -> a function that names a group by its id.
export async function groupNames() {
    if (!names || Date.now() - asked > FRESH) {
        asked = Date.now();
        names = allGroups().then((groups) => new Map(groupChoices(groups)));
        names.catch(() => { names = null; });
    }
    const known = await names;
    return (id) => known.get(id) ?? visible(id);
}

// -> the same for the ids that accounts and tokens have; without any it is all of them.
export async function groupNamer() {
    const nameOf = await groupNames();
    return (ids) => list(ids.map(nameOf)) || tr('all');
}

export function displayNameField(value = '') {
    const input = h('input', { type: 'text', value, maxlength: 64 });
    return { node: field(tr('Display name'), input, tr('For people, in any script. Empty: the id is shown.')), value: () => input.value.trim() };
}
