// SPDX-License-Identifier: Apache-2.0
// Requests to the REST interface.  When the session has ended, or has to show once more whose it is, the request waits for the reader and
// is then repeated: a form that was being filled in loses nothing.  So it is when nobody answers; the server does a change once all the same.

import { currentLanguage } from './i18n.js';

const ROOT = '/api/v1';
const PATIENCE = 30_000; // ms: a change that nobody answers is asked for again for so long
const READ_PATIENCE = 5_000; // ms: and what is only read, while a manager or its broker begins again
const PAUSE = 1_000; // ms before that
const KEPT = 300_000; // ms: so long a change that was given up is the same one when a person asks for it again
const IDLE_AFTER = 60_000; // ms without a key or a pointer: what a page asks then it asks by itself, and keeps no session alive

let signInAgain = null; // () -> a promise that is kept when there is a session again
let proveAgain = null; // (problem) -> a promise of true when the reader has given the password once more
let signingIn = null;
let proving = null;
let sessions = 0; // that began over a page
let touched = Date.now();
const givenUp = new Map(); // changes, of which nobody knows whether they were made -> { key, timer }

// Tells when somebody is at work on the page.
export function watchInput(target) {
    for (const kind of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'])
        target.addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}

const isIdle = (now = Date.now()) => now - touched > IDLE_AFTER;

export function onPersonNeeded(signIn, prove) {
    signInAgain = signIn;
    proveAgain = prove;
}

// What the server refused, or that it did not answer: code as in the REST document, "offline" in the second case.
export class Problem extends Error {
    constructor(status, document, language) {
        super(document.detail || document.title || document.code || String(status));
        this.status = status;
        this.code = document.code || 'failed';
        this.args = document.args ?? {};
        this.sentence = document.sentence; // what to say of it, where there is more than the code
        this.isWorded = this.sentence && language === currentLanguage(); // the message says it in the reader's language
    }
}

// The manager, its broker or the console went away, or is still at it.
const isCut = ({ status, sentence }) => status === 0 || sentence === 'call.cut' || sentence === 'once.under-way';

// options: body (an object, sent as JSON), version (sent as If-Match), query, signal; quiet: a lost session is an answer like others.
// -> { status, body, version, location }
export async function request(method, path, options = {}) {
    if (path === '/session')
        return ask(method, path, options);
    if (method === 'GET')
        return persist(READ_PATIENCE, () => ask(method, path, options));
    const change = JSON.stringify([method, path, options.body, options.version]);
    const before = givenUp.get(change);
    const once = before?.key ?? crypto.randomUUID();
    clearTimeout(before?.timer); // it would forget the next giving up
    givenUp.delete(change);
    return persist(PATIENCE, () => ask(method, path, { ...options, once }), () => {
        givenUp.set(change, { key: once, timer: setTimeout(() => givenUp.delete(change), KEPT) });
    });
}

// Does it until somebody answers, for so many ms.
async function persist(patience, doIt, giveUp) {
    for (const end = Date.now() + patience; ;) {
        try {
            return await doIt();
        } catch (problem) {
            if (!isCut(problem))
                throw problem;
            if (Date.now() > end) {
                giveUp?.();
                throw problem;
            }
        }
        await new Promise((go) => setTimeout(go, PAUSE));
    }
}

async function ask(method, path, options) {
    for (;;) {
        const before = sessions;
        const reply = await send(method, path, options);
        if (reply.status !== 401 || path === '/session' || options.quiet || !signInAgain) {
            try {
                return await result(reply);
            } catch (problem) {
                if (problem.sentence !== 'password.prove')
                    throw problem;
                proving ??= proveAgain(problem).finally(() => { proving = null; });
                if (!await proving)
                    throw problem;
                continue;
            }
        }
        if (sessions === before) // or it was refused for the session before: another one has begun since it was sent
            signingIn ??= signInAgain().then(() => { sessions++; }).finally(() => { signingIn = null; });
        await signingIn;
    }
}

async function send(method, path, options) {
    const headers = { 'Accept': 'application/json', 'Accept-Language': currentLanguage() };
    if (options.body !== undefined)
        headers['Content-Type'] = 'application/json';
    if (options.version)
        headers['If-Match'] = options.version;
    if (options.once)
        headers['Idempotency-Key'] = options.once;
    if (isIdle())
        headers['Holdline-Idle'] = '1';
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    return answered(fetch(address(path, options.query), { method, headers, body, signal: options.signal }));
}

// What a cut line, before the answer or within it, makes of a promise: nobody knows whether a change was made.
async function answered(promise) {
    try {
        return await promise;
    } catch (error) {
        if (error.name === 'AbortError')
            throw error;
        throw new Problem(0, { code: 'offline' });
    }
}

// pathTo('groups', 'a b', 'versions') -> "/groups/a%20b/versions"
export const pathTo = (...parts) => `/${parts.map(encodeURIComponent).join('/')}`;

export function address(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== null);
    const search = new URLSearchParams(given).toString();
    return ROOT + path + (search ? '?' + search : '');
}

// A document, or the bytes of a spreadsheet.
async function result(reply) {
    const type = reply.headers.get('Content-Type') ?? '';
    const body = /json/.test(type) ? await answered(reply.json()) : /csv/.test(type) ? await answered(reply.blob()) : null;
    if (!reply.ok)
        throw new Problem(reply.status, body ?? {}, reply.headers.get('Content-Language'));
    return { status: reply.status, body, version: reply.headers.get('ETag'), location: reply.headers.get('Location') };
}

// The document of the answer, which is all that most want of it; null: it has none.
const documentOf = async (...asked) => (await request(...asked)).body;

export const get = (path, query, signal) => documentOf('GET', path, { query, signal });

export const post = (path, body = {}, version = undefined) => documentOf('POST', path, { body, version });

export const patch = (path, body, version) => documentOf('PATCH', path, { body, version });

export const remove = (path) => documentOf('DELETE', path);

// What a link to a list as a spreadsheet stands for, with the mark by which spreadsheet programs know UTF-8.
export async function spreadsheet(href) {
    const { pathname, search } = new URL(href, location.href);
    return new Blob(['\ufeff', await get(pathname.slice(ROOT.length) + search)], { type: 'text/csv' });
}

// All rows of a list that is known to be short: the groups, the bundles.
export async function all(path, query = {}, signal = undefined) {
    const rows = [];
    let cursor;
    do {
        const page = await get(path, { limit: 1000, ...query, cursor }, signal);
        rows.push(...page.rows);
        rows.total = page.total; // of which these are the latest
        cursor = page.next;
    } while (cursor);
    return rows;
}
