// SPDX-License-Identifier: Apache-2.0
// Text that strangers chose: names of hosts and groups, paths, messages.  Pure.

// Controls and what changes the direction of writing: with them "gpj.exe" can be made to look like "exe.jpg".
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;

// The same text with such characters written out, as \u202e.
export function visible(text) {
    return String(text ?? '').replace(UNSEEN, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

// "host 2" before "host 10", and alike in every language.
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function compare(a, b) {
    return collator.compare(a, b);
}

// 1536 -> "1.5 KiB"
export function bytes(n) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    while (n >= 1024 && unit < units.length - 1) {
        n /= 1024;
        unit++;
    }
    return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}
