// SPDX-License-Identifier: Apache-2.0
// A list of any length on the screen: only the rows in view are in the document, and a change redraws the cells that it concerns.
//
// Keys: arrows, Page Up and Down, Home, End move; Space selects, Shift+Space from the last one on, Ctrl+A all that match; Enter opens.

import { fill, h, refill } from './dom.js';
import { tr } from './i18n.js';
import { nextSort, parseSort } from './query.js';
import { fitting, least, MARK, rowsInView, scrollTo } from './window.js';

const ROW = 32; // pixels; the style sheet has the same
const REST = 80; // ms without scrolling, before rows beyond the edge are made too

// A cell that has just changed stands out for a moment.  No class does this: one that is set again begins its animation again only after
// the page was laid out, once for each cell.
const CHANGED = [{ backgroundColor: 'var(--warn-ground)' }, {}];
const CHANGED_FOR = 1500; // ms
const isStill = matchMedia('(prefers-reduced-motion: reduce)');

function mark(cell) {
    cell.mark?.cancel();
    cell.mark = isStill.matches ? null : cell.node.animate(CHANGED, CHANGED_FOR);
}

export class Grid {
    #active = 0;
    #drawn = new Map(); // index -> { node, cells: [{ node, shows }] }
    #free = []; // the same, of rows that are out of view, for the next ones that come into it

    // columns: [{ key, title, least, grow, leaves, cell(row), shows(row), sort, end }]; shows: what cell() depends on, as a text;
    // leaves: of those that have no room, which goes first: 1, then 2; none: it stays
    // options: list, selection, columns, sort, label, open(row), sorted(sort), selected(), spread(n): n columns have no room
    constructor(options) {
        Object.assign(this, options);
        this.body = h('div', { class: 'grid-body', role: 'rowgroup' });
        this.head = h('div', { class: 'grid-row grid-head', role: 'row', 'aria-rowindex': 1 });
        this.node = h('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-label': this.label, 'aria-multiselectable': 'true',
            on: { scroll: () => this.draw(), keydown: (event) => this.#key(event), click: (event) => this.#click(event) } },
        h('div', { role: 'rowgroup', class: 'grid-top' }, this.head), this.body);
        this.observer = new ResizeObserver(() => {
            this.#spread();
            this.draw();
        });
        this.observer.observe(this.node);
        this.setColumns(this.columns);
    }

    close() {
        clearTimeout(this.rest);
        this.observer.disconnect();
    }

    setColumns(columns) {
        this.all = columns;
        this.columns = [];
        this.#spread();
    }

    #useColumns(columns) {
        this.columns = columns;
        this.node.style.setProperty('--least', `${least(columns)}rem`);
        this.node.setAttribute('aria-colcount', columns.length + 1);
        for (const { node } of [...this.#drawn.values(), ...this.#free])
            node.remove();
        this.#drawn.clear();
        this.#free = [];
        this.redraw();
        this.spread(this.all.length - columns.length);
    }

    // Which columns there are, and their widths in pixels, for all rows: each of them would work out shares of what is left for itself,
    // whenever it is laid out.
    #spread() {
        const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
        const columns = fitting(this.all, this.node.clientWidth / rem || Infinity); // it is in no document yet
        if (columns.length !== this.columns.length)
            this.#useColumns(columns);
        const rest = Math.max(0, this.node.clientWidth - least(columns) * rem);
        const share = ({ least, grow }) => (grow ? least : least / 4);
        const shares = this.columns.reduce((sum, column) => sum + share(column), 0);
        const widths = this.columns.map((column) => column.least * rem + rest * share(column) / shares);
        this.node.style.setProperty('--columns', [MARK * rem, ...widths].map((width) => `${width.toFixed(2)}px`).join(' '));
    }

    // Everything again: other rows, another order.
    redraw() {
        this.#drawHead();
        this.#release(() => true);
        this.draw();
    }

    #release(isOut) {
        for (const [index, drawn] of this.#drawn)
            if (isOut(index)) {
                this.#drawn.delete(index);
                this.#free.push(drawn);
            }
    }

    #drawHead() {
        const { field, down } = parseSort(this.sort ?? '');
        refill(this.head, h('span', { role: 'columnheader', class: 'grid-cell' }, h('span', { class: 'unseen' }, tr('Selected'))),
            this.columns.map((column) => {
                const sorted = column.sort && field === column.sort;
                const order = sorted ? (down ? 'descending' : 'ascending') : column.sort ? 'none' : null;
                return h('span', { role: 'columnheader', class: `grid-cell ${column.end ? 'end' : ''}`, 'aria-sort': order },
                    column.sort
                        ? h('button', { type: 'button', on: { click: () => this.sorted(nextSort(this.sort, column.sort)) } },
                            column.title)
                        : column.title);
            }));
    }

    // The rows that the reader sees now, at once; those around them when the reader rests, so that no frame of a scroll makes three screens.
    draw() {
        clearTimeout(this.rest);
        this.rest = setTimeout(() => this.#drawRows(), REST);
        this.#drawRows(0);
    }

    // Rows that are there already stay as they are.  beyond: how many screens of them, above and below, are made.
    #drawRows(beyond) {
        const { list } = this;
        const { scrollTop, clientHeight } = this.node; // read before anything is written: asking later would lay out the page again
        const height = Math.max(clientHeight - ROW, ROW);
        const kept = rowsInView(scrollTop, height, ROW, list.total);
        const { first, end } = rowsInView(scrollTop, height, ROW, list.total, beyond);
        this.body.style.height = `${list.total * ROW}px`;
        this.node.setAttribute('aria-rowcount', list.total + 1);
        this.#release((index) => index < kept.first || index >= kept.end);
        for (let index = first; index < end; index++)
            if (!this.#drawn.has(index) && list.rows[index])
                this.#show(index);
        this.#free.forEach(({ node }) => node.remove());
        if (beyond !== 0)
            this.#order();
        if (end > list.rows.length)
            list.want(end - 1);
        this.#showActive();
    }

    #make() {
        const cells = this.columns.map((column) => ({ node: h('span', { role: 'gridcell', class: `grid-cell ${column.end ? 'end' : ''}` }) }));
        const node = h('div', { class: 'grid-row', role: 'row' },
            h('span', { role: 'gridcell', class: 'grid-cell mark' }, h('span', { class: 'box', 'aria-hidden': 'true' })),
            cells.map((cell) => cell.node));
        return { node, cells };
    }

    // Nodes that were used again stand somewhere in the document; who reads on from one expects the next.
    #order() {
        const nodes = [...this.#drawn].sort(([a], [b]) => a - b).map(([, { node }]) => node);
        if (nodes.some((node, i) => this.body.children[i] !== node))
            this.body.append(...nodes);
    }

    // A row comes into view, in the nodes of one that left it: most cells show the same, and nothing is made for these.
    #show(index) {
        const drawn = this.#free.shift() ?? this.#make();
        const { node, cells } = drawn;
        node.id = `row-${index}`;
        node.setAttribute('aria-rowindex', index + 2);
        node.style.transform = `translateY(${index * ROW}px)`;
        node.dataset.index = index;
        this.#drawn.set(index, drawn);
        this.#fill(cells, this.list.rows[index]);
        cells.forEach((cell) => cell.mark?.cancel());
        this.#mark(index);
        if (!node.isConnected)
            this.body.append(node);
    }

    // -> the cells that show something else now
    #fill(cells, row) {
        return cells.filter((cell, i) => {
            const shows = this.columns[i].shows(row);
            if (cell.shows === shows)
                return false;
            cell.shows = shows;
            fill(cell.node, this.columns[i].cell(row));
            return true;
        });
    }

    // This row changed.
    update(index) {
        const drawn = this.#drawn.get(index);
        if (!drawn)
            return;
        this.#fill(drawn.cells, this.list.rows[index]).forEach(mark);
    }

    // ------------------------------------------------------------------------------------------------------ selection

    #mark(index) {
        const { node } = this.#drawn.get(index);
        node.setAttribute('aria-selected', String(this.selection.has(this.list.rows[index].id)));
    }

    showSelection() {
        for (const index of this.#drawn.keys())
            this.#mark(index);
        this.selected();
    }

    #select(index, extend) {
        const row = this.list.rows[index];
        if (!row)
            return;
        if (extend)
            this.selection.extend(row.id, this.list.rows.map((other) => other.id));
        else
            this.selection.toggle(row.id);
        this.showSelection();
    }

    // ------------------------------------------------------------------------------------------------- keys and mouse

    #showActive() {
        const active = this.#drawn.get(this.#active);
        for (const { node } of this.#drawn.values())
            node.classList.toggle('active', node === active?.node);
        if (active)
            this.node.setAttribute('aria-activedescendant', active.node.id);
        else
            this.node.removeAttribute('aria-activedescendant');
    }

    #moveTo(index) {
        const { list, node } = this;
        this.#active = Math.max(0, Math.min(index, list.total - 1));
        node.scrollTop = scrollTo(this.#active, node.scrollTop, node.clientHeight - ROW, ROW);
        this.draw();
    }

    #key(event) {
        if (event.target !== this.node)
            return; // a heading's button
        const page = Math.max(1, Math.floor(this.node.clientHeight / ROW) - 2);
        const moves = {
            ArrowDown: this.#active + 1, ArrowUp: this.#active - 1, PageDown: this.#active + page, PageUp: this.#active - page,
            Home: 0, End: this.list.total - 1,
        };
        if (event.key in moves) {
            this.#moveTo(moves[event.key]);
            if (event.shiftKey)
                this.#select(this.#active, true);
        } else if (event.key === ' ') {
            this.#select(this.#active, event.shiftKey);
        } else if (event.key === 'Enter' && this.list.rows[this.#active]) {
            this.open(this.list.rows[this.#active]);
        } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
            this.selection.selectAll();
            this.showSelection();
        } else {
            return;
        }
        event.preventDefault();
    }

    #click(event) {
        const row = event.target.closest('.grid-row[data-index]');
        if (!row)
            return;
        const index = Number(row.dataset.index);
        this.#active = index;
        this.#showActive();
        if (event.shiftKey || event.target.closest('.mark')) {
            event.preventDefault(); // also of a link
            this.#select(index, event.shiftKey);
        }
    }
}
