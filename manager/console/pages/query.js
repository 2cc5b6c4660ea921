// SPDX-License-Identifier: Apache-2.0
// Terms of the filter language, which the server understands: "group:sales actual:offline".  Here they are only put together.  Pure.

// A word that has blanks or signs of the language in it stands in quotes.
export function term(field, value) {
    return `${field}:${quote(value)}`;
}

function quote(value) {
    return /^[\p{L}\p{N}._-]+$/u.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

// Both must hold.  Of filters that the server has read alone: what only looks like one could end its bracket, and take others than it says.
export function both(a, b) {
    if (!a || !b)
        return a || b || '';
    return `(${a}) (${b})`;
}

// "-last_seen" -> { field: 'last_seen', down: true }
export function parseSort(text) {
    return { field: text.replace(/^-/, ''), down: text.startsWith('-') };
}

// What a click on a column's heading makes of the order: up, down, up, ...
export function nextSort(current, field) {
    return current === field ? `-${field}` : field;
}
