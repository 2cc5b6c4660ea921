// SPDX-License-Identifier: Apache-2.0
// Security Settings: the groups, and the endpoints of one or all, filtered, sorted and selected.

import { actionButtons, subjectOfSelection } from '../actions.js';
import { address, post } from '../api.js';
import { allColumns, chooseColumns, fieldsOf, knownColumns } from '../columns.js';
import { fill, h, icon, refill, setText } from '../dom.js';
import { always, follow } from '../follow.js';
import { Grid } from '../grid.js';
import { allGroups, displayNameField, groupName } from '../group_name.js';
import { number, tr, trn } from '../i18n.js';
import { List } from '../list.js';
import { format, goTo } from '../route.js';
import { Selection } from '../selection.js';
import { isLimited, mayBe } from '../session.js';
import { SETTING_PAGES } from '../setting_words.js';
import { announce, button, checkbox, csvLink, dialog, field, heading, idInput, name, onPaper, problemBox, table } from '../ui.js';
import { viewsMenu } from '../views.js';

const PAUSE = 300; // ms after the last key, before the filter is asked for

// A list that is shorter than this is asked for again when something may have entered it; a longer one offers it.
const RELOADED = 1000;
const RELOAD_PACE = 2000; // ms

export async function endpoints(names, query) {
    const page = new EndpointsPage(query);
    await page.load().catch((problem) => {
        page.close();
        throw problem;
    });
    return { title: tr('Security Settings'), node: page.node, close: () => page.close(), shown: () => page.grid.draw() };
}

// Anybody can write there, and earlier versions did.
function storedColumns() {
    try {
        const stored = JSON.parse(localStorage.getItem('columns'));
        return Array.isArray(stored) ? stored : [];
    } catch {
        return [];
    }
}

class EndpointsPage {
    constructor(query) {
        this.group = query.get('group') ?? '';
        this.filter = query.get('filter') ?? '';
        this.sort = query.get('sort') ?? 'host';
        this.columns = knownColumns(query.get('columns')?.split(',') ?? storedColumns());
        this.selection = new Selection();
        this.list = new List('/endpoints', (what, index) => this.#listChanged(what, index));
        this.#make();
        this.subscriptions = [
            follow({ endpoints: (data) => this.#told(data) }, () => this.#reload(), { pace: RELOAD_PACE }),
            follow({ groups: always }, () => this.#loadGroups()),
        ];
    }

    close() {
        clearTimeout(this.timer);
        this.list.stop();
        this.grid.close();
        this.subscriptions.forEach((end) => end());
    }

    async load() {
        await Promise.all([this.#loadGroups(), this.#reload()]);
    }

    // ---------------------------------------------------------------------------------------------------- its pieces

    #make() {
        this.tree = h('nav', { class: 'tree', 'aria-label': tr('Groups') });
        this.groupBar = h('div', { class: 'group-bar' });
        this.count = h('span', { class: 'count', role: 'status' });
        this.fresh = h('span', {});
        this.left = h('span', {});
        this.actions = h('div', { class: 'action-bar', role: 'group', 'aria-label': tr('Selected endpoints') });
        this.problem = h('div', {});
        this.search = h('input', { type: 'search', value: this.filter, class: 'filter', spellcheck: 'false',
            placeholder: tr('Name, address or e.g. {example}', { example: 'actual:offline' }), 'aria-label': tr('Filter'),
            on: { input: () => this.#typed() } });
        this.grid = new Grid({
            list: this.list, selection: this.selection, columns: chooseColumns(this.columns), sort: this.sort, label: tr('Endpoints'),
            open: (row) => goTo('endpoints', row.id),
            sorted: (sort) => this.#sorted(sort),
            selected: () => this.#drawActions(),
            spread: (left) => this.#drawLeft(left),
        });
        this.csv = csvLink('endpoints');
        const views = viewsMenu(() => ({ ...this.#those(), sort: this.sort, columns: this.columns }), (view) => this.#useView(view));
        const tools = h('div', { class: 'tools' }, this.search, this.count, this.fresh, this.left, h('span', { class: 'spring' }),
            views, button(tr('Columns'), () => this.#chooseColumns()), this.csv);
        this.node = h('div', { class: 'page fill' }, heading(tr('Security Settings')),
            h('div', { class: 'with-tree' }, this.tree,
                h('div', { class: 'fill' }, this.groupBar, tools, this.problem, this.actions, this.grid.node, onPaper(() => this.#whole()))));
        this.#drawActions();
    }

    async #loadGroups() {
        this.groups = await allGroups();
        this.#drawGroups();
    }

    // Their links have the filter and the order that are asked for now.
    #drawGroups() {
        const sum = this.groups.reduce((n, group) => n + group.endpoints, 0);
        const entry = (id, text, n) => h('a', { href: this.#address({ group: id }), 'aria-current': String(this.group === id) },
            icon('group'), h('span', { class: 'tree-name' }, text), h('span', { class: 'tree-count' }, number(n)));
        refill(this.tree, entry('', tr('All groups'), sum), this.groups.map((group) => entry(group.name, name(groupName(group)), group.endpoints)),
            mayBe('administrator') && !isLimited() && button(tr('New group'), () => this.#newGroup()));
        this.#drawGroup();
    }

    #drawGroup() {
        const group = this.groups.find((row) => row.name === this.group);
        refill(this.groupBar, group && [h('h2', {}, name(groupName(group))),
            h('nav', { class: 'links', 'aria-label': tr('Settings of the group') }, Object.entries(SETTING_PAGES).map(([tab, { title }]) =>
                h('a', { class: 'button', href: format(['groups', group.name, tab]) }, tr(title)))),
            h('span', { class: 'count' }, tr('{n} of {all} have the current settings',
                { n: number(group.current), all: number(group.endpoints) }))]);
    }

    #drawCount() {
        const { list } = this;
        setText(this.count, list.isComplete ? trn('{n} endpoint', '{n} endpoints', list.total)
            : tr('{n} endpoints, {loaded} loaded', { n: number(list.total), loaded: number(list.rows.length) }));
    }

    // Its rows, for paper: the grid has those in view.
    #whole() {
        return [h('p', {}, this.count.textContent, this.filter && [' · ', tr('Filter'), ': ', name(this.filter)]),
            table(this.grid.all, this.list.rows, tr('Nothing to report.'), tr('Endpoints'), { rows: this.list.rows.length })];
    }

    // Columns for which this screen has no room: all of them together scroll sideways.
    #drawLeft(n) {
        const showAll = () => this.grid.setColumns(chooseColumns([...this.columns]));
        fill(this.left, n > 0 && button(`${tr('Columns')} +${n}`, showAll, { class: 'link' }));
    }

    // The bar is there only while something is selected; "all that match" is offered beside the rows that were picked.
    #drawActions() {
        const { selection, list } = this;
        const count = selection.count(list.total);
        if (count === 0 && this.actions.contains(document.activeElement))
            this.grid.node.focus(); // the bar goes, with the button in it
        this.actions.hidden = count === 0;
        if (count === 0)
            return;
        const subject = () => subjectOfSelection(this.selection, this.list, this.#those());
        refill(this.actions, h('strong', {}, trn('{n} selected', '{n} selected', count)),
            !selection.isAll && count < list.total &&
                button(tr('Select all {n} that match', { n: number(list.total) }), () => this.#select('selectAll'), { class: 'link' }),
            button(tr('Clear'), () => this.#select('clear'), { class: 'link' }),
            h('span', { class: 'spring' }), actionButtons(subject));
    }

    #select(how) {
        this.selection[how]();
        this.grid.showSelection();
    }

    // ------------------------------------------------------------------------------------------------------ the list

    // The group stands beside the filter: nothing that somebody types there reaches out of it.
    #those() {
        return { filter: this.filter, in_group: this.group };
    }

    #address(change = {}) {
        const { group, filter, sort } = { group: this.group, filter: this.filter, sort: this.sort, ...change };
        return format(['endpoints'], { group, filter, sort: sort === 'host' ? '' : sort });
    }

    async #reload() {
        fill(this.fresh);
        const columns = this.grid.all;
        const query = { ...this.#those(), sort: this.sort };
        this.csv.href = address('/endpoints', { ...query, format: 'csv', fields: columns.flatMap((column) => column.reads).join(',') });
        await this.list.load({ ...query, fields: fieldsOf(columns) });
    }

    #typed() {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.#ask({ filter: this.search.value.trim() }), PAUSE);
    }

    #sorted(sort) {
        this.#ask({ sort });
    }

    // The address follows, so that the view can be linked; the page stays, and with it the reader's place in the filter.
    #ask(change) {
        Object.assign(this, change);
        history.replaceState(null, '', this.#address());
        if (this.groups)
            this.#drawGroups();
        this.grid.sort = this.sort;
        if ('filter' in change)
            this.selection.clear();
        this.grid.node.scrollTop = 0;
        this.#reload();
    }

    #listChanged(what, index) {
        if (what === 'row') {
            this.grid.update(index);
            return;
        }
        if (what === 'rows')
            this.grid.redraw();
        else
            this.grid.draw();
        fill(this.problem, this.list.problem && problemBox(this.list.problem));
        this.#drawCount();
        this.#drawActions();
    }

    // Changes of rows that are here are shown in their place.  Whether others belong here now, the server must be asked.  -> whether it is
    // to be: a long list offers it instead
    #told({ rows = [], removed = [] }) {
        if (this.selection.forget(removed))
            this.grid.showSelection();
        const unknown = rows.filter((row) => !this.list.update(row)).length;
        const gone = removed.some((id) => this.list.isLoading || this.list.indexOf(id) >= 0);
        if (!gone && (unknown === 0 || !this.list.isComplete) && !(this.filter && rows.length > 0))
            return false;
        if (this.list.total > RELOADED)
            fill(this.fresh, button(tr('The list has changed: refresh'), () => this.#reload(), { class: 'link' }));
        return this.list.total <= RELOADED;
    }

    // ------------------------------------------------------------------------------------------------------- dialogs

    async #chooseColumns() {
        const boxes = allColumns().map(({ key, title }) => ({ key, ...checkbox(title, this.columns.includes(key)) }));
        const chosen = await dialog({
            title: tr('Columns'),
            content: h('div', { class: 'checks' }, boxes.map((box) => box.node)),
            action: tr('Show'),
            submit: () => boxes.filter((box) => box.input.checked).map((box) => box.key),
        });
        if (!chosen || chosen.length === 0)
            return;
        this.#showColumns(knownColumns(chosen));
        this.#reload();
    }

    #showColumns(keys) {
        this.columns = keys;
        localStorage.setItem('columns', JSON.stringify(keys));
        this.grid.setColumns(chooseColumns(keys));
    }

    #useView({ filter, sort, columns }) {
        this.#showColumns(knownColumns(columns));
        this.search.value = filter;
        this.#ask({ filter, sort: sort || 'host', group: '' });
    }

    async #newGroup() {
        const id = idInput(60);
        const title = displayNameField();
        const done = await dialog({
            title: tr('New group'),
            content: [field(tr('Id'), id, tr('For scripts and topics: a-z, 0-9, dot, hyphen, underscore.')), title.node],
            action: tr('Create'),
            submit: () => post('/groups', { name: id.value, display_name: title.value() }),
        });
        if (!done)
            return;
        announce(tr('The group is created.'));
        await this.#loadGroups();
    }
}
