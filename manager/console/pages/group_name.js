// SPDX-License-Identifier: Apache-2.0
// Groups by the names that people know them by.

import { all } from './api.js';
import { compare, visible } from './text.js';
import { field } from './ui.js';
import { h } from './dom.js';
import { tr } from './i18n.js';

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

// -> a function that names groups by their ids, as accounts and tokens have them; without any it is all of them.
export async function groupNamer() {
    const names = new Map(groupChoices(await allGroups()));
    return (ids) => ids.map((id) => names.get(id) ?? visible(id)).join(', ') || tr('all');
}

export function displayNameField(value = '') {
    const input = h('input', { type: 'text', value, maxlength: 64 });
    return { node: field(tr('Display name'), input, tr('For people, in any script. Empty: the id is shown.')), value: () => input.value.trim() };
}
