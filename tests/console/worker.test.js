// SPDX-License-Identifier: Apache-2.0
// The worker that holds the one event stream of a browser: with an EventSource, tabs and a clock of the test's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';

const source = readFileSync(new URL('../../manager/console/pages/worker.js', import.meta.url), 'utf8');

class Stream extends EventTarget {
    static CLOSED = 2;
    static all = [];
    readyState = 0;

    constructor(url) {
        super();
        this.url = url;
        Stream.all.push(this);
    }

    close() {
        this.readyState = Stream.CLOSED;
    }

    open() {
        this.readyState = 1;
        this.onopen();
    }

    fail(isFinal) {
        this.readyState = isFinal ? Stream.CLOSED : 0;
        this.onerror();
    }

    send(type, data) {
        this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
    }
}

// A worker and its clock: pass(ms) runs what is due.
function start() {
    const timers = new Map();
    let now = 0;
    let last = 0;
    const self = { SharedWorkerGlobalScope: true };
    Stream.all = [];
    vm.runInNewContext(source, { self, EventSource: Stream, JSON, Set,
        setTimeout: (run, ms) => (timers.set(++last, { run, at: now + ms }), last),
        clearTimeout: (id) => timers.delete(id) });
    return {
        streams: Stream.all,
        pass(ms) {
            for (const end = now + ms;;) {
                const [due] = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at);
                if (!due) {
                    now = end;
                    return;
                }
                timers.delete(due[0]);
                now = due[1].at;
                due[1].run();
            }
        },
        tab() {
            const port = { told: [], postMessage: (message) => port.told.push(JSON.parse(JSON.stringify(message))) };
            self.onconnect({ ports: [port] });
            return port;
        },
        timers,
    };
}

const resets = (tab) => tab.told.filter(({ type }) => type === 'reset').length;
const lines = (tab) => tab.told.filter(({ type }) => type === 'line').map(({ up }) => up);

test('all tabs share one stream, and hear the same', () => {
    const worker = start();
    const tabs = [worker.tab(), worker.tab()];
    tabs.forEach((tab) => tab.onmessage({ data: 'join' }));
    assert.equal(worker.streams.length, 1);
    worker.streams[0].open();
    worker.streams[0].send('stale', { stale: false });
    worker.streams[0].send('endpoints', { rows: [], removed: [] });
    assert.deepEqual(tabs[0].told, tabs[1].told);
    assert.deepEqual(tabs[0].told.map(({ type }) => type), ['line', 'stale', 'endpoints']);
    const late = worker.tab();
    late.onmessage({ data: 'join' });
    assert.deepEqual(late.told, [{ type: 'line', up: true }, { type: 'stale', data: { stale: false } }]);
});

test('a line that is silent for longer than its pulse is lost, and opened again', () => {
    const worker = start();
    const tab = worker.tab();
    tab.onmessage({ data: 'join' });
    worker.streams[0].open();
    for (let i = 0; i < 10; i++) {
        worker.pass(15000);
        worker.streams[0].send('pulse', {});
    }
    assert.equal(worker.streams.length, 1);
    assert.deepEqual(lines(tab), [true]);
    worker.pass(39999);
    assert.deepEqual(lines(tab), [true]);
    worker.pass(1);
    assert.deepEqual(lines(tab), [true, false]);
    assert.equal(worker.streams.length, 2);
    assert.equal(worker.streams[0].readyState, Stream.CLOSED);
    worker.streams[1].open();
    assert.deepEqual(lines(tab), [true, false, true]);
});

test('after a gap the pages are told to ask for everything again', () => {
    const worker = start();
    const tab = worker.tab();
    tab.onmessage({ data: 'join' });
    worker.streams[0].open();
    assert.equal(tab.told.some(({ type }) => type === 'reset'), false);
    worker.streams[0].fail(false);
    worker.streams[0].open(); // the browser's own second try
    assert.deepEqual(tab.told.at(-1), { type: 'reset', data: {} });
    worker.pass(40000);
    worker.streams[1].open();
    assert.equal(resets(tab), 2);
});

test('a tab that comes back from the history is told to ask again, also where others kept the stream', () => {
    const worker = start();
    const tabs = [worker.tab(), worker.tab()];
    tabs.forEach((tab) => tab.onmessage({ data: 'join' }));
    worker.streams[0].open();
    tabs[0].onmessage({ data: 'leave' });
    tabs[0].onmessage({ data: 'join' });
    assert.deepEqual(tabs.map(resets), [1, 0]);
    tabs.forEach((tab) => tab.onmessage({ data: 'leave' }));
    tabs[0].onmessage({ data: 'join' });
    assert.deepEqual(tabs.map(resets), [1, 0]); // nothing is heard yet
    worker.streams[1].open();
    assert.deepEqual(tabs.map(resets), [2, 0]);
});

test('who connects to nothing at all tries again too', () => {
    const worker = start();
    worker.tab().onmessage({ data: 'join' });
    worker.pass(40000);
    worker.pass(40000);
    assert.equal(worker.streams.length, 3);
});

test('a stream that was refused is asked for again after a while, one that broke is left to the browser', () => {
    const worker = start();
    const tab = worker.tab();
    tab.onmessage({ data: 'join' });
    worker.streams[0].open();
    worker.streams[0].fail(false);
    worker.pass(9000);
    assert.equal(worker.streams.length, 1);
    worker.streams[0].open();
    worker.streams[0].fail(true);
    worker.pass(9999);
    assert.equal(worker.streams.length, 1);
    worker.pass(1);
    assert.equal(worker.streams.length, 2);
    assert.deepEqual(lines(tab), [true, false, true, false]);
    const refusals = () => tab.told.filter(({ type }) => type === 'refused').length;
    assert.equal(refusals(), 1); // the session may have ended: the tab asks
    worker.streams[1].fail(true);
    assert.equal(refusals(), 2);
});

test('the last tab that leaves ends it, and nothing is left to run', () => {
    const worker = start();
    const tabs = [worker.tab(), worker.tab()];
    tabs.forEach((tab) => tab.onmessage({ data: 'join' }));
    worker.streams[0].open();
    tabs[0].onmessage({ data: 'leave' });
    assert.equal(worker.streams[0].readyState, 1);
    tabs[1].onmessage({ data: 'leave' });
    assert.equal(worker.streams[0].readyState, Stream.CLOSED);
    assert.equal(worker.timers.size, 0);
});
