// SPDX-License-Identifier: Apache-2.0
// The reader's language.  Texts are written in English where they are used; their translations come from po/ja.po, the catalogue of
// the command line too, out of which the build makes ja.json.  tools/check-catalogues finds what is missing there.

export const LANGUAGES = { en: 'English', ja: '日本語' };

let language = 'en';
let catalogue = new Map(); // hash of the English text -> text
let salt = 0; // of the hashes
let formats = new Map(); // of this language: making one takes longer than all else in a row of a list

// Marks a text in a table, which tr() gets when it is shown.  No arrow: of what is declared so the build leaves the calls out.
export function N_(text) {
    return text;
}

// tr('{n} of {all} have it', { n: 3, all: 4 }).  What has no translation is shown in English.
export function tr(text, values) {
    return put(translation(text) ?? text, values);
}

export function trn(one, many, n, values) {
    const text = translation(one) ?? (n === 1 ? one : many);
    return put(text, { n: number(n), ...values });
}

// English texts themselves would be half of the catalogue.  cmake/bundle.py makes the same of them, with a salt that gives no two of
// them one hash.
export function hashOf(text, salt) {
    let value = 2166136261;
    for (const character of text)
        value = Math.imul(value ^ character.codePointAt(0), 16777619);
    return Math.imul(value ^ salt, 16777619) >>> 16;
}

const translation = (text) => catalogue.get(hashOf(text, salt));

function put(text, values) {
    return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

export function currentLanguage() {
    return language;
}

// What the reader chose here before, or else what the browser asks for.
export function preferredLanguage() {
    const chosen = localStorage.getItem('language');
    if (chosen in LANGUAGES)
        return chosen;
    return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in LANGUAGES) ?? 'en';
}

const TRIES = 3;
const PAUSE = 1000; // ms between them

// Throws what a request throws that nobody answers, and then the language is as before.
export async function useLanguage(code) {
    adoptCatalogue(code, code === 'en' ? undefined : await load(`/${code}.json`));
    document.documentElement.lang = code;
}

// The same for a reader who says so: from now on, in this browser.
export async function chooseLanguage(code) {
    await useLanguage(code);
    localStorage.setItem('language', code);
}

async function load(file) {
    for (let left = TRIES - 1; ; left--) {
        const words = await fetch(file).then((reply) => (reply.ok ? reply.json() : null)).catch(() => null);
        if (words)
            return words;
        if (left === 0)
            throw Object.assign(new Error(file), { code: 'offline', status: 0 });
        await new Promise((go) => setTimeout(go, PAUSE));
    }
}

const stepOf = (code) => code - (code < 0xD800 ? 32 : 32 + 0x800);

// Apart from the above, so that tests can do without a browser.  Texts are in the order of their hashes; steps: from one to the next, each
// a character, from the blank on, and past the surrogates.
export function adoptCatalogue(code, words = { salt: 0, steps: '', texts: [] }) {
    let hash = 0;
    language = code;
    salt = words.salt;
    catalogue = new Map([...words.steps].map((step, at) => [hash += stepOf(step.codePointAt()), words.texts[at]]));
    formats = new Map();
}

// ------------------------------------------------------------------------------------------------- numbers and times

// key: what tells this use of the kind from others.
function format(Kind, key, options) {
    const name = Kind.name + key;
    if (!formats.has(name))
        formats.set(name, new Kind(language, options));
    return formats.get(name);
}

export const number = (n) => format(Intl.NumberFormat, '').format(n);

// 95 -> "95%"
export const percent = (n) => format(Intl.NumberFormat, 'percent', { style: 'percent' }).format(n / 100);

// ['a', 'b'] -> "a, b"
export const list = (items) => format(Intl.ListFormat, '', { style: 'narrow', type: 'conjunction' }).format(items);

export function time(iso) {
    return iso ? format(Intl.DateTimeFormat, 'time', { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso)) : '–';
}

export function day(iso) {
    return iso ? format(Intl.DateTimeFormat, 'day', { dateStyle: 'medium' }).format(new Date(iso)) : '–';
}

const STEPS = [['second', 60], ['minute', 60], ['hour', 24], ['day', 30], ['month', 12], ['year', Infinity]];

// "4 minutes ago", "in 3 days"
export function ago(iso, now = Date.now()) {
    if (!iso)
        return '–';
    let n = (Date.parse(iso) - now) / 1000;
    for (const [unit, size] of STEPS) {
        if (Math.abs(n) < size)
            return format(Intl.RelativeTimeFormat, '', { numeric: 'always', style: 'narrow' }).format(Math.round(n), unit);
        n /= size;
    }
    return time(iso);
}

// A length of time in seconds: "2 hours".
export function duration(seconds) {
    const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
    const [unit, size] = units.find(([, s]) => seconds >= s && seconds % s === 0) ?? units[3];
    return format(Intl.NumberFormat, unit, { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / size);
}
