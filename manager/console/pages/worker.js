// SPDX-License-Identifier: Apache-2.0
// One event stream for all tabs of a browser: over HTTP/1.1 a browser opens six connections to a server, and the seventh tab with a
// stream of its own would hang.  A tab says 'join' or 'leave'; it is told { type, data } of each event, { type: 'line', up }, and
// { type: 'refused' } when the server answers, but with no stream: why, a request of the tab's own tells.
// Where a browser has no SharedWorker each tab has this file as a worker of its own.

const EVENTS = ['endpoints', 'summary', 'commands', 'groups', 'event', 'stale', 'reset'];
const RETRY = 10000; // after an answer that ends an EventSource for good, as 401 and 503 do
const SILENCE = 40000; // the server sends a pulse every 15 s: who hears nothing for so long has lost the line

const ports = new Set();
const heard = new WeakSet(); // ports that have been told things: when they are told again after a gap, they must ask first
let stream = null;
let isUp = null;
let stale = null; // the newest, for tabs that come later
let retry = null;
let watch = null;

function tell(message) {
    for (const port of ports)
        port.postMessage(message);
}

function line(up) {
    if (isUp === up)
        return;
    isUp = up;
    tell({ type: 'line', up });
}

// This tab hears from now on.  What happened while it did not, it was not told.
function begin(port) {
    if (heard.has(port))
        port.postMessage({ type: 'reset', data: {} });
    heard.add(port);
}

// A network that is cut, or a console that hangs, ends no stream: only the silence tells.
function alive() {
    clearTimeout(watch);
    watch = setTimeout(() => {
        line(false);
        open();
    }, SILENCE);
}

function open() {
    clearTimeout(retry);
    stream?.close();
    stream = new EventSource('/api/v1/events');
    alive();
    stream.onopen = () => {
        line(true);
        alive();
        ports.forEach(begin);
    };
    stream.onerror = () => {
        line(false);
        if (stream.readyState === EventSource.CLOSED) {
            clearTimeout(watch);
            retry = setTimeout(open, RETRY);
            tell({ type: 'refused' });
        }
    };
    stream.addEventListener('pulse', alive);
    for (const type of EVENTS)
        stream.addEventListener(type, (event) => {
            alive();
            const message = { type, data: event.data ? JSON.parse(event.data) : null };
            if (type === 'stale')
                stale = message;
            tell(message);
        });
}

function close() {
    clearTimeout(retry);
    clearTimeout(watch);
    stream?.close();
    stream = null;
    isUp = null;
    stale = null;
}

function join(port) {
    ports.add(port);
    if (stream === null || stream.readyState === EventSource.CLOSED)
        open();
    if (isUp !== null)
        port.postMessage({ type: 'line', up: isUp });
    if (isUp)
        begin(port);
    if (stale !== null)
        port.postMessage(stale);
}

function leave(port) {
    ports.delete(port);
    if (ports.size === 0)
        close();
}

function listen(port) {
    port.onmessage = ({ data }) => (data === 'leave' ? leave(port) : join(port));
}

if ('SharedWorkerGlobalScope' in self)
    self.onconnect = (connection) => listen(connection.ports[0]);
else
    listen(self);
