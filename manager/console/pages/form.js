// SPDX-License-Identifier: Apache-2.0
// A form made from a table: one editor for each kind of value.  What travels is text, as on the command line.

import { fill, h } from './dom.js';
import { tr } from './i18n.js';
import { durationSeconds, parseDuration, parseList, parseSchedule, printList, printSchedule, WEEKDAYS } from './settings.js';
import { button, checkbox, field, problemBox, select } from './ui.js';
import { word } from './words.js';

// Each makes { node, value() } for a row: { key, type, label, help, min, max, choices: [[value, text]], optional, pattern, placeholder,
// sentences: those of the server that are about it, but do not name it }.
const EDITORS = {
    bool: editBool,
    choice: editChoice,
    integer: editInteger,
    duration: editDuration,
    list: editList,
    schedule: editSchedule,
    several: editSeveral,
    string: editString,
};

// rows: as above, with a default; values: { key: text }; legend: what the form is about, for those who hear it; locked: the reader may
// look only; changed(): something was edited; back: the text of a button that gives a row its default again, if it has another value.
export function formOf(rows, values, { legend, locked, changed, back }) {
    const editors = rows.map((row) => new Editor(row, values[row.key] ?? row.default, locked ? null : back, edited));
    const node = h('fieldset', { class: 'settings', disabled: locked, on: { input: edited, change: edited } },
        h('legend', { class: 'unseen' }, legend), editors.map((editor) => editor.node));

    function edited() {
        editors.forEach((editor) => editor.showBack());
        node.querySelectorAll('[aria-invalid]').forEach((control) => control.removeAttribute('aria-invalid'));
        changed?.();
    }

    return {
        node,
        rows,
        values: () => Object.fromEntries(editors.map((editor) => [editor.key, editor.value()])),
        controlOf: (key) => node.elements[key],
    };
}

// Nothing is entered while what was is on its way: the answer draws another form.  form: the element; send(), a promise.  Where it is the
// same form afterwards, the reader is at the same control.
export async function whileLocked(form, send) {
    const at = document.activeElement;
    const controls = [...form.elements].filter((control) => !control.disabled);
    controls.forEach((control) => { control.disabled = true; });
    try {
        await send();
    } finally {
        controls.forEach((control) => { control.disabled = false; });
        if (document.activeElement === document.body || document.activeElement === at)
            at?.focus({ preventScroll: true });
    }
}

// The row that a refusal is about, which the server names by its key there, a setting or an argument; undefined: none.
export function refusedRow({ rows }, { args = {}, sentence }) {
    const named = args.prefix ?? args.key;
    return rows.find(({ key, sentences }) => key === named || key === named?.replaceAll('-', '_') || sentences?.test(sentence));
}

// What the server refused, by the name that the row has on this page, and at its control.
export function showRefusal(form, outcome, problem) {
    const row = refusedRow(form, problem);
    const control = row && form.controlOf(row.key);
    if (row)
        problem.message = problem.message.replace(problem.args.prefix ?? problem.args.key, row.label);
    fill(outcome, problemBox(problem));
    control?.setAttribute('aria-invalid', 'true');
    control?.focus();
}

// "60s" and "1m" are one time.
function isSame(a, b) {
    return a === b || (durationSeconds(a) !== null && durationSeconds(a) === durationSeconds(b));
}

class Editor {
    constructor(row, value, back, edited) {
        this.key = row.key;
        this.row = row;
        this.node = h('div', {});
        if (back) {
            this.fallback = this.#make(row.default).value(); // as this editor writes it
            this.back = button(back(row), () => this.#giveBack(edited), { 'class': 'link back', 'aria-label': `${row.label}: ${back(row)}` });
        }
        this.#draw(value);
    }

    #make(value) {
        return (EDITORS[this.row.type] ?? editString)(this.row, value);
    }

    #draw(value) {
        const editor = this.#make(value);
        this.value = editor.value;
        fill(this.node, editor.node, this.back);
        this.showBack();
    }

    #giveBack(edited) {
        this.#draw(this.row.default);
        this.node.querySelector('input, select, textarea').focus(); // the button is hidden now
        edited();
    }

    showBack() {
        if (this.back)
            this.back.hidden = isSame(this.value(), this.fallback);
    }
}

function labelled(row, control) {
    return field(row.label, control, row.help);
}

function editBool(row, value) {
    const { input, node } = checkbox(row.label, value === 'yes', { name: row.key });
    const note = row.help && h('p', { class: 'help', id: `${row.key}-help` }, row.help);
    if (note)
        input.setAttribute('aria-describedby', note.id);
    return { node: h('div', { class: 'field' }, node, note), value: () => (input.checked ? 'yes' : 'no') };
}

function editChoice(row, value) {
    const control = select(value, row.choices, { name: row.key });
    return { node: labelled(row, control), value: () => control.value };
}

function editInteger(row, value) {
    const control = h('input', { type: 'number', name: row.key, value, min: row.min, max: row.max, step: 1, required: !row.optional });
    return { node: labelled(row, control), value: () => control.value };
}

function editString(row, value) {
    const control = h('input', { type: 'text', name: row.key, value, class: 'wide', spellcheck: 'false', required: row.required,
        pattern: row.pattern, placeholder: row.placeholder });
    return { node: labelled(row, control), value: () => control.value.trim() };
}

// Those of the choices that are ticked; one that is no choice (of a newer server, of a group that was deleted) stays.
function editSeveral(row, value) {
    const chosen = parseList(value);
    const others = chosen.filter((code) => !row.choices.some(([choice]) => choice === code));
    const boxes = [...row.choices, ...others.map((code) => [code, code])].map(([code, text]) =>
        ({ code, ...checkbox(text, chosen.includes(code), { name: `${row.key}.${code}` }) }));
    return {
        node: h('fieldset', { class: 'field' }, h('legend', {}, row.label), row.help && h('p', { class: 'help' }, row.help),
            h('div', { class: 'checks' }, boxes.map((box) => box.node))),
        value: () => boxes.filter((box) => box.input.checked).map((box) => box.code).join(','),
    };
}

function editList(row, value) {
    const lines = parseList(value);
    const control = h('textarea', { name: row.key, rows: Math.max(2, lines.length + 1), class: 'wide', spellcheck: 'false' });
    control.value = lines.join('\n');
    return { node: labelled(row, control), value: () => printList(control.value) };
}

function unitOptions() {
    return Object.entries({ s: tr('seconds'), m: tr('minutes'), h: tr('hours'), d: tr('days'), w: tr('weeks') });
}

// A number and a unit; names: what both are called for those who hear the form.
function durationPair(value, label) {
    const { n, unit } = parseDuration(value);
    const amount = h('input', { type: 'number', value: n, min: 0, step: 1, required: true, class: 'short' });
    const units = select(unit, unitOptions(), { 'aria-label': tr('{label}: unit', { label }) });
    return { amount, units, value: () => `${amount.value}${units.value}` };
}

// What is written as nothing that is known here (of a newer server), or in milliseconds, is edited as it is, and never taken for 0 or off.
function editDuration(row, value) {
    if (!parseDuration(value) || value.endsWith('ms'))
        return editString(row, value);
    const pair = durationPair(value, row.label);
    const node = labelled(row, pair.amount);
    pair.amount.name = row.key;
    pair.amount.after(pair.units);
    return { node, value: pair.value };
}

function editSchedule(row, value) {
    const was = parseSchedule(value);
    if (!was || was.every.endsWith('ms'))
        return editString(row, value);
    const kinds = [['off', tr('Off')], ['every', tr('Every …')], ['daily', tr('Daily')], ['weekly', tr('Weekly')]];
    const kind = select(was.kind, kinds, { name: row.key });
    const every = durationPair(was.every, row.label);
    const weekday = select(was.weekday, WEEKDAYS.map((code) => [code, word('weekday', code)]),
        { 'aria-label': tr('{label}: weekday', { label: row.label }) });
    const clock = h('input', { type: 'time', value: was.time, required: true, 'aria-label': tr('{label}: time', { label: row.label }) });
    every.amount.setAttribute('aria-label', tr('{label}: interval', { label: row.label }));
    const parts = { every: h('span', { class: 'pair' }, every.amount, every.units), weekday, clock };
    const node = labelled(row, kind);
    kind.after(parts.every, parts.weekday, parts.clock);
    kind.addEventListener('change', showParts);
    showParts();

    // A browser would find a value wrong in what is hidden, and say so nowhere: what is disabled it does not look at.
    function showParts() {
        const shown = { every: kind.value === 'every', weekday: kind.value === 'weekly', clock: ['daily', 'weekly'].includes(kind.value) };
        for (const [part, isShown] of Object.entries(shown))
            parts[part].hidden = !isShown;
        every.amount.disabled = every.units.disabled = !shown.every;
        weekday.disabled = !shown.weekday;
        clock.disabled = !shown.clock;
    }

    return {
        node,
        value: () => printSchedule({ kind: kind.value, every: every.value(), weekday: weekday.value, time: clock.value }),
    };
}
