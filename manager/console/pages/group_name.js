// SPDX-License-Identifier: Apache-2.0
// The field for the name by which people know a group.

import { field } from './ui.js';
import { h } from './dom.js';
import { tr } from './i18n.js';

export function displayNameField(value = '') {
    const input = h('input', { type: 'text', value, maxlength: 64 });
    return { node: field(tr('Display name'), input, tr('For people, in any script. Empty: the id is shown.')), value: () => input.value.trim() };
}
