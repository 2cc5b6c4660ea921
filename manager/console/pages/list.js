// SPDX-License-Identifier: Apache-2.0
// The rows of a long list as the server filters and sorts them: the first page at once, the rest in the background, a change of a
// row in its place.

import { get } from './api.js';

const FIRST = 200;
const NEXT = 1000;

// Above this the rest is fetched as the reader comes near it: a browser should not hold what nobody looks at.
const EAGER = 20000;

export class List {
    rows = [];
    total = 0;
    problem = null;
    isLoading = false;
    #places = new Map(); // id -> index in rows
    #cursor = null;
    #abort = null;
    #told = new Map(); // id -> row, since the answer that is on its way was asked for: it may be older

    // changed('rows'): draw again; changed('more'): rows came at the end; changed('row', index): that one.
    constructor(path, changed) {
        this.path = path;
        this.changed = changed;
    }

    // Asks for the list from its beginning.  What was there stays until the answer is: no flicker.
    async load(query) {
        this.stop();
        this.query = query;
        this.#abort = new AbortController();
        const { signal } = this.#abort;
        await this.#fetch(FIRST, true, signal);
        this.#fetchRest(signal);
    }

    stop() {
        this.#abort?.abort();
    }

    get isComplete() {
        return this.#cursor === null;
    }

    find(id) {
        return this.rows[this.#places.get(id)];
    }

    indexOf(id) {
        return this.#places.get(id) ?? -1;
    }

    // signal: of the load that asks; one that another overtook asks for nothing more, and what comes for it is not taken.
    async #fetch(limit, fromStart, signal) {
        if (signal.aborted)
            return;
        const cursor = fromStart ? undefined : this.#cursor;
        this.isLoading = true;
        this.#told.clear();
        try {
            const page = await get(this.path, { ...this.query, limit, cursor }, signal);
            if (!signal.aborted)
                this.#take(page, fromStart);
        } catch (problem) {
            if (!signal.aborted)
                this.#fail(problem);
        } finally {
            if (signal === this.#abort.signal)
                this.isLoading = false;
        }
    }

    #take(page, fromStart) {
        if (fromStart) {
            this.rows = [];
            this.#places.clear();
        }
        for (const row of page.rows) {
            if (this.#places.has(row.id))
                continue; // moved behind the cursor while the pages came
            this.#places.set(row.id, this.rows.length);
            this.rows.push(Object.assign(row, this.#told.get(row.id)));
        }
        this.problem = null;
        this.#cursor = page.next ?? null;
        this.total = this.isComplete ? this.rows.length : Math.max(page.total ?? 0, this.rows.length + 1);
        this.changed(fromStart ? 'rows' : 'more');
    }

    #fail(problem) {
        this.problem = problem;
        this.changed('rows');
    }

    async #fetchRest(signal) {
        while (!signal.aborted && !this.isComplete && !this.problem && this.rows.length < EAGER)
            await this.#fetch(NEXT, false, signal);
    }

    // The reader looks at this row: see that it comes.
    want(index) {
        if (index >= this.rows.length && !this.isComplete && !this.isLoading && !this.problem)
            this.#fetch(NEXT, false, this.#abort.signal);
    }

    // A row as the server tells it now.  -> false if it is none of this list.
    update(row) {
        const index = this.#places.get(row.id);
        if (this.isLoading)
            this.#told.set(row.id, row);
        if (index === undefined)
            return false;
        Object.assign(this.rows[index], row);
        this.changed('row', index);
        return true;
    }
}
