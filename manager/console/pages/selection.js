// SPDX-License-Identifier: Apache-2.0
// What is selected in a list: by id, so that sorting, filtering and changes move nothing; or "all that match", less some.  Pure.

export class Selection {
    #ids = new Set();
    #all = false;
    #anchor = null;

    has(id) {
        return this.#all !== this.#ids.has(id);
    }

    // of: how many rows match the filter; what "all" counts from.
    count(of) {
        return this.#all ? Math.max(0, of - this.#ids.size) : this.#ids.size;
    }

    get isAll() {
        return this.#all;
    }

    // Of "all": those left out.  Otherwise: those selected.
    get ids() {
        return [...this.#ids];
    }

    clear() {
        this.#ids.clear();
        this.#all = false;
        this.#anchor = null;
    }

    selectAll() {
        this.clear();
        this.#all = true;
    }

    toggle(id) {
        if (!this.#ids.delete(id))
            this.#ids.add(id);
        this.#anchor = id;
    }

    // They are there no longer: neither selected nor left out.  -> whether any was
    forget(ids) {
        return ids.filter((id) => this.#ids.delete(id)).length > 0;
    }

    // From the row that was touched last to this one, in the order that the reader sees.
    extend(id, order) {
        const from = order.indexOf(this.#anchor);
        const to = order.indexOf(id);
        if (from < 0 || to < 0) {
            this.toggle(id);
            return;
        }
        for (const between of order.slice(Math.min(from, to), Math.max(from, to) + 1))
            if (!this.has(between))
                this.#flip(between);
    }

    #flip(id) {
        if (!this.#ids.delete(id))
            this.#ids.add(id);
    }
}
