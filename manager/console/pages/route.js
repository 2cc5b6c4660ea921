// SPDX-License-Identifier: Apache-2.0
// Addresses within the console: "#/groups/sales/scan?filter=...".  All of a view that is worth a link is in there.  Pure.

import { own } from './text.js';

// "#/a/b%20c?x=1" -> { path: ['a', 'b c'], query: Map x -> 1 }
export function parse(hash) {
    const [path, query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
    return { path: path.split('/').filter(Boolean).map(decode), query: new Map(new URLSearchParams(query)) };
}

// Somebody may have cut the link in half.
function decode(part) {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

// format(['endpoints'], { filter: 'actual:offline', sort: '' }) -> "#/endpoints?filter=actual%3Aoffline"
export function format(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const search = new URLSearchParams(given).toString();
    return '#/' + path.map(encodeURIComponent).join('/') + (search ? '?' + search : '');
}

// To the page of these parts.
export const goTo = (...path) => { location.hash = format(path); };

// Which of the views of a page: a part of the address, or, where that names none, the first.
export const pick = (views, part) => (own(views, part) ? part : Object.keys(views)[0]);

// The first row whose pattern fits: ['endpoints', ':id'] fits ['endpoints', 'e-1'] and gives { id: 'e-1' }.
export function match(rows, path) {
    for (const row of rows) {
        const names = {};
        const fits = row.path.length === path.length && row.path.every((part, i) => {
            if (part.startsWith(':'))
                names[part.slice(1)] = path[i];
            return part.startsWith(':') || part === path[i];
        });
        if (fits)
            return { row, names };
    }
    return null;
}
