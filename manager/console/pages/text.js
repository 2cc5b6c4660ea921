// SPDX-License-Identifier: Apache-2.0
// Text that strangers chose: names of hosts and groups, paths, messages.  Pure.

// What nobody sees, and what changes the direction of writing: with it "gpj.exe" can be made to look like "exe.jpg", and two names alike.
// Scripts and emoji need the joiners; behind ASCII they join nothing.  And marks that pile up over the lines above and below.
const UNSEEN = /(?![\u200c\u200d\ufe0f])[\p{C}\p{Zl}\p{Zp}\p{DI}]|(?<=^|[\0-\x7f])[\u200c\u200d\ufe0f]|(?<=\p{M}{4})\p{M}/gu;

// The same text with such characters written out, as \u202e.
export function visible(text) {
    return String(text ?? '').replace(UNSEEN, (c) => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0'));
}

// What came over the network is in the audit log with the way in front: "@console=web @address=192.0.2.7 @pass=... name=lab".
// -> the address, '' if there is none; rest: all but that
export function wayOf(text) {
    const [whole, before, address] = /^((?:@\w+=\S+ )*?)@address=(\S+) ?/.exec(text) ?? ['', '', ''];
    return { address, rest: before + text.slice(whole.length) };
}

// "endpoint=e-x" -> "endpoint=e-x (pc-1)": the host names of the endpoints, beside their ids.
export function withHosts(text, endpoints) {
    return text.replace(/[\w.-]+/g, (word) => {
        const found = endpoints.find(({ id }) => id === word);
        return found ? `${word} (${found.host})` : word;
    });
}

// A line of the server that says the id of a group, "version 3 of office" or "office: ...", with what people call it.
export function withGroup(line, id, called) {
    return line.replace(new RegExp(`(?<=^| of |: )${id.replaceAll('.', '\\.')}(?![\\w.-])`), () => called);
}

// What a table has for a key that strangers chose: each object has a "constructor" too, which is none of its rows.
export const own = (table = {}, key) => (Object.hasOwn(table, key) ? table[key] : undefined);

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
