// SPDX-License-Identifier: Apache-2.0
// What the server tells by itself, for all parts of this page: subscribe('endpoints', (data) => ...).

const WORKER = '/worker.js';

const listeners = new Map(); // type -> Set of functions
let port = null;

export function subscribe(type, listener) {
    if (!listeners.has(type))
        listeners.set(type, new Set());
    listeners.get(type).add(listener);
    return () => listeners.get(type).delete(listener);
}

// After sign-in, and again after each: a stream that ended with the session is opened again.
export function join() {
    port ??= connect();
    port.postMessage('join');
}

export function leave() {
    port?.postMessage('leave');
}

function connect() {
    const url = workerUrl();
    const to = 'SharedWorker' in window ? new SharedWorker(url, { name: 'holdline' }).port : new Worker(url);
    to.onmessage = ({ data: { type, ...message } }) => {
        for (const listener of listeners.get(type) ?? [])
            listener(message.data ?? message);
    };
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
