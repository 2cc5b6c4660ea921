// SPDX-License-Identifier: Apache-2.0
// What the server tells by itself, for all parts of this page: subscribe('endpoints', (data) => ...).

const WORKER = '/worker.js';
const PATIENCE = 400; // ms: a page waits so long for the stream, and is asked for again when that comes later
const MAX_HELD = 100; // messages

const listeners = new Map(); // type -> Set of functions
let port = null;
let isUp = false;
let isLate = false; // pages were asked for while nothing was heard
let held = null; // messages, while a page is being made

export function subscribe(type, listener) {
    if (!listeners.has(type))
        listeners.set(type, new Set());
    listeners.get(type).add(listener);
    return () => listeners.get(type).delete(listener);
}

// After sign-in, and again after each: a stream that ended with the session is opened again.  -> a promise that is kept when it is open,
// or soon: what a page asks for after that, it misses no change of.
export function join() {
    port ??= connect();
    port.postMessage('join');
    return new Promise((done) => {
        if (isUp)
            return done();
        const end = subscribe('line', () => isUp && finish());
        const timer = setTimeout(() => {
            isLate = true;
            finish();
        }, PATIENCE);
        function finish() {
            clearTimeout(timer);
            end();
            done();
        }
    });
}

export function leave() {
    port?.postMessage('leave');
}

// Between what a page asks for and its first subscription it hears nothing, and an answer may be older than a message that overtook it:
// what is told from hold() on is told once more by release().
export function hold() {
    held = [];
}

export function release() {
    const messages = held ?? [];
    held = null;
    if (messages.length > MAX_HELD)
        tell({ type: 'reset', data: {} });
    else
        messages.forEach(tell);
}

function take(message) {
    if (message.type === 'line')
        isUp = message.up;
    else if (held && held.length <= MAX_HELD)
        held.push(message);
    tell(message);
    if (isUp && isLate) {
        isLate = false;
        tell({ type: 'reset', data: {} });
    }
}

function tell({ type, ...message }) {
    for (const listener of [...listeners.get(type) ?? []])
        listener(message.data ?? message);
}

// Pages of an upgraded console have a worker of their own, even while a tab still shows the old ones.
const build = () => document.querySelector('meta[name="build"]').content;

function connect() {
    const url = workerUrl();
    const to = 'SharedWorker' in window ? new SharedWorker(url, { name: `holdline ${build()}` }).port : new Worker(url);
    to.onmessage = ({ data }) => take(data);
    // A page that the browser keeps for the back button hears nothing meanwhile.
    window.addEventListener('pagehide', () => to.postMessage('leave'));
    window.addEventListener('pageshow', (event) => event.persisted && to.postMessage('join'));
    return to;
}

// The page runs with require-trusted-types-for 'script': this one address is all that the policy lets through.
function workerUrl() {
    if (!window.trustedTypes)
        return WORKER;
    return window.trustedTypes.createPolicy('holdline', { createScriptURL: () => WORKER }).createScriptURL(WORKER);
}
