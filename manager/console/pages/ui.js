// SPDX-License-Identifier: Apache-2.0
// The pieces that pages are put together from.

import { address, spreadsheet } from './api.js';
import { append, fill, h, icon, setText } from './dom.js';
import { ago, number, time, tr } from './i18n.js';
import { format } from './route.js';
import { visible } from './text.js';
import { hasOwnWords, problemText, tone, word } from './words.js';

// A name that a stranger chose: set apart, so that its direction of writing does not reach into the text around it.  Where it is cut off
// the pointer shows the whole.
export function name(text) {
    const shown = visible(text);
    return h('bdi', { title: shown }, shown);
}

export function endpointLink(id, host, attributes) {
    return h('a', { href: format(['endpoints', id]), ...attributes }, name(host || id));
}

// What a program said, which speaks English where the server has no other words for it.
const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/;

export function said(text) {
    return h('span', { lang: JAPANESE.test(text) ? null : 'en' }, visible(text));
}

// What ends: the certificate of somebody, the signature of a component.
export const whatEnds = ({ kind, name: whose }) => [word('end', kind), whose && [' ', kind === 'component' ? word('component', whose) : name(whose)]];

export function badge(table, code) {
    return h('span', { class: `badge ${tone(table, code)}` }, word(table, code));
}

// "4 minutes ago" with the time itself where the pointer rests.
export function when(iso) {
    return iso ? h('time', { datetime: iso, title: time(iso) }, ago(iso)) : '–';
}

export function button(text, click, attributes = {}) {
    return h('button', { type: 'button', ...attributes, on: { click, ...attributes.on } }, text);
}

// What the server said of it, in English, where our words leave something out.
const ownWords = (problem) => (hasOwnWords(problem) || problem.isWorded || problem.message === problem.code ? '' : visible(problem.message));

// What the server said, for people: our words, and its own below them.
export function problemBox(problem) {
    const own = ownWords(problem);
    return h('div', { class: 'notice bad', role: 'alert' }, h('p', {}, problemText(problem)),
        own && h('p', { class: 'detail', lang: 'en' }, own));
}

export const notice = (kind, ...content) => h('div', { class: `notice ${kind}` }, content);

export function heading(text, ...beside) {
    return h('div', { class: 'heading' }, h('h1', {}, text), h('div', { class: 'beside' }, beside));
}

// The way to a page that is below others: links, and what stands between them.
export const crumbs = (...links) => h('nav', { class: 'crumbs', 'aria-label': tr('Path') }, links);

export function card(title, ...content) {
    return h('section', { class: 'card' }, title && h('h2', {}, title), content);
}

// A definition list of [term, value]; what has no value is left out.
export function facts(rows) {
    return h('dl', { class: 'facts' }, rows.filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}

let unique = 0;

const MANY = 100; // rows: a browser lays out ten thousand for seconds, in which the page answers to nothing

// How many rows of a table the reader has asked for: a page that draws it again keeps this.
export const extent = () => ({ rows: MANY });

// columns: [{ title, cell(row), end }]; end: numbers, which stand at the right.  Of many rows the first, and a button for more.
export function table(columns, rows, empty, label, shown = extent()) {
    if (rows.length === 0)
        return h('p', { class: 'empty' }, empty);
    const side = (column) => (column.end ? 'end' : null);
    const body = h('tbody', {});
    const more = button('', () => extend(MANY), { class: 'more', on: { print: () => extend(rows.length) } });
    const region = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label ?? tr('Table') },
        h('table', {},
            h('thead', {}, h('tr', {}, columns.map((column) =>
                h(column.title ? 'th' : 'td', { scope: column.title ? 'col' : null, class: side(column) }, column.title)))),
            body));
    extend(0);
    return [region, more];

    function extend(by) {
        shown.rows += by;
        append(body, rows.slice(body.children.length, shown.rows).map((row) => h('tr', {}, columns.map((column) =>
            h('td', { 'class': side(column), 'data-title': column.title || null }, column.cell(row))))));
        if (shown.rows >= rows.length && document.activeElement === more)
            region.focus({ preventScroll: true }); // the button goes
        more.hidden = shown.rows >= rows.length;
        more.textContent = tr('{n} more', { n: number(rows.length - shown.rows) });
    }
}

// Under a list whose older rows the server has not given; total: undefined where these are all.  One more than it counts: many.
const MOST = 50_001;
const counted = (total) => (total === MOST ? `${number(MOST - 1)}+` : number(total));
export const newestOf = (rows, total) => total > 0 &&
    notice('info', tr('These are the latest {n} of {all}.', { n: number(rows.length), all: counted(total) }));

// On paper there is no button: tables are drawn to their ends.
export function drawWhole() {
    document.querySelectorAll('.more:not([hidden]), .on-paper').forEach((node) => node.dispatchEvent(new Event('print')));
}

// What is printed in place of something that is for the screen alone; draw(): it, as it is then.
export function onPaper(draw) {
    const node = h('div', { class: 'on-paper', on: { print: () => fill(node, draw()) } });
    return node;
}

// All rows of a list for a spreadsheet.  It is asked for as other things are: when the session has ended a browser that follows the link
// would say nothing.
export function csvLink(file, path, query) {
    const link = h('a', { class: 'button', download: `${file}.csv`, href: path && address(path, { ...query, format: 'csv' }), on: { click } },
        tr('CSV'));

    async function click(event) {
        event.preventDefault();
        const url = URL.createObjectURL(await spreadsheet(link.href));
        h('a', { href: url, download: link.download }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after this
    }

    return link;
}

// One of several views of a page: links, so that each has an address.
export function tabs(label, entries) {
    return h('nav', { class: 'tabs', 'aria-label': label }, entries.map(({ href, text, current }) =>
        h('a', { href, 'aria-current': current ? 'page' : null }, text)));
}

// Above a list: whether it has all or only what is open, each with its address; and by which filter a link narrowed it.
export function openOrAll(path, query, openText) {
    const filter = query.get('filter') ?? '';
    const isOpen = query.get('open') === 'yes';
    const entry = (open, text, current) => ({ href: format(path, { filter, open }), text, current });
    return [tabs(tr('Show'), [entry('', tr('All of them'), !isOpen), entry('yes', openText, isOpen)]),
        filter && notice('info', tr('Filter'), ': ', name(filter), ' · ', h('a', { href: format(path) }, tr('All of them')))];
}

// A labelled control.  more: help under it, or an error that takes its place.
export function field(label, control, help) {
    const id = `f${++unique}`;
    const note = help ? h('p', { class: 'help', id: `${id}-help` }, help) : null;
    control.id = id;
    if (note)
        control.setAttribute('aria-describedby', note.id);
    return h('div', { class: 'field' }, h('label', { for: id }, label), control, note);
}

export function checkbox(label, checked, attributes = {}) {
    const input = h('input', { type: 'checkbox', checked, ...attributes });
    return { input, node: h('label', { class: 'check' }, input, h('span', {}, label)) };
}

// options: [[value, text]]
export function select(value, options, attributes = {}) {
    const node = h('select', attributes, options.map(([code, text]) => h('option', { value: code }, text)));
    node.value = value;
    return node;
}

// ---------------------------------------------------------------------------------------------------------- messages

// For readers who do not see what changed, and in the corner for those who do.
export function announce(text, kind = 'good') {
    const place = document.getElementById('messages');
    const message = h('p', { class: `message ${kind}` }, text);
    place.append(message);
    setTimeout(() => message.remove(), 8000);
}

export function announceProblem(problem) {
    const own = ownWords(problem);
    announce([problemText(problem), own && [' (', said(own), ')']], 'bad');
}

// ----------------------------------------------------------------------------------------------------------- dialogs

const showProblem = (place, problem) => fill(place, problemBox(problem));

// The browser has given the focus back to where it was before the dialog, if that is still there.
function backTo(at) {
    if (at.matches('input, textarea'))
        at.blur(); // Chromium has left the caret in what is gone: nothing could be typed
    (at === document.body ? document.getElementById('main') : at)?.focus({ preventScroll: true });
}

// Shows a form over the page.  submit() may throw a Problem, which refused(place, problem) shows; what it returns closes the dialog and is
// the result, but for false: then nothing was done, and the dialog stays.  Cancelled: undefined.  canClose: no: it stays until it is
// answered, or until that promise is kept.  canCancel: no: there is only something to read.
// What was sent cannot be called back, and a secret may come for it: until its answer is there the dialog stays.
export function dialog({ title, content, action, danger, submit, refused = showProblem, canClose = true, canCancel = canClose, until }) {
    return new Promise((resolve) => {
        const id = `d${++unique}`; // there may be another one under it
        const error = h('div', {});
        const go = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, action);
        const cancel = canCancel && button(tr('Cancel'), () => box.close());
        let mayClose = canClose;
        let outcome;
        const form = h('form', { method: 'dialog', on: { submit: send } },
            h('h2', { id }, title), content, error,
            h('div', { class: 'actions' }, cancel, go));
        const box = h('dialog', { 'aria-labelledby': id, 'class': canClose ? null : 'must',
            'on': { close, mousedown, keydown, cancel: (event) => mayClose || event.preventDefault() } }, form);
        until?.then(() => {
            mayClose = true;
            box.close();
            close(); // its event waits for a frame, and a tab that nobody looks at has none
        });

        // Beside the form: a click that was meant for the page, when this came over it, must not take the focus to where nothing can be entered.
        function mousedown(event) {
            if (event.target === box)
                event.preventDefault();
        }

        // Browsers let the second Escape close anything, and the third what is under it then, with what was entered there.
        function keydown(event) {
            if (event.key === 'Escape' && !mayClose)
                event.preventDefault();
        }

        async function send(event) {
            event.preventDefault();
            setBusy(true);
            fill(error);
            try {
                const done = (await submit?.()) ?? true;
                if (done === false && !('gone' in box.dataset)) {
                    setBusy(false);
                    go.focus(); // a dialog over this one could not give it back to what was disabled
                    return;
                }
                outcome = done;
                mayClose = true;
                box.close();
            } catch (problem) {
                setBusy(false);
                refused(error, problem);
            }
        }

        function setBusy(isBusy) {
            mayClose = canClose && !isBusy;
            go.disabled = isBusy;
            if (cancel)
                cancel.disabled = isBusy;
        }

        function close() {
            if (!mayClose) { // a telephone's way back, like Escape, closes anything the second time
                box.showModal();
                return;
            }
            box.remove();
            backTo(document.activeElement);
            resolve(outcome);
        }

        // Where nothing is entered, Enter does what the reader came for, unless that does harm.
        go.autofocus = !danger && !form.querySelector('input, select, textarea');
        document.body.append(box);
        box.showModal();
    });
}

// They belong to the page under them: when that goes, so do they, but for what must be answered.
export function closeDialogs() {
    document.querySelectorAll('dialog:not(.must)').forEach((box) => {
        box.dataset.gone = ''; // one that waits for an answer closes after it
        box.close();
    });
}

export function confirm(title, content, action, submit, danger = true) {
    return dialog({ title, content, action, danger, submit });
}

// Asks whether to, does it, says that it is done, and then, with what run() returned, what else is to follow: the page is another one now.
export async function sure(title, question, run, { done, danger, after } = {}) {
    const outcome = await confirm(title, h('p', {}, question), title, run, danger);
    if (!outcome)
        return;
    if (done)
        announce(done);
    await after?.(outcome);
}

// The server does not tell it again: the dialog stays until its button is pressed.
export function showOnce(title, ...content) {
    return dialog({ title, content, action: tr('Close'), canClose: false });
}

// The id of something that is made: for scripts and topics.
export function idInput(maxlength) {
    return h('input', { type: 'text', required: true, pattern: '[a-z0-9][a-z0-9._\\-]*', maxlength, autocapitalize: 'none', spellcheck: 'false' });
}

// A button that opens a list of actions: [{ text, click, disabled }].
export function menu(label, entries, attributes = {}) {
    const list = h('div', { class: 'menu-list' }, entries.map((entry) => button(entry.text, () => {
        box.open = false;
        entry.click();
    }, { disabled: entry.disabled ?? false, class: entry.danger ? 'danger-text' : null })));
    const box = h('details', { class: 'menu', ...attributes, on: { keydown, focusout } },
        h('summary', {}, label, icon('down')), list);

    function keydown(event) {
        if (event.key === 'Escape' && box.open) {
            box.open = false;
            box.firstChild.focus();
            event.stopPropagation();
        }
    }

    function focusout(event) {
        if (!box.contains(event.relatedTarget))
            box.open = false;
    }

    return box;
}

// A page that waits for its data shows nothing for a moment, rather than flicker.
export function loading() {
    return h('p', { class: 'loading', role: 'status' }, tr('Loading…'));
}

// Keeps times like "4 minutes ago" right while they are on the screen.
export function tickTimes() {
    for (const node of document.querySelectorAll('time[datetime]'))
        setText(node, ago(node.dateTime));
}
