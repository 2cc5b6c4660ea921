// SPDX-License-Identifier: Apache-2.0
// A form made from the table of settings: one editor for each kind.

import { checkbox, field, select } from './ui.js';
import { choiceLabel, settingHelp, settingLabel, sortSettings } from './setting_words.js';
import { h } from './dom.js';
import { parseDuration, parseList, parseSchedule, printList, printSchedule, WEEKDAYS } from './settings.js';
import { tr } from './i18n.js';
import { word } from './words.js';

// Each makes { node, value() } for a setting: { key, type, min, max, choices, default, text }.
const EDITORS = {
    bool: editBool,
    choice: editChoice,
    integer: editInteger,
    duration: editDuration,
    list: editList,
    schedule: editSchedule,
    string: editString,
};

// settings: the rows for this form; values: { key: text }; locked: the reader may look only; changed(): something was edited.
export function settingsForm(settings, values, { locked, changed }) {
    const editors = sortSettings(settings).map((setting) =>
        ({ key: setting.key, ...(EDITORS[setting.type] ?? editString)(setting, values[setting.key] ?? setting.default) }));
    const node = h('fieldset', { class: 'settings', disabled: locked, on: { input: changed, change: changed } },
        h('legend', { class: 'unseen' }, tr('Settings')), editors.map((editor) => editor.node));
    return { node, values: () => Object.fromEntries(editors.map((editor) => [editor.key, editor.value()])) };
}

function labelled(setting, control) {
    return field(settingLabel(setting.key), control, settingHelp(setting));
}

function editBool(setting, value) {
    const { input, node } = checkbox(settingLabel(setting.key), value === 'yes', { name: setting.key });
    const help = settingHelp(setting);
    if (help) {
        const note = h('p', { class: 'help', id: `${setting.key}-help` }, help);
        input.setAttribute('aria-describedby', note.id);
        return { node: h('div', { class: 'field' }, node, note), value: () => (input.checked ? 'yes' : 'no') };
    }
    return { node: h('div', { class: 'field' }, node), value: () => (input.checked ? 'yes' : 'no') };
}

function editChoice(setting, value) {
    const control = select(value, setting.choices.map((choice) => [choice, choiceLabel(setting.key, choice)]), { name: setting.key });
    return { node: labelled(setting, control), value: () => control.value };
}

function editInteger(setting, value) {
    const control = h('input', { type: 'number', name: setting.key, value, min: setting.min, max: setting.max, step: 1, required: true });
    return { node: labelled(setting, control), value: () => control.value };
}

function editString(setting, value) {
    const control = h('input', { type: 'text', name: setting.key, value, class: 'wide', spellcheck: 'false' });
    return { node: labelled(setting, control), value: () => control.value.trim() };
}

function editList(setting, value) {
    const lines = parseList(value);
    const control = h('textarea', { name: setting.key, rows: Math.max(2, lines.length + 1), class: 'wide', spellcheck: 'false' });
    control.value = lines.join('\n');
    return { node: labelled(setting, control), value: () => printList(control.value) };
}

function unitOptions() {
    return [['s', tr('seconds')], ['m', tr('minutes')], ['h', tr('hours')], ['d', tr('days')]];
}

// A number and a unit; names: what both are called for those who hear the form.
function durationPair(value, label) {
    const { n, unit } = parseDuration(value) ?? { n: 0, unit: 's' };
    const amount = h('input', { type: 'number', value: n, min: 0, step: 1, required: true, class: 'short' });
    const units = select(unit, unitOptions(), { 'aria-label': tr('{label}: unit', { label }) });
    return { amount, units, value: () => `${amount.value}${units.value}` };
}

function editDuration(setting, value) {
    const label = settingLabel(setting.key);
    const pair = durationPair(value, label);
    const node = labelled(setting, pair.amount);
    pair.amount.name = setting.key;
    pair.amount.after(pair.units);
    return { node, value: pair.value };
}

function editSchedule(setting, value) {
    const label = settingLabel(setting.key);
    const was = parseSchedule(value);
    const kinds = [['off', tr('Off')], ['every', tr('Every …')], ['daily', tr('Daily')], ['weekly', tr('Weekly')]];
    const kind = select(was.kind, kinds, { name: setting.key });
    const every = durationPair(was.every, label);
    const weekday = select(was.weekday, WEEKDAYS.map((code) => [code, word('weekday', code)]),
        { 'aria-label': tr('{label}: weekday', { label }) });
    const clock = h('input', { type: 'time', value: was.time, required: true, 'aria-label': tr('{label}: time', { label }) });
    every.amount.setAttribute('aria-label', tr('{label}: interval', { label }));
    const parts = { every: h('span', { class: 'pair' }, every.amount, every.units), weekday, clock };
    const node = labelled(setting, kind);
    kind.after(parts.every, parts.weekday, parts.clock);
    kind.addEventListener('change', showParts);
    showParts();

    function showParts() {
        parts.every.hidden = kind.value !== 'every';
        parts.weekday.hidden = kind.value !== 'weekly';
        parts.clock.hidden = kind.value !== 'weekly' && kind.value !== 'daily';
    }

    return {
        node,
        value: () => printSchedule({ kind: kind.value, every: every.value(), weekday: weekday.value, time: clock.value }),
    };
}
